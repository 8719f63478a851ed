/** Whether time grows with the input, not with its square. */
import { Diagnostics } from '../../src/config/diagnostics/diagnostic.ts'

const TIMES = 8
/** A square takes 64 times as long. */
const ALLOWED = 20
/** Below this the compiler and the collector decide. */
const FLOOR_MS = 20
const ATTEMPTS = 3

/**
 * Runs something with an input of a size, and with one eight times as large.
 *
 * @returns how many times as long the larger one took at the least, by the processor's time; absent when that is no square
 */
export function squareGrowth<T>(size: number, make: (size: number) => T, run: (input: T) => void): number | undefined {
  const [small, large] = [make(size), make(TIMES * size)]
  run(small)
  const ratios: number[] = []
  while (ratios.length < ATTEMPTS) {
    const ratio =
      cpuMs(() => run(large)) /
      Math.max(
        FLOOR_MS,
        cpuMs(() => run(small)),
      )
    if (ratio < ALLOWED) return undefined
    ratios.push(ratio)
  }
  return Math.min(...ratios)
}

/** What other processes do meanwhile does not count. */
function cpuMs(run: () => void): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** The codes that something reports. */
export function codesOf(report: (diagnostics: Diagnostics) => void): readonly string[] {
  const diagnostics = new Diagnostics()
  report(diagnostics)
  return [...diagnostics].map(({ code }) => code)
}
