/** `vrrp_instance/virtual_ipaddress` and `virtual_ipaddress_excluded`: one address a line. */
import type { VirtualAddressDraft, Written } from '../draft.ts'
import type { Family } from '../model.ts'
import type { ReadContext } from '../schema.ts'
import { REFUSED } from './not-yet.ts'
import { nearest } from '../suggest.ts'
import { shown } from '../excerpt.ts'
import { decodeInteger, decodeInterfaceName, MAX_INTERFACE_NAME, parseAddress, parseInteger } from '../values.ts'
import type { Directive, Word } from '../words.ts'

const SCOPE_HELP = 'expected global, site, link, host, nowhere, a name of iproute2 or a number from 0 to 255'
const FOREVER = 4_294_967_295
/** A longer prefix has no host bits to set or clear. */
const LONGEST_BROADCAST_PREFIX = 30

/** An address line while its options are read. */
interface Line {
  readonly context: ReadContext
  readonly address: string
  readonly family: Family
  readonly text: string
  prefixLength: number
  dev?: Written<string>
  scope?: number
  label?: string
  brd?: { readonly word: Word; readonly text: string }
  peer?: string
  preferredLftS?: number | undefined
  readonly flags: Set<string>
}

type Outcome = 'ok' | 'drop'

const FLAGS: ReadonlySet<string> = new Set(['home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin', 'no_track'])

/** Options with a value. `drop`: the address is not used. */
const OPTIONS: ReadonlyMap<string, (line: Line, value: Word) => Outcome> = new Map([
  ['dev', readDev],
  ['scope', readScope],
  ['brd', readBroadcast],
  ['broadcast', readBroadcast],
  ['label', readLabel],
  ['peer', readPeer],
  ['preferred_lft', readPreferredLifetime],
])

/** Decodes an address line; `undefined` when the address is dropped, which is then reported. */
export function decodeAddressLine(directive: Directive, context: ReadContext): VirtualAddressDraft | undefined {
  const { diagnostics } = context
  const [first, ...options] = directive.words
  const [, addressText = '', prefixText] = /^([^/]*)(?:\/(.*))?$/s.exec(directive.keyword) ?? []
  const parsed = parseAddress(addressText)
  if (first === undefined || parsed === undefined) {
    return diagnostics.error('invalid-address', directive.span, `${shown(directive.keyword)} is not an address; the line is ignored`)
  }
  const longest = parsed.family === 4 ? 32 : 128
  const prefixLength = prefixText === undefined ? longest : decodePrefix(first, prefixText, longest, context)
  const line: Line = { context, ...parsed, text: directive.keyword, prefixLength, flags: new Set() }
  return readOptions(line, options) === 'drop' ? undefined : finish(line, directive)
}

function decodePrefix(word: Word, text: string, longest: number, { diagnostics }: ReadContext): number {
  const value = parseInteger(text)
  // keepalived reads nothing after the slash as /0, which nobody means.
  if (value !== undefined && /\d/.test(text) && value >= 0 && value <= longest) return value
  const message = `${shown(text)} is not a prefix length; ${longest} is used`
  diagnostics.error('invalid-number', word.span, message, `expected a number from 0 to ${longest} after the slash`)
  return longest
}

function readOptions(line: Line, words: readonly Word[]): Outcome {
  const { diagnostics } = line.context
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === undefined) break
    const { text, span } = word
    const read = OPTIONS.get(text)
    if (read !== undefined) {
      const value = words[++at]
      if (value === undefined) {
        diagnostics.error('invalid-option', span, `'${text}' of ${shown(line.text)} has no value; the address is ignored`)
        return 'drop'
      }
      if (read(line, value) === 'drop') return 'drop'
    } else if (FLAGS.has(text)) {
      line.flags.add(text)
    } else if (text === 'use_vmac') {
      const message = `'use_vmac' is known, but not supported yet: the address would be on its interface itself; ${REFUSED}`
      diagnostics.warning('cannot-run-without', span, message)
    } else {
      const meant = diagnostics.isFull('error') ? undefined : nearest(text, [...OPTIONS.keys(), ...FLAGS])
      const help =
        parseAddress(text.replace(/\/.*$/, '')) === undefined ? meant && `did you mean \`${meant}\`?` : 'each address has a line of its own'
      diagnostics.error('invalid-option', span, `unknown option ${shown(text)} of ${shown(line.text)}; it is ignored`, help)
    }
  }
  return 'ok'
}

function readDev(line: Line, word: Word): Outcome {
  const { diagnostics } = line.context
  const name = decodeInterfaceName(word, diagnostics)
  if (name === undefined) return 'drop'
  if (line.dev !== undefined) {
    diagnostics.error('duplicate-setting', word.span, `a second 'dev' of ${shown(line.text)}; the address is ignored`)
    return 'drop'
  }
  line.dev = { value: name, span: word.span }
  return 'ok'
}

