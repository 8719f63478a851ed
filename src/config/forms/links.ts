/** Forms of what a link of the instance's own is made of: its name, its MAC address, its group. */
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'
import { iprouteNamed } from './iproute.ts'
import { INT32_MAX } from './numbers.ts'
import { MAX_INTERFACE_NAME, requiredWord } from './words.ts'

/** A name for a link that is made, with a check for a word that is taken already. */
export interface LinkNameForm extends Form<string> {
  check(text: string, line: Line, context: ReadContext): string | undefined
}

/** A name that the kernel takes. */
export function vmacName(): LinkNameForm {
  const check = (text: string, line: Line, { diagnostics }: ReadContext): string | undefined => {
    if (Buffer.byteLength(text) > MAX_INTERFACE_NAME) {
      return diagnostics.error(
        'name-too-long',
        line.wordSpan,
        `${shown(text)} is longer than ${MAX_INTERFACE_NAME} characters; it is ignored`,
      )
    }
    if (text !== '' && text !== '.' && text !== '..' && !/[/:\s]/.test(text)) return text
    return diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} is not a name for an interface; it is ignored`)
  }
  return {
    types: { model: 'string', input: 'string', schema: { type: 'string', minLength: 1, maxLength: MAX_INTERFACE_NAME } },
    read(line, context, name) {
      const text = requiredWord(line, name, 'the name of an interface', context.diagnostics, true)
      return text === undefined ? undefined : check(text, line, context)
    },
    toInput: (value) => value,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
    check,
  }
}

/** A unicast MAC address of six octets, or of five, to which the VRID is added. In lower case. */
export function macAddress(text: string, line: Line, { diagnostics }: ReadContext): string | undefined {
  const octets = text.split(':')
  const isMac = (octets.length === 5 || octets.length === 6) && octets.every((octet) => /^[0-9a-f]{1,2}$/i.test(octet))
  if (!isMac) return diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} is not a MAC address; it is ignored`)
  const mac = octets.map((octet) => octet.padStart(2, '0').toLowerCase()).join(':')
  if ((Number.parseInt(octets[0] ?? '', 16) & 1) === 1) {
    return diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} is a multicast address; it is ignored`)
  }
  if (!/^00:00:5e:00:0[12]/.test(mac)) return mac
  return diagnostics.error(
    'invalid-word',
    line.wordSpan,
    `${shown(text)} is an address of RFC 9568 itself; it is ignored`,
    'leave it out to use it',
  )
}

/** A group of links: a number, or a name of iproute2. */
export function linkGroup(): Form<number> {
  return iprouteNamed({ table: 'group', max: INT32_MAX, what: 'a group of links', consequence: 'it is ignored' })
}
