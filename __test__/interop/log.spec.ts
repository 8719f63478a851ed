/** The log beside that of the real keepalived: the same events, the same sentences in the same order, with and without `-D`. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon, type Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const ADDRESS = '192.0.2.200'
const SECOND_ADDRESS = '192.0.2.202'
const ROUTER = {
  vrid: 51,
  priority: 100,
  version: 3,
  // A busy machine is to delay no advertisement for three of them.
  advertInt: 1,
  addresses: [`${ADDRESS}/24`],
  // The second announcement, which keepalived tells too, is to come in none of the phases.
  extra: ['virtual_ipaddress_excluded {', '192.0.2.210/32', '}', 'garp_master_delay 600'],
} as const
const SECOND = { ...ROUTER, vrid: 52, addresses: [`${SECOND_ADDRESS}/24`], extra: ['garp_master_delay 600'] } as const

/** What happens, in order. */
const PHASES = ['start', 'displacement', 'take-over', 'link down', 'link up', 'reload', 'removal', 'stop'] as const
type Phase = (typeof PHASES)[number]

/** Sentences that only one of the two says, and why; the same are in docs/compatibility.md. */
const DIFFERENCES: readonly { readonly of: Implementation; readonly sentence: RegExp; readonly phases?: readonly Phase[] }[] = [
  // What concerns its processes, which ka-native has not.
  { of: 'keepalived', sentence: /^Starting VRRP child process, pid=\d+$/ },
  { of: 'keepalived', sentence: /^Stopped(?: - used \d+\.\d+ user time, \d+\.\d+ system time)?$/ },
  { of: 'keepalived', sentence: /^CPU usage \(self\/children\)/ },
  { of: 'keepalived', sentence: /^Reloading$/ },
  // What concerns its sockets and its way to read interfaces.
  { of: 'keepalived', sentence: /^Registering (?:Kernel netlink|gratuitous ARP)/ },
  { of: 'keepalived', sentence: /^VRRP sockpool: / },
  { of: 'keepalived', sentence: /^(?:Assigned address \S+ for|Deassigned address \S+ from) interface / },
  // Its advice about an option; here real-time scheduling is on from the start.
  { of: 'keepalived', sentence: /^NOTICE: setting config option max_auto_priority/ },
  // It was kept from running for more than a second, which may be in any phase.
  { of: 'keepalived', sentence: /^A thread timer expired \d+\.\d+ seconds ago$/ },
  // A line for each packet; here counters have them.
  { of: 'keepalived', sentence: /^Sending gratuitous ARP on eth0 for / },
  // What did not change is not set again.
  { of: 'keepalived', sentence: /^\(VI_51\) setting (?:E-)?VIPs\.$/, phases: ['reload', 'removal', 'stop'] },
  // Said of every instance that begins, not of those of the start alone.
  { of: 'ka-native', sentence: /^\(VI_52\) removing VIPs\.$/, phases: ['reload'] },
  // The end of an instance is a change of its state, as every other.
  { of: 'ka-native', sentence: /^\(VI_\d+\) Stopped$/ },
  // Two Masters are told of as such.
  { of: 'ka-native', sentence: /^\(VI_51\) 192\.0\.2\.\d+ is Master (?:too: |no more)/ },
  // 2.4.3 says it too.
  { of: 'ka-native', sentence: /^\(VI_51\) master set to 192\.0\.2\.2$/ },
]

/** Which sentences are the last ones of a phase: those of several processes come side by side. */
const ANNOUNCED = /^\(VI_51\) Sending\/queueing gratuitous ARPs on eth0 for 192\.0\.2\.210$/
const REMOVED = /^\(VI_51\) removing E-VIPs\.$/
const LAST: Readonly<Record<Phase, { readonly always: readonly RegExp[]; readonly withDetails?: readonly RegExp[] }>> = {
  start: { always: [/^Startup complete$/, /Entering MASTER STATE$/], withDetails: [ANNOUNCED] },
  displacement: { always: [/Entering BACKUP STATE$/], withDetails: [REMOVED] },
  'take-over': { always: [/Entering MASTER STATE$/], withDetails: [ANNOUNCED] },
  'link down': { always: [/Entering FAULT STATE$/], withDetails: [REMOVED] },
  'link up': { always: [/Entering MASTER STATE$/], withDetails: [ANNOUNCED] },
  reload: {
    always: [/^Reload complete$/, /^\(VI_52\) Entering MASTER STATE$/],
    withDetails: [/^\(VI_52\) Sending\/queueing gratuitous ARPs on eth0 for 192\.0\.2\.202$/],
  },
  removal: { always: [/^Reload complete$/], withDetails: [/^\(VI_52\) removing VIPs\.$/] },
  stop: { always: [/^Stopped \S+ v/] },
}

/** Lines of keepalived's first process. Those of its children come in between as they please. */
const PROCESS = /^(?:Starting|Running on|Command line:|Opening file|Configuration file|Startup complete|Stopp|Reload)/

