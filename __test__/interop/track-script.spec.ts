/** Scripts that instances track: keepalived and ka-native with the same configuration and scripts whose runs end alike. */
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { sentences } from '../lab/log-lines.ts'
import { ScriptedProgram, type Ending } from '../lab/scripted.ts'
import { waitFor } from '../lab/wait-for.ts'

/** A script, and how its runs end. */
interface Script {
  /** Seconds; 1 where it is absent. */
  readonly interval?: number
  /** Seconds; so long where it is absent that no run which does not hang reaches it on a busy machine. */
  readonly timeout?: number
  readonly lines: string
  readonly endings: readonly Ending[]
}

/** So many runs, all of which end alike. */
const times = (count: number, ending: Ending): Ending[] => Array.from({ length: count }, () => ending)

/**
 * Nothing happens in the seconds in which instances become Master, which may be before or after it. A change of priority stays for more than
 * one advertisement, so that it is on the wire.
 */
const SCRIPTS: Readonly<Record<string, Script>> = {
  // A failure that does not count, then one that does, and back.
  risefall: { lines: 'rise 2\n fall 3\n weight 10', endings: [...times(8, 0), 1, 1, 0, ...times(6, 2), 0, 2, 2, 2, 0, 0] },
  negative: { lines: 'fall 2\n weight -20', endings: [...times(8, 0), 1, 0, 1, 3, 1, 1, 0] },
  // Master for a while, then FAULT at the second failure.
  fault: { lines: 'fall 2\n rise 2', endings: [...times(9, 0), 1, 1, 1, 0, 1, 0, 0] },
  first: { lines: 'weight 0', endings: [4, 4, 0] },
  ups: { lines: 'weight 10 reverse', endings: [...times(8, 0), 1, 1, 1, 0] },
  downs: { lines: 'weight -10 reverse', endings: [...times(8, 1), 0, 0, 0, 1] },
  slow: { interval: 4, timeout: 4, lines: 'weight -5', endings: [0, 0, 0, 'hangs', 'hangs', 0] },
  killed: { lines: 'weight -5', endings: [...times(8, 0), ...times(3, 'killed'), 0] },
  early: { lines: 'weight -100', endings: [...times(8, 0), 1, 1, 1, 0] },
  late: { lines: 'weight 50', endings: [...times(15, 0), ...times(4, 1), 0] },
}

/** What each instance tracks. */
const INSTANCES: readonly (readonly [name: string, priority: number, tracks: readonly string[]])[] = [
  ['RISEFALL', 100, ['risefall']],
  ['NEGATIVE', 100, ['negative']],
  ['FAULT', 100, ['fault']],
  ['FIRST', 100, ['first']],
  ['UPS', 100, ['ups']],
  ['DOWNS', 100, ['downs']],
  ['SLOW', 100, ['slow']],
  ['KILLED', 100, ['killed']],
  // Weights of its own, beyond the highest and the lowest priority.
  ['BOTH', 200, ['early weight -253', 'late weight 100']],
]

const FIRST_VRID = { keepalived: 1, 'ka-native': 101 } as const

async function start(lab: Lab<'a' | 'b' | 'client'>, host: 'a' | 'b', implementation: Implementation): Promise<Daemon> {
  const directory = await lab.sandbox.makeDirectory(`scripts-${host}`)
  const blocks = await Promise.all(
    Object.entries(SCRIPTS).map(async ([name, { interval = 1, timeout = 60, lines, endings }]) => {
      const { path } = await ScriptedProgram.make(directory, name, endings)
      return `vrrp_script ${name} {\n script "${path}"\n interval ${interval}\n timeout ${timeout}\n ${lines}\n}\n`
    }),
  )
  const instances = INSTANCES.map(([name, priority, tracks], index): InstanceConf => {
    const vrid = FIRST_VRID[implementation] + index
    return {
      name,
      vrid,
      priority,
      version: 2,
      advertInt: 1,
      addresses: [`192.0.2.${vrid + 30}/24`],
      extra: ['track_script {', ...tracks, '}'],
    }
  })
  const conf = `global_defs {\n script_user root\n}\n${blocks.join('')}${keepalivedConf(...instances)}`
  return await startDaemon(lab, host, implementation, conf)
}

function aboutScript(daemon: Daemon, name: string): string[] {
  return sentences(daemon).filter((line) => line.startsWith(`Script \`${name}\``) || line.startsWith(`VRRP_Script(${name})`))
}

/** Changes of state and priority. 2.2.7 is silent where ka-native, as 2.4.3, says "entering FAULT state" at the first result. */
function aboutInstance(daemon: Daemon, name: string): string[] {
  return sentences(daemon).filter((line) => line.startsWith(`(${name}) Entering`) || line.startsWith(`(${name}) Changing`))
}

/** The priorities of an instance on the wire, each as often as it came anew; and each resignation. */
async function priorities(capture: Capture, vrid: number): Promise<number[]> {
  const all = (await capture.advertisements()).filter((seen) => seen.vrid === vrid).map(({ priority }) => priority)
  return all.filter((priority, index) => priority === 0 || priority !== all[index - 1])
}

/** Waits until every script had its whole list, and what follows from it is said. */
async function waitForEnd(t: ExecutionContext, lab: Lab<'a' | 'b' | 'client'>, host: 'a' | 'b', daemon: Daemon): Promise<void> {
  const directory = await lab.sandbox.makeDirectory(`scripts-${host}`)
  for (const [name, { endings }] of Object.entries(SCRIPTS)) {
    const program = ScriptedProgram.of(directory, name)
    // One more starts when the last one of the list is over.
    await waitFor(`${daemon.label} has run ${name}`, async () => (await program.runs()) > endings.length + 1)
  }
  await waitFor(`${daemon.label} is Master of all again`, () => {
    const last = INSTANCES.map(([name]) => aboutInstance(daemon, name).findLast((line) => line.includes('Entering')))
    return last.every((line) => line?.includes('MASTER') === true)
  })
  t.pass()
}

labTest(
  'scripts change priorities and states as in keepalived, with its sentences',
  inLab(['a', 'b', 'client'], async (t, lab) => {
    const capture = await lab.capture('client', 'ip proto 112')
    const theirs = await start(lab, 'a', 'keepalived')
    const ours = await start(lab, 'b', 'ka-native')
    await waitForEnd(t, lab, 'a', theirs)
    await waitForEnd(t, lab, 'b', ours)
    for (const name of Object.keys(SCRIPTS)) t.deepEqual(aboutScript(ours, name), aboutScript(theirs, name), name)
    for (const [index, [name]] of INSTANCES.entries()) {
      t.deepEqual(aboutInstance(ours, name), aboutInstance(theirs, name), name)
      // The last advertisement may be on its way yet.
      const both = async (): Promise<number[][]> =>
        await Promise.all([FIRST_VRID.keepalived, FIRST_VRID['ka-native']].map(async (vrid) => await priorities(capture, vrid + index)))
      const isAlike = async (): Promise<boolean> => isDeepStrictEqual(...((await both()) as [number[], number[]]))
      await waitFor(`the priorities of ${name} are those of keepalived`, isAlike, { seen: both })
    }
  }),
)
