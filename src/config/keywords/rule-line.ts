/** Lines of `virtual_rules` and `static_rules`: one policy-routing rule each. */
import type { RuleDraft } from '../drafts.ts'
import { requiredWord } from '../forms/words.ts'
import { grammar } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { LineGrammar, OptionRow, ReadContext } from '../tables/schema.ts'
import { readFamilyWord } from './route-addresses.ts'
import { parseRouteType } from './route-destination.ts'
import { KEEPALIVED_PROTOCOL } from './route-options.ts'
import { PLAIN_ACTIONS, RULE_ACTIONS, setAction } from './rule-actions.ts'
import { finishRule } from './rule-finish.ts'
import { RULE_IGNORED, RULE_SELECTORS } from './rule-selectors.ts'
import { TRACK_GROUP_OPTION } from './track-group-option.ts'

/** Lines of `virtual_rules`. */
export const VIRTUAL_RULES: LineGrammar = ruleGrammar('vrrp_instance/virtual_rules', [])
/** Lines of `static_rules`. */
export const STATIC_RULES: LineGrammar = ruleGrammar('static_rules', [TRACK_GROUP_OPTION.rule])

function ruleGrammar(path: string, more: readonly OptionRow[]): LineGrammar {
  return grammar({
    path,
    type: 'Rule',
    line: {
      keyword: '',
      syntax: '[inet|inet6] [not] [from A] [to A] [selector...] ACTION [option...]',
      default: 'IPv4 when undetermined',
      range: 'one rule per line; exactly one action; an unknown word or a bad value drops the line',
      meaning: 'One policy-routing rule.',
      note: 'A missing option value aborts the whole parse',
    },
    head: [],
    options: [...RULE_SELECTORS, ...RULE_ACTIONS, ...more],
    derived: [{ field: 'family', model: '4 | 6', meaning: 'IP version.' }],
    what: 'the rule',
    onUnknown: 'drop',
    onMissing: 'end',
    onBadValue: 'drop',
    readHead: () => true,
    readOther,
    finish: finishRule,
    isImplied: (field, item) => field === 'protocol' && item[field] === protocolOf(item as RuleDraft),
    headInput,
    headWords: () => [],
  })
}

/** The protocol of a rule that says none: one that is not tracked has none. */
export function protocolOf({ noTrack = false }: Pick<RuleDraft, 'noTrack'>): number {
  return noTrack ? 0 : KEEPALIVED_PROTOCOL
}

/** A rule of IPv6 without an address needs one that says so. */
function headInput(item: Item): Readonly<Record<string, unknown>> {
  const { family, from, to } = item as RuleDraft
  return family === 6 && from === undefined && to === undefined ? { from: '::/0' } : {}
}

/** What is no option: the family, the word in front of an action, and actions by number. */
function readOther(text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' | undefined {
  const family = readFamilyWord(text, item, 'rule', line, context)
  if (family !== undefined) return family
  if (text !== 'type') return readAction(text, line, item, context)
  const name = requiredWord(line, text, 'an action', context.diagnostics)
  if (name === undefined) return 'drop'
  if (name === 'goto') return readGoto(line, item, context)
  return readAction(name, line, item, context) ?? reportAction(name, line, context)
}

/** @returns `undefined` when the word is no action */
function readAction(text: string, line: Line, item: Item, context: ReadContext): 'read' | 'drop' | undefined {
  const type = text === 'nop' ? text : parseRouteType(text)
  if (type === undefined) return undefined
  const action = PLAIN_ACTIONS.find((plain) => plain === type)
  return action === undefined ? reportAction(text, line, context) : (setAction(item, action, line, context) ?? 'read')
}

function reportAction(text: string, line: Line, { diagnostics }: ReadContext): 'drop' {
  const help = 'possible are table, goto, nop, blackhole, unreachable, prohibit and l3mdev'
  diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is no action of a rule; ${RULE_IGNORED}`, help)
  return 'drop'
}

/** `type goto NUMBER`. */
function readGoto(line: Line, item: Item, context: ReadContext): 'read' | 'drop' {
  const row = RULE_ACTIONS.find(({ keyword }) => keyword === 'goto')
  const value = row?.form?.read(line, context, 'goto')
  return value === undefined ? 'drop' : (row?.store?.(item, value, line, context) ?? 'read')
}
