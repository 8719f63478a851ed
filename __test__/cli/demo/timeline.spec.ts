import test from 'ava'
import { drawTimeline, type Timeline } from '../../../src/cli/demo/timeline.ts'

const ESCAPE = '\u001B'

/** Two seconds: the Master's link is cut after one; 40 ms later the other answers. */
const TIMELINE: Timeline = {
  durationMs: 2000,
  holdings: [
    { router: 0, fromMs: 100, toMs: 1000 },
    { router: 1, fromMs: 1040, toMs: 2000 },
  ],
  outcomes: [{ kind: 'link-cut', atMs: 1000, changedMs: 1040, silenceMs: 39.4, silenceFromMs: 1001, lost: 39, from: 0, to: 1 }],
  questions: Array.from({ length: 2000 }, (_, atMs) => ({ atMs, router: atMs < 100 ? -1 : atMs <= 1000 ? 0 : atMs < 1040 ? -1 : 1 })),
}

test('the timeline shows who held the address, what was done and what it cost', (t) => {
  t.deepEqual(drawTimeline(TIMELINE, { columns: 92, color: false }).split('\n'), [
    `seconds    0${' '.repeat(39)}1${' '.repeat(38)}2`,
    `router-a   ${'·'.repeat(4)}${'█'.repeat(37)}${'·'.repeat(39)}`,
    `router-b   ${'·'.repeat(41)}${'█'.repeat(39)}`,
    `           ${' '.repeat(40)}1`,
    '',
    '1  link of the Master cut    39.4 ms of silence   router-a -> router-b   39 questions unanswered',
    `   ${'a'.repeat(12)}${'·'.repeat(39)}${'b'.repeat(13)}`,
    '',
    'Each letter is a question, one every millisecond: a answered by router-a, b by router-b, · by nobody.',
  ])
})

test('no line is wider than the terminal, save the sentences', (t) => {
  for (const columns of [40, 72, 200]) {
    const bars = drawTimeline(TIMELINE, { columns, color: false })
      .split('\n')
      .filter((line) => /^router-|^seconds/u.test(line))
    t.true(
      bars.every((line) => line.length <= columns),
      `${columns} columns`,
    )
    t.is(bars.length, 3)
  }
})

test('colour appears where it is asked for, and changes no text', (t) => {
  const plain = drawTimeline(TIMELINE, { columns: 80, color: false })
  const colored = drawTimeline(TIMELINE, { columns: 80, color: true })
  t.false(plain.includes(ESCAPE))
  t.true(colored.includes(ESCAPE))
  t.is(colored.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'gu'), ''), plain)
})
