import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { many, PORTS, table, textOf, virtual } from './life-conf.ts'

const MAIN = 'dist/cli/main.js'
const PLACE = '/run/processes'
const CONF = `${PLACE}/keepalived.conf`
const RUNTIME = ['--runtime-dir', PLACE]
const DEADLINE = { deadlineMs: 120_000 }
const SERVER = `127.0.0.1:${PORTS[0]}`

/** A process, and the messages of its log. */
class Process {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly #ended: Promise<unknown>

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#ended = once(this.child, 'close')
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(messageOf(line)))
    }
  }

  /** Waits for a message. */
  async says(message: string): Promise<void> {
    await waitFor(`it says ${message}`, () => this.lines.includes(message), { ...DEADLINE, seen: () => this.lines })
  }

  /** Its exit status, or the signal that ended it. */
  async end(signal?: NodeJS.Signals): Promise<number | string | null> {
    if (signal !== undefined) this.child.kill(signal)
    await this.#ended
    return this.child.exitCode ?? this.child.signalCode
  }
}

function messageOf(line: string): string {
  return line.startsWith('{') ? (JSON.parse(line) as { msg: string }).msg : line
}

function daemon(text: string, ...args: readonly string[]): Process {
  writeFileSync(CONF, text)
  return new Process([MAIN, 'start', '-f', CONF, ...RUNTIME, ...args])
}

async function up(text: string): Promise<Process> {
  const started = daemon(text)
  await started.says('Startup complete')
  return started
}

/** Runs a command of ours; what it says, and its status. */
async function command(...args: readonly string[]): Promise<{ lines: string[]; status: unknown }> {
  const one = new Process([MAIN, ...args, ...RUNTIME])
  return { status: await one.end(), lines: one.lines }
}

/** A program that runs a daemon as a part of itself, and then does something. */
async function embedding(then: string): Promise<unknown> {
  writeFileSync(CONF, textOf([virtual(80, [PORTS[0]])]))
  const program = `const { startDaemon } = await import('./dist/index.js')
const daemon = await startDaemon({ configFile: '${CONF}', runtimeDir: '${PLACE}' })
${then}`
  const one = new Process(['--input-type=module', '--eval', program])
  return { status: await one.end(), after: table(), files: leftFiles() }
}

/** Files of the runtime directory that are there for a running daemon. */
function leftFiles(): string[] {
  return readdirSync(PLACE).filter((name) => /\.(?:sock|ipvs|json)$/.test(name))
}

/** What is recorded of what operators want. */
function records(): string {
  const names = readdirSync(PLACE).filter((name) => name.endsWith('.overrides'))
  return names.map((name) => readFileSync(`${PLACE}/${name}`, 'utf8')).join('')
}

/** How the daemon ends as a process. */
export async function reportProcesses(): Promise<void> {
  mkdirSync(PLACE)

  await report('killed', async () => {
    const text = textOf([virtual(80, [PORTS[0]], ['omega'])])
    const one = await up(text)
    const weighed = await command('weight', SERVER, '7')
    // An operator is answered before the kernel has it and before it is recorded.
    await waitFor('the weight is there', () => table().join() === '80: 8001*7', { ...DEADLINE, seen: table })
    await waitFor('it is recorded', () => records().includes('"weight":7'), { ...DEADLINE, seen: records })
    await one.end('SIGKILL')
    const left = table()
    const released = await command('release')
    const after = table()
    const next = await up(text)
    const again = table()
    const status = await next.end('SIGTERM')
    const from = next.lines.findIndex((line) => line.startsWith('Gained quorum'))
    return { weighed: weighed.status, left, released, after, again, status, lines: next.lines.slice(from), files: leftFiles() }
  })

  await report('early', async () => {
    const one = daemon(textOf(many(300, 3)), '--log-level', 'debug')
    await one.says('Initializing ipvs')
    const status = await one.end('SIGTERM')
    return { status, last: one.lines.at(-1), after: table(), files: leftFiles() }
  })

  await report('embedded', async () => ({
    exit: await embedding('process.exit(3)'),
    exception: await embedding("setTimeout(() => { throw new Error('a defect') })"),
    stop: await embedding('await daemon.stop()'),
  }))
}
