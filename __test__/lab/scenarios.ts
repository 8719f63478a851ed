import type { ExecutionContext } from 'ava'
import { Capture } from './capture.ts'
import { keepalivedConf } from './conf.ts'
import { startDaemon, type Daemon, type Implementation } from './daemon.ts'
import type { Host } from './host.ts'
import { inLab } from './in-lab.ts'
import type { Lab } from './lab.ts'
import type { Advertisement } from './packet.ts'
import type { Protocol } from './protocols.ts'
import { waitFor } from './wait-for.ts'

/** Two routers and a client that uses their virtual address. */
type Router = 'a' | 'b'
type TwoRouters = Lab<Router | 'client'>

/** Which programs are the routers `a` and `b`. */
export interface Pairing {
  readonly a: Implementation
  readonly b: Implementation
}

/** More advertisements than a Backup waits for: hearing none of them for so long, it would have taken over. */
const PATIENCE = 6
/** Seconds between two advertisements at least: so long that a busy machine delays no Master for three of them. */
const LEAST_ADVERT_INT = 2

const HIGH = 200
const LOW = 100
const LOWEST = 50

type Scenario = (t: ExecutionContext) => Promise<void>

/** The life of a pair in which `a` has the higher priority: link cut, orderly stop, crash, and back each time. */
export function failover(pairing: Pairing, protocol: Protocol): Scenario {
  return inTwoRouters(protocol, async (t, lab, capture) => {
    const { address } = protocol
    const first = await start(lab, 'a', pairing.a, protocol, HIGH)
    await lab.waitForHolders(address, 'a')
    const b = await start(lab, 'b', pairing.b, protocol, LOW)
    await b.process.waitForLine(/BACKUP/)
    await lab.host('client').waitUntilReaches(address)
    await lab.waitForNeighbour('client', address, 'a')

    await hear(capture, lab.host('a'))
    t.deepEqual(by(lab.host('b'), await capture.advertisements()), [], 'a Backup that hears its Master says nothing')

    await lab.unplug('a')
    await lab.waitForNeighbour('client', address, 'b')
    await lab.waitForHolders(address, 'b')
    await lab.host('client').waitUntilReaches(address)
    await lab.plug('a')
    await lab.waitForNeighbour('client', address, 'a')
    await lab.waitForHolders(address, 'a')

    t.deepEqual(await first.terminate(), { code: 0, signal: null })
    await lab.waitForNeighbour('client', address, 'b')
    await lab.waitForHolders(address, 'b')
    await hear(capture, lab.host('b'), 1) // and so all that came before
    const resigned = by(lab.host('a'), await capture.advertisements()).at(-1)
    t.is(resigned?.priority, 0, 'the last word of a router that stops is priority 0')

    const second = await start(lab, 'a', pairing.a, protocol, HIGH)
    await lab.waitForNeighbour('client', address, 'a')
    await lab.waitForHolders(address, 'a')

    await second.kill()
    await lab.waitForNeighbour('client', address, 'b')
    await lab.host('client').waitUntilReaches(address)
    t.deepEqual(await lab.holders(address), ['a', 'b'], 'nobody could take the address from the host of the dead Master')
    await start(lab, 'a', pairing.a, protocol, LOWEST)
    await lab.waitForHolders(address, 'b')

    t.deepEqual(await b.terminate(), { code: 0, signal: null })
    await lab.waitForHolders(address, 'a')
    await lab.waitForNeighbour('client', address, 'a')
  })
}

/** Two routers of one priority: who comes second waits; of two Masters the one with the higher address wins. */
export function equalPriorities(pairing: Pairing, protocol: Protocol): Scenario {
  return inTwoRouters(protocol, async (t, lab, capture) => {
    const { address } = protocol
    await start(lab, 'a', pairing.a, protocol, LOW)
    await lab.waitForHolders(address, 'a')
    const b = await start(lab, 'b', pairing.b, protocol, LOW)
    await b.process.waitForLine(/BACKUP/)
    await hear(capture, lab.host('a'))
    t.deepEqual(by(lab.host('b'), await capture.advertisements()), [], 'an equal does not displace a Master')
    await lab.host('client').waitUntilReaches(address)

    await lab.partition(['a'], ['b', 'client'])
    await lab.waitForHolders(address, 'a', 'b')
    await lab.heal()
    await lab.waitForHolders(address, 'b')
    await lab.waitForNeighbour('client', address, 'b')
    t.deepEqual(by(lab.host('a'), await hear(capture, lab.host('b'))), [], 'the loser stays quiet')
    t.deepEqual(await lab.holders(address), ['b'])
  })
}

