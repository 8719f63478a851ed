/**
 * Processes that instances track: keepalived and ka-native beside each other, watching the same processes.
 *
 * The kernel tells of processes in its first network and PID namespaces alone. So both daemons start there, as they do in the field, and
 * `net_namespace` takes them into a network namespace, which exists in a mount namespace of their own: it ends with them.
 */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { sentences } from '../lab/log-lines.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** What a daemon runs in: named namespaces and pid files of its own, and an interface. It ends with this process. */
const SURROUNDINGS = `set -e
mount -t tmpfs tmpfs /run
ip netns add track
ip -n track link add eth0 type veth peer name end
for link in eth0 end lo; do ip -n track link set $link up; done
ip -n track address add 192.0.2.1/24 dev eth0
exec setpriv --pdeathsig KILL "$@"`

interface Line {
  readonly text: string
}

interface Watcher {
  readonly child: ChildProcessWithoutNullStreams
  readonly process: { readonly output: Line[] }
}

/** Whether this is the first PID namespace, in which 2 is the kernel's own thread, and its network namespace. */
function isFirst(): boolean {
  try {
    const isInPidNamespace = readFileSync('/proc/2/comm', 'utf8') === 'kthreadd\n'
    return isInPidNamespace && readlinkSync('/proc/self/ns/net') === readlinkSync('/proc/2/ns/net')
  } catch {
    return false
  }
}

function watch(t: ExecutionContext, command: readonly string[]): Watcher {
  const child = spawn('unshare', ['--mount', 'sh', '-c', SURROUNDINGS, 'sh', ...command], { stdio: ['pipe', 'pipe', 'pipe'] })
  const output: Line[] = []
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (text) => output.push({ text }))
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  return { child, process: { output } }
}

/** A process that does what it is told: a shell under a name of its own. */
class Tracked {
  readonly #child: ChildProcessWithoutNullStreams
  #told = ''

