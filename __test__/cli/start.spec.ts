/** `ka-native start`, as it is installed: exit codes, sentences and signals. */
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { Child, Exit } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { version } from '../../src/cli/version.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = `${ROOT}dist/cli/main.js`
const VERSION = version()

const ADDRESS = '192.0.2.200'
const INSTANCE = { vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] } as const
const CONF = keepalivedConf(INSTANCE)

/** The records of a log in JSON, one for each line. */
interface LogRecord {
  readonly level: number
  readonly msg: string
  readonly code?: string
  readonly line?: number
}

const FATAL = 60

function records(daemon: Daemon): LogRecord[] {
  return daemon.process.lines('stdout').map((line) => JSON.parse(line) as LogRecord)
}

async function startMaster(lab: Lab<'a'>): Promise<Daemon> {
  const daemon = await startDaemon(lab, 'a', 'ka-native', CONF)
  await lab.waitForHolders(ADDRESS, 'a')
  await daemon.process.waitForLine(/Startup complete/)
  return daemon
}

/** What a start that fails leaves in the kernel and in the runtime directory: nothing but a lock file. */
async function leavesNothing(t: ExecutionContext, lab: Lab<'a'>): Promise<void> {
  t.deepEqual(await lab.holders(ADDRESS), [])
  t.deepEqual(
    (await lab.host('a').exec(['sh', '-c', `ls ${lab.sandbox.scratch.inside}/a /run/ka-native 2>/dev/null | grep json || true`])).trim(),
    '',
  )
}

interface Failure {
  readonly conf?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Command to run it with. */
  readonly prefix?: readonly string[]
  readonly main?: string
  readonly exit: Exit
  readonly sentence: RegExp
}

async function runStart(
  lab: Lab<'a'>,
  { conf = CONF, args = [], env = {}, prefix = [], main = MAIN }: Partial<Failure>,
): Promise<{ exit: Exit; fatal: LogRecord[]; log: LogRecord[]; stderr: string }> {
  const directory = await lab.sandbox.makeDirectory('a')
  await writeFile(`${directory.outside}/keepalived.conf`, conf)
  const options = ['-f', `${directory.inside}/keepalived.conf`, '--runtime-dir', directory.inside, ...args]
  const child = await lab.host('a').spawn([...prefix, process.execPath, main, 'start', ...options], { env })
  const exit = await child.exited
  const log = child.lines('stdout').map((line) => JSON.parse(line) as LogRecord)
  return { exit, log, fatal: log.filter(({ level }) => level === FATAL), stderr: child.lines('stderr').join('\n') }
}

const FAILURES: Readonly<Record<string, Failure>> = {
  'no configuration file: 6': {
    args: ['-f', '/run/none.conf'],
    exit: { code: 6, signal: null },
    sentence: /^no usable configuration file \/run\/none\.conf$/,
  },
  'a directory as the configuration file: 6': {
    args: ['-f', '/run/lab/a'],
    exit: { code: 6, signal: null },
    sentence: /^no usable configuration file \/run\/lab\/a$/,
  },
  'an unusable configuration: 2': {
    conf: 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_ipaddress {\n    192.0.2.200\n  }\n}\n',
    exit: { code: 2, signal: null },
    sentence: /^the configuration in \/run\/lab\/a\/keepalived\.conf cannot be run$/,
  },
  'a missing interface: 2': {
    conf: CONF.replace('interface eth0', 'interface eth9'),
    exit: { code: 2, signal: null },
    sentence: /^the configuration in \/run\/lab\/a\/keepalived\.conf cannot be run$/,
  },
  'a missing capability: 4': {
    prefix: ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
    exit: { code: 4, signal: null },
    sentence: /^missing capability CAP_NET_ADMIN$/,
  },
  'the other missing capability: 4': {
    prefix: ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'],
    exit: { code: 4, signal: null },
    sentence: /^missing capability CAP_NET_RAW$/,
  },
  'another user than root: 4': {
    // It may read everything, as this clone may be where only root can.
    prefix: ['setpriv', '--reuid', '65534', '--clear-groups', '--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'],
    exit: { code: 4, signal: null },
    sentence: /^missing capability CAP_NET_ADMIN$/,
  },
}

