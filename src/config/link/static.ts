/** Addresses, routes and rules that are there from the start, whatever the instances do. */
import type { ConfigDraft, RouteDraft, RuleDraft, StaticAddressDraft } from '../drafts.ts'
import { STATIC_IPADDRESS } from '../keywords/address-line.ts'
import type { Config, StaticAddress } from '../model.ts'
import { optionSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { INTERFACE_HELP, reportMissing } from './interfaces.ts'
import { linkRoutes } from './routes.ts'
import { linkRules } from './rules.ts'

/** What of `Config` is static. */
export type Static = Pick<Config, 'staticIpaddress' | 'staticRoutes' | 'staticRules'>

/** Completes what is static. */
export function linkStatic(draft: ConfigDraft, defaults: Defaults, context: ReadContext): Static {
  const { staticIpaddress = [], staticRoutes = [], staticRules = [] } = draft
  const groups = new Map((draft.trackGroups ?? []).map(({ name = '', at }) => [name, at]))
  const tracked = <T extends Tracked>(item: T, device: string | undefined, what: string, needs: string): T =>
    withGroup(item, device, what, needs, groups, context)
  return {
    staticIpaddress: staticIpaddress.map((address) =>
      linkAddress(tracked(address, address.dev ?? defaults.defaultInterface, 'address', 'an interface'), defaults, context),
    ),
    staticRoutes: linkRoutes(
      staticRoutes.map((route) => tracked(route, route.dev, 'route', '`dev`')),
      defaults,
      context,
    ),
    staticRules: linkRules(
      staticRules.map((rule) => tracked(rule, rule.iif, 'rule', '`iif`')),
      defaults,
      context,
    ),
  }
}

type Tracked = StaticAddressDraft | RouteDraft | RuleDraft

/** The item without its group where that cannot be: a group stands above, needs an interface and tracking. */
function withGroup<T extends Tracked>(
  item: T,
  device: string | undefined,
  what: string,
  needs: string,
  groups: ReadonlyMap<string, number>,
  context: ReadContext,
): T {
  const { trackGroup, noTrack = false } = item
  if (trackGroup === undefined) return item
  const span = optionSpan(item, ['track_group'], context, 'nexthop')
  const at = groups.get(trackGroup)
  const { diagnostics } = context
  if (at === undefined || at > item.at) {
    const help = at === undefined ? undefined : 'it stands further down: move it above this block'
    diagnostics.error('unknown-name', span, `there is no track_group ${shown(trackGroup)} here; it is ignored`, help)
  } else if (device === undefined) {
    diagnostics.error('conflicting-setting', span, `'track_group' of a static ${what} needs ${needs}; it is ignored`)
  } else if (noTrack) {
    diagnostics.error('conflicting-setting', span, "'track_group' does not go with 'no_track'; it is ignored")
  } else {
    return item
  }
  delete item.trackGroup
  return item
}

function linkAddress(draft: StaticAddressDraft, defaults: Defaults, context: ReadContext): StaticAddress {
  const { at, address = '', dev, family, noDad } = draft
  const { defaultInterface, isInterfaceOptional } = defaults
  if (dev !== undefined) reportMissing(dev, `address ${address}`, () => optionSpan(draft, ['dev'], context), defaults, context)
  else if (!isInterfaceOptional && !context.host.hasInterface(defaultInterface)) {
    const message = `address ${address} names no interface, and the default interface ${shown(defaultInterface)} does not exist`
    context.diagnostics.error('static-without-interface', context.tokens.span(at), message, INTERFACE_HELP)
  }
  return complete<StaticAddress>(STATIC_IPADDRESS, draft, { dev: dev ?? defaultInterface, noDad: noDad ?? family === 6 })
}
