/** `ka-native release`: exit codes and what it says. What it may remove is in ../native/ends.spec.ts. */
import { fileURLToPath } from 'node:url'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import type { CommandResult } from '../lab/sandbox.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const ADDRESS = '192.0.2.200'
const ADDRESS6 = '2001:db8::c8'
const IPV4 = { vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] } as const
const IPV6 = { vrid: 52, priority: 200, version: 3, advertInt: 0.1, addresses: ['fe80::c8/64', `${ADDRESS6}/64`] } as const

async function release(lab: Lab<'a'>, ...args: string[]): Promise<CommandResult> {
  return await lab.host('a').run([process.execPath, MAIN, 'release', '--runtime-dir', `${lab.sandbox.scratch.inside}/a`, ...args])
}

serialLabTest(
  'release names every address that it removes, once',
  inLab(['a'], async (t, lab) => {
    const host = lab.host('a')
    // The kernel adds the link-local one by itself, a moment after the link is up.
    const before = await waitFor('it has all its addresses', async () => {
      const addresses = await host.addresses()
      return addresses.has(host.linkLocal) && [...addresses]
    })
    const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(IPV4, IPV6))
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.waitForHolders(ADDRESS6, 'a')
    await daemon.kill()
    const { code, stdout, stderr } = await release(lab)
    t.is(code, 0)
    t.is(stderr, '')
    t.deepEqual(stdout.trimEnd().split('\n').sort(), [
      `released ${ADDRESS} on eth0`,
      `released ${ADDRESS6} on eth0`,
      'released fe80::c8 on eth0',
    ])
    t.deepEqual([...(await lab.host('a').addresses())], before)
    t.deepEqual(await release(lab), { code: 0, stdout: '', stderr: '' })
    t.regex(await lab.host('a').exec(['ls', `${lab.sandbox.scratch.inside}/a`]), /^\d+\.lock\nkeepalived\.conf\n$/)
  }),
)

serialLabTest(
  'release touches nothing while the daemon runs: 1, with the sentence',
  inLab(['a'], async (t, lab) => {
    const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(IPV4))
    await lab.waitForHolders(ADDRESS, 'a')
    const { code, stdout, stderr } = await release(lab)
    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /^ka-native: already running: another process holds \/run\/lab\/a\/\d+\.lock\n$/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual(await release(lab), { code: 0, stdout: '', stderr: '' }, 'after an orderly stop there is nothing to release')
  }),
)

serialLabTest(
  'release takes the addresses of the instance it is told',
  inLab(['a'], async (t, lab) => {
    const second = '192.0.2.201'
    for (const [name, conf] of [
      ['blue', keepalivedConf(IPV4)],
      ['green', keepalivedConf({ ...IPV4, vrid: 53, addresses: [`${second}/24`] })],
    ]) {
      const daemon = await startDaemon(lab, 'a', 'ka-native', `instance ${name}\n${conf}`)
      await lab.waitForHolders(name === 'blue' ? ADDRESS : second, 'a')
      await daemon.kill()
    }
    t.deepEqual(await release(lab, '--instance', 'red'), { code: 0, stdout: '', stderr: '' })
    t.deepEqual(await release(lab, '--instance', 'blue'), { code: 0, stdout: `released ${ADDRESS} on eth0\n`, stderr: '' })
    t.deepEqual(await lab.holders(ADDRESS), [])
    t.deepEqual(await lab.holders(second), ['a'])
    t.deepEqual(
      await release(lab),
      { code: 0, stdout: `released ${second} on eth0\n`, stderr: '' },
      'and of every one when it is told none',
    )
    t.deepEqual(await lab.holders(second), [])
  }),
)

serialLabTest(
  'an address whose interface is gone, or that somebody else removed, is no failure',
  inLab(['a'], async (t, lab) => {
    await lab.host('a').exec(['ip', 'link', 'add', 'other0', 'type', 'bridge'])
    const conf = keepalivedConf({ ...IPV4, addresses: [`${ADDRESS}/24`, '203.0.113.1/32 dev other0 no_track', '192.0.2.201/32'] })
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    await lab.waitForHolders('192.0.2.201', 'a')
    await daemon.kill()
    await lab.host('a').exec(['ip', 'link', 'delete', 'other0'])
    await lab.host('a').exec(['ip', 'address', 'delete', '192.0.2.201/32', 'dev', 'eth0'])
    t.deepEqual(await release(lab), { code: 0, stdout: `released ${ADDRESS} on eth0\n`, stderr: '' })
  }),
)

serialLabTest(
  'release without the permission: 1, with the sentence, and the address stays',
  inLab(['a'], async (t, lab) => {
    const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(IPV4))
    await lab.waitForHolders(ADDRESS, 'a')
    await daemon.kill()
    const command = [process.execPath, MAIN, 'release', '--runtime-dir', `${lab.sandbox.scratch.inside}/a`]
    const { code, stderr } = await lab.host('a').run(['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin', ...command])
    t.is(code, 1)
    t.regex(stderr, /^ka-native: could not release 192\.0\.2\.200 on eth0: .*Operation not permitted/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.is((await release(lab)).stdout, `released ${ADDRESS} on eth0\n`, 'it is still known')
  }),
)

serialLabTest(
  'a record that cannot be read: release fails and keeps it, a start keeps it aside and says so in the log',
  inLab(['a'], async (t, lab) => {
    const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(IPV4))
    await lab.waitForHolders(ADDRESS, 'a')
    await daemon.kill()
    const directory = `${lab.sandbox.scratch.inside}/a`
    await lab.host('a').exec(['sh', '-c', `for file in ${directory}/*.json; do echo half >"$file"; done`])
    const { code, stdout, stderr } = await release(lab)
    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /^ka-native: \/run\/lab\/a\/\d+\.json cannot be used: it is damaged; what it records may still be there\n$/)
    const next = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(IPV4))
    await next.process.waitForLine(/\/run\/lab\/a\/\d+\.json cannot be used: it is damaged; it is kept as \/run\/lab\/a\/\d+\.json\.bad, /)
    t.deepEqual(await next.terminate(), { code: 0, signal: null })
    t.is(await lab.host('a').exec(['sh', '-c', `cat ${directory}/*.json.bad`]), 'half\n')
  }),
)
