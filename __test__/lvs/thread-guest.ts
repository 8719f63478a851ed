/**
 * What happens in the guest of thread.spec.ts: the addon's `Ipvs` on a kernel that has IPVS. Prints what each scenario saw as JSON. Needs
 * little: every module takes the guest a while to load.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Engine, Ipvs } from '#native'
import type { IpvsChange, IpvsConfig, IpvsDestination, IpvsEvent, IpvsOptions, IpvsService } from '#native'
import { address, engineConfig, instance } from '../native/engine-config.ts'

const RUNTIME = '/run/ka-native'
const DEADLINE_MS = 120_000
const OURSELVES = ['--import=@oxc-node/core/register', fileURLToPath(import.meta.url)]

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' })
}

/** The kernel's table, in an order of its own. */
function saved(...prefix: readonly string[]): string[] {
  const [program, ...args] = [...prefix, 'ipvsadm', '-S', '-n']
  return run(program, ...args)
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

async function waitFor<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`)
    await sleep(20)
  }
}

function real(host: number, changes: Partial<IpvsDestination> = {}): IpvsDestination {
  return {
    address: `10.0.2.${host}`,
    port: 80,
    forwarding: 'masquerade',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    ...changes,
  }
}

/** The code with which a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

let lastId = 0

/** A service, of an address unless it is said to be of a mark. */
function virtual(changes: Partial<IpvsService> = {}): IpvsService {
  return { protocol: 6, address: '10.0.1.1', port: 80, ...marked(changes) }
}

function marked(changes: Partial<IpvsService>): IpvsService {
  lastId += 1
  return { id: lastId, scheduler: 'wlc', flags: 0, destinations: [real(11), real(12)], ...changes }
}

function config(services: IpvsService[], changes: Partial<IpvsConfig> = {}): IpvsConfig {
  return { flush: false, flushOnStop: 'off', syncDaemons: [], services, kept: [], ...changes }
}

/** A thread with what it told. */
class Handle {
  readonly ipvs: Ipvs
  readonly events: IpvsEvent[] = []

  constructor(ipvs: Ipvs) {
    this.ipvs = ipvs
  }

  static async open(options: Partial<IpvsOptions> = {}): Promise<Handle> {
    return new Handle(await Ipvs.open({ runtimeDir: RUNTIME, ...options }, () => {}))
  }

  told(): IpvsEvent[] {
    this.events.push(...this.ipvs.drain())
    return this.events
  }

  async applied(number: number): Promise<void> {
    await waitFor(`change ${number} is applied`, () =>
      this.told().some((event) => event.type === 'applied' && event.number >= number) ? true : undefined,
    )
  }

  async event(what: string, matches: (event: IpvsEvent) => boolean): Promise<IpvsEvent> {
    return await waitFor(what, () => this.told().find(matches))
  }

  async messages(): Promise<number> {
    return (await this.ipvs.snapshot()).status.messages
  }
}

/** Its files. */
function files(): string[] {
  return readdirSync(RUNTIME)
    .map((name) => name.replace(/^\d+/, ''))
    .sort()
}

const scenarios = {
  /** Services of every kind, a reload without a change, a stop. */
  async kinds() {
    const handle = await Handle.open()
    const services = [
      virtual({ scheduler: 'rr', destinations: [real(11, { weight: 5 }), real(12, { upperThreshold: 100, lowerThreshold: 50 })] }),
      virtual({ protocol: 17, port: 53, flags: 4, scheduler: 'sh', destinations: [real(11, { port: 53, forwarding: 'directRoute' })] }),
      virtual({ port: 443, flags: 1, persistenceSeconds: 360, netmask: 0xffffff00, destinations: [real(11, { port: 443 })] }),
      marked({
        mark: 9,
        destinations: [real(11, { port: 0, forwarding: 'ipip' })],
      }),
      marked({
        mark: 9,
        family: 'inet6',
        flags: 1,
        persistenceSeconds: 60,
        netmask: 64,
        destinations: [],
      }),
      virtual({
        address: 'fd00:1::1',
        destinations: [real(0, { address: 'fd00:2::11' }), real(0, { address: 'fd00:2::12', weight: 0 })],
      }),
      virtual({
        port: 81,
        destinations: [
          real(11, { port: 81, forwarding: 'gue', tunnelPort: 6080, tunnelChecksum: 'remcsum' }),
          real(12, { port: 81, forwarding: 'gre', tunnelChecksum: 'csum' }),
        ],
      }),
    ]
    const first = await handle.ipvs.apply(config(services))
    const table = saved()
    const again = await handle.ipvs.apply(config(services))
    const ids = services.map(({ id }) => id)
    const kept = await handle.ipvs.apply(config([], { kept: ids }))
    const unknown = config([], { kept: [...ids, 4_000] })
    const refused: unknown = await handle.ipvs.apply(unknown).catch((error: unknown) => (error as { code: string }).code)
    const snapshot = await handle.ipvs.snapshot()
    const recorded = files()
    // What the kernel describes is what was asked for: a look finds nothing to repair.
    await waitFor('everything is looked at twice', async () => ((await handle.ipvs.snapshot()).status.audits > 1 ? true : undefined))
    const messages = await handle.messages()
    await handle.ipvs.stop()
    return {
      first,
      table,
      again,
      kept,
      refused,
      areAsWanted: snapshot.services.every((it) => it.isAsWanted && it.destinations.every((one) => one.isAsWanted)),
      messages,
      events: handle.told(),
      recorded,
      after: saved(),
      files: files(),
    }
  },

  /** What is there at the start under keys of ours is put right, and of others nothing is touched. */
  async foreign() {
    run('ipvsadm', '-A', '-t', '10.0.1.1:80', '-s', 'rr')
    run('ipvsadm', '-a', '-t', '10.0.1.1:80', '-r', '10.0.2.11:80', '-m', '-w', '9')
    run('ipvsadm', '-a', '-t', '10.0.1.1:80', '-r', '10.0.2.99:80', '-m')
    run('ipvsadm', '-A', '-t', '10.9.9.9:99', '-s', 'rr')
    run('ipvsadm', '-a', '-t', '10.9.9.9:99', '-r', '10.0.2.98:80', '-m')
    const handle = await Handle.open()
    await handle.ipvs.apply(config([virtual()]))
    const table = saved()
    const events = handle.told()
    await handle.ipvs.stop()
    const after = saved()
    // Then everything goes.
    const flushing = await Handle.open()
    await flushing.ipvs.apply(config([virtual()], { flush: true, flushOnStop: 'all' }))
    const flushed = saved()
    run('ipvsadm', '-A', '-t', '10.9.9.9:99', '-s', 'rr')
    await flushing.ipvs.apply(config([virtual()], { flush: true, flushOnStop: 'all' }))
    const notAgain = saved()
    await flushing.ipvs.stop()
    return { table, events, after, flushed, notAgain, end: saved() }
  },

  /** What others do to services of ours is put right and told. */
  async repair() {
    const handle = await Handle.open()
    await handle.ipvs.apply(config([virtual()]))
    const wanted = saved().join('\n')
    const restored = async (what: string) => {
      const event = await handle.event(what, (it) => it.type === 'repaired' && it.what === what)
      await waitFor('the table is as wanted', () => (saved().join('\n') === wanted ? true : undefined))
      return event
    }
    const seen: IpvsEvent[] = []
    run('ipvsadm', '-C')
    seen.push(await restored('serviceMissing'))
    run('ipvsadm', '-E', '-t', '10.0.1.1:80', '-s', 'rr')
    seen.push(await restored('serviceChanged'))
    run('ipvsadm', '-d', '-t', '10.0.1.1:80', '-r', '10.0.2.11:80')
    seen.push(await restored('destinationMissing'))
    run('ipvsadm', '-e', '-t', '10.0.1.1:80', '-r', '10.0.2.12:80', '-m', '-w', '7')
    seen.push(await restored('destinationChanged'))
    run('ipvsadm', '-a', '-t', '10.0.1.1:80', '-r', '10.0.2.99:80', '-m')
    seen.push(await restored('foreignDestination'))
    const { repairs } = (await handle.ipvs.snapshot()).status
    await handle.ipvs.stop()
    return { seen, repairs, after: saved() }
  },

  /** A service is never without a destination that takes connections, seen by somebody who looks all the time. */
  async swap() {
    const servers = Array.from({ length: 20 }, (_, index) => real(11 + index))
    const service = virtual({ destinations: servers })
    const handle = await Handle.open()
    await handle.ipvs.apply(config([service]))
    const watcher = spawn(process.execPath, [...OURSELVES, 'watch'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: watcher.stdout })
    await once(lines, 'line')
    const sorry = real(200)
    const id = service.id
    const ROUNDS = 60
    for (let round = 0; round < ROUNDS; round += 1) {
      const removals = servers.map((it) => ({ type: 'removeDestination' as const, service: id, address: it.address, port: it.port }))
      await handle.applied(handle.ipvs.change([...removals, { type: 'setDestination', service: id, destination: sorry }]))
      const additions = servers.map((destination) => ({ type: 'setDestination' as const, service: id, destination }))
      // Now it is removed, now it is inhibited.
      const leaving =
        round % 2 === 0
          ? { type: 'removeDestination' as const, service: id, address: sorry.address, port: sorry.port }
          : { type: 'setWeight' as const, service: id, address: sorry.address, port: sorry.port, weight: 0 }
      await handle.applied(handle.ipvs.change([leaving, ...additions]))
    }
    const answer = once(lines, 'line')
    watcher.stdin.end()
    const [line] = (await answer) as [string]
    const table = saved()
    await handle.ipvs.stop()
    return { watched: JSON.parse(line) as { looks: number; empty: number }, destinations: table.length - 1, after: saved() }
  },

  /** Many services come and go, however many they are. */
  async many() {
    const services = Array.from({ length: 1000 }, (_, index) =>
      virtual({
        address: `10.1.${index >> 8}.${index & 255}`,
        destinations: Array.from({ length: 10 }, (_unused, host) => real(11 + host)),
      }),
    )
    const handle = await Handle.open()
    const begin = performance.now()
    const first = await handle.ipvs.apply(config(services))
    const applied = performance.now()
    const { writes } = (await handle.ipvs.snapshot()).status
    const lines = saved().length
    const before = performance.now()
    const again = await handle.ipvs.apply(config(services))
    const reloaded = performance.now()
    const [one] = services
    one?.destinations.pop()
    const changed = await handle.ipvs.apply(config(services))
    const stopping = performance.now()
    await handle.ipvs.stop()
    const stopped = performance.now()
    return {
      first,
      writes,
      lines,
      again,
      changed,
      after: saved(),
      took: { apply: applied - begin, reload: reloaded - before, stop: stopped - stopping },
    }
  },

  /** What a process that was killed left goes with the next start, or with a release. */
  async killed() {
    const kill = async () => {
      const child = spawn(process.execPath, [...OURSELVES, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(createInterface({ input: child.stdout }), 'line')
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    await kill()
    const left = saved()
    const busy = await waitFor('the lock of the dead is free', async () => await Handle.open().catch(() => undefined))
    const second: unknown = await Handle.open().catch((error: unknown) => (error as { code: string }).code)
    await busy.ipvs.apply(config([virtual()]))
    const started = saved()
    const timeouts = run('ipvsadm', '-L', '--timeout').trim()
    await busy.ipvs.stop()
    const stopped = saved()
    await kill()
    run('ipvsadm', '-A', '-t', '10.9.9.9:99', '-s', 'rr')
    const release = () => run(process.execPath, 'dist/cli/main.js', 'release', '--runtime-dir', RUNTIME).trimEnd().split('\n')
    const released = release()
    const seen = {
      left,
      second,
      started,
      timeouts,
      stopped,
      released,
      rest: saved(),
      restTimeouts: run('ipvsadm', '-L', '--timeout').trim(),
    }
    run('ipvsadm', '-C')
    // With -I everything stays, and is recorded.
    const keeping = await Handle.open({ release: false, instanceName: 'blue' })
    await keeping.ipvs.apply(config([virtual()]))
    await keeping.ipvs.stop()
    const kept = saved().length
    return { ...seen, kept, keptFiles: files(), releasedKept: release(), end: saved(), endFiles: files() }
  },

  /** Timeouts are set, and set back. */
  async timeouts() {
    const timeouts = () => run('ipvsadm', '-L', '--timeout').trim()
    const original = timeouts()
    const handle = await Handle.open()
    await handle.ipvs.apply(config([], { timeouts: { tcpSeconds: 600, udpSeconds: 0 } }))
    const set = timeouts()
    const again = await handle.ipvs.apply(config([], { timeouts: { tcpSeconds: 600 } }))
    await handle.ipvs.apply(config([], { timeouts: { udpSeconds: 77 } }))
    const other = timeouts()
    await handle.ipvs.apply(config([]))
    const without = timeouts()
    await handle.ipvs.apply(config([], { timeouts: { tcpFinSeconds: 7 } }))
    const last = timeouts()
    await handle.ipvs.stop()
    return { original, set, messagesAgain: again.messages, other, without, last, end: timeouts(), files: files() }
  },

  /** Sync daemons: two of their own, and one that follows an instance. */
  async sync() {
    const daemons = () => run('ipvsadm', '-L', '--daemon').trim().split('\n')
    const handle = await Handle.open()
    const both = { role: 'both' as const, interface: 'eth0', id: 3 }
    await handle.ipvs.apply(config([], { syncDaemons: [both] }))
    const two = daemons()
    const again = await handle.ipvs.apply(config([], { syncDaemons: [both] }))
    const following = { role: 'backup' as const, followsInstance: true, interface: 'eth0', id: 51, ttl: 4 }
    await handle.ipvs.apply(config([], { syncDaemons: [following] }))
    const backup = daemons()
    const engine = await Engine.open({ runtimeDir: RUNTIME, signals: false, heartbeatLimitMs: 0 }, () => {})
    const strange = codeOf(() => engine.followWith({} as Ipvs))
    engine.followWith(handle.ipvs)
    const router = instance({ syncDaemon: 0, virtualAddresses: [address('10.0.3.200')] })
    await engine.apply(engineConfig(router))
    // JavaScript stands still meanwhile: nothing of it is needed.
    const role = (name: string) => {
      const deadline = performance.now() + DEADLINE_MS
      while (!daemons().join().startsWith(name))
        if (performance.now() > deadline) throw new Error(`gave up waiting until the daemon is ${name}`)
      return daemons()
    }
    const master = role('master')
    await handle.ipvs.apply(config([], { syncDaemons: [{ ...following, ttl: 5 }] }))
    const changed = daemons()
    // Its interface goes: it is Master no more.
    run('ip', 'link', 'set', 'eth0', 'down')
    const resigned = role('backup')
    run('ip', 'link', 'set', 'eth0', 'up')
    role('master')
    await engine.stop()
    const stopped = role('backup')
    await handle.ipvs.stop()
    return {
      two,
      messagesAgain: again.messages,
      strange,
      backup,
      master,
      changed,
      resigned,
      stopped,
      events: handle.told(),
      end: daemons(),
    }
  },

  /** What is only recorded is not there, and is forgotten at the end. */
  async reserve() {
    const handle = await Handle.open()
    await handle.ipvs.reserve(config([virtual()], { timeouts: { tcpSeconds: 600 } }))
    const [table, recorded] = [saved(), files()]
    await handle.ipvs.stop()
    return { table, recorded, files: files(), timeouts: run('ipvsadm', '-L', '--timeout').trim() }
  },

  /** Sync daemons that end before they have run: the kernel carries that out and says nothing. */
  async brief() {
    const ends: unknown[] = []
    for (let round = 0; round < 10; round += 1) {
      const handle = await Handle.open()
      await handle.ipvs.apply(config([], { syncDaemons: [{ role: 'both', interface: 'eth0', id: round }] }))
      ends.push(await handle.ipvs.stop().catch(String))
    }
    return { ends, daemons: run('ipvsadm', '-L', '--daemon').trim(), files: files() }
  },

  /** What the kernel refuses is told, and concerns nothing else. */
  async refused() {
    const handle = await Handle.open()
    const odd = virtual({ port: 81, scheduler: 'nosuch' })
    const nowhere = [real(0, { address: '0.0.0.0' }), real(0, { address: 'fd00:2::11' })]
    const good = virtual({ destinations: [real(11, { upperThreshold: 1, lowerThreshold: 2 }), real(12), ...nowhere] })
    await handle.ipvs.apply(config([odd, good]))
    const events = [...handle.told()]
    const table = saved()
    const { services } = await handle.ipvs.snapshot()
    const refused = services.map(({ name, isInKernel, refused: why, destinations }) => [
      name,
      isInKernel,
      why,
      destinations.map((it) => it.refused),
    ])
    const number = handle.ipvs.change([
      { type: 'setDestination', service: good.id, destination: real(11) },
      { type: 'setDestination', service: odd.id, destination: real(13) },
    ])
    await handle.applied(number)
    const repaired = saved()
    const before = await handle.messages()
    await waitFor('it is tried again', async () => ((await handle.messages()) > before ? true : undefined))
    const connections = await handle.ipvs.connections(good.id)
    const invalid: unknown[] = []
    for (const services_ of [[good, good], [{ ...good, address: '10.0.1' }], [{ ...good, scheduler: 'longer-than-that' }]]) {
      invalid.push(await handle.ipvs.apply(config(services_)).catch((error: unknown) => [(error as { code: string }).code, String(error)]))
    }
    const outOfRange = { type: 'setWeight' as const, service: good.id, address: '10.0.2.11', port: 80, weight: -1 }
    const usage = [
      codeOf(() => handle.ipvs.change([outOfRange])),
      codeOf(() => handle.ipvs.change([{ type: 'setWeight', service: good.id } as IpvsChange])),
      codeOf(() => handle.ipvs.change([{ type: 'other' } as unknown as IpvsChange])),
      await handle.ipvs.connections(-1).catch((error: unknown) => (error as { code: string }).code),
    ]
    await handle.ipvs.stop()
    const late: unknown = await handle.ipvs.apply(config([])).catch((error: unknown) => (error as { code: string }).code)
    return { events, refused, table, repaired, told: handle.told().slice(events.length), connections, invalid, usage, late, after: saved() }
  },

  /** IPVS of another network namespace. */
  async namespace() {
    run('ip', 'netns', 'add', 'other')
    run('ip', 'netns', 'exec', 'other', 'ip', 'link', 'set', 'lo', 'up')
    const handle = await Handle.open({ networkNamespace: 'other' })
    await handle.ipvs.apply(config([virtual()]))
    const [here, there] = [saved(), saved('ip', 'netns', 'exec', 'other')]
    const missing: unknown = await Handle.open({ networkNamespace: 'none' }).catch((error: unknown) => (error as { code: string }).code)
    const stopped = handle.ipvs.stopNow(60_000)
    const end = saved('ip', 'netns', 'exec', 'other')
    const child = spawn('ip', ['netns', 'exec', 'other', process.execPath, ...OURSELVES, 'initial'], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(createInterface({ input: child.stdout }), 'line')
    const initial = [saved(), saved('ip', 'netns', 'exec', 'other')]
    const exit = once(child, 'exit')
    child.stdin.end()
    await exit
    run('ip', 'netns', 'delete', 'other')
    return { here, there, missing, stopped, end, initial, initialEnd: saved() }
  },
}

/** Holds what it has until it is killed. */
async function hold(): Promise<never> {
  const handle = await Handle.open()
  await handle.ipvs.apply(config([virtual(), virtual({ port: 8080 })], { timeouts: { tcpSeconds: 555 } }))
  process.stdout.write('ready\n')
  for (;;) await sleep(1_000)
}

/** Has a service in the network namespace of process 1, wherever this process is, until its input ends. */
async function initial(): Promise<void> {
  const handle = await Handle.open({ networkNamespace: '' })
  await handle.ipvs.apply(config([virtual()]))
  process.stdout.write('ready\n')
  process.stdin.resume()
  await once(process.stdin, 'end')
  await handle.ipvs.stop()
}

/** Looks at the table all the time, until its input ends. */
async function watch(): Promise<void> {
  let looks = 0
  let empty = 0
  const asked = new AbortController()
  process.stdin.on('end', () => asked.abort())
  process.stdin.resume()
  process.stdout.write('ready\n')
  while (!asked.signal.aborted) {
    for (let index = 0; index < 50; index += 1) {
      const table = readFileSync('/proc/net/ip_vs', 'latin1')
      // `  -> 0A00020B:0050      Masq    1      0          0`
      const weights = [...table.matchAll(/^ {2}-> [0-9A-F]{8}:\S+\s+\S+\s+(\d+)/gm)].map(([, weight]) => Number(weight))
      looks += 1
      if (!weights.some((weight) => weight > 0)) empty += 1
    }
    await sleep(0)
  }
  process.stdout.write(`${JSON.stringify({ looks, empty })}\n`)
}

async function main(names: readonly string[]): Promise<void> {
  run('ip', 'link', 'set', 'lo', 'up')
  run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0')
  for (const name of ['eth0', 'peer0']) run('ip', 'link', 'set', name, 'up')
  run('ip', 'address', 'add', '10.0.3.1/24', 'dev', 'eth0')
  const seen: Record<string, unknown> = {}
  for (const name of names) {
    const begin = performance.now()
    try {
      seen[name] = await scenarios[name as keyof typeof scenarios]()
    } catch (error) {
      seen[name] = { failed: error instanceof Error ? `${error.stack}` : String(error) }
    }
    process.stderr.write(`${name}: ${Math.round(performance.now() - begin)} ms\n`)
    // The next one begins with nothing.
    run('ipvsadm', '-C')
  }
  process.stdout.write(JSON.stringify(seen))
}

const [, , ...asked] = process.argv
if (asked[0] === 'hold') await hold()
else if (asked[0] === 'watch') await watch()
else if (asked[0] === 'initial') await initial()
else {
  await main(asked)
  process.exit()
}