for (const [name, failure] of Object.entries(FAILURES)) {
  serialLabTest(
    name,
    inLab(['a'], async (t, lab) => {
      const { exit, fatal, stderr } = await runStart(lab, failure)
      t.deepEqual(exit, failure.exit)
      t.is(fatal.length, 1, 'one sentence says why')
      t.regex(fatal[0]?.msg ?? '', failure.sentence)
      t.is(stderr, '')
      await leavesNothing(t, lab)
    }),
  )
}

serialLabTest(
  'an unusable configuration is explained line by line before the sentence',
  inLab(['a'], async (t, lab) => {
    const conf = `${CONF}vrrp_instance VI_2 {\n  interface eth0\n  virtual_routr_id 7\n}\n`
    const { exit, log } = await runStart(lab, { conf })
    t.is(exit.code, 2)
    const mistake = log.find(({ msg }) => msg.includes('virtual_routr_id'))
    t.is(mistake?.line, conf.split('\n').findIndex((line) => line.includes('virtual_routr_id')) + 1)
    t.is(log.at(-1)?.level, FATAL)
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'no addon for this platform: 1, listing what was tried; the configuration tools still work',
  inLab(['a'], async (t, lab) => {
    // An installation without its platform package.
    const directory = await lab.sandbox.makeDirectory('installed')
    await cp(`${ROOT}dist`, `${directory.outside}/dist`, { recursive: true })
    for (const file of ['package.json', 'index.js']) await cp(`${ROOT}${file}`, `${directory.outside}/${file}`)
    await mkdir(`${directory.outside}/node_modules`)
    for (const dependency of await dependencies()) {
      await symlink(`${ROOT}node_modules/${dependency}`, `${directory.outside}/node_modules/${dependency}`)
    }
    const main = `${directory.inside}/dist/cli/main.js`
    const { exit, fatal, stderr } = await runStart(lab, { main })
    t.deepEqual(exit, { code: 1, signal: null })
    const [sentence, ...rest] = fatal[0]?.msg.split('\n') ?? []
    t.regex(
      sentence ?? '',
      new RegExp(`^no addon of ka-native can be loaded on linux ${process.arch} \\(\\w+\\), Node ${process.version}; tried:$`),
    )
    const [beside = '', platform = '', advice = '', ...others] = rest
    t.regex(beside, new RegExp(`^  Cannot find module './ka-native.linux-${process.arch}-\\w+\\.node'$`), 'the file beside the loader')
    t.regex(platform, new RegExp(`^  Cannot find module 'ka-native-linux-${process.arch}-\\w+'$`), 'then the platform package')
    t.regex(advice, /npm install/)
    t.deepEqual(others, [])
    t.is(fatal[0]?.code, 'KA_ERR_ADDON_UNAVAILABLE')
    t.is(stderr, '')
    await leavesNothing(t, lab)

    const release = await lab.host('a').run([process.execPath, main, 'release'])
    t.is(release.code, 1)
    t.regex(release.stderr, /^ka-native: no addon of ka-native can be loaded/)
    const check = await lab.host('a').run([process.execPath, main, 'check', '-f', '/run/lab/a/keepalived.conf'])
    t.is(check.code, 0, check.stdout)
    t.is((await lab.host('a').run([process.execPath, main, '--version'])).code, 0)
  }),
)

async function dependencies(): Promise<string[]> {
  return (await readdir(`${ROOT}node_modules`)).filter((name) => !name.startsWith('.'))
}

serialLabTest(
  'already running: 0, with the sentence; the one that runs is not disturbed',
  inLab(['a'], async (t, lab) => {
    const first = await startMaster(lab)
    const { exit, fatal } = await runStart(lab, {})
    t.deepEqual(exit, { code: 0, signal: null })
    t.is(fatal.length, 1)
    t.regex(fatal[0]?.msg ?? '', /^already running: another process holds \/run\/lab\/a\/\d+\.lock$/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.deepEqual(await first.terminate(), { code: 0, signal: null })
  }),
)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  serialLabTest(
    `${signal} stops: 0, priority 0, the address gone`,
    inLab(['a'], async (t, lab) => {
      const capture = await lab.capture('a', 'ip proto 112')
      const daemon = await startMaster(lab)
      await daemon.process.signal(signal)
      t.deepEqual(await daemon.process.exited, { code: 0, signal: null })
      t.deepEqual(await lab.holders(ADDRESS), [])
      await capture.waitFor('the resignation', (packets) =>
        packets.some((packet) => packet.kind === 'advertisement' && packet.priority === 0),
      )
      const messages = records(daemon).map(({ msg }) => msg)
      // On a busy machine it may be Master before the rest of the start is over.
      t.true(messages.indexOf('Startup complete') < messages.indexOf('Stopping'))
      t.deepEqual(
        messages.filter((message) => /Stopping|Stopped|STATE/.test(message)),
        [
          '(VI_51) Entering BACKUP STATE (init)',
          '(VI_51) Entering MASTER STATE',
          'Stopping',
          '(VI_51) Stopped',
          `Stopped ka-native v${VERSION}`,
        ],
      )
      t.deepEqual(daemon.process.lines('stderr'), [])
      await leavesNothing(t, lab)
    }),
  )
}

/** Starts a daemon into which the module `alteration` is loaded first. */
async function startAltered(lab: Lab, alteration: string): Promise<Child> {
  const directory = await lab.sandbox.makeDirectory('a')
  await writeFile(`${directory.outside}/alteration.mjs`, alteration)
  await writeFile(`${directory.outside}/keepalived.conf`, CONF)
  const options = ['start', '-f', `${directory.inside}/keepalived.conf`, '--runtime-dir', directory.inside]
  return await lab.host('a').spawn([process.execPath, '--import', `${directory.inside}/alteration.mjs`, MAIN, ...options])
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  serialLabTest(
    `${signal} before the start is complete is an orderly stop: 0, and nothing is left`,
    inLab(['a'], async (t, lab) => {
      const interrupt = `import { Engine } from ${JSON.stringify(`${ROOT}index.js`)}
        const { apply } = Engine.prototype
        Engine.prototype.apply = async function (config) {
          process.kill(process.pid, '${signal}')
          return await apply.call(this, config)
        }\n`
      const child = await startAltered(lab, interrupt)
      t.deepEqual(await child.exited, { code: 0, signal: null })
      const messages = child.lines('stdout').map((line) => (JSON.parse(line) as LogRecord).msg)
      t.deepEqual(messages.slice(-2), ['Stopping', `Stopped ka-native v${VERSION}`])
      t.false(messages.includes('Startup complete'))
      t.deepEqual(child.lines('stderr'), [])
      await leavesNothing(t, lab)
    }),
  )
}

serialLabTest(
  'a stop that leaves an address behind: 1, with the sentence',
  inLab(['a'], async (t, lab) => {
    // The kernel cannot be made to refuse from here; the engine's own test sees it refuse.
    const refuse = `import { Engine } from ${JSON.stringify(`${ROOT}index.js`)}
      const { stop } = Engine.prototype
      Engine.prototype.stop = async function () {
        await stop.call(this)
        throw Object.assign(new Error('left behind: 192.0.2.200 on eth0'), { code: 'KA_ERR_NOT_RELEASED' })
      }\n`
    const child = await startAltered(lab, refuse)
    await lab.waitForHolders(ADDRESS, 'a')
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 1, signal: null })
    const { level, msg } = JSON.parse(child.lines('stdout').at(-1) ?? '') as LogRecord
    t.deepEqual({ level, msg }, { level: FATAL, msg: 'left behind: 192.0.2.200 on eth0' })
    t.deepEqual(child.lines('stderr'), [])
  }),
)

