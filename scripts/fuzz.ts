/**
 * Random configurations for as long as wanted: `npm run fuzz -- --minutes 10`. Prints the seed and the text of the
 * first one that throws or takes too long, and ends with 1 then.
 */
import { parseArgs } from 'node:util'
import { Random, randomText, readEverything, seeds } from '../__test__/config/fuzz.ts'

/** CPU time that one text may take. */
const LIMIT_MS = 2_000

function main(): number {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } })
  const texts = seeds()
  const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
  const end = performance.now() + Number(values.minutes) * 60_000
  let slowestMs = 0
  let seed = first
  for (; performance.now() < end; seed++) {
    const text = randomText(new Random(seed), texts)
    const before = process.cpuUsage()
    try {
      readEverything(text)
    } catch (error) {
      process.stderr.write(`seed ${seed} throws: ${JSON.stringify(text)}\n${error instanceof Error ? error.stack : String(error)}\n`)
      return 1
    }
    const { user, system } = process.cpuUsage(before)
    slowestMs = Math.max(slowestMs, (user + system) / 1000)
    if (slowestMs > LIMIT_MS) {
      process.stderr.write(`seed ${seed} takes ${slowestMs} ms: ${JSON.stringify(text)}\n`)
      return 1
    }
  }
  process.stdout.write(`${seed - first} texts from seed ${first} on: none threw; the slowest took ${slowestMs.toFixed(0)} ms of CPU time\n`)
  return 0
}

process.exitCode = main()
