/** Scripts that an instance tracks, when JavaScript or the whole process stands still, at a reload and at a stop. */
import type { DaemonEvent } from '../../src/index.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { V3_IPV4 } from '../lab/protocols.ts'
import { ScriptedProgram } from '../lab/scripted.ts'
import { waitFor } from '../lab/wait-for.ts'

/** Longer than the silence of a script that counts as failure, and the beats in which it is counted. */
const BEYOND_PATIENCE_MS = 14_000

/** A file of the sandbox that ends what blocks JavaScript. */
const GO = '/run/lab/go'

/** So long a limit that no run which ends by itself reaches it on a busy machine. */
const LIMIT = 'timeout 60'
/** The same, but below the silence that counts as failure, which it would else make longer. */
const SHORT_LIMIT = 'timeout 8'
/** Runs that a list of endings has in the first test. */
const FLIPS = 7

type OneHost = Lab<'a'>

interface Tracked {
  readonly path: string
  readonly lines: string
}

/** A virtual router that tracks scripts, and whatever else. */
function conf(scripts: Readonly<Record<string, Tracked>>, tracks: readonly string[], ...others: readonly InstanceConf[]): string {
  const blocks = Object.entries(scripts).map(([name, { path, lines }]) => `vrrp_script ${name} {\n script "${path}"\n ${lines}\n}\n`)
  const extra = tracks.length === 0 ? [] : ['track_script {', ...tracks, '}']
  const instance: InstanceConf = { ...V3_IPV4.router, name: 'VI_1', priority: 100, extra }
  return `global_defs {\n script_user root\n}\n${blocks.join('')}${keepalivedConf(instance, ...others)}`
}

const eventsOf = async (program: Program): Promise<readonly DaemonEvent[]> => await program.run(({ events }) => events)

/** What is told of states, priorities and trackers, in few words. */
function told(events: readonly DaemonEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'stateChanged') return [`${event.instance} ${event.to}`]
    if (event.type === 'trackerStale' || event.type === 'trackerFresh') return [event.type]
    if (event.type === 'notice' && event.notice.type === 'effectivePriorityChanged') return [`${event.instance} ${event.notice.to}`]
    return []
  })
}

async function waitForTold(program: Program, since: number, ...wanted: readonly string[]): Promise<void> {
  const seen = async (): Promise<string> => told((await eventsOf(program)).slice(since)).join()
  await waitFor(`it tells ${wanted.join()}`, async () => (await seen()) === wanted.join(), { seen })
}

/** Starts a daemon that becomes Master; how many events it has told by then. */
async function startMaster(lab: OneHost, text: string, options: { readonly heartbeatLimitMs?: number } = {}): Promise<[Program, number]> {
  const program = await Program.start(lab.host('a'))
  await program.run(async (realm, [config, daemonOptions]) => await realm.start(config, daemonOptions), [text, options] as const)
  const isMaster = async (): Promise<boolean> => told(await eventsOf(program)).includes('VI_1 MASTER')
  await waitFor('it is Master', isMaster)
  return [program, (await eventsOf(program)).length]
}

labTest(
  'JavaScript that is blocked changes no state, and the results of that time count in order afterwards',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('scripts')
    const start = `${directory.inside}/start`
    const well = await ScriptedProgram.make(directory, 'well', [0])
    const flips = await ScriptedProgram.make(directory, 'flips', [1, 0, 1, 1, 0, 1, 0], start)
    const text = conf(
      {
        well: { path: well.path, lines: `interval 0.2\n ${LIMIT}` },
        flips: { path: flips.path, lines: `interval 0.2\n ${LIMIT}\n weight -10` },
      },
      ['well', 'flips'],
    )
    const [program, since] = await startMaster(lab, text, { heartbeatLimitMs: 0 })
    // Until the runs that are listed have begun, and those before the last one have ended, without a word of JavaScript.
    const endedAtMs = await program.run(
      async ({ block }, [file, runsFile, count]) => {
        const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')
        const runs = (): number => {
          try {
            return Number(readFileSync(runsFile, 'utf8'))
          } catch {
            return 0
          }
        }
        writeFileSync(file, '')
        while (runs() < count) block(50)
        return await Promise.resolve(Date.now())
      },
      [start, `${flips.path}.runs`, FLIPS] as const,
    )
    await waitForTold(program, since, 'VI_1 90', 'VI_1 100', 'VI_1 90', 'VI_1 100', 'VI_1 90', 'VI_1 100')
    const changes = (await eventsOf(program)).slice(since).filter(({ type }) => type === 'notice')
    t.true(
      changes.every(({ atMs }) => atMs >= endedAtMs - 1),
      'nothing had changed before',
    )
  }),
)

