/** Files rewritten in place: whole, or not at all. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Gives a file new content by way of a file beside it, which takes its mode and its owner and then its place.
 * Of a symbolic link it is the target that is rewritten.
 *
 * @param octets one character per octet
 * @returns why it could not be done; absent when it was
 */
export function rewriteFile(path: string, octets: string): string | undefined {
  try {
    const target = realpathSync(path)
    const stats = statSync(target)
    if (!stats.isFile()) return 'it is not a regular file'
    const folder = dirname(target)
    const temporary = join(folder, `.${basename(target).slice(0, 100)}.${process.pid}.${Date.now()}`)
    try {
      writeLike(stats, temporary, octets)
      renameSync(temporary, target)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
    synchronize(folder)
    return undefined
  } catch (error) {
    return describeFailure(error)
  }
}

/** Why a file could not be read or written, in words. */
export function describeFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'its owner or its mode cannot be kept',
    EISDIR: 'it is a directory',
  }
  return known[code] ?? code
}

function writeLike({ uid, gid, mode }: Stats, path: string, octets: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, octets, 'latin1')
    const created = fstatSync(file)
    if (created.uid !== uid || created.gid !== gid) fchownSync(file, uid, gid)
    // After the owner: a change of owner takes bits away.
    fchmodSync(file, mode & 0o7777)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Makes the new name last as long as the content. */
function synchronize(folder: string): void {
  const directory = openSync(folder, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
