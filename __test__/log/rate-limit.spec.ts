import test from 'ava'
import { RateLimit } from '../../src/log/rate-limit.ts'

const admitted = (limit: RateLimit, kind: string, times: number, nowMs: number): number =>
  Array.from({ length: times }, () => limit.admits(kind, nowMs)).filter(Boolean).length

test('ten at once, then one in ten seconds, for each kind', (t) => {
  const limit = new RateLimit()
  t.is(admitted(limit, 'a', 25, 1_000), 10)
  t.is(admitted(limit, 'b', 5, 1_000), 5, 'another kind')
  t.is(admitted(limit, 'a', 5, 10_999), 0)
  t.is(admitted(limit, 'a', 5, 11_000), 1)
  t.is(admitted(limit, 'a', 5, 41_000), 3)
  t.deepEqual([...limit.takeLeftOut(41_000)], [['a', 15 + 5 + 4 + 2]])
  t.deepEqual([...limit.takeLeftOut(41_000)], [], 'told once')
})

test('a kind that was quiet for long may come in tens again', (t) => {
  const limit = new RateLimit()
  t.is(admitted(limit, 'a', 10, 0), 10)
  t.is(admitted(limit, 'a', 1, 0), 0)
  t.is(limit.takeLeftOut(100_000).get('a'), 1)
  t.is(admitted(limit, 'a', 20, 100_000), 10)
})