serialLabTest(
  'SIGHUP reloads the file; a broken one is refused and changes nothing',
  inLab(['a'], async (t, lab) => {
    const daemon = await startMaster(lab)
    await daemon.reload(keepalivedConf({ ...INSTANCE, addresses: ['192.0.2.201/24'] }))
    await lab.waitForHolders('192.0.2.201', 'a')
    await lab.waitForHolders(ADDRESS)
    await daemon.process.waitForLine(/Reload complete/)
    await daemon.reload('vrrp_instance broken {\n')
    await daemon.process.waitForLine(/reload refused, the former configuration stays/)
    t.deepEqual(await lab.holders('192.0.2.201'), ['a'])
    await daemon.reload(CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a start with faults is told in the words of keepalived',
  inLab(['a'], async (t, lab) => {
    const commands = [
      'link add down0 type veth peer name down1',
      'address add 198.51.100.1/24 dev down0',
      'link add bare0 type veth peer name bare1',
      'link set bare0 up',
      'link set bare1 up',
    ]
    await lab.host('a').exec(['ip', '-batch', '-'], { input: commands.join('\n') })
    const conf = (['down0', 'bare0'] as const).map((name, index) =>
      keepalivedConf({ ...INSTANCE, name, vrid: index + 1, addresses: ['198.51.100.9/24'] }).replace('interface eth0', `interface ${name}`),
    )
    const said = async (implementation: Implementation): Promise<string[]> => {
      const daemon = await startDaemon(lab, 'a', implementation, conf.join(''))
      await daemon.process.waitForLine(/\(bare0\) entering FAULT state(?! \()/)
      await daemon.process.waitForLine(/\(down0\) entering FAULT state(?! \()/)
      await daemon.terminate()
      const sentence = /\((?:down|bare)0\):? entering FAULT state(?: \([^)]*\))?/
      return daemon.process.output.flatMap(({ text }) => sentence.exec(text)?.[0] ?? []).toSorted()
    }
    t.deepEqual(await said('ka-native'), await said('keepalived'))
  }),
)

serialLabTest(
  'a reload that a stop cuts off is given up, which is no error',
  inLab(['a'], async (t, lab) => {
    const interrupt = `import { Engine } from ${JSON.stringify(`${ROOT}index.js`)}
      const { apply } = Engine.prototype
      let calls = 0
      Engine.prototype.apply = async function (config) {
        calls += 1
        if (calls === 2) process.kill(process.pid, 'SIGTERM')
        return await apply.call(this, config)
      }\n`
    const child = await startAltered(lab, interrupt)
    await lab.waitForHolders(ADDRESS, 'a')
    await child.signal('SIGHUP')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    const log = child.lines('stdout').map((line) => JSON.parse(line) as LogRecord)
    t.deepEqual(
      log.filter(({ msg }) => /reload/i.test(msg)).map(({ level, msg }) => ({ level, msg })),
      [
        { level: 30, msg: 'Reloading ...' },
        { level: 30, msg: 'reload given up: the daemon stops' },
      ],
    )
  }),
)

serialLabTest(
  'without CAP_SYS_NICE it runs, and says what is missing and what that disables',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('a')
    await writeFile(`${directory.outside}/keepalived.conf`, CONF)
    const prefix = ['prlimit', '--rtprio=0', 'setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice']
    const options = ['start', '-f', `${directory.inside}/keepalived.conf`, '--runtime-dir', directory.inside]
    const child = await lab.host('a').spawn([...prefix, process.execPath, MAIN, ...options])
    await lab.waitForHolders(ADDRESS, 'a')
    // It is said behind the first configuration, when the address may be there.
    await child.waitForLine(/Startup complete/)
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    const log = child.lines('stdout').map((line) => JSON.parse(line) as LogRecord)
    const [missing, ...others] = log.filter(({ msg }) => msg.includes('CAP_SYS_NICE'))
    t.is(missing?.level, 40)
    t.is(missing?.msg, 'missing capability CAP_SYS_NICE: no real-time scheduling: on a busy machine advertisements may be late')
    t.deepEqual(others, [])
  }),
)

serialLabTest(
  'a reload that changes the instance name is refused; another real-time priority takes effect without a word',
  inLab(['a'], async (t, lab) => {
    const daemon = await startMaster(lab)
    const changed = keepalivedConf({ ...INSTANCE, addresses: ['192.0.2.201/24'] })
    await daemon.reload(`instance blue\n${changed}`)
    await daemon.process.waitForLine(/Cannot change instance name at a reload - please restart ka-native/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    await daemon.reload(changed.replace('global_defs {', 'global_defs {\n  vrrp_rt_priority 20'))
    await lab.waitForHolders('192.0.2.201', 'a')
    await daemon.process.waitForLine(/Reload complete/)
    t.deepEqual(
      records(daemon).filter(({ msg }) => /vrrp_rt_priority/.test(msg)),
      [],
    )
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'SIGHUP before the engine is there ends nothing, and is made up for by a reload',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('a')
    // With the first handler, when little is loaded, and as soon as the file has been read.
    const hangUp = `import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const hangUp = () => process.kill(process.pid, 'SIGHUP')
      process.once('newListener', () => setImmediate(hangUp))
      const { openSync, readFileSync } = fs
      const watch = (read) => (path, ...rest) => {
        if (String(path).endsWith('/keepalived.conf')) {
          Object.assign(fs, { openSync, readFileSync })
          syncBuiltinESMExports()
          queueMicrotask(() => {
            fs.writeFileSync(path, ${JSON.stringify(CONF.replaceAll(ADDRESS, '192.0.2.201'))})
            hangUp()
          })
        }
        return read(path, ...rest)
      }
      Object.assign(fs, { openSync: watch(openSync), readFileSync: watch(readFileSync) })
      syncBuiltinESMExports()\n`
    await writeFile(`${directory.outside}/hang-up.mjs`, hangUp)
    await writeFile(`${directory.outside}/keepalived.conf`, CONF)
    const options = ['start', '-f', `${directory.inside}/keepalived.conf`, '--runtime-dir', directory.inside]
    const child = await lab.host('a').spawn([process.execPath, '--import', `${directory.inside}/hang-up.mjs`, MAIN, ...options])
    await child.waitForLine(/Reload complete/)
    await lab.waitForHolders('192.0.2.201', 'a')
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    t.deepEqual(child.lines('stderr'), [])
  }),
)

serialLabTest(
  'a signal of keepalived that means nothing here ends nothing, and says so',
  inLab(['a'], async (t, lab) => {
    const daemon = await startMaster(lab)
    const SIGRTMAX = 64
    await lab.host('a').exec(['sh', '-c', `kill -${SIGRTMAX} ${daemon.process.pid}`])
    await daemon.process.waitForLine(/no threads are dumped: this signal has no effect/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a log that nobody reads stops neither advertisements nor the stop',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('a')
    const routers = Array.from({ length: 200 }, (_, index) => ({ ...INSTANCE, vrid: index + 1, addresses: [`198.51.100.${index + 1}/32`] }))
    await writeFile(`${directory.outside}/keepalived.conf`, keepalivedConf(...routers))
    const capture = await lab.capture('a', 'ip proto 112')
    const start = `${process.execPath} ${MAIN} start -f ${directory.inside}/keepalived.conf --runtime-dir ${directory.inside}`
    // The reader of the pipe never reads; the shell tells the daemon's pid and, at last, its exit code.
    const script = `{ { ${start} & } 2>&1; echo "pid $!" >&2; wait $!; echo "exit $?" >&2; } | sleep infinity`
    const shell = await lab.host('a').spawn(['sh', '-c', script])
    const [, pid = ''] = await shell.waitForLine(/^pid (\d+)$/)
    await lab.waitForHolders('198.51.100.200', 'a')
    // Each of the instances writes several lines at each turn: far more than a pipe holds.
    for (let turn = 0; turn < 3; turn += 1) {
      await lab.unplug('a')
      const seen = (await capture.packets()).length
      await lab.plug('a')
      await capture.waitFor(
        'every router again',
        (packets) => new Set(packets.slice(seen).flatMap((packet) => (packet.kind === 'advertisement' ? [packet.vrid] : []))).size === 200,
      )
    }
    const heard = (await capture.packets()).length
    await capture.waitFor('twenty advertisements of each', (packets) => packets.length > heard + 20 * 200)
    await lab.host('a').exec(['kill', '-TERM', pid])
    await lab.waitForHolders('198.51.100.200')
    await shell.waitForLine(/^exit 0$/)
    t.pass()
  }),
)

serialLabTest(
  'a log whose reader is gone ends nothing',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('a')
    await writeFile(`${directory.outside}/keepalived.conf`, CONF)
    const start = `${process.execPath} ${MAIN} start -f ${directory.inside}/keepalived.conf --runtime-dir ${directory.inside}`
    const script = `{ ${start} & echo "pid $!" >&2; wait $!; echo "exit $?" >&2; } | head -n 1 > /dev/null`
    const shell = await lab.host('a').spawn(['sh', '-c', script])
    const [, pid = ''] = await shell.waitForLine(/^pid (\d+)$/)
    await lab.waitForHolders(ADDRESS, 'a')
    // Every turn writes several lines that nobody can take any more.
    for (let turn = 0; turn < 2; turn += 1) {
      await lab.unplug('a')
      await lab.waitForHolders(ADDRESS)
      await lab.plug('a')
      await lab.waitForHolders(ADDRESS, 'a')
    }
    await lab.host('a').exec(['kill', '-TERM', pid])
    await shell.waitForLine(/^exit 0$/)
    t.deepEqual(await lab.holders(ADDRESS), [])
    t.deepEqual(shell.lines('stderr'), [`pid ${pid}`, 'exit 0'])
  }),
)

for (const [name, defect] of [
  ['an uncaught exception', `throw new Error('a defect')`],
  ['an unhandled rejection', `void Promise.reject(new Error('a defect'))`],
] as const) {
  serialLabTest(
    `${name}: 70, the sentence, priority 0, the address gone`,
    inLab(['a'], async (t, lab) => {
      const capture = await lab.capture('a', 'ip proto 112')
      const directory = await lab.sandbox.makeDirectory('a')
      // Half a second, which an exit gives the engine, may be over on a busy machine before it has had its turn.
      const patient = `import { Engine } from ${JSON.stringify(new URL('../../index.js', import.meta.url).href)}
const release = Engine.prototype.stopNow
Engine.prototype.stopNow = function stopNow() { return release.call(this, 60_000) }
`
      await writeFile(`${directory.outside}/fail.mjs`, `${patient}process.stdin.once('data', () => { ${defect} }).unref()\n`)
      await writeFile(`${directory.outside}/keepalived.conf`, CONF)
      const options = ['start', '-f', `${directory.inside}/keepalived.conf`, '--runtime-dir', directory.inside]
      const child = await lab.host('a').spawn([process.execPath, '--import', `${directory.inside}/fail.mjs`, MAIN, ...options])
      await lab.waitForHolders(ADDRESS, 'a')
      // Nothing of the start is to be said behind the defect.
      await child.waitForLine(/Startup complete/)
      await child.waitForLine(/Entering MASTER STATE/)
      child.stdin.write('fail\n')
      t.deepEqual(await child.exited, { code: 70, signal: null })
      const last = child.lines('stdout').at(-1) ?? ''
      t.regex(last, /"stack":"Error: a defect\\n.*"msg":"internal error"/)
      t.is((JSON.parse(last) as LogRecord).level, FATAL)
      t.deepEqual(await lab.holders(ADDRESS), [])
      await capture.waitFor('the resignation', (packets) =>
        packets.some((packet) => packet.kind === 'advertisement' && packet.priority === 0),
      )
    }),
  )
}

serialLabTest(
  '--version, help and mistakes of the command line',
  inLab(['a'], async (t, lab) => {
    const run = async (...args: string[]): ReturnType<typeof lab.sandbox.run> => await lab.sandbox.run([process.execPath, MAIN, ...args])
    const version = await run('--version')
    t.is(version.code, 0)
    t.is(version.stdout, '0.1.0\n', 'the version alone on standard output')
    t.regex(version.stderr, /^Keepalived v\d+\.\d+\.\d+ \(ka-native 0\.1\.0\)\n/, "for programs that know keepalived's")
    const help = await run('--help')
    t.is(help.code, 0)
    for (const command of ['start', 'check', 'release', 'demo']) t.regex(help.stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
    const startHelp = await run('start', '--help')
    t.is(startHelp.code, 0)
    t.regex(startHelp.stdout, /-f, --file <file> +configuration file \(default:\s+"\/etc\/keepalived\/keepalived\.conf"\)/)
    for (const [args, sentence] of [
      [['begin'], /^error: unknown command 'begin'/],
      [['start', '--fork'], /^error: unknown option '--fork'/],
      [['start', '--log-format', 'xml'], /^error: option '--log-format <format>' argument 'xml' is invalid/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args)
      t.is(code, 1)
      t.is(stdout, '')
      t.regex(stderr, sentence)
    }
  }),
)
