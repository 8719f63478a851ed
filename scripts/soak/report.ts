import { table } from '../../bench/statistics.ts'
import type { Sample, SoakedDaemon } from './daemon.ts'
import { trendOf } from './trend.ts'

const MIB = 2 ** 20
const WARN = 40

/** A sample and when it was taken. */
export type TimedSample = Sample & { readonly minute: number }

/** What is looked at, and how much of it is one of what is shown. */
const MEASURES: readonly { readonly key: keyof Sample; readonly name: string; readonly unit: number }[] = [
  { key: 'heap', name: 'JS heap after collection, MiB', unit: MIB },
  { key: 'code', name: '  of it compiled code', unit: MIB },
  { key: 'external', name: 'outside of the JS heap, MiB', unit: MIB },
  { key: 'resident', name: 'resident memory, MiB', unit: MIB },
  { key: 'descriptors', name: 'descriptors', unit: 1 },
  { key: 'threads', name: 'threads', unit: 1 },
  { key: 'children', name: 'children', unit: 1 },
  { key: 'zombies', name: 'zombies', unit: 1 },
  { key: 'files', name: 'files', unit: 1 },
  { key: 'fileBytes', name: 'files, KiB', unit: 1024 },
]

/**
 * By how much each may grow from the first sample after the warm-up to the last one: of what varies, about three times what that makes of
 * twenty minutes. Compiled code is part of the heap, and judged with it.
 */
function tolerances(isInterpreted: boolean): Readonly<Record<keyof Sample, number>> {
  const heap = isInterpreted ? 0.25 * MIB : 1.25 * MIB
  const counts = { descriptors: 3, threads: 0.5, children: 1, zombies: 0.1, files: 0.5 }
  return { heap, code: heap, external: 0.25 * MIB, resident: 2 * MIB, ...counts, fileBytes: 16 * 1024 }
}

/** Prints what became of each measure; those that are not flat. */
export function report(samples: readonly TimedSample[], isInterpreted: boolean): readonly string[] {
  if (samples.length < 3) return ['too few samples after the warm-up']
  const allowed = tolerances(isInterpreted)
  const rows = MEASURES.map(({ key, name, unit }) => {
    const tolerance = allowed[key]
    const trend = trendOf(samples.map((sample) => [sample.minute, sample[key]]))
    const flat = trend.growth <= tolerance
    const figures = [trend.least, trend.mean, trend.most, trend.slope * 60, trend.growth, trend.growthError, tolerance]
    return { name, flat, cells: figures.map((figure) => (figure / unit).toFixed(2)) }
  })
  const header = ['', 'least', 'mean', 'most', 'slope per h', 'growth', '± error', 'tolerance', 'flat']
  process.stdout.write(`\n${table([header, ...rows.map(({ name, cells, flat }) => [name, ...cells, flat ? 'yes' : 'NO'])])}\n`)
  process.stdout.write(`${samples.length} samples, ${samples[0]?.minute.toFixed(1)} to ${samples.at(-1)?.minute.toFixed(1)} min\n`)
  return rows.filter(({ flat }) => !flat).map(({ name }) => `grows: ${name}`)
}

/** Prints what happened to the daemon, and what it said of it. */
export function describe(daemon: SoakedDaemon, done: Readonly<Record<string, number>>, kinds: ReadonlyMap<string, number>): void {
  const list = (counts: Iterable<readonly [string, number]>): string => [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  process.stdout.write(`what happened: ${list(Object.entries(done))}\n`)
  process.stdout.write(`descriptors at the end: ${list(kinds)}\n`)
  process.stdout.write(`${daemon.log.lines} lines of log; of warnings and errors:\n`)
  for (const { count, message } of daemon.log.from(WARN)) process.stdout.write(`  ${count} ${message}\n`)
}
