import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAccountName, localEntry } from '../config/accounts.ts'
import type { AccountDatabase, AccountEntry } from '../config/accounts.ts'
import type { GlobalDefs, ScriptAccount } from '../config/model.ts'

const run = promisify(execFile)

/** Numeric ids a script runs with. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** Set the user's supplementary groups too. */
  readonly supplementaryGroups: boolean
}

/** Whom scripts run as whose line names no account: `daemon` is the daemon's own account; `none` runs none of them. */
export type DefaultAccount = Account | 'daemon' | 'none'

/** The account of scripts that name none, where it exists (keepalived.conf(5), script_user). */
const DEFAULT_ACCOUNT: ScriptAccount = { user: 'keepalived_script', group: undefined, supplementaryGroups: false }

/** An account database that is away must not keep a script, or a reload, waiting for ever. */
const LOOKUP_LIMIT_MS = 5_000

async function databaseEntry(database: AccountDatabase, name: string): Promise<AccountEntry> {
  const local = localEntry(database, name)
  if (local !== undefined || !isAccountName(name)) return local
  try {
    // getent(1) asks every source of nsswitch.conf, which reading /etc/passwd would not.
    const { stdout } = await run('getent', [database, name], { timeout: LOOKUP_LIMIT_MS, killSignal: 'SIGKILL' })
    return stdout.trim().split(':')
  } catch (error) {
    // Where there is no getent, /etc is all there is.
    return error instanceof Error && 'killed' in error && error.killed === true ? 'no-answer' : undefined
  }
}

async function find({ user, group, supplementaryGroups }: ScriptAccount): Promise<Account | undefined | 'no-answer'> {
  const passwd = await databaseEntry('passwd', user)
  if (passwd === 'no-answer') return passwd
  const uid = idOf(passwd, 2)
  const primary = idOf(passwd, 3)
  if (uid === undefined || primary === undefined) return undefined
  if (group === undefined) return { uid, gid: primary, supplementaryGroups }
  const entry = await databaseEntry('group', group)
  if (entry === 'no-answer') return entry
  const gid = idOf(entry, 2)
  return gid === undefined ? undefined : { uid, gid, supplementaryGroups }
}

function idOf(entry: readonly string[] | undefined, field: number): number | undefined {
  const text = entry?.[field] ?? ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** Looks up numeric ids; `undefined` when the user or the group does not exist, as far as can be told in time. */
export async function lookUpAccount(account: ScriptAccount): Promise<Account | undefined> {
  const found = await find(account)
  return found === 'no-answer' ? undefined : found
}

/**
 * The account of scripts whose line names none: `script_user`, else keepalived_script, else the daemon's own.
 *
 * A `script_user` that does not exist, an account that cannot be looked up and script security never fall back to the daemon's own.
 */
export async function defaultAccount({
  scriptUser,
  enableScriptSecurity,
}: Pick<GlobalDefs, 'scriptUser' | 'enableScriptSecurity'>): Promise<DefaultAccount> {
  const found = await find(scriptUser ?? DEFAULT_ACCOUNT)
  if (typeof found === 'object') return found
  return found === undefined && scriptUser === undefined && !enableScriptSecurity ? 'daemon' : 'none'
}
