/** A FIFO that nobody reads, that is read no further, or whose reader dies. */
import { isDeepStrictEqual } from 'node:util'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import {
  ADDRESS,
  BECAME_MASTER,
  Patient,
  TURNED,
  conf,
  fifoLines,
  fifoReader,
  linesOf,
  startObserver,
  turn,
  waitForLines,
  waitForNoScripts,
  type Pair,
} from './patient.ts'

const FIFO = '/run/lab/a/fifo'

/** Fills the FIFO with lines of one letter, which stay in it while somebody has it open; how many they are. */
async function fill(lab: Pair): Promise<number> {
  const program = `use Fcntl; my $lines = 0; sysopen(my $f, '${FIFO}', O_RDWR | O_NONBLOCK) or die $!;
for my $length (64, 2) { $lines++ while defined syswrite($f, 'x' x ($length - 1) . "\n") }
print $lines`
  return Number(await lab.host('a').exec(['perl', '-e', program]))
}

const isFilling = (line: string): boolean => /^x+$/.test(line)

/** The lines that the daemon wrote, of those that a reader got. */
async function told(lab: Pair, name: string): Promise<readonly string[]> {
  return (await linesOf(lab, name)).filter((line) => !isFilling(line))
}

/** Waits until so many times the router has told that it is Master: the kernel has the address sooner. */
async function waitForMaster(a: Patient, times: number): Promise<void> {
  await waitFor(
    `it is Master for the ${times}. time`,
    () => a.records().filter(({ msg }) => msg.endsWith('Entering MASTER STATE')).length >= times,
  )
}

serialLabTest(
  'a FIFO without a reader, which is full: lines are dropped and counted, and the next reader gets what comes then',
  inLab(['a', 'b'], async (t, lab) => {
    const a = await Patient.start(lab, conf([`vrrp_notify_fifo ${FIFO}`]))
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await waitForMaster(a, 1)
    const filling = await fill(lab)
    await turn(lab)
    await waitForMaster(a, 2)
    await a.told(/^lines for the FIFO are dropped$/)

    const reader = await fifoReader(lab, 'reader')
    const child = await lab.host('a').spawn([reader, FIFO])
    await waitFor('it is empty', async () => (await linesOf(lab, 'reader')).filter(isFilling).length >= filling)
    await turn(lab)
    await waitFor('the change is read', async () => (await told(lab, 'reader')).length >= TURNED.length, {
      seen: async () => await told(lab, 'reader'),
    })
    t.deepEqual((await told(lab, 'reader')).slice(-TURNED.length), [...fifoLines(TURNED)])
    await a.told(/^\d+ lines for the FIFO were dropped$/)
    // A new Master may hear one more advertisement of the one before, which has a line of its own.
    const dropped = a.records().findIndex(({ msg }) => msg.endsWith(' lines for the FIFO were dropped'))
    const ofRivals = a
      .records()
      .slice(0, dropped)
      .filter(({ msg }) => msg.includes('Received advert from ')).length
    t.is(a.records()[dropped]?.msg, `${TURNED.length + ofRivals} lines for the FIFO were dropped`)
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    t.deepEqual(await child.exited, { code: 0, signal: null }, 'it has read the end')
  }),
)

serialLabTest(
  'a reader that stands still, and then dies: the router goes on, which is said, and a reload starts the reader again',
  inLab(['a', 'b'], async (t, lab) => {
    const reader = await fifoReader(lab, 'reader')
    const text = conf([`vrrp_notify_fifo ${FIFO}`, `vrrp_notify_fifo_script "${reader}"`])
    const a = await Patient.start(lab, text)
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await waitForLines(lab, 'reader', fifoLines(BECAME_MASTER))
    const [pid = ''] = (await lab.sandbox.exec(['pgrep', '-f', `${reader} ${FIFO}`])).split('\n')

    await lab.sandbox.exec(['kill', '-STOP', pid])
    await fill(lab)
    await turn(lab)
    await a.told(/^lines for the FIFO are dropped$/)

    await lab.sandbox.exec(['kill', '-KILL', pid])
    await a.told(/^vrrp notify fifo script terminated$/)
    await turn(lab)

    await a.reload(text)
    await a.told(/^Reload complete$/)
    const before = (await told(lab, 'reader')).length
    await turn(lab)
    // What was left of the time without a reader may be read first.
    const areLast = (lines: readonly string[]): boolean => isDeepStrictEqual(lines.slice(-TURNED.length), fifoLines(TURNED))
    const isRead = async (): Promise<boolean> => {
      const lines = await told(lab, 'reader')
      return lines.length >= before + TURNED.length && areLast(lines)
    }
    await waitFor('the change is read', isRead, { seen: async () => await told(lab, 'reader') })
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    await waitForNoScripts(lab)
  }),
)
