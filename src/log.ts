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
  const destination = pino.destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES })
  if (format === 'json') return pino({ base: null }, destination)
  const stream = pretty({
    destination,
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,instance,from,to,cause,priority',
  })
  return pino({ base: null }, stream)
}
