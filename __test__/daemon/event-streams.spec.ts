import test from 'ava'
import { EventStream, type DaemonEvent } from '../../src/daemon/event-streams.ts'

const event = (count: number): DaemonEvent => ({ type: 'dropped', count, atMs: 0 })

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

type StateChange = Extract<DaemonEvent, { readonly type: 'stateChanged' }>

/** The step from one state to another that an instance takes at a time. */
function change(instance: string, step: number): StateChange {
  const states = ['BACKUP', 'MASTER', 'FAULT'] as const
  const [from = 'BACKUP', to = 'MASTER'] = [states[step % 3], states[(step + 1) % 3]]
  return { type: 'stateChanged', instance, from, to, cause: { type: 'masterDownTimer' }, priority: step % 200, skipped: 0, atMs: step }
}

async function all(stream: EventStream): Promise<DaemonEvent[]> {
  stream.close()
  const events: DaemonEvent[] = []
  for await (const seen of stream) events.push(seen)
  return events
}

test('a reader that takes nothing loses notices first, and is told how many; no change of state', async (t) => {
  const { stream } = open()
  const pushed: StateChange[] = []
  for (let step = 0; step < 30_000; step += 1) {
    stream.push({ type: 'notice', instance: 'VI_1', notice: { type: 'priorityZeroSent' }, atMs: step })
    if (step % 10 !== 0) continue
    pushed.push(change('VI_1', step / 10))
    stream.push(change('VI_1', step / 10))
  }
  const events = await all(stream)
  t.is(events[0]?.type, 'dropped')
  t.deepEqual(
    events.filter(({ type }) => type === 'stateChanged'),
    pushed,
  )
  const lost = events.reduce((sum, seen) => sum + (seen.type === 'dropped' ? seen.count : 0), 0)
  t.is(events.filter(({ type }) => type === 'notice').length + lost, 30_000)
  t.true(events.length < 16_384)
})

test('more changes of state than there is room for are merged for each instance: the final state arrives', async (t) => {
  const { stream } = open()
  const steps = 100_000
  for (let step = 0; step < steps; step += 1) {
    stream.push(change('VI_1', step))
    if (step === 0) stream.push(change('VI_2', 0))
  }
  const events = (await all(stream)) as StateChange[]
  const first = events.filter(({ instance }) => instance === 'VI_1')
  t.is(first.at(-1)?.to, change('VI_1', steps - 1).to)
  t.is(
    first.reduce((sum, { skipped }) => sum + 1 + skipped, 0),
    steps,
  )
  t.true(first.every(({ from }, index) => from === (first[index - 1]?.to ?? 'BACKUP')))
  t.deepEqual(
    events.filter(({ instance }) => instance === 'VI_2'),
    [change('VI_2', 0)],
  )
  t.true(events.length <= 16_384)
})

test('groups have a place of their own beside instances of the same name, and a change that was to be told stays so', async (t) => {
  const { stream } = open()
  const ofGroup = (step: number): DaemonEvent => {
    const { from, to } = change('', step)
    return { type: 'groupStateChanged', group: 'VI_1', from, to, skipped: 0, atMs: step }
  }
  const steps = 30_000
  for (let step = 0; step < steps; step += 1) {
    stream.push(step % 2 === 0 ? change('VI_1', step) : { ...change('VI_1', step), untold: true })
    stream.push({ ...change('VI_2', step), untold: true })
    stream.push(ofGroup(step))
  }
  const events = await all(stream)
  const ofKind = (type: string, name: string): StateChange[] =>
    events.filter(
      (seen) => seen.type === type && (seen.type === 'groupStateChanged' ? seen.group : (seen as StateChange).instance) === name,
    ) as StateChange[]
  for (const changes of [ofKind('stateChanged', 'VI_1'), ofKind('stateChanged', 'VI_2'), ofKind('groupStateChanged', 'VI_1')]) {
    t.is(
      changes.reduce((sum, { skipped }) => sum + 1 + skipped, 0),
      steps,
    )
    t.is(changes.at(-1)?.to, change('', steps - 1).to)
  }
  t.is(ofKind('stateChanged', 'VI_1')[0]?.untold, undefined)
  t.is(ofKind('stateChanged', 'VI_2')[0]?.untold, true)
  t.true(events.length <= 16_384)
})

test('of more instances than there is room for each has its final state', async (t) => {
  const { stream } = open()
  const instances = 40_000
  for (let turn = 0; turn < 3; turn += 1) {
    for (let instance = 0; instance < instances; instance += 1) stream.push(change(`VI_${instance}`, turn))
  }
  const events = (await all(stream)) as StateChange[]
  const last = new Map(events.map((seen) => [seen.instance, seen]))
  t.is(last.size, instances)
  t.true([...last.values()].every(({ to }) => to === change('', 2).to))
  t.is(
    events.reduce((sum, { skipped }) => sum + 1 + skipped, 0),
    3 * instances,
  )
})

test('a reader that is always behind is told everything in order', async (t) => {
  const { stream } = open()
  const taken: number[] = []
  for (let count = 1; count <= 50_000; count += 1) {
    stream.push(event(count))
    if (count <= 5_000) continue
    const { value } = await stream.next()
    if (value?.type === 'dropped') taken.push(value.count)
  }
  t.deepEqual(
    taken,
    Array.from({ length: 45_000 }, (_, index) => index + 1),
  )
})
