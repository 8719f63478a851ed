/** What is told of a daemon of our own making; of a real one it is in service.spec.ts. */
import pino from 'pino'
import test from 'ava'
import type { DaemonStatus } from '../../src/daemon/daemon.ts'
import type { VrrpState } from '../../src/engine/events.ts'
import { NotifySocket } from '../../src/service/notify-socket.ts'
import { ServiceManager } from '../../src/service/service-manager.ts'
import { waitFor } from '../lab/wait-for.ts'

function open(): { manager: ServiceManager; taken: string[]; change: (instance: string, to: VrrpState) => void } {
  const taken: string[] = []
  const send = (data: Uint8Array): void => {
    taken.push(
      Buffer.from(data)
        .toString()
        .replace(/MONOTONIC_USEC=\d+/, 'MONOTONIC_USEC=N'),
    )
  }
  const manager = new ServiceManager(new NotifySocket({ send }, pino({ level: 'silent' })))
  return {
    manager,
    taken,
    change: (instance, to) => {
      manager.observer.told?.({
        type: 'stateChanged',
        instance,
        from: 'INIT',
        to,
        cause: { type: 'start' },
        priority: 1,
        skipped: 0,
        atMs: 1,
      })
    },
  }
}

const PID = `MAINPID=${process.pid}`

/** An engine that answers, or does not. */
const answering = { status: async () => await Promise.resolve({} as DaemonStatus) }
const silent = { status: async () => await new Promise<DaemonStatus>(() => {}) }

test('nothing is told before the start is over, nor after the stop has begun', (t) => {
  const { manager, taken, change } = open()
  change('A', 'BACKUP')
  manager.observer.reloading?.()
  manager.observer.reloaded?.()
  t.deepEqual(taken, [])
  manager.started(answering, undefined)
  manager.observer.reloading?.()
  manager.observer.reloaded?.()
  manager.observer.stopping?.()
  manager.observer.stopping?.()
  manager.observer.reloading?.()
  manager.observer.reloaded?.()
  manager.started(answering, 1)
  const status = 'STATUS=1 virtual router: 1 BACKUP'
  t.deepEqual(taken, [
    `READY=1\n${PID}\n${status}`,
    'RELOADING=1\nMONOTONIC_USEC=N\nSTATUS=Reloading',
    `READY=1\n${PID}\n${status}`,
    'STOPPING=1\nSTATUS=Stopping',
  ])
})

test('a status counts states, and is told once for many changes', async (t) => {
  const { manager, taken, change } = open()
  manager.started(answering, undefined)
  for (const [instance, state] of [
    ['A', 'BACKUP'],
    ['B', 'FAULT'],
    ['A', 'MASTER'],
    ['C', 'MASTER'],
    ['B', 'STOP'],
  ] as const)
    change(instance, state)
  await waitFor('the status', () => taken.length > 1)
  t.deepEqual(taken, [`READY=1\n${PID}\nSTATUS=0 virtual routers`, 'STATUS=2 virtual routers: 2 MASTER'])
})

test('the watchdog is not fed while the engine does not answer', async (t) => {
  const { manager, taken } = open()
  const mute = open()
  mute.manager.started(silent, 2)
  manager.started(answering, 2)
  const fed = (messages: readonly string[]): number => messages.filter((message) => message === 'WATCHDOG=1').length
  await waitFor('signs of life', () => fed(taken) >= 5)
  t.is(fed(mute.taken), 0)
  manager.observer.stopping?.()
  mute.manager.observer.stopping?.()
})

test('a failure says why', (t) => {
  const { manager, taken } = open()
  manager.failed('no configuration', 6)
  t.deepEqual(taken, ['STATUS=no configuration\nEXIT_STATUS=6'])
})
