/** Running commands for the other scripts. Like them it needs nothing that is not in Node 20. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Where programs are looked for: also where ordinary users do not have them in their PATH. */
const PROGRAM_DIRECTORIES = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/**
 * Whether a program is installed.
 *
 * @param {string} program
 * @returns {boolean}
 */
export function hasProgram(program) {
  return PROGRAM_DIRECTORIES.some((directory) => existsSync(join(directory, program)))
}

/**
 * Runs a command in the repository, its output on our standard error, and waits.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 * @throws {Error} when it fails
 */
export function run(program, args, env = {}) {
  process.stderr.write(`$ ${[program, ...args].join(' ')}\n`)
  const { status, error } = spawnSync(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 2, 2] })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
}

/** A command line and what it gets in its environment. @typedef {{ argv: readonly [string, ...string[]], env?: Record<string, string> }} Command */

/**
 * Runs a command in the repository and collects both its output streams as one text.
 *
 * @param {Command} command
 * @param {(chunk: string) => void} onOutput is told each part as it comes
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function collect({ argv: [program, ...args], env = {} }, onOutput) {
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (/** @type {string} */ chunk) => {
      output += chunk
      onOutput(chunk)
    })
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, output: `${output}${program}: ${error.message}\n` }))
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}
