/**
 * `npm test`: sets the machine up, runs every suite and ends with `N passed, N failed`.
 *
 *   npm test                                        all suites; a suite's output is shown when it fails
 *   npm test -- --verbose                           … always
 *   npm test -- --suite interop [--suite rust]      only these
 *   npm test -- --suite interop -- --match '*PASS*' … with arguments for their test program
 *   npm run check                                   also what is generated must be up to date, and the documentation must build
 */
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { add, NONE } from './counts.mjs'
import { ROOT } from './process.mjs'
import { setUp } from './setup.mjs'
import { CHECK_PHASES, SUITES, TEST_PHASES } from './suites.mjs'

/** One line of the table at the end. @typedef {{ name: string, seconds: number, ok: boolean, counts: import('./counts.mjs').Counts }} Row */

const LOGS = join(ROOT, '.cache/test-logs')
const isCi = (process.env['CI'] ?? '') !== ''

/**
 * @param {string} name
 * @param {readonly string[]} args
 * @param {boolean} isVerbose
 * @returns {Promise<Row>}
 */
async function runSuite(name, args, isVerbose) {
  const start = performance.now()
  const file = join(LOGS, `${name}.log`)
  const log = createWriteStream(file)
  let output = ''
  const { ok, counts } = await suite(name)(args, (chunk) => {
    output += chunk
    log.write(chunk)
    if (isVerbose) process.stdout.write(chunk)
  })
  await new Promise((resolve) => log.end(resolve))
  const row = { name, seconds: (performance.now() - start) / 1000, ok: ok && !(isCi && counts.skipped > 0), counts }
  if (!row.ok && !isVerbose) process.stdout.write(`\n===== ${name} (${file})\n${output}=====\n\n`)
  process.stdout.write(`${line(row)}\n`)
  if (counts.skipped > 0 && !isVerbose) process.stdout.write(skipReasons(output))
  return row
}

/**
 * @param {string} name
 * @returns {import('./suites.mjs').Suite}
 */
function suite(name) {
  const found = SUITES[name]
  if (found === undefined) throw new Error(`there is no suite '${name}', only ${Object.keys(SUITES).join(', ')}`)
  return found
}

/**
 * What the tests say about why they were skipped.
 *
 * @param {string} output
 */
function skipReasons(output) {
  const reasons = new Set(output.split('\n').filter((text) => text.includes('skipped: ')))
  return [...reasons].map((reason) => `        ${reason.trim()}\n`).join('')
}

/** @param {Row} row */
function line({ name, seconds, ok, counts }) {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`
  return `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s   ${counts.passed} passed, ${counts.failed} failed${skipped}`
}

/** @returns {Promise<void>} */
async function main() {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, verbose: { type: 'boolean' }, suite: { type: 'string', multiple: true } },
    allowPositionals: true,
  })
  values.suite?.forEach(suite)
  if (positionals.length > 0 && values.suite === undefined) throw new Error('arguments for a test program need --suite')

  setUp('test')
  mkdirSync(LOGS, { recursive: true })
  const isVerbose = values.verbose === true || values.suite?.length === 1
  const phases = values.suite === undefined ? (values.check === true ? CHECK_PHASES : TEST_PHASES) : [values.suite]

  /** @type {Row[]} */
  const rows = []
  for (const phase of phases) rows.push(...(await Promise.all(phase.map(async (name) => runSuite(name, positionals, isVerbose)))))

  process.stdout.write(`\n${rows.map(line).join('\n')}\n`)
  const total = rows.reduce((sum, { counts }) => add(sum, counts), NONE)
  if (isCi && total.skipped > 0) process.stdout.write('in CI a skipped test is a failure: its environment is promised there\n')
  // The last line is read by programs.
  const failed = total.failed + (isCi ? total.skipped : 0)
  process.stdout.write(`${total.passed} passed, ${failed} failed${!isCi && total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`)
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.stdout.write('0 passed, 1 failed\n')
  process.exitCode = 1
}
