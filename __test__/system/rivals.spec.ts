/** Another Master on the wire: told, counted, and made up for once it is silent. */
import { keepalivedConf } from '../lab/conf.ts'
import { encodeAdvertisement } from '../lab/frames.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { V3_IPV4 } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Router } from './router.ts'

const { router, address } = V3_IPV4
const RIVAL = '192.0.2.99'
/** Of one address when it is taken: `garp_master_repeat`. */
const ANNOUNCEMENTS = 5

/** An advertisement of a host that there is not. */
function advertisement(priority: number): Buffer {
  return encodeAdvertisement({
    sourceMac: '02:00:00:00:00:63',
    destinationMac: '01:00:5e:00:00:12',
    source: RIVAL,
    destination: '224.0.0.18',
    ttl: 255,
    version: 3,
    type: 1,
    vrid: router.vrid,
    priority,
    addresses: [address],
    // Centiseconds. It is gone when it is silent for three of them: longer than a busy machine takes from one to the next.
    middle: 300,
    trailer: Buffer.alloc(0),
    checksumError: 0,
  })
}

labTest(
  'a Master that resigns unheard until then, and one that does not stop, are told once and announced against when they are silent',
  inLab(['a', 'b'], async (t, lab) => {
    const conf = keepalivedConf({ ...router, priority: 100, extra: ['garp_master_delay 0', 'garp_lower_prio_repeat 0'] })
    const capture = await lab.capture('b', 'arp')
    const daemon = await Router.start(lab.host('a'), conf)
    await daemon.waitForState('MASTER')
    await lab.waitForHolders(address, 'a')
    const announced = async (): Promise<number> => {
      return (await capture.packets()).filter((packet) => packet.kind === 'arp' && packet.senderAddress === address).length
    }
    // That of the new Master is over.
    await waitFor('the address is announced', async () => (await announced()) === ANNOUNCEMENTS, { seen: announced })
    const expectation = { announced: ANNOUNCEMENTS, rivals: 0, heard: 0 }
    for (const [priority, count] of [
      [0, 1],
      [50, 20],
    ] as const) {
      await lab.inject(
        'b',
        Array.from({ length: count }, () => advertisement(priority)),
        50_000,
      )
      expectation.announced += 1
      expectation.rivals += 1
      expectation.heard += count
      await waitFor('the rival is gone', async () => {
        const { rivalAddress, statistics } = await daemon.status()
        return rivalAddress === undefined && statistics.rivalAdvertisements === expectation.heard
      })
      await waitFor('the address is announced again', async () => (await announced()) >= expectation.announced)
      t.is((await daemon.status()).statistics.rivals, expectation.rivals)
    }
    await lab.host('a').exec(['sleep', '1'])
    t.is(await announced(), expectation.announced, 'once for each conflict, however many advertisements there were')
    t.is((await daemon.status()).statistics.becameMaster, 1)
    await daemon.stop()
  }),
)
