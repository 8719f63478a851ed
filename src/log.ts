import { isatty } from 'node:tty'
import pino from 'pino'
import type { Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { LogDestination, standardOutput } from './log-destination.ts'

/** How log records are written. */
export type LogFormat = 'json' | 'pretty'

const WARN = 40

/** The root logger of the command line, on standard output. */
export interface Log {
  readonly log: Logger
  /** Waits until what was logged is written, at most `limitMs`: its reader may never read again. */
  readonly flush: (limitMs: number) => Promise<void>
}

/** Opens the log. A line never holds up JavaScript, which the engine would take for dead. */
export function openLog(format: LogFormat): Log {
  const render = format === 'json' ? (line: string): string => line : prettyRenderer()
  const destination = new LogDestination(standardOutput(), (count, reason) =>
    render(`${JSON.stringify({ level: WARN, time: Date.now(), msg: `${count} lines of the log were lost: ${reason}` })}\n`),
  )
  const log = pino(
    { base: null },
    {
      write(line: string): void {
        destination.write(render(line))
      },
    },
  )
  return {
    log,
    flush: async (limitMs) => {
      await destination.flush(limitMs)
    },
  }
}

/** Renders records for people: one line each. Of an event its sentence says everything. */
function prettyRenderer(): (line: string) => string {
  const options = {
    colorize: isatty(1) && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    translateTime: 'SYS:HH:MM:ss.l',
  } as const
  const full = prettyFactory({ ...options, singleLine: true })
  const sentence = prettyFactory({ ...options, hideObject: true })
  return (line) => {
    const record: unknown = JSON.parse(line)
    const isEvent = typeof record === 'object' && record !== null && 'atMs' in record
    return isEvent ? sentence(record) : full(record)
  }
}
