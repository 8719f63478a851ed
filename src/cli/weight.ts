import { ask, targetOf, tell } from './operator.ts'
import type { NamedServer, TargetOptions } from './operator.ts'

/** Gives a server another weight until told otherwise, or that of its configuration; the exit code. */
export async function runWeight(server: string, weight: number | 'default', options: TargetOptions): Promise<number> {
  const asked = await ask<readonly NamedServer[]>(options, { command: 'weight', ...targetOf(server, options), weight })
  if ('exitCode' in asked) return asked.exitCode
  tell(asked.answer, weight === 'default' ? 'has the weight of its configuration' : `has weight ${weight}`)
  return 0
}
