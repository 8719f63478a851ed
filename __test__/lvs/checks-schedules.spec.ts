/** Reloads, verdicts and files, in whatever order, with the checkers that a daemon has: those of virtual servers that stay as they are go on. */
import * as fc from 'fast-check'
import test from 'ava'
import type { Checkers } from '../../src/checks/checker.ts'
import { DaemonChecks } from '../../src/checks/health-checks.ts'
import { Probes } from '../../src/checks/probes.ts'
import type { Probe, Prober } from '../../src/checks/prober.ts'
import type { Config, MiscCheck, RealServer } from '../../src/config/model.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ServerChange } from '../../src/lvs/server-change.ts'
import { Lvs } from '../../src/lvs/lvs.ts'
import type { ScriptRunner } from '../../src/process/script-runner.ts'
import { RecordingTable } from './recording-table.ts'
import { HandClock, settle } from './scene.ts'

/** A limit for what is broken: a busy machine takes half a minute for all schedules. */
const LIMIT_MS = 10 * 60_000

/** What comes about at all. */
const said = { disabled: 0, failed: 0, suspended: 0 }

type Result = ReturnType<Prober['drain']>[number]

/** Asks nobody: a test says what servers answer. */
class HandProber implements Prober {
  /** Those that are there, by their numbers; whether they are to run. */
  readonly probes = new Map<number, { readonly probe: Probe; isDue: boolean }>()
  #results: Result[] = []

  define(probes: readonly Probe[]): void {
    for (const probe of probes) this.probes.set(probe.id, { probe, isDue: false })
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.probes.delete(id)
  }

  run(ids: Uint32Array): void {
    for (const id of ids) {
      const found = this.probes.get(id)
      if (found !== undefined) found.isDue = true
    }
  }

  drain(): Result[] {
    return this.#results.splice(0)
  }

  /** All attempts at a server end, in an order that does not depend on numbers. */
  answer(address: string, port: number | undefined, isGood: boolean): void {
    const outcome: Result['outcome'] = isGood ? { type: 'success' } : { type: 'failed', stage: 'connect', reason: 'refused' }
    const asked = [...this.probes].filter(
      ([, { probe, isDue }]) => isDue && probe.address === address && (port ?? probe.port) === probe.port,
    )
    const sorted = asked.toSorted(([, one], [, other]) => (wordFor(one.probe) < wordFor(other.probe) ? -1 : 1))
    for (const [id, found] of sorted) {
      found.isDue = false
      this.#results.push({ id, latenessUs: 0, durationUs: 0, agoUs: 0, outcome })
    }
  }

  async stop(): Promise<void> {
    await Promise.resolve()
  }

  stopNow(): boolean {
    return true
  }

  /** What is asked, in an order that does not depend on numbers. */
  get asked(): readonly string[] {
    return Array.from(this.probes.values(), ({ probe, isDue }) => `${wordFor(probe)} ${isDue}`).sort()
  }
}

function wordFor(probe: Probe): string {
  return JSON.stringify({ ...probe, id: 0 })
}

/** Virtual servers with the checkers of a daemon. */
class Director {
  readonly prober = new HandProber()
  readonly table = new RecordingTable()
  readonly clock = new HandClock()
  readonly changes: ServerChange[] = []
  readonly lines: string[] = []
  readonly checks: DaemonChecks
  readonly lvs: Lvs
  /** Accounts that exist. */
  accounts: readonly string[] = ACCOUNTS
  readonly #isKeeping: boolean
  readonly #probes: Probes

