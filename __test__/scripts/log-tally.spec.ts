import test from 'ava'
import { LogTally } from '../../scripts/soak/log-tally.ts'

const line = (level: number, msg: string): string => `${JSON.stringify({ level, msg })}\n`

test('lines are counted by level and message, whatever their numbers and names', (t) => {
  const tally = new LogTally()
  tally.add(line(30, '(VI_1) Entering MASTER STATE') + line(40, 'VRRP_Script(a) timed_out'))
  tally.add(line(40, 'VRRP_Script(b) timed_out') + line(50, 'gave up after 5 s'))
  t.is(tally.lines, 4)
  t.deepEqual(tally.from(40), [
    { level: 40, message: 'VRRP_Script(…) timed_out', count: 2 },
    { level: 50, message: 'gave up after N s', count: 1 },
  ])
})

test('what is no JSON is told', (t) => {
  const tally = new LogTally()
  tally.add('half a li')
  t.deepEqual(tally.from(40), [{ level: 60, message: 'a line that is not JSON', count: 1 }])
})

test('messages that are all different do not fill it', (t) => {
  const tally = new LogTally()
  const word = (index: number): string => index.toString(26).replace(/\d/g, (digit) => String.fromCodePoint(113 + Number(digit)))
  for (let index = 0; index < 2_000; index += 1) tally.add(line(40, word(index)))
  t.is(tally.lines, 2_000)
  t.is(tally.from(40).length, 1_000)
})
