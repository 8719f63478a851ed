import { basename, dirname, extname, isAbsolute, join } from 'node:path'
import { tmpdir } from 'node:os'
import { isatty } from 'node:tty'
import { prettyFactory } from 'pino-pretty'
import { identitySuffix } from './components.ts'
import type { LogIdentity } from './components.ts'
import { DatagramQueue } from './datagram-queue.ts'
import type { DatagramSocket } from './datagram-queue.ts'
import { LogDestination, standardStream } from './destination.ts'
import { LogFile } from './file.ts'
import { encodeJournal } from './journal.ts'
import { consoleText } from './plain.ts'
import { formatRecord, lossRecord } from './record.ts'
import type { LogRecord } from './record.ts'
import { encodeSyslog } from './syslog.ts'
import type { SyslogContext } from './syslog.ts'

/** How lines of text are written: as pino does, for people, or as keepalived does. */
export type TextFormat = 'json' | 'pretty' | 'keepalived'

/** One way the log goes. */
export interface LogTarget {
  write(record: LogRecord): void
  flush(limitMs: number): Promise<void>
  /** Tells this daemon apart from others from now on. */
  identify(identity: LogIdentity): void
}

/** Lines of text to a standard stream. */
export function streamTarget(fd: 1 | 2, format: TextFormat): LogTarget {
  return textTarget(new LogDestination(standardStream(fd), lossText(renderer(format, fd))), renderer(format, fd))
}

/** Lines of text to a file. A name that is not absolute is in the directory for temporary files. */
export function fileTarget(name: string, format: TextFormat, isSynchronous: boolean): LogTarget {
  const path = isAbsolute(name) ? name : join(tmpdir(), name)
  const file = new LogFile(path, isSynchronous)
  const render = renderer(format)
  const target = textTarget(new LogDestination(file.sink, lossText(render)), render)
  return {
    ...target,
    identify: (identity) => {
      file.moveTo(identified(path, identity))
    },
  }
}

/** As keepalived: `log.txt` of the instance `one` is `log_one.txt`. */
function identified(path: string, identity: LogIdentity): string {
  const extension = extname(path)
  return join(dirname(path), `${basename(path, extension)}${identitySuffix(identity)}${extension}`)
}

function textTarget(destination: LogDestination, render: (record: LogRecord) => string): LogTarget {
  return {
    write: (record) => {
      destination.write(render(record))
    },
    flush: async (limitMs) => {
      await destination.flush(limitMs)
    },
    identify: () => {},
  }
}

function lossText(render: (record: LogRecord) => string): (count: number, reason: string) => string {
  return (count, reason) => render(lossRecord(count, reason))
}

function renderer(format: TextFormat, fd?: 1 | 2): (record: LogRecord) => string {
  switch (format) {
    case 'json':
      return formatRecord
    case 'keepalived':
      return consoleText
    case 'pretty':
      return prettyRenderer(fd !== undefined && isatty(fd))
  }
}

/** Renders records for people: one line each. Of an event its sentence says everything. */
function prettyRenderer(isTerminal: boolean): (record: LogRecord) => string {
  const options = {
    colorize: isTerminal && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'component',
  } as const
  const full = prettyFactory({ ...options, singleLine: true })
  const sentence = prettyFactory({ ...options, hideObject: true })
  return ({ level, time, component, message, fields }) =>
    ('atMs' in fields ? sentence : full)({ level, time, component, ...fields, msg: message })
}

/** To syslog, over its socket. */
export function syslogTarget(socket: DatagramSocket, facility: number): LogTarget {
  return datagramTarget(socket, facility, encodeSyslog)
}

/** To the journal, with fields. */
export function journalTarget(socket: DatagramSocket, facility: number): LogTarget {
  return datagramTarget(socket, facility, (record, context) => [encodeJournal(record, context)])
}

function datagramTarget(
  socket: DatagramSocket,
  facility: number,
  encode: (record: LogRecord, context: SyslogContext) => readonly Uint8Array[],
): LogTarget {
  const state: { context: SyslogContext } = { context: { facility, identity: {} } }
  const queue = new DatagramQueue(socket, (count, reason) => Buffer.concat(encode(lossRecord(count, reason), state.context)))
  return {
    write: (record) => {
      for (const datagram of encode(record, state.context)) queue.write(datagram)
    },
    flush: async (limitMs) => {
      await queue.flush(limitMs)
    },
    identify: (identity) => {
      state.context = { facility, identity }
    },
  }
}
