/** BFD sessions: addresses, hops, and where events go (process.md §12, errors.md §4). */
import type { BfdInstanceDraft, ConfigDraft } from '../drafts.ts'
import { familyOf } from '../forms/addresses.ts'
import { BFD_INSTANCE } from '../keywords/bfd-instance.ts'
import type { BfdInstance, Config } from '../model.ts'
import { valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import { incomplete } from './trackers.ts'

const NEIGHBOR = ['neighbor_ip', 'neighbour_ip'] as const
const STANDARD_TTL = { 4: 255, 6: 64 } as const

/** The sessions that can be set up. */
export function linkBfd({ bfdInstances = [] }: ConfigDraft, context: ReadContext): Pick<Config, 'bfdInstances'> {
  /** By neighbour: the sources there are sessions from, and whether one takes any. */
  const taken = new Map<string, Set<string | undefined>>()
  return { bfdInstances: bfdInstances.flatMap((draft) => linkSession(draft, taken, context)) }
}

function linkSession(draft: BfdInstanceDraft, taken: Map<string, Set<string | undefined>>, context: ReadContext): readonly BfdInstance[] {
  const { neighborIp, sourceIp, name = '' } = draft
  const { diagnostics } = context
  if (draft.badNeighbor !== undefined) return []
  if (neighborIp === undefined) return incomplete('bfd_instance', 'neighbor_ip', draft, context, NEIGHBOR)
  const family = familyOf(neighborIp)
  if (sourceIp !== undefined && familyOf(sourceIp) !== family) {
    const message = `source ${shown(sourceIp)} and neighbour ${shown(neighborIp)} of session ${shown(name)} are of different IP versions; the session is ignored`
    diagnostics.error('family-mismatch', valueSpan(draft, 'source_ip', context), message)
    return []
  }
  const sources = taken.get(neighborIp)
  if (sources !== undefined && (sourceIp === undefined || sources.has(undefined) || sources.has(sourceIp))) {
    const pair = sourceIp === undefined ? `with ${shown(neighborIp)}` : `from ${shown(sourceIp)} to ${shown(neighborIp)}`
    const message = `there is a session ${pair} already; session ${shown(name)} is ignored`
    diagnostics.error('duplicate-setting', valueSpan(draft, NEIGHBOR, context), message)
    return []
  }
  taken.set(neighborIp, (sources ?? new Set()).add(sourceIp))
  const ttl = draft.ttl ?? STANDARD_TTL[family]
  const { vrrp = false, checker = false } = draft
  return [
    complete<BfdInstance>(BFD_INSTANCE, draft, {
      ttl,
      maxHops: linkHops(draft, ttl, context),
      reverse: draft.reverse ?? false,
      // Either alone excludes the other.
      vrrp: vrrp || !checker,
      checker: checker || !vrrp,
    }),
  ]
}

function linkHops(draft: BfdInstanceDraft, ttl: number, context: ReadContext): number {
  const { maxHops = 0, name = '' } = draft
  if (maxHops <= ttl) return maxHops
  const message = `'max_hops' ${maxHops} of session ${shown(name)} is more than its ttl ${ttl}, which is used`
  context.diagnostics.error('value-replaced', valueSpan(draft, 'max_hops', context), message)
  return ttl
}
