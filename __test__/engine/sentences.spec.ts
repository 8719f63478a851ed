/** The log's sentences: keepalived's own where operators search for them. The tables have every kind, which the types see to. */
import type { Cause, EventKind, Notice, Rejection } from '#native'
import test from 'ava'
import { sentences } from '../../src/engine/sentences.ts'

type Of<Kind, Tag extends string, Value> = Extract<Kind, { readonly [P in Tag]: Value }>
type NoticeTable = { readonly [T in Notice['type']]: readonly (readonly [Of<Notice, 'type', T>, string])[] }
type RejectionTable = { readonly [R in Rejection['reason']]: readonly (readonly [Of<Rejection, 'reason', R>, string])[] }
type CauseTable = { readonly [C in Cause['type']]: readonly (readonly [Of<Cause, 'type', C>, readonly string[]])[] }
type EventTable = {
  readonly [E in Exclude<EventKind['type'], 'notice' | 'stateChanged'>]: readonly (readonly [Of<EventKind, 'type', E>, string])[]
}

/** What an event says, with the level of each line. */
const said = (event: EventKind): string[] => sentences(event).map(({ level, text }) => `${level} ${text}`)

const SOURCE = '192.0.2.1'

const NOTICES: NoticeTable = {
  masterChanged: [
    [{ type: 'masterChanged', current: SOURCE }, 'info master set to 192.0.2.1'],
    [{ type: 'masterChanged', previous: '192.0.2.2', current: SOURCE }, 'info master changed from 192.0.2.2 to 192.0.2.1'],
  ],
  advertisementRejected: [
    [{ type: 'advertisementRejected', source: SOURCE, rejection: { reason: 'checksum' } }, 'warn Invalid VRRP checksum from 192.0.2.1'],
  ],
  intervalMismatch: [
    [
      { type: 'intervalMismatch', source: SOURCE, oursUs: 1_000_000, receivedUs: 10_000 },
      "info advertisement interval mismatch ours = 100 centi-sec rcv'd=1 centi-sec",
    ],
  ],
  addressCountMismatch: [
    [{ type: 'addressCountMismatch', source: SOURCE, expected: 2, received: 1 }, 'warn expected 2 VIPs but received 1 from 192.0.2.1'],
  ],
  addressMissing: [
    [
      { type: 'addressMissing', source: SOURCE, address: '192.0.2.200' },
      'warn ip address associated with VRID not present in advert from 192.0.2.1: 192.0.2.200',
    ],
  ],
  intervalLearned: [
    [
      { type: 'intervalLearned', previousUs: 1_000_000, currentUs: 10_000 },
      'info advertisement interval updated from 1000ms to 10ms by master',
    ],
  ],
  intervalReset: [
    [
      { type: 'intervalReset', previousUs: 10_000, currentUs: 1_000_000 },
      'info changing advert interval from 10ms to locally configured 1000ms',
    ],
  ],
  priorityZeroReceived: [
    [{ type: 'priorityZeroReceived', source: SOURCE, state: 'MASTER' }, 'info Master received priority 0 message'],
    [{ type: 'priorityZeroReceived', source: SOURCE, state: 'BACKUP' }, 'info Backup received priority 0 advertisement'],
  ],
  priorityZeroSent: [[{ type: 'priorityZeroSent' }, 'info sent 0 priority']],
  lowerPriorityDiscarded: [
    [
      { type: 'lowerPriorityDiscarded', source: SOURCE, priority: 50 },
      'info received lower priority (50) advert from 192.0.2.1 - discarding',
    ],
  ],
  lowerPriorityAdvertisement: [
    [
      { type: 'lowerPriorityAdvertisement', source: SOURCE, priority: 50, ours: 100, answered: true },
      'info Received advert from 192.0.2.1 with lower priority 50, ours 100, forcing new election',
    ],
    [
      { type: 'lowerPriorityAdvertisement', source: SOURCE, priority: 50, ours: 100, answered: false },
      'info Received advert from 192.0.2.1 with lower priority 50, ours 100',
    ],
  ],
  higherPriorityAdvertisement: [
    [
      { type: 'higherPriorityAdvertisement', source: SOURCE, priority: 150, ours: 100 },
      'info Master received advert from 192.0.2.1 with higher priority 150, ours 100',
    ],
    [
      { type: 'higherPriorityAdvertisement', source: SOURCE, priority: 100, ours: 100 },
      'info Master received advert from 192.0.2.1 with same priority 100 but higher IP address than ours',
    ],
  ],
  ownAddressReceived: [
    [
      { type: 'ownAddressReceived', source: SOURCE },
      'warn WARNING - equal priority advert received from remote host with our IP address (192.0.2.1).',
    ],
  ],
  ownerConflict: [[{ type: 'ownerConflict', source: SOURCE }, 'error CONFIGURATION ERROR: 192.0.2.1 claims to be the address owner too']],
  effectivePriorityChanged: [[{ type: 'effectivePriorityChanged', from: 100, to: 90 }, 'info Changing effective priority from 100 to 90']],
  preemptDelayStarted: [[{ type: 'preemptDelayStarted', delayUs: 2_500_000 }, 'info start preempt delay (2.500000)']],
  preemptDelayStopped: [[{ type: 'preemptDelayStopped' }, 'info stop preempt delay']],
}

