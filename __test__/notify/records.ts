import pino, { type Logger } from 'pino'

/** A line of a log. */
export interface LogRecord {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** A logger whose records can be looked at. */
export function recorder(): { readonly log: Logger; readonly records: LogRecord[]; readonly sentences: () => string[] } {
  const records: LogRecord[] = []
  const log = pino({ base: null, level: 'debug' }, { write: (line) => void records.push(JSON.parse(line) as LogRecord) })
  return { log, records, sentences: () => records.map(({ msg }) => msg) }
}