  constructor(isKeeping: boolean) {
    this.#isKeeping = isKeeping
    this.#probes = new Probes(this.prober, { end: () => {} })
    const write = (...words: readonly unknown[]): void => {
      this.lines.push(String(words.at(-1)))
    }
    const scripts: Pick<ScriptRunner, 'run'> = {
      run: async ({ path, args }) => {
        const name = args.at(-1) ?? ''
        const isThere = path === 'getent' && this.accounts.includes(name)
        return await Promise.resolve({ outcome: 'exited', code: isThere ? 0 : 2, output: `${name}:x:4711:4711::/:/bin/sh` })
      },
    }
    const judge = (): never => {
      throw new Error('nothing is judged')
    }
    this.checks = new DaemonChecks({ probes: this.#probes, judge, scripts }, { info: write, debug: write, warn: write, error: write })
    const observer = {
      changed: (change: ServerChange) => {
        this.changes.push(change)
      },
      log: (_: string, line: string) => {
        this.lines.push(line)
      },
      told: () => {},
    }
    this.lvs = new Lvs({ ipvs: this.table, observer, clock: this.clock })
  }

  /** Things that are known at once have their consequences. */
  async reload(text: string, isRefused: boolean, meanwhile = (): void => {}): Promise<void> {
    const config = withAccounts(loadConfig({ file: 'keepalived.conf', text }).config)
    const checkers = await this.checks.prepare(config)
    const prepared = await this.lvs.prepare(config, this.#isKeeping ? checkers : remaking(checkers))
    meanwhile()
    if (!isRefused) await this.lvs.commit(prepared)
  }

  answer(address: string, port: number | undefined, isGood: boolean): void {
    this.prober.answer(address, port, isGood)
    this.#probes.takeResults()
  }

  /** All that others see of it. */
  async seen(): Promise<string> {
    const { services } = await this.lvs.status()
    // Those that have not run yet are said again where their virtual server is made anew; what is said of several has no order.
    said.disabled += this.lines.filter((line) => line.startsWith('Disabling')).length
    said.failed += this.lines.filter((line) => line.endsWith('now FAULT state')).length
    said.suspended += this.lines.filter((line) => line.startsWith('Suspending')).length
    const lines = this.lines.splice(0).filter((line) => !/^(?:Dea|A)ctivating/.test(line))
    // Several checks that conclude at once have no order.
    const changes = this.changes
      .splice(0)
      .map((change) => Object.assign(change, { sequence: 0 }))
      .toSorted((one, other) => `${one.service} ${one.server ?? ''}`.localeCompare(`${other.service} ${other.server ?? ''}`))
    const all = { rows: this.table.rows.toSorted(), asked: this.prober.asked, services, lines: lines.toSorted(), changes }
    return JSON.stringify(
      all,
      (name, value: unknown) => (name === 'reasons' && Array.isArray(value) ? value.map(String).toSorted() : value),
      1,
    )
  }
}

/** Checkers with which no virtual server stays as it is. */
function remaking(checkers: Checkers): Checkers {
  return {
    attach: (...given) => checkers.attach(...given),
    canKeep: () => false,
    drop: (former) => {
      checkers.drop(former)
    },
    commit: () => {
      checkers.commit()
    },
    suspend: (checker) => {
      checkers.suspend(checker)
    },
    resume: (checker) => {
      checkers.resume(checker)
    },
  }
}

const ADDRESSES = ['10.0.2.1', '10.0.2.2'] as const
const ACCOUNTS = ['ka_ghost_one', 'ka_ghost_two'] as const
const FILES = ['F', 'G'] as const
const VIRTUAL = ['10.0.1.1', '10.0.1.2', '10.0.1.3'] as const

const server = fc.record({
  number: fc.nat({ max: 1 }),
  weight: fc.integer({ min: 1, max: 2 }),
  retry: fc.nat({ max: 1 }),
  port: fc.constantFrom(80, 81),
  isAlpha: fc.boolean(),
  isPinged: fc.boolean(),
  account: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
  file: fc.option(fc.record({ number: fc.nat({ max: 1 }), weight: fc.constantFrom(0, 1) }), { nil: undefined }),
})
const virtualServer = fc.record({
  waits: fc.boolean(),
  servers: fc.uniqueArray(server, { minLength: 1, maxLength: 2, selector: ({ number }) => number }),
})
type Server = typeof server extends fc.Arbitrary<infer Value> ? Value : never
type Virtual = typeof virtualServer extends fc.Arbitrary<infer Value> ? Value : never
type Model = readonly (Virtual | undefined)[]

const maybe = fc.option(virtualServer, { nil: undefined, freq: 3 })
const place = fc.nat({ max: VIRTUAL.length - 1 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('answer' as const),
        address: fc.nat({ max: 1 }),
        port: fc.constantFrom(80, 81, undefined),
        isGood: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('file' as const), file: fc.nat({ max: 1 }), value: fc.integer({ min: 0, max: 2 }) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('presence' as const), place, isOn: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('accounts' as const), accounts: fc.subarray([...ACCOUNTS]) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('reload' as const),
        place,
        to: maybe,
        isRefused: fc.boolean(),
        value: fc.integer({ min: 0, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('again' as const) }) },
  ),
  { maxLength: 25 },
)
type Step = typeof steps extends fc.Arbitrary<readonly (infer Value)[]> ? Value : never

/** Scripts run as the account that is their argument: a configuration with one that does not exist leaves them out itself. */
function withAccounts(config: Config): Config {
  const withAccount = ({ miscPath, ...rest }: MiscCheck): MiscCheck => {
    const [user = ''] = miscPath.args
    return { ...rest, miscPath: { ...miscPath, account: { user, group: undefined, supplementaryGroups: false } } }
  }
  const withScripts = (one: RealServer): RealServer => ({ ...one, miscChecks: one.miscChecks.map(withAccount) })
  const virtualServers = config.virtualServers.map(({ realServers, ...rest }) => ({ ...rest, realServers: realServers.map(withScripts) }))
  return { ...config, virtualServers }
}

function serverOf({ number, weight, retry, port, isAlpha, isPinged, account, file }: Server): string {
  const alpha = isAlpha ? 'alpha' : ''
  return `real_server ${ADDRESSES[number]} 80 {
    weight ${weight}
    TCP_CHECK {
      connect_port ${port}
      retry ${retry}
      ${alpha}
    }
    ${isPinged ? `PING_CHECK {\n${alpha}\n}` : ''}
    ${account === undefined ? '' : `MISC_CHECK {\nmisc_path "/bin/true ${ACCOUNTS[account]}"\n}`}
    ${file === undefined ? '' : `FILE_CHECK {\ntrack_file ${FILES[file.number]}\nweight ${file.weight}\n}`}
  }`
}

function textOf(model: Model): string {
  const files = FILES.map((name) => `track_file ${name} {\nfile /tmp/ka-none-${name}\n}`)
  const written = model.map((one, at) => {
    if (one === undefined) return ''
    return `virtual_server ${VIRTUAL[at]} 80 {
      protocol TCP
      lvs_sched rr
      lvs_method NAT
      delay_loop 3600
      warmup 3600
      ${one.waits ? 'ha_suspend' : ''}
      ${one.servers.map(serverOf).join('\n')}
    }`
  })
  return ['global_defs {\nscript_user root\n}', ...files, ...written].join('\n')
}

async function take(director: Director, step: Step, text: string): Promise<void> {
  const { lvs, checks } = director
  switch (step.type) {
    case 'answer':
      director.answer(ADDRESSES[step.address] ?? '', step.port, step.isGood)
      break
    case 'file':
      checks.followFile(FILES[step.file] ?? '', step.value)
      break
    case 'presence':
      lvs.addressPresence(VIRTUAL[step.place] ?? '', step.isOn)
      break
    case 'accounts':
      director.accounts = step.accounts
      break
    case 'reload':
      await director.reload(text, step.isRefused, () => {
        checks.followFile(FILES[0], step.value)
      })
      break
    case 'again':
      await director.reload(text, false)
  }
  lvs.takeIpvsEvents()
  await settle()
  await director.clock.pass(500)
}

function firstDifference(one: string, other: string): string {
  const [lines, others] = [one.split('\n'), other.split('\n')]
  const at = lines.findIndex((line, index) => line !== others[index])
  return `${lines.slice(at, at + 12).join('\n')} - ${others.slice(at, at + 12).join('\n')}`
}

async function run(first: Model, list: readonly Step[], directors: readonly [Director, Director]): Promise<void> {
  const state = { model: first }
  for (const step of [{ type: 'again' as const }, ...list]) {
    const model = step.type === 'reload' ? state.model.with(step.place, step.to) : state.model
    for (const director of directors) await take(director, step, textOf(model))
    if (step.type === 'reload' && !step.isRefused) state.model = model
    const [one, other] = [await directors[0].seen(), await directors[1].seen()]
    if (one !== other) throw new Error(`after ${JSON.stringify(step)} they differ: ${firstDifference(one, other)}`)
  }
  for (const director of directors) {
    await director.reload(textOf([]), false)
    await settle()
    if (director.prober.asked.length > 0) throw new Error(`without servers there is still ${director.prober.asked.join(', ')}`)
  }
}

test('random schedules of checkers', async (t) => {
  t.timeout(LIMIT_MS)
  const property = fc.asyncProperty(fc.tuple(maybe, maybe, maybe), steps, async (first, list) => {
    const directors = [new Director(true), new Director(false)] as const
    try {
      await run(first, list, directors)
    } finally {
      for (const { lvs, checks } of directors) {
        await checks.stop()
        await lvs.stop()
      }
    }
  })
  await fc.assert(property, { numRuns: Number(process.env['KA_LVS_SCHEDULES'] ?? 200), includeErrorInReport: true })
  t.true(said.disabled > 0 && said.failed > 0 && said.suspended > 0)
})
