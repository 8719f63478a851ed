import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { Capture } from '../lab/capture.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { encodeAdvertisement } from '../lab/frames.ts'
import type { Host } from '../lab/host.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { decode } from '../lab/packet.ts'
import type { Frame } from '../lab/pcap.ts'
import { V2_IPV4_PASS, V3_IPV4, V3_IPV6 } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { kindsOf, PACKETS, rightAdvertisement, type Attack, type Kind } from './bad-kinds.ts'
import { Router } from './router.ts'
import { afterFrames, tallyOf, type Tally } from './tally.ts'

const MASTER = 200
const BACKUP = 100

/** So many intervals between two advertisements must each be seen with {@link PACKETS} bad packets in them. */
const CROWDED_INTERVALS = 5
/** In the time of one interval, so that most intervals have {@link PACKETS}. */
const STREAMED_PACKETS = 1.5 * PACKETS
/** After sending everything so often a stream ends by itself. It takes longer than what is done meanwhile. */
const STREAM_TIMES = 100
const US_PER_S = 1_000_000
/** What comes while tcpdump gets no processor for many seconds. */
const BUFFER_KIB = 32_768

for (const { name, address, router } of [V2_IPV4_PASS, V3_IPV4, V3_IPV6]) {
  const distanceUs = Math.round((router.advertInt * US_PER_S) / STREAMED_PACKETS)

  serialLabTest(
    `${name}: a Master counts ${PACKETS} bad packets of every kind and misses no advertisement`,
    inLab(['a', 'stranger'], async (t, lab) => {
      const a = lab.host('a')
      const instance = { ...router, priority: MASTER }
      const attack = { instance, target: a, stranger: lab.host('stranger') }
      const kinds = kindsOf(attack)
      const capture = await lab.capture('a', '', BUFFER_KIB)
      const master = await Router.start(a, keepalivedConf(instance))
      await master.waitForState('MASTER')
      const before = await tally(a, master)
      await expectBurstsCounted(lab, attack, kinds, master)

      const stream = await lab.stream('stranger', mixed(kinds), distanceUs, STREAM_TIMES)
      await waitFor(`${CROWDED_INTERVALS} intervals between advertisements have had ${PACKETS} bad packets each`, async () => {
        const crowds = packetsBetweenAdvertisements(await capture.frames(), a)
        return crowds.filter((crowd) => crowd >= PACKETS).length >= CROWDED_INTERVALS
      })
      t.is(stream.exit, undefined, 'the stream has gone on all the while')
      await stream.signal('SIGINT')
      await stream.exited

      await waitForTally('all that was captured is counted', a, master, async () => afterFrames(before, kinds, await capture.frames()))
      await expectNoneMissing(t, capture, master, a)
      const { state, statistics } = await master.status()
      t.deepEqual([state, statistics.becameMaster, statistics.releasedMaster], ['MASTER', 1, 0])
      // Over IPv6 the kernel counts packets with a wrong checksum among those it dropped.
      if (!name.includes('IPv6')) t.is((await master.snapshot()).engine.receiveOverruns, 0)

      // The same packet without a mistake is believed: what was refused was refused for its mistake.
      await lab.inject('stranger', [encodeAdvertisement(rightAdvertisement(attack))], 0)
      await waitFor('a right packet is accepted', async () => (await master.status()).statistics.releasedMaster === 1)
    }),
  )

  serialLabTest(
    `${name}: a Backup counts ${PACKETS} bad packets of every kind, stays Backup, and takes over amid a stream of them`,
    inLab(['a', 'b', 'stranger'], async (t, lab) => {
      const b = lab.host('b')
      // So long that a busy machine delays no Master for three of them.
      const patient = { ...router, advertInt: 1 }
      const instance = { ...patient, priority: BACKUP }
      const attack = { instance, target: b, stranger: lab.host('stranger') }
      const kinds = kindsOf(attack).filter((kind) => isBad(kind))
      const master = await startDaemon(lab, 'a', 'ka-native', keepalivedConf({ ...patient, priority: MASTER }))
      await lab.waitForHolders(address, 'a')
      const capture = await lab.capture('b', '', BUFFER_KIB)
      const backup = await Router.start(b, keepalivedConf(instance))
      await waitFor('the Backup hears the Master', async () => (await backup.status()).masterPriority === MASTER)
      await expectBurstsCounted(lab, attack, kinds, backup)
      const { state, statistics, masterPriority } = await backup.status()
      t.deepEqual([state, statistics.becameMaster, masterPriority], ['BACKUP', 0, MASTER])

      const stream = await lab.stream('stranger', mixed(kinds), distanceUs, STREAM_TIMES)
      const { mac } = lab.host('stranger')
      const streamed = (frames: readonly Frame[]): number => frames.filter((frame) => isFrom(mac, frame)).length
      const bursts = streamed(await capture.frames())
      await waitFor('the stream is heard', async () => streamed(await capture.frames()) > bursts + PACKETS)
      await master.kill()
      await waitFor(`${PACKETS} bad packets have followed the first advertisement of the former Backup`, async () => {
        const frames = await capture.frames()
        const first = frames.findIndex((frame) => isAdvertisementOf(b, frame))
        return first >= 0 && streamed(frames.slice(first)) >= PACKETS
      })
      t.is(stream.exit, undefined, 'the stream has gone on all the while')
      await stream.signal('SIGINT')
      await stream.exited
      await expectNoneMissing(t, capture, backup, b)
      t.is((await backup.status()).statistics.becameMaster, 1)
    }),
  )
}

