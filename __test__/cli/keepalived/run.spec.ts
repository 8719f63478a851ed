/** The daemon as keepalived's command line starts it, beside keepalived itself: background, pid files, statuses. */
import { symlink, writeFile } from 'node:fs/promises'
import { keepalivedConf } from '../../lab/conf.ts'
import type { Implementation } from '../../lab/daemon.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import type { Lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { MAIN, isAlive, pidEntries, pidIn, runCommand, settledEntries, stop } from './background.ts'

const ADDRESS = '192.0.2.200'
const OTHER = '192.0.2.201'
const CONF = keepalivedConf({ vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] })

const BOTH: readonly Implementation[] = ['keepalived', 'ka-native']

async function writeConf(lab: Lab<'a'>, text = CONF): Promise<string> {
  await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, text)
  return `${lab.sandbox.scratch.inside}/keepalived.conf`
}

for (const implementation of BOTH) {
  serialLabTest(
    `${implementation} goes to the background, and holds its pid files until it is stopped`,
    inLab(['a'], async (t, lab) => {
      const conf = await writeConf(lab)
      t.deepEqual(await runCommand(lab, implementation, ['-G', '-f', conf]), { code: 0, stdout: '', stderr: '' })
      t.deepEqual(await settledEntries(lab, 2), ['-rw-r--r-- /run/keepalived.pid', '-rw-r--r-- /run/vrrp.pid'])
      const pid = await pidIn(lab, '/run/keepalived.pid')
      t.is(await lab.sandbox.exec(['cat', '/run/keepalived.pid']), `${pid}\n`)
      t.regex(await lab.sandbox.exec(['cat', `/proc/${pid}/cmdline`]), implementation === 'keepalived' ? /^keepalived\0-G\0/ : /\0-G\0-f\0/)
      t.is((await lab.sandbox.exec(['readlink', `/proc/${pid}/cwd`])).trim(), '/')
      for (const fd of [0, 1, 2]) t.is((await lab.sandbox.exec(['readlink', `/proc/${pid}/fd/${fd}`])).trim(), '/dev/null')
      t.is((await lab.sandbox.exec(['ps', '-o', 'sid=', '-p', `${pid}`])).trim(), `${pid}`, 'a session of its own')
      await lab.waitForHolders(ADDRESS, 'a')

      const again = await runCommand(lab, implementation, ['-G', '-f', conf])
      t.is(again.code, 0, 'already running')
      t.is(await pidIn(lab, '/run/keepalived.pid'), pid)
      t.true(await isAlive(lab, pid))

      await stop(lab, '/run/keepalived.pid')
      t.deepEqual(await pidEntries(lab), [])
      t.deepEqual(await lab.holders(ADDRESS), [])
    }),
  )
}

interface Naming {
  readonly args?: readonly string[]
  /** Lines in front of the configuration. */
  readonly lines?: string
  readonly files: readonly string[]
}

const NAMINGS: Readonly<Record<string, Naming>> = {
  use_pid_dir: { lines: 'use_pid_dir\n', files: ['/run/keepalived/', '/run/keepalived/keepalived.pid', '/run/keepalived/vrrp.pid'] },
  instance: {
    lines: 'instance blue\n',
    files: ['/run/keepalived/', '/run/keepalived/keepalived_blue.pid', '/run/keepalived/vrrp_blue.pid'],
  },
  '--vrrp': { args: ['--vrrp'], files: ['/run/keepalived.pid', '/run/vrrp.pid'] },
  '--check': { args: ['--check'], files: ['/run/keepalived.pid'] },
  '--all': { args: ['--all'], files: ['/run/bfd.pid', '/run/checkers.pid', '/run/keepalived.pid', '/run/vrrp.pid'] },
  '--all --no_bfd': { args: ['--all', '--no_bfd'], files: ['/run/checkers.pid', '/run/keepalived.pid', '/run/vrrp.pid'] },
  '--pid and --vrrp_pid': {
    args: ['-p', '/run/lab/one.pid', '--vrrp_pid=/run/lab/two.pid'],
    files: ['/run/lab/one.pid', '/run/lab/two.pid'],
  },
  '--checkers_pid and --bfd_pid': {
    args: ['--all', '-c', '/run/lab/c.pid', '-b', '/run/lab/b.pid'],
    files: ['/run/keepalived.pid', '/run/lab/b.pid', '/run/lab/c.pid', '/run/vrrp.pid'],
  },
}

