/** kill -9 and start again, as a container does that keeps its files: the daemon is process 1 each time, and so is the stale pid file's. */
import { writeFile } from 'node:fs/promises'
import type { Child } from '../../lab/child.ts'
import { keepalivedConf } from '../../lab/conf.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import type { Lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { MAIN, pidEntries, scratchFile } from './background.ts'

const ROUNDS = 50
/** No round begins after so long: a busy machine does fewer. */
const ROUNDS_MS = 90_000
const ADDRESS = '192.0.2.200'

/** An owner of its address, which becomes Master at once. */
const CONF = keepalivedConf({
  vrid: 51,
  priority: 255,
  version: 3,
  advertInt: 0.1,
  addresses: [`${ADDRESS}/24`],
  extra: ['notify /run/lab/notify.sh root'],
}).replace('state BACKUP', 'state MASTER')

/** A line for each call. */
const NOTIFY = '#!/bin/sh\necho "$@" >>/run/lab/told\n'

/** Starts a container: process and mount namespaces of its own, the network and the files of the host. */
async function startContainer(lab: Lab<'a'>): Promise<Child> {
  const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
  return await lab.host('a').spawn([...container, process.execPath, MAIN, '-n', '-l', '-G', '-f', '/run/lab/keepalived.conf'])
}

async function told(lab: Lab<'a'>): Promise<readonly string[]> {
  return (await scratchFile(lab, 'told')).split('\n').filter((line) => line !== '')
}

serialLabTest(
  `killed and started again up to ${ROUNDS} times as process 1: never already running, nothing left over, nothing told twice`,
  inLab(['a'], async (t, lab) => {
    t.timeout(170_000)
    await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, CONF)
    await writeFile(`${lab.sandbox.scratch.outside}/notify.sh`, NOTIFY, { mode: 0o755 })
    await writeFile(`${lab.sandbox.scratch.outside}/told`, '')
    const before = [...(await lab.host('a').addresses())]

    const began = performance.now()
    let rounds = 0
    while (rounds < ROUNDS && performance.now() - began < ROUNDS_MS) {
      rounds += 1
      const round = rounds
      const container = await startContainer(lab)
      await waitFor(
        `the script was told ${round} times`,
        async () => {
          if (container.exit !== undefined) throw new Error(`round ${round} ended by itself: ${container.tail()}`)
          return (await told(lab)).length >= round
        },
        { seen: () => container.tail() },
      )
      // Without waiting for its end: what it holds may be held for a moment still.
      await container.signal('SIGKILL')
    }

    const last = await startContainer(lab)
    await waitFor('the script was told by the last one', async () => (await told(lab)).length > rounds)
    t.deepEqual(await told(lab), Array<string>(rounds + 1).fill('INSTANCE VI_51 MASTER 255'), 'each told once that it became Master')
    await lab.waitForHolders(ADDRESS, 'a')
    t.deepEqual(
      (await pidEntries(lab)).map(({ path, pid }) => [path, pid]),
      [
        ['/run/keepalived.pid', 1],
        ['/run/vrrp.pid', 1],
      ],
    )
    const daemon = (await lab.sandbox.exec(['pgrep', '-P', `${last.pid}`])).trim()
    await lab.sandbox.exec(['kill', daemon])
    t.deepEqual(await last.exited, { code: 0, signal: null })

    t.deepEqual([...(await lab.host('a').addresses())], before)
    t.deepEqual(await pidEntries(lab), [])
    t.regex(await lab.sandbox.exec(['ls', '/run/ka-native']), /^\d+\.lock\n$/)
    // A stop gives the script a second, in which a busy machine may not let it write. Then the daemon says so.
    const isLate = last.output.some(({ text }) => /notify script did not succeed|went untold because of the stop/.test(text))
    if (!isLate) t.deepEqual((await told(lab)).slice(rounds + 1), ['INSTANCE VI_51 STOP 255'])
  }),
)

serialLabTest(
  'release directly after kill -9 waits for the lock of the dying daemon',
  inLab(['a'], async (t, lab) => {
    await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, CONF.replace(/ *notify .*/, ''))
    for (let round = 1; round <= 5; round++) {
      const daemon = await lab.host('a').spawn([process.execPath, MAIN, '-n', '-G', '-f', '/run/lab/keepalived.conf'])
      await lab.waitForHolders(ADDRESS, 'a')
      await daemon.signal('SIGKILL')
      const released = await lab.host('a').run([process.execPath, MAIN, 'release'])
      t.deepEqual(released, { code: 0, stdout: `released ${ADDRESS} on eth0\n`, stderr: '' })
      t.deepEqual(await lab.holders(ADDRESS), [])
      await daemon.exited
    }
  }),
)
