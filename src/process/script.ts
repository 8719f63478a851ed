import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Account } from './account.ts'

/** A program and its arguments. */
export interface Program {
  /** Absolute, or found in PATH. */
  readonly path: string
  /** Each one word. */
  readonly args: readonly string[]
}

/** How a run ended. An unsuccessful script is an outcome, not an error. */
export type ScriptResult =
  | { readonly outcome: 'exited'; readonly code: number }
  | { readonly outcome: 'signalled'; readonly signal: NodeJS.Signals }
  | {
      readonly outcome: 'timedOut' | 'aborted'
      /** Why it still runs, such as EPERM: it was not waited for any longer. */
      readonly remains?: string
    }
  | { readonly outcome: 'notStarted'; readonly reason: string }

/** Between the polite and the final end of a script that is ended. */
const KILL_AFTER_MS = 2_000
/** After the final end: what still runs then cannot be ended. */
const GIVE_UP_AFTER_MS = 1_000

/** Variables that would let the daemon's environment change what a script runs. */
const UNSAFE_VARIABLES: ReadonlySet<string> = new Set(['IFS', 'LD_PRELOAD', 'LD_LIBRARY_PATH'])

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !UNSAFE_VARIABLES.has(name)))
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}

/** Signals a script's whole process group, which may be gone already; the code of the error where that is not permitted. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): string | undefined {
  if (child.pid === undefined) return undefined
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    const code = codeOf(error)
    return code === 'ESRCH' ? undefined : code
  }
  return undefined
}

/**
 * Runs a script to its end or its deadline, whichever is first.
 *
 * The script leads a process group of its own, so that its children end with it: SIGTERM to the group at the
 * deadline or when `abort` says so, SIGKILL two seconds later. One that is still there after that (a script of another user, without
 * CAP_KILL) is left alone. Standard streams are /dev/null. A file without `#!` runs through /bin/sh.
 *
 * @param account ids to run with; the daemon's own when absent
 * @param timeoutMs deadline, counted from the start
 * @returns the outcome; never rejects
 */
export async function runScript(
  script: Program,
  account: Account | undefined,
  timeoutMs: number,
  abort?: AbortSignal,
): Promise<ScriptResult> {
  const program = withGroups(script, account)
  const ids = program === script ? account : undefined
  const result = await runProgram(program, ids, timeoutMs, abort)
  if (result.outcome !== 'notStarted' || result.reason !== 'ENOEXEC') return result
  return await runProgram({ path: '/bin/sh', args: [program.path, ...program.args] }, ids, timeoutMs, abort)
}

/** Node drops supplementary groups when it changes ids: setpriv(1) sets them. */
function withGroups(script: Program, account: Account | undefined): Program {
  if (account?.supplementaryGroups !== true) return script
  const ids = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups']
  return { path: 'setpriv', args: [...ids, '--', script.path, ...script.args] }
}

function runProgram(program: Program, account: Account | undefined, timeoutMs: number, abort?: AbortSignal): Promise<ScriptResult> {
  const options: SpawnOptions = { stdio: 'ignore', detached: true, env: environment(), cwd: '/' }
  if (account !== undefined) {
    options.uid = account.uid
    options.gid = account.gid
  }
  return new Promise((resolve) => {
    const child = start(program, options)
    if (typeof child === 'string') {
      resolve({ outcome: 'notStarted', reason: child })
      return
    }
    const ended: { as?: 'timedOut' | 'aborted'; timer?: NodeJS.Timeout } = {}
    const end = (as: 'timedOut' | 'aborted'): void => {
      if (ended.as !== undefined) return
      ended.as = as
      signalGroup(child, 'SIGTERM')
      ended.timer = setTimeout(() => {
        const refusal = signalGroup(child, 'SIGKILL')
        ended.timer = setTimeout(() => {
          giveUp(as, refusal ?? 'it does not end at SIGKILL')
        }, GIVE_UP_AFTER_MS)
      }, KILL_AFTER_MS)
    }
    const deadline = setTimeout(() => {
      end('timedOut')
    }, timeoutMs)
    const onAbort = (): void => {
      end('aborted')
    }
    const cleanUp = (): void => {
      clearTimeout(deadline)
      clearTimeout(ended.timer)
      abort?.removeEventListener('abort', onAbort)
      child.removeAllListeners()
      // An 'error' that nobody hears is thrown.
      child.on('error', () => {})
    }
    const giveUp = (outcome: 'timedOut' | 'aborted', remains: string): void => {
      cleanUp()
      child.unref()
      resolve({ outcome, remains })
    }
    const settle = (result: ScriptResult): void => {
      cleanUp()
      // A script that ended itself at SIGTERM may leave children behind.
      if (ended.as !== undefined) signalGroup(child, 'SIGKILL')
      resolve(ended.as === undefined ? result : { outcome: ended.as })
    }
    abort?.addEventListener('abort', onAbort)
    if (abort?.aborted === true) onAbort()
    child.once('error', (error) => {
      settle({ outcome: 'notStarted', reason: codeOf(error) })
    })
    child.once('exit', (code, signal) => {
      settle(signal === null ? { outcome: 'exited', code: code ?? 0 } : { outcome: 'signalled', signal })
    })
  })
}

/** Starts the program; the reason when that fails at once. Other failures come as an 'error' event. */
function start({ path, args }: Program, options: SpawnOptions): ChildProcess | string {
  try {
    return spawn(path, args, options)
  } catch (error) {
    return codeOf(error)
  }
}
