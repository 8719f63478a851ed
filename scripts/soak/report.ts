import { table } from '../../bench/statistics.ts'
import type { Sample, SoakedDaemon } from './daemon.ts'
import { trendOf } from './trend.ts'

const MIB = 2 ** 20
const WARN = 40

/** A sample and when it was taken. */
export type TimedSample = Sample & { readonly minute: number }

/** By how much each may grow from the first sample after the warm-up to the last one: about three times what its variation makes of 20 minutes. */
const MEASURES: readonly { readonly key: keyof Sample; readonly name: string; readonly unit: number; readonly tolerance: number }[] = [
  { key: 'heap', name: 'JS heap after collection, MiB', unit: MIB, tolerance: 1.25 * MIB },
  { key: 'data', name: '  of it what the program holds', unit: MIB, tolerance: 0.25 * MIB },
  { key: 'code', name: '  of it compiled code', unit: MIB, tolerance: 1 * MIB },
  { key: 'external', name: 'outside of the JS heap, MiB', unit: MIB, tolerance: 0.25 * MIB },
  { key: 'resident', name: 'resident memory, MiB', unit: MIB, tolerance: 2 * MIB },
  { key: 'descriptors', name: 'descriptors', unit: 1, tolerance: 3 },
  { key: 'threads', name: 'threads', unit: 1, tolerance: 0.5 },
  { key: 'children', name: 'children', unit: 1, tolerance: 1 },
  { key: 'zombies', name: 'zombies', unit: 1, tolerance: 0.1 },
  { key: 'files', name: 'files', unit: 1, tolerance: 0.5 },
  { key: 'fileBytes', name: 'files, KiB', unit: 1024, tolerance: 16 * 1024 },
]

/** Prints what became of each measure; those that are not flat. */
export function report(samples: readonly TimedSample[]): readonly string[] {
  if (samples.length < 3) return ['too few samples after the warm-up']
  const rows = MEASURES.map(({ key, name, unit, tolerance }) => {
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
