/** What the notifier makes of changes of sync groups and of their members. */
import test from 'ava'
import type { EngineEvent, VrrpState } from '../../src/engine/events.ts'
import { Notifier } from '../../src/notify/notifier.ts'
import { instancesText, load, recorder } from './changes.ts'
import { Witness } from './witness.ts'
import { waitFor } from '../lab/wait-for.ts'

const PAIR = instancesText({ A: [], B: [] })
const THREE = instancesText({ A: [], B: [], C: [] })

/** Instances of which `A` and `B` are in a group. */
const text = (group: string, globals = '', instances = PAIR): string =>
  `global_defs {\n ${globals}\n}\nvrrp_sync_group ${group} {\n group {\n A\n B\n }\n}\n${instances}`

function setUp(): { readonly notifier: Notifier; readonly all: Witness; readonly some: Witness } {
  const [all, some] = [new Witness(true), new Witness(false)]
  return { notifier: new Notifier([some, all], recorder().log), all, some }
}

const member = (instance: string, from: VrrpState, to: VrrpState, untold?: true): EngineEvent => ({
  type: 'stateChanged',
  instance,
  from,
  to,
  priority: 100,
  cause: { type: 'group' },
  skipped: 0,
  atMs: 1_234.5,
  ...(untold === undefined ? {} : { untold }),
})

const group = (name: string, from: VrrpState, to: VrrpState): EngineEvent => ({
  type: 'groupStateChanged',
  group: name,
  from,
  to,
  skipped: 0,
  atMs: 2_345.5,
})

const start = ['A', 'B'].map((name) => member(name, 'INIT', 'BACKUP'))

test('a group tells its states with priority 0, in the order of the events; at a stop after every instance', async (t) => {
  const { notifier, all, some } = setUp()
  const config = load(text('G', '', THREE))
  notifier.configure(config)
  for (const event of [group('G', 'INIT', 'BACKUP'), ...start, member('C', 'INIT', 'BACKUP')]) notifier.handle(event, false)
  notifier.retain(config)
  for (const event of [member('B', 'BACKUP', 'MASTER'), member('A', 'BACKUP', 'MASTER'), group('G', 'BACKUP', 'MASTER')]) {
    notifier.handle(event, false)
  }
  for (const event of [
    member('A', 'MASTER', 'STOP'),
    member('B', 'MASTER', 'STOP'),
    group('G', 'MASTER', 'STOP'),
    member('C', 'BACKUP', 'STOP'),
  ]) {
    notifier.handle(event, true)
  }
  await notifier.finish(1_000)
  t.deepEqual(all.lines, [
    'GROUP G BACKUP 0',
    'INSTANCE A BACKUP 100',
    'INSTANCE B BACKUP 100',
    'INSTANCE C BACKUP 100',
    'INSTANCE B MASTER 100',
    'INSTANCE A MASTER 100',
    'GROUP G MASTER 0',
    'INSTANCE A STOP 100',
    'INSTANCE B STOP 100',
    'INSTANCE C STOP 100',
    'GROUP G STOP 0',
  ])
  t.deepEqual(some.lines, all.lines)
  const told = all.told.find(({ kind, state }) => kind === 'GROUP' && state === 'MASTER')
  t.like(told, { from: 'BACKUP', generation: 7, atMs: 2_345.5 })
})

test('a member that is moved to the state that its group has is not told, and is known to be in it', (t) => {
  const { notifier, all } = setUp()
  const config = load(text('G', 'fifo_write_vrrp_states_on_reload'))
  notifier.configure(config)
  for (const event of [group('G', 'INIT', 'BACKUP'), ...start]) notifier.handle(event, false)
  notifier.handle(member('A', 'MASTER', 'FAULT', true), false)
  notifier.retain(config)
  t.deepEqual(all.lines, ['GROUP G BACKUP 0', 'INSTANCE A BACKUP 100', 'INSTANCE B BACKUP 100'])
  notifier.configure(config)
  notifier.retain(config)
  t.deepEqual(all.lines.slice(3), ['GROUP G BACKUP 0', 'INSTANCE A FAULT 100', 'INSTANCE B BACKUP 100'])
})

