/** The `ScriptWorker` class by itself: its arguments, and what it tells. */
import type { ScriptEvent, ScriptProgram, ScriptWorker as Worker } from '#native'
import test, { type ExecutionContext } from 'ava'
import { ScriptWorker } from '#native'
import { waitFor } from '../lab/wait-for.ts'

const TRUE: ScriptProgram = { path: '/bin/true', args: [], captureOutput: false, resolveLinks: false }

function open(t: ExecutionContext): Worker {
  const worker = ScriptWorker.open({ reapOrphans: false }, () => {})
  t.teardown(async () => {
    await worker.stop(5_000)
  })
  return worker
}

/** The code of what a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

test('arguments that are none are refused with a code', (t) => {
  const worker = open(t)
  const run = { id: 1, program: TRUE, timeoutUs: 1_000_000 }
  const job = { ...run, generation: 1, intervalUs: 1_000_000 }
  const calls: readonly (() => unknown)[] = [
    () => ScriptWorker.open(undefined as never, () => {}),
    () => ScriptWorker.open({ reapOrphans: false }, 1 as never),
    () => ScriptWorker.open({ reapOrphans: false, umask: 0o1000 }, () => {}),
    () => ScriptWorker.open({ reapOrphans: false, directory: '/\0' }, () => {}),
    () => worker.run([{ ...run, id: -1 }], []),
    () => worker.run([{ ...run, timeoutUs: 0.5 }], []),
    () => worker.run([{ ...run, program: { ...TRUE, identity: { uid: 2 ** 32 - 1, gid: 0, groups: [] } } }], []),
    () => worker.run([run], ['A=\0']),
    () => worker.run(undefined as never, []),
    () => worker.schedule([{ ...job, intervalUs: 999 }], []),
    () => worker.schedule([{ ...job, generation: 0.5 }], []),
    () => worker.end('1' as never),
  ]
  t.deepEqual(
    calls.map(codeOf),
    calls.map(() => 'KA_ERR_USAGE'),
  )
})

test('a run is told once, with how it ended; a word that no program can be given is an outcome', async (t) => {
  const worker = open(t)
  const runs = [TRUE, { ...TRUE, path: '/no/such' }, { ...TRUE, args: ['\0'] }]
  worker.run(
    runs.map((program, id) => ({ id, program, timeoutUs: 60_000_000 })),
    [],
  )
  const events: ScriptEvent[] = []
  await waitFor('all are told', () => {
    events.push(...worker.drain())
    return events.length >= 3
  })
  const outcomes = new Map(events.map((event) => (event.type === 'finished' ? [event.id, event.outcome] : [-1, undefined])))
  t.deepEqual(outcomes.get(0), { type: 'exited', code: 0 })
  t.deepEqual(outcomes.get(1), { type: 'notStarted', step: 'program', errno: 2 })
  t.deepEqual(outcomes.get(2), { type: 'notStarted', step: 'program', errno: 22 })
  t.is(events.length, 3)
})

test('after a stop it takes nothing more', async (t) => {
  const worker = open(t)
  await worker.stop(5_000)
  t.is(
    codeOf(() => {
      worker.run([], [])
    }),
    'KA_ERR_STOPPED',
  )
  t.is(
    codeOf(() => {
      worker.schedule([], [])
    }),
    'KA_ERR_STOPPED',
  )
  await t.throwsAsync(worker.status(), { code: 'KA_ERR_STOPPED' })
  await t.throwsAsync(worker.stop(-1), { code: 'KA_ERR_USAGE' })
  t.deepEqual(worker.drain(), [])
})
