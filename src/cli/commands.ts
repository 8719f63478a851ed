/** Which command line it is: ours with a subcommand, keepalived's, or that of its genhash. */
import { basename } from 'node:path'

/** Our subcommands, known before their code is loaded. */
export const SUBCOMMANDS: ReadonlySet<string> = new Set([
  'start',
  'check',
  'fmt',
  'print-config',
  'import-config',
  'lvs',
  'drain',
  'maintenance',
  'weight',
  'release',
  'demo',
  'genhash',
  'explain',
  'completion',
  'help',
])

/**
 * What a command line is.
 *
 * Without a subcommand it is keepalived's. One that is misspelt is a mistake: keepalived starts a daemon whatever words stand on its
 * line, and does so here too when it is called `keepalived`.
 *
 * @param program path of the program as it was called
 */
export function commandKind(program: string, [first = '-']: readonly string[]): 'subcommand' | 'keepalived' | 'genhash' {
  // Its options are read as by keepalived's, in whose place it may be called.
  if (first === 'genhash' || basename(program) === 'genhash') return 'genhash'
  if (SUBCOMMANDS.has(first)) return 'subcommand'
  return first.startsWith('-') || first === '' || basename(program) === 'keepalived' ? 'keepalived' : 'subcommand'
}
