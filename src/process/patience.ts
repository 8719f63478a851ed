/** Waits for a lock whose holder is dying: it is free when the kernel has closed the files of the dead process. */
import { setTimeout as sleep } from 'node:timers/promises'
import { KaError } from '../errors.ts'

/**
 * How long a killed process may take to close its files on a busy machine: closing sockets of multicast groups waits for the kernel's lock for
 * changes of the network, which may be held for more than a second.
 */
const PATIENCE_MS = 3_000
const AGAIN_MS = 20

/**
 * Tries until it is not refused because another process runs already, at most three seconds.
 *
 * @throws what the last attempt threw
 */
export async function outwaitDying<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const isHeld = error instanceof KaError && error.code === 'KA_ERR_ALREADY_RUNNING'
      if (!isHeld || performance.now() > deadline) throw error
    }
    await sleep(AGAIN_MS)
  }
}
