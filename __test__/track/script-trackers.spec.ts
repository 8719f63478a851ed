/** What becomes of `vrrp_script`s at a start, a reload and a stop; the thread that runs them stands outside. */
import type { TrackerConfig, TrackerResult, TrackerSource } from '#native'
import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import type { ScheduledResult, ScheduledScript, ScriptRunner } from '../../src/process/script-runner.ts'
import type { ScriptResult } from '../../src/process/script.ts'
import { ScriptTrackers } from '../../src/track/script-trackers.ts'
import type { ResultOptions } from '../../src/track/script-trackers.ts'

/** Stands where the worker thread is: keeps what is scheduled, and hands over the results of a test. */
class Worker implements Pick<ScriptRunner, 'run' | 'schedule'> {
  jobs: readonly ScheduledScript[] = []
  #onResults: (results: readonly ScheduledResult[]) => void = () => {}

  async run(): Promise<ScriptResult> {
    return await Promise.resolve({ outcome: 'notStarted', reason: 'ENOENT' })
  }

  schedule(jobs: readonly ScheduledScript[], onResults: (results: readonly ScheduledResult[]) => void): void {
    this.jobs = jobs
    this.#onResults = onResults
  }

  /** One batch of results of present jobs, by exit status. */
  tell(...results: readonly (readonly [id: number, code: number, generation?: number])[]): void {
    this.#onResults(
      results.map(([id, code, generation]) => ({
        id,
        generation: generation ?? this.jobs.find((job) => job.id === id)?.generation ?? 0,
        startedAtMs: 0,
        endedAtMs: 0,
        result: { outcome: 'exited', code },
      })),
    )
  }
}

interface Setting {
  readonly trackers: ScriptTrackers
  readonly worker: Worker
  readonly batches: TrackerResult[][]
  readonly lines: string[]
  readonly apply: (text: string) => Promise<void>
}

function setUp(options: ResultOptions = {}): Setting {
  const worker = new Worker()
  const batches: TrackerResult[][] = []
  const lines: string[] = []
  const log = (...words: readonly unknown[]): void => {
    lines.push(String(words.at(-1)))
  }
  const setTrack = (results: TrackerResult[]): void => {
    batches.push(results)
  }
  const trackers = new ScriptTrackers({ setTrack }, worker, options, { info: log, warn: log })
  const apply = async (text: string): Promise<void> => {
    trackers.commit(await trackers.prepare(load(text)))
  }
  return { trackers, worker, batches, lines, apply }
}

function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

/** Scripts by their lines, and an instance that tracks some. */
function conf(scripts: Readonly<Record<string, string>>, tracked: readonly string[] = Object.keys(scripts), rest = ''): string {
  const blocks = Object.entries(scripts).map(([name, lines]) => `vrrp_script ${name} {\n script ${lines}\n}\n`)
  const list = tracked.map((name) => `  ${name}\n`).join('')
  const instance = `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.200\n }\n track_script {\n${list} }\n}\n`
  return `global_defs {\n script_user root\n}\n${blocks.join('')}${instance}${rest}`
}

const TRUE = '/bin/true'

type Reported = Extract<TrackerSource, { type: 'reported' }>

function reported(config: TrackerConfig | undefined): Reported | undefined {
  return config?.source.type === 'reported' ? config.source : undefined
}

test('a script is run as it says, and its results are told with number and generation, each batch at once', async (t) => {
  const { trackers, worker, batches, lines, apply } = setUp()
  const text = conf({ a: '"/bin/true x"\n interval 2\n timeout 1\n user nobody', b: `${TRUE}\n interval 0.5\n init_fail` })
  const prepared = await trackers.prepare(load(text))
  t.deepEqual(prepared.configs, [
    { id: 1, generation: 1, name: 'a', source: { type: 'reported', initial: 'unknown', staleAfterMs: 10_000 } },
    { id: 2, generation: 1, name: 'b', source: { type: 'reported', initial: 'down', staleAfterMs: 10_000 } },
  ])
  t.is(prepared.idOf('script', 'b'), 2)
  t.is(prepared.idOf('script', 'c'), undefined)
  t.deepEqual(worker.jobs, [], 'nothing runs before the engine has it')
  await apply(text)
  const [first, second] = worker.jobs
  t.like(first, { program: { path: TRUE, args: ['x'] }, account: { uid: 65_534 }, intervalUs: 2_000_000, timeoutUs: 1_000_000 })
  t.like(second, { program: { path: TRUE, args: [] }, account: { uid: 0 }, intervalUs: 500_000, timeoutUs: 500_000 })
  const [a = 0, b = 0] = worker.jobs.map(({ id }) => id)
  worker.tell([a, 0], [b, 3], [a, 1])
  t.deepEqual(batches, [
    [
      { tracker: a, generation: 1, state: 'up' },
      { tracker: b, generation: 1, state: 'down' },
      { tracker: a, generation: 1, state: 'down' },
    ],
  ])
  t.deepEqual(lines, [
    'VRRP_Script(a) succeeded',
    'Script `b` now returning 3',
    'VRRP_Script(b) failed (exited with status 3)',
    'Script `a` now returning 1',
    'VRRP_Script(a) failed (exited with status 1)',
  ])
  worker.tell([a, 1])
  t.deepEqual(batches[1], [{ tracker: a, generation: 1, state: 'down' }], 'a result that changes nothing says that it runs')
})

