/** Changes and configurations for tests of those who tell them. */
import pino, { type Logger } from 'pino'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config, VrrpInstance, VrrpSyncGroup } from '../../src/config/model.ts'
import type { Change, ServerState, ToldServerChange, ToldState } from '../../src/notify/change.ts'
import type { ScriptConfig } from '../../src/notify/scripts.ts'
import type { ScriptDefaults } from '../../src/process/account-book.ts'

/** Scripts that name no account run as the daemon itself, where keepalived_script does not exist. */
export const DAEMON: ScriptDefaults = { scriptUser: undefined, enableScriptSecurity: false }

/** What is said of an instance. */
export function change(name: string, state: ToldState, priority = 100, more: Partial<Change> = {}): Change {
  return { kind: 'INSTANCE', name, state, from: 'INIT', priority, generation: 1, atMs: 0, ...more }
}

/** What is said of a group. */
export function groupChange(name: string, state: ToldState): Change {
  return change(name, state, 0, { kind: 'GROUP' })
}

/** What is said of a server of `V`, or with `V` as its name of that itself. */
export function serverChange(name: string, state: ServerState, more: Partial<ToldServerChange> = {}): ToldServerChange {
  const kind = name === 'V' ? 'VS' : 'RS'
  return { kind, name, service: 'V', state, generation: 1, atMs: 0, script: undefined, toFifos: true, mail: undefined, ...more }
}

/** The configuration of a text, on a host that has its interface. */
export function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

/** Instances with the given lines, by their names. */
export function instancesText(lines: Readonly<Record<string, readonly string[]>>): string {
  const blocks = Object.entries(lines).map(
    ([name, own], index) =>
      `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${index + 1}\n  ${own.join('\n  ')}\n  virtual_ipaddress {\n    192.0.2.${index + 1}\n  }\n}\n`,
  )
  return blocks.join('')
}

/** The same as the configuration has them. */
export function instances(lines: Readonly<Record<string, readonly string[]>>): readonly VrrpInstance[] {
  return load(instancesText(lines)).vrrpInstances
}

/** What scripts need of a configuration. */
export function scriptConfig(
  vrrpInstances: readonly VrrpInstance[],
  globalDefs: ScriptDefaults = DAEMON,
  vrrpSyncGroups: readonly VrrpSyncGroup[] = [],
): ScriptConfig {
  return { vrrpInstances, vrrpSyncGroups, virtualServers: [], globalDefs }
}

/** A line of the log. */
export interface LogRecord {
  readonly level: number
  readonly msg: string
  readonly instance?: string
  readonly group?: string
  readonly service?: string
  readonly server?: string
  readonly state?: string
  readonly skipped?: number
  readonly lost?: number
  readonly script?: string
  readonly user?: string
  readonly outcome?: string
  readonly reason?: string
  readonly code?: number
  readonly fifo?: string
  readonly hook?: string
}

/** A log that can be read. */
export function recorder(): { readonly log: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  return { log: pino({ base: null }, { write: (line) => void records.push(JSON.parse(line) as LogRecord) }), records }
}
