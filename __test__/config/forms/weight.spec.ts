import test from 'ava'
import { checkWeight, recallCheckWeight } from '../../../src/config/forms/weight.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const FORM = checkWeight()

const LINES = {
  '5': { weight: 5 },
  '-2147483647 reverse': { weight: -2_147_483_647, reverse: true },
  '0 noreverse': { weight: 0, reverse: false },
} as const

for (const [line, wanted] of Object.entries(LINES)) {
  test(`weight ${line}`, (t) => {
    const { value, codes } = readValue(FORM, 'weight', line.split(' '))
    t.deepEqual(codes, [])
    t.deepEqual(value, wanted)
    t.deepEqual(recallCheckWeight(wanted), wanted)
    t.deepEqual(readAgain(FORM, 'weight', value), value)
  })
}

test('an unknown word after the number is ignored', (t) => {
  t.deepEqual(readValue(FORM, 'weight', ['5', 'x']), { value: { weight: 5 }, codes: ['invalid-option'] })
})

test('a bad number says nothing', (t) => {
  t.deepEqual(readValue(FORM, 'weight', []), { value: undefined, codes: ['missing-name'] })
  t.deepEqual(readValue(FORM, 'weight', ['2147483648']), { value: undefined, codes: ['value-out-of-range'] })
})

test('without a weight there is nothing to write', (t) => {
  t.is(recallCheckWeight({ reverse: true }), undefined)
  t.is(FORM.toWords(true), undefined)
})
