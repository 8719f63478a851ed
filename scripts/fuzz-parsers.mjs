/**
 * Fuzzes what reads octets of peers and of the kernel (`fuzz/`), all targets side by side, from the corpus that is kept there.
 *
 *   node scripts/fuzz-parsers.mjs                  ten seconds each, as `npm test` does
 *   npm run fuzz:parsers                           ten minutes each
 *   npm run fuzz:parsers -- --keep                 … and what reached new code goes into the corpus
 *
 * Prints `ok NAME` or `FAILED NAME` for each target, and where it failed the input, in hexadecimal digits and as a file in fuzz/artifacts.
 */
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { collect, ROOT } from './process.mjs'

/**
 * Coverage as libFuzzer reads it. These are options of the stable compiler; only its sanitizers are not, and they look for what safe
 * Rust cannot do.
 */
const COVERAGE = [
  '-Cpasses=sancov-module',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`),
  '-Ccodegen-units=1',
  '--cfg=fuzzing',
]

/** Octets of the longest input: a datagram of the kernel, and more than any advertisement. */
const MAX_LEN = 4096

const FUZZ = join(ROOT, 'fuzz')
const HOST = 'x86_64-unknown-linux-gnu'

/** @returns {Promise<void>} */
async function main() {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, keep: { type: 'boolean', default: false } } })
  const binaries = await build()
  const targets = readdirSync(join(FUZZ, 'corpus')).toSorted()
  const results = await Promise.all(targets.map(async (name) => runTarget(binaries, name, Number(values.seconds), values.keep)))
  if (results.includes(false)) process.exitCode = 1
}

/**
 * Builds the targets, with the host named: otherwise build scripts would be instrumented too, and could not be linked.
 *
 * @returns {Promise<string>} the directory of the programs
 */
async function build() {
  const target = join(ROOT, 'target/fuzz')
  const host = process.arch === 'x64' ? HOST : HOST.replace('x86_64', 'aarch64')
  const argv = ['cargo', 'build', '--release', '--manifest-path', join(FUZZ, 'Cargo.toml'), '--target', host, '--target-dir', target]
  const { ok, output } = await collect({ argv: ['nice', '-n', '10', ...argv], env: { RUSTFLAGS: COVERAGE.join(' ') } }, () => {})
  if (!ok) throw new Error(`the fuzz targets cannot be built:\n${output}`)
  return join(target, host, 'release')
}

/**
 * @param {string} binaries
 * @param {string} name
 * @param {number} seconds
 * @param {boolean} keep
 * @returns {Promise<boolean>}
 */
async function runTarget(binaries, name, seconds, keep) {
  const corpus = join(FUZZ, 'corpus', name)
  const artifacts = join(FUZZ, 'artifacts', name)
  mkdirSync(artifacts, { recursive: true })
  // What is found goes beside the corpus: a test must not change what is committed.
  const found = mkdtempSync(join(tmpdir(), `ka-fuzz-${name}-`))
  const program = join(binaries, name)
  try {
    const limits = [`-max_total_time=${seconds}`, `-max_len=${MAX_LEN}`, '-timeout=30', '-rss_limit_mb=512', '-print_final_stats=1']
    const { ok, output } = await collect({ argv: [program, ...limits, `-artifact_prefix=${artifacts}/`, found, corpus] }, () => {})
    const runs = output.match(/number_of_executed_units:\s*(\d+)/)?.[1] ?? '0'
    // A program that ran nothing proves nothing.
    const isOk = ok && Number(runs) > 0
    process.stdout.write(`${isOk ? 'ok' : 'FAILED'} ${name}: ${runs} inputs\n${isOk ? '' : `${output.slice(-8000)}\n${inputs(artifacts)}`}`)
    if (isOk && keep) {
      const merged = await collect({ argv: [program, '-merge=1', `-max_len=${MAX_LEN}`, corpus, found] }, () => {})
      if (!merged.ok) throw new Error(`the corpus of ${name} cannot be merged:\n${merged.output}`)
    }
    return isOk
  } finally {
    rmSync(found, { recursive: true, force: true })
  }
}

/**
 * The inputs that failed, to be read in the log of a machine that nobody can look at.
 *
 * @param {string} directory
 */
function inputs(directory) {
  return readdirSync(directory)
    .map((file) => `${file}: ${readFileSync(join(directory, file)).toString('hex')}\n`)
    .join('')
}

await main()
