/** `net_namespace` and `-s`: where the daemon runs, what it leaves, and what the real keepalived does beside it. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program, ProgramError } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const ADDRESS = '192.0.2.200'
const CONF = keepalivedConf({ vrid: 51, priority: 100, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] })

/** Writes a configuration into a directory of the lab; both as seen inside. */
async function conf(lab: Lab<'a'>, text: string): Promise<{ readonly directory: string; readonly file: string }> {
  const { inside, outside } = await lab.sandbox.makeDirectory('conf')
  await writeFile(`${outside}/keepalived.conf`, text)
  return { directory: inside, file: `${inside}/keepalived.conf` }
}

/** Starts the command line outside of any host: in the first network namespace of the lab, where none of its interfaces is. */
async function kaNative(lab: Lab<'a'>, ...args: readonly string[]): Promise<Child> {
  return await lab.sandbox.spawn([process.execPath, MAIN, ...args])
}

function output(child: Child): string {
  return child.output.map(({ text }) => text).join('\n')
}

/** Whether two processes of the lab, by ids as seen inside, are in one network. */
async function isInNetworkOf(lab: Lab<'a'>, pid: number): Promise<boolean> {
  const own = await lab.sandbox.exec(['readlink', `/proc/${pid}/ns/net`])
  return own === (await lab.host('a').exec(['readlink', '/proc/self/ns/net']))
}

/** The files below keepalived's directory, as everybody but the daemon sees them. */
async function pidFiles(lab: Lab<'a'>): Promise<readonly string[]> {
  const { stdout } = await lab.sandbox.run(['find', '/run/keepalived', '-printf', '%p %m\n'])
  return stdout.split('\n').slice(0, -1).toSorted()
}

labTest(
  'net_namespace: the same process with the same command line runs in the namespace, and leaves nothing',
  inLab(['a'], async (t, lab) => {
    const { directory, file } = await conf(lab, `net_namespace a\n${CONF}`)
    const args = ['start', '-f', file, '--runtime-dir', directory]
    const child = await kaNative(lab, ...args)
    await lab.waitForHolders(ADDRESS, 'a')
    t.true(await isInNetworkOf(lab, child.pid))
    const words = (await lab.sandbox.exec(['cat', `/proc/${child.pid}/cmdline`])).split('\0').slice(0, -1)
    t.deepEqual(words, [process.execPath, MAIN, ...args])
    await child.waitForLine(/Startup complete/)
    t.is(output(child).match(/Command line/g)?.length, 1, 'what came before the namespace is not told again')
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    t.deepEqual(await lab.holders(ADDRESS), [])
    t.deepEqual(await pidFiles(lab), [])
  }),
)

labTest(
  '-s: pid files are where those of the real keepalived are, and gone when it stops',
  inLab(['a'], async (t, lab) => {
    const { file } = await conf(lab, CONF)
    const places: (readonly string[])[] = []
    for (const start of [
      async () => await lab.sandbox.spawn(['keepalived', '-n', '-P', '-l', '-G', '-s', 'a', '-f', file]),
      async () => await kaNative(lab, '-n', '-P', '-l', '-G', '-s', 'a', '-f', file),
    ]) {
      const child = await start()
      await lab.waitForHolders(ADDRESS, 'a')
      places.push(await pidFiles(lab))
      await child.signal('SIGTERM')
      t.deepEqual(await child.exited, { code: 0, signal: null })
      await lab.waitForHolders(ADDRESS)
      places.push(await pidFiles(lab))
    }
    const [theirs, theirsLater, ours, oursLater] = places
    t.true(theirs?.includes('/run/keepalived/a/keepalived.pid 644'), theirs?.join())
    t.deepEqual(ours, theirs)
    t.deepEqual(oursLater, theirsLater)
    t.deepEqual(oursLater, [])
  }),
)

labTest(
  '-s in the background: a file is found by its relative name, and the starter learns of the end of the start',
  inLab(['a'], async (t, lab) => {
    const { directory } = await conf(lab, CONF)
    const command = `cd ${directory} && exec "$0" "$@"`
    const starter = await lab.sandbox.spawn(['sh', '-c', command, process.execPath, MAIN, '-P', '-G', '-s', 'a', '-f', 'keepalived.conf'])
    t.deepEqual(await starter.exited, { code: 0, signal: null }, output(starter))
    await lab.waitForHolders(ADDRESS, 'a')
    const pid = Number(await lab.sandbox.exec(['cat', '/run/keepalived/a/keepalived.pid']))
    t.true(await isInNetworkOf(lab, pid))
    t.is((await lab.sandbox.exec(['cat', `/proc/${pid}/comm`])).trim(), 'ka-native')
    t.is((await lab.sandbox.exec(['readlink', `/proc/${pid}/cwd`])).trim(), '/')
    await lab.sandbox.exec(['kill', String(pid)])
    await lab.waitForHolders(ADDRESS)
    await waitFor('the directory of its pid file is gone', async () => (await pidFiles(lab)).length === 0)
  }),
)

labTest(
  'a namespace that is not there ends the start with status 1 and a sentence; keepalived says nothing by its status',
  inLab(['a'], async (t, lab) => {
    const { directory, file } = await conf(lab, `net_namespace nowhere\n${CONF}`)
    const child = await kaNative(lab, 'start', '-f', file, '--runtime-dir', directory)
    t.deepEqual(await child.exited, { code: 1, signal: null })
    t.regex(output(child), /Unable to set network namespace nowhere - exiting: open \/run\/netns\/nowhere: No such file or directory/)
    const link = await kaNative(lab, '-n', '-l', '-G', '-s', '../netns/a', '-f', file)
    t.deepEqual(await link.exited, { code: 1, signal: null })
    t.deepEqual(await pidFiles(lab), [])
    const keepalived = await lab.sandbox.spawn(['keepalived', '-n', '-P', '-l', '-G', '-f', file])
    t.is((await keepalived.exited).code, 0)
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

labTest(
  'a program that embeds the daemon has to be in the namespace already',
  inLab(['a', 'b'], async (t, lab) => {
    const text = `net_namespace a\n${CONF}`
    const elsewhere = await Program.start(lab.host('b'))
    const error = await t.throwsAsync(
      elsewhere.run(async ({ start }, config) => await start(config), text),
      { instanceOf: ProgramError, message: /not in the network namespace a/ },
    )
    t.is(error?.code, 'KA_ERR_NETWORK_NAMESPACE')
    const there = await Program.start(lab.host('a'))
    await there.run(async ({ start }, config) => await start(config), text)
    await lab.waitForHolders(ADDRESS, 'a')
    const another = await t.throwsAsync(
      there.run(async ({ daemon, load }, config) => await daemon.reload(load(config)), text.replace('net_namespace a', 'net_namespace b')),
      { message: 'Cannot change network namespace at a reload - please restart ka-native' },
    )
    t.truthy(another)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    await there.run(async ({ daemon }) => await daemon.stop())
  }),
)
