/** Notify scripts of a daemon: what they are told over its life, and as whom they run. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { lateScript, liveInTime, saysNothingOf, UNTOLD } from './in-time.ts'

const ADDRESS = '192.0.2.200'
const INSTANCE: InstanceConf = { name: 'VI_1', vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] }

/** The directory of scripts and of what they write, as seen inside and from here. */
interface Directory {
  readonly inside: string
  readonly outside: string
}

async function makeDirectory(lab: Lab<'a'>): Promise<Directory> {
  const directory = await lab.sandbox.makeDirectory('scripts')
  await chmod(directory.outside, 0o777)
  return directory
}

/** Writes an executable script; `$DIR` in it is the directory. Its path inside. */
async function script({ inside, outside }: Directory, name: string, text: string): Promise<string> {
  await writeFile(`${outside}/${name}`, text.replaceAll('$DIR', inside))
  await chmod(`${outside}/${name}`, 0o755)
  return `${inside}/${name}`
}

async function lines({ outside }: Directory, name: string): Promise<string[]> {
  try {
    return (await readFile(`${outside}/${name}`, 'utf8')).split('\n').slice(0, -1)
  } catch {
    return []
  }
}

async function waitForLines(directory: Directory, name: string, count: number): Promise<string[]> {
  return await waitFor(
    `${name} has ${count} lines`,
    async () => {
      const found = await lines(directory, name)
      return found.length >= count && found
    },
    { seen: async () => await lines(directory, name) },
  )
}

/** Has scripts begin anew. */
async function forget({ outside }: Directory, name: string): Promise<void> {
  await rm(`${outside}/${name}`, { force: true })
}

const asRoot = (conf: string): string => conf.replace('global_defs {', 'global_defs {\n  script_user root')

serialLabTest(
  'over a life: BACKUP, MASTER, FAULT and back, STOP, each the own script before the general one',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const note = await script(directory, 'note', '#!/bin/sh\necho "$@" >> $DIR/seen\n')
    const own = ['master', 'backup', 'fault', 'stop'].map((state) => `notify_${state} "${note} ${state}"`)
    const conf = asRoot(keepalivedConf({ ...INSTANCE, extra: [...own, `notify ${note}`] }))
    await liveInTime(async () => {
      await forget(directory, 'seen')
      const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
      await waitForLines(directory, 'seen', 4)
      await lab.unplug('a')
      await waitForLines(directory, 'seen', 6)
      await lab.plug('a')
      await waitForLines(directory, 'seen', 10)
      t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      return saysNothingOf(lateScript('note'), daemon.process)
    })
    const told = (state: string): string[] => [state.toLowerCase(), `INSTANCE VI_1 ${state} 200`]
    const seen = await lines(directory, 'seen')
    t.deepEqual(seen.slice(0, 10), ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER'].flatMap(told))
    // At a stop the general one begins half a second after the own one at the latest, and may be the quicker one.
    t.deepEqual(seen.slice(10).toSorted(), told('STOP').toSorted())
  }),
)

serialLabTest(
  'a script of STOP that does not end keeps the general one from nothing',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const hang = await script(directory, 'hang', '#!/bin/sh\nexec sleep 1000\n')
    const note = await script(directory, 'note', '#!/bin/sh\necho "$3" >> $DIR/seen\n')
    const conf = asRoot(keepalivedConf({ ...INSTANCE, extra: [`notify_stop ${hang}`, `notify ${note}`] }))
    await liveInTime(async () => {
      await forget(directory, 'seen')
      const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
      await waitForLines(directory, 'seen', 2)
      t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      return saysNothingOf(lateScript('note'), daemon.process)
    })
    t.deepEqual(await lines(directory, 'seen'), ['BACKUP', 'MASTER', 'STOP'])
  }),
)

serialLabTest(
  'an instance that a reload removes is told so once, one that stays the same is not told anything',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const note = await script(directory, 'note', '#!/bin/sh\necho "$2 $3" >> $DIR/seen\n')
    const stays = { ...INSTANCE, extra: [`notify ${note}`] }
    const goes = { ...stays, name: 'VI_2', vrid: 52, addresses: ['192.0.2.201/24'] }
    await liveInTime(async () => {
      await forget(directory, 'seen')
      const daemon = await startDaemon(lab, 'a', 'ka-native', asRoot(keepalivedConf(stays, goes)))
      t.deepEqual((await waitForLines(directory, 'seen', 4)).sort(), ['VI_1 BACKUP', 'VI_1 MASTER', 'VI_2 BACKUP', 'VI_2 MASTER'])
      await daemon.reload(asRoot(keepalivedConf(stays)))
      await daemon.process.waitForLine(/Reload complete/)
      t.deepEqual((await waitForLines(directory, 'seen', 5)).slice(4), ['VI_2 FAULT'])
      t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      return saysNothingOf(lateScript('note'), daemon.process)
    })
    t.deepEqual((await lines(directory, 'seen')).slice(5), ['VI_1 STOP'])
  }),
)

