import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
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
export const DEFAULT_ACCOUNT: ScriptAccount = { user: 'keepalived_script', group: undefined, supplementaryGroups: false }

/** Names that getent(1) takes for names: neither options nor numeric ids. */
const ACCOUNT_NAME = /^(?!-)(?!\d+$)[^\s:]+$/

/** getent(1) may ask a directory behind the very address that is failing over. */
const ANSWER_TIMEOUT_MS = 5_000

type Database = 'passwd' | 'group'

/** The files first, as nsswitch.conf does nearly everywhere, and getent(1) for its other sources. */
async function databaseEntry(database: Database, name: string, abort: AbortSignal | undefined): Promise<string[] | undefined> {
  const local = await localEntry(database, name)
  if (local !== undefined || !ACCOUNT_NAME.test(name)) return local
  const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  const signal = abort === undefined ? limit : AbortSignal.any([abort, limit])
  try {
    const { stdout } = await run('getent', [database, name], { signal, killSignal: 'SIGKILL' })
    return stdout.trim().split(':')
  } catch (error) {
    // Exit status 2: the name is not in the database.
    if (error instanceof Error && 'code' in error && error.code === 2) return undefined
    const problem = limit.aborted ? `did not answer within ${ANSWER_TIMEOUT_MS} ms` : 'failed'
    throw new Error(`getent ${database} ${name} ${problem}`, { cause: error })
  }
}

async function localEntry(database: Database, name: string): Promise<string[] | undefined> {
  try {
    const lines = (await readFile(`/etc/${database}`, 'utf8')).split('\n')
    return lines.map((line) => line.split(':')).find((fields) => fields[0] === name && fields.length > 2)
  } catch {
    return undefined // there are systems without
  }
}

/** A field that holds an id; an empty one is none, and not 0. */
function id(field: string | undefined): number | undefined {
  return field !== undefined && /^\d+$/.test(field) ? Number(field) : undefined
}

/**
 * Looks up numeric ids; `undefined` when the user or the group does not exist.
 *
 * @throws {Error} when a source other than the files cannot be asked, takes longer than five seconds, or `abort` says so
 */
export async function lookUpAccount(account: ScriptAccount, abort?: AbortSignal): Promise<Account | undefined> {
  const passwd = await databaseEntry('passwd', account.user, abort)
  const uid = id(passwd?.[2])
  const primary = id(passwd?.[3])
  if (uid === undefined || primary === undefined) return undefined
  const { supplementaryGroups } = account
  if (account.group === undefined) return { uid, gid: primary, supplementaryGroups }
  const gid = id((await databaseEntry('group', account.group, abort))?.[2])
  return gid === undefined ? undefined : { uid, gid, supplementaryGroups }
}
