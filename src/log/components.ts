import type { Logger } from 'pino'

/** The parts of the daemon that log, each under its own name. */
export const COMPONENTS = ['process', 'config', 'vrrp', 'script', 'notify', 'lvs', 'bfd'] as const

/** What a line of the log is about. */
export type Component = (typeof COMPONENTS)[number]

/** Which program of keepalived's says what a component says here. Filters of syslog know it by these names. */
const IDENTS: Readonly<Record<Component, string>> = {
  process: 'Keepalived',
  config: 'Keepalived',
  vrrp: 'Keepalived_vrrp',
  script: 'Keepalived_vrrp',
  notify: 'Keepalived_vrrp',
  lvs: 'Keepalived_healthcheckers',
  bfd: 'Keepalived_bfd',
}

/** What tells daemons of one machine apart in its log. */
export interface LogIdentity {
  /** `net_namespace`, where it is acted on. */
  readonly netNamespace?: string | undefined
  /** `instance` */
  readonly instance?: string | undefined
}

/** The logger of a component. A host's own logger finds the name in the binding `component`. */
export function componentLog(log: Logger, component: Component): Logger {
  return log.child({ component })
}

/** Whether a word names a component. */
export function isComponent(word: unknown): word is Component {
  return COMPONENTS.some((component) => component === word)
}

/** What is appended to every name of a daemon, as keepalived does: `_NAMESPACE`, then `_INSTANCE`. */
export function identitySuffix({ netNamespace, instance }: LogIdentity): string {
  return [netNamespace, instance].map((part) => (part === undefined || part === '' ? '' : `_${part}`)).join('')
}

/** Under what name syslog gets the lines of a component. */
export function identOf(component: Component, identity: LogIdentity): string {
  return `${IDENTS[component]}${identitySuffix(identity)}`
}
