/** The log's sentences: keepalived's own where operators search for them. The tables have every kind, which the types see to. */
import type { Cause, EventKind, Notice, Rejection } from '#native'
import test from 'ava'
import type { VrrpState } from '../../src/engine/events.ts'
import { sentences, type Described } from '../../src/engine/sentences.ts'

type Of<Kind, Tag extends string, Value> = Extract<Kind, { readonly [P in Tag]: Value }>
type NoticeTable = { readonly [T in Notice['type']]: readonly (readonly [Of<Notice, 'type', T>, string])[] }
type RejectionTable = { readonly [R in Rejection['reason']]: readonly (readonly [Of<Rejection, 'reason', R>, string])[] }
type CauseTable = { readonly [C in Cause['type']]: readonly (readonly [Of<Cause, 'type', C>, readonly string[]])[] }
type EventTable = {
  readonly [E in Exclude<EventKind['type'], 'notice' | 'stateChanged' | 'addressLost'>]: readonly (readonly [
    Of<EventKind, 'type', E>,
    string,
  ])[]
}

/** What an event says, with the level of each line. */
const said = (event: EventKind, described?: Described): string[] =>
  sentences(event, described ?? ROUTER).map(({ level, text }) => `${level} ${text}`)

const ROUTER: Described = {
  interface: 'eth0',
  family: 4,
  version: 3,
  virtualRouterId: 19,
  virtualIpaddress: [],
  virtualIpaddressExcluded: [],
}

const SOURCE = '192.0.2.1'

