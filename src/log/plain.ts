import type { LogRecord } from './record.ts'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** What is no text: it must neither move the cursor of a terminal nor look like a line of its own. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/g

/**
 * A record as keepalived would say it: the lines of its text, without time and level.
 *
 * The sentence of an event says everything. Of other records, what they are about follows as `name=value`, where it is one
 * word or number; objects are for those who read JSON.
 */
export function plainLines({ message, fields }: LogRecord): string[] {
  const lines = [`${message}${'atMs' in fields ? '' : details(fields)}`, ...errorLines(fields['err'], message)]
  return lines.flatMap((line) => line.split('\n')).map((line) => line.replaceAll(CONTROL, escape))
}

function details(fields: LogRecord['fields']): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => {
      if (name === 'code' && 'line' in fields) return [] // of a diagnostic, whose message says it
      if (typeof value === 'string') return [` ${name}=${/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`]
      return typeof value === 'number' || typeof value === 'boolean' ? [` ${name}=${value}`] : []
    })
    .join('')
}

/**
 * What pino's serializer left of an error. One of the system or of ours says what is wrong by its message, unless that is told already; where it
 * comes from is told of a defect.
 */
function errorLines(error: unknown, told: string): string[] {
  if (typeof error !== 'object' || error === null) return []
  const reason = 'message' in error && typeof error.message === 'string' ? error.message : ''
  const isExpected = reason !== '' && 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
  if (isExpected) return told.includes(reason) ? [] : [reason]
  if ('stack' in error && typeof error.stack === 'string') return [error.stack]
  return reason === '' ? [] : [reason]
}

function escape(character: string): string {
  if (character === '\t') return ' '
  return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`
}

/** Lines of keepalived's console and log file: each behind `Www Mon DD HH:MM:SS YYYY: `. */
export function consoleText(record: LogRecord): string {
  const prefix = consoleTime(new Date(record.time))
  return plainLines(record)
    .map((line) => `${prefix}: ${line}\n`)
    .join('')
}

/** As ctime(3) writes a time. */
function consoleTime(date: Date): string {
  return `${DAYS[date.getDay()] ?? ''} ${syslogTime(date)} ${date.getFullYear()}`
}

/** As RFC 3164 §4.1.2 writes a time: `Mmm dd hh:mm:ss`, local. */
export function syslogTime(date: Date): string {
  const day = String(date.getDate()).padStart(2, ' ')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
  return `${MONTHS[date.getMonth()] ?? ''} ${day} ${clock}`
}