test('silence is patient with long intervals, long runs and a long heartbeat, or for ever', async (t) => {
  const patience = async (options: ResultOptions, lines = ''): Promise<number | undefined> => {
    const { trackers } = setUp(options)
    const { configs } = await trackers.prepare(load(conf({ a: `${TRUE}\n ${lines}` })))
    return reported(configs[0])?.staleAfterMs
  }
  t.is(await patience({}), 10_000)
  t.is(await patience({ heartbeatLimitMs: 0 }), 10_000)
  t.is(await patience({ heartbeatLimitMs: 5_000 }), 10_000)
  t.is(await patience({ heartbeatLimitMs: 60_000 }), 60_000)
  t.is(await patience({}, 'interval 30'), 90_000)
  t.is(await patience({}, 'interval 1\n timeout 60'), 61_000)
  t.is(await patience({ keepStaleResults: true }), undefined)
})

test('a reload keeps what is known of the same command and account, and says so', async (t) => {
  const { worker, trackers, lines, apply } = setUp()
  await apply(conf({ same: TRUE, slower: TRUE, other: TRUE, gone: TRUE, unheard: TRUE }))
  const ids = new Map(worker.jobs.map(({ id }, index) => [['same', 'slower', 'other', 'gone', 'unheard'][index], id]))
  const id = (name: string): number => ids.get(name) ?? 0
  worker.tell([id('same'), 0], [id('slower'), 1], [id('other'), 0], [id('gone'), 0])
  lines.length = 0
  const text = conf({ same: TRUE, slower: `${TRUE}\n interval 5\n fall 3`, other: '"/bin/true x"', unheard: TRUE, fresh: TRUE })
  const prepared = await trackers.prepare(load(text))
  t.deepEqual(
    prepared.configs.map((config) => [config.name, config.id, config.generation, reported(config)?.initial]),
    [
      ['same', id('same'), 1, 'up'],
      ['slower', id('slower'), 2, 'down'],
      ['other', id('other'), 2, 'unknown'],
      ['unheard', id('unheard'), 1, 'unknown'],
      ['fresh', 6, 1, 'unknown'],
    ],
  )
  const before = worker.jobs
  trackers.commit(prepared)
  t.deepEqual(lines, ['VRRP_Script(same) considered successful on reload', 'VRRP_Script(slower) considered unsuccessful on reload'])
  t.deepEqual(worker.jobs[0], before[0], 'what did not change is scheduled as before')
})

test('results of what a reload changed or removed are not told', async (t) => {
  const { worker, batches, lines, apply } = setUp()
  await apply(conf({ a: TRUE, b: TRUE }))
  const [a = 0, b = 0] = worker.jobs.map(({ id }) => id)
  await apply(conf({ a: `${TRUE}\n interval 5` }))
  lines.length = 0
  worker.tell([a, 1, 1], [b, 1, 1])
  t.deepEqual(batches, [])
  t.deepEqual(lines, [])
  worker.tell([a, 0, 2])
  t.deepEqual(batches, [[{ tracker: a, generation: 2, state: 'up' }]])
})

test('a number is never given again', async (t) => {
  const { worker, apply } = setUp()
  await apply(conf({ a: TRUE }))
  const [first] = worker.jobs
  await apply(conf({}, []))
  t.deepEqual(worker.jobs, [])
  await apply(conf({ a: TRUE }))
  t.not(worker.jobs[0]?.id, first?.id)
})

test('a configuration that the engine refuses changes nothing', async (t) => {
  const { worker, trackers, batches, apply } = setUp()
  await apply(conf({ a: TRUE }))
  const { jobs } = worker
  await trackers.prepare(load(conf({ a: '/bin/false', b: TRUE })))
  t.is(worker.jobs, jobs)
  worker.tell([jobs[0]?.id ?? 0, 0])
  t.is(batches.length, 1)
})

test('a script that only a group tracks is run, and one that nothing tracks never', async (t) => {
  const { worker, apply } = setUp()
  const group = 'vrrp_sync_group G {\n group {\n VI_1\n }\n track_script {\n b\n }\n}\n'
  await apply(conf({ a: TRUE, b: TRUE, c: TRUE }, ['a'], group))
  t.is(worker.jobs.length, 2)
})

test('a script that has no account to run as is dropped, in keepalived’s words', async (t) => {
  const { worker, trackers, lines } = setUp()
  const config = load(conf({ a: TRUE, b: TRUE }))
  const [, second] = config.vrrpScripts
  t.truthy(second)
  // The account went between reading and running.
  const stranger = { user: 'ka-native-nobody', group: undefined, supplementaryGroups: false }
  const vrrpScripts = config.vrrpScripts.map((script) =>
    script === second ? { ...script, script: { ...script.script, account: stranger } } : script,
  )
  const prepared = await trackers.prepare({ ...config, vrrpScripts })
  trackers.commit(prepared)
  t.is(worker.jobs.length, 1)
  t.is(prepared.idOf('script', 'b'), undefined)
  t.deepEqual(lines, ["Script user 'ka-native-nobody' does not exist", 'Disabling track script b: its account does not exist'])
})

test('a stop ends the scripts, and nothing is told or begun after it', async (t) => {
  const { worker, trackers, batches, apply } = setUp()
  await apply(conf({ a: TRUE }))
  const prepared = await trackers.prepare(load(conf({ a: TRUE, b: TRUE })))
  trackers.stop()
  t.deepEqual(worker.jobs, [])
  worker.tell([1, 0, 1])
  trackers.commit(prepared)
  t.deepEqual(worker.jobs, [])
  t.deepEqual(batches, [])
})
