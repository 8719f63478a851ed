/** Files written whole, or not at all: by way of a file beside them. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
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
    writeBeside(target, (temporary) => {
      writeFile(temporary, octets, stats)
      renameSync(temporary, target)
    })
    synchronize(dirname(target))
    return undefined
  } catch (error) {
    return describeFailure(error)
  }
}

/**
 * Makes a file appear with all of its content, which only its owner may read.
 *
 * @param octets one character per octet
 * @param force replaces a file that exists
 * @returns why it could not be done; absent when it was
 */
export function createFile(path: string, octets: string, force: boolean): string | undefined {
  try {
    writeBeside(path, (temporary) => {
      writeFile(temporary, octets)
      // A link, unlike a renaming, never replaces anything.
      if (force) renameSync(temporary, path)
      else linkSync(temporary, path)
    })
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return 'it exists already (--force replaces it)'
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

/** Has a file written beside another, whose place it is to take. */
function writeBeside(path: string, replace: (temporary: string) => void): void {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${process.pid}.${Date.now()}`)
  try {
    replace(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Writes a file that did not exist, for its owner alone unless another says what it is like. */
function writeFile(path: string, octets: string, like?: Stats): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, octets, 'latin1')
    if (like !== undefined) {
      const created = fstatSync(file)
      if (created.uid !== like.uid || created.gid !== like.gid) fchownSync(file, like.uid, like.gid)
      // After the owner: a change of owner takes bits away.
      fchmodSync(file, like.mode & 0o7777)
    }
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
