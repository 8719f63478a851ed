/** The suites behind `npm test`: what each runs and how its tests are counted. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { add, countAva, countLibtest, countLines, countNextest, NONE } from './counts.mjs'
import { drift } from './drift.mjs'
import { DOCUMENTATION_CHECKS, RUST_CHECKS, runChecks, TYPESCRIPT_CHECKS } from './lint.mjs'
import { collect } from './process.mjs'

/** @typedef {import('./counts.mjs').Counts} Counts */
/** @typedef {import('./process.mjs').Command} Command */

/** The result of one suite. @typedef {{ ok: boolean, counts: Counts }} Result */

/** Given the arguments of a developer for its test program, and told the output as it comes. @typedef {(args: readonly string[], onOutput: (chunk: string) => void) => Promise<Result>} Suite */

/** Logs are read by people and counted by us: no colours. */
const PLAIN = { FORCE_COLOR: '0', CARGO_TERM_COLOR: 'never' }

/** Test files that belong to a suite of their own; the `typescript` suite has the rest. */
const SPECIAL = ['lab', 'native', 'system', 'interop', 'lvs', 'package', 'demo', 'cli/keepalived']

/** @type {Readonly<Record<string, Suite>>} */
export const SUITES = {
  lint: checks([RUST_CHECKS, TYPESCRIPT_CHECKS]),
  drift,
  documentation: checks([DOCUMENTATION_CHECKS]),
  rust: async (args, onOutput) => {
    const tests = hasNextest()
      ? ['nextest', 'run', '--workspace', '--no-fail-fast']
      : ['test', '--workspace', '--lib', '--bins', '--tests', '--no-fail-fast']
    const unit = await counted({ argv: cargo([...tests, ...args]) }, hasNextest() ? countNextest : countLibtest, onOutput)
    if (args.length > 0) return unit
    const documentation = await counted({ argv: cargo(['test', '--workspace', '--doc']) }, countLibtest, onOutput)
    return { ok: unit.ok && documentation.ok, counts: add(unit.counts, documentation.counts) }
  },
  typescript: ava(['__test__/**/*.spec.ts', ...SPECIAL.map((directory) => `!__test__/${directory}/**`)]),
  native: ava(['__test__/native/**']),
  package: ava(['__test__/package/**']),
  system: ava(['__test__/system/**']),
  lvs: ava(['__test__/lvs/**']),
  interop: ava(['__test__/lab/**', '__test__/interop/**', '__test__/cli/keepalived/**']),
  demo: ava(['__test__/demo/**']),
  fuzz: async (_args, onOutput) => counted({ argv: [process.execPath, 'scripts/fuzz-parsers.mjs'] }, countLines, onOutput),
}

/**
 * What `npm test` runs side by side, in this order. Compilers and guest kernels, which take all of the processor, run beside nothing whose
 * daemons need it in time, and of the suites in network namespaces no more at once than leave each of them enough.
 *
 * @type {readonly (readonly string[])[]}
 */
export const TEST_PHASES = [['lint'], ['rust', 'fuzz'], ['typescript'], ['native', 'package', 'demo'], ['system', 'interop'], ['lvs']]

/** The same for `npm run check`. @type {readonly (readonly string[])[]} */
export const CHECK_PHASES = [['drift'], ['documentation'], ...TEST_PHASES]

/**
 * @param {readonly (readonly import('./lint.mjs').Check[])[]} lists
 * @returns {Suite}
 */
function checks(lists) {
  return async (_args, onOutput) => {
    const { passed, failed } = await runChecks(lists, onOutput)
    return { ok: failed.length === 0, counts: { passed: passed.length, failed: failed.length, skipped: 0 } }
  }
}

/**
 * @param {readonly string[]} files
 * @returns {Suite}
 */
function ava(files) {
  return async (args, onOutput) => counted({ argv: ['node_modules/.bin/ava', ...args, ...files] }, countAva, onOutput)
}

/**
 * @param {Command} command
 * @param {(output: string) => Counts} count
 * @param {(chunk: string) => void} onOutput
 * @returns {Promise<Result>}
 */
async function counted({ argv }, count, onOutput) {
  onOutput(`$ ${argv.join(' ')}\n`)
  const { ok, output } = await collect({ argv, env: PLAIN }, onOutput)
  const counts = count(output)
  // A program that could not be built, crashed or ran nothing is a failure that no test stands for.
  const isUnexplained = counts.failed === 0 && (!ok || counts.passed + counts.skipped === 0)
  return { ok: ok && !isUnexplained, counts: isUnexplained ? add(counts, { ...NONE, failed: 1 }) : counts }
}

/**
 * @param {readonly string[]} args
 * @returns {[string, ...string[]]}
 */
function cargo(args) {
  return ['nice', '-n', '10', 'cargo', ...args]
}

function hasNextest() {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), join(process.env['HOME'] ?? '', '.cargo/bin')]
  return directories.some((directory) => existsSync(join(directory, 'cargo-nextest')))
}
