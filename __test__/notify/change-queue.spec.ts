import test from 'ava'
import { ChangeQueue, MAX_WAITING } from '../../src/notify/change-queue.ts'
import type { ServerState, ToldServerChange, ToldState } from '../../src/notify/change.ts'
import { change, serverChange } from './changes.ts'

function queueOf(...states: readonly ToldState[]): ChangeQueue {
  const queue = new ChangeQueue()
  for (const [index, state] of states.entries()) queue.push(change('VI_1', state, index + 1))
  return queue
}

/** What a queue gives, in short: state, number and what was skipped. */
function drain(queue: ChangeQueue): string[] {
  const taken: string[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    taken.push(`${next.change.state} ${next.change.priority} ${next.skipped}`)
  }
  return taken
}

test('changes come out in the order in which they went in', (t) => {
  t.deepEqual(drain(queueOf('BACKUP', 'MASTER', 'FAULT')), ['BACKUP 1 0', 'MASTER 2 0', 'FAULT 3 0'])
  t.deepEqual(drain(new ChangeQueue()), [])
})

test('when too many wait only the latest is kept until the queue was empty', (t) => {
  const queue = queueOf(...Array.from({ length: MAX_WAITING }, (): ToldState => 'BACKUP'))
  t.is(queue.length, MAX_WAITING)
  queue.push(change('VI_1', 'MASTER', 17))
  t.is(queue.length, 1)
  queue.push(change('VI_1', 'FAULT', 18))
  t.is(queue.length, 1)
  t.deepEqual(drain(queue), ['FAULT 18 17'])
  queue.push(change('VI_1', 'BACKUP', 19))
  queue.push(change('VI_1', 'MASTER', 20))
  t.deepEqual(drain(queue), ['BACKUP 19 0', 'MASTER 20 0'])
})

test('advertisements of lower priority never take the place of a state', (t) => {
  const queue = queueOf('MASTER', ...Array.from({ length: 1_000 }, (): ToldState => 'MASTER_RX_LOWER_PRI'))
  t.is(queue.length, 2)
  t.deepEqual(drain(queue), ['MASTER 1 999', 'MASTER_RX_LOWER_PRI 1001 0'])
  const crowded = queueOf(...Array.from({ length: 40 }, (_, index): ToldState => (index % 2 === 0 ? 'MASTER' : 'MASTER_RX_LOWER_PRI')))
  t.deepEqual(drain(crowded), ['MASTER 39 38', 'MASTER_RX_LOWER_PRI 40 0'])
})

test('what is given up is counted once, with what nobody was told of', (t) => {
  const queue = queueOf(...Array.from({ length: MAX_WAITING + 4 }, (): ToldState => 'BACKUP'))
  queue.push(change('VI_1', 'STOP', 21))
  t.is(
    queue.filter(({ state }) => state === 'STOP'),
    20,
  )
  t.deepEqual(drain(queue), ['STOP 21 0'])
  t.is(
    queue.filter(() => false),
    0,
  )
})

test('of the servers of a virtual server each keeps its latest state, in the order of these', (t) => {
  const queue = new ChangeQueue<ToldServerChange>()
  for (const [index, text] of ['R1 DOWN', 'R2 DOWN', 'V DOWN', 'R1 UP', 'V UP', 'R3 UP'].entries()) {
    const [name = '', state] = text.split(' ')
    queue.push(serverChange(name, state as ServerState, { generation: index }))
  }
  const flaps = MAX_WAITING
  for (let round = 0; round < flaps; round += 1) queue.push(serverChange('R1', round % 2 === 0 ? 'DOWN' : 'UP', { generation: 6 + round }))
  const taken: string[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    taken.push(`${next.change.name} ${next.change.state} ${next.change.generation} ${next.skipped}`)
  }
  t.deepEqual(taken, ['R2 DOWN 1 18', 'V UP 4 0', 'R3 UP 5 0', 'R1 UP 21 0'])
})

test('10,000 servers that flap take room for one state each', (t) => {
  const queue = new ChangeQueue<ToldServerChange>()
  const rounds = ['DOWN', 'UP', 'DOWN', 'UP'] as const
  for (const state of rounds) for (let server = 0; server < 10_000; server += 1) queue.push(serverChange(`R${server}`, state))
  t.true(queue.length < 20_000)
  const states = new Map<string, string>()
  const counted = { told: 0, skipped: 0 }
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    states.set(next.change.name, next.change.state)
    counted.told += 1
    counted.skipped += next.skipped
  }
  t.deepEqual([...new Set(states.values())], ['UP'])
  t.deepEqual(counted, { told: 10_000, skipped: 30_000 })
})
