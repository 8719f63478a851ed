/** The order and the number of what is told at once. What slow scripts and hooks lose is in their own specs. */
import test from 'ava'
import type { Change } from '../../src/notify/change.ts'
import { Lanes } from '../../src/notify/lanes.ts'
import { laneOf } from '../../src/notify/told.ts'
import { waitFor } from '../lab/wait-for.ts'
import { change, recorder, type LogRecord } from './changes.ts'

const AMPLE_MS = 60_000

interface Setting {
  readonly lanes: Lanes
  readonly records: LogRecord[]
  /** What began to be told, in order. */
  readonly begun: string[]
  readonly drained: string[]
  /** Ends what is told, by what began. */
  readonly end: Map<string, () => void>
}

function setUp(concurrency: number): Setting {
  const { log, records } = recorder()
  const begun: string[] = []
  const drained: string[] = []
  const end = new Map<string, () => void>()
  const tell = async (told: Change, abort: AbortSignal): Promise<void> => {
    const key = `${told.name} ${told.state}`
    begun.push(key)
    await new Promise<void>((resolve) => {
      end.set(key, resolve)
      abort.addEventListener('abort', () => {
        begun.push(`${key} aborted`)
        resolve()
      })
    })
  }
  const lanes = new Lanes({ who: 'tests', tell, concurrency, endMs: AMPLE_MS, onDrained: (lane) => drained.push(lane) }, log)
  return { lanes, records, begun, drained, end }
}

test('so many are told at once; the others wait for their turn, longest wait first', async (t) => {
  const { lanes, begun, drained, end } = setUp(2)
  for (const state of ['BACKUP', 'MASTER'] as const) for (const name of ['A', 'B', 'C', 'D']) lanes.push(change(name, state))
  const endOne = async (key: string, count: number): Promise<void> => {
    end.get(key)?.()
    await waitFor(`${count} have begun`, () => begun.length >= count, { seen: () => begun })
  }
  await endOne('', 2)
  t.deepEqual(begun, ['A BACKUP', 'B BACKUP'])
  await endOne('A BACKUP', 3)
  await endOne('C BACKUP', 4)
  await endOne('B BACKUP', 5)
  t.deepEqual(begun.slice(2), ['C BACKUP', 'D BACKUP', 'A MASTER'])
  for (const [index, key] of ['D BACKUP', 'A MASTER', 'C MASTER'].entries()) await endOne(key, 6 + index)
  t.deepEqual(begun.slice(5), ['C MASTER', 'B MASTER', 'D MASTER'])
  t.deepEqual(drained, ['INSTANCE A', 'INSTANCE C'])
  t.true(lanes.isBusy(laneOf(change('B', 'MASTER'))))
  for (const key of ['B MASTER', 'D MASTER']) end.get(key)?.()
  await waitFor('all is told', () => drained.length === 4)
  t.false(lanes.isBusy(laneOf(change('B', 'MASTER'))))
})

test('finish() aborts what holds the turn of another’s STOP, and loses what waits', async (t) => {
  const { lanes, begun, records } = setUp(1)
  lanes.push(change('A', 'MASTER'))
  for (const name of ['B', 'C']) lanes.push(change(name, 'MASTER'))
  await waitFor('the first has begun', () => begun.length === 1)
  lanes.push(change('B', 'STOP'))
  await lanes.finish(100)
  t.deepEqual(begun, ['A MASTER', 'A MASTER aborted', 'B STOP', 'B STOP aborted'])
  t.deepEqual(
    records.map(({ msg, instance, skipped }) => [msg, instance, skipped]),
    [
      ['tests: changes went untold because of the stop', 'B', 1],
      ['tests: changes went untold because of the stop', 'C', 1],
    ],
  )
  lanes.push(change('A', 'MASTER'))
  t.false(lanes.isBusy('INSTANCE A'))
})

test('what fails is logged, and the next change is told', async (t) => {
  const { log, records } = recorder()
  const told: string[] = []
  const tell = async ({ state }: Change): Promise<void> => {
    told.push(state)
    await Promise.resolve()
    if (state === 'BACKUP') throw new Error('broken')
  }
  const lanes = new Lanes({ who: 'tests', tell, concurrency: 1, endMs: AMPLE_MS }, log)
  lanes.push(change('A', 'BACKUP'))
  lanes.push(change('A', 'MASTER'))
  await waitFor('both are told', () => told.length === 2)
  t.deepEqual(told, ['BACKUP', 'MASTER'])
  t.like(records, [{ level: 50, msg: 'tests failed', instance: 'A' }])
})
