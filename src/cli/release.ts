import { fromNative, loadNative, native } from '../engine/native.ts'
import { exitCodeOf, KaError } from '../errors.ts'
import { outwaitDying } from '../process/patience.ts'

/** Options of `ka-native release`. */
export interface ReleaseOptions {
  readonly runtimeDir?: string
  readonly instance?: string
}

/** Removes what daemons that were killed left behind, or the one of the given instance; the exit code: 1 when something could not be removed. */
export async function runRelease({ runtimeDir, instance }: ReleaseOptions): Promise<number> {
  try {
    const { release } = await loadNative()
    // Directly after kill -9 the lock may be held still.
    const { released, failed } = await outwaitDying(async () => await native(async () => await release(runtimeDir, instance)))
    for (const address of released) process.stdout.write(`released ${address}\n`)
    for (const address of failed) process.stderr.write(`ka-native: could not release ${address}\n`)
    return failed.length === 0 ? 0 : 1
  } catch (error) {
    const known = error instanceof KaError ? error : fromNative(error)
    process.stderr.write(`ka-native: ${known.message}\n`)
    // A daemon that runs is no failure of a start, but it is one of a release.
    return exitCodeOf(known) === 0 ? 1 : exitCodeOf(known)
  }
}
