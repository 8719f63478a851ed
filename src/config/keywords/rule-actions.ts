/** Options of a policy-routing rule: what it does, and how. */
import type { RuleDraft } from '../drafts.ts'
import { iprouteNamed, realms } from '../forms/iproute.ts'
import { INT32_MAX, integer, UINT32_MAX } from '../forms/numbers.ts'
import { constant, flag } from '../forms/words.ts'
import type { Line } from '../blocks/line.ts'
import type { Draft, OptionRow, ReadContext } from '../tables/schema.ts'
import { RULE_IGNORED } from './rule-selectors.ts'

/** Actions without a value. */
export const PLAIN_ACTIONS = ['l3mdev', 'nop', 'blackhole', 'unreachable', 'prohibit'] as const
/** What a rule does with its packets. */
export const ACTIONS = ['table', 'goto', 'l3mdev', 'nop', 'blackhole', 'unreachable', 'prohibit'] as const

/** One of them. */
export type RuleAction = (typeof ACTIONS)[number]

/** A rule does one thing. */
export function setAction(item: Draft, action: RuleAction, line: Line, { diagnostics }: ReadContext): 'drop' | undefined {
  const { action: before } = item as RuleDraft
  if (before !== undefined) {
    diagnostics.error('conflicting-setting', line.wordSpan, `a rule has one action; ${RULE_IGNORED}`, `the first is ${before}`)
    return 'drop'
  }
  item['action'] = action
  return undefined
}

const PLAIN = PLAIN_ACTIONS.map((action) => `'${action}'`).join(' | ')
const ACTION_TYPE = ACTIONS.map((action) => `'${action}'`).join(' | ')

function action(value: (typeof PLAIN_ACTIONS)[number]): Pick<OptionRow, 'form' | 'field' | 'isFilled' | 'store'> {
  const form = constant(value, PLAIN_ACTIONS)
  return {
    form: { ...form, types: { ...form.types, model: ACTION_TYPE, input: PLAIN } },
    field: 'action',
    isFilled: true,
    store: (item, _, line, context) => setAction(item, value, line, context),
  }
}

const TABLE: Pick<OptionRow, 'form' | 'field' | 'store'> = {
  form: iprouteNamed({ table: 'rt_tables', min: 1, max: UINT32_MAX, what: 'a routing table', consequence: RULE_IGNORED }),
  field: 'table',
  store(item, value, line, context) {
    item['table'] = value
    return setAction(item, 'table', line, context)
  },
}
const SUPPRESS_LENGTH = { form: integer(0, INT32_MAX, { consequence: RULE_IGNORED }), field: 'suppressPrefixlength' }
const SUPPRESS_GROUP = {
  form: iprouteNamed({ table: 'group', max: INT32_MAX, what: 'a group of interfaces', consequence: RULE_IGNORED }),
  field: 'suppressIfgroup',
}

export const RULE_ACTIONS: readonly OptionRow[] = [
  {
    keyword: 'table',
    syntax: 'table TABLE',
    default: '-',
    range: 'number or name, not 0; one action per rule',
    meaning: 'Action: look the route up in a table.',
    ...TABLE,
  },
  {
    keyword: 'lookup',
    syntax: 'lookup TABLE',
    default: '-',
    range: 'as table',
    meaning: 'Action: look the route up in a table.',
    note: 'Same as table',
    ...TABLE,
  },
  {
    keyword: 'realms',
    syntax: 'realms [FROM/]TO',
    default: 'none',
    range: 'IPv4; only with a table action',
    meaning: 'Routing realms.',
    form: realms(RULE_IGNORED),
  },
  {
    keyword: 'suppress_prefixlength',
    syntax: 'suppress_prefixlength NUMBER',
    default: 'none',
    range: '0..2147483647; only with a table action',
    meaning: 'Ignores results with a prefix up to this length.',
    ...SUPPRESS_LENGTH,
  },
  {
    keyword: 'sup_pl',
    syntax: 'sup_pl NUMBER',
    default: 'none',
    range: 'as suppress_prefixlength',
    meaning: 'Short form of suppress_prefixlength.',
    ...SUPPRESS_LENGTH,
  },
  {
    keyword: 'suppress_ifgroup',
    syntax: 'suppress_ifgroup GROUP',
    default: 'none',
    range: 'number 0..2147483647 or group name; only with a table action',
    meaning: 'Ignores results through interfaces of the group.',
    ...SUPPRESS_GROUP,
  },
  {
    keyword: 'sup_group',
    syntax: 'sup_group GROUP',
    default: 'none',
    range: 'as suppress_ifgroup',
    meaning: 'Short form of suppress_ifgroup.',
    ...SUPPRESS_GROUP,
  },
  {
    keyword: 'l3mdev',
    syntax: 'l3mdev',
    default: '-',
    range: 'counts as the table action; no explicit table',
    meaning: "Action: use the table of the packet's VRF.",
    ...action('l3mdev'),
  },
  {
    keyword: 'protocol',
    syntax: 'protocol NUMBER',
    default: 'keepalived (18)',
    range: '0..255, numbers only; anything but 18 is reset with an error unless no_track; a bad one is ignored',
    meaning: 'Rule origin.',
    form: integer(0, 255, { consequence: 'it is ignored' }),
    onBadValue: 'ignore',
    isFilled: true,
  },
  {
    keyword: 'type',
    syntax: 'type ACTION',
    default: '-',
    range: 'optional word before an action name',
    meaning: 'Introduces an action.',
  },
  {
    keyword: 'goto',
    syntax: 'goto NUMBER',
    default: '-',
    range: "0..4294967295, above the rule's own preference, which must be set",
    meaning: 'Action: continue at another rule.',
    form: integer(0, UINT32_MAX, { consequence: RULE_IGNORED }),
    store(item, value, line, context) {
      item['goto'] = value
      return setAction(item, 'goto', line, context)
    },
  },
  {
    keyword: 'nop',
    syntax: 'nop',
    default: '-',
    range: 'flag',
    meaning: 'Action: do nothing.',
    ...action('nop'),
  },
  {
    keyword: 'blackhole',
    syntax: 'blackhole',
    default: '-',
    range: 'flag; numeric route types also accepted',
    meaning: 'Action: drop silently.',
    ...action('blackhole'),
  },
  {
    keyword: 'unreachable',
    syntax: 'unreachable',
    default: '-',
    range: 'flag',
    meaning: 'Action: reject as unreachable.',
    ...action('unreachable'),
  },
  {
    keyword: 'prohibit',
    syntax: 'prohibit',
    default: '-',
    range: 'flag',
    meaning: 'Action: reject as prohibited.',
    ...action('prohibit'),
  },
  {
    keyword: 'no_track',
    syntax: 'no_track',
    default: 'off (tracked)',
    range: 'flag',
    meaning: 'Loss of the rule does not fault the instance.',
    form: flag(),
  },
]
