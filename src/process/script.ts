/** What is run, and how it ended. */

/** A program and its arguments. */
export interface Program {
  /** Absolute, or found in PATH. `</ABSOLUTE` only asks whether that file can be opened. */
  readonly path: string
  /** Each one word. */
  readonly args: readonly string[]
  /** Whether the beginning of what it writes is wanted; else its output is /dev/null. */
  readonly capturesOutput?: boolean
}

/** How a run ended. An unsuccessful script is an outcome, not an error. */
export type ScriptResult = (
  | { readonly outcome: 'exited'; readonly code: number }
  | { readonly outcome: 'signalled'; readonly signal: NodeJS.Signals }
  | {
      readonly outcome: 'timedOut' | 'aborted'
      /** Why it still runs, such as EPERM: it was not waited for any longer. */
      readonly remains?: string
    }
  | {
      readonly outcome: 'notStarted'
      /** The system's symbol, such as ENOENT, and what failed where that was not the program itself. */
      readonly reason: string
      /** That was for want of room, whatever the program is: another time it may start. */
      readonly isTransient?: true
    }
) & {
  /** The first 4,096 octets that it wrote, where they were asked for. */
  readonly output?: string
}

/** Variables that would let the daemon's environment change what a script runs. */
const UNSAFE_VARIABLES: ReadonlySet<string> = new Set(['IFS', 'LD_PRELOAD', 'LD_LIBRARY_PATH'])

/** The environment that scripts get, as `NAME=VALUE`: the daemon's own but for what would change how they run. */
export function scriptEnvironment(): string[] {
  const variables = Object.entries(process.env).filter(([name, value]) => value !== undefined && !UNSAFE_VARIABLES.has(name))
  return variables.map(([name, value]) => `${name}=${value}`)
}
