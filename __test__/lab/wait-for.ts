import { setTimeout as sleep } from 'node:timers/promises'

/** How long {@link waitFor} keeps trying. Long enough for a loaded machine: it is a limit for broken code, never a measurement. */
const DEADLINE_MS = 120_000
const POLL_MS = 100

/** What {@link waitFor} does apart from polling. */
export interface WaitOptions {
  /** Gives up after this many milliseconds. */
  readonly deadlineMs?: number
  /** Adds what was last seen to the error. */
  readonly seen?: () => unknown
}

/**
 * Polls until `condition` gives something other than `undefined` or `false`, and returns that.
 *
 * @param what completes the sentence "gave up waiting until …".
 * @throws Error after the deadline, naming `what` and what was last seen.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + (options.deadlineMs ?? DEADLINE_MS)
  for (;;) {
    const value = await condition()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) {
      const seen = options.seen === undefined ? '' : `; last seen: ${JSON.stringify(await options.seen())}`
      throw new Error(`gave up waiting until ${what}${seen}`)
    }
    await sleep(POLL_MS)
  }
}
