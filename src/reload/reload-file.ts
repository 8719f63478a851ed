import { constants } from 'node:fs'
import { chmod, mkdir, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'

const RUN_DIRECTORY = '/run'
const PID_DIRECTORY = `${RUN_DIRECTORY}/keepalived`

const MODE = 0o644
const DIRECTORY_MODE = 0o755

/** Where `reload_file` puts its file; `undefined` where there is none. */
export function reloadFilePath({ globalDefs, instance, netNamespace, usePidDir }: Config): string | undefined {
  const { reloadFile } = globalDefs
  if (reloadFile !== '') return reloadFile
  const isInDirectory = usePidDir || instance !== undefined || netNamespace !== undefined
  const suffix = instance === undefined ? '' : `_${instance}`
  return isInDirectory ? `${PID_DIRECTORY}/keepalived${suffix}.reload` : `${RUN_DIRECTORY}/keepalived.reload`
}

/**
 * Does something while a file exists that tells others to leave the configuration alone. What is wrong with the file is logged, and keeps
 * nothing from being done.
 */
export async function whileMarked<T>(path: string | undefined, log: Logger, work: () => Promise<T>): Promise<T> {
  if (path === undefined) return await work()
  const tell = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error)
    log.warn({ path, err: error }, `reload_file: ${reason}`)
  }
  await mark(path).catch(tell)
  try {
    return await work()
  } finally {
    await unmark(path).catch(tell)
  }
}

/** Removes the file, which a process that was killed may have left. */
export async function unmark(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

async function makePidDirectory(): Promise<void> {
  const made = await mkdir(PID_DIRECTORY, { recursive: true, mode: DIRECTORY_MODE })
  // The mask of the process is one for files.
  if (made !== undefined) await chmod(PID_DIRECTORY, DIRECTORY_MODE)
}

async function mark(path: string): Promise<void> {
  if (dirname(path) === PID_DIRECTORY) await makePidDirectory()
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants
  const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, MODE)
  try {
    // Whatever the mask says: it is for others to see.
    await handle.chmod(MODE)
  } finally {
    await handle.close()
  }
}
