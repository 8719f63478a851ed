import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { Change, ServerStateChange } from '../../src/notify/change.ts'
import { HookTarget, type DaemonHooks } from '../../src/notify/hooks.ts'
import { waitFor } from '../lab/wait-for.ts'
import { change, recorder, serverChange, type LogRecord } from './changes.ts'

const AMPLE_MS = 60_000

type Hook = NonNullable<DaemonHooks['onStateChange']>

function setUp(onStateChange: Hook, timeoutMs = AMPLE_MS): { readonly target: HookTarget; readonly records: LogRecord[] } {
  const { log, records } = recorder()
  return { target: new HookTarget({ onStateChange }, timeoutMs, log), records }
}

/** What hooks saw, and a gate that keeps them waiting. */
class Seen {
  readonly lines: string[] = []
  #open: () => void = () => {}
  readonly gate = new Promise<void>((resolve) => {
    this.#open = resolve
  })

  note({ name, state, priority }: Change): void {
    this.lines.push(`${name} ${state} ${priority}`)
  }

  open(): void {
    this.#open()
  }

  async waitFor(count: number): Promise<string[]> {
    return await waitFor(`${count} calls`, () => this.lines.length >= count && this.lines, { seen: () => this.lines })
  }
}

test('a hook gets the whole change, of each instance one after the other, of different ones side by side', async (t) => {
  const seen = new Seen()
  const { target, records } = setUp(async (told) => {
    seen.note(told)
    if (told.name === 'VI_1' && told.state === 'BACKUP') await seen.gate
  })
  const first = change('VI_1', 'BACKUP', 100)
  target.tell(first)
  target.tell(change('VI_1', 'MASTER', 100))
  target.tell(change('VI_2', 'BACKUP', 100))
  t.deepEqual(await seen.waitFor(2), ['VI_1 BACKUP 100', 'VI_2 BACKUP 100'])
  seen.open()
  t.deepEqual((await seen.waitFor(3)).slice(2), ['VI_1 MASTER 100'])
  await target.finish(AMPLE_MS)
  t.deepEqual(records, [])
})

test('hooks are told of states only', async (t) => {
  const seen = new Seen()
  const { target } = setUp((told) => {
    seen.note(told)
  })
  target.tell(change('VI_1', 'MASTER_RX_LOWER_PRI', 100, { from: undefined }))
  target.tell(change('VI_1', 'DELETED', 100, { from: 'MASTER' }))
  t.deepEqual(await seen.waitFor(1), ['VI_1 DELETED 100'])
})

test('what a hook throws or rejects with is logged, and the next change is told', async (t) => {
  const seen = new Seen()
  const { target, records } = setUp((told) => {
    seen.note(told)
    if (told.state === 'BACKUP') throw new Error('thrown')
    if (told.state === 'MASTER') return Promise.reject(new Error('rejected'))
    return undefined
  })
  for (const state of ['BACKUP', 'MASTER', 'FAULT'] as const) target.tell(change('VI_1', state))
  t.deepEqual(await seen.waitFor(3), ['VI_1 BACKUP 100', 'VI_1 MASTER 100', 'VI_1 FAULT 100'])
  await target.finish(AMPLE_MS)
  const failed = { level: 50, msg: 'a hook failed', instance: 'VI_1', hook: 'onStateChange' }
  t.like(records, [
    { ...failed, state: 'BACKUP' },
    { ...failed, state: 'MASTER' },
  ])
})

test('a hook that never ends is aborted at its deadline, and the next change is told', async (t) => {
  const seen = new Seen()
  const signals: AbortSignal[] = []
  const { target, records } = setUp(async (told, { signal }) => {
    seen.note(told)
    signals.push(signal)
    if (told.state === 'BACKUP') await new Promise(() => {})
  }, 200)
  target.tell(change('VI_1', 'BACKUP'))
  target.tell(change('VI_1', 'MASTER'))
  t.deepEqual(await seen.waitFor(2), ['VI_1 BACKUP 100', 'VI_1 MASTER 100'])
  await target.finish(AMPLE_MS)
  t.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  )
  t.like(records, [{ msg: 'a hook took longer than 200 ms and is not waited for', instance: 'VI_1', state: 'BACKUP' }])
})

