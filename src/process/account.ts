import { isAccountName, localEntry } from '../config/host/accounts.ts'
import type { AccountDatabase, AccountEntry } from '../config/host/accounts.ts'
import type { ScriptAccount } from '../config/tables/values.ts'
import type { ScriptRunner } from './script-runner.ts'
import type { Program } from './script.ts'

/** Numeric ids a script runs with. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** All supplementary groups, as keepalived sets them: the group alone, or with those that the user is a member of. */
  readonly groups: readonly number[]
}

/** The account of scripts that name none, where it exists (keepalived.conf(5), script_user). */
export const DEFAULT_ACCOUNT: ScriptAccount = { user: 'keepalived_script', group: undefined, supplementaryGroups: false }

/** getent(1) may ask a directory behind the very address that is failing over. */
const ANSWER_TIMEOUT_MS = 5_000

type Asking = Pick<ScriptRunner, 'run'>

/** The words that a program of the system answers, none where it says that there are none, or no answer. */
async function ask(
  program: Omit<Program, 'capturesOutput'>,
  separator: RegExp,
  runner: Asking,
  abort?: AbortSignal,
): Promise<AccountEntry> {
  const result = await runner.run({ ...program, capturesOutput: true }, undefined, ANSWER_TIMEOUT_MS, abort)
  if (result.outcome === 'exited') return result.code === 0 ? result.output?.trim().split(separator) : undefined
  // Where there is no such program, /etc is all there is.
  return result.outcome === 'notStarted' && result.reason === 'ENOENT' ? undefined : 'no-answer'
}

/** The files first, as nsswitch.conf does nearly everywhere, and getent(1) for its other sources. */
async function databaseEntry(database: AccountDatabase, name: string, runner: Asking, abort?: AbortSignal): Promise<AccountEntry> {
  const local = localEntry(database, name)
  if (local !== undefined || !isAccountName(name)) return local
  return await ask({ path: 'getent', args: [database, name] }, /:/, runner, abort)
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
  runner: Asking,
  abort?: AbortSignal,
): Promise<Account | undefined | 'no-answer'> {
  const passwd = await databaseEntry('passwd', user, runner, abort)
  if (passwd === 'no-answer') return passwd
  const uid = id(passwd, 2)
  const primary = id(passwd, 3)
  if (uid === undefined || primary === undefined) return undefined
  const entry = group === undefined ? undefined : await databaseEntry('group', group, runner, abort)
  if (entry === 'no-answer') return entry
  const gid = group === undefined ? primary : id(entry, 2)
  if (gid === undefined) return undefined
  if (!supplementaryGroups) return { uid, gid, groups: [gid] }
  // id(1) asks every source that knows members of groups.
  const groups = await ask({ path: 'id', args: ['-G', user] }, /\s+/, runner, abort)
  if (typeof groups !== 'object') return 'no-answer'
  return { uid, gid, groups: [...new Set([gid, ...groups.map(Number)])] }
}
