/**
 * A soak of the whole daemon in network namespaces, with events at a hundred times their usual rate: `npm run soak -- --minutes 20`.
 *
 * State changes, scripts that succeed, fail, hang and vanish, FIFOs, mails, webhooks, dumps, reloads and a log that is rotated. What the daemon
 * holds is sampled every few seconds, and a line is fitted to the samples after the warm-up: what grows by more than its tolerance is not
 * flat, and the command ends with 1 then. Needs root and `npm run build`; everything ends with it, also at Ctrl-C.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Lab } from '../__test__/lab/lab.ts'
import { Sandbox } from '../__test__/lab/sandbox.ts'
import { SoakedDaemon } from './soak/daemon.ts'
import { eventsOf } from './soak/events.ts'
import type { SoakEvent } from './soak/events.ts'
import { describe, report } from './soak/report.ts'
import type { TimedSample } from './soak/report.ts'

const SAMPLE_MS = 5_000
/** Buffers fill, code is compiled, queues of dead receivers come to their bounds. */
const WARM_UP_SHARE = 0.25

interface Settings {
  readonly minutes: number
  readonly isRaw: boolean
  readonly snapshots: string | undefined
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
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
      stop.abort()
    })
  }
  const lab: Lab<'a' | 'b'> = await Lab.open(['a', 'b'])
  try {
    return await soak(lab, { minutes, isRaw: values.raw, snapshots: values.snapshots }, stop)
  } finally {
    await lab.close()
  }
}

async function soak(lab: Lab<'a' | 'b'>, { minutes, isRaw, snapshots }: Settings, stop: AbortController): Promise<number> {
  const daemon = await SoakedDaemon.start(lab)
  const ended = daemon.process.exited.then(() => {
    stop.abort()
  })
  const events = eventsOf(daemon)
  const happened = events.map(async (event): Promise<readonly [string, number]> => [event.name, await repeat(event, stop.signal)])
  const samples: TimedSample[] = []
  const snapshot = async (name: string): Promise<void> => {
    if (snapshots !== undefined && !stop.signal.aborted) await daemon.snapshot(`${name}.heapsnapshot`, snapshots)
  }
  const warmUp = minutes * WARM_UP_SHARE
  const begin = performance.now()
  while (performance.now() - begin < minutes * 60_000 && (await pause(SAMPLE_MS, stop.signal))) {
    const sample = { minute: (performance.now() - begin) / 60_000, ...(await daemon.sample()) }
    const isFirstWarm = sample.minute >= warmUp && (samples.at(-1)?.minute ?? 0) < warmUp
    samples.push(sample)
    if (isFirstWarm) await snapshot('warm')
    if (isRaw) process.stdout.write(`${JSON.stringify(sample)}\n`)
  }
  await snapshot('end')
  const isWhole = !stop.signal.aborted
  stop.abort()
  const counts = await Promise.all(happened)
  const kinds = daemon.process.exit === undefined ? await daemon.descriptorKinds() : new Map<string, number>()
  if (daemon.process.exit === undefined) await daemon.signal(15)
  await ended
  await daemon.finishLog()
  const problems = isWhole ? [] : ['it did not run to its end']
  const { code, signal } = await daemon.process.exited
  if (code !== 0) problems.push(`the daemon ended with ${code ?? signal}: ${daemon.process.tail()}`)
  problems.push(...report(samples.filter(({ minute }) => minute >= warmUp)))
  const done = { ...Object.fromEntries(counts), ...daemon.received(), ...(await daemon.runs()) }
  problems.push(...Object.entries(done).flatMap(([name, count]) => (count > 0 ? [] : [`nothing came of: ${name}`])))
  describe(daemon, done, kinds)
  process.stdout.write(`\n${problems.length === 0 ? 'flat' : `NOT FLAT:\n${problems.join('\n')}`}\n`)
  return problems.length === 0 ? 0 : 1
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
