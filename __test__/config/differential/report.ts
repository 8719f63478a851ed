/**
 * Prints how the statuses of keepalived and of our check differ, with what each of them says:
 *
 *     node --import=@oxc-node/core/register __test__/config/differential/report.ts [TEXT]
 *
 * TEXT is part of the names of the files to compare.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isNewer, reasonsFor } from '../differences.ts'
import { compareAll, grouped } from './compare.ts'
import type { Comparison } from './compare.ts'
import { whyNotComparable } from './statuses.ts'

const problem = whyNotComparable()
if (problem === undefined) report(process.argv[2] ?? '')
else console.error(problem)

function report(filter: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'ka-differential-'))
  const start = performance.now()
  const all = compareAll(folder, filter)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const judged = all.filter(({ row }) => row === undefined || !isNewer(row))
  const different = judged.filter(({ keepalived, ours }) => keepalived !== ours)
  const unlisted = different.filter(({ name }) => reasonsFor(name).length === 0)
  for (const [key, group] of grouped(unlisted)) {
    console.log(`\n== ${key} (${group.length})`)
    for (const { name, said, log } of group) console.log(`${name}\n    keepalived: ${shortened(log())}\n    ka-native:  ${said}`)
  }
  console.log(`\n${all.length} files in ${seconds} s; keepalived's statuses: ${statistic(all)}`)
  console.log(`${judged.length} to be the same, ${different.length} differ, ${unlisted.length} of them for no listed reason`)
  rmSync(folder, { recursive: true })
}

/** The messages of a log, each once, without times and places. */
function shortened(log: string): string {
  const messages = log.split('\n').map((line) => line.replace(/^(?:.{24}: )?(?:\((?:\S*: )?Line \d+\) )?/, ''))
  return [...new Set(messages)].filter((message) => message !== '').join(' / ')
}

function statistic(all: readonly Comparison[]): string {
  const counts = new Map<number, number>()
  for (const { keepalived } of all) counts.set(keepalived, (counts.get(keepalived) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${status}: ${count}`).join(', ')
}
