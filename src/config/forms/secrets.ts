/** Forms of passwords and keys. No message repeats one. */
import { readFileSync, statSync } from 'node:fs'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'
import { decodeText } from '../text/source.ts'
import { Secret } from '../tables/values.ts'
import type { HmacKey } from '../tables/values.ts'
import { integer } from './numbers.ts'
import { octetsOf } from './scripts.ts'
import { requiredWord } from './words.ts'

/** The octets of the authentication data of an advertisement. */
const MAX_PASSWORD_OCTETS = 8
const MIN_KEY_OCTETS = 32
const MAX_KEY_OCTETS = 64
/** A key in hexadecimal with its prefix and a line end. */
const MAX_KEY_FILE_OCTETS = 4096
const OTHERS_MAY = 0o077

/** The password of VRRP version 2: eight octets count. */
export function password(): Form<Secret> {
  return {
    types: { model: 'Secret', input: 'string', schema: { type: 'string', maxLength: MAX_PASSWORD_OCTETS } },
    read(line, { diagnostics }, name) {
      if (requiredWord(line, name, 'a password', diagnostics) === undefined) return undefined
      const octets = octetsOf(line.octets)
      if (octets.length > MAX_PASSWORD_OCTETS) {
        const message = `the password is longer than ${MAX_PASSWORD_OCTETS} octets; the first ${MAX_PASSWORD_OCTETS} are used`
        diagnostics.error('value-truncated', line.span, message)
      }
      return new Secret(octets.slice(0, MAX_PASSWORD_OCTETS))
    },
    toInput: secretText,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

/** The pass phrase of a key file: any word. */
export function passphrase(): Form<Secret> {
  return {
    types: { model: 'Secret', input: 'string', schema: { type: 'string' } },
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, 'a pass phrase', diagnostics, true)
      return text === undefined ? undefined : new Secret(octetsOf(line.octets))
    },
    toInput: secretText,
    toWords: (input) => (typeof input === 'string' ? [input] : undefined),
  }
}

function secretText(secret: Secret): string {
  return decodeText(Buffer.from(secret.reveal()).toString('latin1'))
}

/** `ID VALUE`: text, `hex:DIGITS` or `file:PATH`. */
export function hmacKey(): Form<HmacKey> {
  const id = integer(1, 255)
  return {
    types: {
      model: 'HmacKey',
      input: '{ readonly id: number; readonly value: string }',
      schema: {
        type: 'object',
        properties: { id: { type: 'integer', minimum: 1, maximum: 255 }, value: { type: 'string' } },
        required: ['id', 'value'],
        additionalProperties: false,
      },
    },
    read(line, context, name) {
      const number = id.read(line, context, name)
      if (number === undefined) return undefined
      if (requiredWord(line, name, 'an ID and a key', context.diagnostics) === undefined) return undefined
      return readKey(number, line, context)
    },
    toInput: ({ id: number, key, source, path }) => ({ id: number, value: keyText(key, source, path) }),
    toWords(input) {
      if (typeof input !== 'object' || input === null || !('id' in input) || !('value' in input)) return undefined
      const number = id.toWords(input.id)
      return number === undefined || typeof input.value !== 'string' ? undefined : [...number, input.value]
    },
  }
}

function keyText(key: Secret, source: HmacKey['source'], path: string | undefined): string {
  if (source === 'file') return `file:${path ?? ''}`
  return source === 'hex' ? `hex:${Buffer.from(key.reveal()).toString('hex')}` : secretText(key)
}

function readKey(id: number, line: Line, context: ReadContext): HmacKey | undefined {
  const written = line.octets
  const path = written.startsWith('file:') ? decodeText(written.slice('file:'.length)) : undefined
  const text = path === undefined ? written : readKeyFile(path, line, context)
  if (text === undefined) return undefined
  const isHex = text.startsWith('hex:')
  const digits = text.slice('hex:'.length)
  if (isHex && !/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    return context.diagnostics.error('invalid-word', line.span, `key ${id} is not made of pairs of hexadecimal digits; it is ignored`)
  }
  const octets = isHex ? Uint8Array.from(Buffer.from(digits, 'hex')) : octetsOf(text)
  if (octets.length < MIN_KEY_OCTETS || octets.length > MAX_KEY_OCTETS) {
    const help = `a key has ${MIN_KEY_OCTETS} to ${MAX_KEY_OCTETS} octets`
    return context.diagnostics.error('invalid-word', line.span, `key ${id} has ${octets.length} octets; it is ignored`, help)
  }
  const inline = isHex ? 'hex' : 'text'
  return { id, key: new Secret(octets), source: path === undefined ? inline : 'file', path }
}

/** The key in a file, without one line end; one character per octet. */
function readKeyFile(path: string, line: Line, { diagnostics }: ReadContext): string | undefined {
  try {
    const status = statSync(path)
    // What is no file may never end, or never begin.
    if (!status.isFile()) {
      return diagnostics.error('invalid-word', line.span, `the key file ${shown(path)} is not a regular file; the key is ignored`)
    }
    const { mode, size } = status
    if (size > MAX_KEY_FILE_OCTETS)
      return diagnostics.error('invalid-word', line.span, `the key file ${shown(path)} is too large; the key is ignored`)
    if ((mode & OTHERS_MAY) !== 0) {
      const help = `take the permission away: chmod 600 ${path}`
      diagnostics.warning('key-file-not-private', line.span, `others than its owner may use the key file ${shown(path)}`, help)
    }
    return readFileSync(path, 'latin1').replace(/\r?\n$/, '')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return diagnostics.error('invalid-word', line.span, `the key file ${shown(path)} cannot be read (${code}); the key is ignored`)
  }
}