for (const [name, { args = [], lines = '', files }] of Object.entries(NAMINGS)) {
  for (const implementation of BOTH) {
    serialLabTest(
      `${implementation} names its pid files: ${name}`,
      inLab(['a'], async (t, lab) => {
        const conf = await writeConf(lab, lines + CONF)
        t.is((await runCommand(lab, implementation, ['-G', '-f', conf, ...args])).code, 0)
        const wanted = files.map((path) => (path.endsWith('/') ? `drwxr-xr-x ${path.slice(0, -1)}` : `-rw-r--r-- ${path}`))
        const found = await settledEntries(lab, files.filter((path) => path.endsWith('.pid')).length)
        t.deepEqual(found, wanted)
        await stop(lab, files.find((path) => /keepalived\w*\.pid$|one\.pid$/.test(path)) ?? '')
        t.deepEqual(await pidEntries(lab), [])
      }),
    )
  }
}

serialLabTest(
  'all pid files hold our one process; a reload with new work adds its file',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    await runCommand(lab, 'ka-native', ['-G', '-f', conf])
    const pid = await pidIn(lab, '/run/keepalived.pid')
    // Virtual servers would need a kernel with IPVS.
    await writeConf(lab, `${CONF}bfd_instance B {\n  neighbor_ip 192.0.2.9\n}\n`)
    await lab.sandbox.exec(['kill', '-HUP', `${pid}`])
    await settledEntries(lab, 3)
    t.deepEqual(
      (await pidEntries(lab)).map((entry) => [entry.path, entry.pid]),
      [
        ['/run/bfd.pid', pid],
        ['/run/keepalived.pid', pid],
        ['/run/vrrp.pid', pid],
      ],
    )
    await stop(lab, '/run/keepalived.pid')
    t.deepEqual(await pidEntries(lab), [])
  }),
)

serialLabTest(
  'pid files that a killed daemon left behind are no obstacle, whoever has that number now',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    await lab.sandbox.exec(['sh', '-c', 'echo 1 >/run/keepalived.pid; echo 1 >/run/vrrp.pid'])
    t.deepEqual(await runCommand(lab, 'ka-native', ['-G', '-f', conf]), { code: 0, stdout: '', stderr: '' })
    const pid = await pidIn(lab, '/run/keepalived.pid')
    t.true(pid > 1)
    await lab.waitForHolders(ADDRESS, 'a')
    await stop(lab, '/run/keepalived.pid')
    t.deepEqual(await pidEntries(lab), [])
  }),
)

serialLabTest(
  'two instances run side by side, each with its pid files',
  inLab(['a'], async (t, lab) => {
    const blue = await writeConf(lab, `instance blue\n${CONF}`)
    t.is((await runCommand(lab, 'ka-native', ['-G', '-f', blue])).code, 0)
    const second = keepalivedConf({ vrid: 52, priority: 200, version: 3, advertInt: 0.1, addresses: [`${OTHER}/24`] })
    await writeFile(`${lab.sandbox.scratch.outside}/green.conf`, `instance green\n${second}`)
    t.is((await runCommand(lab, 'ka-native', ['-G', '-f', `${lab.sandbox.scratch.inside}/green.conf`])).code, 0)
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.waitForHolders(OTHER, 'a')
    await stop(lab, '/run/keepalived/keepalived_blue.pid')
    t.deepEqual(
      (await pidEntries(lab)).map(({ path }) => path),
      ['/run/keepalived', '/run/keepalived/keepalived_green.pid', '/run/keepalived/vrrp_green.pid'],
    )
    await stop(lab, '/run/keepalived/keepalived_green.pid')
    t.deepEqual(await pidEntries(lab), [], 'the last one removes the directory')
  }),
)

serialLabTest(
  'a relative file is that of the directory it was started in, also at a reload',
  inLab(['a'], async (t, lab) => {
    await writeConf(lab)
    const { code } = await runCommand(
      lab,
      'ka-native',
      ['-G', '-f', 'keepalived.conf', '-p', 'own.pid'],
      ['env', '-C', lab.sandbox.scratch.inside],
    )
    t.is(code, 0)
    await lab.waitForHolders(ADDRESS, 'a')
    await writeConf(lab, CONF.replace(ADDRESS, OTHER))
    const path = `${lab.sandbox.scratch.inside}/own.pid`
    await lab.sandbox.exec(['kill', '-HUP', `${await pidIn(lab, path)}`])
    await lab.waitForHolders(OTHER, 'a')
    await lab.waitForHolders(ADDRESS)
    await stop(lab, path)
  }),
)

serialLabTest(
  '--check leaves VRRP alone',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    t.is((await runCommand(lab, 'ka-native', ['-G', '-C', '-f', conf])).code, 0)
    const pid = await pidIn(lab, '/run/keepalived.pid')
    await lab.sandbox.exec(['kill', '-HUP', `${pid}`])
    t.true(await isAlive(lab, pid))
    t.deepEqual(await lab.holders(ADDRESS), [])
    await stop(lab, '/run/keepalived.pid')
  }),
)

