import { identOf } from './components.ts'
import type { LogIdentity } from './components.ts'
import { plainLines, syslogTime } from './plain.ts'
import { LEVEL } from './record.ts'
import type { LogRecord } from './record.ts'

/** The socket of syslog(3). */
export const SYSLOG_SOCKET = '/dev/log'

/** What the usual syslog daemons take as one message. */
const MAX_BYTES = 8 * 1024

/** How a record is to be said to syslog and to the journal. */
export interface SyslogContext {
  /** Number of the facility (RFC 3164 §4.1.1). */
  readonly facility: number
  readonly identity: LogIdentity
}

const SEVERITY = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const

/**
 * The severity of RFC 3164 §4.1.1. What keepalived says only with `-D` is as much an information as the rest, as it is with keepalived.
 *
 * @param level pino's number
 */
export function severityOf(level: number): number {
  if (level >= LEVEL.fatal) return SEVERITY.critical
  if (level >= LEVEL.error) return SEVERITY.error
  if (level >= LEVEL.warn) return SEVERITY.warning
  return level >= LEVEL.debug ? SEVERITY.info : SEVERITY.debug
}

/**
 * A record as messages to the syslog of this machine (RFC 3164 §4.1, without the host name, which local senders leave out): one for
 * each line of its text.
 */
export function encodeSyslog(record: LogRecord, { facility, identity }: SyslogContext): Uint8Array[] {
  const priority = facility * 8 + severityOf(record.level)
  const head = `<${priority}>${syslogTime(new Date(record.time))} ${identOf(record.component, identity)}[${process.pid}]: `
  return plainLines(record).map((line) => cut(`${head}${line}`, MAX_BYTES))
}

/** The octets of a text, as many of them as are allowed; no character is cut in two. */
export function cut(text: string, maxBytes: number): Uint8Array {
  const octets = Buffer.from(text)
  if (octets.length <= maxBytes) return octets
  const isContinuation = (octet: number | undefined): boolean => octet !== undefined && (octet & 0xc0) === 0x80
  const end = [maxBytes, maxBytes - 1, maxBytes - 2, maxBytes - 3].find((index) => !isContinuation(octets[index])) ?? maxBytes
  return octets.subarray(0, end)
}
