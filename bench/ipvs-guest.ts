/** What happens in the guest of ipvs.ts. Arguments: subjects, services, servers of each, runs, checkers. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../__test__/lab/guest-report.ts'
import { readPcap } from '../__test__/lab/pcap.ts'
import { ip, Namespace, run } from '../__test__/lvs/guest/network.ts'
import { type Implementation, Subject } from '../__test__/lvs/guest/subject.ts'
import { readTable } from '../__test__/lvs/guest/table.ts'
import { poolConfiguration } from './ipvs-pool.ts'

/** One start, change and stop. */
export interface PoolFigures {
  readonly startMs: number
  readonly messagesMs: number
  readonly changeMs: number
  readonly stopMs: number
  readonly left: number
}

/** Reloads of ka-native within a program, which parses the text beforehand; medians. */
export interface LibraryFigures {
  readonly changeMs: number
  readonly checkersMs: number
}

const [subjects = '', services = '1000', servers = '10', runs = '3', checkers = '37000'] = process.argv.slice(2)

const POLL_MS = 5
/** When no message was seen for so long, the last one was the last. */
const QUIET_MS = 1_500
const DEADLINE_MS = 240_000
const CHANGED_WEIGHT = 77
const PAGE_BYTES = 4_096

/**
 * What a namespace's kernel says with few and short looks: how many netlink messages went by, which a monitoring interface counts although
 * nobody listens to it, and the first page of IPVS's table.
 */
class Watch {
  readonly namespace: Namespace
  readonly #page = Buffer.alloc(PAGE_BYTES)

  constructor(namespace: Namespace) {
    this.namespace = namespace
  }

  get messages(): number {
    const [, , packets = '0'] =
      /nlmon0:.*/
        .exec(readFileSync(this.namespace.file('dev'), 'latin1'))?.[0]
        .trim()
        .split(/\s+/) ?? []
    return Number(packets)
  }