interface Failure {
  readonly conf?: string
  /** `CONF` stands for the file. */
  readonly args?: readonly string[]
  readonly prefix?: readonly string[]
  readonly status: number
  /** What keepalived ends with in the foreground, where it is another status. */
  readonly keepalived?: number
  readonly sentence: RegExp
}

const NO_ADMIN = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin']

const FAILURES: Readonly<Record<string, Failure>> = {
  'a missing file': { args: ['-f', '/run/none.conf'], status: 6, sentence: /^no usable configuration file \/run\/none\.conf$/ },
  'a directory': { args: ['-f', '/run/lab'], status: 6, sentence: /^no usable configuration file \/run\/lab$/ },
  'a missing interface': { conf: CONF.replace('eth0', 'eth9'), status: 2, sentence: /^the configuration in .* cannot be run$/ },
  'no virtual_router_id': { conf: CONF.replace(/virtual_router_id.*/, ''), status: 2, sentence: /^the configuration in .* cannot be run$/ },
  'a missing include with --all-config': {
    conf: `include none.conf\n${CONF}`,
    args: ['-e'],
    status: 6,
    sentence: /^no usable configuration file/,
  },
  // keepalived goes on without.
  'a missing capability': { prefix: NO_ADMIN, status: 4, keepalived: 0, sentence: /^missing capability CAP_NET_ADMIN$/ },
  // keepalived ends with 0, as if all were well.
  'a pid file that cannot be written': {
    args: ['-p', '/nowhere/x.pid'],
    status: 1,
    keepalived: 0,
    sentence: /^pid file \/nowhere\/x\.pid: .*No such file or directory/,
  },
  'a pid file that is a symbolic link': {
    args: ['-p', '/run/lab/link.pid'],
    status: 1,
    keepalived: 0,
    sentence: /^pid file .*link\.pid: /,
  },
}

for (const [name, { conf = CONF, args = [], prefix = [], status, keepalived = status, sentence }] of Object.entries(FAILURES)) {
  serialLabTest(
    `${name}: ${status}, with a sentence, and nothing is left behind`,
    inLab(['a'], async (t, lab) => {
      const file = await writeConf(lab, conf)
      await symlink('/run/lab/target', `${lab.sandbox.scratch.outside}/link.pid`)
      const words = ['-G', '-f', file, ...args]
      const background = await runCommand(lab, 'ka-native', words, prefix)
      t.is(background.code, status, background.stderr)
      t.is(background.stdout, '')
      t.regex(background.stderr, /^ka-native: .*\n$/)
      t.regex(background.stderr.slice('ka-native: '.length).trimEnd(), sentence)
      t.is((await runCommand(lab, 'ka-native', ['-n', ...words], prefix)).code, status, 'the same in the foreground')
      if (keepalived === status) {
        t.is((await runCommand(lab, 'keepalived', ['-n', ...words], prefix)).code, keepalived, 'as keepalived')
        await lab.sandbox.run(['sh', '-c', 'rm -f /run/*.pid'])
      }
      t.deepEqual(
        (await pidEntries(lab)).map(({ path }) => path),
        ['/run/lab/link.pid'],
      )
      t.is((await lab.sandbox.run(['test', '-e', '/run/lab/target'])).code, 1)
      t.deepEqual(await lab.holders(ADDRESS), [])
    }),
  )
}

serialLabTest(
  'already running: 0; the daemon in the background is not disturbed',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    await runCommand(lab, 'ka-native', ['-G', '-f', conf])
    for (const words of [[], ['-n']]) {
      const { code } = await runCommand(lab, 'ka-native', ['-G', '-f', conf, ...words])
      t.is(code, 0)
    }
    // Its own pid files do not help it: the engine of this network namespace and instance is there.
    const { code, stderr } = await runCommand(lab, 'ka-native', ['-G', '-f', conf, '-p', '/run/lab/p.pid', '-r', '/run/lab/r.pid'])
    t.is(code, 0)
    t.regex(stderr, /already running/)
    t.deepEqual(
      (await pidEntries(lab)).map(({ path }) => path),
      ['/run/keepalived.pid', '/run/vrrp.pid'],
    )
    await lab.waitForHolders(ADDRESS, 'a')
    await stop(lab, '/run/keepalived.pid')
  }),
)

