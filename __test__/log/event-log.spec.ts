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
  for (let count = 1; count <= 25; count += 1) log.tell(discarded('A', count), undefined)
  for (let count = 1; count <= 3; count += 1) log.tell(discarded('B'), undefined)
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
  const rejected = (reason: 'checksum' | 'authenticationFailed'): EngineEvent => ({
    type: 'notice',
    instance: 'A',
    notice: { type: 'advertisementRejected', source: '192.0.2.1', rejection: { reason } },
    atMs: 1,
  })
  for (let count = 0; count < 20; count += 1) log.tell(rejected('checksum'), undefined)
  log.tell(rejected('authenticationFailed'), undefined)
  t.is(lines.length, 11)
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
  const [described] = configOf(
    'vrrp_instance A {\n  interface eth0\n  virtual_router_id 7\n  virtual_ipaddress {\n    192.0.2.200\n  }\n}\n',
  ).vrrpInstances
  log.tell(stop, described)
  log.tell(stop, described, true)
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
  for (let count = 0; count < 50; count += 1) for (const change of changes) log.tell(change, undefined)
  t.is(lines.length, 200)
  t.true(lines.every(({ component }) => component === 'vrrp'))
})

test('what nobody wants to see is not told as left out either', (t) => {
  const { log, lines } = open('info')
  const masterChanged: EngineEvent = { type: 'notice', instance: 'A', notice: { type: 'masterChanged', current: '192.0.2.1' }, atMs: 1 }
  for (let count = 0; count < 50; count += 1) log.tell(masterChanged, undefined)
  log.tellLeftOut()
  t.deepEqual(lines, [])
})