interface Told {
  readonly process: readonly string[]
  readonly vrrp: readonly string[]
}

/** What one of the two says while everything happens, with the differences left out. */
async function run(lab: Lab<'a' | 'b'>, implementation: Implementation, detail: readonly string[]): Promise<Record<Phase, Told>> {
  const daemon = await start(lab, implementation, detail)
  const phases: { phase: Phase; lines: string[] }[] = []
  const state = { taken: 0 }
  const take = async (phase: Phase): Promise<void> => {
    const since = (): string[] => daemon.lines('stderr').slice(state.taken).map(withoutTime)
    const { always, withDetails = [] } = LAST[phase]
    const isSaid = (last: RegExp): boolean => since().some((line) => last.test(line))
    const areSaid = (): boolean => [...always, ...(detail.length > 0 ? withDetails : [])].every(isSaid)
    await waitFor(`${implementation} has said everything of the ${phase}`, areSaid, { seen: () => daemon.tail() })
    // What follows the last one of the same phase.
    await lab.host('a').exec(['sleep', '0.5'])
    const lines = since()
    state.taken += lines.length
    phases.push({ phase, lines })
  }
  await take('start')
  const other = await startDaemon(lab, 'b', 'keepalived', keepalivedConf({ ...ROUTER, priority: 150 }))
  await lab.waitForHolders(ADDRESS, 'b')
  await take('displacement')
  await other.terminate()
  await lab.waitForHolders(ADDRESS, 'a')
  await take('take-over')
  await lab.unplug('a')
  await take('link down')
  await lab.plug('a')
  await lab.waitForHolders(ADDRESS, 'a')
  await take('link up')
  await reload(lab, daemon, keepalivedConf(ROUTER, SECOND))
  await lab.waitForHolders(SECOND_ADDRESS, 'a')
  await take('reload')
  await reload(lab, daemon, keepalivedConf(ROUTER))
  await lab.waitForHolders(SECOND_ADDRESS)
  await take('removal')
  await daemon.signal('SIGTERM')
  await daemon.exited
  await take('stop')
  const told = (phase: Phase): Told => {
    const lines = phases.filter((one) => one.phase === phase).flatMap((one) => normalise(one.lines, phase, implementation))
    return { process: lines.filter((line) => PROCESS.test(line)), vrrp: lines.filter((line) => !PROCESS.test(line)) }
  }
  return Object.fromEntries(PHASES.map((phase) => [phase, told(phase)])) as Record<Phase, Told>
}

async function start(lab: Lab<'a' | 'b'>, implementation: Implementation, detail: readonly string[]): Promise<Child> {
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, keepalivedConf(ROUTER))
  const command = implementation === 'keepalived' ? ['keepalived'] : [process.execPath, MAIN]
  const pidFiles = ['-p', `${inside}/keepalived.pid`, '-r', `${inside}/vrrp.pid`]
  return await lab.host('a').spawn([...command, '-n', '-P', ...detail, '-l', '-G', '-f', `${inside}/keepalived.conf`, ...pidFiles])
}

async function reload(lab: Lab<'a' | 'b'>, daemon: Child, conf: string): Promise<void> {
  await writeFile(`${lab.sandbox.scratch.outside}/a/keepalived.conf`, conf)
  await daemon.signal('SIGHUP')
}

function withoutTime(line: string): string {
  return line.replace(/^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: /, '')
}

/** Names, versions and numbers that cannot be the same are made so; continued lines are joined. */
function normalise(lines: readonly string[], phase: Phase, implementation: Implementation): string[] {
  const kept = lines.filter(
    (line) =>
      !DIFFERENCES.some(({ of, sentence, phases }) => of === implementation && sentence.test(line) && (phases?.includes(phase) ?? true)),
  )
  const text = kept
    .join('\n')
    .replaceAll(/\n {14}/g, ' ')
    .replaceAll(/(?:Keepalived|ka-native) v.*/g, 'DAEMON')
    .replaceAll(/'(?:keepalived|ka-native)'/g, "'PROGRAM'")
    .replaceAll(/^(Running on Linux) .*$/gm, '$1')
    // The advertisement goes out first, and is told first.
    .replace(/(\(VI_51\) sent 0 priority)\n(\(VI_51\) Entering FAULT STATE)/, '$2\n$1')
  return text === '' ? [] : text.split('\n')
}

for (const detail of [['-D'], []]) {
  serialLabTest(
    `the same events have the same sentences as of the real keepalived, in the same order: ${detail.join('') || 'without'} details`,
    inLab(['a', 'b'], async (t, lab) => {
      const theirs = await run(lab, 'keepalived', detail)
      const ours = await run(lab, 'ka-native', detail)
      for (const phase of PHASES) {
        t.deepEqual(ours[phase], theirs[phase], phase)
        t.not(theirs[phase].process.length + theirs[phase].vrrp.length, 0, 'something is compared')
      }
    }),
  )
}
