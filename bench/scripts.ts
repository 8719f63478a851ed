/**
 * What scripts cost, and how late their deadlines are kept: `npm run bench:scripts`.
 *
 * keepalived, ka-native and the thread that runs scripts by itself take turns at running /bin/true 200 times a second, and beside it twenty
 * scripts that never end, with a deadline of a second. CPU is that of the program alone, without the scripts; lateness is what a slow script
 * sees from its start to SIGTERM, less that second. The table goes to standard error, the figures as JSON to standard output.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { run } from '../src/cli/demo/network.ts'
import type { Subject } from '../src/cli/demo/router.ts'
import { enterSandbox } from '../src/cli/demo/sandbox.ts'
import { cpuTimeOf, processTree } from './processes.ts'
import { quantile, table } from './statistics.ts'
import { requirePrograms, subjectsOf } from './subject.ts'

/** One turn of one subject. */
interface Result {
  readonly subject: string
  /** CPU time of the program for each second, in milliseconds. */
  readonly cpuMsPerS: number
  /** For each deadline that the slow scripts have seen. */
  readonly latenessMs: readonly number[]
}

/** What of all turns of one subject is told. */
interface Figures {
  readonly subject: string
  readonly cpuMsPerS: number
  readonly deadlines: number
  readonly latenessMs: { readonly median: number; readonly p90: number; readonly p99: number; readonly longest: number }
}

const DIRECTORY = '/run/ka-native-bench'
const SEEN = join(DIRECTORY, 'seen')
const SLOW_SCRIPTS = 20
const DEADLINE_MS = 1_000
/** From the start of a subject to the window in which CPU is measured. */
const SETTLE_MS = 5_000
const HOST = fileURLToPath(new URL('script-host.ts', import.meta.url))

