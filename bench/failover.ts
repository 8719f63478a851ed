/**
 * How long a client hears nothing from the virtual address when its Master goes: `npm run bench:failover`.
 *
 * A pair of ka-native and a pair of keepalived take turns in the same network, at advert_int 0.01 and priorities
 * 200/100. The table goes to standard error, the figures as JSON to standard output.
 */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildNetwork, cutLink, restoreLink, ROUTERS, runIn, VIRTUAL_ADDRESS, type RouterName } from '../src/cli/demo/network.ts'
import { Router, type Subject } from '../src/cli/demo/router.ts'
import { enterSandbox } from '../src/cli/demo/sandbox.ts'
import { Client, type Sight } from './client.ts'
import { killTree, processTree } from './processes.ts'
import { quantile, table } from './statistics.ts'
import { requirePrograms, subjectsOf } from './subject.ts'

const EVENTS = ['link cut', 'link restored', 'SIGTERM', 'kill -9'] as const
type EventName = (typeof EVENTS)[number]

/** One event, measured. */
interface Sample {
  readonly load: string
  readonly subject: string
  readonly event: EventName
  /**
   * The longest time from a question to the next answer. After kill -9 only answers of the new Master count: the dead
   * one's kernel goes on answering for an address that nobody serves any more.
   */
  readonly silenceMs: number
  /**
   * From the old Master's last advertisement to the new one's first answer. It leaves out at which moment between two
   * advertisements the event fell, which is chance and most of the spread of the silence.
   */
  readonly takeoverMs: number
}

const DIRECTORY = '/run/ka-native-bench'
const SETTLE_DEADLINE_MS = 20_000
const STEADY_MS = 400
/** The event falls anywhere between two advertisements. */
const ADVERT_INTERVAL_MS = 10
const BUSY_LOOPS = 4
const LOADS: Readonly<Record<string, number>> = { idle: 0, busy: BUSY_LOOPS }
const [A, B] = ROUTERS

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '15' },
      subjects: { type: 'string', default: 'keepalived,ka-native' },
      loads: { type: 'string', default: 'idle,busy' },
      keepalived: { type: 'string', default: 'keepalived' },
    },
  })
  const exitCode = await enterSandbox()
  if (exitCode !== undefined) return exitCode

  requirePrograms(['chrt', 'tcpdump', values.keepalived])
  const subjects = subjectsOf(values.subjects, values.keepalived)
  await buildNetwork()
  const client = await Client.start()
  const samples: Sample[] = []
  for (const load of values.loads.split(',')) {
    const loops = Array.from({ length: LOADS[load] ?? 0 }, () => spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }))
    for (let run = 1; run <= Number(values.runs); run++) {
      for (const subject of subjects) {
        samples.push(...(await lifeOf(client, subject, load)))
        process.stderr.write(`\r${load}: run ${run} of ${values.runs}, ${subject.name}     `)
      }
    }
    for (const loop of loops) loop.kill('SIGKILL')
  }
  client.stop()
  process.stderr.write(`\n${render(samples, subjects)}\n`)
  process.stdout.write(`${JSON.stringify({ advertIntMs: ADVERT_INTERVAL_MS, samples }, null, 1)}\n`)
  return 0
}

