/**
 * Statuses of our check against those of Debian's `keepalived -t` (2.2.7): for files made from every row of
 * keywords.tsv, and for whole configurations as operators write them. differences.ts lists what differs.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { DIFFERENCES, ENDLESS, NEWER, isNewer, matches, reasonsFor } from './differences.ts'
import { generatedCases } from './differential/cases.ts'
import { compareAll, grouped } from './differential/compare.ts'
import type { Comparison } from './differential/compare.ts'
import { ROWS } from './differential/rows.ts'
import { whyNotComparable } from './differential/statuses.ts'

const COMPATIBILITY = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')

const problem = whyNotComparable()
const run = problem === undefined ? test : test.skip
if (problem !== undefined) console.warn(`the comparison of statuses is skipped: ${problem}`)

const scratch = mkdtempSync(join(tmpdir(), 'ka-differential-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

let compared: readonly Comparison[] | undefined
/** All comparisons: made once, when the first test needs them. */
function comparisons(): readonly Comparison[] {
  compared ??= compareAll(scratch)
  return compared
}

/** Whether a file only uses a keyword. */
function isPlain(name: string): boolean {
  return name.endsWith('/minimal') || name.endsWith('/empty')
}

test('there is a file for every row', (t) => {
  const made = new Set(generatedCases().map(({ row }) => row))
  t.deepEqual(
    ROWS.filter((row) => !made.has(row)).map(({ block, keyword }) => `${block} ${keyword}`),
    [],
  )
})

test('the files are the same in every run, and each is there once', (t) => {
  const cases = generatedCases()
  t.deepEqual(generatedCases(), cases)
  t.is(new Set(cases.map(({ name }) => name)).size, cases.length)
  t.true(cases.length > 900)
})

test('every reason is a row of docs/compatibility.md', (t) => {
  for (const { reason } of DIFFERENCES) t.true(COMPATIBILITY.includes(`\n| ${reason} |`), reason)
})

run('the keywords that 2.2.7 does not know are those listed', (t) => {
  const unknown = comparisons().filter(
    ({ name, row, log }) => row !== undefined && isPlain(name) && log().includes(`Unknown keyword '${row.keyword}'`),
  )
  const found = new Set(unknown.map(({ row }) => `${row?.block ?? ''} ${row?.keyword ?? ''}`))
  const listed = Object.entries(NEWER).flatMap(([block, keywords]) => keywords.map((keyword) => `${block} ${keyword}`))
  t.deepEqual([...found].sort(), listed.sort())
})

run('keywords newer than 2.2.7 are known here', (t) => {
  for (const { name, row, said } of comparisons()) {
    if (row !== undefined && isNewer(row) && isPlain(name)) t.notRegex(said, /(?:unknown|misplaced)-keyword/, name)
  }
})

run('statuses are those of keepalived -t, apart from listed differences', (t) => {
  const judged = comparisons().filter(({ row }) => row === undefined || !isNewer(row))
  const unlisted = judged.filter(({ name, keepalived, ours }) => keepalived !== ours && reasonsFor(name).length === 0)
  const lists = [...grouped(unlisted)].map(([key, group]) => `${key}\n${group.map(({ name }) => `  ${name}\n`).join('')}`)
  t.is(unlisted.length, 0, lists.join('\n'))
})

run('every listed difference is one, and is listed once', (t) => {
  const byName = new Map(comparisons().map((comparison) => [comparison.name, comparison]))
  for (const { files, reason } of DIFFERENCES) {
    for (const file of files) {
      const meant = [...byName.keys()].filter((name) => matches(file, name))
      t.true(meant.length > 0, `${reason}: no file is called ${String(file)}`)
    }
  }
  const all = [...byName.values()]
  const settled = all.filter(({ name, keepalived, ours }) => ours === keepalived && reasonsFor(name).length > 0)
  t.deepEqual(
    settled.map(({ name }) => name),
    [],
    'these no longer differ',
  )
  t.deepEqual(
    all.filter(({ name }) => reasonsFor(name).length > 1).map(({ name }) => name),
    [],
    'these have several reasons',
  )
  const names = new Set(generatedCases().map(({ name }) => name))
  for (const name of ENDLESS) t.true(names.has(name), `no file is called ${name}`)
})