const REJECTIONS: RejectionTable = {
  length: [
    [{ reason: 'length', received: 24, expected: 20 }, 'vrrp packet from 192.0.2.1 too long, length 24 and expect 20'],
    [{ reason: 'length', received: 16, expected: 20 }, 'vrrp packet from 192.0.2.1 too short, length 16 and expect 20'],
  ],
  ttl: [[{ reason: 'ttl', received: 64 }, 'invalid TTL/HL from 192.0.2.1. Received 64 and expect 255']],
  version: [[{ reason: 'version', received: 3, expected: 2 }, 'wrong VRRP version from 192.0.2.1. Received 3 and expect 2']],
  authenticationTypeUnknown: [[{ reason: 'authenticationTypeUnknown', received: 9 }, 'Invalid auth type from 192.0.2.1: 9']],
  authenticationTypeMismatch: [
    [{ reason: 'authenticationTypeMismatch', received: 0, expected: 1 }, 'received a 0 auth from 192.0.2.1, expecting 1!'],
  ],
  authenticationFailed: [[{ reason: 'authenticationFailed' }, 'received an invalid passwd from 192.0.2.1!']],
  advertisementInterval: [
    [
      { reason: 'advertisementInterval', receivedUs: 1_000_000, expectedUs: 2_000_000 },
      "advertisement interval mismatch with 192.0.2.1 mine=2 sec rcv'd=1 sec",
    ],
  ],
  packetType: [[{ reason: 'packetType', received: 2 }, 'Invalid packet type from 192.0.2.1. 2 and expect 1']],
  totalLength: [[{ reason: 'totalLength', stated: 60, received: 40 }, 'IP header of packet from 192.0.2.1 says length 60, received 40']],
  checksum: [[{ reason: 'checksum' }, 'Invalid VRRP checksum from 192.0.2.1']],
  destination: [
    [{ reason: 'destination', destination: '192.0.2.9' }, 'advertisement from 192.0.2.1 was sent to 192.0.2.9, not to the group'],
  ],
  ownerIgnoresAdvertisements: [[{ reason: 'ownerIgnoresAdvertisements' }, 'Dropping packet(s) from 192.0.2.1 since we are address owner']],
}

const CAUSES: CauseTable = {
  start: [[{ type: 'start' }, []]],
  addressOwner: [[{ type: 'addressOwner' }, []]],
  masterDownTimer: [[{ type: 'masterDownTimer' }, ['info (VI_1) Receive advertisement timeout']]],
  higherPriorityAdvertisement: [[{ type: 'higherPriorityAdvertisement' }, []]],
  timerExpired: [[{ type: 'timerExpired', lateMs: 1_234 }, ['warn (VI_1) VRRP thread timer expired 1.234000 seconds ago']]],
  fault: [
    [{ type: 'fault', linkDown: true, noSource: false }, ['info (VI_1) entering FAULT state (interface down)']],
    [{ type: 'fault', linkDown: false, noSource: true }, ['info (VI_1) entering FAULT state (no address for interface)']],
    [
      { type: 'fault', linkDown: true, noSource: true },
      ['info (VI_1) entering FAULT state (interface down)', 'info (VI_1) entering FAULT state (no address for interface)'],
    ],
  ],
  faultsCleared: [[{ type: 'faultsCleared' }, []]],
  stop: [[{ type: 'stop' }, []]],
}

