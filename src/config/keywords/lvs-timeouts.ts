/** What IPVS forgets, and when. */
import { wholeSeconds } from '../forms/numbers.ts'
import { ofOption } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { OptionRow } from '../tables/schema.ts'

/** 31 days. */
const MAX_TIMEOUT_S = 2_678_400
const SECONDS = ofOption(wholeSeconds(0, MAX_TIMEOUT_S))
const COMMON = { default: 'unchanged', range: '0..2678400 s', form: SECONDS } as const

/** The timeouts, each under its own word. */
export const TIMEOUT_OPTIONS: readonly OptionRow[] = [
  { keyword: 'tcp', syntax: 'tcp SECONDS', meaning: 'Idle timeout of established TCP connections.', ...COMMON },
  { keyword: 'tcpfin', syntax: 'tcpfin SECONDS', meaning: 'Timeout of TCP connections after a FIN.', ...COMMON },
  { keyword: 'udp', syntax: 'udp SECONDS', meaning: 'Timeout of UDP entries.', ...COMMON },
]

/** `[tcp S] [tcpfin S] [udp S]`. */
export function lvsTimeouts(): Form<object> {
  return grammarForm({
    path: 'lvs_timeouts',
    type: 'LvsTimeouts',
    line: {
      keyword: '',
      syntax: '[tcp S] [tcpfin S] [udp S]',
      default: '-',
      range: 'at least one',
      meaning: 'Timeouts of connections that IPVS knows.',
    },
    head: [],
    options: TIMEOUT_OPTIONS,
    what: 'the timeouts',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'ignore',
    readHead(line, _, { diagnostics }) {
      if (line.left > 0) return true
      diagnostics.error('missing-name', line.span, `'${line.keyword}' takes at least one timeout; the line is ignored`)
      return false
    },
    // When none is left, it is said already why.
    finish: (item) => (TIMEOUT_OPTIONS.some(({ keyword }) => item[`${keyword}Us`] !== undefined) ? item : undefined),
    headInput: () => ({}),
    headWords: () => [],
  })
}

/** `lvs_flush_on_stop [VS]`. */
export function flushOnStop(): Form<true | 'VS'> {
  return {
    types: { model: "true | 'VS'", input: "true | 'VS'", schema: { enum: [true, 'VS'] } },
    isBare: true,
    read(line, { diagnostics }, name) {
      const text = line.next()
      if (text === undefined) return true
      if (text === 'VS') return text
      const message = `unknown option ${shown(text)} of '${name}'; the line is ignored`
      return diagnostics.error('invalid-option', line.wordSpan, message, 'the only option is `VS`, in upper case')
    },
    toInput: (value) => value,
    toWords(input) {
      if (input === 'VS') return ['VS']
      return input === true ? [] : undefined
    },
  }
}
