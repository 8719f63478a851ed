/** Paths of a multipath route: `nexthop ...`. */
import { realms } from '../forms/iproute.ts'
import { integer } from '../forms/numbers.ts'
import { flag, interfaceName, requiredWord } from '../forms/words.ts'
import { grammar, grammarForm } from '../tables/grammar.ts'
import type { GrammarRules } from '../tables/grammar.ts'
import type { Form } from '../tables/form.ts'
import type { LineGrammar, OptionRow } from '../tables/schema.ts'
import { encapForm } from './encap.ts'
import { gateway } from './route-addresses.ts'

const PATH_IGNORED = 'the path is ignored'

const OPTIONS: readonly OptionRow[] = [
  {
    keyword: 'via',
    syntax: 'via [inet|inet6] ADDRESS',
    default: 'none',
    range: 'family of the route',
    meaning: 'Gateway of the path.',
    form: gateway(PATH_IGNORED),
  },
  {
    keyword: 'inet',
    syntax: 'inet',
    default: '-',
    range: 'word after via',
    meaning: 'Declares an IPv4 gateway.',
  },
  {
    keyword: 'inet6',
    syntax: 'inet6',
    default: '-',
    range: 'word after via',
    meaning: 'Declares an IPv6 gateway.',
  },
  {
    keyword: 'dev',
    syntax: 'dev IFNAME',
    default: 'none',
    range: 'must exist unless dynamic_interfaces',
    meaning: 'Interface of the path.',
    form: interfaceName(),
  },
  {
    keyword: 'weight',
    syntax: 'weight NUMBER',
    default: '1',
    range: '1..256',
    meaning: 'Relative share.',
    form: integer(1, 256, { consequence: PATH_IGNORED }),
    standard: 1,
  },
  {
    keyword: 'onlink',
    syntax: 'onlink',
    default: 'off',
    range: 'flag; IPv4',
    meaning: 'Gateway is directly attached.',
    form: flag(),
  },
  {
    keyword: 'realms',
    syntax: 'realms [FROM/]TO',
    default: 'none',
    range: 'IPv4',
    meaning: 'Realms of the path.',
    form: realms(PATH_IGNORED),
  },
  {
    keyword: 'as',
    syntax: 'as [to] ADDRESS',
    default: '-',
    range: 'not supported: drops the path',
    meaning: 'NAT target.',
    note: 'Always reported',
  },
  {
    keyword: 'encap',
    syntax: 'encap TYPE ...',
    default: 'none',
    range: 'TYPE is ip, ip6, mpls or ila',
    meaning: 'Encapsulation of the path.',
    form: encapForm(PATH_IGNORED),
    options: [],
  },
]

const RULES: Omit<GrammarRules, 'path'> = {
  type: 'NextHop',
  line: {
    keyword: '',
    syntax: 'nexthop [via [inet|inet6] ADDR] [dev IFNAME] [weight N] [onlink] [encap ...] [realms R]',
    default: '-',
    range: 'stops at the next nexthop word; other words are reported as trailing and drop that path',
    meaning: 'One path.',
  },
  head: [],
  options: OPTIONS,
  what: 'the path',
  onUnknown: 'drop',
  onMissing: 'end',
  onBadValue: 'drop',
  readHead: () => true,
  isEnd: (text) => text === 'nexthop',
  readOther(text, line, _, { diagnostics }) {
    if (text !== 'as') return undefined
    const { wordSpan } = line
    if (requiredWord(line, text, 'an address', diagnostics) !== undefined) {
      diagnostics.error('invalid-option', wordSpan, `'as' is not supported by kernels; ${PATH_IGNORED}`)
    }
    return 'drop'
  },
  headInput: () => ({}),
  headWords: () => [],
}

const FORM = grammarForm({ ...RULES, path: 'nexthop' })

/** What follows the word `nexthop`: of a path that is dropped, nothing is read any more. */
export const NEXTHOP_FORM: Form<object> = {
  ...FORM,
  read(line, context, name) {
    const path = FORM.read(line, context, name)
    while (line.left > 0 && line.peek() !== 'nexthop') line.next()
    return path
  },
}

/** What `nexthop` takes, in the routes of a block. */
export function nexthopGrammar(block: string): LineGrammar {
  return grammar({ ...RULES, path: `${block}/nexthop` })
}
