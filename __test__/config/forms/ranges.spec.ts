import test from 'ava'
import { loadConfig } from '../../../src/config/load.ts'
import { testHost } from '../fixtures.ts'

/** What a line of a group says; `undefined`: nothing. */
function member(line: string): string | undefined {
  const { config } = loadConfig({ file: 'keepalived.conf', text: `virtual_server_group G {\n${line}\n}\n`, host: testHost() })
  const { address = '', rangeEnd, prefixLength } = config.virtualServerGroups[0]?.members[0] ?? {}
  if (address === '') return undefined
  return `${address}${rangeEnd === undefined ? '' : ` to ${rangeEnd}`}${prefixLength === undefined ? '' : `, ${prefixLength} bits`}`
}

const GOOD = {
  '10.0.0.1': '10.0.0.1',
  '10.0.0.1-5': '10.0.0.1 to 10.0.0.5',
  '10.0.0.1-+05': '10.0.0.1 to 10.0.0.5',
  '10.0.0.1-255': '10.0.0.1 to 10.0.0.255',
  '10.0.0.1-10.0.0.1': '10.0.0.1 to 10.0.0.1',
  '10.0.0.255-11.0.0.0': '10.0.0.255 to 11.0.0.0',
  '10.0.0.0/8': '10.0.0.0, 8 bits',
  '10.128.0.0/9': '10.128.0.0, 9 bits',
  '0.0.0.0/1': '0.0.0.0, 1 bits',
  '10.0.0.7/032': '10.0.0.7, 32 bits',
  '::1': '::1',
  '::-ffff': ':: to ::ffff',
  // As inet_ntop(3) writes addresses of this kind.
  '::2:1-FFFF': '::0.2.0.1 to ::0.2.255.255',
  '2001:db8::1-0x10': '2001:db8::1 to 2001:db8::10',
  '2001:DB8:0::1-2001:db8:0:1::': '2001:db8::1 to 2001:db8:0:1::',
  '::ffff:10.0.0.1-5': '::ffff:10.0.0.1 to ::ffff:10.0.0.5',
  '2001:db8:8000::/33': '2001:db8:8000::, 33 bits',
  '::/128': '::, 128 bits',
} as const

for (const [line, wanted] of Object.entries(GOOD)) test(`${line} is ${wanted}`, (t) => t.is(member(line), wanted))

const BAD = [
  '10.0.0',
  '10.0.0.1-',
  '10.0.0.1-1',
  '10.0.0.1-0',
  '10.0.0.1-256',
  '10.0.0.1-0x5',
  '10.0.0.1-5x',
  '10.0.0.1-10.0.0.0',
  '10.0.0.1-::1',
  '10.0.0.1/8',
  '10.0.0.0/',
  '10.0.0.0/0',
  '10.0.0.0/33',
  '10.0.0.0/8/8',
  '10.0.0.0/24-5',
  '10.64.0.0/9',
  '::1-0',
  '::1-10000',
  '::1-g',
  '::1-10.0.0.1',
  '::1%eth0',
  '2001:db8:4000::/33',
  '::/129',
]

for (const line of BAD) test(`${line} is nothing`, (t) => t.is(member(line), undefined))
