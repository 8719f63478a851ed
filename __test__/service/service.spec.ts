/** What a service manager hears of the daemon, by `start` and by keepalived's own command line. */
import { readFile, writeFile } from 'node:fs/promises'
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

/** How the daemon is started: the words behind the program's name. */
const WAYS = {
  start: (directory: string) => ['start', '-f', `${directory}/keepalived.conf`, '--runtime-dir', directory],
  "keepalived's command line": (directory: string) => [
    '-n',
    '-D',
    '-l',
    '-G',
    '-f',
    `${directory}/keepalived.conf`,
    '-p',
    `${directory}/keepalived.pid`,
    '-r',
    `${directory}/vrrp.pid`,
  ],
} as const

async function start(lab: Lab<'a'>, way: keyof typeof WAYS, env: Readonly<Record<string, string>>, conf = CONF): Promise<Child> {
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, conf)
  return await lab.host('a').spawn([process.execPath, MAIN, ...WAYS[way](inside)], { env })
}

/** The assignments of a message, by name. */
function assignments(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** What kinds of messages came, in order, without those that only describe and the signs of life. */
function kinds(messages: readonly string[]): string[] {
  const all = messages.map((message) => Object.keys(assignments(message))[0] ?? '')
  return all.filter((kind) => kind !== 'STATUS' && kind !== 'WATCHDOG')
}

for (const way of ['start', "keepalived's command line"] as const) {
  for (const socket of ['/run/notify', '@ka-native-test']) {
    serialLabTest(
      `${way}: start, reload and stop are told in order on ${socket}`,
      inLab(['a'], async (t, lab) => {
        const manager = await DatagramReader.start(lab.sandbox, socket, 'a')
        const daemon = await start(lab, way, { NOTIFY_SOCKET: socket })
        const [ready = ''] = await manager.waitFor('the start is told', (messages) => kinds(messages).includes('READY'))
        // On a busy machine it may be Master by then.
        const { STATUS: first, ...started } = assignments(ready)
        t.deepEqual(started, { READY: '1', MAINPID: String(daemon.pid) })
        t.regex(first ?? '', /^1 virtual router: 1 (?:BACKUP|MASTER)$/)
        await manager.waitFor('the state is told', (messages) =>
          messages.some((message) => assignments(message)['STATUS'] === '1 virtual router: 1 MASTER'),
        )
        await daemon.signal('SIGHUP')
        const told = await manager.waitFor('the reload is told', (messages) => kinds(messages).length === 3)
        t.deepEqual(kinds(told), ['READY', 'RELOADING', 'READY'])
        const reloading = assignments(told.find((message) => message.startsWith('RELOADING')) ?? '')
        // The clock that a Type=notify-reload service must name is that of the machine, in microseconds.
        const uptimeUs = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) * 1_000_000
        const ageUs = uptimeUs - Number(reloading['MONOTONIC_USEC'])
        t.true(ageUs > -1_000_000 && ageUs < 120_000_000, `${ageUs} us ago`)
        await daemon.signal('SIGTERM')
        t.deepEqual(await daemon.exited, { code: 0, signal: null })
        const all = await manager.waitFor('the stop is told', (messages) => kinds(messages).includes('STOPPING'))
        t.deepEqual(kinds(all), ['READY', 'RELOADING', 'READY', 'STOPPING'])
        t.is(all.at(-1), 'STOPPING=1\nSTATUS=Stopping')
      }),
    )
  }

  serialLabTest(
    `${way}: a start that fails says why, and is never ready; a reload that is refused ends the reload`,
    inLab(['a'], async (t, lab) => {
      const manager = await DatagramReader.start(lab.sandbox, '/run/notify')
      const failing = await start(lab, way, { NOTIFY_SOCKET: '/run/notify' }, CONF.replace('interface eth0', 'interface eth9'))
      t.is((await failing.exited).code, 2)
      const [failed = ''] = await manager.waitFor('the failure is told', (messages) => messages.length > 0)
      t.deepEqual(assignments(failed), {
        STATUS: 'the configuration in /run/lab/a/keepalived.conf cannot be run',
        EXIT_STATUS: '2',
      })
      const daemon = await start(lab, way, { NOTIFY_SOCKET: '/run/notify' })
      await manager.waitFor('the start is told', (messages) => kinds(messages).includes('READY'))
      await writeFile(`${lab.sandbox.scratch.outside}/a/keepalived.conf`, CONF.replace('interface eth0', 'interface eth9'))
      await daemon.signal('SIGHUP')
      const all = await manager.waitFor('the reload is told', (messages) => kinds(messages).filter((kind) => kind === 'READY').length === 2)
      t.deepEqual(kinds(all), ['READY', 'RELOADING', 'READY'])
      await daemon.signal('SIGTERM')
      await daemon.exited
    }),
  )
}

