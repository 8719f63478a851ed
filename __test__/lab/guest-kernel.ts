import { execFileSync, spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Report } from './guest-report.ts'
import type { CommandResult } from './sandbox.ts'

/** The lab's own program. */
const RUN = fileURLToPath(new URL('../ipvs-lab/run', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** See the file: what makes it run on this processor, and where that is built. */
const REGISTERS_SOURCE = fileURLToPath(new URL('guest-registers.c', import.meta.url))
const REGISTERS_LIBRARY = fileURLToPath(new URL('../../.cache/guest-registers.so', import.meta.url))

/** What a guest has unless more is asked for. */
const MEMORY_MB = 1_024

/** For a guest that does nothing: a limit for what is broken, as a skipped test is one where machines are busy. */
const PROBE_LIMIT_S = 150

/** What `run` ends with when a package is missing. */
const MISSING = 126

/** Why no guest kernel can be booted here, or `undefined` when it can. */
export function whyNoGuest(): string | undefined {
  const { status, stderr } = spawnSync(RUN, ['--timeout', String(PROBE_LIMIT_S), '--', 'true'], {
    encoding: 'utf8',
    cwd: ROOT,
    env: environment(),
  })
  if (status === 0) return undefined
  return status === MISSING ? stderr.trim() : `status ${status}: ${stderr}`
}

/** Starts a guest kernel. */
function boot(command: readonly string[], limitS: number, memoryMb = MEMORY_MB): ChildProcessByStdio<null, Readable, Readable> {
  // What concerns the kernel, a process of ours, does not concern its own processes.
  const args = ['--mem', String(memoryMb), '--timeout', String(limitS), '--', 'env', '--unset=LD_PRELOAD', ...command]
  return spawn(RUN, args, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The environment of a guest kernel on this processor. */
function environment(): NodeJS.ProcessEnv {
  if (!/^flags\b.*\bamx_tile\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'))) return process.env
  if (!existsSync(REGISTERS_LIBRARY)) {
    mkdirSync(dirname(REGISTERS_LIBRARY), { recursive: true })
    // Other test files may be about to do the same.
    const draft = `${REGISTERS_LIBRARY}.${process.pid}`
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', draft, REGISTERS_SOURCE])
    renameSync(draft, REGISTERS_LIBRARY)
  }
  return { ...process.env, LD_PRELOAD: REGISTERS_LIBRARY }
}

/** Runs a command as root in a guest kernel that ends with it; the working directory is the root of the repository. */
export async function runInGuest(command: readonly string[], limitS: number): Promise<CommandResult> {
  const child = boot(command, limitS)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode ?? 1, stdout, stderr }
}

/** A program of ours in a guest kernel that prints {@link Report}s; tests wait for the one that concerns them. */
export class GuestReports {
  readonly #reports = new Map<string, Report>()
  readonly #ended: Promise<string>
  #waiting: (() => void)[] = []

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>) {
    const errors = text(child.stderr)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = JSON.parse(line) as Report
      this.#reports.set(report.name, report)
      this.#wake()
    })
    this.#ended = (async () => {
      const [words] = await Promise.all([errors, once(child, 'close')])
      return `the guest ended with ${child.exitCode}: ${words}`
    })()
    void this.#ended.then(() => this.#wake())
  }

  /** Boots a guest that runs a TypeScript file, named from the root of the repository, for so many seconds at most. */
  static start(program: string, args: readonly string[], limitS: number, memoryMb?: number): GuestReports {
    return new GuestReports(boot(['node', '--import=@oxc-node/core/register', program, ...args], limitS, memoryMb))
  }

  /**
   * Waits for a report.
   *
   * @throws Error with what the guest said when it ended without that one, or when the report is of an error.
   */
  async value(name: string): Promise<unknown> {
    const end = Symbol('end')
    const ended = this.#ended.then(() => end)
    for (;;) {
      const report = this.#reports.get(name)
      if (report?.error !== undefined) throw new Error(report.error)
      if (report !== undefined) return report.value
      const news = new Promise<void>((resolve) => this.#waiting.push(resolve))
      if ((await Promise.race([news, ended])) === end && !this.#reports.has(name))
        throw new Error(`no report of '${name}': ${await this.#ended}`)
    }
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
