/** JavaScript that fails: the whole daemon ends, and what it leaves keeps nobody from starting again. */
import { lstat, readdir } from 'node:fs/promises'
import type { Exit } from '../../lab/child.ts'
import { DatagramReader } from '../../lab/datagram-reader.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import {
  ADDRESS,
  BECAME_MASTER,
  KEEPALIVED_WORDS,
  Patient,
  conf,
  endless,
  fifoLines,
  fifoReader,
  scriptsAlive,
  startObserver,
  vrrpScript,
  waitForFile,
  waitForLines,
  waitForNoScripts,
  type Defect,
  type Pair,
} from './patient.ts'

interface End {
  readonly name: string
  readonly defect: Defect
  readonly exit: Exit
  /** On standard error, which has the log too. */
  readonly says: RegExp
  /** What systemd hears at the end. */
  readonly told?: string
  /** Pid files and FIFOs: whether JavaScript still removed them. */
  readonly tidies: boolean
}

const ENDS: readonly End[] = [
  {
    name: 'an uncaught exception',
    defect: 'throw',
    exit: { code: 70, signal: null },
    says: /a defect/,
    told: 'STATUS=internal error\nEXIT_STATUS=70',
    tidies: true,
  },
  {
    name: 'a heap that is full',
    defect: 'memory',
    exit: { code: null, signal: 'SIGABRT' },
    says: /JavaScript heap out of memory/,
    tidies: false,
  },
  {
    name: 'a loop without an end',
    defect: 'loop',
    exit: { code: 70, signal: null },
    says: /^ka-native: the JavaScript thread does not answer; resigned$/,
    tidies: false,
  },
]

/** Where systemd would listen. */
const MANAGER = '/run/notify'

const SCRIPTS = ['tracked', 'notify', 'reader'] as const

/** A router with everything that may be left: scripts that run, a FIFO with a reader, pid files. */
async function everything(lab: Pair): Promise<string> {
  const tracked = await endless(lab, 'tracked')
  const notify = await endless(lab, 'notify')
  const reader = await fifoReader(lab, 'reader')
  return conf(
    ['vrrp_notify_fifo /run/lab/a/fifo', `vrrp_notify_fifo_script "${reader}"`],
    [`notify_master "${notify}"`, 'track_script {', 'well', 'tracked', '}'],
    [
      vrrpScript('well', '/bin/true', 'interval 1'),
      // Its weight spares the router the wait for it.
      vrrpScript('tracked', tracked, 'interval 1000', 'timeout 1000', 'weight 1'),
    ],
  )
}

async function leftFiles(lab: Pair): Promise<string[]> {
  const names = await readdir(`${lab.sandbox.scratch.outside}/a`)
  return names.filter((name) => name.endsWith('.pid') || name === 'fifo').sort()
}

/** Sends a word to who listens for systemd: it stands behind all that was sent before, however late it is read. */
async function mark(lab: Pair, word: string): Promise<void> {
  const program = `use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
send($s, '${word}', 0, pack_sockaddr_un('${MANAGER}')) or die $!`
  await lab.sandbox.exec(['perl', '-e', program])
}

for (const { name, defect, exit, says, told, tidies } of ENDS) {
  serialLabTest(
    `${name} resigns, ends the scripts, and is no obstacle to the next start`,
    inLab(['a', 'b'], async (t, lab) => {
      const before = [...(await lab.host('a').addresses())].sort()
      const manager = await DatagramReader.start(lab.sandbox, MANAGER)
      const capture = await lab.capture('b', 'ip proto 112')
      const env = { NOTIFY_SOCKET: MANAGER, WATCHDOG_USEC: '1000000' }
      const text = await everything(lab)
      const first = await Patient.start(lab, text, { words: KEEPALIVED_WORDS, env })
      await lab.waitForHolders(ADDRESS, 'a')
      await startObserver(lab)
      await waitForFile(lab, 'tracked.started')
      await waitForFile(lab, 'notify.started')
      await waitForLines(lab, 'reader', fifoLines(BECAME_MASTER))
      t.is((await scriptsAlive(lab)).length, SCRIPTS.length)
      await manager.waitFor('a sign of life', (messages) => messages.includes('WATCHDOG=1'))

      first.fail(defect)
      if (defect === 'loop') {
        await first.process.waitForLine(/^looping$/)
        await mark(lab, 'LOOPS')
      }
      t.deepEqual(await first.process.exited, exit)
      t.regex(first.process.lines('stderr').join('\n'), new RegExp(says.source, 'm'))
      await capture.waitFor('the resignation', (packets) =>
        packets.some((packet) => packet.kind === 'advertisement' && packet.source === lab.host('a').ipv4 && packet.priority === 0),
      )
      await lab.waitForHolders(ADDRESS, 'b')
      t.deepEqual([...(await lab.host('a').addresses())].sort(), before)
      await waitForNoScripts(lab)
      await waitForFile(lab, 'tracked.ended')
      await waitForFile(lab, 'notify.ended')
      if (told !== undefined) await manager.waitFor('the end is told', (messages) => messages.includes(told))
      if (defect === 'loop') {
        await mark(lab, 'ENDED')
        const messages = await manager.waitFor('the end of the loop', (all) => all.includes('ENDED'))
        const signs = messages.slice(messages.indexOf('LOOPS')).filter((message) => message === 'WATCHDOG=1')
        t.deepEqual(signs, [], 'the watchdog of systemd starves: it would have ended this sooner')
      }
      t.deepEqual(await leftFiles(lab), tidies ? [] : ['fifo', 'keepalived.pid', 'vrrp.pid'])

      const second = await Patient.start(lab, text, { words: KEEPALIVED_WORDS })
      await lab.waitForHolders(ADDRESS, 'a')
      await waitForLines(lab, 'reader', fifoLines([...BECAME_MASTER, ...BECAME_MASTER]))
      t.deepEqual(await second.terminate(), { code: 0, signal: null })
      t.deepEqual([...(await lab.host('a').addresses())].sort(), before)
      await waitForNoScripts(lab)
      // Only who made a FIFO removes it.
      t.deepEqual(await leftFiles(lab), tidies ? [] : ['fifo'])
      if (!tidies) t.true((await lstat(`${lab.sandbox.scratch.outside}/a/fifo`)).isFIFO())
    }),
  )
}
