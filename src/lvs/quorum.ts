/** When the weight of the servers that are up is enough, and what is said of it (lvs.md §2, §7). */
import type { VirtualServer } from '../config/model.ts'

/** `quorum` and `hysteresis`. */
export interface QuorumRules {
  readonly quorum: number
  readonly hysteresis: number
}

/** How a virtual server came to have quorum, or not. */
export type QuorumCause = 'gained' | 'lost' | 'startingUp' | 'startingDown'

/** keepalived's words for it. */
const WORDS: Readonly<Record<QuorumCause, string>> = {
  gained: 'Gained quorum',
  lost: 'Lost quorum',
  startingUp: 'Starting with quorum up',
  startingDown: 'Starting with quorum down',
}

/**
 * The rules of a virtual server.
 *
 * Where no real server has a weight keepalived's quorum is 0 and can never be gained. A weight may still come, from a checker or an operator: then
 * one is enough.
 */
export function quorumRules({ quorum, hysteresis }: Pick<VirtualServer, 'quorum' | 'hysteresis'>): QuorumRules {
  return quorum === 0 ? { quorum: 1, hysteresis: 0 } : { quorum, hysteresis }
}

/** The weight that gains quorum. */
export function gainsAt({ quorum, hysteresis }: QuorumRules): number {
  return quorum + hysteresis
}

/** Whether a virtual server has quorum with a sum of weights, having had it before or not. */
export function hasQuorum(rules: QuorumRules, sum: number, had: boolean): boolean {
  return had ? sum > 0 && sum >= rules.quorum - rules.hysteresis : sum >= gainsAt(rules)
}

/** keepalived's sentence. @param had quorum until now: the lower threshold counts then */
export function quorumSentence(cause: QuorumCause, rules: QuorumRules, sum: number, name: string, had: boolean): string {
  const { quorum, hysteresis } = rules
  const gain = `${quorum}+${hysteresis}=${gainsAt(rules)}`
  if (cause === 'gained' || cause === 'startingUp') return `${WORDS.gained} ${gain} <= ${sum} for VS ${name}`
  const missed = had ? `${quorum}-${hysteresis}=${quorum - hysteresis}` : gain
  return `${WORDS[cause]} ${missed} > ${sum} for VS ${name}`
}

/** Body of keepalived's mail, which has the same punctuation whatever happened. */
export function quorumMail(cause: QuorumCause, rules: QuorumRules, sum: number): string {
  return `=> ${WORDS[cause]} ${rules.quorum}+${rules.hysteresis}=${gainsAt(rules)} <= ${sum} <=`
}
