import test from 'ava'
import { FORWARDING_METHOD, storeMethod } from '../../../src/config/forms/forwarding.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const read = (text: string): ReturnType<typeof readValue> => readValue(FORWARDING_METHOD, 'lvs_method', text.split(' '))

const GOOD = {
  NAT: { method: 'NAT', type: 'ipip', checksum: 'nocsum' },
  DR: { method: 'DR', type: 'ipip', checksum: 'nocsum' },
  TUN: { method: 'TUN', type: 'ipip', checksum: 'nocsum' },
  'TUN nocsum': { method: 'TUN', type: 'ipip', checksum: 'nocsum' },
  'TUN type gue port 6080': { method: 'TUN', type: 'gue', port: 6080, checksum: 'nocsum' },
  'TUN remcsum port 1 type gue': { method: 'TUN', type: 'gue', port: 1, checksum: 'remcsum' },
  'TUN type gre csum': { method: 'TUN', type: 'gre', checksum: 'csum' },
  'TUN csum type gre nocsum': { method: 'TUN', type: 'gre', checksum: 'nocsum' },
} as const

for (const [text, wanted] of Object.entries(GOOD)) {
  test(`'${text}' is read, and written to be read again`, (t) => {
    const { value, codes } = read(text)
    t.deepEqual(codes, [])
    t.deepEqual(value, { at: 0, ...wanted })
    t.deepEqual(readAgain(FORWARDING_METHOD, 'lvs_method', value), value)
  })
}

for (const text of ['TUN type gue', 'TUN port 80', 'TUN type gre port 80', 'TUN csum', 'TUN type gre remcsum', 'TUN x', 'TUN type']) {
  test(`'${text}' says the method alone`, (t) => {
    const { value, codes } = read(text)
    t.is(codes.length, 1)
    t.deepEqual(value, { at: 0, method: 'TUN' })
  })
}

test('an unknown method says nothing', (t) => {
  t.deepEqual(read('tun'), { value: undefined, codes: ['invalid-word'] })
  t.deepEqual(readValue(FORWARDING_METHOD, 'lvs_method', []), { value: undefined, codes: ['missing-value'] })
})

test('a line without a tunnel of its own leaves the tunnel as it was', (t) => {
  const draft: { at: number; [field: string]: unknown } = { at: 0 }
  const store = storeMethod('lvsMethod')
  store(draft, { at: 1, method: 'TUN' })
  t.deepEqual(draft['lvsMethod'], { at: 1, method: 'TUN', type: 'ipip', checksum: 'nocsum' })
  store(draft, { at: 2, method: 'TUN', type: 'gue', port: 80, checksum: 'csum' })
  store(draft, { at: 3, method: 'DR' })
  t.deepEqual(draft['lvsMethod'], { at: 3, method: 'DR', type: 'gue', port: 80, checksum: 'csum' })
})

test('what is no method has no words', (t) => {
  t.is(FORWARDING_METHOD.toWords({ method: 1 }), undefined)
  t.is(FORWARDING_METHOD.toWords({ method: 'TUN', port: 'x' }), undefined)
  t.deepEqual(FORWARDING_METHOD.toWords('TUN type gre'), ['TUN', 'type', 'gre'])
})
