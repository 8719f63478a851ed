import type { ScriptCommand } from '../config/tables/values.ts'

/** A command as keepalived's dumps have it: each word in quotes. */
export function commandText({ path, args }: Pick<ScriptCommand, 'path' | 'args'>): string {
  return [path, ...args].map((word) => `'${word}'`).join(' ')
}
