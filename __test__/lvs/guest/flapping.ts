/**
 * Very many real servers that go and come for a while, under ka-native as a part of this program, which runs in a namespace of the guest.
 * Reports whether IPVS is in the end as it is wanted, whether every event was told, and what the program holds.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { loadConfig, startDaemon, type Daemon } from '../../../src/index.ts'
import { block } from './conf.ts'
import { readOwnTable } from './table.ts'

/** Services, and real servers of each: the first has a port that is asked, all others a file that says how they are. */
const SERVICES = 1_000
const SERVERS = 10
const FILES = 100
const PORTS = 10
const FIRST_PORT = 8_000
const DURATION_MS = 60_000
/** How often a file changes, and with it a hundredth of the servers. */
const FLAP_MS = 200
/** How often a port is opened or closed. */
const PORT_MS = 3_000
const DEADLINE_MS = 240_000
/** How often it is looked at what the program holds, and how far apart. */
const LOOKS = 20
const LOOK_MS = 200
const DIRECTORY = '/run/flapping'

/** What the program holds. */
interface Holdings {
  readonly descriptors: number
  readonly heapMb: number
  readonly residentMb: number
}

function fileOf(service: number, server: number): number {
  return (service * SERVERS + server) % FILES
}

function addressOf(service: number, server: number): string {
  return `10.8.${Math.floor(service / 25)}.${(service % 25) * SERVERS + server + 1}`
}

function portOf(service: number): number {
  return FIRST_PORT + (service % PORTS)
}

function configuration(): string {
  const files = Array.from({ length: FILES }, (_, file) => block(`track_file F${file}`, [`file ${DIRECTORY}/${file}`, 'weight 0']))
  const services = Array.from({ length: SERVICES }, (_, service) =>
    block(`virtual_server 10.7.${Math.floor(service / 250)}.${(service % 250) + 1} 80`, [
      'delay_loop 10',
      'connect_timeout 10',
      'lb_algo rr',
      'lb_kind NAT',
      'protocol TCP',
      ...Array.from({ length: SERVERS }, (_server, server) =>
        block(`real_server ${addressOf(service, server)} 80`, [
          server === 0
            ? block('TCP_CHECK', [`connect_port ${portOf(service)}`])
            : block('FILE_CHECK', [`track_file F${fileOf(service, server)}`]),
        ]),
      ),
    ]),
  )
  return [...files, ...services].join('\n')
}

const isGood = Array.from({ length: FILES }, () => true)
const listeners = new Map<number, Server>()

function turn(file: number): void {
  isGood[file] = isGood[file] !== true
  writeFileSync(`${DIRECTORY}/${file}`, isGood[file] ? '0' : '1')
}

async function turnPort(port: number): Promise<void> {
  const listener = listeners.get(port)
  if (listener !== undefined) {
    listeners.delete(port)
    await new Promise((resolve) => listener.close(resolve))
    return
  }
  const opened = createServer((socket) => socket.on('error', () => undefined).end())
  listeners.set(port, opened)
  await new Promise<void>((resolve) => opened.listen(port, '0.0.0.0', resolve))
}

/** The servers that ought to be in the kernel, by name of their service. */
function wanted(service: number): string[] {
  const servers = Array.from({ length: SERVERS }, (_, server) => server)
  const up = servers.filter((server) => (server === 0 ? listeners.has(portOf(service)) : isGood[fileOf(service, server)]))
  return up.map((server) => `${addressOf(service, server)}:80`)
}

/** The services that are not as they ought to be. */
function wrong(): string[] {
  const table = new Map(
    readOwnTable().map(({ name, destinations }) => [
      name,
      destinations
        .map(({ server }) => server)
        .toSorted()
        .join(),
    ]),
  )
  const names = Array.from({ length: SERVICES }, (_, service) => ({
    name: `TCP 10.7.${Math.floor(service / 250)}.${(service % 250) + 1}:80`,
    servers: wanted(service).toSorted().join(),
  }))
  return names
    .filter(({ name, servers }) => table.get(name) !== servers)
    .map(({ name, servers }) => `${name}: ${table.get(name)}, not ${servers}`)
}

