/**
 * A configuration in TypeScript or JavaScript as data. Its program runs in a thread of its own, new each time: what it
 * loads is loaded anew, and whatever it does (loops, exits, leaks, prints), the daemon goes on.
 */
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { plainData } from './plain-data.ts'

/** How long a program may take. */
const MAX_EVALUATION_MS = 30_000
/** Its heap. */
const MAX_HEAP_MIB = 1024
/** Characters of a message that are kept. */
const MAX_MESSAGE = 300
/** Characters of what a program threw that are looked at. */
const MAX_THROWN = 10_000
const OWN_FILE = fileURLToPath(import.meta.url)
/** A line of a stack that names a file. */
const FRAME = /(?:\(|at (?:async )?)(?:file:\/\/)?(\/[^()\n]+):(\d+):(\d+)\)?$/gm

/** What a program exported, as plain data; or why there is nothing. */
export type Evaluated =
  | { readonly kind: 'data'; readonly data: unknown; readonly problems: readonly EvaluatedProblem[] }
  | { readonly kind: 'failed'; readonly code: 'config-syntax' | 'config-failed'; readonly message: string; readonly place?: CodePlace }

/** A value that is no plain data. */
export interface EvaluatedProblem {
  readonly keys: readonly (string | number)[]
  readonly message: string
}

/** A place in a program. */
export interface CodePlace {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

/** What the thread is asked. */
interface Order {
  readonly kind: 'ka-native-evaluate'
  /** Absolute. */
  readonly file: string
}

/** What the thread answers. */
interface Answer {
  readonly kind: 'ka-native-evaluated'
  readonly outcome: Evaluated
}

/**
 * Runs a program and takes what it exports. Never rejects over what it does.
 *
 * @param limitMs how long it may take
 * @param heapMib how much memory it may use
 */
export async function evaluate(file: string, limitMs: number = MAX_EVALUATION_MS, heapMib: number = MAX_HEAP_MIB): Promise<Evaluated> {
  const order: Order = { kind: 'ka-native-evaluate', file }
  const resourceLimits = { maxOldGenerationSizeMb: heapMib }
  const worker = new Worker(OWN_FILE, { workerData: order, resourceLimits, stdout: true, stderr: true })
  // Standard output is for reports.
  const show = (chunk: Buffer): void => {
    process.stderr.write(chunk)
  }
  worker.stdout.on('data', show)
  worker.stderr.on('data', show)
  const outcome = await new Promise<Evaluated>((resolve) => {
    const timer = setTimeout(() => {
      resolve(failed(`the configuration was not there within ${limitMs / 1000} s`))
    }, limitMs)
    worker.on('message', (message: unknown) => {
      if (isAnswer(message)) resolve(message.outcome)
    })
    worker.once('error', (error) => {
      const isOutOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      resolve(isOutOfMemory ? failed(`its program needs more than ${heapMib} MiB`) : describe(error))
    })
    worker.once('exit', (status) => {
      clearTimeout(timer)
      const end = 'before there was a configuration'
      resolve(
        failed(
          status === 0 ? `its program ended ${end}: a promise of it never settles` : `its program ended with status ${status}, ${end}`,
        ),
      )
    })
  })
  await worker.terminate()
  return outcome
}

async function run(file: string, port: MessagePort): Promise<void> {
  const answer: Answer = { kind: 'ka-native-evaluated', outcome: await evaluateHere(file) }
  port.postMessage(answer)
}

async function evaluateHere(file: string): Promise<Evaluated> {
  try {
    const [{ createJiti }, { defineConfig }] = await Promise.all([import('jiti'), import('./define.ts')])
    // Nothing is cached on disk, where others could change it. The package is this one, wherever the file is.
    const jiti = createJiti(file, {
      moduleCache: false,
      fsCache: false,
      interopDefault: false,
      virtualModules: { 'ka-native': { defineConfig } },
    })
    const exported = exportOf(await jiti.import(file))
    if (exported === undefined) {
      return failed('it exports no configuration: write `export default defineConfig({ ... })`')
    }
    const value = await (typeof exported === 'function' ? (exported as () => unknown)() : (exported as Promise<unknown>))
    const { data, problems } = plainData(value)
    return { kind: 'data', data, problems: problems.map(({ property: { keys }, message }) => ({ keys, message })) }
  } catch (error) {
    return describe(error)
  }
}

/** `default`, or `config`; of a CommonJS module all exports together are `default`, unless they are there themselves. */
function exportOf(module: unknown): unknown {
  if (typeof module !== 'object' || module === null) return module
  const isCommonJs = !('__esModule' in module) && !types.isModuleNamespaceObject(module)
  const { default: whole = isCommonJs ? module : undefined, config } = module as { readonly default?: unknown; readonly config?: unknown }
  const isPartOfWhole = typeof whole === 'object' && whole !== null && 'config' in whole && whole.config === config
  return config !== undefined && isPartOfWhole ? config : (whole ?? config)
}

/** A sentence and a place about what a program threw; no stack. */
function describe(error: unknown): Evaluated {
  if (!(error instanceof Error)) return failed(`its program threw ${short(String(error))}`)
  const syntax = /^ParseError: ([^\n]*)\n\s*(\S[^\n]*):(\d+):(\d+)$/.exec(error.message.slice(0, MAX_THROWN))
  if (syntax !== null) {
    const [, message = '', file = '', line, column] = syntax
    return {
      kind: 'failed',
      code: 'config-syntax',
      message: short(message.trimEnd()),
      place: { file, line: Number(line), column: Number(column) + 1 },
    }
  }
  const place = placeOf(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  const [line = ''] = error.message.split('\n', 1)
  const message = `its program threw ${error.name}: ${line}${cause}`
  return { kind: 'failed', code: 'config-failed', message: short(message), ...(place === undefined ? {} : { place }) }
}

/** The innermost call in code that is the user's own. */
function placeOf({ stack = '' }: Error): CodePlace | undefined {
  for (const [, file = '', line, column] of stack.slice(0, MAX_THROWN).matchAll(FRAME)) {
    if (file.includes('/node_modules/') || file === OWN_FILE) continue
    return { file, line: Number(line), column: Number(column) }
  }
  return undefined
}

function failed(message: string): Evaluated {
  return { kind: 'failed', code: 'config-failed', message }
}

function short(text: string): string {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}...` : text
}

/** A program may send messages too, for a thread that it takes itself to be in. */
function isAnswer(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'ka-native-evaluated'
}

function isOrder(data: unknown): data is Order {
  return typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'ka-native-evaluate'
}

if (!isMainThread && parentPort !== null && isOrder(workerData)) void run(workerData.file, parentPort)
