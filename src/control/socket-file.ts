import { lstatSync, unlinkSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { chmod, lstat, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:net'
import { join } from 'node:path'

/** Nobody but the owner may connect: that takes write permission (unix(7)). */
const MODE = 0o600

/** Bits of a directory in which others may replace what is there. */
const OTHERS_WRITE = 0o022

/** A socket at its path. */
export interface SocketFile {
  readonly path: string
  /** Of the socket, so that nobody else's is removed. */
  readonly identity: string
}

/**
 * Lets a server listen at `name` in `directory`, where only root and the daemon's own user may connect.
 *
 * It is made in a directory that nobody else may enter, gets its mode there, and is then moved to its place: so it is never reachable
 * otherwise, the umask does not matter, and one that a killed daemon left is replaced. That nobody lives who has it is for the lock
 * beside it to say.
 *
 * @throws Error where the directory is not safe, or the system refuses
 */
export async function listenAt(server: Server, directory: string, name: string): Promise<SocketFile> {
  checkDirectory(await stat(directory, { bigint: true }))
  const prefix = `.${name}.`
  await removeLeftovers(directory, prefix)
  const hidden = await mkdtemp(join(directory, prefix))
  try {
    const made = join(hidden, 's')
    await listen(server, made)
    await chmod(made, MODE)
    const path = join(directory, name)
    const identity = identityOf(await lstat(made, { bigint: true }))
    await rename(made, path)
    return { path, identity }
  } finally {
    await rm(hidden, { recursive: true, force: true })
  }
}

/** Removes a socket, if it is still what the path leads to. Does not wait. */
export function removeSocket({ path, identity }: SocketFile): void {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (found !== undefined && identityOf(found) === identity) unlinkSync(path)
}

/** Others must not be able to put a socket of theirs in its place: root would tell them what to do. */
function checkDirectory(found: BigIntStats): void {
  if (!found.isDirectory()) throw new Error('the runtime directory is no directory')
  const own = process.geteuid?.() ?? 0
  if (found.uid !== 0n && found.uid !== BigInt(own)) throw new Error(`the runtime directory belongs to the user with number ${found.uid}`)
  if ((Number(found.mode) & OTHERS_WRITE) !== 0) throw new Error('others may write into the runtime directory')
}

/** Those of daemons with this name that were killed in the middle. */
async function removeLeftovers(directory: string, prefix: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefix)) await rm(join(directory, name), { recursive: true, force: true })
  }
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
