/** `vrrp_instance/auth_hmac`. */
import { hmacKey } from '../forms/secrets.ts'
import type { HmacKey } from '../tables/values.ts'
import { integer, wholeSeconds } from '../forms/numbers.ts'
import { oneOf } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, Draft, ReadContext, Row } from '../tables/schema.ts'
import type { Line } from '../blocks/line.ts'

const ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'key',
    field: 'keys',
    syntax: 'key ID VALUE',
    default: 'none',
    range: 'ID 1..255 unique; VALUE is text, hex:DIGITS or file:PATH and must yield 32..64 bytes',
    meaning: 'Adds a key.',
    form: hmacKey(),
    use: 'list',
    store: storeKey,
    options: [
      { keyword: 'hex:', syntax: 'hex:DIGITS', default: '-', range: 'prefix of VALUE', meaning: 'Gives the key as hexadecimal octets.' },
      {
        keyword: 'file:',
        syntax: 'file:PATH',
        default: '-',
        range: 'prefix of VALUE; one trailing newline is dropped; group or world access is a security error',
        meaning: 'Reads the key from a file.',
      },
    ],
  },
  {
    kind: 'setting',
    keyword: 'active_key',
    field: 'activeKey',
    syntax: 'active_key ID',
    default: '0 (undefined, disables the extension)',
    range: '1..255, must be a defined key',
    meaning: 'Key used for sending.',
    form: integer(1, 255),
  },
  {
    kind: 'setting',
    keyword: 'time_window',
    field: 'timeWindow',
    syntax: 'time_window SECONDS',
    default: '3 advert intervals in whole seconds, at least 5 and at most 300',
    range: '1..300 s',
    meaning: 'Freshness window of received adverts.',
    form: wholeSeconds(1, 300),
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'anti_replay',
    field: 'antiReplay',
    syntax: 'anti_replay time|monotonic',
    default: 'time',
    range: 'two words',
    meaning: 'How replayed adverts are recognised.',
    form: oneOf(['time', 'monotonic']),
    standard: 'time',
    options: [
      { keyword: 'time', syntax: 'time', default: 'default', range: 'word', meaning: 'By comparing clocks.' },
      { keyword: 'monotonic', syntax: 'monotonic', default: '-', range: 'word', meaning: 'By an increasing counter.' },
    ],
  },
  {
    kind: 'setting',
    keyword: 'mode',
    field: 'mode',
    syntax: 'mode enforce|permissive|receive-only',
    default: 'enforce',
    range: 'three words; strict mode forces enforce',
    meaning: 'How unauthenticated adverts are treated.',
    form: oneOf(['enforce', 'permissive', 'receive-only']),
    standard: 'enforce',
    options: [
      {
        keyword: 'enforce',
        syntax: 'enforce',
        default: 'default',
        range: 'word',
        meaning: 'Sends authenticated adverts and drops others.',
      },
      {
        keyword: 'permissive',
        syntax: 'permissive',
        default: '-',
        range: 'word',
        meaning: 'Sends authenticated adverts but still accepts others.',
      },
      {
        keyword: 'receive-only',
        syntax: 'receive-only',
        default: '-',
        range: 'word',
        meaning: 'Verifies authenticated adverts without sending them.',
      },
    ],
  },
]

export const AUTH_HMAC: Block = {
  path: 'vrrp_instance/auth_hmac',
  type: 'AuthHmac',
  meaning: 'Authentication by a keyed hash.',
  header: noName('note'),
  rows: ROWS,
  status: ACTED_ON,
}

/** Each key has an ID of its own. */
function storeKey(draft: Draft, key: HmacKey, line: Line, { diagnostics }: ReadContext): void {
  const keys = (draft['keys'] ??= []) as HmacKey[]
  if (keys.some(({ id }) => id === key.id))
    diagnostics.error('duplicate-setting', line.span, `there is a key ${key.id} already; this line is ignored`)
  else keys.push(key)
}
