import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const INSTANCES = 250

const addresses = Array.from({ length: INSTANCES }, (_, index) => `198.51.100.${index + 1}`)

labTest(
  `${INSTANCES} instances on one interface move to the other host and back together`,
  inLab(['a', 'b', 'client'], async (t, lab) => {
    const capture = await lab.capture('client', 'ip proto 112')
    const conf = (priority: number): string =>
      keepalivedConf(
        ...addresses.map((address, index) => ({
          version: 3 as const,
          vrid: index + 1,
          advertInt: 1,
          addresses: [`${address}/32`],
          priority,
        })),
      )
    const held = async (host: 'a' | 'b'): Promise<number> => {
      const present = await lab.host(host).addresses()
      return addresses.filter((address) => present.has(address)).length
    }
    const waitForAllOn = async (holder: 'a' | 'b', other: 'a' | 'b'): Promise<void> => {
      const seen = async (): Promise<string> => `${await held(holder)} and ${await held(other)}`
      await waitFor(`${holder} has all addresses and ${other} none`, async () => (await seen()) === `${INSTANCES} and 0`, { seen })
    }

    const a = await startDaemon(lab, 'a', 'ka-native', conf(200))
    await waitForAllOn('a', 'b')
    const b = await startDaemon(lab, 'b', 'ka-native', conf(100))
    await b.process.waitForLine(/BACKUP/)
    await capture.waitFor('every virtual router', (packets) => {
      const vrids = new Set(packets.flatMap((packet) => (packet.kind === 'advertisement' ? [packet.vrid] : [])))
      return vrids.size === INSTANCES
    })

    await lab.unplug('a')
    await waitForAllOn('b', 'a')
    await lab.plug('a')
    await waitForAllOn('a', 'b')
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    await waitForAllOn('b', 'a')
    t.deepEqual(await b.terminate(), { code: 0, signal: null })
    t.is(await held('b'), 0)
  }),
)
