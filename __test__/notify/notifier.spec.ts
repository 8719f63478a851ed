/** What the notifier makes of events, and whom it tells. */
import test from 'ava'
import type { EngineEvent, VrrpState } from '../../src/engine/events.ts'
import { Notifier } from '../../src/notify/notifier.ts'
import { instancesText, load, recorder } from './changes.ts'
import { Witness } from './witness.ts'

/** A notifier that tells somebody who takes all and somebody who does not. */
function setUp(): { readonly notifier: Notifier; readonly all: Witness; readonly some: Witness } {
  const [all, some] = [new Witness(true), new Witness(false)]
  return { notifier: new Notifier([some, all], recorder().log), all, some }
}

const entered = (instance: string, from: VrrpState, to: VrrpState, priority = 100): EngineEvent => ({
  type: 'stateChanged',
  instance,
  from,
  to,
  priority,
  cause: { type: 'start' },
  skipped: 0,
  atMs: 1_234.5,
})

const reprioritised = (instance: string, to: number): EngineEvent => ({
  type: 'notice',
  instance,
  notice: { type: 'effectivePriorityChanged', from: 100, to },
  atMs: 1_234.5,
})

test('states are told with a number, the first ones too; INIT is not', (t) => {
  const { notifier, all, some } = setUp()
  notifier.configure(load(instancesText({ VI_1: [], VI_2: [] })))
  for (const event of [entered('VI_1', 'INIT', 'BACKUP'), entered('VI_2', 'INIT', 'FAULT', 90), entered('VI_1', 'FAULT', 'INIT')]) {
    notifier.handle(event, false)
  }
  notifier.handle(entered('VI_1', 'BACKUP', 'MASTER'), false)
  notifier.handle(entered('VI_1', 'MASTER', 'STOP'), true)
  t.deepEqual(some.lines, ['INSTANCE VI_1 BACKUP 100', 'INSTANCE VI_2 FAULT 90', 'INSTANCE VI_1 MASTER 100', 'INSTANCE VI_1 STOP 100'])
  t.deepEqual(all.told, some.told)
  t.deepEqual(
    some.told.map(({ from, generation, atMs }) => ({ from, generation, atMs })),
    (['INIT', 'INIT', 'BACKUP', 'MASTER'] as const).map((from, index) => ({ from, generation: index + 1, atMs: 1_234.5 })),
  )
})

test('an instance that a reload removes tells FAULT, or DELETED where it shall, and FAULT not twice', (t) => {
  const { notifier, some } = setUp()
  notifier.configure(
    load(instancesText({ A: [], B: ['notify_deleted'], C: ['notify_deleted /bin/true'], D: [], E: ['notify_deleted'], F: [] })),
  )
  const empty = load(instancesText({ G: [] }))
  notifier.configure(empty)
  for (const name of ['A', 'B', 'C']) notifier.handle(entered(name, 'MASTER', 'STOP'), false)
  for (const name of ['D', 'E']) notifier.handle(entered(name, 'FAULT', 'STOP'), false)
  notifier.retain(empty)
  t.deepEqual(some.lines, ['INSTANCE A FAULT 100', 'INSTANCE B DELETED 100', 'INSTANCE C DELETED 100', 'INSTANCE E DELETED 100'])
})

test('changes of priority are for FIFOs alone, where the configuration asks for them', (t) => {
  const { notifier, all, some } = setUp()
  notifier.configure(load(instancesText({ VI_1: ['notify_priority_changes'], VI_2: [] })))
  notifier.handle(reprioritised('VI_1', 110), false)
  notifier.handle(entered('VI_1', 'INIT', 'BACKUP', 110), false)
  notifier.handle(entered('VI_1', 'BACKUP', 'MASTER', 110), false)
  notifier.handle(reprioritised('VI_1', 100), false)
  notifier.handle(reprioritised('VI_2', 100), false)
  notifier.handle(entered('VI_1', 'MASTER', 'FAULT'), false)
  notifier.handle(reprioritised('VI_1', 110), false)
  const states = ['INSTANCE VI_1 BACKUP 110', 'INSTANCE VI_1 MASTER 110', 'INSTANCE VI_1 FAULT 100']
  t.deepEqual(some.lines, states)
  t.deepEqual(all.lines, [
    'INSTANCE VI_1 BACKUP_PRIORITY 110',
    ...states.slice(0, 2),
    'INSTANCE VI_1 MASTER_PRIORITY 100',
    ...states.slice(2),
    'INSTANCE VI_1 BACKUP_PRIORITY 110',
  ])
})