test('fifo_write_vrrp_states_on_reload writes groups first, Masters too, and none that the reload changed', (t) => {
  const { notifier, all, some } = setUp()
  const config = load(text('G', 'fifo_write_vrrp_states_on_reload', THREE))
  notifier.configure(config)
  for (const event of [group('G', 'INIT', 'BACKUP'), ...start, member('C', 'INIT', 'FAULT')]) notifier.handle(event, false)
  notifier.retain(config)
  for (const event of [member('A', 'BACKUP', 'MASTER'), member('B', 'BACKUP', 'MASTER'), group('G', 'BACKUP', 'MASTER')]) {
    notifier.handle(event, false)
  }
  const [length, told] = [all.lines.length, some.lines.length]
  notifier.configure(config)
  notifier.retain(config)
  t.deepEqual(all.lines.slice(length), ['GROUP G MASTER 0', 'INSTANCE C FAULT 100'])
  notifier.configure(config)
  for (const event of [member('A', 'MASTER', 'FAULT'), member('B', 'MASTER', 'FAULT'), group('G', 'MASTER', 'FAULT')]) {
    notifier.handle(event, false)
  }
  notifier.retain(config)
  t.deepEqual(all.lines.slice(length + 2), ['INSTANCE A FAULT 100', 'INSTANCE B FAULT 100', 'GROUP G FAULT 0', 'INSTANCE C FAULT 100'])
  t.deepEqual(some.lines.slice(told), ['INSTANCE A FAULT 100', 'INSTANCE B FAULT 100', 'GROUP G FAULT 0'])
})

test('a group that a reload removes, renames or makes of instances that go on has nothing to tell', async (t) => {
  for (const state of ['BACKUP', 'MASTER', 'FAULT'] as const) {
    const { notifier, all } = setUp()
    const [before, after] = [load(text('G')), load(text('H', 'fifo_write_vrrp_states_on_reload'))]
    notifier.configure(before)
    for (const event of [group('G', 'INIT', 'BACKUP'), ...start]) notifier.handle(event, false)
    if (state !== 'BACKUP') {
      for (const name of ['A', 'B']) notifier.handle(member(name, 'BACKUP', state), false)
      notifier.handle(group('G', 'BACKUP', state), false)
    }
    notifier.retain(before)
    const { length } = all.lines
    notifier.configure(after)
    notifier.handle(group('G', state, 'STOP'), false)
    notifier.handle(group('H', 'INIT', state), false)
    notifier.retain(after)
    t.deepEqual(all.lines.slice(length), state === 'MASTER' ? [] : [`INSTANCE A ${state} 100`, `INSTANCE B ${state} 100`], state)
    notifier.handle(group('H', state, 'STOP'), true)
    await notifier.finish(1_000)
    t.is(all.lines.at(-1), 'GROUP H STOP 0')
  }
})

test('a group of address owners that begin as Masters tells nothing of its start, as in keepalived', (t) => {
  const { notifier, all } = setUp()
  const config = load(text('G'))
  notifier.configure(config)
  for (const event of [group('G', 'INIT', 'MASTER'), member('A', 'INIT', 'MASTER'), member('B', 'INIT', 'MASTER')]) {
    notifier.handle(event, false)
  }
  notifier.retain(config)
  t.deepEqual(all.lines, ['INSTANCE A MASTER 100', 'INSTANCE B MASTER 100'])
  notifier.handle(group('G', 'MASTER', 'FAULT'), false)
  t.is(all.lines.at(-1), 'GROUP G FAULT 0')
})

test('changes of priority of all members are told where the group says so, but of one that says it does not', (t) => {
  const { notifier, all } = setUp()
  const reprioritised = (instance: string): EngineEvent => ({
    type: 'notice',
    instance,
    notice: { type: 'effectivePriorityChanged', from: 100, to: 90 },
    atMs: 1,
  })
  const members = instancesText({ A: [], B: ['notify_priority_changes off'], C: [] })
  notifier.configure(load(`vrrp_sync_group G {\n group {\n A\n B\n }\n notify_priority_changes\n}\n${members}`))
  for (const name of ['A', 'B', 'C']) notifier.handle(reprioritised(name), false)
  t.deepEqual(all.lines, ['INSTANCE A BACKUP_PRIORITY 90'])
})

