/** What the first line of a `reload_time_file` says. */
export type ReloadTime =
  | {
      readonly kind: 'time'
      readonly atMs: number
      /** A date was given: it comes once. */
      readonly hasDate: boolean
    }
  /** Sentences that say why it does not count, as keepalived's. */
  | { readonly kind: 'ignored'; readonly sentences: readonly string[] }

const FORM = /^(?:(?<year>\d{4}|\d{2})-(?<month>\d{2})-(?<day>\d{2}) )?(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?<utc>Z?)$/

const CENTURY = 2_000

/** Fields of a date or a time as they are written; of a time alone, those of the date are absent. */
interface Fields {
  readonly year: number | undefined
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly isUtc: boolean
}

/**
 * Reads `HH:MM:SS[Z]` or `[YY]YY-MM-DD HH:MM:SS[Z]`: local time, with `Z` UTC. A time that is over today is meant for tomorrow.
 *
 * @param nowMs milliseconds since the Unix epoch
 */
export function readReloadTime(text: string, nowMs: number): ReloadTime {
  const fields = fieldsOf(text)
  if (fields === undefined) return invalid(text, `Reload time ${text} format is incorrect - ignoring`)
  const { year, month, day, hour, minute, second, isUtc } = fields
  const isInRange = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 59
  if (!isInRange) return invalid(text, `Reload date/time ${text} invalid - ignoring`)
  if (year === undefined) return { kind: 'time', hasDate: false, atMs: nextTime(fields, nowMs) }
  const atMs = moment(isUtc, year, month - 1, day, fields)
  const reached = new Date(atMs)
  // There is no 30th of February: it would become another day.
  if ((isUtc ? reached.getUTCDate() : reached.getDate()) !== day) return invalid(text, `Reload time ${text} is not valid - ignoring`)
  if (atMs > nowMs) return { kind: 'time', hasDate: true, atMs }
  return { kind: 'ignored', sentences: [`Reload time ${text} is in the past - ignoring`, 'Reload date/time is in the past - ignoring'] }
}

/** A time as keepalived logs it: local, `2026-11-22 23:19:02`. */
export function reloadTimeText(atMs: number): string {
  const date = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => two(value)).join(':')}`
}

function fieldsOf(text: string): Fields | undefined {
  const groups = FORM.exec(text)?.groups
  if (groups === undefined) return undefined
  const { year, month = '1', day = '1', hour, minute, second, utc } = groups
  return {
    year: year === undefined ? undefined : Number(year) + (year.length === 2 ? CENTURY : 0),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    isUtc: utc === 'Z',
  }
}

/** The next moment at which a clock shows the time. */
function nextTime(fields: Fields, nowMs: number): number {
  const now = new Date(nowMs)
  const [year, month, day] = fields.isUtc
    ? [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
    : [now.getFullYear(), now.getMonth(), now.getDate()]
  const today = moment(fields.isUtc, year, month, day, fields)
  return today > nowMs ? today : moment(fields.isUtc, year, month, day + 1, fields)
}

function moment(isUtc: boolean, year: number, month: number, day: number, { hour, minute, second }: Fields): number {
  return isUtc ? Date.UTC(year, month, day, hour, minute, second) : new Date(year, month, day, hour, minute, second).getTime()
}

function invalid(text: string, sentence: string): ReloadTime {
  return { kind: 'ignored', sentences: [sentence, `Invalid reload time '${text}' specified - ignoring`] }
}