serialLabTest(
  'a signal that ends the start ends the daemon: nothing is left behind',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    // On a busy machine a start may be over before it is seen, or before the signal: then there is another one.
    await waitFor('a start is ended', async () => {
      const starter = await lab.host('a').spawn([process.execPath, MAIN, '-G', '-f', conf])
      const child = await waitFor('the daemon is being started', async () => {
        if (starter.exit !== undefined) return 0
        const { stdout } = await lab.sandbox.run(['pgrep', '-P', `${starter.pid}`])
        return stdout.trim() !== '' && Number(stdout)
      })
      await starter.signal('SIGTERM').catch(() => undefined)
      const { code } = await starter.exited
      // Ended by a signal, it was at its end already. With 0 it ends too where the engine has taken the signal; then it says so.
      if ((code ?? 0) !== 0 || starter.lines('stderr').some((line) => line.startsWith('ka-native: Stopped '))) {
        t.true(child > 0)
        await waitFor('the daemon has ended', async () => !(await isAlive(lab, child)))
        return true
      }
      // Whether or not the signal came in time to be passed on.
      await lab.sandbox.run(['sh', '-c', 'kill $(cat /run/keepalived.pid)'])
      await waitFor('all is put away', async () => (await pidEntries(lab)).length === 0)
      return false
    })
    t.deepEqual(await pidEntries(lab), [])
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a signal right after the pid files are written removes them again',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    const script = '"$@" & daemon=$!; while ! [ -s /run/vrrp.pid ]; do :; done; kill $daemon; wait $daemon'
    const { code, stderr } = await lab.host('a').run(['sh', '-c', script, 'sh', process.execPath, MAIN, '-n', '-G', '-f', conf])
    t.is(code, 0, stderr)
    t.deepEqual(await pidEntries(lab), [])
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'called keepalived it reads every word as keepalived does; called ka-native a misspelt command is a mistake',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    await symlink(MAIN, `${lab.sandbox.scratch.outside}/keepalived`)
    const called = `${lab.sandbox.scratch.inside}/keepalived`
    const run = async (...args: string[]): ReturnType<typeof lab.sandbox.run> => await lab.host('a').run([process.execPath, ...args])
    t.deepEqual(await run(called, 'strat', '-t', '-f', conf), { code: 0, stdout: 'Unexpected argument(s): strat \n', stderr: '' })
    const { code, stdout, stderr } = await run(MAIN, 'strat', '-t', '-f', conf)
    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /^error: unknown command 'strat'/)
    t.is((await run(called, 'check', conf)).code, 0, 'subcommands work under both names')
  }),
)

serialLabTest(
  'start writes no pid file unless it is asked for one',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    for (const args of [[], ['--pid', '/run/lab/own.pid']]) {
      const daemon = await lab.host('a').spawn([process.execPath, MAIN, 'start', '-f', conf, ...args])
      await lab.waitForHolders(ADDRESS, 'a')
      t.deepEqual(await pidEntries(lab), args.length === 0 ? [] : [{ path: '/run/lab/own.pid', mode: '-rw-r--r--', pid: daemon.pid }])
      await daemon.signal('SIGTERM')
      t.deepEqual(await daemon.exited, { code: 0, signal: null })
      t.deepEqual(await pidEntries(lab), [])
    }
  }),
)

serialLabTest(
  '--dump-conf logs what the configuration says, and no secret',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(
      lab,
      keepalivedConf({ vrid: 51, priority: 200, version: 2, advertInt: 1, addresses: [`${ADDRESS}/24`], authPass: 'hidden' }),
    )
    const daemon = await lab.host('a').spawn([process.execPath, MAIN, '-n', '-l', '-G', '-d', '-f', conf])
    await daemon.waitForLine(/Startup complete/)
    const lines = daemon.lines('stderr')
    t.true(lines.some((line) => line.endsWith('vrrp_instance VI_51 {')))
    t.true(lines.some((line) => line.endsWith('virtual_router_id 51')))
    t.false(lines.some((line) => line.includes('hidden')))
    await daemon.signal('SIGTERM')
    await daemon.exited
  }),
)

serialLabTest(
  'what is written is for its user alone, unless --umask says otherwise',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    for (const [args, mode] of [
      [[], '600'],
      [['-u', '022'], '644'],
    ] as const) {
      await runCommand(lab, 'ka-native', ['-G', '-f', conf, `-g/run/lab/${mode}.log`, ...args])
      await stop(lab, '/run/keepalived.pid')
      t.is((await lab.sandbox.exec(['stat', '-c', '%a', `/run/lab/${mode}.log`])).trim(), mode)
    }
    t.is((await lab.sandbox.exec(['stat', '-c', '%a', '/run/ka-native'])).trim(), '755')
  }),
)