function readScope(line: Line, word: Word): Outcome {
  const { diagnostics, host } = line.context
  const scope = host.addressScope(word.text)
  if (line.family === 6) diagnostics.error('family-mismatch', word.span, "only IPv4 addresses have a scope; 'scope' is ignored")
  else if (scope === undefined)
    diagnostics.error('invalid-option', word.span, `${shown(word.text)} is not a scope; it is ignored`, SCOPE_HELP)
  else line.scope = scope
  return 'ok'
}

function readBroadcast(line: Line, word: Word): Outcome {
  const { diagnostics } = line.context
  const { text } = word
  if (line.family === 6) {
    diagnostics.error('family-mismatch', word.span, 'IPv6 has no broadcast; the address is ignored')
    return 'drop'
  }
  if (text !== '+' && text !== '-' && parseAddress(text)?.family !== 4) {
    diagnostics.error(
      'invalid-address',
      word.span,
      `${shown(text)} is not a broadcast address; the address is ignored`,
      'expected an IPv4 address, + or -',
    )
    return 'drop'
  }
  line.brd = { word, text }
  return 'ok'
}

function readLabel(line: Line, word: Word): Outcome {
  const { diagnostics } = line.context
  if (line.family === 6) {
    diagnostics.error('family-mismatch', word.span, "only IPv4 addresses have a label; 'label' is ignored")
  } else if (Buffer.byteLength(word.text) > MAX_INTERFACE_NAME) {
    diagnostics.error(
      'name-too-long',
      word.span,
      `label ${shown(word.text)} is longer than ${MAX_INTERFACE_NAME} characters; the address is ignored`,
    )
    return 'drop'
  } else {
    line.label = word.text
  }
  return 'ok'
}

function readPeer(line: Line, word: Word): Outcome {
  const { diagnostics } = line.context
  const parsed = parseAddress(word.text)
  if (line.peer !== undefined) diagnostics.error('duplicate-setting', word.span, "a second 'peer' is ignored")
  else if (parsed === undefined)
    diagnostics.error('invalid-address', word.span, `${shown(word.text)} is not a peer address; 'peer' is ignored`)
  else if (parsed.family !== line.family)
    diagnostics.error('family-mismatch', word.span, `peer ${shown(word.text)} is of the other IP version; it is ignored`)
  else line.peer = parsed.address
  return 'ok'
}

function readPreferredLifetime(line: Line, word: Word): Outcome {
  if (word.text === 'forever') {
    line.preferredLftS = undefined
    line.flags.add('forever')
    return 'ok'
  }
  const value = decodeInteger(word, 'preferred_lft', { min: 0, max: FOREVER }, line.context.diagnostics)
  if (value === FOREVER) line.flags.add('forever')
  else if (value !== undefined) line.preferredLftS = value
  return 'ok'
}

function finish(line: Line, { span }: Directive): VirtualAddressDraft {
  const { diagnostics } = line.context
  const { family, address, peer, flags } = line
  const longest = family === 4 ? 32 : 128
  if (peer !== undefined && line.prefixLength !== longest) {
    diagnostics.error('conflicting-setting', span, `with 'peer' the address has no prefix length; /${line.prefixLength} is ignored`)
  }
  const prefixLength = peer === undefined ? line.prefixLength : longest
  const isDeprecated = family === 6 && prefixLength === longest && line.preferredLftS === undefined && !flags.has('forever')
  return {
    family,
    address,
    prefixLength,
    dev: line.dev,
    scope: line.scope ?? 0,
    label: line.label,
    brd: workOutBroadcast(line, prefixLength),
    peer,
    preferredLftS: isDeprecated ? 0 : line.preferredLftS,
    noDad: family === 6 && !flags.has('-nodad'),
    home: flags.has('home'),
    mngtmpaddr: flags.has('mngtmpaddr'),
    noprefixroute: flags.has('noprefixroute'),
    autojoin: flags.has('autojoin'),
    noTrack: flags.has('no_track'),
    span,
  }
}

function workOutBroadcast({ brd, peer, address, context }: Line, prefixLength: number): string | undefined {
  if (brd === undefined) return undefined
  const { word, text } = brd
  if (peer !== undefined)
    return context.diagnostics.error('conflicting-setting', word.span, "with 'peer' there is no broadcast address; it is ignored")
  if (text !== '+' && text !== '-') return text
  if (prefixLength > LONGEST_BROADCAST_PREFIX) {
    return context.diagnostics.error('invalid-option', word.span, `a /${prefixLength} has no broadcast address; 'brd' is ignored`)
  }
  const bits = address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)
  const size = 2 ** (32 - prefixLength)
  const network = bits - (bits % size)
  const result = text === '+' ? network + size - 1 : network
  return [24, 16, 8, 0].map((shift) => Math.floor(result / 2 ** shift) % 256).join('.')
}
