import test from 'ava'
import { LEVEL, type LogRecord } from '../../src/log/record.ts'
import { consoleText, plainLines } from '../../src/log/plain.ts'
import { cut, encodeSyslog } from '../../src/log/syslog.ts'

/** Local time, as syslog has it. */
const TIME = new Date(2026, 10, 6, 3, 4, 5).getTime()

const record = (change: Partial<LogRecord> = {}): LogRecord => ({
  level: LEVEL.info,
  time: TIME,
  component: 'vrrp',
  message: '(VI_1) Entering MASTER STATE',
  fields: { atMs: 1, instance: 'VI_1' },
  ...change,
})

const said = (change: Partial<LogRecord>, facility = 3, identity = {}): string[] =>
  encodeSyslog(record(change), { facility, identity }).map((octets) => Buffer.from(octets).toString())

test('a message has priority, time, name and process id', (t) => {
  t.deepEqual(said({}), [`<30>Nov  6 03:04:05 Keepalived_vrrp[${process.pid}]: (VI_1) Entering MASTER STATE`])
  t.deepEqual(said({ time: new Date(2026, 0, 26, 23, 59, 59).getTime(), level: LEVEL.warn }, 17), [
    `<140>Jan 26 23:59:59 Keepalived_vrrp[${process.pid}]: (VI_1) Entering MASTER STATE`,
  ])
})

test('the severity follows the level; details of keepalived are informations', (t) => {
  const severities = Object.entries(LEVEL).map(([name, level]) => [name, Number(/^<(\d+)>/.exec(said({ level }, 0)[0] ?? '')?.[1])])
  t.deepEqual(Object.fromEntries(severities), { trace: 7, debug: 6, info: 6, warn: 4, error: 3, fatal: 2 })
})

test('the name is that of the program of keepalived which says it, with the namespace and the instance', (t) => {
  const names = (['process', 'config', 'vrrp', 'script', 'notify', 'lvs', 'bfd'] as const).map((component) => {
    const [message = ''] = said({ component }, 3, { netNamespace: 'ns', instance: 'one' })
    return /:\d\d ([^[]*)\[/.exec(message)?.[1]
  })
  t.deepEqual(names, [
    'Keepalived_ns_one',
    'Keepalived_ns_one',
    'Keepalived_vrrp_ns_one',
    'Keepalived_vrrp_ns_one',
    'Keepalived_vrrp_ns_one',
    'Keepalived_healthcheckers_ns_one',
    'Keepalived_bfd_ns_one',
  ])
  t.regex(said({ component: 'process' }, 3, { instance: 'one' })[0] ?? '', / Keepalived_one\[/)
})

test('of an event the sentence says everything; other records are followed by words and numbers', (t) => {
  t.deepEqual(plainLines(record()), ['(VI_1) Entering MASTER STATE'])
  const fields = { instance: 'VI_1', script: '/bin/a b', code: 3, done: false, report: { added: 1 }, list: [1], nothing: null }
  t.deepEqual(plainLines(record({ message: 'it failed', fields })), ['it failed instance=VI_1 script="/bin/a b" code=3 done=false'])
  t.deepEqual(plainLines(record({ message: 'Reload complete', fields: { report: { added: 1 } } })), ['Reload complete'])
})

test('an error is told line by line, each under its own time', (t) => {
  const fields = { err: { type: 'Error', message: 'why', stack: 'Error: why\n    at here' } }
  t.deepEqual(plainLines(record({ message: 'internal error', fields })), ['internal error', 'Error: why', '    at here'])
  const withCode = (code: string): LogRecord['fields'] => ({ err: { ...fields.err, code } })
  t.deepEqual(
    plainLines(record({ message: 'not read', fields: withCode('ENOENT') })),
    ['not read', 'why'],
    'nobody looks for it in our code',
  )
  t.deepEqual(plainLines(record({ message: 'not read: why', fields: withCode('KA_ERR_ENGINE') })), ['not read: why'])
  t.deepEqual(plainLines(record({ message: 'failed', fields: withCode('ERR_INVALID_ARG_TYPE') })), ['failed', 'Error: why', '    at here'])
  t.is(said({ message: 'internal error', fields }).length, 3)
  t.is(
    consoleText(record({ message: 'internal error', fields })),
    'Fri Nov  6 03:04:05 2026: internal error\nFri Nov  6 03:04:05 2026: Error: why\nFri Nov  6 03:04:05 2026:     at here\n',
  )
})

test('what moves a cursor is written out', (t) => {
  t.deepEqual(plainLines(record({ message: 'a\u001b[2Jb\u0007\tc\u007f' })), ['a\\x1b[2Jb\\x07 c\\x7f'])
})

test('a message is bounded, and no character is cut in two', (t) => {
  const [message = ''] = said({ message: 'ä'.repeat(8_000) })
  t.true(Buffer.byteLength(message) <= 8_192)
  t.true(message.endsWith('ä'))
  for (const text of ['aä', 'a€', 'a😀', 'ab']) t.is(Buffer.from(cut(text, 2)).toString(), text === 'ab' ? 'ab' : 'a')
  t.is(Buffer.from(cut('a😀', 4)).toString(), 'a')
  t.is(Buffer.from(cut('a😀', 5)).toString(), 'a😀')
})
