/** What is handed to the probing thread, and what becomes of its answers. */
import { readdirSync } from 'node:fs'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { Probes } from '../../src/checks/probes.ts'
import { Wake } from '../../src/engine/wake.ts'
import type { Target } from '../../src/checks/probes.ts'
import type { ProbeOutcome, Prober } from '../../src/checks/prober.ts'
import { loadNative } from '../../src/engine/native.ts'
import { waitFor } from '../lab/wait-for.ts'
import { tcpServer } from './servers.ts'

interface Setting {
  readonly probes: Probes
  /** The calls of the thread, in order, with how many each was about. */
  readonly calls: string[]
  /** Whether results wait. */
  readonly isAwake: () => boolean
}

/** The thread, with a list of what it is asked for. */
async function open(t: ExecutionContext): Promise<Setting> {
  const { Prober: Native } = await loadNative()
  const calls: string[] = []
  let isAwake = false
  const native = Native.open(() => {
    isAwake = true
  })
  const prober: Prober = {
    define: (all) => {
      calls.push(`define ${all.length}`)
      native.define(all)
    },
    forget: (ids) => {
      calls.push(`forget ${ids.length}`)
      native.forget(ids)
    },
    run: (ids, delaysUs) => {
      calls.push(`run ${ids.length}`)
      native.run(ids, delaysUs)
    },
    drain: () => native.drain(),
    stop: async (limitMs) => {
      await native.stop(limitMs)
    },
    stopNow: (deadlineMs) => native.stopNow(deadlineMs),
  }
  const probes = new Probes(prober, new Wake())
  t.teardown(async () => {
    await probes.stop(5_000)
  })
  return { probes, calls, isAwake: () => isAwake }
}

const target = (port: number, action: Target['action'] = { type: 'tcp' }): Target => ({
  address: '127.0.0.1',
  port,
  timeoutUs: 30_000_000,
  action,
})

test('what is asked for in one turn is one call of each kind', async (t) => {
  const { probes, calls } = await open(t)
  const server = await tcpServer(t, () => {})
  const outcomes = new Map<number, ProbeOutcome>()
  const user = { takeOutcome: (outcome: ProbeOutcome, id: number): void => void outcomes.set(id, outcome) }
  const ids = Array.from({ length: 200 }, () => probes.add(target(server.port), user))
  for (const id of ids) probes.run(id, 1_000)
  const [first = 0, second = 0] = ids
  probes.remove(first)
  probes.change(second, target(server.port))
  await Promise.resolve()
  // One that is gone before it was made is not made, and may be forgotten all the same.
  t.deepEqual(calls, ['define 200', 'forget 1', 'run 200'])
  await waitFor('all are answered', () => {
    probes.takeResults()
    return outcomes.size === 199
  })
  t.true([...outcomes.values()].every(({ type }) => type === 'success'))
  t.false(outcomes.has(first))
})

// Descriptors are counted: those of other tests would be too.
test.serial('a connection that nobody waits for any more is closed', async (t) => {
  const { probes, isAwake } = await open(t)
  let closed = 0
  const server = await tcpServer(t, (socket) => {
    socket.resume()
    socket.on('close', () => (closed += 1))
    socket.on('end', () => socket.end())
  })
  const before = readdirSync('/proc/self/fd').length
  const id = probes.add(target(server.port, { type: 'connect' }), { takeOutcome: () => t.fail() })
  probes.run(id, 0)
  await waitFor('it is connected', isAwake)
  probes.remove(id)
  probes.takeResults()
  await waitFor('the server sees the end', () => closed === 1)
  t.true(readdirSync('/proc/self/fd').length <= before + 1)
})

test('nothing is handed over after the end', async (t) => {
  const { probes, calls } = await open(t)
  await probes.stop(5_000)
  probes.run(probes.add(target(1), { takeOutcome: () => t.fail() }), 0)
  await Promise.resolve()
  t.deepEqual(calls, [])
})
