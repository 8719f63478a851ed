import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildNetwork, cutLink, restoreLink, ROUTERS, spawnIn, VIRTUAL_ADDRESS } from './demo/network.ts'
import { holdings, outcomes, questions, type Incident } from './demo/measure.ts'
import { now, Prober, type ProbeRecord } from './demo/prober.ts'
import { responderCommand, SERVICE_PORT } from './demo/responder.ts'
import { configuration, Router, type Subject } from './demo/router.ts'
import { enterSandbox, SandboxUnavailable } from './demo/sandbox.ts'
import { drawTimeline, routerName, type Timeline } from './demo/timeline.ts'

/** How the demonstration is to run. */
export interface DemoOptions {
  /** One JSON object instead of text. */
  readonly json: boolean
  /** The program to show; this one unless given. */
  readonly subject?: Subject
}

/** The exit codes: keepalived's for a missing permission, and the common ones. */
const EXIT_OK = 0
const EXIT_FAILED = 1
const EXIT_MISSING_PERMISSION = 4

/** The sandbox has a /run of its own, in memory, which goes with it. */
const DIRECTORY = '/run/ka-native-demo'

/** How long a router may take to answer, from the start of a process on a busy machine. */
const CHANGE_DEADLINE_MS = 30_000
/** How long each state is left standing, to be seen. */
const STEADY_MS = 900

/** This program, as it was started. */
const KA_NATIVE: Subject = {
  name: 'ka-native',
  command: (configFile, directory) => [
    process.execPath,
    ...process.execArgv,
    process.argv[1] ?? '',
    'start',
    '-f',
    configFile,
    '--runtime-dir',
    directory,
  ],
}

/**
 * Shows a failover: two routers and a client in network namespaces, the link of the Master cut and restored, the Master
 * stopped, and the silences that the client measured by asking every millisecond.
 *
 * Needs root or the right to make user namespaces. Leaves nothing behind, however it ends.
 *
 * @returns the exit code: 0 when the address moved as it should each time, 4 when the namespaces cannot be made.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  try {
    const exitCode = await enterSandbox()
    if (exitCode !== undefined) return exitCode
  } catch (error) {
    if (!(error instanceof SandboxUnavailable)) throw error
    process.stderr.write(`The demo needs network namespaces, which cannot be made here:\n`)
    for (const reason of error.reasons) process.stderr.write(`  - ${reason}\n`)
    return EXIT_MISSING_PERMISSION
  }
  // The sandbox ends with this process, and with the sandbox all that was started in it: services, routers, namespaces.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
  return process.exit(await present(options))
}

/** The run inside the sandbox. */
async function present(options: DemoOptions): Promise<number> {
  const say = (text: string): void => {
    if (!options.json) process.stdout.write(`${text}\n`)
  }
  const routers: Router[] = []
  try {
    const timeline = await perform(options.subject ?? KA_NATIVE, routers, say)
    process.stdout.write(options.json ? `${JSON.stringify(toJson(timeline))}\n` : `\n${drawTimeline(timeline, terminal())}\n`)
    return timeline.outcomes.every((outcome) => Number.isFinite(outcome.silenceMs) && outcome.from !== outcome.to) ? EXIT_OK : EXIT_FAILED
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    for (const router of routers) {
      process.stderr.write(`${router.name}${router.hasEnded ? ' (ended)' : ''}, its last lines:\n`)
      for (const line of router.log) process.stderr.write(`  ${line}\n`)
    }
    return EXIT_FAILED
  }
}

/** Performs the whole play and returns what the client saw. `routers` receives each router that was started. */
async function perform(subject: Subject, routers: Router[], say: (text: string) => void): Promise<Timeline> {
  await buildNetwork()
  for (const [number, name] of ROUTERS.entries()) spawnIn(name, responderCommand(number), ['ignore', 'ignore', 'inherit'])
  const prober = await Prober.start(VIRTUAL_ADDRESS, SERVICE_PORT)
  say(`Two routers run ${subject.name}; a client asks ${VIRTUAL_ADDRESS} a question every millisecond.`)
  say(`The configuration of ${ROUTERS[0]} (${ROUTERS[1]} has priority 100):\n\n${configuration(ROUTERS[0])}`)
  const [a, b] = ROUTERS.map((name) => Router.start(name, subject, DIRECTORY)) as [Router, Router]
  routers.push(a, b)
  await answering(prober, 0, routers)
  say(`${a.name} is Master and answers.`)
  await standing(prober, 0)

  const incidents: Incident[] = []
  const happen = async (kind: Incident['kind'], text: string, action: () => unknown, next: number): Promise<void> => {
    say(text)
    incidents.push({ kind, atMs: now() })
    await action()
    await answering(prober, next, routers)
    say(`  ${routerName(next)} answers.`)
    await standing(prober, next)
  }
  await happen('link-cut', `1  The link of ${a.name} is cut.`, () => cutLink(a.name), 1)
  await happen('link-restored', `2  The link of ${a.name} is restored.`, () => restoreLink(a.name), 0)
  await happen('master-stopped', `3  ${a.name} is stopped (SIGTERM).`, () => a.signal('SIGTERM'), 1)

  const record = await prober.stop()
  await Promise.all(routers.map((router) => router.stop()))
  return { durationMs: duration(record), holdings: holdings(record), outcomes: outcomes(record, incidents), questions: questions(record) }
}

/** Waits until a router gives the answers. */
async function answering(prober: Prober, router: number, routers: readonly Router[]): Promise<void> {
  const deadline = Date.now() + CHANGE_DEADLINE_MS
  while (prober.answering !== router) {
    if (Date.now() > deadline || routers[router]?.hasEnded === true) {
      throw new Error(`${routerName(router)} did not take the address over`)
    }
    await sleep(2)
  }
}

/**
 * Leaves a state standing. With so short an interval a busy machine delays a Master for long enough that the other one takes over for a
 * moment: what is done next shall not meet that.
 */
async function standing(prober: Prober, router: number): Promise<void> {
  const deadline = Date.now() + CHANGE_DEADLINE_MS
  for (let since = Date.now(); Date.now() - since < STEADY_MS && Date.now() < deadline;) {
    await sleep(2)
    if (prober.answering !== router) since = Date.now()
  }
}

function duration(record: ProbeRecord): number {
  return (record.sentMs.at(-1) ?? 0) - (record.sentMs[0] ?? 0)
}

function terminal(): { columns: number; color: boolean } {
  const color = process.stdout.isTTY && process.stdout.hasColors() && process.env['NO_COLOR'] === undefined
  return { columns: process.stdout.columns ?? 100, color }
}

function toJson(timeline: Timeline): unknown {
  return {
    durationMs: timeline.durationMs,
    holdings: timeline.holdings.map((holding) => ({ ...holding, router: routerName(holding.router) })),
    events: timeline.outcomes.map((outcome) => ({ ...outcome, from: routerName(outcome.from), to: routerName(outcome.to) })),
  }
}