serialLabTest(
  'scripts run as script_user, or as the user and group of their own line',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const who = await script(directory, 'who', '#!/bin/sh\necho "$1 $(id -u):$(id -g)" >> $DIR/seen\n')
    const daemonGroup = (await lab.host('a').exec(['getent', 'group', 'daemon'])).split(':')[2]
    const extra = [`notify_backup "${who} global"`, `notify_master "${who} line" root daemon`, `notify "${who}"`]
    const conf = keepalivedConf({ ...INSTANCE, extra }).replace('global_defs {', 'global_defs {\n  script_user nobody')
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    const seen = await waitForLines(directory, 'seen', 4)
    t.deepEqual(seen, ['global 65534:65534', 'INSTANCE 65534:65534', `line 0:${daemonGroup}`, 'INSTANCE 65534:65534'])
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'with a script_user that does not exist, scripts without an account of their own are not run',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const who = await script(directory, 'who', '#!/bin/sh\necho "$1 $(id -u)" >> $DIR/seen\n')
    const extra = [`notify_backup "${who} global"`, `notify_master "${who} own" root`, `notify "${who} global"`]
    const conf = keepalivedConf({ ...INSTANCE, extra }).replace('global_defs {', 'global_defs {\n  script_user nosuchuser')
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    await lab.waitForHolders(ADDRESS, 'a')
    await waitForLines(directory, 'seen', 1)
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual(await lines(directory, 'seen'), ['own 0'])
  }),
)

serialLabTest(
  'a getent that hangs holds up neither the start nor the stop, with or without a script',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    await script(directory, 'getent', '#!/bin/sh\necho "$2" >> $DIR/asked\nexec sleep 1000\n')
    const note = await script(directory, 'note', '#!/bin/sh\necho "$2 $3" >> $DIR/seen\n')
    const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(INSTANCE), {
      env: { PATH: `${directory.inside}:${process.env['PATH']}` },
    })
    await lab.waitForHolders(ADDRESS, 'a')
    t.deepEqual(await lines(directory, 'asked'), [], 'without a script nobody is asked for')
    const second = { ...INSTANCE, name: 'VI_2', vrid: 52, addresses: ['192.0.2.201/24'], extra: [`notify ${note}`] }
    await daemon.reload(keepalivedConf(INSTANCE, second))
    await lab.waitForHolders('192.0.2.201', 'a')
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a script inherits nothing of the engine: no file, no blocked signal, no real-time priority, no loader variable',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const look = await script(
      directory,
      'look',
      `#!/bin/sh
ls -l /proc/$$/fd > $DIR/files
env | cut -d= -f1 > $DIR/names
{ grep '^Sig' /proc/self/status; chrt -p $$; echo done; } > $DIR/seen
`,
    )
    const conf = asRoot(keepalivedConf({ ...INSTANCE, extra: [`notify_master ${look}`] }))
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf, {
      env: { IFS: 'x', LD_LIBRARY_PATH: '/no/such/directory', KA_NATIVE_TEST: 'kept' },
    })
    await lab.waitForHolders(ADDRESS, 'a')
    const seen = await waitFor('the script is done', async () => {
      const found = await lines(directory, 'seen')
      return found.includes('done') && found.join('\n')
    })
    // The engine has sockets, event descriptors, a timer and a lock.
    t.notRegex((await lines(directory, 'files')).join('\n'), /anon_inode|socket:|\.lock/)
    t.regex(seen, /^SigBlk:\s*0+$/m)
    t.regex(seen, /^SigIgn:\s*0+$/m)
    t.regex(seen, /SCHED_OTHER/)
    const names = await lines(directory, 'names')
    t.true(names.includes('KA_NATIVE_TEST'))
    for (const name of ['IFS', 'LD_PRELOAD', 'LD_LIBRARY_PATH']) t.false(names.includes(name), name)
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a stop ends a script that takes too long, and is not held up by it',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const long = await script(directory, 'long', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
    const conf = asRoot(keepalivedConf({ ...INSTANCE, extra: [`notify_master ${long}`, `notify_stop ${long}`] }))
    const ended: string[] = []
    await liveInTime(async () => {
      await forget(directory, 'pids')
      const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
      await waitForLines(directory, 'pids', 1)
      t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      ended.length = 0
      for (const line of daemon.process.lines('stdout'))
        ended.push(...(/"state":"(\w+)","script":.*"outcome":"aborted"/.exec(line)?.slice(1) ?? []))
      return saysNothingOf(UNTOLD, daemon.process)
    })
    t.deepEqual(ended, ['MASTER', 'STOP'], 'STOP was told although the Master’s script had not ended')
    // The second one may have been ended before it wrote its number.
    for (const pid of await lines(directory, 'pids')) {
      const alive = await lab.sandbox.run(['sh', '-c', `grep -qE '\\) [^ZX] ' /proc/${pid}/stat`])
      t.not(alive.code, 0, `script ${pid} has ended`)
    }
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a script that fails or is gone does not concern the virtual router',
  inLab(['a'], async (t, lab) => {
    const directory = await makeDirectory(lab)
    const fails = await script(directory, 'fails', '#!/bin/sh\nexit 3\n')
    const gone = await script(directory, 'gone', '#!/bin/sh\nrm "$0"\n')
    const conf = asRoot(keepalivedConf({ ...INSTANCE, extra: [`notify_master ${fails}`, `notify ${gone}`] }))
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    await lab.waitForHolders(ADDRESS, 'a')
    await daemon.process.waitForLine(/"outcome":"exited","code":3,.*notify script did not succeed/)
    await daemon.process.waitForLine(/"outcome":"notStarted","reason":"ENOENT",.*notify script did not succeed/)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)
