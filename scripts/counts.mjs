/** Reads how many tests ran from the output of the test programs. */

/** How many tests ended how. @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Counts} */
export const NONE = { passed: 0, failed: 0, skipped: 0 }

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/**
 * cargo test: one `test result:` line for each test program.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function countLibtest(output) {
  const lines = output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm)
  return [...lines].reduce(
    (sum, [, passed, failed, ignored]) => add(sum, { passed: Number(passed), failed: Number(failed), skipped: Number(ignored) }),
    NONE,
  )
}

/**
 * cargo nextest: one summary such as `Summary [   1.2s] 12/13 tests run: 10 passed (1 slow), 2 failed, 1 skipped`.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function countNextest(output) {
  const summary = output.match(/^\s*Summary \[.*tests? run: (.*)$/m)?.[1] ?? ''
  const failed = ['failed', 'exec failed', 'timed out'].reduce((sum, word) => sum + numberBefore(summary, word), 0)
  return { passed: numberBefore(summary, 'passed'), failed, skipped: numberBefore(summary, 'skipped') }
}

/**
 * A script of ours that says of each thing it tests how it ended: `ok NAME` or `FAILED NAME`, at the start of a line.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function countLines(output) {
  const count = (/** @type {RegExp} */ line) => [...output.matchAll(line)].length
  return { ...NONE, passed: count(/^ok /gm), failed: count(/^FAILED /gm) }
}

/**
 * ava: a line for each test that passed, and at the end one for each kind of failure, such as `  1 test failed`.
 *
 * @param {string} output
 * @returns {Counts}
 */
export function countAva(output) {
  const passed = [...output.matchAll(/^ {2}[✔√] /gm)].length
  const kinds = [...output.matchAll(/^ {2}(\d+) (?:tests?|hooks?|known|uncaught|unhandled) ?(.*)$/gm)]
  const total = (/** @type {RegExp} */ kind) => kinds.reduce((sum, [, count, text]) => sum + (kind.test(text ?? '') ? Number(count) : 0), 0)
  return {
    passed,
    failed: total(/^(?:failed|failures?|exceptions?|rejections?|remained pending .*)$/),
    skipped: total(/^(?:skipped|todo)$/),
  }
}

/**
 * @param {string} summary
 * @param {string} word
 */
function numberBefore(summary, word) {
  return Number(summary.match(new RegExp(`(?:^|, )(\\d+) ${word}\\b`))?.[1] ?? 0)
}
