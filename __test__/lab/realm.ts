/**
 * The program behind {@link Program}: runs functions that arrive on standard input, each with the {@link Realm}, and answers on
 * standard output. It ends by itself when its input has ended and nothing else keeps it alive, as any Node program does.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { runInThisContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import type { Engine, EngineConfig, EngineEvent as NativeEvent, EngineOptions } from '#native'
import * as native from '#native'
import { lower } from '../../src/engine/lower.ts'
import * as ka from '../../src/index.ts'

/** What functions that run in a {@link Program} find there. It lives as long as the program. */
export interface Realm {
  /** Every export of the addon. */
  readonly native: typeof native
  /** Every export of the package. */
  readonly ka: typeof ka
  /** What {@link open} opened last. */
  readonly engine: Engine
  /** What {@link start} started last. */
  readonly daemon: ka.Daemon
  /** What the engine told since {@link open}. */
  readonly engineEvents: NativeEvent[]
  /** What the daemon told since {@link start}. */
  readonly events: ka.DaemonEvent[]
  /** Opens an engine and takes its events whenever it wakes us. */
  readonly open: (options?: Partial<EngineOptions>) => Promise<void>
  /** Starts a daemon with the text of a keepalived.conf and collects its events. */
  readonly start: (conf: string, options?: ka.DaemonOptions) => Promise<void>
  /** The configuration that a text says. */
  readonly load: (conf: string) => ka.Config
  /** The same as the engine takes it. */
  readonly lower: (conf: string) => EngineConfig
  /** Names of the threads of ours that this process has. */
  readonly threads: () => string[]
  /** What one function leaves for the next. */
  readonly keep: { worker?: Worker; readers?: Readonly<Record<string, string[]>>; promise?: Promise<void>; told?: string[] }
  /** Keeps JavaScript from running for so long. */
  readonly block: (ms: number) => void
}

interface Request {
  readonly id: number
  readonly source: string
  readonly argument: unknown
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none yet')
  return value
}

/** What a thread is called; nothing where it has just ended. */
function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

function makeRealm(): Realm {
  const current: { engine?: Engine; daemon?: ka.Daemon } = {}
  const load = (text: string): ka.Config => ka.loadConfig({ file: 'keepalived.conf', text }).config
  const realm: Realm = {
    native,
    ka,
    load,
    lower: (conf) => lower(load(conf)),
    threads: () => {
      return readdirSync('/proc/self/task')
        .map(nameOf)
        .filter((name) => name.startsWith('ka-'))
    },
    keep: {},
    engineEvents: [],
    events: [],
    get engine() {
      return present(current.engine)
    },
    get daemon() {
      return present(current.daemon)
    },
    async open(options = {}) {
      const opened: { engine?: Engine } = {}
      const takeEvents = (): void => {
        // One call takes some of them only, and the engine does not ask again for the rest.
        for (let events = opened.engine?.drain() ?? []; events.length > 0; events = opened.engine?.drain() ?? []) {
          realm.engineEvents.push(...events)
        }
      }
      opened.engine = await native.Engine.open({ signals: false, ...options }, takeEvents)
      current.engine = opened.engine
      // It may have woken us too early.
      takeEvents()
    },
    async start(conf, options = {}) {
      const daemon = await ka.startDaemon({ ...(options.configFile === undefined ? { config: load(conf) } : {}), ...options })
      current.daemon = daemon
      // Not awaited: it goes on until the daemon stops.
      void collect(daemon.events(), realm.events)
    },
    block(ms) {
      const end = performance.now() + ms
      while (performance.now() < end);
    },
  }
  return realm
}

async function collect(events: AsyncIterable<ka.DaemonEvent>, into: ka.DaemonEvent[]): Promise<void> {
  for await (const event of events) into.push(event)
}

async function answer({ id, source, argument }: Request, realm: Realm): Promise<void> {
  const run = runInThisContext(`(${source})`) as (realm: Realm, argument: unknown) => unknown
  const reply: { value?: unknown; error?: unknown } = {}
  try {
    reply.value = await run(realm, argument)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    reply.error = error instanceof Error ? { name: error.name, message: error.message, code } : { message: String(error) }
  }
  process.stdout.write(`reply ${id} ${JSON.stringify(reply)}\n`)
}

const realm = makeRealm()
process.stdout.write('ready\n')
createInterface({ input: process.stdin }).on('line', (line) => {
  void answer(JSON.parse(line) as Request, realm)
})
