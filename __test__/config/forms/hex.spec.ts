import test from 'ava'
import { hexOctets, hexPattern, md5 } from '../../../src/config/forms/hex.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const OCTETS = hexOctets()
const PATTERN = hexPattern()

test('octets are pairs of digits, whatever blanks are between them; a digit alone is one', (t) => {
  const read = (...words: readonly string[]): unknown => readValue(OCTETS, 'payload', words).value
  t.is(read('00', '0A', 'ff'), '000aff')
  t.is(read('000AfF'), '000aff')
  t.is(read('00 0a\tFF'), '000aff')
  t.is(read('012', '3'), '010203')
  t.is(readAgain(OCTETS, 'payload', '000aff'), '000aff')
})

test('a pattern also has half octets that may be anything', (t) => {
  const read = (...words: readonly string[]): unknown => readValue(PATTERN, 'require_reply', words).value
  t.is(read('0x', 'X1', 'xx'), '0xx1xx')
  t.is(read('x'), '0x')
  t.is(read(), '')
  t.is(readAgain(PATTERN, 'require_reply', '0xx1xx'), '0xx1xx')
  t.is(readAgain(PATTERN, 'require_reply', ''), '')
})

for (const text of ['0g', 'xx', '', '  ', '00,01', '0x00']) {
  test(`'${text}' is not made of octets`, (t) =>
    t.deepEqual(readValue(OCTETS, 'payload', [text]), { value: undefined, codes: ['invalid-word'] }))
}

test('nothing is no payload', (t) => {
  t.deepEqual(readValue(OCTETS, 'payload', []), { value: undefined, codes: ['missing-name'] })
})

test('an MD5 sum has 32 digits', (t) => {
  const form = md5()
  const sum = '9B3A0C85A887A256D6939DA88AABD8CD'
  t.is(readValue(form, 'digest', [sum]).value, sum.toLowerCase())
  t.is(readAgain(form, 'digest', sum.toLowerCase()), sum.toLowerCase())
  for (const text of [sum.slice(1), `${sum}0`, sum.replace('9', 'g'), '']) {
    t.deepEqual(readValue(form, 'digest', [text]), { value: undefined, codes: ['invalid-word'] })
  }
})