  get firstPage(): string {
    const fd = openSync(this.namespace.file('ip_vs'), 'r')
    const length = readSync(fd, this.#page)
    closeSync(fd)
    return this.#page.toString('latin1', 0, length)
  }

  get isEmpty(): boolean {
    return this.firstPage.trimEnd().split('\n').length <= 3
  }
}

async function until(what: string, condition: () => boolean): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`)
    await sleep(POLL_MS)
  }
  return performance.now()
}

/** The link type of netlink, whose frames begin with 16 octets that end with the protocol. */
const LINKTYPE_NETLINK = 253
const HEADER_BYTES = 16
const NETLINK_GENERIC = 16
/** The message type of acknowledgements, and the lowest one of families such as IPVS. */
const ACKNOWLEDGEMENT = 2
const FIRST_FAMILY = 0x11
const COMMAND_OFFSET = HEADER_BYTES + 16
/** `IPVS_CMD_NEW_SERVICE` */
const NEW_SERVICE = 1
const SNAP_BYTES = 96

/** The netlink messages of a namespace with the times at which the kernel handed them on. */
class Capture {
  readonly #file: string
  readonly #program: ChildProcess

  private constructor(file: string, program: ChildProcess) {
    this.#file = file
    this.#program = program
  }

  static async start(namespace: Namespace, file: string): Promise<Capture> {
    const options = ['-i', 'nlmon0', '-s', String(SNAP_BYTES), '-B', '16384', '-w', file]
    const program = spawn('nsenter', [`--net=${namespace.path}`, 'tcpdump', ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
    if (program.stderr !== null) await once(createInterface({ input: program.stderr }), 'line')
    return new Capture(file, program)
  }

  /** Ends it: when the first service was asked for, and when the last message was acknowledged, since 1970. */
  async end(): Promise<{ firstMs: number; lastMs: number }> {
    this.#program.kill('SIGINT')
    await once(this.#program, 'exit')
    const frames = readPcap(readFileSync(this.#file), LINKTYPE_NETLINK).filter(
      ({ bytes }) => bytes.readUInt16BE(HEADER_BYTES - 2) === NETLINK_GENERIC,
    )
    const type = (bytes: Buffer): number => bytes.readUInt16LE(HEADER_BYTES + 4)
    const first = frames.find(({ bytes }) => type(bytes) >= FIRST_FAMILY && bytes[COMMAND_OFFSET] === NEW_SERVICE)
    const last = frames.findLast(({ bytes }) => type(bytes) === ACKNOWLEDGEMENT)
    return { firstMs: (first?.timeUs ?? Number.NaN) / 1_000, lastMs: (last?.timeUs ?? Number.NaN) / 1_000 }
  }
}

/** When the last netlink message went by. */
async function untilQuiet(watch: Watch): Promise<number> {
  let last = watch.messages
  let lastMs = performance.now()
  await until('all is quiet', () => {
    const now = watch.messages
    if (now !== last) lastMs = performance.now()
    last = now
    return performance.now() - lastMs > QUIET_MS
  })
  return lastMs
}

async function measure(implementation: Implementation, watch: Watch, directory: string): Promise<PoolFigures> {
  const { namespace } = watch
  const size = { services: Number(services), servers: Number(servers) }
  const text = poolConfiguration(size)
  const capture = await Capture.start(namespace, `${directory}.pcap`)
  const startMs = Date.now()
  const subject = Subject.start(implementation, namespace, directory, text)
  await until('the first service is there', () => !watch.isEmpty)
  await untilQuiet(watch)
  const { firstMs, lastMs } = await capture.end()
  const table = readTable(namespace)
  const have = table.reduce((sum, { destinations }) => sum + destinations.length, 0)
  if (table.length !== size.services || have !== size.services * size.servers) {
    throw new Error(`${implementation} made ${table.length} services with ${have} servers\n${subject.tail()}`)
  }
  // One that the first page shows, which is cheap to look at.
  const server = table[0]?.destinations[0]?.server ?? ''
  const changed = poolConfiguration(size, { server, weight: CHANGED_WEIGHT })
  const changeMs = performance.now()
  const reloaded = subject.reload(changed)
  const changedMs = await until('the weight has changed', () => new RegExp(`\\s${CHANGED_WEIGHT}\\s`).test(watch.firstPage))
  await reloaded
  await sleep(QUIET_MS)
  const stopMs = performance.now()
  await subject.stop()
  const stoppedMs = performance.now()
  const left = readTable(namespace).reduce((sum, { destinations }) => sum + 1 + destinations.length, 0)
  await run(namespace.name, ['ipvsadm', '-C'])
  return {
    startMs: lastMs - startMs,
    messagesMs: lastMs - firstMs,
    changeMs: changedMs - changeMs,
    stopMs: stoppedMs - stopMs,
    left,
  }
}

/** Runs ipvs-library.ts in a namespace. */
async function measureLibrary(namespace: Namespace): Promise<LibraryFigures> {
  const program = [process.execPath, ...process.execArgv, 'bench/ipvs-library.ts', services, servers, checkers]
  const child = spawn('ip', ['netns', 'exec', namespace.name, ...program], { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) last = line
  return JSON.parse(last) as LibraryFigures
}

await run(undefined, ['modprobe', '-a', 'nlmon', 'dummy'])
const watches = new Map<string, Watch>()
for (const name of [...subjects.split(','), 'library']) {
  const namespace = await Namespace.make(name)
  const links = ['link add nlmon0 type nlmon', 'link set nlmon0 up', 'link add dummy0 type dummy', 'link set dummy0 up']
  await ip([...links, 'addr add 10.9.0.1/24 dev dummy0', 'route add default dev dummy0'], name)
  watches.set(name, new Watch(namespace))
}
for (let number = 1; number <= Number(runs); number++) {
  for (const subject of subjects.split(',')) {
    const watch = watches.get(subject)
    if (watch === undefined) throw new Error(`there is no ${subject}`)
    await report(`${subject} ${number}`, async () => measure(subject as Implementation, watch, `/run/${subject}-${number}`))
  }
}
const library = watches.get('library')
if (subjects.split(',').includes('ka-native') && library !== undefined)
  await report('library', async () => measureLibrary(library.namespace))
process.exit()
