/** Where the log goes is gone or does not listen. What becomes of syslog, terminals and pipes is in syslog.spec.ts and log.spec.ts. */
import { writeFile } from 'node:fs/promises'
import { DatagramReader } from '../../lab/datagram-reader.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { isAlive, MAIN, pidIn, stop } from '../../cli/keepalived/background.ts'
import { ADDRESS, Patient, conf, startObserver, turn } from './patient.ts'

const JOURNAL = '/run/systemd/journal/socket'

/** The states that entries of the journal tell, in order. */
function states(entries: readonly string[]): string[] {
  return entries.flatMap((entry) => /^MESSAGE=.*Entering (\w+) STATE/m.exec(entry)?.[1] ?? [])
}

serialLabTest(
  'a journal that does not read, dies, and comes back gets everything in order, and holds nothing up',
  inLab(['a', 'b'], async (t, lab) => {
    await lab.sandbox.exec(['mkdir', '-p', '/run/systemd/journal'])
    const first = await DatagramReader.start(lab.sandbox, JOURNAL)
    const words = ['start', '-f', 'DIRECTORY/keepalived.conf', '--runtime-dir', 'DIRECTORY', '--log-format', 'journald']
    const a = await Patient.start(lab, conf([]), { words })
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await first.waitFor('the start', (entries) => states(entries).length === 2)

    await first.process.signal('SIGSTOP')
    for (let count = 0; count < 3; count += 1) await turn(lab)
    await first.process.signal('SIGCONT')
    await first.waitFor('what happened meanwhile', (entries) => states(entries).length === 2 + 3 * 3)
    await first.stop() // nobody reads the socket
    await turn(lab)
    await lab.sandbox.exec(['rm', JOURNAL])
    await turn(lab)
    const second = await DatagramReader.start(lab.sandbox, JOURNAL)
    const entries = await second.waitFor('what happened since', (all) => states(all).length === 2 * 3)
    const turned = ['FAULT', 'BACKUP', 'MASTER']
    t.deepEqual(states(entries), [...turned, ...turned])
    t.deepEqual(states(first.texts), ['BACKUP', 'MASTER', ...turned, ...turned, ...turned])

    await second.process.signal('SIGSTOP')
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    await lab.waitForHolders(ADDRESS, 'b')
    await second.process.signal('SIGCONT')
  }),
)

serialLabTest(
  'without any standard stream it goes to the background all the same, and outlives the terminal of its starter',
  inLab(['a', 'b'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/keepalived.conf`, conf([]))
    const command = `${process.execPath} ${MAIN} -G -f ${inside}/keepalived.conf`
    t.is((await lab.host('a').run(['sh', '-c', `exec 0<&- 1>&- 2>&-; ${command}`])).code, 0)
    await lab.waitForHolders(ADDRESS, 'a')
    await stop(lab, '/run/keepalived.pid')

    const terminal = await lab.host('a').spawn(['script', '--quiet', '--command', `${command}; sleep 1000`, '/dev/null'])
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await terminal.signal('SIGKILL')
    await terminal.exited
    await turn(lab)
    t.true(await isAlive(lab, await pidIn(lab, '/run/keepalived.pid')))
    await stop(lab, '/run/keepalived.pid')
    await lab.waitForHolders(ADDRESS, 'b')
  }),
)
