import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ScriptAccount } from '../config/model.ts'

const run = promisify(execFile)

/** Numeric ids a script runs with. */
export interface Account {
  readonly uid: number
  readonly gid: number
  /** Set the user's supplementary groups too. */
  readonly supplementaryGroups: boolean
}

/** The account of scripts that name none, where it exists (keepalived.conf(5), script_user). */
const DEFAULT_ACCOUNT: ScriptAccount = { user: 'keepalived_script', group: undefined, supplementaryGroups: false }

async function databaseEntry(database: 'passwd' | 'group', name: string): Promise<string[] | undefined> {
  try {
    // getent(1) asks every source of nsswitch.conf, which reading /etc/passwd would not.
    const { stdout } = await run('getent', [database, name])
    return stdout.trim().split(':')
  } catch (error) {
    // Exit status 2: the name is not in the database.
    if (error instanceof Error && 'code' in error && error.code === 2) return undefined
    throw error
  }
}

/** Looks up numeric ids; `undefined` when the user or the group does not exist. */
export async function lookUpAccount(account: ScriptAccount): Promise<Account | undefined> {
  const passwd = await databaseEntry('passwd', account.user)
  const uid = Number(passwd?.[2])
  const primary = Number(passwd?.[3])
  if (passwd === undefined || !Number.isInteger(uid) || !Number.isInteger(primary)) return undefined
  const { supplementaryGroups } = account
  if (account.group === undefined) return { uid, gid: primary, supplementaryGroups }
  const entry = await databaseEntry('group', account.group)
  const gid = Number(entry?.[2])
  return entry === undefined || !Number.isInteger(gid) ? undefined : { uid, gid, supplementaryGroups }
}

/** The account of scripts whose line names none: `script_user`, else keepalived_script, else the daemon's own. */
export async function defaultAccount(scriptUser: ScriptAccount | undefined): Promise<Account | undefined> {
  return await lookUpAccount(scriptUser ?? DEFAULT_ACCOUNT)
}
