/**
 * The life of a daemon with virtual servers in a guest: first as a part of this program, then as processes of its own (life-processes.ts).
 * Reports what IPVS and this program are left with.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { startDaemon, type Config, type Daemon, type DaemonEvent, type DaemonOptions } from '../../../src/index.ts'
import { block } from './conf.ts'
import { configOf, DIRECTORY, many, PORTS, router, table, TCP_CHECK, TRACKED_FILE, virtual } from './life-conf.ts'
import { reportProcesses } from './life-processes.ts'
import { ip, run } from './network.ts'

/** Starts and stops one after the other. */
const CYCLES = 6
/** Moments of a reload at which a stop comes. */
const MOMENTS = 10
const MOMENT_MS = 4
const BLOCK_MS = 3_000
const LEAVE_MS = 20_000
const DEADLINE = { deadlineMs: 120_000 }

const FILE_CHECK = block('FILE_CHECK', ['track_file tracked'])
const TRACKED = block('track_file tracked', [`file ${TRACKED_FILE}`, 'weight 0'])

/** Threads of ours in this program, and files of the runtime directory that are there for a running daemon. */
function held(): string[] {
  const threads = readdirSync('/proc/self/task').map(nameOf)
  return [
    ...threads.filter((name) => name.startsWith('ka-')).toSorted(),
    ...readdirSync(DIRECTORY).filter((name) => /\.(?:sock|ipvs|json)$/.test(name)),
  ]
}

/** What a thread is called; nothing where it has just ended. */
function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim()
  } catch {
    return ''
  }
}

async function start(config: Config): Promise<Daemon> {
  return await startDaemon({ config, runtimeDir: DIRECTORY })
}

/** The code with which a promise rejects. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** Gathers what a daemon tells of virtual servers. */
function follow(daemon: Daemon): DaemonEvent[] {
  const events: DaemonEvent[] = []
  void (async () => {
    for await (const event of daemon.events()) if ('service' in event && 'sequence' in event) events.push(event)
  })()
  return events
}

/** Whether their numbers are without gaps. */
function areWhole(events: readonly DaemonEvent[]): boolean {
  const numbers = events.flatMap((event) => ('sequence' in event ? [event.sequence] : []))
  return numbers.every((number, index) => number === (numbers[0] ?? 0) + index)
}

/** What is left when a daemon has stopped; threads that have told their end take a moment to be gone. */
async function left(): Promise<{ table: string[]; held: string[] }> {
  const deadline = performance.now() + LEAVE_MS
  while (held().length > 0 && performance.now() < deadline) await sleep(20)
  return { table: table(), held: held() }
}

mkdirSync(DIRECTORY)
writeFileSync(TRACKED_FILE, '0')
await ip([
  'link set lo up',
  'link add veth0 type veth peer name veth1',
  'link set veth0 up',
  'link set veth1 up',
  'addr add 10.9.1.250/24 dev veth0',
])
for (const port of PORTS) {
  await new Promise<void>((resolve) => {
    createServer((socket) => socket.on('error', () => undefined).end()).listen(port, '127.0.0.1', resolve)
  })
}

await report('reloads', async () => {
  const daemon = await start(configOf([]))
  const events = follow(daemon)
  const tables = [table()]
  const reload = async (...blocks: readonly string[]): Promise<void> => {
    await daemon.reload(configOf(blocks))
    tables.push(table())
  }
  const [first, second, third] = PORTS
  await reload(virtual(80, [first, second], [], [TCP_CHECK]))
  await reload(virtual(80, [second, third], ['weight 3'], [TCP_CHECK]), virtual(81, [first]))
  const draining = daemon.drain({ server: `127.0.0.1:${first}`, service: '10.9.0.1:81' }, 60_000)
  await reload(virtual(80, [second]), virtual(81, [first, second]))
  const [drained] = await draining
  await reload()
  const none = await daemon.virtualServers()
  await reload(virtual(80, [first]))
  await daemon.stop()
  return { tables, drained: drained?.outcome, none, areWhole: areWhole(events), events: events.length, left: await left() }
})

await report('refused', async () => {
  const [first, second] = PORTS
  const daemon = await start(configOf([router('A', 11), virtual(80, [first])]))
  const obstacle = `${DIRECTORY}/${statSync('/proc/self/ns/net').ino}.ipvs-new`
  const wanted = configOf([router('A', 11), router('B', 12), virtual(80, [first]), virtual(81, [second])])
  const seen = async (): Promise<unknown> => {
    const { services } = await daemon.virtualServers()
    return { routers: (await daemon.status()).instances.map(({ name }) => name), services: services.length, table: table() }
  }
  // The engine has room for its record, IPVS has none.
  mkdirSync(obstacle)
  const code = await codeOf(daemon.reload(wanted))
  const refused = await seen()
  rmdirSync(obstacle)
  await daemon.reload(wanted)
  const taken = await seen()
  await daemon.stop()
  return { code, refused, taken, left: await left() }
})

