/** Scripts whose files or accounts vanish while they are in use, and scripts whose daemon is killed. */
import { chmod, copyFile, mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import {
  ADDRESS,
  BECAME_MASTER,
  Patient,
  TURNED,
  conf,
  endless,
  linesOf,
  program,
  recorder,
  scriptsAlive,
  startObserver,
  turn,
  vrrpScript,
  waitForFile,
  waitForLines,
  waitForNoScripts,
  type Pair,
} from './patient.ts'

/** What becomes of a script, and how it is put right. */
interface Loss {
  readonly lose: (file: string) => Promise<void>
  readonly restore: (file: string) => Promise<void>
  readonly says: RegExp
}

const LOSSES: Readonly<Record<string, Loss>> = {
  'is not executable any more': {
    lose: async (file) => {
      await chmod(file, 0o644)
    },
    restore: async (file) => {
      await chmod(file, 0o755)
    },
    says: /VRRP_Script\(tracked\) failed \(not started: EACCES\)/,
  },
  'is gone': {
    lose: async (file) => {
      await rename(file, `${file}.kept`)
    },
    restore: async (file) => {
      await rename(`${file}.kept`, file)
    },
    says: /VRRP_Script\(tracked\) failed \(not started: ENOENT\)/,
  },
  'became a directory': {
    lose: async (file) => {
      await rename(file, `${file}.kept`)
      await mkdir(file)
    },
    restore: async (file) => {
      await rmdir(file)
      await rename(`${file}.kept`, file)
    },
    // A run in between finds nothing there.
    says: /VRRP_Script\(tracked\) failed \(not started: (?:EACCES|ENOENT)\)/,
  },
  'has lost its interpreter': {
    // A run finds the one or the other, not one that is being written.
    lose: async (file) => {
      await writeFile(`${file}.new`, '#!/run/lab/none\n', { mode: 0o755 })
      await rename(`${file}.new`, file)
    },
    restore: async (file) => {
      await writeFile(`${file}.new`, '#!/bin/sh\n', { mode: 0o755 })
      await rename(`${file}.new`, file)
    },
    says: /VRRP_Script\(tracked\) failed \(not started: ENOENT\)/,
  },
}

serialLabTest(
  'a script that vanishes counts as failed until it is back; a notify script that does is told in the log',
  inLab(['a', 'b'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('scripts')
    // Not a script: the shell of a run that had begun would look for it once more, and end with a status of its own.
    const tracked = `${inside}/tracked`
    await copyFile('/bin/true', `${outside}/tracked`)
    const notify = await recorder(lab, 'notify')
    const text = conf([], [`notify "${notify}"`, 'track_script {', 'tracked', '}'], [vrrpScript('tracked', tracked, 'interval 0.2')])
    const a = await Patient.start(lab, text)
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    for (const [name, { lose, restore, says }] of Object.entries(LOSSES)) {
      const since = a.records().length
      // The notify script first: it runs as soon as the other one has failed.
      for (const file of ['notify', 'tracked']) await lose(`${outside}/${file}`)
      await lab.waitForHolders(ADDRESS, 'b')
      for (const sentence of [says, /^notify script did not succeed/]) {
        await waitFor(
          `${name}: it logs ${String(sentence)}`,
          () =>
            a
              .records()
              .slice(since)
              .some(({ msg }) => sentence.test(msg)),
          {
            seen: () => a.records().slice(since),
          },
        )
      }
      for (const file of ['notify', 'tracked']) await restore(`${outside}/${file}`)
      await lab.waitForHolders(ADDRESS, 'a')
    }
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)

/** Gives the sandbox an account database of its own, and an account to take away from it. */
async function ownAccounts(lab: Pair): Promise<{ readonly remove: () => Promise<void> }> {
  const { inside, outside } = lab.sandbox.scratch
  const passwd = await readFile('/etc/passwd', 'utf8')
  await writeFile(`${outside}/passwd`, `${passwd}ka-patient:x:12345:12345::/:/bin/sh\n`)
  await lab.sandbox.exec(['mount', '--bind', `${inside}/passwd`, '/etc/passwd'])
  return {
    remove: async () => {
      await writeFile(`${outside}/passwd`, passwd)
    },
  }
}

serialLabTest(
  'an account that vanishes keeps its number until the next reload, which says that it is gone; the router goes on',
  inLab(['a', 'b'], async (t, lab) => {
    const accounts = await ownAccounts(lab)
    const { inside, outside } = await lab.sandbox.makeDirectory('scripts')
    await chmod(outside, 0o777)
    const notify = await program(lab, 'notify', `#!/bin/sh\necho "$3 $(id -u)" >> ${inside}/notify.lines\n`)
    const tracked = await program(lab, 'tracked', '#!/bin/sh\n')
    const text = conf(
      [],
      [`notify "${notify}" ka-patient`, 'track_script {', 'tracked', '}'],
      [vrrpScript('tracked', tracked, 'interval 0.2', 'user ka-patient')],
    )
    const a = await Patient.start(lab, text)
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await waitForLines(lab, 'notify', ['BACKUP 12345', 'MASTER 12345'])
    await accounts.remove()
    await turn(lab)
    const told = ['BACKUP 12345', 'MASTER 12345', 'FAULT 12345', 'BACKUP 12345', 'MASTER 12345']
    await waitForLines(lab, 'notify', told)

    await a.reload(text)
    await a.told(/there is no user 'ka-patient'; the script is ignored$/)
    await a.told(/there is no user 'ka-patient'; 'notify' is ignored$/)
    await a.told(/^Reload complete$/)
    await turn(lab)
    t.deepEqual(await linesOf(lab, 'notify'), told, 'nothing runs as somebody else')
    await lab.waitForHolders(ADDRESS, 'a')
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'kill -9 while scripts run: they are ended, and nothing of it is left after the next start',
  inLab(['a', 'b'], async (t, lab) => {
    const before = [...(await lab.host('a').addresses())].sort()
    const tracked = await endless(lab, 'tracked')
    const master = await endless(lab, 'master')
    const reader = await endless(lab, 'reader')
    const notify = await recorder(lab, 'notify')
    const text = (last: readonly string[]): string =>
      conf(
        ['vrrp_notify_fifo /run/lab/a/fifo', `vrrp_notify_fifo_script "${reader}"`],
        [...last, 'track_script {', 'tracked', '}'],
        [vrrpScript('tracked', tracked, 'interval 1000', 'timeout 1000', 'weight 1')],
      )
    const first = await Patient.start(lab, text([`notify_master "${master}"`]))
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    const names = ['tracked', 'master', 'reader']
    for (const name of names) await waitForFile(lab, `${name}.started`)
    t.is((await scriptsAlive(lab)).length, names.length)

    await first.process.signal('SIGKILL')
    await first.process.exited
    for (const name of names) await waitForFile(lab, `${name}.ended`)
    await waitForNoScripts(lab)
    await lab.waitForHolders(ADDRESS, 'a', 'b')

    const second = await Patient.start(lab, text([`notify "${notify}"`]))
    await waitForLines(lab, 'notify', BECAME_MASTER)
    await lab.waitForHolders(ADDRESS, 'a')
    await turn(lab)
    await waitForLines(lab, 'notify', [...BECAME_MASTER, ...TURNED])
    t.deepEqual(await second.terminate(), { code: 0, signal: null })
    await waitForNoScripts(lab)
    t.deepEqual([...(await lab.host('a').addresses())].sort(), before)
  }),
)
