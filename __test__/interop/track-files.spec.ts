/** Files and interfaces that instances track: keepalived and ka-native, with the same numbers written and the same links changed. */
import { unlink, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { sentences } from '../lab/log-lines.ts'
import { waitFor } from '../lab/wait-for.ts'

type TwoHosts = Lab<'a' | 'b'>

/** Who runs where, and its first VRID: both are on one segment. */
const HOSTS = { a: ['keepalived', 1], b: ['ka-native', 101] } as const satisfies Record<string, readonly [Implementation, number]>

/** What each instance tracks; all have the priority 100. */
const INSTANCES: Readonly<Record<string, readonly string[]>> = {
  WEIGHED: ['track_file {', 'double', '}'],
  REVERSED: ['track_file {', 'double weight 1 reverse', '}'],
  FORWARD: ['track_file {', 'backward weight 3 noreverse', '}'],
  BACKWARD: ['track_file {', 'backward', '}'],
  JUDGED: ['track_file {', 'judge', '}'],
  MISSED: ['track_file {', 'miss', '}'],
  UP: ['track_interface {', 'other weight 20', '}'],
  DOWN: ['track_interface {', 'other weight -20', '}'],
  UNUP: ['track_interface {', 'other weight 20 reverse', '}'],
  LINKED: ['track_interface {', 'other', '}'],
  BOTH: ['track_interface {', 'other weight 253', '}', 'track_file {', 'limit', '}'],
}

const FILES: Readonly<Record<string, string>> = {
  double: 'weight 2',
  backward: 'weight 1 reverse\n init_file 5',
  judge: 'weight 0\n init_file 3 overwrite',
  miss: 'weight 0 reverse',
  limit: 'weight -254',
}

function conf(directory: string, firstVrid: number): string {
  const files = Object.entries(FILES).map(([name, lines]) => `track_file ${name} {\n file ${directory}/${name}\n ${lines}\n}\n`)
  const instances = Object.entries(INSTANCES).map(([name, extra], index): InstanceConf => ({
    name,
    vrid: firstVrid + index,
    priority: 100,
    version: 2,
    advertInt: 1,
    addresses: [`192.0.2.${firstVrid + index + 30}/24`],
    extra,
  }))
  return `${files.join('')}${keepalivedConf(...instances)}`
}

/** What is said of files and of the instances that track something. */
function told(daemon: Daemon): string[] {
  const wanted = /^\(\w+\) (Entering|Changing)|^\(\w+\):? entering FAULT|^\(\w+\): tracked file|^Invalid number/
  // The directories differ.
  return sentences(daemon).flatMap((line) => (wanted.test(line) ? [line.replace(/\/run\/lab\/\S*\//, '')] : []))
}

/** What is said of one instance, or of none. */
function aboutInstance(daemon: Daemon, name: string): string[] {
  return told(daemon).filter((line) => (name === '' ? line.startsWith('Invalid') : line.startsWith(`(${name})`)))
}

/** The priority of an instance, and its state where it is not as at the start. */
function now(daemon: Daemon, name: string): string {
  const lines = aboutInstance(daemon, name)
  const priority = lines.findLast((line) => line.includes('Changing'))?.replace(/.* to /, '') ?? '100'
  return lines.findLast((line) => /entering/i.test(line))?.includes('FAULT') === true ? 'FAULT' : priority
}

/** Whether an instance is Master, or in FAULT: one that is Backup would become Master in the middle of the next steps. */
function isSettled(daemon: Daemon, name: string): boolean {
  const last = aboutInstance(daemon, name).findLast((line) => /entering/i.test(line))
  return last === undefined || /MASTER|FAULT/.test(last)
}

const numbers = (double: number): Readonly<Record<string, string>> => {
  const clamp = (value: number): string => String(Math.min(Math.max(value, 1), 254))
  return { WEIGHED: clamp(100 + 2 * double), REVERSED: clamp(100 - double) }
}

/** What is done on both hosts, and how the instances are then. */
const STEPS: readonly (readonly [
  step: { readonly write?: readonly [file: string, text: string]; readonly remove?: string; readonly link?: readonly string[] },
  wanted: Readonly<Record<string, string>>,
])[] = [
  [{ write: ['double', '5'] }, numbers(5)],
  [{ write: ['double', '010'] }, numbers(8)],
  [{ write: ['double', '0x10xyz'] }, numbers(16)],
  [{ write: ['double', ' \t-3 4\n'] }, numbers(-3)],
  [{ write: ['double', '3000000000'] }, { '': 'Invalid number 3000000000 read from double - ignoring' }],
  [{ write: ['double', '-99999999999999999999'] }, { '': 'Invalid number -9223372036854775808 read from double - ignoring' }],
  [{ write: ['double', 'nothing'] }, numbers(0)],
  [{ write: ['double', '120'] }, numbers(120)],
  [{ write: ['double', '-126'] }, numbers(-126)],
  [{ remove: 'double' }, numbers(0)],
  [{ write: ['double', '-127'] }, { WEIGHED: 'FAULT', REVERSED: '227' }],
  [{ write: ['double', '0'] }, numbers(0)],
  [{ write: ['limit', '1'] }, { BOTH: 'FAULT' }],
  [{ write: ['limit', '0'] }, { BOTH: '100' }],
  [{ write: ['limit', '-1'] }, { BOTH: '254' }],
  [{ link: ['up'] }, { UP: '120', DOWN: '100', UNUP: '80', LINKED: '100' }],
  [{ write: ['judge', '0'] }, { JUDGED: '100' }],
  [{ write: ['judge', '-7'] }, { JUDGED: 'FAULT' }],
  [{ write: ['miss', '2'] }, { MISSED: '100' }],
  [{ remove: 'miss' }, { MISSED: 'FAULT' }],
  [{ write: ['backward', '-20'] }, { BACKWARD: '120', FORWARD: '40' }],
  [{ link: ['down'] }, { UP: '100', DOWN: '80', UNUP: '100', LINKED: 'FAULT' }],
  [{ link: ['up'] }, { UP: '120', DOWN: '100', UNUP: '80', LINKED: '100' }],
]

labTest(
  'numbers in files and interfaces change priorities and states as in keepalived, with its sentences',
  inLab(['a', 'b'], async (t, lab: TwoHosts) => {
    const hosts = await Promise.all(
      (['a', 'b'] as const).map(async (host) => {
        const [implementation, vrid] = HOSTS[host]
        const directory = await lab.sandbox.makeDirectory(`files-${host}`)
        await lab.sandbox.exec(['ip', '-n', host, 'link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'end'])
        await lab.host(host).exec(['ip', 'link', 'set', 'end', 'up'])
        await writeFile(`${directory.outside}/judge`, '0')
        const daemon = await startDaemon(lab, host, implementation, conf(directory.inside, vrid))
        return { host, daemon, directory }
      }),
    )
    const daemons = hosts.map(({ daemon }) => daemon)
    const isAlike = (names: readonly string[]): boolean => {
      const [theirs, ours] = daemons.map((daemon) => names.map((name) => aboutInstance(daemon, name)))
      return isDeepStrictEqual(theirs, ours)
    }
    const all = ['', ...Object.keys(INSTANCES)]
    await waitFor('all are Master that can be', () => {
      const masters = daemons.map((daemon) => told(daemon).filter((line) => line.includes('MASTER')).length)
      return masters.every((count) => count === all.length - 1 - 3)
    })
    for (const [{ write, remove, link }, wanted] of STEPS) {
      for (const { host, directory } of hosts) {
        if (write !== undefined) await writeFile(`${directory.outside}/${write[0]}`, write[1])
        if (remove !== undefined) await unlink(`${directory.outside}/${remove}`)
        if (link !== undefined) await lab.host(host).exec(['ip', 'link', 'set', 'other', ...link])
      }
      const seen = (): unknown =>
        daemons.map((daemon) =>
          Object.fromEntries(Object.keys(wanted).map((name) => [name, name === '' ? aboutInstance(daemon, '').at(-1) : now(daemon, name)])),
        )
      await waitFor(
        `after ${JSON.stringify({ write, remove, link })}: ${JSON.stringify(wanted)}`,
        () =>
          isDeepStrictEqual(seen(), [wanted, wanted]) &&
          daemons.every((daemon) => Object.keys(wanted).every((name) => isSettled(daemon, name))),
        {
          seen,
        },
      )
    }
    await waitFor('all that is said is alike', () => isAlike(all), { seen: () => daemons.map(told) })
    for (const name of all) {
      const [theirs, ours] = daemons.map((daemon) => aboutInstance(daemon, name))
      t.deepEqual(ours, theirs, name)
    }
    for (const { directory } of hosts) {
      const written = await lab.sandbox.exec(['stat', '-c', '%a', `${directory.inside}/backward`])
      t.regex(written, /^6[04]/)
    }
  }),
)
