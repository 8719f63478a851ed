import test from 'ava'
import { readReloadTime, reloadTimeText } from '../../src/reload/reload-time.ts'

// Two hours ahead of UTC, and in winter one.
process.env['TZ'] = 'Europe/Berlin'

const NOW = Date.UTC(2026, 5, 15, 10, 0, 0)

function atOf(text: string, nowMs = NOW): string | readonly string[] {
  const time = readReloadTime(text, nowMs)
  return time.kind === 'time' ? new Date(time.atMs).toISOString() : time.sentences
}

test('a time is of today while it is to come, and else of tomorrow', (t) => {
  t.is(atOf('12:00:01'), '2026-06-15T10:00:01.000Z')
  t.is(atOf('12:00:00'), '2026-06-16T10:00:00.000Z', 'now is over')
  t.is(atOf('11:59:59'), '2026-06-16T09:59:59.000Z')
  t.is(atOf('10:00:01Z'), '2026-06-15T10:00:01.000Z')
  t.is(atOf('09:59:59Z'), '2026-06-16T09:59:59.000Z')
  t.is(atOf('23:30:00', Date.UTC(2026, 11, 31, 23, 0, 0)), '2027-01-01T22:30:00.000Z', 'local days and years end earlier')
})

test('a date is local, and with Z of UTC; two digits are of this century', (t) => {
  t.is(atOf('2026-12-24 18:00:00'), '2026-12-24T17:00:00.000Z', 'winter time')
  t.is(atOf('26-12-24 18:00:00'), '2026-12-24T17:00:00.000Z')
  t.is(atOf('2026-12-24 18:00:00Z'), '2026-12-24T18:00:00.000Z')
  t.is(atOf('2028-02-29 00:00:00Z'), '2028-02-29T00:00:00.000Z')
})

test('whether a date was given decides whether it can repeat', (t) => {
  t.like(readReloadTime('12:00:01', NOW), { kind: 'time', hasDate: false })
  t.like(readReloadTime('2026-12-24 18:00:00', NOW), { kind: 'time', hasDate: true })
})

test("what does not count is said in keepalived's words", (t) => {
  t.deepEqual(atOf('2020-01-01 01:02:03'), [
    'Reload time 2020-01-01 01:02:03 is in the past - ignoring',
    'Reload date/time is in the past - ignoring',
  ])
  for (const text of ['bad', '1:2:3', ' 10:11:12', '10:11:12 x', '10:11:12z', '2026-1-01 10:11:12', '10:11', '226-01-01 10:11:12']) {
    t.deepEqual(atOf(text), [`Reload time ${text} format is incorrect - ignoring`, `Invalid reload time '${text}' specified - ignoring`])
  }
  for (const text of ['24:00:00', '10:60:00', '10:00:60', '2026-13-01 00:00:00', '2026-00-01 00:00:00', '2026-01-32 00:00:00']) {
    t.deepEqual(atOf(text), [`Reload date/time ${text} invalid - ignoring`, `Invalid reload time '${text}' specified - ignoring`])
  }
  for (const text of ['2027-02-29 00:00:00', '2026-11-31 00:00:00Z']) {
    t.deepEqual(atOf(text), [`Reload time ${text} is not valid - ignoring`, `Invalid reload time '${text}' specified - ignoring`])
  }
})

test('a time is told as clocks here show it', (t) => {
  t.is(reloadTimeText(Date.UTC(2026, 10, 2, 3, 4, 5)), '2026-11-02 04:04:05')
})