const EVENTS: EventTable = {
  signal: [[{ type: 'signal', signal: 1 }, 'debug signal 1 received']],
  linkChanged: [
    [{ type: 'linkChanged', interface: 'eth0', up: true }, 'info Netlink reports eth0 up'],
    [{ type: 'linkChanged', interface: 'eth0', up: false }, 'info Netlink reports eth0 down'],
    [{ type: 'linkChanged', interface: 'eth0' }, 'info Interface eth0 deleted'],
  ],
  addressRefused: [
    [
      {
        type: 'addressRefused',
        instance: 'VI_1',
        interface: 'eth0',
        address: '2001:db8::c8',
        operation: 'add',
        errno: 13,
        message: 'Permission denied',
      },
      'error (VI_1) the kernel refused to add 2001:db8::c8 on eth0: Permission denied; retrying',
    ],
    [
      {
        type: 'addressRefused',
        instance: '',
        interface: 'eth0',
        address: '192.0.2.200',
        operation: 'remove',
        errno: 1,
        message: 'Operation not permitted',
      },
      'error the kernel refused to remove 192.0.2.200 on eth0: Operation not permitted; retrying',
    ],
  ],
  addressLost: [
    [
      { type: 'addressLost', instance: 'VI_1', interface: 'eth0', address: '192.0.2.200' },
      'warn (VI_1) 192.0.2.200 was removed from eth0 by somebody else; adding it again',
    ],
  ],
  sendFailed: [
    [
      { type: 'sendFailed', instance: 'VI_1', errno: 90, message: 'Message too long' },
      'error (VI_1) send advert error 90 (Message too long)',
    ],
  ],
  demoted: [[{ type: 'demoted' }, 'warn the engine ran too long without a pause and gave up real-time scheduling']],
  dropped: [[{ type: 'dropped', count: 12 }, 'warn 12 events were not told, because nobody took them']],
}

test('notices name their instance', (t) => {
  for (const [notice, text] of Object.values(NOTICES).flat()) {
    t.deepEqual(said({ type: 'notice', instance: 'VI_1', notice }), [text.replace(' ', ' (VI_1) ')])
  }
})

test('rejections say what was seen and what was expected', (t) => {
  for (const [rejection, text] of Object.values(REJECTIONS).flat()) {
    const notice = { type: 'advertisementRejected', source: SOURCE, rejection } as const
    t.deepEqual(said({ type: 'notice', instance: 'VI_1', notice }), [`warn (VI_1) ${text}`])
  }
})

test('other events', (t) => {
  for (const [event, text] of Object.values(EVENTS).flat()) t.deepEqual(said(event), [text])
})

test('a change of state says why, then the new state', (t) => {
  const change = { type: 'stateChanged', instance: 'VI_1', priority: 100, skipped: 0 } as const
  for (const [cause, reasons] of Object.values(CAUSES).flat()) {
    t.deepEqual(said({ ...change, from: 'BACKUP', to: 'FAULT', cause }), [...reasons, 'info (VI_1) Entering FAULT STATE'])
  }
  t.deepEqual(said({ ...change, from: 'INIT', to: 'BACKUP', cause: { type: 'start' } }), ['info (VI_1) Entering BACKUP STATE (init)'])
  t.deepEqual(said({ ...change, from: 'MASTER', to: 'STOP', cause: { type: 'stop' } }), ['info (VI_1) Stopped'])
  t.deepEqual(said({ ...change, from: 'INIT', to: 'MASTER', cause: { type: 'masterDownTimer' } }), ['info (VI_1) Entering MASTER STATE'])
})

test('merged changes say that they are', (t) => {
  const event = {
    type: 'stateChanged',
    instance: 'VI_1',
    from: 'MASTER',
    to: 'BACKUP',
    cause: { type: 'faultsCleared' },
    priority: 100,
    skipped: 7,
  } as const
  t.deepEqual(said(event), ['warn (VI_1) 7 changes of state since MASTER were not told one by one', 'info (VI_1) Entering BACKUP STATE'])
})
