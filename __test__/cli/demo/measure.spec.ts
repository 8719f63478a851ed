import test from 'ava'
import { holdings, outcomes, questions } from '../../../src/cli/demo/measure.ts'
import type { ProbeRecord } from '../../../src/cli/demo/prober.ts'

/** Questions at 1000, 1001, … ms: `a` and `b` are answered 0.2 ms later by that router, `.` never. */
function recordOf(letters: string): ProbeRecord {
  const each = letters.split('')
  return {
    sentMs: each.map((_, question) => 1000 + question),
    answeredMs: each.map((letter, question) => (letter === '.' ? Number.NaN : 1000.2 + question)),
    answeredBy: each.map((letter) => 'ab'.indexOf(letter)),
  }
}

const near = (ms: number): number => Math.round(ms * 10) / 10

test('a silence lasts from the first lost question to the next answer', (t) => {
  const [outcome] = outcomes(recordOf('aaa...bbb'), [{ kind: 'link-cut', atMs: 1001.5 }])
  t.is(near(outcome?.silenceMs ?? Number.NaN), 3.2)
  t.is(outcome?.silenceFromMs, 3)
  t.is(outcome?.lost, 3)
  t.deepEqual([outcome?.from, outcome?.to], [0, 1])
  t.is(near(outcome?.changedMs ?? Number.NaN), 6.2)
})

test('a change without a lost question is no silence', (t) => {
  const [outcome] = outcomes(recordOf('bbbaaa'), [{ kind: 'link-restored', atMs: 1001.5 }])
  t.is(outcome?.silenceMs, 0)
  t.is(outcome?.lost, 0)
  t.is(near(outcome?.silenceFromMs ?? Number.NaN), 3.2)
})

test('a late answer is no silence, and ends that of the questions before it', (t) => {
  const record = recordOf('a.ab')
  const late = { ...record, answeredMs: record.answeredMs.with(2, 1002.9) }
  const [outcome] = outcomes(late, [{ kind: 'master-stopped', atMs: 1000.5 }])
  t.is(near(outcome?.silenceMs ?? Number.NaN), 1.9)
  t.is(outcome?.lost, 1)
})

test('questions count for the incident that they follow', (t) => {
  const incidents = [
    { kind: 'link-cut', atMs: 1000.5 },
    { kind: 'link-restored', atMs: 1004.5 },
  ] as const
  const [cut, restored] = outcomes(recordOf('a..bbb.aa'), incidents)
  t.is(cut?.lost, 2)
  t.is(restored?.lost, 1)
  t.deepEqual([cut?.from, cut?.to, restored?.from, restored?.to], [0, 1, 1, 0])
})

test('answers that do not come back are an endless silence', (t) => {
  const [outcome] = outcomes(recordOf('aa...'), [{ kind: 'link-cut', atMs: 1001.5 }])
  t.is(outcome?.silenceMs, Number.POSITIVE_INFINITY)
  t.is(outcome?.to, 0)
})

test('before the first answer nobody holds the address', (t) => {
  t.deepEqual(
    holdings(recordOf('..aab.b')).map(({ router, fromMs, toMs }) => [router, near(fromMs), near(toMs)]),
    [
      [0, 2.2, 3.2],
      [1, 4.2, 6.2],
    ],
  )
})

test('every question keeps its place', (t) => {
  t.deepEqual(questions(recordOf('a.b')), [
    { atMs: 0, router: 0 },
    { atMs: 1, router: -1 },
    { atMs: 2, router: 1 },
  ])
})