/** The life of one pair, with what its members wrote should it fail. */
async function lifeOf(client: Client, subject: Subject, load: string): Promise<Sample[]> {
  const routers: Router[] = []
  try {
    return await life(client, subject, load, routers)
  } catch (error) {
    const logs = routers.map((router) => `--- ${subject.name}, ${router.name}\n${router.log.join('\n')}`)
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs.join('\n')}`, { cause: error })
  }
}

/** The life of one pair: every event once. `routers` receives each router that was started. */
async function life(client: Client, subject: Subject, load: string, routers: Router[]): Promise<Sample[]> {
  const start = (name: RouterName): Router => {
    const router = Router.start(name, subject, DIRECTORY)
    routers.push(router)
    return router
  }
  const samples: Sample[] = []
  const measure = async (event: EventName, action: () => unknown): Promise<void> => {
    await sleep(Math.random() * ADVERT_INTERVAL_MS)
    await client.mark()
    await action()
    await client.settled(event === 'link restored' ? A : B, STEADY_MS, SETTLE_DEADLINE_MS)
    samples.push({ load, subject: subject.name, event, ...assess(event, client.sights) })
  }
  const b = start(B)
  const first = start(A)
  await client.settled(A, STEADY_MS, SETTLE_DEADLINE_MS)
  await measure('link cut', () => cutLink(A))
  await measure('link restored', () => restoreLink(A))
  await measure('SIGTERM', () => first.signal('SIGTERM'))
  await first.stop()

  const second = start(A)
  await client.settled(A, STEADY_MS, SETTLE_DEADLINE_MS)
  // Looked up beforehand: nothing but the kill itself may come between the mark and the end.
  const doomed = processTree(second.pid ?? Number.NaN)
  await measure('kill -9', () => killTree(doomed))
  await b.stop()
  // The next pair shall find no address of this one.
  for (const router of ROUTERS) await runIn(router, 'ip', ['address', 'flush', 'dev', 'eth0', 'to', VIRTUAL_ADDRESS])
  return samples
}

function assess(event: EventName, sights: readonly Sight[]): Pick<Sample, 'silenceMs' | 'takeoverMs'> {
  const markMs = sights.findLast((sight) => sight.kind === 'mark')?.atMs ?? Number.NaN
  const [from, to] = event === 'link restored' ? [1, 0] : [0, 1]
  const since = sights.filter((sight) => sight.atMs >= markMs)
  const answers = since.filter((sight) => sight.kind === 'answer' && (event !== 'kill -9' || sight.router === to))
  const takeover = since.find((sight) => sight.kind === 'answer' && sight.router === to)?.atMs ?? Number.NaN
  const lastAdvertisement = sights.findLast((s) => s.kind === 'advertisement' && s.router === from && s.atMs < takeover)
  const questions = since.filter((sight) => sight.kind === 'question')
  let next = 0
  let silenceMs = 0
  for (const question of questions) {
    while ((answers[next]?.atMs ?? Number.POSITIVE_INFINITY) < question.atMs) next += 1
    const answer = answers[next]
    if (answer !== undefined) silenceMs = Math.max(silenceMs, answer.atMs - question.atMs)
  }
  return { silenceMs, takeoverMs: takeover - (lastAdvertisement?.atMs ?? Number.NaN) }
}

function render(samples: readonly Sample[], subjects: readonly Subject[]): string {
  const [base, other] = subjects
  const header = subjects.flatMap(({ name }) => [`${name} median`, 'p90'])
  const ratios = other === undefined ? [] : ['ratio of medians', 'of p90']
  const rows = [['milliseconds', ...header, ...ratios]]
  for (const load of new Set(samples.map((sample) => sample.load))) {
    for (const event of EVENTS) {
      for (const figure of ['silenceMs', 'takeoverMs'] as const) {
        if (figure === 'takeoverMs' && (event === 'link restored' || event === 'SIGTERM')) continue
        const of = (subject: Subject | undefined, share: number): number =>
          quantile(
            samples.filter((s) => s.load === load && s.event === event && s.subject === subject?.name).map((s) => s[figure]),
            share,
          )
        rows.push([
          `${load}, ${event}${figure === 'takeoverMs' ? ', from the last advertisement' : ''}`,
          ...subjects.flatMap((subject) => [of(subject, 0.5).toFixed(2), of(subject, 0.9).toFixed(2)]),
          ...(other === undefined ? [] : [(of(other, 0.5) / of(base, 0.5)).toFixed(2), (of(other, 0.9) / of(base, 0.9)).toFixed(2)]),
        ])
      }
    }
  }
  return table(rows)
}

process.exitCode = await main()
// The client's sockets and children must not keep a finished run alive.
process.exit()
