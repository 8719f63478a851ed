/** Virtual routers whose advertisements go to peers: with and without an interface, who is believed, and the source address. */
import { isIPv6 } from 'node:net'
import type { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { encodeAdvertisement, type AdvertisementFrame } from '../lab/frames.ts'
import type { Host } from '../lab/host.ts'
import { fewAtOnce } from '../lab/few-at-once.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Advertisement } from '../lab/packet.ts'
import { V2_IPV4, V3_IPV4, V3_IPV6, type Protocol } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Router } from './router.ts'

const HIGH = 200
const MIDDLE = 150
const LOW = 100

/** Version 2 over IPv6 is keepalived's own. */
const V2_IPV6: Protocol = { ...V3_IPV6, name: 'v2 IPv6', router: { ...V3_IPV6.router, version: 2, advertInt: 1, vrid: 62 } }

interface Unicast {
  readonly priority: number
  readonly peers: readonly Host[]
  /** What follows the address of each peer. */
  readonly limits?: string
  readonly withoutInterface?: boolean
  readonly extra?: readonly string[]
}

function ipOf({ ipv4, ipv6 }: Host, { address }: Protocol): string {
  return isIPv6(address) ? ipv6 : ipv4
}

function conf(self: Host, protocol: Protocol, { priority, peers, limits = '', withoutInterface, extra = [] }: Unicast): string {
  const addresses = protocol.router.addresses.map((address) => (withoutInterface === true ? `${address} dev eth0` : address))
  const listed = peers.map((peer) => `  ${ipOf(peer, protocol)} ${limits}`)
  const lines = [`unicast_src_ip ${ipOf(self, protocol)}`, 'unicast_peer {', ...listed, '}', ...extra]
  const instance: InstanceConf = { ...protocol.router, addresses, priority, extra: lines }
  const text = keepalivedConf(instance)
  return withoutInterface === true ? text.replace('  interface eth0\n', '') : text
}

/** A virtual router for the end of a configuration. */
function besides(instance: InstanceConf): string {
  const text = keepalivedConf(instance)
  return text.slice(text.indexOf('vrrp_instance'))
}

for (const protocol of [V2_IPV4, V3_IPV4, V2_IPV6, V3_IPV6]) {
  for (const withoutInterface of [false, true]) {
    const { address } = protocol
    labTest(
      `${protocol.name}, ${withoutInterface ? 'without' : 'with'} an interface: three routers, of which the best one left is Master`,
      fewAtOnce(
        inLab(['a', 'b', 'c'], async (t, lab) => {
          const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')]
          const capture = await lab.capture('c')
          const start = async (self: Host, priority: number, peers: readonly Host[]): Promise<Router> =>
            Router.start(self, conf(self, protocol, { priority, peers, withoutInterface }))
          const third = await start(c, LOW, [a, b])
          await lab.waitForHolders(address, 'c')
          const second = await start(b, MIDDLE, [a, c])
          await lab.waitForHolders(address, 'b')
          const first = await start(a, HIGH, [b, c])
          await lab.waitForHolders(address, 'a')

          const told = await capture.waitFor('an advertisement of a to c', (packets) =>
            packets.find((packet): packet is Advertisement => packet.kind === 'advertisement' && packet.source === ipOf(a, protocol)),
          )
          t.is(told.destination, ipOf(c, protocol), 'nothing goes to the group')
          t.is(told.ttl, isIPv6(address) ? 64 : 255)

          await first.stop()
          await lab.waitForHolders(address, 'b')
          await second.signal('SIGKILL')
          await waitFor('c has the address too, as nobody takes it from a dead router', async () =>
            (await lab.holders(address)).includes('c'),
          )
          const { statistics } = await third.status()
          t.deepEqual(
            Object.entries(statistics.rejected).filter(([, count]) => count > 0),
            [],
          )
          t.true(statistics.advertisementsReceived > 0)
          await third.stop()
        }),
      ),
    )
  }
}

for (const protocol of [V3_IPV4, V3_IPV6]) {
  labTest(
    `${protocol.name}: of all who send only peers are believed, within their limits`,
    fewAtOnce(
      inLab(['a', 'b', 'stranger'], async (t, lab) => {
        const [a, b, stranger] = [lab.host('a'), lab.host('b'), lab.host('stranger')]
        const text = conf(a, protocol, { priority: MIDDLE, peers: [b], limits: 'min_ttl 254 max_ttl 255' })
        // The other one joins the group on this interface.
        const other = isIPv6(protocol.address) ? 'fe80::c9/64' : '192.0.2.201/24'
        const router = await Router.start(a, text + besides({ ...protocol.router, vrid: 99, addresses: [other], priority: LOW }))
        await router.waitForState('MASTER')
        const better = (from: Host, change: Partial<AdvertisementFrame> = {}): Buffer =>
          encodeAdvertisement({ ...advertisement(protocol, from, a), ...change })

        await lab.inject('stranger', [better(stranger)], 0)
        await waitForRejected(router, 'unknownPeer', 1)
        await lab.inject('b', [better(b, { ttl: 253 })], 0)
        await waitForRejected(router, 'peerTtl', 1)
        t.is((await router.status()).state, 'MASTER')

        // What is not sent to its address is not its own, whoever sends it.
        const unknown = async (): Promise<number> => (await router.snapshot()).engine.packetsUnknown
        const before = await unknown()
        await lab.inject('b', [better(b, toGroup(protocol))], 0)
        await waitFor('the packet to the group is nobody’s', async () => (await unknown()) === before + 1, { seen: unknown })
        t.is((await router.status()).state, 'MASTER')

        await lab.inject('b', [better(b, { ttl: 254 })], 0)
        await waitFor('a has given way once', async () => (await router.status()).statistics.releasedMaster === 1)
        await router.stop()
      }),
    ),
  )
}

