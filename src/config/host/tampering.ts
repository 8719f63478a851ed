/** Whether somebody else than root can change what a path leads to, and whether a file makes root of whoever runs it. */
import type { Stats } from 'node:fs'
import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT_ID = 0
const GROUP_WRITE = 0o020
const OTHERS_WRITE = 0o002
const STICKY = 0o1000
const SET_UID = 0o4000
const SET_GID = 0o2000
const GROUP_EXECUTE = 0o010
/** As the kernel. */
const MAX_LINKS = 40

/** A file, directory or symbolic link that somebody else can change. */
export interface Alterable {
  readonly path: string
  /** In words that continue "PATH ", with owner and mode. */
  readonly reason: string
}

/**
 * The first component, from the root on and along every symbolic link, that somebody else than root can change; absent also where
 * there is no such path.
 */
export function alterablePart(path: string): Alterable | undefined {
  try {
    for (const { path: part, status } of visited(path)) {
      const reason = whyAlterable(status)
      if (reason !== undefined) return { path: part, reason }
    }
  } catch {
    // What does not exist, or cannot be looked at, is no concern of this check.
  }
  return undefined
}

/** Whether a program runs with the rights of root, or of its group, whoever starts it. */
export function becomesRoot(path: string): boolean {
  try {
    const { uid, gid, mode } = statSync(path)
    const setsGroup = (mode & (SET_GID | GROUP_EXECUTE)) === (SET_GID | GROUP_EXECUTE)
    return ((mode & SET_UID) !== 0 && uid === ROOT_ID) || (setsGroup && gid === ROOT_ID)
  } catch {
    return false
  }
}

interface Part {
  readonly path: string
  readonly status: Stats
}

/** Everything that the kernel looks at on its way along an absolute path. */
function* visited(path: string): Generator<Part, void> {
  const names = namesOf(path)
  const state = { at: '/', links: 0 }
  yield { path: '/', status: lstatSync('/') }
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = name === '..' ? dirname(state.at) : join(state.at, name)
    const status = lstatSync(next)
    yield { path: next, status }
    if (!status.isSymbolicLink()) {
      state.at = next
      continue
    }
    state.links += 1
    if (state.links > MAX_LINKS) return
    const target = readlinkSync(next)
    if (target.startsWith('/')) state.at = '/'
    names.unshift(...namesOf(target))
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

function whyAlterable(status: Stats): string | undefined {
  const { uid, gid, mode } = status
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0')
  if (uid !== ROOT_ID) return `belongs to user ${uid} (mode ${permissions})`
  // In a sticky directory nobody replaces the files of others; a link has no permissions of its own.
  if ((mode & STICKY) !== 0 || status.isSymbolicLink()) return undefined
  const described = `(owner ${uid}, mode ${permissions})`
  if ((mode & GROUP_WRITE) !== 0 && gid !== ROOT_ID) return `may be written by group ${gid} ${described}`
  return (mode & OTHERS_WRITE) === 0 ? undefined : `may be written by everybody ${described}`
}
