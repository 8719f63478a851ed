import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { Outbox, type Outcome, type OutboxRules } from '../../src/notify/outbox.ts'
import { waitFor } from '../lab/wait-for.ts'
import { recorder } from './records.ts'

const RULES: OutboxRules = {
  what: 'parcel',
  concurrency: 2,
  maxWaitingInLane: 4,
  maxWaiting: 8,
  maxAttempts: 3,
  maxAgeMs: 60_000,
  firstPauseMs: 1,
  maxPauseMs: 4,
  maxAskedPauseMs: 60_000,
}

/** More than anything here takes. */
const AMPLE_MS = 60_000

const lane = (item: string): string => item.slice(0, 1)
const failed: Outcome = { result: 'failed', reason: 'not now' }
const unreachable: Outcome = { result: 'unreachable', reason: 'nobody' }

interface Desk {
  readonly outbox: Outbox<string>
  readonly seen: string[]
  readonly lost: () => number
  readonly sentences: () => string[]
}

/** An outbox whose receiver answers as `answer` says, in the order of its calls. */
function open(answer: (item: string, call: number) => Outcome | Promise<Outcome>, rules: Partial<OutboxRules> = {}): Desk {
  const { log, records, sentences } = recorder()
  const seen: string[] = []
  const deliver = async (item: string, skipped: number): Promise<Outcome> => {
    seen.push(skipped === 0 ? item : `${item}+${skipped}`)
    return await answer(item, seen.length)
  }
  const outbox = new Outbox({ ...RULES, ...rules }, deliver, log)
  return { outbox, seen, sentences, lost: () => records.reduce((sum, { lost }) => sum + (typeof lost === 'number' ? lost : 0), 0) }
}

test('what failed is tried again, in the order of its lane, until it is delivered', async (t) => {
  const { outbox, seen, sentences } = open((_, call) => (call < 3 ? failed : { result: 'delivered' }))
  for (const item of ['a1', 'a2']) outbox.push(lane(item), item)
  await waitFor('all is delivered', () => outbox.size === 0)
  t.deepEqual(seen, ['a1', 'a1', 'a1', 'a2'])
  t.deepEqual(
    sentences().filter((sentence) => sentence.includes('tried again')),
    ['parcel not delivered, tried again later'],
    'said once for failures in a row',
  )
  await outbox.finish(AMPLE_MS)
})

test('an item that the receiver cannot take is given up after so many attempts, and others are not held up by it', async (t) => {
  const { outbox, seen, lost } = open((item) => (item === 'a1' ? failed : { result: 'delivered' }))
  for (const item of ['a1', 'b1', 'c1']) outbox.push(lane(item), item)
  await waitFor('all is over', () => outbox.size === 0)
  t.is(seen.filter((item) => item === 'a1').length, 3)
  t.true(seen.includes('b1') && seen.includes('c1'))
  await outbox.finish(AMPLE_MS)
  t.is(lost(), 1)
})

test('without an answer items wait as long as they may, whatever the number of attempts', async (t) => {
  const { outbox, seen } = open((_, call) => (call <= 20 ? unreachable : { result: 'delivered' }))
  outbox.push('a', 'a1')
  await waitFor('it is delivered', () => outbox.size === 0)
  t.is(seen.length, 21)
  await outbox.finish(AMPLE_MS)
})

test('items that are too old are given up with a count', async (t) => {
  const { outbox, lost } = open(() => unreachable, { maxAgeMs: 0 })
  for (const item of ['a1', 'b1', 'c1']) outbox.push(lane(item), item)
  await waitFor('all is given up', () => outbox.size === 0)
  await outbox.finish(AMPLE_MS)
  t.is(lost(), 3)
})

test('one lane never overlaps, and no more than allowed are on their way', async (t) => {
  const running = new Set<string>()
  const most = { count: 0 }
  const { outbox } = open(async (item) => {
    t.false(
      [...running].some((other) => lane(other) === lane(item)),
      'one of its lane is on its way',
    )
    running.add(item)
    most.count = Math.max(most.count, running.size)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    running.delete(item)
    return { result: 'delivered' }
  })
  for (const item of ['a1', 'a2', 'b1', 'b2', 'c1', 'd1']) outbox.push(lane(item), item)
  await waitFor('all is delivered', () => outbox.size === 0)
  t.is(most.count, 2)
  await outbox.finish(AMPLE_MS)
})