test('a group that begins in FAULT says so behind its members', (t) => {
  const { notifier, all } = setUp()
  notifier.configure(load(text('G', '', THREE)))
  for (const event of [
    group('G', 'INIT', 'FAULT'),
    member('A', 'INIT', 'FAULT'),
    member('C', 'INIT', 'BACKUP'),
    member('B', 'INIT', 'FAULT'),
  ]) {
    notifier.handle(event, false)
  }
  t.deepEqual(all.lines, ['INSTANCE A FAULT 100', 'INSTANCE B FAULT 100', 'GROUP G FAULT 0', 'INSTANCE C BACKUP 100'])
  for (const event of [member('A', 'FAULT', 'BACKUP'), member('B', 'FAULT', 'BACKUP'), group('G', 'FAULT', 'BACKUP')]) {
    notifier.handle(event, false)
  }
  t.deepEqual(all.lines.slice(4), ['INSTANCE A BACKUP 100', 'INSTANCE B BACKUP 100', 'GROUP G BACKUP 0'])
})

test('a group of owners that nobody was told of is written at a reload that writes states', (t) => {
  const { notifier, all } = setUp()
  const config = load(text('G', 'fifo_write_vrrp_states_on_reload'))
  notifier.configure(config)
  for (const name of ['A', 'B']) notifier.handle(member(name, 'INIT', 'MASTER'), false)
  notifier.retain(config)
  notifier.configure(config)
  notifier.retain(config)
  t.deepEqual(all.lines, ['INSTANCE A MASTER 100', 'INSTANCE B MASTER 100', 'GROUP G MASTER 0'])
})

test('those that begin as Backups are told in the order of the configuration, groups first, whatever the order of the engine', async (t) => {
  const { notifier, all } = setUp()
  const both = `vrrp_sync_group G {\n group {\n B\n A\n }\n}\nvrrp_sync_group H {\n group {\n D\n }\n}\n${instancesText({ A: [], B: [], C: [], D: [] })}`
  const config = load(both)
  const begun = ['GROUP G BACKUP 0', 'GROUP H BACKUP 0', 'INSTANCE A BACKUP 100', 'INSTANCE B BACKUP 100', 'INSTANCE C BACKUP 100']
  notifier.configure(config)
  notifier.handle(member('C', 'INIT', 'BACKUP'), false)
  notifier.handle(group('H', 'INIT', 'BACKUP'), false)
  notifier.handle(group('G', 'INIT', 'BACKUP'), false)
  for (const name of ['B', 'A']) notifier.handle(member(name, 'INIT', 'BACKUP'), false)
  t.deepEqual(all.lines, [])
  notifier.handle(member('D', 'INIT', 'BACKUP'), false)
  t.deepEqual(all.lines, [...begun, 'INSTANCE D BACKUP 100'])

  // Of one that waits for a script the others do not wait long; and not at all once one of them goes on.
  for (const goesOn of [true, false]) {
    const other = setUp()
    other.notifier.configure(config)
    for (const event of [group('G', 'INIT', 'BACKUP'), member('A', 'INIT', 'BACKUP'), member('C', 'INIT', 'BACKUP')])
      other.notifier.handle(event, false)
    other.notifier.retain(config)
    if (goesOn) other.notifier.handle(member('C', 'BACKUP', 'MASTER'), false)
    await waitFor('the others are told', () => other.all.lines.length >= 3)
    const expected = ['GROUP G BACKUP 0', 'INSTANCE A BACKUP 100', 'INSTANCE C BACKUP 100']
    t.deepEqual(other.all.lines, goesOn ? [...expected, 'INSTANCE C MASTER 100'] : expected)
  }
})
