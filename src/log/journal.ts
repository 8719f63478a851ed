import { existsSync, fstatSync } from 'node:fs'
import { identOf } from './components.ts'
import { plainLines } from './plain.ts'
import type { LogRecord } from './record.ts'
import { cut, severityOf } from './syslog.ts'
import type { SyslogContext } from './syslog.ts'

/** The socket of systemd's journal (systemd.io, "Native Journal Protocol"). */
export const JOURNAL_SOCKET = '/run/systemd/journal/socket'

/** A longer value is cut: a datagram that exceeds the kernel's bound would have to go another way, as a file. */
const MAX_MESSAGE_BYTES = 32 * 1024
const MAX_VALUE_BYTES = 2 * 1024
const MAX_FIELDS = 32
const MAX_NAME = 64

const LINE_FEED = 0x0a

/**
 * Whether a stream of ours is connected with the journal, as `JOURNAL_STREAM` says it (systemd.exec(5)), and the journal can be
 * reached by its own protocol too.
 */
export function isUnderJournal(env: Readonly<Record<string, string | undefined>>, streams: readonly number[] = [1, 2]): boolean {
  const stream = env['JOURNAL_STREAM']
  return stream !== undefined && streams.some((fd) => identityOf(fd) === stream) && existsSync(JOURNAL_SOCKET)
}

function identityOf(fd: number): string | undefined {
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined // closed
  }
}

/** A record in the journal's native protocol: `MESSAGE`, what syslog would get, and what the record is about as `KA_...`. */
export function encodeJournal(record: LogRecord, { facility, identity }: SyslogContext): Uint8Array {
  const { fields, level, component } = record
  const about = Object.entries(fields).flatMap(([name, value]) => {
    const key = journalName(name)
    return key === undefined || value === undefined ? [] : [field(key, cut(valueText(value), MAX_VALUE_BYTES))]
  })
  return Buffer.concat([
    field('MESSAGE', cut(plainLines(record).join('\n'), MAX_MESSAGE_BYTES)),
    text('PRIORITY', String(severityOf(level))),
    text('SYSLOG_IDENTIFIER', identOf(component, identity)),
    text('SYSLOG_FACILITY', String(facility)),
    text('SYSLOG_PID', String(process.pid)),
    text('KA_COMPONENT', component),
    text('KA_TIME', new Date(record.time).toISOString()),
    ...about.slice(0, MAX_FIELDS),
  ])
}

/** `priority` is `KA_PRIORITY`, `atMs` is `KA_AT_MS`. */
function journalName(name: string): string | undefined {
  const words = name.replaceAll(/[A-Z]+/g, (capitals) => `_${capitals}`).toUpperCase()
  return /^[A-Z][A-Z0-9_]*$/.test(words) && words.length <= MAX_NAME - 3 ? `KA_${words}` : undefined
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function text(name: string, value: string): Uint8Array {
  return field(name, Buffer.from(value))
}

/** A value with a line feed in it comes with its length; others end with one. */
function field(name: string, value: Uint8Array): Uint8Array {
  if (!value.includes(LINE_FEED)) return Buffer.concat([Buffer.from(`${name}=`), value, Buffer.of(LINE_FEED)])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(value.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.of(LINE_FEED)])
}
