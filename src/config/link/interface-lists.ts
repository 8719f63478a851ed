/** `linkbeat_interfaces` and `interface_up_down_delays` (vrrp.md §5.6, §15). */
import type { ConfigDraft } from '../drafts.ts'
import type { Config, VrrpInstance } from '../model.ts'
import { SKEW_PARTS } from '../tables/priorities.ts'
import { shown } from '../diagnostics/printable.ts'
import { US_PER_S } from '../forms/numbers.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Defaults } from './defaults.ts'
import { INTERFACE_HELP } from './interfaces.ts'

/** Both lists; interfaces that do not exist are reported, and delays that no Backup could wait for shortened. */
export function linkInterfaceLists(
  { linkbeatInterfaces = [], interfaceUpDownDelays = [] }: ConfigDraft,
  instances: readonly VrrpInstance[],
  defaults: Defaults,
  context: ReadContext,
): Pick<Config, 'linkbeatInterfaces' | 'interfaceUpDownDelays'> {
  const limits = delayLimits(instances)
  const isThere = (name: string, at: number): boolean => hasInterface(name, at, defaults, context)
  return {
    linkbeatInterfaces: linkbeatInterfaces.flatMap(({ at, interface: name = '', method }) => {
      return isThere(name, at) ? [{ interface: name, method }] : []
    }),
    interfaceUpDownDelays: interfaceUpDownDelays.flatMap(({ at, interface: name = '', downUs = 0, upUs = 0 }) => {
      if (!isThere(name, at)) return []
      const limitUs = limits.get(name) ?? Infinity
      const shorter = { interface: name, downUs: Math.min(downUs, limitUs), upUs: Math.min(upUs, limitUs) }
      if (Math.max(downUs, upUs) > limitUs) reportShortened(name, at, limitUs, context)
      return [shorter]
    }),
  }
}

function hasInterface(name: string, at: number, { isInterfaceOptional }: Defaults, { diagnostics, host, tokens }: ReadContext): boolean {
  if (isInterfaceOptional || host.hasInterface(name)) return true
  diagnostics.error(
    'listed-interface-missing',
    tokens.span(at),
    `interface ${shown(name)} does not exist; the line is ignored`,
    INTERFACE_HELP,
  )
  return false
}

/** By interface, just below the time in which the others take over, of all instances on it. */
function delayLimits(instances: readonly VrrpInstance[]): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  for (const { interface: name = '', downTimerAdverts, advertIntUs } of instances) {
    const limitUs = Math.max(0, (downTimerAdverts - 1) * advertIntUs - Math.ceil(advertIntUs / SKEW_PARTS))
    limits.set(name, Math.min(limits.get(name) ?? limitUs, limitUs))
  }
  return limits
}

function reportShortened(name: string, at: number, limitUs: number, { diagnostics, tokens }: ReadContext): void {
  const message = `a delay of interface ${shown(name)} is longer than its instances wait for advertisements; ${limitUs / US_PER_S} s is used`
  diagnostics.warning('setting-ignored', tokens.span(at), message, 'others would have taken over before the interface counts as down')
}
