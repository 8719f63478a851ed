/**
 * What many virtual routers cost: `npm run bench:scale`.
 *
 * keepalived and ka-native take turns at 1,000 and 4,000 virtual routers, 250 an interface, between two network
 * namespaces, with an advert_int that makes 10,000 advertisements a second. `--counts 4000 --group-size 200` has them in 20 sync
 * groups, each of which takes over as a whole. The tables go to standard error, the
 * figures as JSON to standard output.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ROUTERS } from '../src/cli/demo/network.ts'
import { Router, type Subject } from '../src/cli/demo/router.ts'
import { enterSandbox } from '../src/cli/demo/sandbox.ts'
import { AddressWatch } from './addresses.ts'
import { buildFleetNetwork, fleetConfiguration, linkPackets, removeFleetNetwork, settled, until } from './fleet.ts'
import { cpuTime, killTree, processTree, residentBytes } from './processes.ts'
import { quantile, table } from './statistics.ts'
import { measureSteps, type EngineFigures } from './steps.ts'
import { requirePrograms, subjectsOf } from './subject.ts'

/** One subject at one size. Figures that could not be had within the deadlines are NaN, null in JSON. */
interface Result {
  readonly subject: string
  readonly instances: number
  /** From the start of both sides until each address is on the preferred side, and on no other. */
  readonly settleMs: number
  /** Advertisements a second that the Backup's links received. */
  readonly advertisementsPerS: number
  /** CPU time of the whole process tree for each advertisement. */
  readonly sendUs: number
  readonly receiveUs: number
  /** After kill -9 of the Master: from the first address on the Backup to the last, and from the kill to the last. */
  readonly takeoverSpreadMs: number
  readonly takeoverMs: number
  /** Addresses that the Backup had in the end. */
  readonly takenOver: number
  /** Resident memory of the whole process tree. */
  readonly masterBytes: number
  readonly backupBytes: number
}

/** What a subject has to carry, and for how long it is looked at. */
interface Load {
  readonly instances: number
  readonly advertIntS: number
  /** Virtual routers of each sync group; 0: there are none. */
  readonly groupSize: number
  readonly windowMs: number
  readonly deadlineMs: number
}

const DIRECTORY = '/run/ka-native-bench'
const MIB = 1024 * 1024
const ADVERTISEMENTS_PER_S = 10_000
const [A, B] = ROUTERS

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      counts: { type: 'string', default: '1000,4000' },
      subjects: { type: 'string', default: 'keepalived,ka-native' },
      runs: { type: 'string', default: '1' },
      /** Seconds from settled to the reading of memory; CPU is measured in their second half. */
      window: { type: 'string', default: '60' },
      /** Seconds that the fleet may take to settle, and to be taken over. */
      deadline: { type: 'string', default: '120' },
      /** Seconds; what makes 10,000 advertisements a second unless given. */
      'advert-int': { type: 'string' },
      /** Virtual routers of each sync group; 0: there are none. */
      'group-size': { type: 'string', default: '0' },
      keepalived: { type: 'string', default: 'keepalived' },
    },
  })
  const exitCode = await enterSandbox()
  if (exitCode !== undefined) return exitCode

  const [windowMs, deadlineMs] = [Number(values.window) * 1000, Number(values.deadline) * 1000]
  requirePrograms(['chrt', values.keepalived])
  const subjects = subjectsOf(values.subjects, values.keepalived)
  mkdirSync(DIRECTORY)
  const idleNodeBytes = await measureIdleNode()
  const results: Result[] = []
  const engines: { instances: number; master: EngineFigures; backup: EngineFigures }[] = []
  for (const instances of values.counts.split(',').map(Number)) {
    const advertIntS = Number(values['advert-int'] ?? instances / ADVERTISEMENTS_PER_S)
    const load = { instances, advertIntS, groupSize: Number(values['group-size']), windowMs, deadlineMs }
    for (let run = 1; run <= Number(values.runs); run++) {
      for (const subject of subjects) {
        process.stderr.write(`${instances} virtual routers, run ${run}, ${subject.name}\n`)
        results.push(await measure(subject, load))
      }
    }
    if (subjects.some(({ name }) => name === 'ka-native')) engines.push({ instances, ...(await measureSteps(DIRECTORY, load)) })
  }
  process.stderr.write(`\n${render(results, subjects)}\n\nan idle Node: ${(idleNodeBytes / MIB).toFixed(1)} MiB\n\nsteps of the engine\n`)
  for (const { instances, master, backup } of engines) {
    process.stderr.write(renderSteps(instances, 'Master', master) + renderSteps(instances, 'Backup', backup))
  }
  process.stdout.write(`${JSON.stringify({ idleNodeBytes, results, engines }, null, 1)}\n`)
  return 0
}

