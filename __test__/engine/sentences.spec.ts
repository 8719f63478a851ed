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
  virtualRoutes: [],
  virtualRules: [],
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
  clockSkew: [
    [
      { type: 'clockSkew', source: SOURCE, skewS: 4 },
      'warn the clock of 192.0.2.1 is 4 seconds ahead of ours: its advertisements may become stale',
    ],
    [
      { type: 'clockSkew', source: SOURCE, skewS: -7 },
      'warn the clock of 192.0.2.1 is 7 seconds behind ours: its advertisements may become stale',
    ],
  ],
  checksumFollowed: [
    [
      { type: 'checksumFollowed', source: SOURCE, from: 'pseudo-header', to: 'old-unicast' },
      'warn Setting unicast VRRPv3 checksum to old version, as 192.0.2.1 has it',
    ],
    [
      { type: 'checksumFollowed', source: SOURCE, from: 'old-unicast', to: 'no-pseudo-header' },
      'warn Setting VRRPv3 checksum to one without a pseudo-header, as 192.0.2.1 has it; until now of the old unicast form',
    ],
    [
      { type: 'checksumFollowed', source: SOURCE, from: 'no-pseudo-header', to: 'pseudo-header' },
      'warn Setting VRRPv3 checksum to one with the pseudo-header, as 192.0.2.1 has it; until now without a pseudo-header',
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
  rivalMaster: [
    ['lowerPriority', 'its priority 90 is lower than ours, 100'],
    ['lowerAddress', 'its priority 90 is ours, and its address lower'],
    ['higherPriority', 'its priority 90 is higher than ours, 100'],
    ['higherAddress', 'its priority 90 is ours, and its address higher'],
    ['addressOwner', 'it says that it owns the addresses, as this router does'],
    ['ownAddress', 'it has our address and our priority'],
    ['resigned', 'it has just resigned'],
  ].map(([reason, text]) => [
    { type: 'rivalMaster', source: SOURCE, priority: 90, ours: 100, reason } as Of<Notice, 'type', 'rivalMaster'>,
    `warn 192.0.2.1 is Master too: ${text}`,
  ]),
  rivalGone: [
    [{ type: 'rivalGone', source: SOURCE, rounds: 5 }, 'info 192.0.2.1 is Master no more; announcing the addresses again'],
    [{ type: 'rivalGone', source: SOURCE, rounds: 0 }, 'info 192.0.2.1 is Master no more'],
  ],
  effectivePriorityChanged: [[{ type: 'effectivePriorityChanged', from: 100, to: 90 }, 'info Changing effective priority from 100 to 90']],
  preemptDelayStarted: [[{ type: 'preemptDelayStarted', delayUs: 2_500_000 }, 'info start preempt delay (2.500000)']],
  preemptDelayStopped: [[{ type: 'preemptDelayStopped' }, 'info stop preempt delay']],
}

const REJECTIONS: RejectionTable = {
  authenticationHeader: [
    [{ reason: 'authenticationHeader', present: true }, 'advertisement from 192.0.2.1 has an authentication header'],
    [{ reason: 'authenticationHeader', present: false }, 'advertisement from 192.0.2.1 has no authentication header'],
  ],
  signatureMissing: [[{ reason: 'signatureMissing' }, 'missing authentication trailer from 192.0.2.1']],
  unknownPeer: [[{ reason: 'unknownPeer' }, 'advertisement from 192.0.2.1, which is not a unicast peer']],
  signatureMalformed: [[{ reason: 'signatureMalformed' }, 'malformed authentication trailer from 192.0.2.1']],
  signatureStale: [
    [{ reason: 'signatureStale', skewS: 9, windowS: 5 }, 'stale authentication trailer from 192.0.2.1: 9 seconds ahead, 5 are allowed'],
    [{ reason: 'signatureStale', skewS: -9, windowS: 5 }, 'stale authentication trailer from 192.0.2.1: 9 seconds behind, 5 are allowed'],
  ],
  signatureKeyUnknown: [[{ reason: 'signatureKeyUnknown', id: 3 }, 'unknown authentication key id 3 from 192.0.2.1']],
  signatureInvalid: [[{ reason: 'signatureInvalid', id: 3 }, 'invalid authentication HMAC from 192.0.2.1']],
  signatureReplayed: [[{ reason: 'signatureReplayed' }, 'replayed authentication trailer from 192.0.2.1']],
  peerTtl: [
    [{ reason: 'peerTtl', received: 3, min: 10, max: 20 }, 'invalid TTL/HL from unicast peer 192.0.2.1. Received 3 and expect 10 to 20'],
  ],
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
  authenticationFailed: [
    [{ reason: 'authenticationFailed', what: 'password' }, 'received an invalid passwd from 192.0.2.1!'],
    [
      { reason: 'authenticationFailed', what: 'integrityCheckValue' },
      'invalid authentication header from 192.0.2.1: it is of another password, or of another packet',
    ],
    [
      { reason: 'authenticationFailed', what: 'securityParametersIndex' },
      'invalid authentication header from 192.0.2.1: its index is not the source address',
    ],
    [{ reason: 'authenticationFailed', what: 'sequenceNumber' }, 'replayed authentication header from 192.0.2.1'],
  ],
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
    [
      { reason: 'destination', destination: '224.0.0.18' },
      'advertisement from 192.0.2.1 was sent to 224.0.0.18, a group, not to this host',
    ],
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
    [
      { type: 'fault', linkDown: false, noSource: false, objects: true },
      ['warn (VI_1) entering FAULT state (others keep removing its addresses, routes or rules)'],
    ],
    [
      { type: 'fault', linkDown: false, noSource: true, unusableSource: { address: 'fe80::1', flaw: 'tentative' } },
      ['info (VI_1) entering FAULT state (no IPv4 address for interface: address fe80::1 is tentative)'],
    ],
    [
      { type: 'fault', linkDown: false, noSource: true, unusableSource: { address: 'fe80::1', flaw: 'duplicate' } },
      ['info (VI_1) entering FAULT state (no IPv4 address for interface: address fe80::1 is a duplicate: another host has it)'],
    ],
  ],
  faultsCleared: [[{ type: 'faultsCleared' }, []]],
  lostObject: [[{ type: 'lostObject' }, []]],
  group: [[{ type: 'group' }, []]],
  stop: [[{ type: 'stop' }, []]],
}

