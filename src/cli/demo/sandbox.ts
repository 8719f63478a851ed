import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { delimiter, join } from 'node:path'

/** Marks the process that already runs inside the sandbox. */
const INSIDE = 'KA_NATIVE_SANDBOX'

/** The programs that build the laboratory, with the Debian package of each. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['ip', 'iproute2'],
  ['mount', 'mount'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
])

/** Why the sandbox cannot exist here: sentences for the user, each with what to do about it. */
export class SandboxUnavailable extends Error {
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super(`no network namespaces can be made here: ${reasons.join('; ')}`)
    this.name = 'SandboxUnavailable'
    this.reasons = reasons
  }
}

/**
 * Runs this program's command line again inside namespaces of its own.
 *
 * The sandbox has its own network, mount and process namespaces (and a user namespace unless we are root) and an empty
 * /run. Nothing that is made inside can outlive it: the kernel ends every process of a process namespace with its
 * first one, and the network namespaces, links and files go with the last process, even after kill -9.
 *
 * @returns the exit code of the run inside, or `undefined` when this process is that run and should do the work.
 * @throws SandboxUnavailable when a program or a permission is missing.
 */
export async function enterSandbox(): Promise<number | undefined> {
  if (process.env[INSIDE] !== undefined) {
    endWithParent()
    return undefined
  }
  const env = { ...process.env, PATH: searchPath(), [INSIDE]: '1' }
  const options = sandboxOptions()
  requireSandbox(options, env)

  const args = [...options, process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn('unshare', args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  // A terminal sends Ctrl-C to the run inside too; any other sender reaches only us. Closing the channel tells it.
  let received: NodeJS.Signals | undefined
  const leave = (signal: NodeJS.Signals): void => {
    received = signal
    if (child.connected) child.disconnect()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, leave)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        const ending = received ?? signal
        resolve(ending === null ? (code ?? 0) : 128 + osConstants.signals[ending])
      })
    })
  } finally {
    for (const signal of signals) process.off(signal, leave)
  }
}

/** Ends the run inside when the run outside has gone, however it went. */
function endWithParent(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}

/** The arguments of `unshare` before the command line to run. */
function sandboxOptions(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  // A new /proc shows the processes of the sandbox; some containers forbid it, and only the benchmarks need it. The
  // shell stays, as the first process: it collects the orphans, which would look alive to who asks for their pid.
  const script = `mount -t tmpfs tmpfs /run || exit 1; mount -t proc proc /proc 2>/dev/null; "$@"; exit $?`
  return [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh']
}

/** Debian leaves the sbin directories out of a user's path, and `ip` may live there. */
function searchPath(): string {
  return [process.env['PATH'] ?? '', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].join(delimiter)
}

function requireSandbox(options: readonly string[], env: NodeJS.ProcessEnv): void {
  const missing = [...PROGRAMS].filter(([program]) => !isInstalled(program))
  if (missing.length > 0) {
    const programs = missing.map(([program]) => `'${program}'`).join(', ')
    const packages = [...new Set(missing.map(([, name]) => name))].join(' ')
    throw new SandboxUnavailable([`${programs} not found: install it with 'apt-get install ${packages}' or its like`])
  }
  // The smallest thing that needs every permission of the laboratory: a named namespace and a link into it.
  const script = 'ip netns add probe && ip link add probe0 type veth peer name probe1 netns probe && ip link add probe2 type bridge'
  const result = spawnSync('unshare', [...options, 'sh', '-c', script], { env, encoding: 'utf8' })
  if (result.status !== 0) throw new SandboxUnavailable(permissionReasons(result.stderr.trim()))
}

/** Whether a program can be run: one of the search path, or one named with its directory. */
export function isInstalled(program: string): boolean {
  const candidates = program.includes('/')
    ? [program]
    : searchPath()
        .split(delimiter)
        .map((directory) => join(directory, program))
  return candidates.some((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function permissionReasons(stderr: string): string[] {
  const reasons = [`the kernel said: ${stderr.replaceAll('\n', '; ') || 'nothing'}`]
  if (process.getuid?.() === 0) {
    reasons.push('root lacks CAP_SYS_ADMIN or CAP_NET_ADMIN here: in a container, start it with --privileged')
  } else {
    if (kernelSetting('kernel/unprivileged_userns_clone') === '0') {
      reasons.push("user namespaces are reserved for root: 'sudo sysctl kernel.unprivileged_userns_clone=1'")
    }
    if (kernelSetting('user/max_user_namespaces') === '0') {
      reasons.push("user namespaces are switched off: 'sudo sysctl user.max_user_namespaces=15000'")
    }
    if (kernelSetting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
      reasons.push("AppArmor restricts user namespaces: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'")
    }
    reasons.push('or run it as root')
  }
  if (stderr.includes('Unknown device type') || stderr.includes('Operation not supported')) {
    reasons.push("the kernel lacks veth or bridge links: 'sudo modprobe -a veth bridge'")
  }
  return reasons
}

function kernelSetting(name: string): string | undefined {
  try {
    return readFileSync(join('/proc/sys', name), 'utf8').trim()
  } catch {
    return undefined // a setting that only some distributions have
  }
}