/**
 * The least that is held at several moments: checks that are under way, many where the processor was away for a while, and what waits to be
 * told are there for moments.
 */
async function holdings(): Promise<Holdings> {
  const seen: Holdings[] = []
  for (let look = 0; look < LOOKS; look++) {
    await sleep(LOOK_MS)
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    const mb = (bytes: number): number => Math.round(bytes / 1_048_576)
    seen.push({ descriptors: readdirSync('/proc/self/fd').length, heapMb: mb(heapUsed), residentMb: mb(rss) })
  }
  const least = (part: keyof Holdings): number => Math.min(...seen.map((holding) => holding[part]))
  return { descriptors: least('descriptors'), heapMb: least('heapMb'), residentMb: least('residentMb') }
}

/** What was told, without keeping all of it. */
class Ledger {
  readonly gaps: string[] = []
  readonly states = new Map<string, boolean>()
  changes = 0
  #last: number | undefined

  async follow(daemon: Daemon): Promise<void> {
    for await (const event of daemon.events()) {
      if (!('sequence' in event)) continue
      const { sequence } = event
      if (this.#last !== undefined && sequence !== this.#last + 1) this.gaps.push(`${this.#last} to ${sequence}`)
      this.#last = sequence
      if (event.type !== 'realServerChanged') continue
      this.changes += 1
      this.states.set(`${event.server} of ${event.service}`, event.isUp)
    }
  }
}

/** Servers of which something else was told last than is true. */
function untrue(): string[] {
  return Array.from({ length: SERVICES }, (_, service) => service).flatMap((service) => {
    const up = new Set(wanted(service))
    return Array.from({ length: SERVERS }, (_, server) => addressOf(service, server)).filter((address) => {
      const name = `[${address}]:tcp:80 of [10.7.${Math.floor(service / 250)}.${(service % 250) + 1}]:tcp:80`
      return (ledger.states.get(name) ?? true) !== up.has(`${address}:80`)
    })
  })
}

async function flap(durationMs: number): Promise<void> {
  const end = performance.now() + durationMs
  let portAt = performance.now() + PORT_MS
  for (let step = 0; performance.now() < end; step++) {
    // All files in turn, though not in their order: 37 and 100 have no common divisor.
    turn((step * 37) % FILES)
    if (performance.now() > portAt) {
      portAt = performance.now() + PORT_MS
      await turnPort(FIRST_PORT + (step % PORTS))
    }
    await sleep(FLAP_MS)
  }
}

async function settled(): Promise<void> {
  await waitFor('IPVS is as it is wanted', () => wrong().length === 0, { deadlineMs: DEADLINE_MS, seen: () => wrong().slice(0, 5) })
}

mkdirSync(DIRECTORY)
for (let file = 0; file < FILES; file++) writeFileSync(`${DIRECTORY}/${file}`, '0')
for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) await turnPort(port)
const { config, diagnostics } = loadConfig({ file: 'keepalived.conf', text: configuration() })
const daemon = await startDaemon({ config, runtimeDir: DIRECTORY, signals: false })
const ledger = new Ledger()
void ledger.follow(daemon)

await report('start', async () => {
  await settled()
  return [...diagnostics].map(({ message }) => message)
})
await report('flapping', async () => {
  await flap(DURATION_MS / 2)
  await settled()
  const before = await holdings()
  await flap(DURATION_MS / 2)
  await settled()
  return { before, after: await holdings() }
})
await report('told', async () => {
  // The kernel is changed first.
  await waitFor('the last events are true', () => untrue().length === 0, { deadlineMs: DEADLINE_MS, seen: () => untrue().slice(0, 5) })
  return { gaps: ledger.gaps, untrue: untrue(), changes: ledger.changes }
})
await report('stop', async () => {
  await daemon.stop()
  return readOwnTable().length
})
process.exit()
