import test from 'ava'
import { statusCodes } from '../../../src/config/forms/status-codes.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const FORM = statusCodes()

test('codes and ranges are read, and written to be read again', (t) => {
  const { value, codes } = readValue(FORM, 'status_code', ['200', '0204', '+300-302', '599-599'])
  t.deepEqual(codes, [])
  t.deepEqual(value, [
    { from: 200, to: 200 },
    { from: 204, to: 204 },
    { from: 300, to: 302 },
    { from: 599, to: 599 },
  ])
  t.deepEqual(FORM.toInput(value as never), [200, 204, '300-302', 599])
  t.deepEqual(readAgain(FORM, 'status_code', value), value)
})

test('a bad word is passed over', (t) => {
  const { value, codes } = readValue(FORM, 'status_code', ['99', '200', '299-200', '100-600', '200-', '2xx', ''])
  t.deepEqual(value, [{ from: 200, to: 200 }])
  t.is(codes.length, 6)
})

test('nothing good says nothing', (t) => {
  t.is(readValue(FORM, 'status_code', []).value, undefined)
  t.is(readValue(FORM, 'status_code', ['x']).value, undefined)
})

test('other types have no words', (t) => {
  t.is(FORM.toWords('200'), undefined)
  t.is(FORM.toWords([null]), undefined)
})
