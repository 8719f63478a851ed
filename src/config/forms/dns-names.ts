/** Form of a name to ask for in the domain name system. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import { requiredWord } from './words.ts'

/** RFC 1035 §2.3.4. */
const MAX_LABEL_OCTETS = 63
const MAX_NAME_OCTETS = 253
/** The name of the root. */
export const ROOT_NAME = '.'

/** A name, with or without a dot at its end; `.` is the root. */
export function dnsName(): Form<string> {
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', maxLength: MAX_NAME_OCTETS + 1 } },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a name', diagnostics)
      if (text === undefined) return undefined
      if (text === '' || text === ROOT_NAME) return ROOT_NAME
      const labels = text.replace(/\.$/, '').split('.')
      if (labels.includes('')) return diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} has an empty label; it is ignored`)
      if (labels.length > 1 && labels[0]?.length === 1) {
        const message = `keepalived takes ${shown(text)}, whose first label is one character, for a name with an empty label, and asks for the root`
        diagnostics.info('unusual-value', line.wordSpan, message)
      }
      if (labels.some((label) => Buffer.byteLength(label) > MAX_LABEL_OCTETS) || Buffer.byteLength(text) > MAX_NAME_OCTETS + 1) {
        const help = `a label has at most ${MAX_LABEL_OCTETS} octets, a name ${MAX_NAME_OCTETS}`
        diagnostics.info('unusual-value', line.wordSpan, `${shown(text)} is too long: nobody can be asked for it`, help)
      }
      return text
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}