labTest(
  'a source address that is tracked: without it the router is faulty, with it again Backup',
  inLab(['a', 'b'], async (t, lab) => {
    const [a, b] = [lab.host('a'), lab.host('b')]
    const source = '192.0.2.77'
    const text = conf(a, V3_IPV4, { priority: HIGH, peers: [b], withoutInterface: true, extra: ['track_src_ip'] })
    const router = await Router.start(a, text.replace(`unicast_src_ip ${a.ipv4}`, `unicast_src_ip ${source}`))
    await router.waitForState('FAULT')
    const since = await router.waitUntilTold('FAULT')
    const capture: Capture = await lab.capture('b', 'arp')
    await a.exec(['ip', 'address', 'add', `${source}/32`, 'dev', 'eth0'])
    await router.waitForState('MASTER')
    await capture.waitFor('the announcement of the source address, once', (packets) =>
      packets.some((packet) => packet.kind === 'arp' && packet.senderAddress === source && packet.targetAddress === source),
    )
    await lab.waitForHolders(V3_IPV4.address, 'a')
    await a.exec(['ip', 'address', 'delete', `${source}/32`, 'dev', 'eth0'])
    await router.waitForState('FAULT')
    await lab.waitForHolders(V3_IPV4.address)
    await router.waitForStates(since, 'BACKUP', 'MASTER', 'FAULT')
    t.pass()
    await router.stop()
  }),
)

labTest(
  'an instance that shall have peers and has none is faulty for good; another one beside it is not concerned',
  inLab(['a'], async (t, lab) => {
    const lonely = keepalivedConf({ ...V3_IPV4.router, name: 'lonely', priority: HIGH, extra: ['unicast_fault_no_peer'] })
    const other = besides({ ...V3_IPV6.router, name: 'other', priority: HIGH })
    const router = await Router.start(lab.host('a'), lonely + other)
    await lab.waitForHolders(V3_IPV6.address, 'a')
    const { instances } = await router.snapshot()
    t.deepEqual(
      instances.map(({ name, state }) => [name, state]),
      [
        ['lonely', 'FAULT'],
        ['other', 'MASTER'],
      ],
    )
    await router.stop()
  }),
)

labTest(
  'a carrier that is lost is noticed beside an instance without an interface',
  inLab(['a', 'b'], async (t, lab) => {
    const [a, b] = [lab.host('a'), lab.host('b')]
    const without = conf(a, V3_IPV4, { priority: HIGH, peers: [b], withoutInterface: true })
    const router = await Router.start(a, without + besides({ ...V3_IPV6.router, name: 'other', priority: HIGH }))
    const states = async (): Promise<string> => (await router.snapshot()).instances.map(({ state }) => state).join()
    const become = async (wanted: string): Promise<void> => {
      await waitFor(`they are ${wanted}`, async () => (await states()) === wanted, { seen: states })
    }
    await become('MASTER,MASTER')
    await lab.unplug('a')
    // The first has no interface, but its address is on this one.
    await become('FAULT,FAULT')
    await lab.plug('a')
    await become('MASTER,MASTER')
    t.is((await router.snapshot()).instances[0]?.interface, undefined)
    await router.stop()
  }),
)

type Rejected = Awaited<ReturnType<Router['status']>>['statistics']['rejected']

async function waitForRejected(router: Router, reason: keyof Rejected, count: number): Promise<void> {
  const seen = async (): Promise<Rejected> => (await router.status()).statistics.rejected
  await waitFor(`${count} ${reason}`, async () => (await seen())[reason] === count, { seen })
}

/** An advertisement with a priority that displaces any Master of these tests, from one host to another. */
function advertisement({ router, address }: Protocol, from: Host, to: Host): AdvertisementFrame {
  const ipv6 = isIPv6(address)
  return {
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: ipv6 ? from.ipv6 : from.ipv4,
    destination: ipv6 ? to.ipv6 : to.ipv4,
    ttl: 255,
    version: router.version,
    type: 1,
    vrid: router.vrid,
    priority: 250,
    addresses: router.addresses.map((text) => text.replace(/\/.*/, '')),
    middle: Math.round(router.advertInt * 100),
    trailer: Buffer.alloc(0),
    checksumError: 0,
  }
}

function toGroup({ address }: Protocol): Partial<AdvertisementFrame> {
  return isIPv6(address)
    ? { destination: 'ff02::12', destinationMac: '33:33:00:00:00:12' }
    : { destination: '224.0.0.18', destinationMac: '01:00:5e:00:00:12' }
}
