/** Whether somebody else than root can change what a path leads to. */
import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const ROOT_ID = 0
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002
const STICKY = 0o1000

/** A file or directory that somebody else can change. */
export interface Alterable {
  readonly path: string
  /** In words that continue "PATH ". */
  readonly reason: string
}

/** The first component, from the root on, that somebody else than root can change; absent also where there is no such path. */
export function alterablePart(path: string): Alterable | undefined {
  const real = resolve(path)
  if (real === undefined) return undefined
  for (const part of partsOf(real)) {
    const reason = whyAlterable(part)
    if (reason !== undefined) return { path: part, reason }
  }
  return undefined
}

function resolve(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** `/`, `/usr`, `/usr/bin`, and so on. */
function partsOf(path: string): readonly string[] {
  const parts: string[] = []
  for (let part = path; parts[0] !== part; part = dirname(part)) parts.unshift(part)
  return parts
}

function whyAlterable(path: string): string | undefined {
  const { uid, gid, mode } = statSync(path)
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0')
  if (uid !== ROOT_ID) return `belongs to user ${uid}`
  // In a sticky directory nobody replaces the files of others.
  if ((mode & STICKY) !== 0) return undefined
  if ((mode & GROUP_WRITE) !== 0 && gid !== ROOT_ID) return `may be written by group ${gid} (mode ${permissions})`
  return (mode & OTHERS_WRITE) === 0 ? undefined : `may be written by everybody (mode ${permissions})`
}
