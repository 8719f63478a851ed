import test from 'ava'
import { sentences, type Described } from '../../src/engine/sentences.ts'

const PEER = { address: '192.0.2.2', minTtl: 0, maxTtl: 255 }
const UNICAST: Described = {
  interface: undefined,
  family: 4,
  version: 3,
  virtualRouterId: 19,
  virtualIpaddress: [],
  virtualIpaddressExcluded: [],
  virtualRoutes: [],
  virtualRules: [],
  unicastPeer: [PEER],
  unicastSrcIp: '192.0.2.1',
}

const CHANGE = { type: 'stateChanged', instance: 'U', priority: 100, skipped: 0 } as const
const NO_FAULT = { type: 'fault', linkDown: false, noSource: false } as const

const said = (event: Parameters<typeof sentences>[0], described?: Described): string[] =>
  sentences(event, described).map(({ level, text }) => `${level} ${text}`)

test('a source address that is not there has its own sentence', (t) => {
  const lost = { ...CHANGE, from: 'MASTER', to: 'FAULT', cause: { ...NO_FAULT, sourceLost: true } } as const
  const [first] = said(lost, UNICAST)
  t.is(first, 'info (U) entering FAULT state (source address 192.0.2.1 is not on this host)')
  t.is(said(lost)[0], 'info (U) entering FAULT state (source address is not on this host)')
})

test('an instance that lacks peers says so as keepalived does', (t) => {
  const lonely = { ...CHANGE, from: 'INIT', to: 'FAULT', cause: { ...NO_FAULT, noPeers: true } } as const
  t.deepEqual(said(lonely, { ...UNICAST, unicastPeer: [] }), [
    'info (U) Cannot use unicast without any peers - going to fault state',
    'info (U) entering FAULT state',
  ])
})

test('an instance with peers that is back announces its source address', (t) => {
  const back = { ...CHANGE, from: 'FAULT', to: 'BACKUP', cause: { type: 'faultsCleared' } } as const
  const announced = 'debug U: sending gratuitous ARP for 192.0.2.1'
  t.is(said(back, UNICAST).at(-1), announced)
  t.is(said(back, { ...UNICAST, family: 6, unicastSrcIp: '2001:db8::1' }).at(-1), 'debug U: sending gratuitous NA for 2001:db8::1')
  t.false(said(back, { ...UNICAST, unicastPeer: [] }).includes(announced), 'only for peers')
  t.false(said({ ...back, from: 'INIT' }, UNICAST).includes(announced), 'not at the start')
})