async function measure(subject: Subject, { instances, advertIntS, groupSize, windowMs, deadlineMs }: Load): Promise<Result> {
  await buildFleetNetwork(instances)
  const watches = await Promise.all([AddressWatch.start(A, DIRECTORY), AddressWatch.start(B, DIRECTORY)])
  const [watchA, watchB] = watches
  const startMs = Date.now()
  const [a, b] = [A, B].map((name) =>
    Router.start(name, subject, DIRECTORY, fleetConfiguration(name, instances, advertIntS, groupSize)),
  ) as [Router, Router]
  const [pidA, pidB] = [a.pid ?? Number.NaN, b.pid ?? Number.NaN]
  try {
    const settledMs = await settled(watchA, watchB, instances, startMs + deadlineMs)

    await sleep(windowMs / 2)
    const before = { packets: linkPackets(pidB), a: cpuTime(pidA), b: cpuTime(pidB), atMs: performance.now() }
    await sleep(windowMs / 2)
    const after = { packets: linkPackets(pidB), a: cpuTime(pidA), b: cpuTime(pidB), atMs: performance.now() }
    const received = after.packets.received - before.packets.received
    const usPerAdvertisement = (side: 'a' | 'b'): number =>
      ((after[side].userMs + after[side].systemMs - before[side].userMs - before[side].systemMs) * 1000) / received
    const [masterBytes, backupBytes] = [residentBytes(pidA), residentBytes(pidB)]

    const earlier = watchB.events.length
    const killMs = Date.now()
    killTree(processTree(pidA))
    await until(() => watchB.present.size === instances, killMs + deadlineMs)
    const taken = watchB.events
      .slice(earlier)
      .filter((event) => event.isPresent)
      .map((event) => event.atMs)
    const [firstMs, lastMs] = [taken[0] ?? Number.NaN, taken.at(-1) ?? Number.NaN]
    return {
      subject: subject.name,
      instances,
      settleMs: settledMs - startMs,
      advertisementsPerS: (received * 1000) / (after.atMs - before.atMs),
      sendUs: usPerAdvertisement('a'),
      receiveUs: usPerAdvertisement('b'),
      takeoverSpreadMs: lastMs - firstMs,
      takeoverMs: lastMs - killMs,
      takenOver: await watchB.count(),
      masterBytes,
      backupBytes,
    }
  } finally {
    for (const pid of [pidA, pidB]) killTree(processTree(pid))
    for (const watch of watches) watch.stop()
    await removeFleetNetwork()
  }
}

/** Resident memory of a Node process that does nothing: what any program on Node begins with. */
async function measureIdleNode(): Promise<number> {
  const node = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  await sleep(3_000)
  const bytes = residentBytes(node.pid ?? Number.NaN)
  node.kill('SIGKILL')
  return bytes
}

/** The figures of the table, each with how it is shown. */
const FIGURES: readonly (readonly [
  label: string,
  figure: Exclude<keyof Result, 'subject' | 'instances'>,
  divisor: number,
  digits: number,
])[] = [
  ['settled, s', 'settleMs', 1000, 2],
  ['advertisements a second', 'advertisementsPerS', 1, 0],
  ['CPU for one sent, us', 'sendUs', 1, 2],
  ['CPU for one received, us', 'receiveUs', 1, 2],
  ['takeover, first to last, ms', 'takeoverSpreadMs', 1, 0],
  ['takeover, kill to last, ms', 'takeoverMs', 1, 0],
  ['addresses taken over', 'takenOver', 1, 0],
  ['resident, Master, MiB', 'masterBytes', MIB, 1],
  ['resident, Backup, MiB', 'backupBytes', MIB, 1],
]

/** A table for each size: medians of the runs, and the second subject's by the first's. */
function render(results: readonly Result[], subjects: readonly Subject[]): string {
  const [base, other] = subjects
  const rows: string[][] = []
  for (const instances of new Set(results.map((result) => result.instances))) {
    const ratioTitle = other === undefined ? [] : ['ratio']
    rows.push([`${instances} virtual routers`, ...subjects.map(({ name }) => name), ...ratioTitle])
    for (const [label, figure, divisor, digits] of FIGURES) {
      const median = (subject: Subject | undefined): number => {
        const runs = results.filter((result) => result.instances === instances && result.subject === subject?.name)
        return quantile(
          runs.map((result) => result[figure]),
          0.5,
        )
      }
      const ratio = other === undefined ? [] : [(median(other) / median(base)).toFixed(2)]
      rows.push([`  ${label}`, ...subjects.map((subject) => (median(subject) / divisor).toFixed(digits)), ...ratio])
    }
  }
  return table(rows)
}

function renderSteps(instances: number, side: string, { steps, longestBatchUs, realtime }: EngineFigures): string {
  const quantiles = `median ${steps.medianUs}, 99 % ${steps.p99Us}, 99.9 % ${steps.p999Us}, longest ${steps.longestUs.toFixed(0)}`
  return `${instances}, ${side}: ${steps.count} steps, us: ${quantiles}; longest batch ${longestBatchUs.toFixed(0)}${realtime ? '' : '; not in real time'}\n`
}

process.exitCode = await main()
process.exit()
