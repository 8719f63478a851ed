/** What a configuration asks of the process as a whole; only of one that is the daemon and nothing else. */
import { isMainThread } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { GlobalDefs } from '../config/model.ts'
import { fromNative, loadNative } from '../engine/native.ts'

/** How the process shows in ps(1) and pidof(8), unless `process_name` says otherwise. */
const NAME = 'ka-native'

/**
 * Gives the process its name and its file creation mask.
 *
 * @param umask that of the command line, which wins
 */
export async function applyProcessAttributes(
  settings: Pick<GlobalDefs, 'umask' | 'processName'>,
  log: Logger,
  umask?: number,
): Promise<void> {
  // A worker thread can change neither: they are the host's.
  if (!isMainThread) return
  process.umask(umask ?? settings.umask)
  const { nameThread } = await loadNative()
  try {
    nameThread(settings.processName ?? NAME)
  } catch (error) {
    log.warn({ err: error }, `the process has no name of its own: ${fromNative(error).message}`)
  }
}