serialLabTest(
  'scripts see nothing of the service manager',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/notify`, `#!/bin/sh\nenv > ${inside}/env.new\nmv ${inside}/env.new ${inside}/env\n`, { mode: 0o755 })
    await DatagramReader.start(lab.sandbox, '/run/notify')
    const conf = keepalivedConf({ ...ROUTER, extra: [`notify_master ${inside}/notify root`] })
    const env = {
      NOTIFY_SOCKET: '/run/notify',
      WATCHDOG_USEC: '60000000',
      LISTEN_PID: '1',
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'x',
      OTHER: 'y',
    }
    const daemon = await start(lab, 'start', env, conf)
    const seen = await waitFor('the script has run', async () => await readFile(`${outside}/env`, 'utf8').catch(() => undefined))
    t.regex(seen, /^OTHER=y$/m)
    t.notRegex(seen, /^(?:NOTIFY_|WATCHDOG_|LISTEN_)/m)
    await daemon.signal('SIGTERM')
    await daemon.exited
  }),
)

serialLabTest(
  'the watchdog is fed while both threads live, and not while the process stands still',
  inLab(['a'], async (t, lab) => {
    const manager = await DatagramReader.start(lab.sandbox, '/run/notify')
    const daemon = await start(lab, 'start', { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '1000000' })
    const signs = (messages: readonly string[]): number => messages.filter((message) => message === 'WATCHDOG=1').length
    await manager.waitFor('three signs of life', (messages) => signs(messages) >= 3)
    await daemon.signal('SIGSTOP')
    // What came before this one has been read with it.
    const mark = async (name: string): Promise<void> => {
      const send = 'use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); send($s, $ARGV[0], 0, pack_sockaddr_un("/run/notify")) or die "$!"'
      await lab.host('a').exec(['perl', '-e', send, name])
      await manager.waitFor(`${name} has come`, (messages) => messages.includes(name))
    }
    await mark('STOPPED=1')
    const before = signs(manager.texts)
    await lab.host('a').exec(['sleep', '2'])
    await mark('STOPPED=2')
    t.true(signs(manager.texts) <= before + 1, 'one may have been on its way')
    await daemon.signal('SIGCONT')
    await manager.waitFor('more signs of life', (messages) => signs(messages) >= before + 3)
    await daemon.signal('SIGTERM')
    t.is((await daemon.exited).code, 0)
  }),
)

serialLabTest(
  'a service manager that is gone, or never reads, fails nothing',
  inLab(['a'], async (t, lab) => {
    const gone = await start(lab, 'start', { NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '200000' })
    await lab.waitForHolders(ADDRESS, 'a')
    const warnings = await waitFor('it is said', () => {
      const lines = gone.lines('stdout').filter((line) => line.includes('the service manager cannot be told'))
      return lines.length > 0 && lines
    })
    t.is(warnings.length, 1)
    await gone.signal('SIGTERM')
    t.deepEqual(await gone.exited, { code: 0, signal: null })
    t.is(gone.lines('stdout').filter((line) => line.includes('the service manager cannot be told')).length, 1)

    const manager = await DatagramReader.start(lab.sandbox, '/run/notify')
    await manager.process.signal('SIGSTOP')
    t.teardown(async () => {
      await manager.process.signal('SIGCONT')
    })
    const daemon = await start(lab, 'start', { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '20000' })
    await lab.waitForHolders(ADDRESS, 'a')
    await daemon.waitForLine(/the service manager cannot be told/)
    await daemon.signal('SIGTERM')
    t.deepEqual(await daemon.exited, { code: 0, signal: null })
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)
