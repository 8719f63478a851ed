/** Users and groups by name, with a limit on how long all questions together may take. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** A database of getent(1). */
export type AccountDatabase = 'passwd' | 'group'

/** How long all questions of one load may take: JavaScript waits for them, and must not be taken for dead. */
const TOTAL_LIMIT_MS = 2_000
/** Names that are safe as an argument of getent(1), and are no numbers. */
const ACCOUNT_NAME = /^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/

/** What the account database says: the fields of an entry, nothing, or nothing in time. */
export type AccountEntry = readonly string[] | undefined | 'no-answer'

/** Whether getent(1) can be asked for a name. */
export function isAccountName(name: string): boolean {
  return ACCOUNT_NAME.test(name)
}

/** An entry of /etc/passwd or /etc/group. */
export function localEntry(database: AccountDatabase, name: string): readonly string[] | undefined {
  const file = `/etc/${database}`
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return lines.map((line) => line.split(':')).find((fields) => fields[0] === name && fields.length > 2)
}

/** Asks /etc first; getent(1) knows the other sources of nsswitch.conf, where there is one. Each name is asked for once. */
export class Accounts {
  readonly #known = new Map<string, AccountEntry>()
  #leftMs: number

  constructor(limitMs: number = TOTAL_LIMIT_MS) {
    this.#leftMs = limitMs
  }

  entry(database: AccountDatabase, name: string): AccountEntry {
    const key = `${database} ${name}`
    if (!this.#known.has(key)) this.#known.set(key, localEntry(database, name) ?? this.#ask(database, name))
    return this.#known.get(key)
  }

  #ask(database: AccountDatabase, name: string): AccountEntry {
    if (!isAccountName(name)) return undefined
    if (this.#leftMs <= 0) return 'no-answer'
    const start = performance.now()
    const options = { encoding: 'utf8', timeout: Math.ceil(this.#leftMs), killSignal: 'SIGKILL' } as const
    const { status, stdout, error } = spawnSync('getent', [database, name], options)
    this.#leftMs -= performance.now() - start
    if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') return 'no-answer'
    return status === 0 ? stdout.trim().split(':') : undefined
  }
}