const EVENTS: EventTable = {
  groupStateChanged: [
    [{ type: 'groupStateChanged', group: 'G1', from: 'BACKUP', to: 'MASTER', skipped: 0 }, 'trace VRRP_Group(G1) is in MASTER state'],
  ],
  unknownVrid: [
    [{ type: 'unknownVrid', interface: 'eth0', vrid: 9, source: SOURCE }, 'info Unknown VRID(9) received on interface(eth0). ignoring...'],
  ],
  addressDuplicate: [
    [
      { type: 'addressDuplicate', instance: 'VI_1', interface: 'eth0', address: '2001:db8::1' },
      'error (VI_1) 2001:db8::1 on eth0 is a duplicate: another host has it (IPv6 duplicate address detection)',
    ],
    [
      { type: 'addressDuplicate', instance: '', interface: 'eth0', address: 'fe80::1' },
      'error fe80::1 on eth0 is a duplicate: another host has it (IPv6 duplicate address detection)',
    ],
  ],
  signal: [[{ type: 'signal', signal: 1 }, 'trace signal 1 received']],
  linkChanged: [
    [{ type: 'linkChanged', interface: 'eth0', up: true }, 'info Netlink reports eth0 up'],
    [{ type: 'linkChanged', interface: 'eth0', up: false }, 'info Netlink reports eth0 down'],
    [{ type: 'linkChanged', interface: 'eth0' }, 'info Interface eth0 deleted'],
    [{ type: 'linkChanged', interface: 'eth0', up: false, appeared: true }, 'info Interface eth0 added'],
    [{ type: 'linkChanged', interface: 'eth0', renamedTo: 'eth9' }, 'info Interface name has changed from eth0 to eth9'],
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
  trackerChanged: [
    [{ type: 'trackerChanged', tracker: 'p1', kind: 'process', state: 'up', initial: false }, 'info Quorum gained for tracked process p1'],
    [{ type: 'trackerChanged', tracker: 'p1', kind: 'process', state: 'down', initial: false }, 'info Quorum lost for tracked process p1'],
    [
      { type: 'trackerChanged', tracker: 'f1', kind: 'file', state: 'number', number: -5, initial: false },
      'debug tracked file f1 now holds -5',
    ],
  ],
  trackerProblem: [
    [{ type: 'trackerProblem', tracker: 'f1', kind: 'file', message: 'it is a FIFO' }, 'warn it is a FIFO'],
    [{ type: 'trackerProblem', tracker: '', kind: 'process', message: 'none are told of' }, 'warn none are told of'],
  ],
  objectLost: [
    [
      { type: 'objectLost', instance: '', kind: 'address', object: '192.0.2.7/24 dev eth0' },
      'warn Restoring deleted static address 192.0.2.7/24 dev eth0',
    ],
    [
      { type: 'objectLost', instance: 'VI_1', kind: 'rule', object: '500: from all lookup 100' },
      'warn (VI_1) rule 500: from all lookup 100 was removed by somebody else; adding it again',
    ],
  ],
  objectRefused: [
    [
      { type: 'objectRefused', instance: 'VI_1', kind: 'route', object: 'default', operation: 'add', errno: 101, message: 'unreachable' },
      'error (VI_1) the kernel refused to add route default: unreachable; retrying',
    ],
    [
      { type: 'objectRefused', instance: '', kind: 'rule', object: '1: from all nop', operation: 'remove', errno: 1, message: 'no' },
      'error the kernel refused to remove rule 1: from all nop: no; retrying',
    ],
  ],
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
  const routed = {
    ...vips,
    virtualRoutes: [{}] as unknown as Described['virtualRoutes'],
    virtualRules: [{}] as unknown as Described['virtualRules'],
  }
  t.deepEqual(holding('BACKUP', 'MASTER', { type: 'masterDownTimer' }, routed), [
    'debug (VI_1) Receive advertisement timeout',
    'info (VI_1) Entering MASTER STATE',
    'debug (VI_1) setting VIPs.',
    'debug (VI_1) setting Virtual Routes',
    'debug (VI_1) setting Virtual Rules',
    'debug (VI_1) Sending/queueing gratuitous ARPs on eth0 for 192.0.2.200',
  ])
  t.deepEqual(holding('MASTER', 'BACKUP', { type: 'higherPriorityAdvertisement' }, routed), [
    'info (VI_1) Entering BACKUP STATE',
    'debug (VI_1) removing Virtual Rules',
    'debug (VI_1) removing Virtual Routes',
    'debug (VI_1) removing VIPs.',
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
