/**
 * How long many virtual servers take to be in the kernel, to change and to go: `npm run bench:ipvs`.
 *
 * keepalived and ka-native take turns in one guest kernel with IPVS. Then ka-native alone reloads very many checkers. The table goes to
 * standard error, the figures as JSON to standard output.
 */
import { parseArgs } from 'node:util'
import { GuestReports } from '../__test__/lab/guest-kernel.ts'
import type { LibraryFigures, PoolFigures } from './ipvs-guest.ts'
import { quantile, table } from './statistics.ts'
import { SUBJECTS } from './subject.ts'

const LIMIT_S = 3_000
const MEMORY_MB = 3_072

const FIGURES = [
  ['start to the last message of IPVS, ms', 'startMs'],
  ['from the first message of IPVS to the last, ms', 'messagesMs'],
  ['SIGHUP to the changed weight of 1 server, ms', 'changeMs'],
  ['stop, ms', 'stopMs'],
  ['services and servers left', 'left'],
] as const

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      subjects: { type: 'string', default: SUBJECTS.join(',') },
      services: { type: 'string', default: '1000' },
      servers: { type: 'string', default: '10' },
      runs: { type: 'string', default: '3' },
      /** Checkers of the reload that changes nothing, spread over as many virtual servers. */
      checkers: { type: 'string', default: '37000' },
    },
  })
  const subjects = values.subjects.split(',')
  const { services, servers, runs, checkers } = values
  const guest = GuestReports.start('bench/ipvs-guest.ts', [values.subjects, services, servers, runs, checkers], LIMIT_S, MEMORY_MB)
  const pools: (PoolFigures & { subject: string })[] = []
  for (let run = 1; run <= Number(runs); run++) {
    for (const subject of subjects) {
      process.stderr.write(`run ${run}, ${subject}\n`)
      pools.push({ subject, ...((await guest.value(`${subject} ${run}`)) as PoolFigures) })
    }
  }
  const rows = FIGURES.map(([label, figure]) => {
    const medians = subjects.map((name) =>
      quantile(
        pools.filter(({ subject }) => subject === name).map((result) => result[figure]),
        0.5,
      ),
    )
    const [base = 0, other = Number.NaN] = medians
    const ratio = other / base
    return Array.of<string>(label).concat(
      medians.map((value) => value.toFixed(0)),
      Number.isFinite(ratio) ? ratio.toFixed(3) : '',
    )
  })
  process.stderr.write(`\n${table([['', ...subjects, 'ratio'], ...rows])}\n`)
  const library = subjects.includes('ka-native') ? ((await guest.value('library')) as LibraryFigures) : undefined
  if (library !== undefined) {
    process.stderr.write(
      `\nka-native, outside parsing: a reload of ${services} x ${servers} that changes 1 server ${library.changeMs.toFixed(0)} ms; ` +
        `one of ${checkers} checkers that changes nothing ${library.checkersMs.toFixed(0)} ms\n`,
    )
  }
  process.stdout.write(`${JSON.stringify({ services: Number(services), servers: Number(servers), pools, library }, null, 1)}\n`)
}

await main()
process.exit()