test('a receiver that is dead costs bounded memory, and gets the last item of each lane when it lives again', async (t) => {
  const state = { isAlive: false }
  const { outbox, seen, lost } = open(() => (state.isAlive ? { result: 'delivered' } : unreachable))
  for (let number = 1; number <= 100; number++) for (const name of ['a', 'b']) outbox.push(name, `${name}${number}`)
  t.true(outbox.size <= RULES.maxWaiting + RULES.concurrency)
  state.isAlive = true
  seen.length = 0
  outbox.retry()
  await waitFor('all is delivered', () => outbox.size === 0)
  t.is(
    seen.findLast((item) => item.startsWith('a')),
    'a100',
  )
  t.is(
    seen.findLast((item) => item.startsWith('b')),
    'b100',
  )
  t.true(
    seen.some((item) => /\+\d+$/.test(item)),
    'the receiver learns that some are missing',
  )
  const delivered = seen.length
  await outbox.finish(AMPLE_MS)
  t.is(delivered + lost(), 200)
})

test('at the end what waits for another attempt gets it at once, and is soon given up', async (t) => {
  const { outbox, seen, lost, sentences } = open((_, call) => (call === 2 ? { result: 'delivered' } : failed), {
    firstPauseMs: AMPLE_MS,
    maxPauseMs: AMPLE_MS,
  })
  for (const item of ['a1', 'a2']) outbox.push(lane(item), item)
  await waitFor('the first attempt failed', () => sentences().length === 1)
  await outbox.finish(AMPLE_MS)
  t.deepEqual(seen, ['a1', 'a1', 'a2', 'a2'])
  t.is(lost(), 1)
  outbox.push('a', 'a3')
  t.is(seen.length, 4, 'nothing is taken after the end')
})

test('the end waits no longer than it may, and abandons what is on its way', async (t) => {
  const aborted = { count: 0 }
  const { log, records } = recorder()
  const outbox = new Outbox<string>(
    RULES,
    async (_, __, abort) =>
      await new Promise((resolve) => {
        abort.addEventListener('abort', () => {
          aborted.count += 1
          resolve(unreachable)
        })
      }),
    log,
  )
  for (const item of ['a1', 'b1', 'c1']) outbox.push(lane(item), item)
  await outbox.finish(10)
  t.is(aborted.count, 2)
  t.deepEqual(
    records.map(({ msg, lost }) => [msg, lost]),
    [['parcel given up', 3]],
  )
})

test('what is on its way and does not heed its abort counts as lost', async (t) => {
  const { log, records } = recorder()
  const outbox = new Outbox<string>(RULES, async () => await sleep(2_000, unreachable), log)
  for (const item of ['a1', 'a2', 'b1']) outbox.push(lane(item), item)
  await outbox.finish(10)
  t.deepEqual(
    records.map(({ msg, lost }) => [msg, lost]),
    [['parcel given up', 3]],
  )
})

test('a delivery that throws is logged and costs its item alone', async (t) => {
  const { outbox, seen, sentences } = open((item) => {
    if (item === 'a1') throw new Error('a defect')
    return { result: 'delivered' }
  })
  for (const item of ['a1', 'a2']) outbox.push(lane(item), item)
  await waitFor('all is over', () => outbox.size === 0)
  t.deepEqual(seen, ['a1', 'a2'])
  t.true(sentences().includes('parcel not delivered: internal error'))
  await outbox.finish(AMPLE_MS)
})

test('a pause that the receiver asks for is kept', async (t) => {
  const { outbox, seen } = open((_, call) => (call === 1 ? { ...failed, afterMs: AMPLE_MS } : { result: 'delivered' }), {
    maxAskedPauseMs: AMPLE_MS,
  })
  outbox.push('a', 'a1')
  outbox.push('b', 'b1')
  await waitFor('the first attempts are over', () => seen.length === 2)
  outbox.push('c', 'c1')
  await new Promise((resolve) => {
    setTimeout(resolve, 50)
  })
  t.false(seen.includes('c1'))
  await outbox.finish(AMPLE_MS)
  t.true(seen.includes('c1'))
})
