/** The examples of pairs of routers: without a mistake, and run on hosts with the interfaces that they name. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from '../config/fixtures.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { SecondSegment } from '../lab/second-segment.ts'
import { waitFor } from '../lab/wait-for.ts'

const read = (example: string, router: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/${example}/router-${router}.conf`, import.meta.url)), 'utf8')

for (const example of ['router-pair', 'cloud-pair']) {
  for (const router of ['a', 'b']) {
    test(`${example}: the configuration of router ${router} is without a mistake`, (t) => {
      const { diagnostics } = loadConfig({ file: 'keepalived.conf', text: read(example, router), host: testHost(), lint: true })
      t.is(renderText(diagnostics), '')
    })
  }
}

serialLabTest(
  'router-pair: both addresses are on one router, whichever link fails',
  inLab(['a', 'b', 'hub'], async (t, lab) => {
    const inside = await SecondSegment.connect(lab, 'hub', ['a', 'b'])
    const both = async (holder: 'a' | 'b'): Promise<void> => {
      await lab.waitForHolders('192.0.2.254', holder)
      await inside.waitForHolder('198.51.100.254', holder, [holder === 'a' ? 'b' : 'a'])
    }
    const first = await startDaemon(lab, 'a', 'ka-native', read('router-pair', 'a'))
    const second = await startDaemon(lab, 'b', 'ka-native', read('router-pair', 'b'))
    await both('a')
    await inside.unplug('a')
    await both('b')
    await inside.plug('a')
    await both('a')
    await lab.unplug('a')
    await both('b')
    await lab.plug('a')
    await both('a')
    await first.kill()
    await waitFor('router b has both addresses', async () => {
      const { stdout } = await lab.host('b').run(['ip', '-o', 'addr'])
      return stdout.includes(' 192.0.2.254/') && stdout.includes(' 198.51.100.254/')
    })
    t.deepEqual(await second.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'cloud-pair: the address moves without multicast',
  inLab(['a', 'b'], async (t, lab) => {
    const capture = await lab.capture('b', 'ip proto 112')
    const first = await startDaemon(lab, 'a', 'ka-native', read('cloud-pair', 'a'))
    const second = await startDaemon(lab, 'b', 'ka-native', read('cloud-pair', 'b'))
    await lab.waitForHolders('192.0.2.200', 'a')
    t.deepEqual(await first.terminate(), { code: 0, signal: null })
    await lab.waitForHolders('192.0.2.200', 'b')
    t.deepEqual(await second.terminate(), { code: 0, signal: null })
    // tcpdump may be late.
    await capture.waitFor('the resignation of b', (packets) =>
      packets.some((packet) => packet.kind === 'advertisement' && packet.source === '192.0.2.2' && packet.priority === 0),
    )
    const sent = await capture.advertisements()
    t.deepEqual([...new Set(sent.map(({ source, destination }) => `${source} to ${destination}`))].toSorted(), [
      '192.0.2.1 to 192.0.2.2',
      '192.0.2.2 to 192.0.2.1',
    ])
  }),
)
