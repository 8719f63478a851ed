/** What a service manager says in our environment: for us, and for no script that we run. */

/** Where and how often the service manager wants to hear of us. */
export interface ServiceEnvironment {
  /** Its socket (sd_notify(3)): a path, or `@NAME` in the abstract namespace. */
  readonly notifySocket?: string
  /** After this long without a sign of life it ends us (sd_watchdog_enabled(3)). */
  readonly watchdogMs?: number
}

/** Its variables about one process: ours. */
const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const

/** Reads what the service manager says; see {@link forgetServiceEnvironment}. */
export function readServiceEnvironment(env: Readonly<NodeJS.ProcessEnv>, pid: number = process.pid): ServiceEnvironment {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: limit, WATCHDOG_PID: watched } = env
  const isWatched = limit !== undefined && /^[1-9]\d*$/.test(limit) && (watched === undefined || watched === String(pid))
  return {
    // Others, such as those of virtual machines, are no Unix sockets.
    ...(socket !== undefined && /^[/@]./.test(socket) ? { notifySocket: socket } : {}),
    ...(isWatched ? { watchdogMs: Number(limit) / 1_000 } : {}),
  }
}

/**
 * Takes what the service manager says out of the environment, so that scripts do not take it for theirs.
 *
 * Not before it is certain that this program runs the daemon: one that is executed again, in a network namespace, has to read it too.
 */
export function forgetServiceEnvironment(env: NodeJS.ProcessEnv): void {
  for (const variable of VARIABLES) delete env[variable]
}
