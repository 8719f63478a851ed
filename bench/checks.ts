/**
 * What checks of servers cost, and how late they are: `npm run bench:checks`.
 *
 * On this machine, without IPVS: 10,000 servers every six seconds, by TCP and by HTTP; lateness is from when a check was due to its begin.
 * In a guest kernel with IPVS (`__test__/ipvs-lab`) keepalived and ka-native take turns at 1,000 TCP checks or 100 HTTP checks a second.
 * `prober` is the thread that probes and a loop in Node that asks it again (`checks-host.ts`). CPU is that of the program, all its threads
 * and children, for each check; nginx answers, and says how many checks came. Tables go to standard error, the figures as JSON to standard
 * output.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runInGuest } from '../__test__/lab/guest-kernel.ts'
import { run } from '../src/cli/demo/network.ts'
import { enterSandbox } from '../src/cli/demo/sandbox.ts'
import { cpuTime } from './processes.ts'
import { table } from './statistics.ts'
import { requirePrograms } from './subject.ts'

/** What checks do. */
const KINDS = ['tcp', 'http'] as const
type Kind = (typeof KINDS)[number]

/** Servers that are checked, and how often. */
interface Load {
  readonly kind: Kind
  readonly servers: number
  readonly intervalS: number
  /** Their addresses begin so. */
  readonly prefix: string
}

