import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subject } from '../src/cli/demo/router.ts'
import { isInstalled } from '../src/cli/demo/sandbox.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The names of what is compared, the measure first: ratios are the other's figures by this one's. */
export const SUBJECTS = ['keepalived', 'ka-native'] as const

/** A program that is compared. */
export type SubjectName = (typeof SUBJECTS)[number]

/**
 * Names what a benchmark runs and this machine lacks.
 *
 * @throws Error with the programs, before anything was started.
 */
export function requirePrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`)
}

/**
 * Parses a comma-separated list of subjects.
 *
 * @param keepalived the program to run as keepalived.
 * @throws Error naming the word that is no subject.
 */
export function subjectsOf(list: string, keepalived: string): Subject[] {
  const known: Readonly<Record<SubjectName, Subject>> = {
    keepalived: {
      name: 'keepalived',
      command: (configFile, directory) => {
        const pids = ['--pid', join(directory, 'keepalived.pid'), '--vrrp_pid', join(directory, 'vrrp.pid')]
        return [keepalived, '--dont-fork', '--log-console', '--no-syslog', '--vrrp', '--use-file', configFile, ...pids]
      },
    },
    'ka-native': {
      name: 'ka-native',
      command: (configFile, directory) => {
        const program = join(ROOT, 'dist/cli/main.js')
        return [process.execPath, program, 'start', '-f', configFile, '--runtime-dir', directory]
      },
    },
  }
  return list.split(',').map((name) => {
    const subject = Object.entries(known).find(([key]) => key === name)?.[1]
    if (subject === undefined) throw new Error(`'${name}' is none of ${SUBJECTS.join(', ')}`)
    return subject
  })
}
