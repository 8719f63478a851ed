/** Waiting that ends after a time, whatever becomes of what is waited for. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a promise that does not reject, at most `limitMs`. */
export async function within(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const limit = new AbortController()
  const expired = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {}) // aborted: the other was first
  await Promise.race([promise, expired])
  limit.abort()
}

/** Who waits for something that is told to all of them at once. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** Waits until it is told, at most `limitMs`. */
  async wait(limitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(limit)
        this.#waiting.delete(done)
        resolve()
      }
      const limit = setTimeout(done, limitMs)
      this.#waiting.add(done)
    })
  }

  /** Tells those who wait now. */
  tell(): void {
    for (const done of this.#waiting) done()
  }
}
