import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Runs commands of ip(8), one a line, in a network namespace of the guest or in its first one: one process for all. */
export async function ip(commands: readonly string[], netns?: string, family?: string): Promise<void> {
  const where = netns === undefined ? [] : ['-n', netns]
  await run(undefined, ['ip', ...(family === undefined ? [] : [family]), ...where, '-batch', '-'], commands.join('\n'))
}

/**
 * Runs a command that must succeed in a network namespace; its standard output. The servers of this process go on meanwhile: starting a
 * process takes long in a guest.
 */
export async function run(netns: string | undefined, command: readonly string[], input = ''): Promise<string> {
  const [program = '', ...args] = netns === undefined ? command : inside(netns, command)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined) // EPIPE when it ends without reading
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${child.exitCode}: ${stderr}\n${input}`)
  return stdout
}

/** Starts a command in a network namespace. Its output goes to standard error, where a failed test shows it. */
export function start(netns: string, command: readonly string[]): ChildProcess {
  const [program = '', ...args] = inside(netns, command)
  return spawn(program, args, { stdio: ['ignore', 2, 2] })
}

/** A command that runs another one in a namespace. ip(8) would take twice as long: it makes a mount namespace too. */
function inside(netns: string, command: readonly string[]): readonly string[] {
  return ['nsenter', `--net=/run/netns/${netns}`, ...command]
}

/** The kernel says of a closed port of UDP that it is closed once a second, after six times: a check that waits for that would then succeed. */
export const UNLIMITED_REFUSALS: readonly string[] = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0']

/** A network namespace with a process in it that does nothing: its files in /proc show the namespace to us without a process for each look. */
export class Namespace {
  readonly name: string
  readonly #holder: ChildProcess

  private constructor(name: string, holder: ChildProcess) {
    this.name = name
    this.#holder = holder
  }

  /**
   * Makes one with `lo` up, whose addresses are usable at once and whose closed ports say so as often as they are asked.
   *
   * @param settings of sysctl(8), such as `net.ipv4.ip_forward=1`.
   */
  static async make(name: string, settings: readonly string[] = []): Promise<Namespace> {
    await ip([`netns add ${name}`])
    await ip(['link set lo up'], name)
    const common = ['net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.default.router_solicitations=0', ...UNLIMITED_REFUSALS]
    await run(name, ['sysctl', '-qw', ...common, ...settings])
    return new Namespace(name, start(name, ['sleep', 'infinity']))
  }

  /** The file that stands for it. */
  get path(): string {
    return `/run/netns/${this.name}`
  }

  /** A file of `/proc/net`. */
  file(name: string): string {
    return `/proc/${this.#holder.pid}/net/${name}`
  }
}
