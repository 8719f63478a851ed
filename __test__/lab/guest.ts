import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test, { type SerialFn } from 'ava'
import type { CommandResult } from './sandbox.ts'

const RUN = fileURLToPath(new URL('../ipvs-lab/run', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What `run` ends with when a package is missing. */
const MISSING = 126

/**
 * `test.serial`, or its `skip` where no guest can be booted; the log then says why. A guest is a kernel of its own, in which tests may do
 * what must not happen to the host, such as setting its clock. It takes three seconds to boot.
 */
export const guestTest: SerialFn | SerialFn['skip'] = isAvailable() ? test.serial : test.serial.skip

function isAvailable(): boolean {
  const { status, stderr } = spawnSync(RUN, ['--timeout', '60', '--', 'true'], { encoding: 'utf8', cwd: ROOT })
  if (status !== 0)
    console.warn(`tests in a guest kernel are skipped: ${status === MISSING ? stderr.trim() : `status ${status}: ${stderr}`}`)
  return status === 0
}

/** Runs a command as root in a guest kernel that ends with it; the working directory is the root of the repository. */
export async function runInGuest(command: readonly string[], limitS: number): Promise<CommandResult> {
  const child = spawn(RUN, ['--timeout', String(limitS), '--', ...command], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode ?? 1, stdout, stderr }
}
