import { randomInt } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { paced } from './pieces.ts'

/** What the ends of temporary names are made of. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const LETTERS_OF_NAME = 6
/** Names that are tried before the directory counts as full of them. */
const ATTEMPTS = 10
/** Written with one call. */
const CHUNK_OCTETS = 64 * 1024
/** Others have no business with it. */
const MODE = 0o600

/**
 * Writes a file so that a reader finds the old one or the whole new one: a temporary file beside it takes its place at the end. A
 * symbolic link is replaced and not followed.
 *
 * @throws what the file system says; the old file is as it was and the temporary one gone
 */
export async function writeWhole(path: string, pieces: Iterable<string>): Promise<void> {
  const { name, handle } = await openTemporary(path)
  try {
    try {
      await writePieces(handle, pieces)
    } finally {
      await handle.close()
    }
    await rename(name, path)
  } catch (error) {
    // What the first failure says counts.
    await unlink(name).catch(() => {})
    throw error
  }
}

async function writePieces(handle: FileHandle, pieces: Iterable<string>): Promise<void> {
  const waiting: string[] = []
  const state = { length: 0 }
  const flush = async (): Promise<void> => {
    await handle.writeFile(waiting.splice(0).join(''))
    state.length = 0
  }
  for await (const piece of paced(pieces)) {
    waiting.push(piece)
    state.length += piece.length
    if (state.length >= CHUNK_OCTETS) await flush()
  }
  await flush()
}

async function openTemporary(path: string): Promise<{ name: string; handle: FileHandle }> {
  for (let attempt = 1; ; attempt += 1) {
    const name = `${path}${randomLetters()}`
    try {
      // Fails where anything has that name, also a link that leads nowhere.
      return { name, handle: await open(name, 'wx', MODE) }
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!isTaken || attempt === ATTEMPTS) throw error
    }
  }
}

function randomLetters(): string {
  return Array.from({ length: LETTERS_OF_NAME }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('')
}