/** A kind that must not have any effect. */
function isBad({ counters }: Kind): boolean {
  return !counters.includes('received')
}

/** The bad packets of all kinds, those of each far apart. */
function mixed(kinds: readonly Kind[]): Buffer[] {
  return Array.from({ length: PACKETS }, (_, index) =>
    kinds.filter((kind) => isBad(kind)).flatMap(({ frames }) => frames[index] ?? []),
  ).flat()
}

/** Sends a burst of each kind and waits until exactly the right counters have grown by exactly its packets. */
async function expectBurstsCounted(
  lab: Pick<Lab<'stranger'>, 'inject'>,
  { target }: Attack,
  kinds: readonly Kind[],
  router: Router,
): Promise<void> {
  const expected = await tally(target, router)
  for (const { name, counters, frames } of kinds) {
    await lab.inject('stranger', frames, 0)
    for (const counter of counters) expected[counter] += PACKETS
    await waitForTally(`${PACKETS} packets are counted: ${name}`, target, router, async () => expected)
  }
}

async function tally(host: Host, router: Router): Promise<Tally> {
  return tallyOf(host, await router.snapshot())
}

async function waitForTally(what: string, host: Host, router: Router, expected: () => Promise<Tally>): Promise<void> {
  const isReached = async (): Promise<boolean> => isDeepStrictEqual(await tally(host, router), await expected())
  await waitFor(what, isReached, { seen: async () => ({ seen: await tally(host, router), expected: await expected() }) })
}

/** How many other frames came between each two advertisements of a host. */
function packetsBetweenAdvertisements(frames: readonly Frame[], host: Host): number[] {
  const places = frames.flatMap((frame, index) => (isAdvertisementOf(host, frame) ? [index] : []))
  return places.slice(1).map((place, index) => place - (places[index] ?? 0) - 1)
}

function isAdvertisementOf({ mac }: Host, frame: Frame): boolean {
  return isFrom(mac, frame) && decode(frame)?.kind === 'advertisement'
}

function isFrom(mac: string, { bytes }: Frame): boolean {
  return bytes.subarray(6, 12).equals(Buffer.from(mac.replaceAll(':', ''), 'hex'))
}

/**
 * Waits until the capture, which runs longer than the router, shows as many of its advertisements as it has counted. Over IPv4 they
 * are numbered from 1 on, besides.
 */
async function expectNoneMissing(t: ExecutionContext, capture: Capture, router: Router, { mac }: Host): Promise<void> {
  const sent = await waitFor('every advertisement sent is captured', async () => {
    // In this order: those sent in between can only be missing from what was captured. What takes long comes last, or one would be sent
    // in between each time.
    const frames = await capture.frames()
    const { advertisementsSent } = (await router.status()).statistics
    const captured = frames.flatMap((frame) => {
      const packet = isFrom(mac, frame) ? decode(frame) : undefined
      return packet?.kind === 'advertisement' ? [packet] : []
    })
    return captured.length === advertisementsSent && captured
  })
  if (sent.every(({ id }) => id === undefined)) return
  t.deepEqual(
    sent.map(({ id }) => id),
    sent.map((_, index) => index + 1),
  )
}
