/** Core files of the daemon: keepalived's options -m and -M (process.md §1). */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { fromNative, loadNative } from '../engine/native.ts'

/** How the kernel names core files, of every process of the host (core(5)). */
const PATTERN_FILE = '/proc/sys/kernel/core_pattern'

/** What is asked for. */
export interface CoreDumps {
  /** Core files may be of any size. */
  readonly isAllowed: boolean
  /** How the kernel names core files of the host until the process ends. */
  readonly pattern?: string
}

/** Allows core files and names them; what the system refuses is logged. */
export async function allowCoreDumps({ isAllowed, pattern }: CoreDumps, log: Logger): Promise<void> {
  if (isAllowed) {
    const { allowCoreFiles } = await loadNative()
    try {
      allowCoreFiles()
    } catch (error) {
      log.warn(
        { capability: 'CAP_SYS_RESOURCE' },
        `missing capability CAP_SYS_RESOURCE: core files may be cut: ${fromNative(error).message}`,
      )
    }
  }
  if (pattern === undefined) return
  try {
    const former = useCorePattern(pattern)
    process.on('exit', () => {
      restoreCorePattern(pattern, former)
    })
  } catch (error) {
    log.warn({ err: error }, `core files are not named ${pattern}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Sets the pattern. @param file where; another one for tests, as the setting is the whole host's @returns the former one */
export function useCorePattern(pattern: string, file: string = PATTERN_FILE): string {
  const former = readFileSync(file, 'utf8').trimEnd()
  writeFileSync(file, `${pattern}\n`)
  return former
}

/** Sets the former pattern again, unless somebody else has changed it meanwhile. */
export function restoreCorePattern(pattern: string, former: string, file: string = PATTERN_FILE): void {
  try {
    if (readFileSync(file, 'utf8').trimEnd() === pattern) writeFileSync(file, `${former}\n`)
  } catch {
    // The process ends: nobody is left to tell.
  }
}
