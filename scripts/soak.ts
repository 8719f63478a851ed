/**
 * A soak of the whole daemon in network namespaces, with events at a hundred times their usual rate: `npm run soak -- --minutes 20`.
 *
 * State changes, scripts that succeed, fail, hang and vanish, FIFOs, mails, webhooks, dumps, reloads and a log that is rotated. What the daemon
 * holds is sampled every few seconds, and a line is fitted to the samples after the warm-up: what grows by more than its tolerance is not
 * flat, and the command ends with 1 then. Needs root and `npm run build`; everything ends with it, also at Ctrl-C.
 *
 * V8 compiles functions the more the oftener they are called, for hours where that is ten times a minute. `--interpreted` keeps it from that, and
 * the heap has a fifth of the tolerance then.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Lab } from '../__test__/lab/lab.ts'
import { Sandbox } from '../__test__/lab/sandbox.ts'
import { SoakedDaemon } from './soak/daemon.ts'
import type { SoakLab } from './soak/daemon.ts'
import { eventsOf } from './soak/events.ts'
import type { SoakEvent } from './soak/events.ts'
import { describe, report } from './soak/report.ts'
import type { TimedSample } from './soak/report.ts'

const SAMPLE_MS = 5_000
/** Buffers fill, code is compiled, queues of dead receivers come to their bounds. */
const WARM_UP_SHARE = 0.25

const SIGTERM = 15
const INTERRUPTED = 'interrupted'

interface Settings {
  readonly minutes: number
  readonly isInterpreted: boolean
  readonly isRaw: boolean
  readonly snapshots: string | undefined
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      /** V8 compiles nothing while it runs: the heap is what the program holds, within little. */
      interpreted: { type: 'boolean', default: false },
      /** Prints each sample. */
      raw: { type: 'boolean', default: false },
      /** A directory for a snapshot of the heap after the warm-up, and one at the end. */
      snapshots: { type: 'string' },
    },
  })
  const minutes = Number(values.minutes)
  const unavailable = Sandbox.unavailable()
  if (unavailable !== undefined || !(minutes > 0)) {
    process.stderr.write(`${unavailable ?? '--minutes takes a positive number'}\n`)
    return 2
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop.abort(INTERRUPTED)
    })
  }
  const lab: Lab<'a' | 'b'> = await Lab.open(['a', 'b'])
  try {
    return await soak(lab, { minutes, isInterpreted: values.interpreted, isRaw: values.raw, snapshots: values.snapshots }, stop)
  } finally {
    await lab.close()
  }
}

async function soak(lab: SoakLab, settings: Settings, stop: AbortController): Promise<number> {
  const daemon = await SoakedDaemon.start(lab, settings.isInterpreted)
  void daemon.process.exited.then(() => {
    stop.abort(new Error('the daemon has ended'))
  })
  const happened = eventsOf(daemon).map(async (event): Promise<readonly [string, number]> => [event.name, await repeat(event, stop.signal)])
  const samples: TimedSample[] = []
  const problems: string[] = []
  try {
    await observe(daemon, settings, samples, stop.signal)
  } catch (error) {
    // Ctrl-C ends the lab too.
    problems.push(
      stop.signal.reason === INTERRUPTED ? 'interrupted' : `given up: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  if (stop.signal.reason !== INTERRUPTED) {
    stop.abort()
    problems.push(...(await conclude(daemon, await Promise.all(happened))))
  }
  problems.unshift(
    ...report(
      samples.filter(({ minute }) => minute >= settings.minutes * WARM_UP_SHARE),
      settings.isInterpreted,
    ),
  )
  process.stdout.write(`\n${problems.length === 0 ? 'flat' : `NOT FLAT:\n${problems.join('\n')}`}\n`)
  return problems.length === 0 ? 0 : 1
}

/**
 * Takes samples for as long as is wanted.
 *
 * @throws what `signal` was aborted with, or Error when the daemon does not answer
 */
async function observe(daemon: SoakedDaemon, settings: Settings, samples: TimedSample[], signal: AbortSignal): Promise<void> {
  const { minutes, isRaw, snapshots } = settings
  const snapshot = async (name: string): Promise<void> => {
    if (snapshots !== undefined) await daemon.snapshot(`${name}.heapsnapshot`, snapshots)
  }
  const begin = performance.now()
  const minute = (): number => (performance.now() - begin) / 60_000
  while (minute() < minutes) {
    await pause(SAMPLE_MS, signal)
    signal.throwIfAborted()
    const sample = { minute: minute(), ...(await daemon.sample()) }
    const isWarm = (one: TimedSample | undefined): boolean => one !== undefined && one.minute >= minutes * WARM_UP_SHARE
    if (isWarm(sample) && !isWarm(samples.at(-1))) await snapshot('warm')
    samples.push(sample)
    if (isRaw) process.stdout.write(`${JSON.stringify(sample)}\n`)
  }
  await snapshot('end')
}

/** Ends the daemon and tells what has happened to it; what was wrong with that. */
async function conclude(daemon: SoakedDaemon, counts: readonly (readonly [string, number])[]): Promise<string[]> {
  const isThere = daemon.process.exit === undefined
  const kinds = isThere ? await daemon.descriptorKinds() : new Map<string, number>()
  if (isThere) await daemon.signal(SIGTERM)
  const { code, signal } = await daemon.process.exited
  await daemon.finishLog()
  const done = { ...Object.fromEntries(counts), ...daemon.received(), ...(await daemon.runs()) }
  describe(daemon, done, kinds)
  const problems = Object.entries(done).flatMap(([name, count]) => (count > 0 ? [] : [`nothing came of: ${name}`]))
  if (code !== 0) problems.push(`the daemon ended with ${code ?? signal}: ${daemon.process.tail()}`)
  return problems
}

/** Lets an event happen until `signal` says so; how often it did. */
async function repeat({ name, everyMs, happen }: SoakEvent, signal: AbortSignal): Promise<number> {
  const start = performance.now()
  for (let turn = 0; ; turn += 1) {
    const due = start + (turn + 1) * everyMs
    if (!(await pause(Math.max(0, due - performance.now()), signal))) return turn
    try {
      await happen(turn)
    } catch (error) {
      if (signal.aborted) return turn
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
}

/** @returns `false` when `signal` ended it */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, true, { signal }).catch(() => false)
}

process.exitCode = await main()