  constructor(t: ExecutionContext, path: string, args: readonly string[]) {
    this.#child = spawn(path, ['-s', ...args])
    this.#child.stdout.on('data', (octets: Buffer) => {
      this.#told += octets.toString()
    })
    t.teardown(() => this.#child.kill('SIGKILL'))
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Waits until it has its name and its arguments. */
  async isThere(): Promise<void> {
    this.say('echo there')
    await waitFor('the process is there', () => this.#told.includes('there'))
  }

  end(): void {
    this.#child.stdin.end()
  }
}

/** `one` is not lost before another process is there, however slow the machine. */
const TRACKERS = {
  one: 'process $NAME\n weight 1\n fork_delay 1\n terminate_delay 6',
  two: 'process $NAME\n quorum 2\n quorum_max 3\n weight 2',
  none: 'process $NAME\n quorum_max 0\n weight 4',
  renamed: 'process ka-renamed\n weight 8 reverse',
  full: 'process $PATH\n full_command\n weight -16',
  exact: 'process $PATH -s a b\n weight 32',
  initial: 'process $PATH -s a b\n param_match initial\n weight 10',
  partial: 'process $PATH -s a b\n param_match partial\n weight 20',
  judge: 'process $NAME\n terminate_delay 0.5',
} as const

function conf(path: string, name: string): string {
  const trackers = Object.entries(TRACKERS).map(([tracker, lines]) => `vrrp_track_process ${tracker} {\n ${lines}\n}\n`)
  const router = { priority: 100, version: 3, advertInt: 0.2 } as const
  const tracked = Object.keys(TRACKERS).filter((tracker) => tracker !== 'judge')
  const instances = keepalivedConf(
    { ...router, name: 'WEIGHED', vrid: 51, addresses: ['192.0.2.51/24'], extra: ['track_process {', ...tracked, '}'] },
    { ...router, name: 'JUDGED', vrid: 52, addresses: ['192.0.2.52/24'], extra: ['track_process {', 'judge', '}'] },
  )
  return `net_namespace track\n${trackers.join('').replaceAll('$PATH', path).replaceAll('$NAME', name)}${instances}`
}

function told(watcher: Watcher): string[] {
  return sentences(watcher).filter((line) => /^Quorum|^\(\w+\) (Entering|Changing|entering FAULT state \()/.test(line))
}

// Not skipped, which fails in CI: tests may well run in a PID namespace of their own, where no kernel tells of processes.
if (isFirst()) labTest('processes change priorities and states as in keepalived, with its sentences', compare)
else console.warn('processes are not compared with keepalived: the kernel tells of them in its first namespaces alone')

labTest(
  'where the kernel tells of no process a start says so, and counts those that are there',
  inLab(['a'], async (t, lab) => {
    const name = 'ka-is-there'
    const directory = await lab.sandbox.makeDirectory('a')
    await copyFile('/bin/sleep', `${directory.outside}/${name}`)
    await lab.host('a').exec(['chmod', '755', `${directory.inside}/${name}`])
    const sleeping = await lab.host('a').spawn([`${directory.inside}/${name}`, '1000'])
    // At first it is the shell that becomes it.
    const nameOf = async (): Promise<string> => await lab.sandbox.exec(['cat', `/proc/${sleeping.pid}/comm`])
    await waitFor('the process has its name', async () => (await nameOf()) === `${name}\n`, { seen: nameOf })
    const instance = { vrid: 51, priority: 100, version: 3, advertInt: 0.2, addresses: ['192.0.2.51/24'] } as const
    const tracks = (process: string): readonly string[] => ['track_process {', process, '}']
    const text = keepalivedConf(
      { ...instance, name: 'THERE', extra: tracks('there') },
      { ...instance, name: 'GONE', vrid: 52, addresses: ['192.0.2.52/24'], extra: tracks('gone') },
    )
    const blocks = `vrrp_track_process there {\n process ${name}\n}\nvrrp_track_process gone {\n process ka-is-gone\n}\n`
    const daemon = await startDaemon(lab, 'a', 'ka-native', `${blocks}${text}`)
    await daemon.process.waitForLine(/first network namespace/)
    await lab.waitForHolders('192.0.2.51', 'a')
    await daemon.process.waitForLine(/\(GONE\) .*FAULT/)
    t.deepEqual(await lab.holders('192.0.2.52'), [])
  }),
)

async function compare(t: ExecutionContext): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ka-track-'))
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  await chmod(directory, 0o755)
  // The kernel keeps 15 octets of a name.
  const name = `ka${process.pid}`
  const path = join(directory, name)
  await copyFile('/bin/sh', path)
  await writeFile(join(directory, 'keepalived.conf'), conf(path, name))
  spawnSync('mkfifo', [join(directory, 'fifo')])
  const file = join(directory, 'keepalived.conf')
  const watchers = [
    watch(t, ['keepalived', '--dont-fork', '--vrrp', '--log-console', '--log-detail', '--no-syslog', '-f', file]),
    watch(t, [process.execPath, MAIN, 'start', '-f', file, '--runtime-dir', '/run/ka']),
  ]
  /** Waits until both have said so much, and the same. */
  const both = async (what: string, last: RegExp, count: number): Promise<void> => {
    const seen = (): string[][] => watchers.map(told)
    await waitFor(
      `${what}: both say ${String(last)}`,
      () => seen().every((lines) => lines.filter((line) => last.test(line)).length === count),
      { seen },
    )
  }
  await both('at the start', /^\(WEIGHED\) Entering MASTER/, 1)
  const first = new Tracked(t, path, [])
  await both('one', /^\(JUDGED\) Entering MASTER/, 1)
  first.say(`(read line < ${directory}/fifo) & child=$!`)
  await both('a fork', /^Quorum gained for tracked process two/, 1)
  first.say('printf ka-renamed > /proc/$$/comm')
  await both('another name', /^Quorum gained for tracked process renamed/, 1)
  first.say(`printf ${name} > /proc/$$/comm`)
  await both('its own name again', /^Quorum gained for tracked process two/, 2)
  first.say('kill $child; wait')
  await both('an end', /^Quorum lost for tracked process two/, 2)
  const second = new Tracked(t, path, ['a', 'b'])
  await both('exact parameters', /^Quorum gained for tracked process exact/, 1)
  const third = new Tracked(t, path, ['a', 'bc'])
  // Else what counts both could be lost in between.
  await third.isThere()
  second.end()
  await both('the end of exact parameters', /^Quorum lost for tracked process exact/, 1)
  await both('the end of partial parameters', /^Quorum lost for tracked process partial/, 1)
  third.end()
  await both('the end of initial parameters', /^Quorum lost for tracked process initial/, 1)
  first.say('exec sleep 1000')
  await both('another program', /^Quorum lost for tracked process full/, 1)
  await both('none', /^Quorum gained for tracked process none/, 1)
  await both('nobody', /^\(JUDGED\) Entering FAULT/, 1)
  const again = new Tracked(t, path, [])
  await both('one again', /^Quorum lost for tracked process none/, 2)
  again.end()
  await both('and its end, which counts later', /^Quorum lost for tracked process one/, 2)
  const about = (watcher: Watcher, what: RegExp): string[] => told(watcher).filter((line) => what.test(line))
  const subjects = [...Object.keys(TRACKERS).map((tracker) => new RegExp(`process ${tracker}\\b`)), /^\(JUDGED\)/, /^\(WEIGHED\) Entering/]
  await waitFor(
    'all that is said is alike',
    () => subjects.every((subject) => isDeepStrictEqual(...(watchers.map((watcher) => about(watcher, subject)) as [string[], string[]]))),
    { seen: () => watchers.map(told) },
  )
  const [theirs, ours] = watchers.map((watcher) => about(watcher, /^\(WEIGHED\) Changing/).at(-1))
  t.is(ours, theirs)
}