await report('stops', async () => {
  const outcomes = new Set<unknown>()
  const wanted = configOf(many(200, 3))
  for (let moment = 0; moment < MOMENTS; moment++) {
    const daemon = await start(configOf([]))
    const reloading = codeOf(daemon.reload(wanted))
    await sleep(moment * MOMENT_MS)
    const stopping = codeOf(daemon.stop())
    outcomes.add((await reloading) ?? 'reloaded')
    outcomes.add((await stopping) ?? 'stopped')
  }
  return { outcomes: [...outcomes], left: await left() }
})

await report('blocked', async () => {
  const daemon = await start(configOf([TRACKED, virtual(80, [PORTS[0]], ['quorum_down /bin/true'], [FILE_CHECK])]))
  const events = follow(daemon)
  const before = table()
  const writer = spawn('/bin/busybox', ['sh', '-c', `sleep 1; echo 1 > ${TRACKED_FILE}; ipvsadm -D -t 10.9.0.1:80`])
  const end = performance.now() + BLOCK_MS
  while (performance.now() < end);
  // On a busy machine it takes longer than JavaScript stands still.
  if (writer.exitCode === null) await once(writer, 'exit')
  const areTold = (): boolean => ['quorumChanged', 'ipvsRepaired'].every((type) => events.some((event) => event.type === type))
  await waitFor('all of it was told', areTold, DEADLINE)
  await waitFor('the service is there without the server', () => table().join() === '80:', { ...DEADLINE, seen: table })
  const told = new Set(events.map(({ type }) => type))
  writeFileSync(TRACKED_FILE, '0')
  await daemon.stop()
  return { before, told: [...told].toSorted(), areWhole: areWhole(events), left: await left() }
})

await report('status', async () => {
  const daemon = await start(configOf(many(1_000, 10)))
  const { services } = await daemon.virtualServers()
  const servers = services.flatMap((service) => service.servers)
  const command = spawn(process.execPath, ['dist/cli/main.js', 'lvs', '--json', '--runtime-dir', DIRECTORY])
  const octets = { count: 0 }
  for await (const chunk of command.stdout) octets.count += (chunk as Buffer).length
  await daemon.stop()
  const counted = servers.filter(({ connections }) => connections?.active === 0).length
  return { servers: servers.length, counted, isWhole: octets.count > 1_000_000, left: await left() }
})

await report('collected', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const cycle = async (): Promise<void> => {
    const daemon = await start(configOf([virtual(80, [PORTS[0]], [], [TCP_CHECK])]))
    await daemon.stop()
  }
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  await cycle()
  const before = descriptors()
  for (let count = 0; count < CYCLES; count++) await cycle()
  const isCollected = (): boolean => {
    collect()
    return descriptors() <= before
  }
  await waitFor('no more descriptors are open', isCollected, { ...DEADLINE, seen: descriptors })
  return await left()
})

await report('scripts', async () => {
  const script = `${DIRECTORY}/stubborn`
  const note = `${DIRECTORY}/pid`
  writeFileSync(script, `#!/bin/busybox sh\ntrap "" TERM\necho $$ > ${note}\nsleep 600\n`, { mode: 0o755 })
  const check = block('MISC_CHECK', [`misc_path ${script}`, 'misc_timeout 500', 'warmup 0'])
  const daemon = await start(configOf([virtual(80, [PORTS[0]], [], [check])]))
  await waitFor('the script runs', () => existsSync(note) && readFileSync(note, 'latin1').endsWith('\n'), DEADLINE)
  await daemon.stop()
  return { isAlive: existsSync(`/proc/${readFileSync(note, 'latin1').trim()}`), left: await left() }
})

await run(undefined, ['ipvsadm', '-A', '-t', '10.9.9.9:99', '-s', 'rr'])
await report('ends', async () => {
  const endOf = async (globals: readonly string[], options: DaemonOptions = {}): Promise<string[]> => {
    const daemon = await startDaemon({ config: configOf([virtual(80, [PORTS[0]])], globals), runtimeDir: DIRECTORY, ...options })
    await daemon.stop()
    return table()
  }
  return {
    kept: await endOf([], { releaseIpvsOnStop: false }),
    services: await endOf(['lvs_flush_on_stop VS']),
    all: await endOf(['lvs_flush_on_stop']),
  }
})

await reportProcesses()
process.exit()
