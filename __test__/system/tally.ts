import type { EngineSnapshot } from '#native'
import type { Host } from '../lab/host.ts'
import type { Frame } from '../lab/pcap.ts'
import type { Counter, Kind } from './bad-kinds.ts'

/** How often each counter has counted. */
export type Tally = Record<Counter, number>

const KERNEL_COUNTERS = [
  'IpInHdrErrors',
  'IpExtInCsumErrors',
  'IpExtInTruncatedPkts',
  'IpReasmReqds',
  'Ip6InHdrErrors',
  'Ip6InTruncatedPkts',
  'Ip6ReasmReqds',
] as const

/** The counters of a host's kernel and of the only virtual router on it, as they are now. */
export async function tallyOf(host: Host, { instances, engine }: EngineSnapshot): Promise<Tally> {
  const { kernel } = JSON.parse(await host.exec(['nstat', '--ignore', '--noupdate', '--zeros', '--json'])) as {
    kernel: Record<string, number>
  }
  const [instance] = instances
  if (instance === undefined) throw new Error('there is no instance')
  const { rejected, advertisementsReceived } = instance.statistics
  // A Backup also hears its Master, which is not what is counted here.
  const received = instance.state === 'MASTER' ? advertisementsReceived : 0
  const ofKernel = Object.fromEntries(KERNEL_COUNTERS.map((name) => [name, kernel[name] ?? Number.NaN]))
  return {
    ...rejected,
    ...(ofKernel as Record<(typeof KERNEL_COUNTERS)[number], number>),
    received,
    unknown: engine.packetsUnknown,
    raw6Drops: await raw6Drops(host),
  }
}

/** What a tally has to be after these frames have arrived, each of one of these kinds or none. */
export function afterFrames(before: Tally, kinds: readonly Kind[], frames: readonly Frame[]): Tally {
  const kindByBytes = new Map(kinds.flatMap((kind) => kind.frames.map((bytes) => [bytes.toString('hex'), kind] as const)))
  const after = { ...before }
  for (const { bytes } of frames) {
    for (const counter of kindByBytes.get(bytes.toString('hex'))?.counters ?? []) after[counter] += 1
  }
  return after
}

/** Packets that the raw IPv6 sockets of a host have dropped: the last column. */
async function raw6Drops(host: Host): Promise<number> {
  const [, ...sockets] = (await host.exec(['cat', '/proc/net/raw6'])).trim().split('\n')
  return sockets.reduce((total, line) => total + Number(line.trim().split(/\s+/).at(-1)), 0)
}
