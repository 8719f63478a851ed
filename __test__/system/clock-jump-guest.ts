/**
 * What happens in the guest of clock-jump.spec.ts: two routers on a cable, and a clock that jumps. Prints what it saw as JSON. Needs
 * little: every module takes the guest a while to load.
 */
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const ADDRESS = '10.9.0.100'
const MAIN = 'dist/cli/main.js'
const S_PER_HOUR = 3_600
const DEADLINE_MS = 180_000
/** What the Master has to send after a jump: more than a Backup misses before it takes over. */
const ADVERTISEMENTS = 8
/** So long a Backup has no patience with a Master that is silent. */
const PATIENCE_MS = 5_000
/** The clock is where it was set to, if the guest took no longer than this to look. */
const MINUTE_S = 60

/** So long that a slow guest delays no Master for three of them. */
const ADVERT_INT_S = 1

type Name = 'a' | 'b'

interface LogRecord {
  readonly time: number
  readonly msg: string
}

interface Router {
  readonly process: ChildProcess
  readonly log: LogRecord[]
  readonly exited: Promise<number | null>
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' })
}

async function waitFor(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`)
    await sleep(50)
  }
}

function holds(name: Name): boolean {
  return ip('-n', name, 'addr', 'show', 'dev', 'eth0').includes(`${ADDRESS}/`)
}

function sent(name: Name): number {
  const [link] = JSON.parse(ip('-n', name, '-s', '-j', 'link', 'show', 'dev', 'eth0')) as [{ stats64: { tx: { packets: number } } }]
  return link.stats64.tx.packets
}

function conf(priority: number): string {
  return `vrrp_instance VI_1 {
  interface eth0
  version 3
  virtual_router_id 51
  priority ${priority}
  advert_int ${ADVERT_INT_S}
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
`
}

function start(name: Name, priority: number): Router {
  const directory = `/run/lab-${name}`
  mkdirSync(directory)
  writeFileSync(`${directory}/keepalived.conf`, conf(priority))
  const command = [process.execPath, MAIN, 'start', '-f', `${directory}/keepalived.conf`, '--runtime-dir', directory]
  const child = spawn('ip', ['netns', 'exec', name, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  const log: LogRecord[] = []
  createInterface({ input: child.stdout }).on('line', (line) => log.push(JSON.parse(line) as LogRecord))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { process: child, log, exited }
}

function has({ log }: Router, text: string, from = 0): boolean {
  return log.slice(from).some(({ msg }) => msg.includes(text))
}

/** Seconds from `clockMs` to the time of the last record that says so. */
function aheadS({ log }: Router, text: string, clockMs: number): number {
  const time = log.findLast(({ msg }) => msg.includes(text))?.time ?? Number.NaN
  return (time - clockMs) / 1_000
}

/** What is logged of states. */
function states({ log }: Router): string[] {
  return log.map(({ msg }) => msg).filter((text) => /STATE|expired/.test(text))
}

function connect(): void {
  for (const name of ['a', 'b']) ip('netns', 'add', name)
  ip('link', 'add', 'eth0', 'netns', 'a', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'b')
  for (const [name, address] of [
    ['a', '10.9.0.1/24'],
    ['b', '10.9.0.2/24'],
  ] as const) {
    ip('-n', name, 'addr', 'add', address, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
  }
}

connect()
const a = start('a', 200)
await waitFor('a is Master', () => has(a, 'Entering MASTER STATE') && holds('a'))
const b = start('b', 100)
await waitFor('b is up', () => has(b, 'Startup complete') && has(b, 'Entering BACKUP STATE'))
await waitFor('a goes on to advertise', () => sent('a') > ADVERTISEMENTS)

const before = { a: states(a), b: states(b) }
const jumps: unknown[] = []
for (const hours of [7, -19]) {
  const packets = sent('a')
  const wanted = Math.floor(Date.now() / 1_000) + hours * S_PER_HOUR
  execFileSync('date', ['-s', `@${wanted}`], { stdio: 'ignore' })
  const clock = Date.now()
  await waitFor(`a has sent ${ADVERTISEMENTS} advertisements`, () => sent('a') >= packets + ADVERTISEMENTS)
  await sleep(PATIENCE_MS)
  const lines = a.log.length
  a.process.kill('SIGHUP')
  await waitFor('a has reloaded', () => has(a, 'Reload complete', lines))
  jumps.push({
    hours,
    clockIsSet: Math.abs(clock / 1_000 - wanted) < MINUTE_S,
    logAheadOfClockS: aheadS(a, 'Reload complete', clock),
    holders: (['a', 'b'] as const).filter(holds),
    news: { a: states(a).slice(before.a.length), b: states(b).slice(before.b.length) },
  })
}

const clock = Date.now()
a.process.kill('SIGTERM')
await waitFor('b is Master', () => holds('b') && has(b, 'Entering MASTER STATE'))
const takeover = { logAheadOfClockS: aheadS(b, 'Entering MASTER STATE', clock) }
b.process.kill('SIGTERM')
const exitCodes = await Promise.all([a.exited, b.exited])
process.stdout.write(`${JSON.stringify({ before, jumps, takeover, exitCodes })}\n`)
