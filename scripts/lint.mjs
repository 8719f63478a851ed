/** `npm run lint`: format, lint and types of both languages. */
import { collect } from './process.mjs'

/** No colours, also where CI asks for them. */
const PLAIN = { NO_COLOR: '1', FORCE_COLOR: '', CARGO_TERM_COLOR: 'never' }

/** One check: a name and the command that must succeed. @typedef {{ name: string, command: import('./process.mjs').Command }} Check */

/** Checks that share cargo's lock, and run one after the other. @type {readonly Check[]} */
export const RUST_CHECKS = [
  { name: 'rustfmt', command: { argv: ['cargo', 'fmt', '--all', '--check', '--', '--color', 'never'] } },
  {
    name: 'rustfmt of fuzz',
    command: { argv: ['cargo', 'fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check', '--', '--color', 'never'] },
  },
  { name: 'clippy', command: { argv: ['cargo', 'clippy', '--quiet', '--workspace', '--all-targets', '--', '-D', 'warnings'] } },
]

/** @type {readonly Check[]} */
export const TYPESCRIPT_CHECKS = [
  { name: 'oxfmt', command: { argv: ['node_modules/.bin/oxfmt', '--check'] } },
  { name: 'oxlint', command: { argv: ['node_modules/.bin/oxlint', '--deny-warnings', '--report-unused-disable-directives'] } },
  { name: 'types', command: { argv: ['node_modules/.bin/tsc', '-p', '.'] } },
  { name: 'types of scripts', command: { argv: ['node_modules/.bin/tsc', '-p', 'scripts'] } },
]

/** What `npm run check` asks for beyond `npm run lint`. @type {readonly Check[]} */
export const DOCUMENTATION_CHECKS = [
  {
    name: 'rustdoc',
    command: {
      argv: ['cargo', 'doc', '--quiet', '--workspace', '--no-deps', '--document-private-items'],
      env: { RUSTDOCFLAGS: '-D warnings' },
    },
  },
]

/**
 * Runs lists of checks, the lists side by side and each one's checks in order.
 *
 * @param {readonly (readonly Check[])[]} lists
 * @param {(chunk: string) => void} onOutput is told each part of the output as it comes
 * @returns {Promise<{ passed: string[], failed: string[] }>} names of checks
 */
export async function runChecks(lists, onOutput) {
  /** @type {{ passed: string[], failed: string[] }} */
  const result = { passed: [], failed: [] }
  const runList = async (/** @type {readonly Check[]} */ checks) => {
    for (const { name, command } of checks) {
      const { ok, output } = await collect({ ...command, env: { ...PLAIN, ...command.env } }, () => undefined)
      onOutput(ok ? `ok      ${name}\n` : `FAILED  ${name}: ${command.argv.join(' ')}\n${output}\n`)
      result[ok ? 'passed' : 'failed'].push(name)
    }
  }
  await Promise.all(lists.map(runList))
  return result
}

if (process.argv[1] === import.meta.filename) {
  const { passed, failed } = await runChecks([RUST_CHECKS, TYPESCRIPT_CHECKS], (chunk) => process.stdout.write(chunk))
  process.stdout.write(`${passed.length} passed, ${failed.length} failed\n`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
