import { ask, targetOf, tell } from './operator.ts'
import type { NamedServer, TargetOptions } from './operator.ts'

/** Takes a server out of its pools until told otherwise, or gives it back to its checkers; the exit code. */
export async function runMaintenance(server: string, state: 'on' | 'off', options: TargetOptions): Promise<number> {
  const request = { command: 'maintenance', ...targetOf(server, options), on: state === 'on' }
  const asked = await ask<readonly NamedServer[]>(options, request)
  if ('exitCode' in asked) return asked.exitCode
  tell(asked.answer, state === 'on' ? 'in maintenance' : 'no longer in maintenance')
  return 0
}