const NOTICES: NoticeTable = {
  masterChanged: [
    [{ type: 'masterChanged', current: SOURCE }, 'debug master set to 192.0.2.1'],
    [{ type: 'masterChanged', previous: '192.0.2.2', current: SOURCE }, 'debug master changed from 192.0.2.2 to 192.0.2.1'],
  ],
  advertisementRejected: [
    [{ type: 'advertisementRejected', source: SOURCE, rejection: { reason: 'checksum' } }, 'warn Invalid VRRPv3 checksum from 192.0.2.1'],
  ],
  intervalMismatch: [
    [
      { type: 'intervalMismatch', source: SOURCE, oursUs: 1_000_000, receivedUs: 10_000 },
      "info advertisement interval mismatch ours = 100 centi-sec rcv'd=1 centi-sec",
    ],
  ],
  addressCountMismatch: [
    [{ type: 'addressCountMismatch', source: SOURCE, expected: 2, received: 1 }, 'warn expected 2 VIPs but received 1'],
  ],
  addressMissing: [
    [
      { type: 'addressMissing', source: SOURCE, address: '192.0.2.200' },
      'warn ip address associated with VRID 19 not present in advert from 192.0.2.1: 192.0.2.200',
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
    [{ type: 'priorityZeroReceived', source: SOURCE, state: 'BACKUP' }, 'debug Backup received priority 0 advertisement'],
  ],
  priorityZeroSent: [[{ type: 'priorityZeroSent' }, 'debug sent 0 priority']],
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
    [{ type: 'ownAddressReceived', source: SOURCE }, 'warn WARNING - equal priority advert received from remote host with our IP address.'],
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
  checksum: [[{ reason: 'checksum' }, 'Invalid VRRPv3 checksum from 192.0.2.1']],
  destination: [
    [{ reason: 'destination', destination: '192.0.2.9' }, 'advertisement from 192.0.2.1 was sent to 192.0.2.9, not to the group'],
  ],
  ownerIgnoresAdvertisements: [[{ reason: 'ownerIgnoresAdvertisements' }, 'Dropping packet(s) from 192.0.2.1 since we are address owner']],
}

const CAUSES: CauseTable = {
  start: [[{ type: 'start' }, []]],
  addressOwner: [[{ type: 'addressOwner' }, []]],
  masterDownTimer: [[{ type: 'masterDownTimer' }, ['debug (VI_1) Receive advertisement timeout']]],
  higherPriorityAdvertisement: [[{ type: 'higherPriorityAdvertisement' }, []]],
  timerExpired: [[{ type: 'timerExpired', lateMs: 1_234 }, ['warn (VI_1) VRRP thread timer expired 1.234000 seconds ago']]],
  fault: [
    // The line about the link is in front of it.
    [{ type: 'fault', linkDown: true, noSource: false }, []],
    [{ type: 'fault', linkDown: false, noSource: true }, ['info (VI_1) entering FAULT state (no IPv4 address for interface)']],
    [{ type: 'fault', linkDown: true, noSource: true }, ['info (VI_1) entering FAULT state (no IPv4 address for interface)']],
    [{ type: 'fault', linkDown: false, noSource: false, trackers: 2 }, []],
  ],
  faultsCleared: [[{ type: 'faultsCleared' }, []]],
  stop: [[{ type: 'stop' }, []]],
}

const EVENTS: EventTable = {
  signal: [[{ type: 'signal', signal: 1 }, 'trace signal 1 received']],
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
  sendFailed: [
    [
      { type: 'sendFailed', instance: 'VI_1', errno: 90, message: 'Message too long' },
      'error (VI_1): send advert error 90 (Message too long)',
    ],
  ],
  trackerStale: [[{ type: 'trackerStale', tracker: 's1' }, 'warn VRRP_Script(s1) has had no result for too long and counts as failed']],
  trackerFresh: [[{ type: 'trackerFresh', tracker: 's1' }, 'info VRRP_Script(s1) has results again']],
  addressChanged: [
    [
      { type: 'addressChanged', interface: 'eth0', address: '192.0.2.7', added: true },
      'info Netlink reflector reports IP 192.0.2.7 added to eth0',
    ],
    [
      { type: 'addressChanged', interface: 'eth0', address: '2001:db8::7', added: false },
      'info Netlink reflector reports IP 2001:db8::7 removed from eth0',
    ],
  ],
  raised: [
    [{ type: 'raised', priority: 3, lateMs: 1_250 }, 'warn the engine was 1.250000 seconds late and raised its real-time priority to 3'],
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

test('an instance that starts with a fault says so as keepalived does', (t) => {
  const change = { type: 'stateChanged', instance: 'VI_1', from: 'INIT', to: 'FAULT', priority: 100, skipped: 0 } as const
  t.deepEqual(said({ ...change, cause: { type: 'fault', linkDown: true, noSource: true } }, { ...ROUTER, family: 6 }), [
    'info (VI_1): entering FAULT state (interface eth0 down)',
    'info (VI_1) entering FAULT state (no IPv6 address for interface)',
    'info (VI_1) entering FAULT state',
  ])
})

test('the version of a checksum is that of the instance', (t) => {
  const notice = { type: 'advertisementRejected', source: SOURCE, rejection: { reason: 'checksum' } } as const
  t.deepEqual(said({ type: 'notice', instance: 'VI_1', notice }, { ...ROUTER, version: 2 }), [
    'warn (VI_1) Invalid VRRPv2 checksum from 192.0.2.1',
  ])
})

test('of an instance that is not known any more the sentences say what they can', (t) => {
  const unknown = (event: EventKind): string[] => sentences(event).map(({ text }) => text)
  const rejection = { type: 'advertisementRejected', source: SOURCE, rejection: { reason: 'checksum' } } as const
  t.deepEqual(unknown({ type: 'notice', instance: 'VI_1', notice: rejection }), ['(VI_1) Invalid VRRP checksum from 192.0.2.1'])
  const fault = { type: 'fault', linkDown: true, noSource: true } as const
  t.deepEqual(unknown({ type: 'stateChanged', instance: 'VI_1', from: 'BACKUP', to: 'FAULT', cause: fault, priority: 100, skipped: 0 }), [
    '(VI_1) entering FAULT state (no address for interface)',
    '(VI_1) Entering FAULT STATE',
  ])
  t.deepEqual(unknown({ type: 'stateChanged', instance: 'VI_1', from: 'INIT', to: 'FAULT', cause: fault, priority: 100, skipped: 0 }), [
    '(VI_1): entering FAULT state (interface down)',
    '(VI_1) entering FAULT state (no address for interface)',
    '(VI_1) entering FAULT state',
  ])
})

test('an address that somebody else removed: the sentence of keepalived, and what we do about it', (t) => {
  t.deepEqual(said({ type: 'addressLost', instance: 'VI_1', interface: 'eth0', address: '192.0.2.200' }), [
    'debug Netlink reflector reports IP 192.0.2.200 removed from eth0',
    'warn (VI_1) 192.0.2.200 was removed from eth0 by somebody else; adding it again',
  ])
})

test('with details, what becomes of the addresses is told where keepalived tells it', (t) => {
  const virtual = (address: string, dev: string): Described['virtualIpaddress'][number] =>
    ({ address, dev }) as Described['virtualIpaddress'][number]
  const holding = (from: VrrpState, to: VrrpState, cause: Cause, described: Partial<Described>): string[] =>
    said({ type: 'stateChanged', instance: 'VI_1', priority: 100, skipped: 0, from, to, cause }, { ...ROUTER, ...described })
  const vips = { virtualIpaddress: [virtual('192.0.2.200/24', 'eth0')] }
  const both = { ...vips, virtualIpaddressExcluded: [virtual('2001:db8::1', 'eth1')] }
  t.deepEqual(holding('BACKUP', 'MASTER', { type: 'masterDownTimer' }, both), [
    'debug (VI_1) Receive advertisement timeout',
    'info (VI_1) Entering MASTER STATE',
    'debug (VI_1) setting VIPs.',
    'debug (VI_1) setting E-VIPs.',
    'debug (VI_1) Sending/queueing gratuitous ARPs on eth0 for 192.0.2.200',
    'debug (VI_1) Sending/queueing Unsolicited Neighbour Adverts on eth1 for 2001:db8::1',
  ])
  t.deepEqual(holding('MASTER', 'BACKUP', { type: 'higherPriorityAdvertisement' }, both), [
    'info (VI_1) Entering BACKUP STATE',
    'debug (VI_1) removing VIPs.',
    'debug (VI_1) removing E-VIPs.',
  ])
  t.deepEqual(holding('INIT', 'BACKUP', { type: 'start' }, vips), [
    'debug (VI_1) removing VIPs.',
    'info (VI_1) Entering BACKUP STATE (init)',
  ])
  t.deepEqual(holding('INIT', 'FAULT', { type: 'fault', linkDown: true, noSource: false }, vips), [
    'info (VI_1): entering FAULT state (interface eth0 down)',
    'info (VI_1) entering FAULT state',
    'debug (VI_1) removing VIPs.',
  ])
  t.deepEqual(holding('FAULT', 'BACKUP', { type: 'faultsCleared' }, vips), ['info (VI_1) Entering BACKUP STATE'])
  t.deepEqual(holding('MASTER', 'STOP', { type: 'stop' }, vips), ['debug (VI_1) removing VIPs.', 'info (VI_1) Stopped'])
  t.deepEqual(holding('BACKUP', 'STOP', { type: 'stop' }, vips), ['info (VI_1) Stopped'])
  const master = { type: 'stateChanged', instance: 'VI_1', priority: 100, skipped: 0, from: 'FAULT', to: 'MASTER' } as const
  const undetailed = sentences({ ...master, cause: { type: 'addressOwner' } }, { ...ROUTER, ...both }, false)
  t.deepEqual(undetailed, [{ level: 'info', text: '(VI_1) Entering MASTER STATE' }], 'nothing is made that nobody reads')
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
