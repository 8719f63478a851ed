/** The log of the daemon on its way to syslog, the journal and files: whatever becomes of them, the virtual routers go on. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { DatagramReader } from '../lab/datagram-reader.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const ADDRESS = '192.0.2.200'
const ROUTER = { vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] } as const
const CONF = keepalivedConf(ROUTER)

/** Longer than it takes until JavaScript that does not answer counts as dead. */
const HEARTBEATS = 115

/** A /dev of the sandbox's own, in which a socket of syslog may be. */
const OWN_DEV = `set -e
mkdir /run/dev
mount -t tmpfs tmpfs /run/dev
mkdir /run/dev/shm
for device in null zero full random urandom tty; do
  touch /run/dev/$device
  mount --bind /dev/$device /run/dev/$device
done
ln -s /proc/self/fd /run/dev/fd
mount --rbind /run/dev /dev`

async function ownDev(lab: Lab<'a'>): Promise<void> {
  await lab.sandbox.exec(['sh', '-c', OWN_DEV])
}

type Program = 'keepalived' | 'ka-native'

/** Starts either with options of keepalived, `options` among them, in the foreground. */
async function start(lab: Lab<'a'>, options: readonly string[], conf = CONF, program: Program = 'ka-native'): Promise<Child> {
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, conf)
  const command = program === 'keepalived' ? ['keepalived', '-P'] : [process.execPath, MAIN]
  const files = ['-f', `${inside}/keepalived.conf`, '-p', `${inside}/keepalived.pid`, '-r', `${inside}/vrrp.pid`]
  return await lab.host('a').spawn([...command, '-n', ...options, ...files])
}

/** Makes the instance say several lines. */
async function turn(lab: Lab<'a'>): Promise<void> {
  await lab.unplug('a')
  await lab.waitForHolders(ADDRESS)
  await lab.plug('a')
  await lab.waitForHolders(ADDRESS, 'a')
}

async function stop(daemon: Child): Promise<number | null> {
  await daemon.signal('SIGTERM')
  return (await daemon.exited).code
}

/** The text behind time, name and process id. */
const sentence = (message: string): string => message.replace(/^.*?\[\d+\]: /, '')

/** Lines about changes of state. */
const states = (messages: readonly string[]): string[] => messages.map(sentence).filter((line) => line.includes('STATE'))

serialLabTest(
  'messages to syslog look like those of the real keepalived, with the instance’s name',
  inLab(['a'], async (t, lab) => {
    await ownDev(lab)
    const conf = `instance one\n${CONF}`
    const heads: Record<Program, string[]> = { keepalived: [], 'ka-native': [] }
    for (const program of ['keepalived', 'ka-native'] as const) {
      const reader = await DatagramReader.start(lab.sandbox, '/dev/log')
      const daemon = await start(lab, ['-D', '-S', '1'], conf, program)
      await lab.waitForHolders(ADDRESS, 'a')
      // On a busy machine it may be Master before the rest of the start is over.
      await reader.waitFor('the start', (all) =>
        [/^Startup complete/, /MASTER STATE/].every((said) => all.map(sentence).some((line) => said.test(line))),
      )
      t.is(await stop(daemon), 0)
      const messages = await reader.waitFor('the stop', (all) => all.some((line) => /Stopped \S+ v/.test(line)))
      const head = (text: RegExp): string => {
        const message = messages.find((line) => text.test(sentence(line))) ?? `no ${String(text)}`
        return message.replace(/\w{3} [ \d]\d \d\d:\d\d:\d\d/, 'TIME').replace(/\[\d+\].*/, '')
      }
      // The line of the real one about its name comes under the former one.
      heads[program] = [
        head(/^Starting (?:Keepalived|ka-native) v/),
        head(/^Startup complete/),
        head(/Entering MASTER STATE/),
        head(/^Stopping/),
      ]
      t.true(messages.map(sentence).includes('Changing syslog ident to Keepalived_one'), program)
      t.deepEqual(daemon.output, [], 'nothing goes elsewhere')
      await reader.stop()
      await lab.sandbox.exec(['rm', '/dev/log'])
    }
    t.deepEqual(heads['ka-native'], heads.keepalived)
    t.is(heads['ka-native'][2], '<142>TIME Keepalived_vrrp_one')
  }),
)

