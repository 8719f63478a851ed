/** When and in which order addresses are announced, beside the real keepalived. */
import type { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Implementation } from '../lab/daemon.ts'
import { encodeAdvertisement } from '../lab/frames.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const GROUP = '224.0.0.18'
const GROUP_MAC = '01:00:5e:00:00:12'
const US_PER_S = 1_000_000

/** Seconds between announcements that do not come together: half of those between blocks, of which a busy machine takes or adds some. */
const APART_S = 3

const GARP = ['garp_master_delay 6', 'garp_master_repeat 3', 'garp_master_refresh 12', 'garp_master_refresh_repeat 2']
const LOWER = ['garp_lower_prio_repeat 2', 'garp_lower_prio_delay 6']
const excluding = (address: string): string[] => ['virtual_ipaddress_excluded {', address, '}']

const ROUTER: InstanceConf = {
  vrid: 51,
  priority: 100,
  version: 3,
  advertInt: 0.2,
  addresses: ['192.0.2.200/32', '192.0.2.201/32'],
  extra: [...GARP, ...excluding('192.0.2.210/32')],
}
const ROUTER6: InstanceConf = {
  ...ROUTER,
  addresses: ['fe80::c8/64', '2001:db8::c8/64'],
  extra: [...GARP, ...excluding('2001:db8::d2/64')],
}
const LOWER_ROUTER: InstanceConf = { ...ROUTER, extra: ['garp_master_delay 0', 'garp_master_repeat 1', ...LOWER] }

interface Announcement {
  readonly address: string
  readonly timeUs: number
}

/** What was announced, oldest first. */
async function announced(capture: Capture): Promise<Announcement[]> {
  return (await capture.packets()).flatMap((packet): Announcement[] => {
    const { timeUs } = packet
    if (packet.kind === 'arp' && packet.senderAddress === packet.targetAddress) return [{ address: packet.senderAddress, timeUs }]
    return packet.kind === 'neighbor-advertisement' && packet.override ? [{ address: packet.target, timeUs }] : []
  })
}

async function waitForCount(capture: Capture, count: number): Promise<Announcement[]> {
  const seen = async (): Promise<number> => (await announced(capture)).length
  await waitFor(`${count} announcements`, async () => (await seen()) >= count, { seen })
  return (await announced(capture)).slice(0, count)
}

/** Announcements that come together, without the time between. */
function blocks(announcements: readonly Announcement[]): string[][] {
  const found: string[][] = []
  let before = 0
  for (const { address, timeUs } of announcements) {
    if (timeUs - before > APART_S * US_PER_S) found.push([])
    found.at(-1)?.push(address)
    before = timeUs
  }
  return found
}

const rounds = (count: number, addresses: readonly string[]): string[] => Array.from({ length: count }, () => addresses).flat()

for (const [family, router, addresses] of [
  ['ARPs', ROUTER, ['192.0.2.200', '192.0.2.201', '192.0.2.210']],
  ['neighbor advertisements', ROUTER6, ['fe80::c8', '2001:db8::c8', '2001:db8::d2']],
] as const) {
  labTest(
    `gratuitous ${family}: both blocks and the refreshes, as many and in the same order`,
    inLab(['a'], async (t, lab) => {
      const seen: string[][][] = []
      for (const implementation of ['keepalived', 'ka-native'] as const satisfies Implementation[]) {
        const capture = await lab.capture('a', 'arp or icmp6')
        const daemon = await startDaemon(lab, 'a', implementation, keepalivedConf(router))
        const wanted = (3 + 3 + 2 + 2) * addresses.length
        seen.push(blocks(await waitForCount(capture, wanted)))
        await daemon.terminate()
        await capture.stop()
      }
      const [theirs, ours] = seen
      t.deepEqual(ours, theirs)
      t.deepEqual(ours, [rounds(3, addresses), rounds(3, addresses), rounds(2, addresses), rounds(2, addresses)])
    }),
  )
}

/** An advertisement of a host that there is not, for the virtual router of {@link LOWER_ROUTER}. */
const RIVAL = encodeAdvertisement({
  sourceMac: '02:00:00:00:00:63',
  destinationMac: GROUP_MAC,
  source: '192.0.2.99',
  destination: GROUP,
  ttl: 255,
  version: 3,
  type: 1,
  vrid: 51,
  priority: 50,
  addresses: ['192.0.2.200', '192.0.2.201'],
  middle: 20,
  trailer: Buffer.alloc(0),
  checksumError: 0,
})

labTest(
  'a Master of lower priority is answered with as many announcements, now and after the delay, and no more',
  inLab(['a', 'b'], async (t, lab) => {
    const addresses = ['192.0.2.200', '192.0.2.201']
    for (const implementation of ['keepalived', 'ka-native'] as const satisfies Implementation[]) {
      const capture = await lab.capture('a', 'arp')
      const daemon = await startDaemon(lab, 'a', implementation, keepalivedConf(LOWER_ROUTER))
      await waitForCount(capture, addresses.length)
      await lab.host('a').exec(['sleep', String(APART_S + 0.2)])
      await lab.inject('b', [RIVAL], 0)
      await waitForCount(capture, 5 * addresses.length)
      // Longer than a rival is waited for: what makes up for it has been announced.
      await lab.host('a').exec(['sleep', '2'])
      const expected = [rounds(1, addresses), rounds(2, addresses), rounds(2, addresses)]
      t.deepEqual(blocks(await announced(capture)), expected, implementation)
      await daemon.terminate()
      await capture.stop()
    }
  }),
)

labTest(
  'with a limit announcements of one interface keep their distance, and each address gets all of its rounds',
  inLab(['a'], async (t, lab) => {
    const conf = `global_defs {\n  vrrp_garp_interval 1\n}\n${keepalivedConf({ ...ROUTER, extra: ['garp_master_delay 0', 'garp_master_repeat 3'] })}`
    const counts: Record<string, readonly string[]> = {}
    for (const implementation of ['keepalived', 'ka-native'] as const satisfies Implementation[]) {
      const capture = await lab.capture('a', 'arp')
      const daemon = await startDaemon(lab, 'a', implementation, conf)
      // 2.2.7 forgets rounds of what is queued already; 2.4.3 does not.
      await waitForCount(capture, implementation === 'keepalived' ? 3 : 6)
      await lab.host('a').exec(['sleep', '3'])
      const all = await announced(capture)
      counts[implementation] = all.map(({ address }) => address)
      const gaps = all.slice(1).map(({ timeUs }, index) => timeUs - (all[index]?.timeUs ?? 0))
      // On a busy machine a timely step may follow a late one.
      const median = gaps.toSorted((one, other) => one - other)[Math.floor(gaps.length / 2)] ?? 0
      t.true(median > US_PER_S / 2, `${implementation}: ${gaps.join()}`)
      await daemon.terminate()
      await capture.stop()
    }
    t.deepEqual(counts['ka-native'], rounds(3, ['192.0.2.200', '192.0.2.201']))
    t.deepEqual(new Set(counts['keepalived']), new Set(counts['ka-native']))
  }),
)
