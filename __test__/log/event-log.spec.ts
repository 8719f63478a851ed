import pino from 'pino'
import test from 'ava'
import type { EngineEvent } from '../../src/engine/events.ts'
import { EventLog } from '../../src/log/event-log.ts'
import { configOf } from '../dump/state.ts'

interface Line {
  readonly level: number
  readonly component: string
  readonly msg: string
  readonly leftOut?: number
}

function open(level = 'trace'): { log: EventLog; lines: Line[] } {
  const lines: Line[] = []
  const root = pino({ level }, { write: (line: string) => lines.push(JSON.parse(line) as Line) })
  return { log: new EventLog(root), lines }
}

const discarded = (instance: string, priority = 50): EngineEvent => ({
  type: 'notice',
  instance,
  notice: { type: 'lowerPriorityDiscarded', source: '192.0.2.1', priority },
  atMs: 1,
})

test('lines of one kind and instance are bounded, and how many were left out is said', (t) => {
  const { log, lines } = open()
  for (let count = 1; count <= 25; count += 1) log.tell(discarded('A', count))
  for (let count = 1; count <= 3; count += 1) log.tell(discarded('B'))
  t.is(lines.filter(({ msg }) => msg.startsWith('(A)')).length, 10)
  t.is(lines.filter(({ msg }) => msg.startsWith('(B)')).length, 3, 'another instance')
  log.tellLeftOut()
  const last = lines.at(-1)
  t.is(last?.msg, '(A) received lower priority (25) advert from 192.0.2.1 - discarding [and 14 more lines like this]')
  t.is(last?.leftOut, 15)
  const { length } = lines
  log.tellLeftOut()
  t.is(lines.length, length, 'once')
})

test('a reason to reject a packet is a kind of its own', (t) => {
  const { log, lines } = open()
  const rejected = (reason: 'checksum' | 'signatureMissing'): EngineEvent => ({
    type: 'notice',
    instance: 'A',
    notice: { type: 'advertisementRejected', source: '192.0.2.1', rejection: { reason } },
    atMs: 1,
  })
  for (let count = 0; count < 20; count += 1) log.tell(rejected('checksum'))
  log.tell(rejected('signatureMissing'))
  t.is(lines.length, 11)
})

test('advertisements for unknown virtual routers are of one kind on each interface', (t) => {
  const { log, lines } = open()
  for (let vrid = 1; vrid <= 50; vrid += 1) {
    for (const name of ['eth0', 'eth1']) log.tell({ type: 'unknownVrid', interface: name, vrid, source: '192.0.2.9', atMs: 1 })
  }
  t.is(lines.filter(({ msg }) => msg.includes('interface(eth0)')).length, 10)
  t.is(lines.length, 20)
})

test('addresses that a stop leaves where they are are not said to be removed', (t) => {
  const { log, lines } = open()
  const stop: EngineEvent = {
    type: 'stateChanged',
    instance: 'A',
    from: 'MASTER',
    to: 'STOP',
    cause: { type: 'stop' },
    priority: 1,
    skipped: 0,
    atMs: 1,
  }
  log.configure(configOf('vrrp_instance A {\n  interface eth0\n  virtual_router_id 7\n  virtual_ipaddress {\n    192.0.2.200\n  }\n}\n'))
  log.tell(stop)
  log.tell(stop, true)
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['(A) removing VIPs.', '(A) Stopped', '(A) Stopped'],
  )
})

test('changes of a state, of a link and of a priority are always told', (t) => {
  const { log, lines } = open()
  const changes: EngineEvent[] = [
    { type: 'stateChanged', instance: 'A', from: 'MASTER', to: 'BACKUP', cause: { type: 'stop' }, priority: 1, skipped: 0, atMs: 1 },
    { type: 'linkChanged', interface: 'eth0', up: false, atMs: 1 },
    { type: 'notice', instance: 'A', notice: { type: 'effectivePriorityChanged', from: 100, to: 90 }, atMs: 1 },
    { type: 'notice', instance: 'A', notice: { type: 'priorityZeroSent' }, atMs: 1 },
  ]
  for (let count = 0; count < 50; count += 1) for (const change of changes) log.tell(change)
  t.is(lines.length, 200)
  t.true(lines.every(({ component }) => component === 'vrrp'))
})

test('what nobody wants to see is not told as left out either', (t) => {
  const { log, lines } = open('info')
  const masterChanged: EngineEvent = { type: 'notice', instance: 'A', notice: { type: 'masterChanged', current: '192.0.2.1' }, atMs: 1 }
  for (let count = 0; count < 50; count += 1) log.tell(masterChanged)
  log.tellLeftOut()
  t.deepEqual(lines, [])
})

const GROUPED = `vrrp_sync_group G {
  group {
    A
    B
  }
}
${['A', 'B', 'C'].map((name, index) => `vrrp_instance ${name} {\n  interface eth${index}\n  virtual_router_id 1\n}\n`).join('')}`

type Change = Extract<EngineEvent, { type: 'stateChanged' }>

const changed = (instance: string, from: Change['from'], to: Change['to'], cause: Change['cause'] = { type: 'group' }): EngineEvent => ({
  type: 'stateChanged',
  instance,
  from,
  to,
  cause,
  priority: 100,
  skipped: 0,
  atMs: 1,
})