serialLabTest(
  'a syslog that is dead at the start, or dies, gets everything when it is back',
  inLab(['a'], async (t, lab) => {
    await ownDev(lab)
    const daemon = await start(lab, [])
    await lab.waitForHolders(ADDRESS, 'a')
    const first = await DatagramReader.start(lab.sandbox, '/dev/log')
    const atFirst = await first.waitFor('the start', (all) => states(all).length === 2)
    t.regex(sentence(atFirst[0] ?? ''), /^Starting ka-native v/)
    await first.stop() // nobody reads the socket
    await turn(lab)
    await lab.sandbox.exec(['rm', '/dev/log'])
    await turn(lab)
    const second = await DatagramReader.start(lab.sandbox, '/dev/log')
    const afterwards = await second.waitFor('what happened meanwhile', (all) => states(all).length === 6)
    t.deepEqual(states(afterwards), [
      '(VI_51) Entering FAULT STATE',
      '(VI_51) Entering BACKUP STATE',
      '(VI_51) Entering MASTER STATE',
      '(VI_51) Entering FAULT STATE',
      '(VI_51) Entering BACKUP STATE',
      '(VI_51) Entering MASTER STATE',
    ])
    await second.stop()
    t.is(await stop(daemon), 0, 'nor does it hold up the stop')
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a syslog that does not read disturbs nothing, and gets everything in order when it reads again',
  inLab(['a'], async (t, lab) => {
    await ownDev(lab)
    const reader = await DatagramReader.start(lab.sandbox, '/dev/log')
    const routers = Array.from({ length: 250 }, (_, index) => ({ ...ROUTER, vrid: index + 1, addresses: [`198.51.100.${index + 1}/32`] }))
    await reader.process.signal('SIGSTOP')
    t.teardown(async () => {
      await reader.process.signal('SIGCONT')
    })
    const capture = await lab.capture('a', 'ip proto 112')
    const daemon = await start(lab, ['-D'], keepalivedConf({ ...ROUTER, vrid: 255 }, ...routers))
    await lab.waitForHolders('198.51.100.250', 'a')
    const heard = (await capture.advertisements()).filter(({ vrid }) => vrid === 255).length
    await capture.waitFor(
      'advertisements for longer than a heartbeat',
      (packets) => packets.filter((packet) => packet.kind === 'advertisement' && packet.vrid === 255).length > heard + HEARTBEATS,
    )
    t.is(daemon.exit, undefined)
    await reader.process.signal('SIGCONT')
    const messages = await reader.waitFor('all states', (all) => states(all).length === 502)
    for (const { vrid } of routers) {
      t.deepEqual(
        states(messages).filter((line) => line.startsWith(`(VI_${vrid}) `)),
        [`(VI_${vrid}) Entering BACKUP STATE (init)`, `(VI_${vrid}) Entering MASTER STATE`],
      )
    }
    t.false(messages.some((line) => line.includes('were lost')))
    t.is(await stop(daemon), 0)
  }),
)

serialLabTest(
  'a stream to the journal is noticed: it gets fields in its own protocol, and the stream gets nothing',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/keepalived.conf`, CONF)
    await lab.sandbox.exec(['mkdir', '-p', '/run/systemd/journal'])
    const journal = await DatagramReader.start(lab.sandbox, '/run/systemd/journal/socket')
    const command = `${process.execPath} ${MAIN} start -f ${inside}/keepalived.conf --runtime-dir ${inside}`
    const noticed = `export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/2); exec ${command}`
    const daemon = await lab.host('a').spawn(['sh', '-c', noticed])
    await lab.waitForHolders(ADDRESS, 'a')
    const isMaster = (entry: string): boolean => entry.includes('MESSAGE=(VI_51) Entering MASTER STATE\n')
    const entries = await journal.waitFor('the state', (all) => all.some(isMaster))
    const entry = entries.find(isMaster) ?? ''
    for (const field of ['PRIORITY=6', 'SYSLOG_IDENTIFIER=Keepalived_vrrp', 'KA_COMPONENT=vrrp', 'KA_INSTANCE=VI_51', 'KA_TO=MASTER']) {
      t.true(entry.split('\n').includes(field), field)
    }
    t.is(await stop(daemon), 0)
    t.deepEqual(daemon.output, [])
    await journal.waitFor('the end', (all) => all.some((one) => one.includes('MESSAGE=Stopped ka-native v')))
  }),
)

serialLabTest(
  'standard streams that are closed from the beginning end nothing',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/keepalived.conf`, CONF)
    const ways = [`start --runtime-dir ${inside}`, `-n -l -D -G -g${inside}/log -p ${inside}/keepalived.pid -r ${inside}/vrrp.pid`]
    for (const way of ways) {
      const command = `${process.execPath} ${MAIN} ${way} -f ${inside}/keepalived.conf`
      const daemon = await lab.host('a').spawn(['sh', '-c', `exec ${command} <&- >&- 2>&-`])
      await lab.waitForHolders(ADDRESS, 'a')
      await turn(lab)
      t.is(await stop(daemon), 0, way)
      t.deepEqual(await lab.holders(ADDRESS), [])
    }
    t.regex(await readFile(`${outside}/log`, 'utf8'), /: \(VI_51\) Entering FAULT STATE\n/)
  }),
)

serialLabTest(
  'a log file on a full disk costs its lines and nothing else; their number is said when there is room again',
  inLab(['a'], async (t, lab) => {
    const disk = await lab.sandbox.makeDirectory('disk')
    await lab.sandbox.exec(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk.inside])
    await t.throwsAsync(appendFile(`${disk.outside}/filler`, Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' })
    const daemon = await start(lab, ['-D', '-G', `--log-file=${disk.inside}/keepalived.log`, '--flush-log-file'])
    await lab.waitForHolders(ADDRESS, 'a')
    await turn(lab)
    await rm(`${disk.outside}/filler`)
    const log = async (): Promise<string> => await readFile(`${disk.outside}/keepalived.log`, 'utf8').catch(() => '')
    await waitFor('the loss is logged', async () => /\d{4}: \d+ lines of the log were lost: ENOSPC\n/.test(await log()), { seen: log })
    await turn(lab)
    t.is(await stop(daemon), 0)
    const lines = (await log()).trimEnd().split('\n')
    t.true(lines.every((line) => /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: /.test(line)))
    t.regex(lines.at(-1) ?? '', /: Stopped ka-native v/)
  }),
)
