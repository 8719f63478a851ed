import test from 'ava'
import { dnsQuery, dnsRcode, dnsReplyPattern } from '../../src/checks/dns-query.ts'

for (const [name, type, question] of [
  ['.', 'SOA', '00 0006 0001'],
  ['', 'A', '00 0001 0001'],
  ['example.com', 'AAAA', '07 6578616d706c65 03 636f6d 00 001c 0001'],
  ['example.com.', 'MX', '07 6578616d706c65 03 636f6d 00 000f 0001'],
  ['a.b', 'TXT', '01 61 01 62 00 0010 0001'],
  ['x', 'RRSIG', '01 78 00 002e 0001'],
  ['x', 'DNSKEY', '01 78 00 0030 0001'],
  ['x', 'NS', '01 78 00 0002 0001'],
  ['x', 'CNAME', '01 78 00 0005 0001'],
] as const) {
  test(`${type} of '${name}' is asked for with recursion`, (t) => {
    const header = '1234 0100 0001 0000 0000 0000'
    t.is(dnsQuery(0x1234, { name, type }).toString('hex'), `${header}${question}`.replaceAll(' ', ''))
  })
}

test('a label that is too long never looks like a pointer', (t) => {
  const query = dnsQuery(1, { name: `${'l'.repeat(200)}.example`, type: 'A' })
  t.is(query[12], 63)
  t.is(query[12 + 64], 7)
})

test('answers are told from all else by id and QR, and judged by the response code alone', (t) => {
  t.deepEqual(dnsReplyPattern(0xabcd), { pattern: Buffer.from('abcd80', 'hex'), mask: Buffer.from('ffff80', 'hex') })
  t.is(dnsRcode(Buffer.from('abcd8183', 'hex')), 3)
  t.is(dnsRcode(Buffer.from('abcd8180', 'hex')), 0)
})