/** Notes when it starts and when it gets SIGTERM; `wait` lets the trap run at once. */
const SLOW = `#!/bin/bash
start=$EPOCHREALTIME
trap 'end=$EPOCHREALTIME; echo $start $end >> ${SEEN}; exit 1' TERM
sleep 1000 &
wait
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      subjects: { type: 'string', default: 'keepalived,ka-native,thread' },
      runs: { type: 'string', default: '3' },
      scripts: { type: 'string', default: '200' },
      /** Seconds. */
      window: { type: 'string', default: '30' },
      keepalived: { type: 'string', default: 'keepalived' },
    },
  })
  const exitCode = await enterSandbox()
  if (exitCode !== undefined) return exitCode
  requirePrograms(['bash', 'ip', values.keepalived])
  mkdirSync(DIRECTORY)
  await run('ip', ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1'])
  for (const name of ['eth0', 'eth1', 'lo']) await run('ip', ['link', 'set', name, 'up'])
  const slow = Array.from({ length: SLOW_SCRIPTS }, (_, index) => join(DIRECTORY, `slow${index}`))
  for (const path of slow) {
    writeFileSync(path, SLOW)
    chmodSync(path, 0o755)
  }
  const subjects = values.subjects.split(',').map((name) => subjectOf(name, values.keepalived, values.scripts, slow))
  const results: Result[] = []
  for (let turn = 0; turn < Number(values.runs); turn += 1) {
    for (const subject of subjects) {
      const result = await measure(subject, configuration(Number(values.scripts), slow), Number(values.window) * 1000)
      results.push(result)
      process.stderr.write(`${describe(figuresOf([result]))}\n`)
    }
  }
  const summary = subjects.map(({ name }) => figuresOf(results.filter(({ subject }) => subject === name)))
  process.stderr.write(`\n${render(summary)}\n`)
  process.stdout.write(`${JSON.stringify({ summary, turns: results.map((result) => figuresOf([result])) }, undefined, 2)}\n`)
  return 0
}

function subjectOf(name: string, keepalived: string, scripts: string, slow: readonly string[]): Subject {
  if (name !== 'thread') {
    const [subject] = subjectsOf(name, keepalived)
    if (subject !== undefined) return subject
  }
  return { name, command: () => [process.execPath, ...process.execArgv, HOST, scripts, ...slow] }
}

/** One instance that tracks all scripts; those that never succeed only lower its priority. */
function configuration(scripts: number, slow: readonly string[]): string {
  const quick = Array.from({ length: scripts }, (_, index) => [`q${index}`, '/bin/true', 'interval 1\n weight 1'] as const)
  const never = slow.map((path, index) => [`s${index}`, path, 'interval 3\n timeout 1\n weight -1'] as const)
  const blocks = [...quick, ...never].map(([name, path, rest]) => `vrrp_script ${name} {\n script ${path}\n ${rest}\n}\n`)
  const names = [...quick, ...never].map(([name]) => `  ${name}\n`)
  return `global_defs {
 script_user root
}
${blocks.join('')}vrrp_instance i {
 interface eth0
 virtual_router_id 1
 priority 100
 virtual_ipaddress {
  10.0.0.1/32
 }
 track_script {
${names.join('')} }
}
`
}

async function measure(subject: Subject, text: string, windowMs: number): Promise<Result> {
  const configFile = join(DIRECTORY, 'keepalived.conf')
  writeFileSync(configFile, text, { mode: 0o644 })
  rmSync(SEEN, { force: true })
  const [command = '', ...args] = subject.command(configFile, DIRECTORY)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] })
  const pid = child.pid ?? 0
  await sleep(SETTLE_MS)
  // Scripts come and go; the program's own processes stay.
  const before = new Map(processTree(pid).map((own) => [own, cpuTimeOf([own])]))
  const start = performance.now()
  await sleep(windowMs)
  const tree = new Set(processTree(pid))
  const own = [...before].filter(([each]) => tree.has(each))
  const elapsedS = (performance.now() - start) / 1000
  const used = own.map(([each, { userMs, systemMs }]) => {
    const now = cpuTimeOf([each])
    return now.userMs + now.systemMs - userMs - systemMs
  })
  child.kill('SIGTERM')
  await new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else
      child.once('exit', () => {
        resolve()
      })
  })
  return { subject: subject.name, cpuMsPerS: used.reduce((sum, ms) => sum + ms, 0) / elapsedS, latenessMs: latenesses() }
}

/** What the slow scripts have seen, in milliseconds; those that a stop ended before their deadline left out. */
function latenesses(): number[] {
  const lines = existsSync(SEEN) ? readFileSync(SEEN, 'utf8').trim().split('\n') : []
  const seen = lines.map((line) => {
    const [start = 0, end = 0] = line.split(' ').map(Number)
    return (end - start) * 1000 - DEADLINE_MS
  })
  return seen.filter((ms) => ms > -DEADLINE_MS / 10)
}

/** The median of the turns' CPU time, and the lateness of the deadlines of all turns. */
function figuresOf(turns: readonly Result[]): Figures {
  const late = turns.flatMap(({ latenessMs }) => latenessMs)
  const [median, p90, p99, longest] = [0.5, 0.9, 0.99, 1].map((share) => quantile(late, share)) as [number, number, number, number]
  return {
    subject: turns[0]?.subject ?? '',
    cpuMsPerS: quantile(
      turns.map(({ cpuMsPerS }) => cpuMsPerS),
      0.5,
    ),
    deadlines: late.length,
    latenessMs: { median, p90, p99, longest },
  }
}

function describe({ subject, cpuMsPerS, deadlines, latenessMs }: Figures): string {
  const { median, p90, p99, longest } = latenessMs
  const late = `${median.toFixed(1)} ms median, ${p90.toFixed(1)} p90, ${p99.toFixed(1)} p99, ${longest.toFixed(1)} longest`
  return `${subject}: ${cpuMsPerS.toFixed(1)} ms CPU each second; ${deadlines} deadlines late by ${late}`
}

function render(summary: readonly Figures[]): string {
  const [measure] = summary
  return table([
    ['subject', 'CPU ms/s', 'ratio', 'deadlines', 'late by: median', 'p90', 'p99', 'longest ms'],
    ...summary.map(({ subject, cpuMsPerS, deadlines, latenessMs }) => {
      const ratio = (cpuMsPerS / (measure?.cpuMsPerS ?? Number.NaN)).toFixed(2)
      const { median, p90, p99, longest } = latenessMs
      return [subject, cpuMsPerS.toFixed(1), ratio, String(deadlines), ...[median, p90, p99, longest].map((ms) => ms.toFixed(1))]
    }),
  ])
}

process.exitCode = await main()
