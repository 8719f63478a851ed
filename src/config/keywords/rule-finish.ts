/** What the options of a policy-routing rule do to each other, once all are read. */
import type { RuleDraft } from '../drafts.ts'
import type { Item } from '../tables/grammar.ts'
import type { Tokens } from '../text/lexer.ts'
import type { Line } from '../blocks/line.ts'
import { optionSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { KEEPALIVED_PROTOCOL } from './route-options.ts'
import { RULE_IGNORED } from './rule-selectors.ts'

/** Where rules without a preference start, downwards. */
const FIRST_PREFERENCE = 16_384
/** Options about the route that a table gives. */
const TABLE_OPTIONS = [
  { field: 'realms', keywords: ['realms'] },
  { field: 'suppressPrefixlength', keywords: ['suppress_prefixlength', 'sup_pl'] },
  { field: 'suppressIfgroup', keywords: ['suppress_ifgroup', 'sup_group'] },
] as const

/** Completes a rule; `undefined` when it is dropped. */
export function finishRule(item: Item, line: Line, context: ReadContext): Item | undefined {
  const rule = item as RuleDraft
  rule.family ??= 4
  if (rule.action === undefined) {
    const help = 'add `table TABLE`, `goto PREFERENCE`, nop, blackhole, unreachable, prohibit or l3mdev'
    return context.diagnostics.error('missing-action', line.span, `a rule has an action; ${RULE_IGNORED}`, help)
  }
  if (!fitsAction(rule, context)) return undefined
  checkProtocol(rule, context)
  rule.preference ??= nextPreference(rule.family, line, context)
  return item
}

function fitsAction(rule: RuleDraft, context: ReadContext): boolean {
  const { action, realms, family, preference, goto: target } = rule
  const drop = (
    code: 'conflicting-setting' | 'family-mismatch' | 'value-out-of-range',
    keywords: readonly string[],
    why: string,
  ): false => {
    context.diagnostics.error(code, optionSpan(rule, keywords, context), `${why}; ${RULE_IGNORED}`)
    return false
  }
  const looksUp = action === 'table' || action === 'l3mdev'
  const lost = looksUp ? undefined : TABLE_OPTIONS.find(({ field }) => rule[field] !== undefined)
  if (lost !== undefined) return drop('conflicting-setting', lost.keywords, `'${lost.keywords[0]}' is for rules that look up a table`)
  if (realms !== undefined && family === 6) return drop('family-mismatch', ['realms'], "only IPv4 rules have 'realms'")
  if (action !== 'goto' || target === undefined) return true
  if (preference === undefined) return drop('conflicting-setting', ['goto'], "'goto' needs a preference in the same rule")
  return target > preference || drop('value-out-of-range', ['goto'], `'goto' leads to a higher preference than ${preference}`)
}

/** A rule is watched by its protocol. */
function checkProtocol(rule: RuleDraft, context: ReadContext): void {
  const { protocol, noTrack = false } = rule
  if (noTrack || protocol === undefined || protocol === KEEPALIVED_PROTOCOL) return
  delete rule.protocol
  const message = `a rule with another protocol than keepalived (${KEEPALIVED_PROTOCOL}) cannot be tracked; the protocol is ignored`
  context.diagnostics.error('conflicting-setting', optionSpan(rule, ['protocol'], context), message, 'or add `no_track`')
}

const preferences = new WeakMap<Tokens, Record<4 | 6, number>>()

/** Counts down in the order of the text, for each IP version. */
function nextPreference(family: 4 | 6, line: Line, { diagnostics, tokens }: ReadContext): number {
  const next = preferences.get(tokens) ?? { 4: FIRST_PREFERENCE, 6: FIRST_PREFERENCE }
  preferences.set(tokens, next)
  const preference = next[family]--
  const message = `a rule without a preference gets ${preference}, which is seldom meant`
  diagnostics.error('missing-preference', line.span, message, 'add `preference NUMBER`')
  return preference
}
