/** What concerns iptables: nftables are used instead. */
import { word } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'

const LONGEST_CHAIN = 27
const LONGEST_SET = 30
const CHAIN = word({ what: 'the name of a chain', longest: LONGEST_CHAIN })
const SET = word({ what: 'the name of a set', longest: LONGEST_SET })
/** What the names of sets end with when they are made from the first. */
const SUFFIXES = ['', '6', '_if6', '_igmp', '_mld', '_nd'] as const

const FIELD = { model: 'string', input: 'string', schema: { type: 'string', maxLength: LONGEST_CHAIN }, isOptional: true } as const

/** `[IN_CHAIN [OUT_CHAIN]]`. */
export function iptablesChains(): Form<object> {
  return grammarForm({
    path: 'vrrp_iptables',
    type: 'IptablesChains',
    line: { keyword: '', syntax: '[IN_CHAIN [OUT_CHAIN]]', default: 'INPUT and OUTPUT', range: '-', meaning: 'Chains of iptables.' },
    head: [
      { field: 'input', meaning: 'For packets to this host.', ...FIELD },
      { field: 'output', meaning: 'For packets from this host.', ...FIELD },
    ],
    options: [],
    what: 'the chains',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead(line, item, context) {
      const { diagnostics } = context
      const message = `'${line.keyword}' needs iptables, which are not used: the nftables table keepalived is used instead`
      diagnostics.error('value-replaced', line.span, message, 'write `nftables`')
      const isBare = line.left === 0
      const input = isBare ? 'INPUT' : CHAIN.read(line, context, line.keyword)
      if (input === undefined) return false
      item['input'] = input
      if (isBare) item['output'] = 'OUTPUT'
      if (line.left === 0) return true
      const output = CHAIN.read(line, context, line.keyword)
      if (output === undefined) return false
      if (output === input) {
        diagnostics.error('duplicate-name', line.wordSpan, `both chains are called ${shown(output)}; the line is ignored`)
        return false
      }
      item['output'] = output
      return true
    },
    headInput: ({ input, output }) => ({ input, output }),
    headWords({ input, output }) {
      if (input === undefined) return []
      if (typeof input !== 'string' || (output !== undefined && typeof output !== 'string')) return undefined
      return output === undefined ? [input] : [input, output]
    },
  })
}

/** Six names of which all that follow the first may be left out; none at all switches sets off. */
export function ipsetNames(): Form<readonly string[]> {
  return {
    types: {
      model: 'readonly string[]',
      input: 'readonly string[]',
      schema: { type: 'array', items: SET.types.schema, maxItems: SUFFIXES.length },
    },
    isBare: true,
    read(line, context, name) {
      const names: string[] = []
      while (line.left > 0 && names.length < SUFFIXES.length) {
        const set = SET.read(line, context, name)
        if (set === undefined) return undefined
        if (names.includes(set)) {
          return context.diagnostics.error('duplicate-name', line.wordSpan, `two sets are called ${shown(set)}; the line is ignored`)
        }
        names.push(set)
      }
      const [first] = names
      if (first === undefined) return names
      return SUFFIXES.map((suffix, index) => names[index] ?? `${first}${suffix}`)
    },
    toInput: (names) => names,
    toWords: (input) => (Array.isArray(input) && input.every((name) => typeof name === 'string') ? input : undefined),
  }
}
