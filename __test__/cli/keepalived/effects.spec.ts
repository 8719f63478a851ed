/** What options change of the daemon that they start, beside keepalived where it does the same. */
import { writeFile } from 'node:fs/promises'
import { keepalivedConf } from '../../lab/conf.ts'
import type { Implementation } from '../../lab/daemon.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import type { Lab } from '../../lab/lab.ts'
import type { CommandResult } from '../../lab/sandbox.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { MAIN, PROGRAMS, pidEntries, pidIn, runCommand, settledEntries, stop } from './background.ts'

const ADDRESS = '192.0.2.200'
const CONF = keepalivedConf({ vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] })

const BOTH: readonly Implementation[] = ['keepalived', 'ka-native']

async function writeConf(lab: Lab<'a'>, text = CONF): Promise<string> {
  await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, text)
  return `${lab.sandbox.scratch.inside}/keepalived.conf`
}

for (const implementation of BOTH) {
  serialLabTest(
    `${implementation} --dont-release-vrrp: the address stays, and the next start without it takes it away at its stop`,
    inLab(['a'], async (t, lab) => {
      const conf = await writeConf(lab)
      await runCommand(lab, implementation, ['-G', '--dont-release-vrrp', '-f', conf])
      await lab.waitForHolders(ADDRESS, 'a')
      await stop(lab, '/run/keepalived.pid')
      t.deepEqual(await lab.holders(ADDRESS), ['a'])
      t.deepEqual(await pidEntries(lab), [])

      // That the address is there does not say that the second one is Master: its advertisements do.
      const capture = await lab.capture('a', 'ip proto 112')
      await runCommand(lab, implementation, ['-G', '-X', '-f', conf])
      await capture.waitFor('an advertisement of the second', (packets) => packets.length > 0)
      await lab.waitForHolders(ADDRESS, 'a')
      await stop(lab, '/run/keepalived.pid')
      t.deepEqual(await lab.holders(ADDRESS), [])
    }),
  )
}

/** Starts one outside of every host, in the sandbox's first network namespace. */
async function runOutside(lab: Lab<'a'>, implementation: Implementation, ...args: string[]): Promise<CommandResult> {
  return await lab.sandbox.run([...PROGRAMS[implementation], '-G', ...args])
}

const NAMESPACES: Readonly<Record<string, readonly [lines: string, args: readonly string[]]>> = {
  '--namespace': ['', ['--namespace=a']],
  net_namespace: ['net_namespace a\n', []],
  '-s, which overrides net_namespace': ['net_namespace elsewhere\n', ['-s', 'a']],
}

for (const [name, [lines, args]] of Object.entries(NAMESPACES)) {
  for (const implementation of BOTH) {
    serialLabTest(
      `${implementation} runs in another network: ${name}`,
      inLab(['a'], async (t, lab) => {
        const conf = await writeConf(lab, `${lines}${CONF}`)
        t.deepEqual(await runOutside(lab, implementation, '-f', conf, ...args), { code: 0, stdout: '', stderr: '' })
        await lab.waitForHolders(ADDRESS, 'a')
        const files = ['/run/keepalived/a/keepalived.pid', '/run/keepalived/a/vrrp.pid']
        const directories = ['drwxr-xr-x /run/keepalived', 'drwxr-xr-x /run/keepalived/a']
        t.deepEqual(await settledEntries(lab, 2), [...directories, ...files.map((path) => `-rw-r--r-- ${path}`)])
        await stop(lab, files[0] ?? '')
        t.deepEqual(await lab.holders(ADDRESS), [])
        t.deepEqual(await pidEntries(lab), [])
      }),
    )
  }
}

serialLabTest(
  'in the foreground too, as the process that was started',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    const daemon = await lab.sandbox.spawn([process.execPath, MAIN, '-n', '-l', '-G', '-R', '-s', 'a', '-f', conf])
    await daemon.waitForLine(/Startup complete/)
    await lab.waitForHolders(ADDRESS, 'a')
    t.is(await pidIn(lab, '/run/keepalived/a/keepalived.pid'), daemon.pid)
    for (const once of ['Starting ka-native', '--dont-respawn has no effect']) {
      t.is(daemon.lines('stderr').filter((line) => line.includes(once)).length, 1, 'it begins once')
    }
    await daemon.signal('SIGTERM')
    t.deepEqual(await daemon.exited, { code: 0, signal: null })
    t.deepEqual(await pidEntries(lab), [])
  }),
)