const ofGroup = (from: Change['from'], to: Change['to']): EngineEvent => ({
  type: 'groupStateChanged',
  group: 'G',
  from,
  to,
  skipped: 0,
  atMs: 1,
})

const FAULT = { type: 'fault', linkDown: true, noSource: false } as const

test('that the members of a group follow is said once, behind what is said of the first', (t) => {
  const { log, lines } = open('info')
  const config = configOf(GROUPED)
  log.configure(config)
  const start = { type: 'start' } as const
  const events = [
    ofGroup('INIT', 'BACKUP'),
    ...['A', 'B', 'C'].map((name) => changed(name, 'INIT', 'BACKUP', start)),
    changed('B', 'BACKUP', 'MASTER', { type: 'masterDownTimer' }),
    changed('A', 'BACKUP', 'MASTER'),
    ofGroup('BACKUP', 'MASTER'),
    changed('C', 'BACKUP', 'MASTER', { type: 'masterDownTimer' }),
    changed('B', 'MASTER', 'FAULT', FAULT),
    changed('A', 'MASTER', 'FAULT', { ...FAULT, linkDown: false, group: true }),
    ofGroup('MASTER', 'FAULT'),
    changed('B', 'FAULT', 'BACKUP', { type: 'faultsCleared' }),
    changed('A', 'FAULT', 'BACKUP'),
    ofGroup('FAULT', 'BACKUP'),
    ...['A', 'B'].map((name) => changed(name, 'BACKUP', 'STOP', { type: 'stop' })),
  ]
  for (const event of events) log.tell(event)
  t.deepEqual(
    lines.map(({ msg }) => msg),
    [
      ...['A', 'B', 'C'].map((name) => `(${name}) Entering BACKUP STATE (init)`),
      '(B) Entering MASTER STATE',
      'VRRP_Group(G) Syncing instances to MASTER state',
      '(A) Entering MASTER STATE',
      '(C) Entering MASTER STATE',
      '(B) Entering FAULT STATE',
      'VRRP_Group(G) Syncing instances to FAULT state',
      '(A) Entering FAULT STATE',
      '(B) Entering BACKUP STATE',
      'VRRP_Group(G) Syncing instances to BACKUP state',
      '(A) Entering BACKUP STATE',
      '(A) Stopped',
      '(B) Stopped',
    ],
  )
})

test('of a group that begins in FAULT the member at fault is named, and a group that is gone says nothing', (t) => {
  const { log, lines } = open('info')
  log.configure(configOf(GROUPED))
  log.tell(ofGroup('INIT', 'FAULT'))
  log.tell(changed('A', 'INIT', 'FAULT', { ...FAULT, linkDown: false, group: true }))
  log.tell(changed('B', 'INIT', 'FAULT', FAULT))
  const messages = (): string[] => lines.splice(0).map(({ msg }) => msg)
  t.deepEqual(messages(), [
    '(A) entering FAULT state',
    '(B): entering FAULT state (interface eth1 down)',
    'VRRP_Group(G): Syncing B to FAULT state',
    '(B) entering FAULT state',
  ])
  const alone = configOf(GROUPED.slice(GROUPED.indexOf('vrrp_instance')))
  log.configure(alone)
  log.retain(alone)
  log.tell(changed('B', 'FAULT', 'BACKUP', { type: 'faultsCleared' }))
  t.deepEqual(messages(), ['(B) Entering BACKUP STATE'])
})

test('a member that waits for a script and then is in FAULT is followed', (t) => {
  const { log, lines } = open('info')
  log.configure(configOf(GROUPED))
  log.tell(changed('B', 'INIT', 'FAULT', { ...FAULT, linkDown: false, trackers: 1 }))
  log.tell(changed('A', 'INIT', 'FAULT', { ...FAULT, linkDown: false, group: true }))
  log.tell(ofGroup('INIT', 'FAULT'))
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['(B) entering FAULT state', 'VRRP_Group(G) Syncing instances to FAULT state', '(A) entering FAULT state'],
  )
})

test('that members step down for a lost object of one is not said, and that they are Masters again is', (t) => {
  const { log, lines } = open('info')
  log.configure(configOf(GROUPED))
  log.tell(ofGroup('BACKUP', 'MASTER'))
  log.tell(changed('A', 'MASTER', 'BACKUP', { type: 'lostObject' }))
  log.tell(changed('B', 'MASTER', 'BACKUP'))
  log.tell(changed('B', 'BACKUP', 'MASTER', { type: 'masterDownTimer' }))
  log.tell(changed('A', 'BACKUP', 'MASTER'))
  t.deepEqual(
    lines.map(({ msg }) => msg),
    [
      '(A) Entering BACKUP STATE',
      '(B) Entering BACKUP STATE',
      '(B) Entering MASTER STATE',
      'VRRP_Group(G) Syncing instances to MASTER state',
      '(A) Entering MASTER STATE',
    ],
  )
})

test('members that wait for scripts at the start follow when these are known', (t) => {
  const { log, lines } = open('info')
  log.configure(configOf(GROUPED))
  log.tell(changed('B', 'INIT', 'BACKUP', { type: 'faultsCleared' }))
  log.tell(changed('A', 'INIT', 'BACKUP'))
  log.tell(ofGroup('INIT', 'BACKUP'))
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ['(B) Entering BACKUP STATE', 'VRRP_Group(G) Syncing instances to BACKUP state', '(A) Entering BACKUP STATE'],
  )
})
