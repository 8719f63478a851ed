/** `startup_script` and `shutdown_script`: when they run, and what is said, beside keepalived. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { lateScript, liveInTime, saysNothingOf } from '../notify/in-time.ts'

const INSTANCE: InstanceConf = { name: 'VI_1', vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: ['192.0.2.200/24'] }
const SENTENCE = /(?:Running )?(?:startup|shutdown) script [^"]*/

interface Run {
  /** What was said of the scripts. */
  readonly said: readonly string[]
  /** What all scripts noted, in order. */
  readonly noted: readonly string[]
}

/** The two scripts as bodies for the shell; `$DIR` is theirs. */
interface Scripts {
  readonly startup: string
  readonly shutdown: string
  /** Seconds that each of them may take. */
  readonly limit: number
}

/** A life of a daemon: until it is Master, and to its end. */
async function live(lab: Lab<'a'>, implementation: Implementation, scripts: Scripts): Promise<Run> {
  const directory = await lab.sandbox.makeDirectory(`scripts-${implementation}`)
  await chmod(directory.outside, 0o777)
  const write = async (name: string, body: string): Promise<string> => {
    await writeFile(`${directory.outside}/${name}`, `#!/bin/sh\n${body.replaceAll('$DIR', directory.inside)}\n`)
    await chmod(`${directory.outside}/${name}`, 0o755)
    return `${directory.inside}/${name}`
  }
  const lines = [
    'script_user root',
    `startup_script "${await write('startup', scripts.startup)} word"`,
    `startup_script_timeout ${scripts.limit}`,
    `shutdown_script ${await write('shutdown', scripts.shutdown)}`,
    `shutdown_script_timeout ${scripts.limit}`,
  ]
  const note = await write('note', 'echo "$1" >> $DIR/noted')
  const extra = [`notify_backup "${note} backup"`, `notify_master "${note} master"`, `notify_stop "${note} stop"`]
  const conf = keepalivedConf({ ...INSTANCE, extra }).replace('global_defs {', `global_defs {\n  ${lines.join('\n  ')}`)
  const noted = async (): Promise<string[]> =>
    (await readFile(`${directory.outside}/noted`, 'utf8').catch(() => '')).split('\n').slice(0, -1)
  const isNoted = async (word: string): Promise<boolean> => (await noted()).includes(word)
  const said: string[] = []
  await liveInTime(async () => {
    await rm(`${directory.outside}/noted`, { force: true })
    const daemon = await startDaemon(lab, 'a', implementation, conf)
    await waitFor('it is Master', async () => (await isNoted('backup')) && (await isNoted('master')), { seen: noted })
    await daemon.terminate()
    said.splice(0, Infinity, ...daemon.process.output.flatMap(({ text }) => SENTENCE.exec(text)?.[0] ?? []))
    // keepalived ends scripts after a second too, and does not say so; a child that takes long to end it kills, and starts once more.
    if (implementation === 'keepalived') return (await isNoted('stop')) && saysNothingOf(/failed to die/, daemon.process)
    return saysNothingOf(lateScript('note'), daemon.process)
  })
  return { said: said.map((line) => line.replaceAll(`${directory.inside}/`, '').trim()), noted: await noted() }
}

/** What was noted, of keepalived behind its beginning in any order: its scripts run beside each other. */
function ordered(implementation: Implementation, [first = '', ...noted]: readonly string[]): readonly string[] {
  return [first, ...(implementation === 'keepalived' ? noted.toSorted() : noted)]
}

for (const implementation of ['keepalived', 'ka-native'] as const) {
  serialLabTest(
    `${implementation}: scripts run before everything and after everything, and their status is said`,
    inLab(['a'], async (t, lab) => {
      const succeeding = { startup: 'echo "startup $@" >> $DIR/noted', shutdown: 'echo shutdown >> $DIR/noted; exit 3', limit: 60 }
      const { said, noted } = await live(lab, implementation, succeeding)
      t.deepEqual(said, [
        'Running startup script startup',
        'startup script script succeeded',
        'Running shutdown script shutdown',
        'shutdown script script failed, status 3',
      ])
      const expected = ['startup word', 'backup', 'master', 'stop', 'shutdown']
      t.deepEqual(ordered(implementation, noted), ordered(implementation, expected))
    }),
  )

  serialLabTest(
    `${implementation}: scripts that do not end hold up neither the start nor the end`,
    inLab(['a'], async (t, lab) => {
      const { said, noted } = await live(lab, implementation, { startup: 'exec sleep 1000', shutdown: 'exec sleep 1000', limit: 1 })
      t.deepEqual(said, [
        'Running startup script startup',
        'startup script timed out',
        'Running shutdown script shutdown',
        'shutdown script timed out',
      ])
      t.deepEqual(implementation === 'keepalived' ? noted.toSorted() : noted, ['backup', 'master', 'stop'])
    }),
  )
}

