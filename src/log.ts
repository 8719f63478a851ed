import { fstatSync } from 'node:fs'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import type { Logger } from 'pino'
import pretty from 'pino-pretty'

/** How log records are written. */
export type LogFormat = 'json' | 'pretty'

/** Log text kept while standard output takes none; what exceeds it is dropped. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024

/**
 * Makes the root logger of the command line, on standard output.
 *
 * Writes are asynchronous and bounded: a log reader that stands still must not
 * stop JavaScript, which the engine would take for dead.
 */
export function createLogger(format: LogFormat): Logger {
  const destination = hasReader() ? new PipeDestination() : pino.destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES })
  if (format === 'json') return pino({ base: null }, destination)
  const stream = pretty({
    destination,
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,instance,from,to,cause,priority',
  })
  return pino({ base: null }, stream)
}

/** Waits until standard output has taken what was logged, at most `limitMs`: its reader may never read again. */
export async function flushLog(limitMs: number): Promise<void> {
  if (!hasReader()) return // pino writes the rest to a file or a terminal when the process ends
  const written = new Promise<void>((resolve) => {
    process.stdout.write('', () => {
      resolve()
    })
  })
  const limit = new AbortController()
  await Promise.race([written, sleep(limitMs, undefined, { signal: limit.signal }).catch(() => {})]) // aborted: it was written
  limit.abort()
}

/** Whether another process reads standard output and may stand still: a pipe, or the socket of a journal. */
function hasReader(): boolean {
  try {
    const stdout = fstatSync(1)
    return stdout.isFIFO() || stdout.isSocket()
  } catch {
    return false // closed
  }
}

/**
 * Standard output that never waits for its reader.
 *
 * Node writes pipes and sockets without blocking. pino's own destination would have a thread blocked in write(2), for
 * which the end of the process waits as long as the reader pleases.
 */
class PipeDestination extends Writable {
  constructor() {
    super({ decodeStrings: false })
    // A reader that is gone is not worth the addresses: the daemon goes on without a log.
    process.stdout.on('error', () => {})
  }

  override _write(text: string | Uint8Array, _encoding: string, done: () => void): void {
    const { stdout } = process
    if (stdout.writable && stdout.writableLength < MAX_BUFFERED_BYTES) stdout.write(text)
    done()
  }
}
