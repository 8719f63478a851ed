/** What the options of a route do to each other, once all are read. */
import type { NextHopDraft, RouteDraft } from '../drafts.ts'
import { familyOf } from '../forms/addresses.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { optionSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { ROUTE_IGNORED } from './route-addresses.ts'
import { KEEPALIVED_PROTOCOL } from './route-options.ts'

/** A route while its line is read. */
type OpenRoute = RouteDraft & { or?: string }

/** Options that one IP version alone has: a route of the other one with them is no route. */
const FAMILY_OPTIONS = [
  { field: 'realms', keyword: 'realms', family: 4 },
  { field: 'pref', keyword: 'pref', family: 6 },
  { field: 'expiresUs', keyword: 'expires', family: 6 },
] as const
/** Options that IPv6 routes do not have and that do no harm. */
const IDLE_OPTIONS = [
  { field: 'tos', keywords: ['tos', 'dsfield'] },
  { field: 'scope', keywords: ['scope'] },
] as const

/** Completes a route; `undefined` when it is dropped. */
export function finishRoute(item: Item, line: Line, context: ReadContext): Item | undefined {
  const route = item as OpenRoute
  if (route.destination === undefined) {
    return context.diagnostics.error('missing-destination', line.span, `a route has a destination; ${ROUTE_IGNORED}`)
  }
  route.family ??= familyOfPaths(route)
  // keepalived 2.2.7 takes a word for the type, be it `unicast`, as "add only"; not confirmed for later ones.
  route.placement ??= route.type === undefined ? 'prepend' : 'add'
  route.type ??= 'unicast'
  if (!fitsFamily(route, context) || !makePaths(route, context)) return undefined
  checkTracking(route, line, context)
  return item
}

/** Where a route goes that does not say so, once its type is known. */
export function placementOf({ type }: Pick<RouteDraft, 'type'>): RouteDraft['placement'] {
  return type === undefined || type === 'unicast' ? 'prepend' : 'add'
}

/** A default route without an address is one of IPv4, unless it has what only IPv6 has. */
function familyOfPaths({ nexthops = [], pref, expiresUs }: OpenRoute): 4 | 6 {
  const gateway = nexthops.find(({ via }) => via !== undefined)?.via
  if (gateway !== undefined) return familyOf(gateway)
  return pref === undefined && expiresUs === undefined ? 4 : 6
}

function fitsFamily(route: OpenRoute, context: ReadContext): boolean {
  const place = (keywords: readonly string[]): ReturnType<typeof optionSpan> => optionSpan(route, keywords, context, 'nexthop')
  for (const { field, keyword, family } of FAMILY_OPTIONS) {
    if (route[field] === undefined || route.family === family) continue
    const message = `only IPv${family} routes have '${keyword}'; ${ROUTE_IGNORED}`
    context.diagnostics.error('family-mismatch', place([keyword]), message)
    return false
  }
  for (const { field, keywords } of IDLE_OPTIONS) {
    if (route[field] === undefined || route.family === 4) continue
    delete route[field]
    context.diagnostics.info('no-effect', place(keywords), `'${keywords[0]}' means nothing for an IPv6 route`)
  }
  return true
}

/** Leaves the paths that can be used, and makes two of `via` and `or`. */
function makePaths(route: OpenRoute, context: ReadContext): boolean {
  const { or, via, dev, nexthops } = route
  if (or !== undefined) {
    delete route.or
    if (nexthops !== undefined) {
      const message = `'or' and 'nexthop' do not go together; ${ROUTE_IGNORED}`
      context.diagnostics.error('conflicting-setting', optionSpan(route, ['or'], context, 'nexthop'), message)
      return false
    }
    const path = { at: route.at, ...(dev === undefined ? {} : { dev }) }
    route.nexthops = [...(via === undefined ? [] : [{ ...path, via }]), { ...path, via: or }]
    delete route.via
  } else if (nexthops !== undefined) {
    route.nexthops = nexthops.filter((path) => isOfFamily(path, route.family ?? 4, context))
  }
  return true
}

function isOfFamily(path: NextHopDraft, family: 4 | 6, context: ReadContext): boolean {
  const { via, realms } = path
  if (via !== undefined && familyOf(via) !== family) {
    const message = `the gateway of a path is of the IP version of the route, ${family}; the path is ignored`
    context.diagnostics.error('family-mismatch', optionSpan(path, ['via'], context, 'nexthop'), message)
    return false
  }
  if (realms === undefined || family === 4) return true
  const message = "only IPv4 routes have 'realms'; the path is ignored"
  context.diagnostics.error('family-mismatch', optionSpan(path, ['realms'], context, 'nexthop'), message)
  return false
}

/** A route is watched by its protocol and its interface. */
function checkTracking(route: OpenRoute, line: Line, context: ReadContext): void {
  const { protocol, dev, noTrack = false } = route
  if (noTrack) return
  if (protocol !== undefined && protocol !== KEEPALIVED_PROTOCOL) {
    delete route.protocol
    const message = `a route with another protocol than keepalived (${KEEPALIVED_PROTOCOL}) cannot be tracked; the protocol is ignored`
    context.diagnostics.error('conflicting-setting', optionSpan(route, ['protocol'], context, 'nexthop'), message, 'or add `no_track`')
  }
  if (dev !== undefined) return
  route.noTrack = true
  const help = 'add `dev` to the route itself, or `no_track`'
  context.diagnostics.warning('route-not-tracked', line.span, 'a route without an interface of its own cannot be tracked', help)
}