/** A segment that falls apart has a Master in each part; joined again it has one, and the client talks to that one. */
export function partition(pairing: Pairing, protocol: Protocol): Scenario {
  return inTwoRouters(protocol, async (t, lab, capture) => {
    const { address } = protocol
    await start(lab, 'a', pairing.a, protocol, HIGH)
    await lab.waitForHolders(address, 'a')
    await start(lab, 'b', pairing.b, protocol, LOW)
    await lab.host('client').doubtNeighboursQuickly()
    await lab.host('client').waitUntilReaches(address)

    await lab.partition(['a'], ['b', 'client'])
    await lab.waitForHolders(address, 'a', 'b')
    // An announcement makes no entry: where the client has given up a's, its own traffic finds b.
    await waitUntilTalksTo(lab, 'b', address)
    await lab.heal()
    await lab.waitForHolders(address, 'a')
    // Only a Master that hears the other one announces itself anew. Where it was heard first, and the other fell silent, it is the
    // client's own traffic that finds it.
    await waitUntilTalksTo(lab, 'a', address)
    await lab.host('client').waitUntilReaches(address)

    t.deepEqual(by(lab.host('b'), await hear(capture, lab.host('a'))), [], 'the Backup stays quiet')
    t.deepEqual(await lab.holders(address), ['a'])
  })
}

/** Waits, sending all the while, until what the client sends to an address goes to this router. */
async function waitUntilTalksTo(lab: TwoRouters, router: Router, address: string): Promise<void> {
  await waitFor(`the client talks to ${router}`, async () => {
    await lab.host('client').reaches(address)
    return (await lab.host('client').neighbour(address))?.mac === lab.host(router).mac
  })
}

function inTwoRouters(protocol: Protocol, body: (t: ExecutionContext, lab: TwoRouters, capture: Capture) => Promise<void>): Scenario {
  return inLab(['a', 'b', 'client'], async (t, lab) => {
    const capture = await lab.capture('client', 'ip proto 112 or ip proto 51 or ip6 proto 112')
    await body(t, lab, capture)
    const advertisements = await capture.advertisements()
    const { vrid, version, addresses } = protocol.router
    const strangers = advertisements.filter(
      (seen) => seen.vrid !== vrid || seen.version !== version || seen.ttl !== 255 || seen.count !== addresses.length,
    )
    t.deepEqual(strangers, [], 'every advertisement is of this virtual router')
  })
}

async function start(lab: TwoRouters, host: Router, implementation: Implementation, protocol: Protocol, priority: number): Promise<Daemon> {
  const { router } = protocol
  return startDaemon(
    lab,
    host,
    implementation,
    keepalivedConf({ ...router, priority, advertInt: Math.max(router.advertInt, LEAST_ADVERT_INT) }),
  )
}

/** Waits until a Master was heard so often that a Backup deaf to it would have acted, or as often as is said; all that was sent since then. */
async function hear(capture: Capture, host: Host, count = PATIENCE): Promise<Advertisement[]> {
  const sinceUs = Capture.nowUs()
  return await capture.waitFor(`${count} more advertisements of ${host.name}`, (packets) => {
    const later = packets.filter((packet): packet is Advertisement => packet.kind === 'advertisement' && packet.timeUs > sinceUs)
    return by(host, later).length >= count && later
  })
}

function by(host: Host, advertisements: readonly Advertisement[]): Advertisement[] {
  return advertisements.filter(({ source }) => source === host.ipv4 || source === host.linkLocal)
}
