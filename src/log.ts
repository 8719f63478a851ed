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

/** Renders records for people. */
function prettyRenderer(): (line: string) => string {
  return prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname,instance,from,to,cause,priority' })
}
