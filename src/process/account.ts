import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAccountName, localEntry } from '../config/host/accounts.ts'
import type { AccountDatabase, AccountEntry } from '../config/host/accounts.ts'
import type { ScriptAccount } from '../config/tables/values.ts'

const run = promisify(execFile)

/** Numeric ids a script runs with. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** Set the user's supplementary groups too. */
  readonly supplementaryGroups: boolean
}

/** The account of scripts that name none, where it exists (keepalived.conf(5), script_user). */
export const DEFAULT_ACCOUNT: ScriptAccount = { user: 'keepalived_script', group: undefined, supplementaryGroups: false }

/** getent(1) may ask a directory behind the very address that is failing over. */
const ANSWER_TIMEOUT_MS = 5_000

/** The files first, as nsswitch.conf does nearly everywhere, and getent(1) for its other sources. */
async function databaseEntry(database: AccountDatabase, name: string, abort: AbortSignal | undefined): Promise<AccountEntry> {
  const local = localEntry(database, name)
  if (local !== undefined || !isAccountName(name)) return local
  const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const signal = abort === undefined ? limit : AbortSignal.any([abort, limit])
  try {
    const { stdout } = await run('getent', [database, name], { signal, killSignal: 'SIGKILL' })
    return stdout.trim().split(':')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // A status says that it has no such name; and where there is no getent, /etc is all there is.
    return typeof code === 'number' || code === 'ENOENT' ? undefined : 'no-answer'
  }
}

/** A field that holds an id; an empty one is none, and not 0. */
function id(entry: readonly string[] | undefined, field: number): number | undefined {
  const text = entry?.[field] ?? ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/**
 * Looks up numeric ids.
 *
 * @returns `undefined` when the user or the group does not exist, `no-answer` when that cannot be told: no source answers within
 *   five seconds or before `abort`. Never rejects.
 */
export async function lookUpAccount(
  { user, group, supplementaryGroups }: ScriptAccount,
  abort?: AbortSignal,
): Promise<Account | undefined | 'no-answer'> {
  const passwd = await databaseEntry('passwd', user, abort)
  if (passwd === 'no-answer') return passwd
  const uid = id(passwd, 2)
  const primary = id(passwd, 3)
  if (uid === undefined || primary === undefined) return undefined
  if (group === undefined) return { uid, gid: primary, supplementaryGroups }
  const entry = await databaseEntry('group', group, abort)
  if (entry === 'no-answer') return entry
  const gid = id(entry, 2)
  return gid === undefined ? undefined : { uid, gid, supplementaryGroups }
}