test('what a hook rejects with after its deadline is logged too', async (t) => {
  const { target, records } = setUp(async (_, { signal }) => {
    await once(signal, 'abort')
    throw new Error('late')
  }, 100)
  target.tell(change('VI_1', 'BACKUP'))
  await waitFor('both are logged', () => records.length === 2)
  t.deepEqual(
    records.map(({ msg }) => msg),
    ['a hook took longer than 100 ms and is not waited for', 'a hook failed'],
  )
})

test('a slow hook is told the latest of many changes', async (t) => {
  const seen = new Seen()
  const { target, records } = setUp(async (told) => {
    seen.note(told)
    await seen.gate
  })
  target.tell(change('VI_1', 'MASTER', 1))
  await seen.waitFor(1)
  for (let number = 2; number <= 1_000; number += 1) target.tell(change('VI_1', 'BACKUP', number))
  seen.open()
  t.deepEqual(await seen.waitFor(2), ['VI_1 MASTER 1', 'VI_1 BACKUP 1000'])
  t.like(records, [{ msg: 'hooks are too slow: changes before this one went untold', skipped: 998, state: 'BACKUP' }])
})

test('finish() tells STOP, gives up a hook that does not end, and nothing is told afterwards', async (t) => {
  const seen = new Seen()
  const { target, records } = setUp(async (told) => {
    seen.note(told)
    await new Promise(() => {})
  })
  target.tell(change('VI_1', 'MASTER'))
  await seen.waitFor(1)
  target.tell(change('VI_1', 'STOP'))
  await target.finish(100)
  target.tell(change('VI_1', 'MASTER'))
  target.tell(change('VI_2', 'MASTER'))
  await sleep(50)
  t.deepEqual(seen.lines, ['VI_1 MASTER 100', 'VI_1 STOP 100'])
  t.deepEqual(
    records.map(({ msg, state }) => [msg, state]),
    [
      ['a hook was not waited for because of the stop', 'MASTER'],
      ['a hook was not waited for because of the stop', 'STOP'],
    ],
  )
})

test('servers have a hook of their own, in order for each virtual server; what only is mailed is not told', async (t) => {
  const { log, records } = recorder()
  const told: ServerStateChange[] = []
  const gate = new Seen()
  const onServerChange = async (seen: ServerStateChange): Promise<void> => {
    told.push(seen)
    if (seen.service === 'V' && seen.kind === 'RS') await gate.gate
  }
  const target = new HookTarget({ onServerChange }, AMPLE_MS, log)
  target.tell(change('VI_1', 'MASTER'))
  target.tellServer(serverChange('R1', 'DOWN', { generation: 7, atMs: 8, mail: '=> TCP CHECK failed on service <=' }))
  target.tellServer(serverChange('V', 'DOWN'))
  target.tellServer(serverChange('R9', 'DOWN', { toFifos: false, service: 'W' }))
  target.tellServer(serverChange('R2', 'UP', { service: 'W' }))
  await waitFor('two are told', () => told.length === 2)
  gate.open()
  await waitFor('three are told', () => told.length === 3)
  await target.finish(AMPLE_MS)
  t.deepEqual(told[0], { kind: 'RS', name: 'R1', service: 'V', state: 'DOWN', generation: 7, atMs: 8 })
  t.deepEqual(
    told.map(({ kind, name, service, state }) => [kind, name, service, state]),
    [
      ['RS', 'R1', 'V', 'DOWN'],
      ['RS', 'R2', 'W', 'UP'],
      ['VS', 'V', 'V', 'DOWN'],
    ],
  )
  t.deepEqual(records, [])
})

test('a hook of servers that fails is logged with its server', async (t) => {
  const { log, records } = recorder()
  const onServerChange = (): never => {
    throw new Error('thrown')
  }
  const target = new HookTarget({ onServerChange }, AMPLE_MS, log)
  target.tellServer(serverChange('R1', 'DOWN'))
  await target.finish(AMPLE_MS)
  t.like(records, [{ msg: 'a hook failed', service: 'V', server: 'R1', state: 'DOWN', hook: 'onServerChange' }])
})
