/** How much is logged: 0 what keepalived always says, 1 what it says with `-D` too, 2 with `-D` twice. */
export type LogDetail = 0 | 1 | 2

/** Where the log goes and how much of it, as keepalived's own options say it (keepalived(8); process.md §1). */
export interface LogSettings {
  /** `-l`: lines on standard error, each behind its time. */
  readonly console: boolean
  /** How often `-D` was given, at most twice. */
  readonly detail: LogDetail
  /** Number of the syslog facility (RFC 3164 §4.1.1), of `-S`: 3 is daemon, 1 user, 16 to 23 local0 to local7. */
  readonly facility: number
  /** `-g`: a file that lines are added to. */
  readonly file?: string
  /** `--flush-log-file`: the file is on disk after each write. */
  readonly flushFile?: boolean
  /** Unless `-G`: the syslog of this machine. */
  readonly syslog: boolean
}

/** What keepalived does without an option. */
export const DEFAULT_LOG_SETTINGS: LogSettings = { console: false, detail: 0, facility: 3, syslog: true }

/** Of `-g` without a file, in the directory for temporary files, which keepalived's own default is in too. */
export const DEFAULT_LOG_FILE = 'keepalived.log'

const NAMED: ReadonlyMap<string, number> = new Map([
  ['user', 1],
  ['daemon', 3],
])

/**
 * The number of the facility that `-S` names: `daemon`, `user`, `local0` to `local7`, or a digit from 0 to 7 for one of these.
 *
 * @returns `undefined` when it names none
 */
export function parseFacility(word: string): number | undefined {
  const local = /^(?:local)?([0-7])$/.exec(word)
  return local === null ? NAMED.get(word) : 16 + Number(local[1])
}
