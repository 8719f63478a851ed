import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Child } from './child.ts'

/** Where a sandbox keeps its files, as seen inside. */
const SCRATCH = '/run/lab'

const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

const PREPARE = `set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns ${SCRATCH}
echo ready
# The shell stays: as the first process it must reap those whose parents were killed.
cat
exit`

/** Tells the command's own pid on descriptor 3 before it becomes the command. */
const TELL_PID = ['setsid', 'sh', '-c', 'echo $$ >&3; exec 3>&-; exec "$@"', 'sh']

/** Where and how a command runs. */
export interface CommandOptions {
  /** The network namespace inside the sandbox; its own first one when left out. */
  readonly netns?: string
  readonly env?: Readonly<Record<string, string>>
  /** Text for standard input, which is closed after it. */
  readonly input?: string
}

/** The result of a command that ran to its end. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Private process, mount and network namespaces, and a private /run, in which tests make named network namespaces.
 *
 * Nothing in it is visible outside and nothing can stay behind: its first process ends when our end of a pipe closes, however this
 * process dies, and the kernel then kills every process inside and with them removes mounts, namespaces, links and files.
 */
export class Sandbox {
  readonly #keeper: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #enter: readonly string[]
  /** The scratch directory as seen inside and as seen from here. */
  readonly scratch: { readonly inside: string; readonly outside: string }

  private constructor(keeper: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#keeper = keeper
    const namespaces = `/proc/${keeper.pid}/ns`
    this.#enter = [
      `--mount=${namespaces}/mnt`,
      `--net=${namespaces}/net`,
      // The keeper itself stays in our process namespace: only its children are in the new one.
      `--pid=${namespaces}/pid_for_children`,
    ]
    this.scratch = { inside: SCRATCH, outside: `/proc/${keeper.pid}/root${SCRATCH}` }
  }

  /** Why no sandbox can be made here, or `undefined` when it can. */
  static unavailable(): string | undefined {
    // A user namespace would do for all but tcpdump, which there fails to drop its privileges.
    if (process.getuid?.() !== 0) return 'not root'
    const probe = spawnSync('unshare', [...UNSHARE, 'sh', '-c', 'mount -t tmpfs tmpfs /run'], { encoding: 'utf8' })
    if (probe.error !== undefined) return `unshare: ${probe.error.message}`
    return probe.status === 0 ? undefined : probe.stderr.trim()
  }

  static async open(): Promise<Sandbox> {
    const keeper = spawn('unshare', [...UNSHARE, 'sh', '-c', PREPARE], { stdio: ['pipe', 'pipe', 'pipe'] })
    const [answer] = (await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'close')])) as [unknown]
    if (String(answer) !== 'ready\n') throw new Error(`no sandbox: ${await text(keeper.stderr)}`)
    return new Sandbox(keeper)
  }

  /** Runs a command to its end, whatever its exit code. */
  async run(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const child = spawn('nsenter', [...this.#enter, ...inNetns(options.netns), ...command], { env: { ...process.env, ...options.env } })
    child.stdin.on('error', () => undefined) // EPIPE when it ends without reading
    child.stdin.end(options.input ?? '')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    return { code: child.exitCode ?? 1, stdout, stderr }
  }

  /**
   * Runs a command that must succeed and returns its standard output.
   *
   * @throws Error with the command and its standard error otherwise.
   */
  async exec(command: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}${stdout}\n${options.input ?? ''}`)
    return stdout
  }

  /** Starts a command and returns once its process is there. */
  async spawn(command: readonly string[], options: CommandOptions = {}): Promise<Child> {
    const outer = spawn('nsenter', [...this.#enter, ...inNetns(options.netns), ...TELL_PID, ...command], {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    if (options.input !== undefined) outer.stdin.end(options.input)
    return Child.adopt(command.join(' '), outer, outer.stdio[3] as Readable, async (pid, signal) => {
      await this.exec(['kill', `-${signal.slice('SIG'.length)}`, '--', String(pid)])
    })
  }

  /** Makes a directory in the scratch directory. */
  async makeDirectory(name: string): Promise<{ inside: string; outside: string }> {
    const outside = `${this.scratch.outside}/${name}`
    await mkdir(outside, { recursive: true })
    return { inside: `${this.scratch.inside}/${name}`, outside }
  }

  /** Ends every process inside and waits until all is gone. */
  async close(): Promise<void> {
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return
    const closed = once(this.#keeper, 'close')
    this.#keeper.stdin.end()
    await closed
  }
}

function inNetns(name: string | undefined): string[] {
  return name === undefined ? [] : ['ip', 'netns', 'exec', name]
}
