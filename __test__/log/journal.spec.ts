import test from 'ava'
import { LEVEL, type LogRecord } from '../../src/log/record.ts'
import { encodeJournal, isUnderJournal } from '../../src/log/journal.ts'

/** The fields of a datagram, as the journal reads them (systemd.io, "Native Journal Protocol"). */
function decode(octets: Uint8Array): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  const data = Buffer.from(octets)
  let at = 0
  while (at < data.length) {
    const end = data.indexOf('\n', at)
    const line = data.subarray(at, end).toString()
    const equals = line.indexOf('=')
    if (equals !== -1) {
      fields[line.slice(0, equals)] = line.slice(equals + 1)
      at = end + 1
    } else {
      const length = Number(data.readBigUInt64LE(end + 1))
      fields[line] = data.subarray(end + 9, end + 9 + length).toString()
      if (data[end + 9 + length] !== 0x0a) throw new Error('a value without its end')
      at = end + 10 + length
    }
  }
  return fields
}

const record = (change: Partial<LogRecord> = {}): LogRecord => ({
  level: LEVEL.info,
  time: Date.UTC(2026, 10, 6, 3, 4, 5, 6),
  component: 'vrrp',
  message: '(VI_1) Entering MASTER STATE',
  fields: {},
  ...change,
})

const CONTEXT = { facility: 3, identity: { instance: 'one' } }

test('the message, what syslog would get, and what it is about', (t) => {
  const fields = { type: 'stateChanged', instance: 'VI_1', atMs: 1.5, cause: { type: 'start' }, Odd: 1, ä: 1, toIPAddress: 'x' }
  t.deepEqual(decode(encodeJournal(record({ fields }), CONTEXT)), {
    MESSAGE: '(VI_1) Entering MASTER STATE',
    PRIORITY: '6',
    SYSLOG_IDENTIFIER: 'Keepalived_vrrp_one',
    SYSLOG_FACILITY: '3',
    SYSLOG_PID: String(process.pid),
    KA_COMPONENT: 'vrrp',
    KA_TIME: '2026-11-06T03:04:05.006Z',
    KA_TYPE: 'stateChanged',
    KA_INSTANCE: 'VI_1',
    KA_AT_MS: '1.5',
    KA_CAUSE: '{"type":"start"}',
    KA_TO_IPADDRESS: 'x',
  })
})

test('a value of several lines comes with its length, and forges no field', (t) => {
  const stack = 'Error: why\n    at here\nPRIORITY=0'
  const fields = decode(encodeJournal(record({ message: 'internal error', fields: { err: { stack }, help: 'a\nPRIORITY=0' } }), CONTEXT))
  t.is(fields['MESSAGE'], `internal error help="a\\nPRIORITY=0"\n${stack}`)
  t.is(fields['PRIORITY'], '6')
  t.is(fields['KA_HELP'], 'a\nPRIORITY=0')
})

test('everything is bounded', (t) => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, 'x'.repeat(10_000)]))
  const octets = encodeJournal(record({ message: 'y'.repeat(100_000), fields: many }), CONTEXT)
  t.true(octets.length < 128 * 1024, `${octets.length}`)
  const fields = decode(octets)
  t.true((fields['MESSAGE'] ?? '').startsWith('yyy'))
  t.is(fields['KA_FIELD0']?.length, 2_048)
})

test('another stream than that of the journal is none', (t) => {
  t.false(isUnderJournal({}))
  t.false(isUnderJournal({ JOURNAL_STREAM: '1:1' }))
})