/** What one turn of one subject came to. */
interface Turn {
  readonly subject: string
  readonly kind: Kind
  readonly checksPerS: number
  readonly cpuUsPerCheck: number
  /** Of the thread that probes; what keepalived does not tell. */
  readonly lateness: { readonly p99Us: number; readonly longestUs: number } | undefined
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HOST = join(ROOT, 'bench/checks-host.ts')
/** Of the whole part in the guest. */
const LAB_LIMIT_S = 3_000
const DIRECTORY = '/run/ka-native-bench'
const STATUS_PORT = 81
/** From the start of a subject to the window in which CPU is measured. */
const SETTLE_MS = 8_000
/** Real servers of one virtual server. */
const PER_VIRTUAL_SERVER = 10

const LAB_LOADS: Readonly<Record<Kind, Load>> = {
  tcp: { kind: 'tcp', servers: 1_000, intervalS: 1, prefix: '10.1' },
  http: { kind: 'http', servers: 100, intervalS: 1, prefix: '10.1' },
}

const { values: options } = parseArgs({
  options: {
    parts: { type: 'string', default: 'host,lab' },
    kinds: { type: 'string', default: KINDS.join(',') },
    subjects: { type: 'string', default: 'keepalived,prober' },
    runs: { type: 'string', default: '3' },
    /** Seconds. */
    window: { type: 'string', default: '20' },
    servers: { type: 'string', default: '10000' },
    keepalived: { type: 'string', default: 'keepalived' },
  },
})
const kinds = options.kinds.split(',') as Kind[]

async function main(): Promise<number> {
  const parts = options.parts.split(',')
  // In the guest, which is there for nothing else.
  if (parts.includes('guest')) return measureInGuest()
  for (const part of parts) {
    if (part === 'lab') {
      const status = await runLab()
      if (status !== 0) return status
    } else if (parts.length > 1) {
      // In a process of its own, which is the one in the sandbox.
      const { status } = spawnSync(process.execPath, [...ownCommand(), '--parts', part], { stdio: 'inherit' })
      if (status !== 0) return status ?? 1
    } else {
      return (await enterSandbox()) ?? (await measureOnHost())
    }
  }
  return 0
}

function ownCommand(): readonly string[] {
  return [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
}

async function runLab(): Promise<number> {
  requirePrograms(['nginx', options.keepalived])
  const { code, stdout, stderr } = await runInGuest([process.execPath, ...ownCommand(), '--parts', 'guest'], LAB_LIMIT_S)
  process.stderr.write(stderr)
  process.stdout.write(stdout)
  return code
}

async function measureOnHost(): Promise<number> {
  requirePrograms(['nginx', 'ip'])
  await run('ip', ['link', 'set', 'lo', 'up'])
  mkdirSync(DIRECTORY, { recursive: true })
  const server = await startServer([], '127.0.0.1')
  const turns: Turn[] = []
  for (const kind of kinds) {
    turns.push(await measure('prober', { kind, servers: Number(options.servers), intervalS: 6, prefix: '127.1' }, '127.0.0.1'))
  }
  await stop(server)
  return report(turns)
}

async function measureInGuest(): Promise<number> {
  mkdirSync(DIRECTORY, { recursive: true })
  await run('ip', ['link', 'set', 'lo', 'up'])
  await run('ip', ['netns', 'add', 'servers'])
  await run('ip', ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'servers'])
  await run('ip', ['address', 'add', '10.0.0.1/24', 'dev', 'eth0'])
  await run('ip', ['link', 'set', 'eth0', 'up'])
  const inServers = ['ip', 'netns', 'exec', 'servers']
  for (const command of ['link set lo up', 'address add 10.0.0.2/24 dev eth0', 'link set eth0 up', 'route add local 10.1.0.0/16 dev lo']) {
    await run('ip', ['-n', 'servers', ...command.split(' ')])
  }
  await run('ip', ['route', 'add', '10.1.0.0/16', 'via', '10.0.0.2'])
  const server = await startServer(inServers, '10.0.0.2')
  const turns: Turn[] = []
  for (const kind of kinds) {
    for (let turn = 0; turn < Number(options.runs); turn += 1) {
      for (const subject of options.subjects.split(',')) turns.push(await measure(subject, LAB_LOADS[kind], '10.0.0.2'))
    }
  }
  await stop(server)
  return report(turns)
}

/** nginx, on every address of its network. */
async function startServer(prefix: readonly string[], address: string): Promise<ChildProcess> {
  const configFile = join(DIRECTORY, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${DIRECTORY}/${name};`)
  writeFileSync(
    configFile,
    `user root;
worker_processes 1;
daemon off;
pid ${DIRECTORY}/nginx.pid;
error_log stderr emerg;
events { worker_connections 8192; }
http {
  access_log off;
  ${paths.join('\n  ')}
  server { listen 80 backlog=4096; location / { return 200 "hello\\n"; } }
  server { listen ${STATUS_PORT}; location / { stub_status; } }
}
`,
  )
  const [command = 'nginx', ...args] = prefix.concat('nginx', '-c', configFile)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (;;) {
    const count = await connectionsAt(address).catch(() => undefined)
    if (count !== undefined) return child
    if (child.exitCode !== null) throw new Error('nginx does not run')
    await sleep(200)
  }
}

/** Connections that the server has taken so far. */
async function connectionsAt(address: string): Promise<number> {
  const answer = await fetch(`http://${address}:${STATUS_PORT}/`, { headers: { connection: 'close' } })
  return Number(/accepts handled requests\n (\d+)/u.exec(await answer.text())?.[1])
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function measure(subject: string, load: Load, status: string): Promise<Turn> {
  const [command = '', ...args] = commandOf(subject, load)
  const child = spawn(command, args, { stdio: subject === 'prober' ? ['ignore', 'pipe', 'inherit'] : 'ignore' })
  const told = child.stdout === null ? undefined : text(child.stdout)
  await sleep(SETTLE_MS + load.intervalS * 1000)
  const pid = child.pid ?? 0
  const [cpu, connections, began] = [cpuTime(pid), await connectionsAt(status), performance.now()]
  await sleep(Number(options.window) * 1000)
  const [cpuAfter, elapsedMs] = [cpuTime(pid), performance.now() - began]
  // The question itself is one.
  const checks = (await connectionsAt(status)) - connections - 1
  await stop(child)
  const ownStatus = told === undefined ? undefined : (JSON.parse(await told) as ThreadStatus)
  if (ownStatus !== undefined && ownStatus.failures.count > 0) {
    process.stderr.write(`${ownStatus.failures.count} checks failed, the first with ${ownStatus.failures.first}\n`)
  }
  const usedMs = cpuAfter.userMs + cpuAfter.systemMs - cpu.userMs - cpu.systemMs
  const turn: Turn = {
    subject,
    kind: load.kind,
    checksPerS: (checks * 1000) / elapsedMs,
    cpuUsPerCheck: (usedMs * 1000) / checks,
    lateness: ownStatus?.lateness,
  }
  process.stderr.write(`${describe(turn)}\n`)
  return turn
}

/** What `checks-host.ts` tells of its thread. */
interface ThreadStatus {
  readonly lateness: NonNullable<Turn['lateness']>
  readonly failures: { readonly count: number; readonly first: string }
}

function commandOf(subject: string, load: Load): readonly string[] {
  const { kind, servers, intervalS, prefix } = load
  if (subject === 'prober') return [process.execPath, ...process.execArgv, HOST, kind, String(servers), String(intervalS), prefix]
  const configFile = join(DIRECTORY, 'keepalived.conf')
  writeFileSync(configFile, configuration(load), { mode: 0o644 })
  if (subject === 'ka-native') {
    return [process.execPath, join(ROOT, 'dist/cli/main.js'), 'start', '-f', configFile, '--runtime-dir', DIRECTORY]
  }
  if (subject !== 'keepalived') throw new Error(`'${subject}' is none of keepalived, ka-native, prober`)
  const pids = ['--pid', join(DIRECTORY, 'keepalived.pid'), '--checkers_pid', join(DIRECTORY, 'checkers.pid')]
  return [options.keepalived, '--dont-fork', '--log-console', '--no-syslog', '--check', '--use-file', configFile, ...pids]
}

function configuration({ kind, servers, intervalS, prefix }: Load): string {
  const check = kind === 'tcp' ? 'TCP_CHECK {' : 'HTTP_GET {\n   url {\n    path /\n    status_code 200\n   }'
  const realServer = (id: number): string => ` real_server ${prefix}.${id >> 8}.${id & 0xff} 80 {
  ${check}
   connect_timeout 3
  }
 }
`
  const virtualServer = (index: number): string => {
    const ids = Array.from({ length: PER_VIRTUAL_SERVER }, (_, offset) => index * PER_VIRTUAL_SERVER + offset)
    return `virtual_server 10.9.${index >> 8}.${index & 0xff} 80 {
 delay_loop ${intervalS}
 lb_algo rr
 lb_kind NAT
 protocol TCP
${ids.map(realServer).join('')}}
`
  }
  return Array.from({ length: servers / PER_VIRTUAL_SERVER }, (_, index) => virtualServer(index)).join('')
}

function describe({ subject, kind, checksPerS, cpuUsPerCheck, lateness }: Turn): string {
  const late = lateness === undefined ? '' : `; late by ${(lateness.p99Us / 1000).toFixed(1)} ms p99`
  return `${kind} ${subject}: ${checksPerS.toFixed(0)} checks a second, ${cpuUsPerCheck.toFixed(1)} us CPU each${late}`
}

/** Of all checks in turns of the same length: the guest counts processor time by its tick, so that a single turn says little. */
function cpuPerCheck(turns: readonly Turn[]): number {
  const [cpu, checks] = [
    turns.reduce((sum, { checksPerS, cpuUsPerCheck }) => sum + checksPerS * cpuUsPerCheck, 0),
    turns.reduce((sum, { checksPerS }) => sum + checksPerS, 0),
  ]
  return cpu / checks
}

function report(turns: readonly Turn[]): number {
  const names = [...new Set(turns.map(({ subject, kind }) => `${kind} ${subject}`))]
  const summary = names.map((name) => {
    const own = turns.filter(({ subject, kind }) => `${kind} ${subject}` === name)
    const cpu = cpuPerCheck(own)
    const [kind] = own.map((turn) => turn.kind)
    const measure = turns.filter((turn) => turn.subject === 'keepalived' && turn.kind === kind)
    const late = own.flatMap(({ lateness }) => lateness ?? [])
    return {
      name,
      checksPerS: own.reduce((sum, { checksPerS }) => sum + checksPerS, 0) / own.length,
      cpuUsPerCheck: cpu,
      ratio: cpu / cpuPerCheck(measure),
      lateP99Ms: Math.max(...late.map(({ p99Us }) => p99Us / 1000)),
      latestMs: Math.max(...late.map(({ longestUs }) => longestUs / 1000)),
    }
  })
  const figure = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '-')
  process.stderr.write(
    `\n${table([
      ['checks', 'a second', 'CPU us each', 'ratio', 'late p99 ms', 'longest ms'],
      ...summary.map(({ name, checksPerS, cpuUsPerCheck, ratio, lateP99Ms, latestMs }) => [
        name,
        figure(checksPerS, 0),
        figure(cpuUsPerCheck, 1),
        figure(ratio, 2),
        figure(lateP99Ms, 1),
        figure(latestMs, 1),
      ]),
    ])}\n`,
  )
  process.stdout.write(`${JSON.stringify({ summary, turns }, undefined, 2)}\n`)
  return 0
}

process.exitCode = await main()
