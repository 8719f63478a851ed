/** `quorum` and `hysteresis` against the weights of the real servers. */
import type { VirtualServerDraft } from '../drafts.ts'
import { UINT32_MAX } from '../forms/numbers.ts'
import type { RealServer } from '../model.ts'
import { valueSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { virtualServerName } from './server-names.ts'

/** As keepalived computes them: without any weight the quorum is 0 and the hysteresis so large that its own is never gained. */
export function linkQuorum(
  draft: VirtualServerDraft,
  servers: readonly RealServer[],
  context: ReadContext,
): { readonly quorum: number; readonly hysteresis: number } {
  const { quorum = 1, hysteresis = 0 } = draft
  let total = 0
  for (const { weight } of servers) total += weight
  if (quorum <= total && hysteresis < quorum) return { quorum, hysteresis }
  return adjust(draft, quorum, hysteresis, total, context)
}

function adjust(
  draft: VirtualServerDraft,
  quorum: number,
  hysteresis: number,
  total: number,
  context: ReadContext,
): { readonly quorum: number; readonly hysteresis: number } {
  const { diagnostics } = context
  const reached = Math.min(quorum, total)
  if (reached !== quorum) {
    const message = `the real servers of the ${virtualServerName(draft)} have a weight of ${total} in all: ${total} is used as quorum`
    const help = 'count weights, not servers'
    diagnostics.error('quorum-above-weights', valueSpan(draft, 'quorum', context), message, help)
  }
  if (hysteresis < reached) return { quorum: reached, hysteresis }
  const used = reached === 0 ? UINT32_MAX : reached - 1
  const end = reached === 0 ? 'the first weight gains quorum' : `${used} is used`
  const message = `the hysteresis of the ${virtualServerName(draft)} is not below its quorum of ${reached}: ${end}`
  diagnostics.error('value-replaced', valueSpan(draft, 'hysteresis', context), message)
  return { quorum: reached, hysteresis: used }
}
