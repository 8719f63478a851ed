import test from 'ava'
import { dnsName } from '../../../src/config/forms/dns-names.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const FORM = dnsName()

const NAMES = {
  'example.com': 'example.com',
  'example.com.': 'example.com.',
  '.': '.',
  '': '.',
  a: 'a',
  'ab.c': 'ab.c',
  'a.b': 'a.b',
} as const

for (const [text, name] of Object.entries(NAMES)) {
  test(`'${text}' is the name ${name}`, (t) => {
    t.deepEqual(readValue(FORM, 'name', [text]), { value: name, codes: [] })
    t.is(readAgain(FORM, 'name', name), name)
  })
}

for (const text of ['.com', 'ex..com', 'ex.com..', '..']) {
  test(`'${text}' is ignored`, (t) => t.deepEqual(readValue(FORM, 'name', [text]), { value: undefined, codes: ['invalid-word'] }))
}

test('a name that is too long to be asked for is no error', (t) => {
  for (const text of [`${'a'.repeat(64)}.com`, 'abcdefghi.'.repeat(30)])
    t.deepEqual(readValue(FORM, 'name', [text]), { value: text, codes: [] })
})