serialLabTest(
  '--namespace counts in the names of files as net_namespace does',
  inLab(['a'], async (t, lab) => {
    const { inside } = lab.sandbox.scratch
    const lines = `global_defs {\n  reload_file\n  data_use_instance\n  state_dump_file ${inside}/dumps/state\n`
    await lab.sandbox.makeDirectory('dumps')
    const conf = await writeConf(lab, CONF.replace('global_defs {', lines))
    const daemon = await lab.sandbox.spawn([process.execPath, MAIN, '-n', '-l', '-G', '-s', 'a', '-f', conf])
    await daemon.waitForLine(/Startup complete/)
    // The mark of a reload is removed there at its end.
    await lab.sandbox.exec(['touch', '/run/keepalived/a/keepalived.reload', '/run/keepalived.reload'])
    await daemon.signal('SIGHUP')
    await daemon.waitForLine(/Reload complete/)
    t.is((await lab.sandbox.run(['ls', '/run/keepalived/a/keepalived.reload'])).code, 2)
    t.is((await lab.sandbox.run(['ls', '/run/keepalived.reload'])).code, 0)
    await daemon.signal('SIGUSR1')
    await waitFor('there are two dumps', async () => {
      const found = await lab.sandbox.exec(['ls', `${inside}/dumps`])
      return found === 'state.a\nstate_parent.a\n'
    })
    await daemon.signal('SIGTERM')
    t.deepEqual(await daemon.exited, { code: 0, signal: null })
  }),
)

serialLabTest(
  'a network namespace that does not exist: 1, with the sentence',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    const { code, stderr } = await runOutside(lab, 'ka-native', '-s', 'elsewhere', '-f', conf)
    t.is(code, 1)
    t.regex(stderr, /^ka-native: Unable to set network namespace elsewhere - exiting: /)
    t.deepEqual(await pidEntries(lab), [])
  }),
)

serialLabTest(
  '--address-monitoring logs every address that comes and goes',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    const daemon = await lab.host('a').spawn([process.execPath, MAIN, '-n', '-l', '-G', '-a', '-f', conf])
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.host('a').exec(['ip', 'address', 'add', '198.51.100.7/24', 'dev', 'eth0'])
    await daemon.waitForLine(/: .*198\.51\.100\.7.* eth0/)
    await lab.host('a').exec(['ip', 'address', 'delete', '198.51.100.7/24', 'dev', 'eth0'])
    await waitFor('both are logged', () => daemon.lines('stderr').filter((line) => line.includes('198.51.100.7')).length === 2)
    await daemon.signal('SIGTERM')
    t.deepEqual(await daemon.exited, { code: 0, signal: null })
  }),
)

for (const implementation of BOTH) {
  serialLabTest(
    `${implementation} --core-dump allows core files of any size`,
    inLab(['a'], async (t, lab) => {
      const conf = await writeConf(lab)
      await lab.host('a').run(['prlimit', '--core=0:unlimited', ...PROGRAMS[implementation], '-G', '-m', '-f', conf])
      // keepalived is in the background before it has them.
      await settledEntries(lab, 2)
      const limits = await lab.sandbox.exec(['cat', `/proc/${await pidIn(lab, '/run/keepalived.pid')}/limits`])
      t.regex(limits, /^Max core file size +unlimited +unlimited/m)
      await lab.waitForHolders(ADDRESS, 'a')
      await stop(lab, '/run/keepalived.pid')
    }),
  )
}

serialLabTest(
  'options without effect are told in the log, and so is a value that is wrong',
  inLab(['a'], async (t, lab) => {
    const conf = await writeConf(lab)
    const daemon = await lab.host('a').spawn([process.execPath, MAIN, '-n', '-l', '-G', '-R', '-x', '-S', 'mail', '--perf', '-f', conf])
    await daemon.waitForLine(/: --dont-respawn has no effect: there are no child processes to start again$/)
    await daemon.waitForLine(/: --snmp has no effect: SNMP is not supported yet$/)
    await daemon.waitForLine(/: --perf has no effect: it is for debugging keepalived itself$/)
    await daemon.waitForLine(/: Invalid log facility 'mail'$/)
    await daemon.waitForLine(/Startup complete/)
    await daemon.signal('SIGTERM')
    t.deepEqual(await daemon.exited, { code: 0, signal: null })
  }),
)
