/** Addresses with ports: of virtual, real and sorry servers. */
import { grammarForm } from '../tables/grammar.ts'
import type { Item } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { Described, HeaderField, ReadContext } from '../tables/schema.ts'
import { canonicalAddress, MAX_PORT, withoutRange } from './addresses.ts'
import { parseInteger, UINT32_MAX } from './numbers.ts'
import { requiredWord } from './words.ts'

const ADDRESS_FIELD: HeaderField = {
  field: 'address',
  ...TEXT_TYPES,
  meaning: 'Its IPv4 or IPv6 address.',
}

/** The port of a server. @param meaning what it is, and what 0 means */
export function portField(meaning: string): HeaderField {
  const schema = { type: 'integer', minimum: 0, maximum: MAX_PORT }
  return { field: 'port', model: 'number', input: 'number', schema, meaning, isOptional: true, isFilled: true }
}

/** `ADDRESS [PORT]`. @param port what the port is, and what 0 means */
export function serverFields(port: string): readonly HeaderField[] {
  return [ADDRESS_FIELD, portField(port)]
}

/** The draft of something with an address and a port. */
export interface ServerDraft {
  address?: string
  port?: number
}

/**
 * Takes `ADDRESS [PORT]` off a line; a port of zeros is none. Further words mean nothing.
 *
 * @param consequence what comes of a bad one, for the message
 * @returns false when there is none, which is then reported
 */
export function readServer(line: Line, name: string, draft: ServerDraft, consequence: string, context: ReadContext): boolean {
  const { diagnostics } = context
  const text = requiredWord(line, name, 'an IP address', diagnostics)
  if (text === undefined) return false
  const address = canonicalAddress(withoutRange(text))
  if (address === undefined) {
    diagnostics.error('invalid-address', line.wordSpan, `${shown(text)} is not an address; ${consequence}`)
    return false
  }
  const port = line.left === 0 ? 0 : readPort(line, consequence, context)
  if (port === undefined) return false
  draft.address = address
  draft.port = port
  return true
}

/** Takes a port off a line that has another word; zeros are none. */
export function readPort(line: Line, consequence: string, { diagnostics }: ReadContext): number | undefined {
  const text = line.next() ?? ''
  const port = parseInteger(text)
  if (port !== undefined && port >= 0 && port <= MAX_PORT && !Object.is(port, -0)) return port
  const help = `expected a number from 1 to ${MAX_PORT}, or 0 for none`
  return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a port; ${consequence}`, help)
}

/** The words for an address and a port of input; `undefined` when one is of another type. */
export function serverWords({ address, port }: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if (typeof address !== 'string' || (port !== undefined && typeof port !== 'number')) return undefined
  return port === undefined || port === 0 ? [address] : [address, String(port)]
}

/** `sorry_server ADDRESS [PORT]`. */
export const SORRY_SERVER_LINE: Described = {
  keyword: 'sorry_server',
  syntax: 'sorry_server ADDRESS [PORT]',
  default: 'none',
  range: 'PORT 1..65535 or zeros for the service port; a bad address is skipped; last one wins',
  meaning: 'Server used while quorum is down.',
}

/** `ADDRESS [PORT]` on the line of a keyword. */
export const SORRY_SERVER: Form<object> = grammarForm({
  path: 'virtual_server/sorry_server',
  type: 'SorryServer',
  line: SORRY_SERVER_LINE,
  head: serverFields('Its port; 0: the one that a packet is for.'),
  options: [],
  what: 'the sorry server',
  onUnknown: 'skip',
  onMissing: 'drop',
  onBadValue: 'drop',
  readHead: (line, item: Item & ServerDraft, context) => readServer(line, 'sorry_server', item, 'it is ignored', context),
  // Further words mean nothing.
  readOther: () => 'read',
  headInput: ({ address, port }) => (port === 0 ? { address } : { address, port }),
  headWords: serverWords,
})

/** `fwmark MARK`, where the word itself is ahead. @param consequence what comes of a bad one, for the message */
export function readFwmark(line: Line, least: 0 | 1, consequence: string, diagnostics: Diagnostics): number | undefined {
  const keyword = line.next()
  const text = line.next()
  if (text === undefined) return diagnostics.error('missing-value', line.wordSpan, `'${keyword}' takes a mark`)
  const mark = parseInteger(text)
  if (mark !== undefined && mark >= least && mark <= UINT32_MAX) return mark
  const help = `expected a number from ${least} to ${UINT32_MAX}${least === 0 ? '' : '; 0 stands for no mark'}`
  return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a firewall mark; ${consequence}`, help)
}
