/**
 * What a reload costs that changes one of many virtual routers: `npm run bench:reload`.
 *
 * keepalived and ka-native take turns as the Master of 4,000 virtual routers, 250 an interface. One of these gets one address
 * more, and SIGHUP. The table goes to standard error, the figures as JSON to standard output.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ROUTERS } from '../src/cli/demo/network.ts'
import { Router, type Subject } from '../src/cli/demo/router.ts'
import { enterSandbox } from '../src/cli/demo/sandbox.ts'
import { AddressWatch } from './addresses.ts'
import { buildFleetNetwork, fleetConfiguration, linkPackets, removeFleetNetwork, until } from './fleet.ts'
import { cpuTime, killTree, processTree } from './processes.ts'
import { quantile, table } from './statistics.ts'
import { requirePrograms, subjectsOf } from './subject.ts'

/** One reload. Figures that could not be had within the deadline are NaN, null in JSON. */
interface Result {
  readonly subject: string
  /** From SIGHUP until the new address is there. */
  readonly appliedMs: number
  /** CPU time of the whole process tree in the window after SIGHUP, less that of as long a time before. */
  readonly cpuMs: number
  /** Packets sent in that window, less those of as long a time before: what the others were disturbed by. */
  readonly extraPackets: number
  /** Addresses that were removed meanwhile, if only for a moment. */
  readonly removed: number
}

const DIRECTORY = '/run/ka-native-bench'
const NEW_ADDRESS = '10.0.1.1'
const [A] = ROUTERS

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '4000' },
      subjects: { type: 'string', default: 'keepalived,ka-native' },
      runs: { type: 'string', default: '3' },
      /** Seconds that are looked at before and after the reload. */
      window: { type: 'string', default: '10' },
      /** Seconds that the fleet may take to settle, and the address to come. */
      deadline: { type: 'string', default: '120' },
      keepalived: { type: 'string', default: 'keepalived' },
    },
  })
  const exitCode = await enterSandbox()
  if (exitCode !== undefined) return exitCode

  requirePrograms(['chrt', values.keepalived])
  const subjects = subjectsOf(values.subjects, values.keepalived)
  mkdirSync(DIRECTORY)
  const results: Result[] = []
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const subject of subjects) {
      process.stderr.write(`run ${run}, ${subject.name}\n`)
      results.push(await measure(subject, Number(values.instances), Number(values.window) * 1000, Number(values.deadline) * 1000))
    }
  }
  process.stderr.write(`\n${render(results, subjects)}\n`)
  process.stdout.write(`${JSON.stringify({ instances: Number(values.instances), results }, null, 1)}\n`)
  return 0
}

async function measure(subject: Subject, instances: number, windowMs: number, deadlineMs: number): Promise<Result> {
  await buildFleetNetwork(instances)
  const watch = await AddressWatch.start(A, DIRECTORY)
  const conf = fleetConfiguration(A, instances, 1)
  const router = Router.start(A, subject, DIRECTORY, conf)
  const pid = router.pid ?? Number.NaN
  try {
    if (!(await until(() => watch.present.size === instances, Date.now() + deadlineMs))) throw new Error(`${subject.name} never settled`)
    // The second block of announcements comes five seconds after the first.
    await sleep(15_000)
    const look = (): { packets: number; cpuMs: number } => {
      const { userMs, systemMs } = cpuTime(pid)
      return { packets: linkPackets(pid).sent, cpuMs: userMs + systemMs }
    }
    const before = look()
    await sleep(windowMs)
    const between = look()
    const earlier = watch.events.length
    writeFileSync(
      join(DIRECTORY, A, 'keepalived.conf'),
      conf.replace('virtual_ipaddress {', `virtual_ipaddress {\n        ${NEW_ADDRESS}/32`),
    )
    const hupMs = Date.now()
    router.signal('SIGHUP')
    await sleep(windowMs)
    const after = look()
    await until(() => watch.present.has(NEW_ADDRESS), hupMs + deadlineMs)
    const events = watch.events.slice(earlier)
    return {
      subject: subject.name,
      appliedMs: (events.find(({ address }) => address === NEW_ADDRESS)?.atMs ?? Number.NaN) - hupMs,
      cpuMs: after.cpuMs - between.cpuMs - (between.cpuMs - before.cpuMs),
      extraPackets: after.packets - between.packets - (between.packets - before.packets),
      removed: events.filter(({ isPresent }) => !isPresent).length,
    }
  } finally {
    killTree(processTree(pid))
    watch.stop()
    await removeFleetNetwork()
  }
}

/** Medians of the runs, and the second subject's by the first's. */
function render(results: readonly Result[], subjects: readonly Subject[]): string {
  const figures = [
    ['SIGHUP to the new address, ms', 'appliedMs', 0],
    ['CPU for the reload, ms', 'cpuMs', 0],
    ['packets beyond the usual ones', 'extraPackets', 0],
    ['addresses removed meanwhile', 'removed', 0],
  ] as const
  const rows = figures.map(([label, figure, digits]) => {
    const medians = subjects.map(({ name }) => median(results.filter(({ subject }) => subject === name).map((result) => result[figure])))
    const [base = 0, other = Number.NaN] = medians
    const ratio = other / base
    return Array.of<string>(label).concat(
      medians.map((value) => value.toFixed(digits)),
      Number.isFinite(ratio) ? ratio.toFixed(3) : '',
    )
  })
  return table([['', ...subjects.map(({ name }) => name), 'ratio'], ...rows])
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

process.exitCode = await main()
process.exit()
