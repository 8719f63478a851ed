/** Routes of instances and of the whole machine: interfaces and VRFs they name, and defaults. */
import type { EncapDraft, NextHopDraft, RouteDraft } from '../drafts.ts'
import { ENCAP, NEXTHOP, STATIC_ROUTES } from '../keywords/route-line.ts'
import type { Encap, NextHop, Route } from '../model.ts'
import { optionSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { reportMissing } from './interfaces.ts'

/** Completes routes; one of a VRF that does not exist is left out, which is reported. */
export function linkRoutes(drafts: readonly RouteDraft[], defaults: Defaults, context: ReadContext): readonly Route[] {
  return drafts.filter((draft) => hasVrf(draft, defaults, context)).map((draft) => linkRoute(draft, defaults, context))
}

function hasVrf(draft: RouteDraft, defaults: Defaults, context: ReadContext): boolean {
  const { vrf } = draft
  if (vrf === undefined || defaults.isElsewhere || context.host.hasInterface(vrf)) return true
  const message = `VRF ${shown(vrf)} of ${nameOf(draft)} does not exist; the route is ignored`
  context.diagnostics.error('unknown-vrf', optionSpan(draft, ['vrf'], context, 'nexthop'), message)
  return false
}

function nameOf({ destination = '' }: RouteDraft): string {
  return `route ${destination}`
}

function linkRoute(draft: RouteDraft, defaults: Defaults, context: ReadContext): Route {
  const { dev, encap, nexthops = [] } = draft
  const name = nameOf(draft)
  if (dev !== undefined) reportMissing(dev, name, () => optionSpan(draft, ['dev', 'oif'], context, 'nexthop'), defaults, context)
  for (const path of nexthops) {
    if (path.dev !== undefined) reportMissing(path.dev, name, () => optionSpan(path, ['dev'], context, 'nexthop'), defaults, context)
  }
  return complete<Route>(STATIC_ROUTES, draft, { encap: linkEncap(encap), nexthops: nexthops.map(linkPath) })
}

function linkPath(path: NextHopDraft): NextHop {
  return complete<NextHop>(NEXTHOP, path, { encap: linkEncap(path.encap) })
}

function linkEncap(encap: EncapDraft | undefined): Encap | undefined {
  return encap === undefined ? undefined : complete<Encap>(ENCAP, encap)
}