serialLabTest(
  'a stop while the start script runs ends both',
  inLab(['a'], async (t, lab) => {
    const conf = keepalivedConf(INSTANCE).replace(
      'global_defs {',
      'global_defs {\n  script_user root\n  startup_script "/bin/sleep 1000"\n  startup_script_timeout 900',
    )
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    await daemon.process.waitForLine(/Running startup script/)
    const exit = await daemon.terminate()
    t.is(exit.signal, null)
    const output = daemon.process.output.map(({ text }) => text).join('\n')
    t.regex(output, /startup script given up: the daemon stops/)
    t.notRegex(output, /shutdown script|Entering/)
  }),
)

/** Starts a ka-native whose script of this kind notes that it has begun and waits until {@link Held.release} is called. */
interface Held {
  readonly daemon: Daemon
  readonly conf: string
  readonly release: () => Promise<void>
}

async function hold(lab: Lab<'a'>, which: 'startup' | 'shutdown'): Promise<Held> {
  const directory = await lab.sandbox.makeDirectory('held')
  await writeFile(`${directory.outside}/script`, `#!/bin/sh\nuntil test -e ${directory.inside}/go; do sleep 0.05; done\n`)
  await chmod(`${directory.outside}/script`, 0o755)
  const lines = `global_defs {\n  script_user root\n  ${which}_script ${directory.inside}/script\n  ${which}_script_timeout 60\n`
  const conf = keepalivedConf(INSTANCE).replace('global_defs {', lines)
  const daemon = await startDaemon(lab, 'a', 'ka-native', conf, { args: ['--pid', '/run/held.pid'] })
  const release = async (): Promise<void> => await writeFile(`${directory.outside}/go`, '')
  return { daemon, conf, release }
}

serialLabTest(
  'a reload that is asked for while the start script runs comes after it, and counts',
  inLab(['a'], async (t, lab) => {
    const { daemon, conf, release } = await hold(lab, 'startup')
    await daemon.process.waitForLine(/Running startup script/)
    await daemon.reload(conf.replace('192.0.2.200', '192.0.2.201'))
    // Long enough for a reload that does not wait.
    await sleep(500)
    await release()
    await daemon.process.waitForLine(/Reload complete/)
    const said = daemon.process.lines('stdout').flatMap((line) => /startup script script succeeded|Reloading \.\.\./.exec(line)?.[0] ?? [])
    t.deepEqual(said, ['startup script script succeeded', 'Reloading ...'])
    await lab.waitForHolders('192.0.2.201', 'a')
    await lab.waitForHolders('192.0.2.200')
  }),
)

serialLabTest(
  'signals while the stop script runs end nothing',
  inLab(['a'], async (t, lab) => {
    const { daemon, release } = await hold(lab, 'shutdown')
    await lab.waitForHolders('192.0.2.200', 'a')
    await daemon.process.signal('SIGTERM')
    await daemon.process.waitForLine(/Running shutdown script/)
    for (const signal of ['TERM', 'INT', 'HUP', 'USR1', 'USR2', '36', '63', '64']) {
      await lab.sandbox.exec(['kill', `-${signal}`, String(daemon.process.pid)])
    }
    await release()
    t.deepEqual(await daemon.process.exited, { code: 0, signal: null })
    t.true(daemon.process.lines('stdout').some((line) => line.includes('shutdown script script succeeded')))
    t.is((await lab.sandbox.run(['ls', '/run/held.pid'])).code, 2, 'its pid file is gone')
  }),
)

serialLabTest(
  'a stop while the start script runs leaves nothing behind, however long that takes to end',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('stubborn')
    await writeFile(`${directory.outside}/script`, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    await chmod(`${directory.outside}/script`, 0o755)
    const lines = [`startup_script ${directory.inside}/script`, 'script_user root', `vrrp_notify_fifo ${directory.inside}/fifo`]
    const conf = keepalivedConf(INSTANCE).replace('global_defs {', `global_defs {\n  ${lines.join('\n  ')}`)
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf, { args: ['--pid', '/run/stubborn.pid'] })
    await daemon.process.waitForLine(/Running startup script/)
    // Time to say that it does not listen.
    await sleep(500)
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.is((await lab.sandbox.exec(['ls', directory.inside])).trim(), 'script')
    t.is((await lab.sandbox.run(['ls', '/run/stubborn.pid'])).code, 2)
  }),
)