labTest(
  'a script whose results JavaScript does not take for long counts as failed, until it does again',
  inLab(['a'], async (t, lab) => {
    const text = conf({ well: { path: '/bin/true', lines: `interval 1\n ${SHORT_LIMIT}` } }, ['well'])
    const [program, since] = await startMaster(lab, text, { heartbeatLimitMs: 0 })
    await lab.waitForHolders(V3_IPV4.address, 'a')
    program.begin(({ block }, file) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      while (!existsSync(file)) block(50)
      process.stdout.write(`back ${Date.now()}\n`)
    }, GO)
    // However late the engine counts the silence, it does so without JavaScript.
    await lab.waitForHolders(V3_IPV4.address)
    await lab.sandbox.exec(['touch', GO])
    const [, endedAtMs] = await program.child.waitForLine(/^back (\d+)$/)
    await waitForTold(program, since, 'trackerStale', 'VI_1 FAULT', 'trackerFresh', 'VI_1 BACKUP', 'VI_1 MASTER')
    const fault = (await eventsOf(program)).find((event) => event.type === 'stateChanged' && event.to === 'FAULT')
    t.true((fault?.atMs ?? Infinity) < Number(endedAtMs), 'the engine did not wait for JavaScript')
  }),
)

labTest(
  'a process that was stopped as a whole has missed no result when it goes on',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('scripts')
    const well = await ScriptedProgram.make(directory, 'well', [0])
    // A run that was under way has missed its deadline.
    const text = conf({ well: { path: well.path, lines: `interval 1\n ${SHORT_LIMIT}\n fall 2` } }, ['well'])
    const [program, since] = await startMaster(lab, text)
    await program.child.signal('SIGSTOP')
    await new Promise((resolve) => {
      setTimeout(resolve, BEYOND_PATIENCE_MS)
    })
    const runs = await well.runs()
    await program.child.signal('SIGCONT')
    await waitFor('scripts run again', async () => (await well.runs()) > runs + 3)
    t.deepEqual(told((await eventsOf(program)).slice(since)), [])
  }),
)

labTest(
  'a reload keeps results, also for instances that track a script newly, and ends the scripts that are gone',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('scripts')
    const well = await ScriptedProgram.make(directory, 'well', [0])
    const ill = await ScriptedProgram.make(directory, 'ill', [3])
    const endless = await ScriptedProgram.make(directory, 'endless', ['hangs'])
    const scripts = {
      well: { path: well.path, lines: `interval 0.5\n ${LIMIT}` },
      ill: { path: ill.path, lines: `interval 0.5\n ${LIMIT}\n weight -20` },
      endless: { path: endless.path, lines: 'interval 100\n weight 1' },
    }
    const [program] = await startMaster(lab, conf(scripts, ['well', 'ill', 'endless']))
    const endlessRuns = async (): Promise<number> => {
      const { stdout } = await lab.sandbox.run(['pgrep', '-c', '-f', '^sleep 1000'])
      return Number(stdout)
    }
    await waitFor('the endless script runs', async () => (await endlessRuns()) === 1)
    const priority = async (): Promise<number | undefined> =>
      (await program.run(async ({ daemon }) => await daemon.status())).instances[0]?.priority
    await waitFor('the result of the other one is known', async () => (await priority()) === 80, { seen: priority })
    const since = (await eventsOf(program)).length
    const reload = async (text: string): Promise<void> => {
      await program.run(async ({ daemon, load }, config) => {
        await daemon.reload(load(config))
      }, text)
    }
    const { endless: _gone, ...rest } = scripts
    const second: InstanceConf = {
      ...V3_IPV4.router,
      name: 'VI_2',
      vrid: 99,
      priority: 150,
      addresses: ['192.0.2.201/24'],
      extra: ['track_script {', 'well', 'ill weight -30', '}'],
    }
    await reload(conf(rest, ['well', 'ill'], second))
    // No fault and no wait: it has the priority that it will have, and is Backup at once.
    const wanted = ['VI_2 120', 'VI_2 BACKUP', 'VI_2 MASTER'].join()
    // That first result may be told a moment later than it is known, or was told before anybody listened.
    const seen = async (): Promise<string> =>
      told((await eventsOf(program)).slice(since))
        .join()
        .replace(/^VI_1 80,/, '')
    await waitFor(`it tells ${wanted}`, async () => (await seen()) === wanted, { seen })
    await waitFor('the script that is gone has ended', async () => (await endlessRuns()) === 0)
    const { instances, trackers } = await program.run(async ({ daemon }) => await daemon.status())
    t.deepEqual(
      instances.map(({ name, priority }) => [name, priority]),
      [
        ['VI_1', 80],
        ['VI_2', 120],
      ],
    )
    t.deepEqual(
      trackers.map(({ name, state, generation }) => [name, state, generation]),
      [
        ['well', 'up', 1],
        ['ill', 'down', 1],
      ],
    )
    await reload(conf({ ...rest, endless: scripts.endless }, ['well', 'ill', 'endless']))
    await waitFor('the endless script runs again', async () => (await endlessRuns()) === 1)
    await program.run(async ({ daemon }) => await daemon.stop())
    t.is(await endlessRuns(), 0, 'a stop ends the scripts that run')
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)