test('an advertisement of lower priority is told with our own priority', (t) => {
  const { notifier, all, some } = setUp()
  notifier.configure(load(instancesText({ VI_1: [] })))
  const notice = { type: 'lowerPriorityAdvertisement', source: '192.0.2.2', priority: 50, ours: 100, answered: true } as const
  notifier.handle({ type: 'notice', instance: 'VI_1', notice, atMs: 1 }, false)
  notifier.handle({ type: 'notice', instance: 'VI_1', notice: { type: 'priorityZeroSent' }, atMs: 1 }, false)
  t.deepEqual(some.lines, ['INSTANCE VI_1 MASTER_RX_LOWER_PRI 100'])
  t.deepEqual(all.lines, some.lines)
  t.is(some.told[0]?.from, undefined)
})

test('an instance that gets another name keeps its state', (t) => {
  const { notifier, all } = setUp()
  const before = load(instancesText({ VI_1: ['notify_priority_changes'] }))
  notifier.configure(before)
  notifier.handle(entered('VI_1', 'BACKUP', 'MASTER'), false)
  notifier.retain(before)
  const after = load(instancesText({ NEW: ['notify_priority_changes'] }))
  notifier.configure(after)
  notifier.retain(after)
  notifier.handle(reprioritised('NEW', 90), false)
  t.deepEqual(all.lines, ['INSTANCE VI_1 MASTER 100', 'INSTANCE NEW MASTER_PRIORITY 90'])
})

test('fifo_write_vrrp_states_on_reload writes the states of Backups and of faults that the reload did not change', (t) => {
  const { notifier, all, some } = setUp()
  const text = (globals: string): string => `global_defs {\n ${globals}\n}\n${instancesText({ A: [], B: [], C: [], D: [] })}`
  const [silent, writes] = [load(text('')), load(text('fifo_write_vrrp_states_on_reload'))]
  notifier.configure(silent)
  for (const [name, state] of [
    ['A', 'BACKUP'],
    ['B', 'MASTER'],
    ['C', 'FAULT'],
    ['D', 'BACKUP'],
  ] as const) {
    notifier.handle(entered(name, 'INIT', state), false)
  }
  notifier.retain(silent)
  notifier.configure(silent)
  notifier.retain(silent)
  t.is(all.lines.length, 4)
  notifier.configure(writes)
  notifier.handle(entered('D', 'BACKUP', 'FAULT'), false)
  notifier.retain(writes)
  t.deepEqual(all.lines.slice(4), ['INSTANCE D FAULT 100', 'INSTANCE A BACKUP 100', 'INSTANCE C FAULT 100'])
  t.deepEqual(some.lines.slice(4), ['INSTANCE D FAULT 100'])
})

test('at a start nothing is written twice', (t) => {
  const { notifier, all } = setUp()
  const config = load(`global_defs {\n fifo_write_vrrp_states_on_reload\n}\n${instancesText({ A: [] })}`)
  notifier.configure(config)
  notifier.handle(entered('A', 'INIT', 'BACKUP'), false)
  notifier.retain(config)
  t.deepEqual(all.lines, ['INSTANCE A BACKUP 100'])
})

test('one who fails does not keep the others from being told', async (t) => {
  const { log, records } = recorder()
  const broken = new Witness(true)
  broken.tell = () => {
    throw new Error('broken')
  }
  const witness = new Witness(true)
  const notifier = new Notifier([broken, witness], log)
  const config = load(instancesText({ A: [] }))
  notifier.configure(config)
  notifier.handle(entered('A', 'INIT', 'BACKUP'), false)
  notifier.retain(config)
  await notifier.finish(1_000)
  t.deepEqual(witness.lines, ['INSTANCE A BACKUP 100'])
  t.deepEqual(witness.calls, ['configure', 'retain', 'finish 1000'])
  t.like(records, [{ level: 50, msg: 'a notification failed' }])
})

test('changes of servers are told to all, numbered with the others', (t) => {
  const { notifier, all, some } = setUp()
  notifier.configure(load(instancesText({ VI_1: [] })))
  const change = { service: 'V', isUp: false, script: undefined, toFifos: true, mail: undefined, sequence: 1, atMs: 5 } as const
  notifier.handleServer({ ...change, kind: 'RS', server: 'R' })
  notifier.handleServer({ ...change, kind: 'VS', server: undefined, isUp: true })
  const rest = { service: 'V', script: undefined, toFifos: true, mail: undefined, atMs: 5 }
  for (const witness of [all, some]) {
    t.deepEqual(witness.toldOfServers, [
      { kind: 'RS', name: 'R', state: 'DOWN', generation: 1, ...rest },
      { kind: 'VS', name: 'V', state: 'UP', generation: 2, ...rest },
    ])
  }
})
