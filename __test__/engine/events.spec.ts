import test from 'ava'
import { EventStream, type EngineEvent } from '../../src/engine/events.ts'

const event = (count: number): EngineEvent => ({ type: 'dropped', count, atMs: 0 })

function open(): { readonly stream: EventStream; readonly closed: EventStream[] } {
  const closed: EventStream[] = []
  return { stream: new EventStream((which) => closed.push(which)), closed }
}

async function counts(stream: EventStream): Promise<number[]> {
  const found: number[] = []
  for await (const seen of stream) if (seen.type === 'dropped') found.push(seen.count)
  return found
}

test('events come in order, those that waited first', async (t) => {
  const { stream } = open()
  stream.push(event(1))
  stream.push(event(2))
  t.deepEqual(await stream.next(), { done: false, value: event(1) })
  t.deepEqual(await stream.next(), { done: false, value: event(2) })
  const waiting = stream.next()
  stream.push(event(3))
  t.deepEqual(await waiting, { done: false, value: event(3) })
})

test('a closed stream gives what is queued, then ends, and takes nothing more', async (t) => {
  const { stream, closed } = open()
  stream.push(event(1))
  stream.close()
  stream.push(event(2))
  t.deepEqual(await counts(stream), [1])
  t.deepEqual(await stream.next(), { done: true, value: undefined })
  t.deepEqual(closed, [], 'who closes it knows')
})

test('close() ends a read that waits', async (t) => {
  const { stream } = open()
  const waiting = stream.next()
  stream.close()
  t.deepEqual(await waiting, { done: true, value: undefined })
})

test('several reads that wait at once get one event each, in order, and all end', async (t) => {
  const { stream } = open()
  const reads = [stream.next(), stream.next(), stream.next(), stream.next()]
  stream.push(event(1))
  stream.push(event(2))
  stream.close()
  t.deepEqual(await Promise.all(reads), [
    { done: false, value: event(1) },
    { done: false, value: event(2) },
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
})

test('return() forgets what is queued, ends a read that waits, and tells the owner', async (t) => {
  const { stream, closed } = open()
  stream.push(event(1))
  t.deepEqual(await stream.return(), { done: true, value: undefined })
  t.deepEqual(await stream.next(), { done: true, value: undefined })
  t.deepEqual(closed, [stream])

  const other = open()
  const waiting = other.stream.next()
  await other.stream.return()
  t.deepEqual(await waiting, { done: true, value: undefined })
})

test('leaving a loop detaches the reader', async (t) => {
  const { stream, closed } = open()
  stream.push(event(1))
  stream.push(event(2))
  for await (const seen of stream) {
    t.deepEqual(seen, event(1))
    break
  }
  t.deepEqual(closed, [stream])
})

test('a reader that takes nothing loses the oldest events, and is told how many', async (t) => {
  const { stream } = open()
  const pushed = 20_000
  for (let count = 1; count <= pushed; count += 1) stream.push(event(count))
  stream.close()
  const [lost = 0, ...kept] = await counts(stream)
  t.true(lost > 0)
  t.is(lost + kept.length, pushed)
  t.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, index) => lost + 1 + index),
  )
})
