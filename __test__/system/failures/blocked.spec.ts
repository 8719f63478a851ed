/** JavaScript that stands still for less than the limit of its heartbeat: nothing but the telling waits for it. */
import { fileURLToPath } from 'node:url'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { ScriptedProgram } from '../../lab/scripted.ts'
import { waitFor } from '../../lab/wait-for.ts'
import type { SinkSession } from '../../notify/smtp-sink.ts'
import {
  ADDRESS,
  BECAME_MASTER,
  Patient,
  TURNED,
  conf,
  fifoLines,
  fifoReader,
  recorder,
  startObserver,
  turn,
  vrrpScript,
  waitForLines,
} from './patient.ts'

const SINK = fileURLToPath(new URL('../../notify/smtp-sink-program.ts', import.meta.url))
const LOADER = import.meta.resolve('@oxc-node/core/register')

/** Below the limit of 10 s, also where JavaScript takes seconds to go on afterwards; the loop ends sooner, as soon as it has seen enough. */
const LOOP_S = 6
/** Where a busy machine takes longer for what is to happen meanwhile, it is tried again. */
const ATTEMPTS = 5

serialLabTest(
  'a long loop of JavaScript: states follow the cable and scripts run meanwhile; afterwards everything is told in order',
  inLab(['a', 'b'], async (t, lab) => {
    const relay = await lab.host('a').spawn([process.execPath, `--import=${LOADER}`, SINK])
    await relay.waitForLine(/^ready$/)
    const directory = await lab.sandbox.makeDirectory('scripts')
    const well = await ScriptedProgram.make(directory, 'well', [0])
    const notify = await recorder(lab, 'notify')
    const reader = await fifoReader(lab, 'reader')
    const mail = ['smtp_server 127.0.0.1', 'notification_email {', 'ops@example.org', '}', 'smtp_alert']
    const text = conf(
      ['vrrp_notify_fifo /run/lab/a/fifo', `vrrp_notify_fifo_script "${reader}"`, ...mail],
      [`notify "${notify}"`, 'track_script {', 'well', '}'],
      [vrrpScript('well', well.path, 'interval 0.2')],
    )
    const a = await Patient.start(lab, text)
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await waitForLines(lab, 'notify', BECAME_MASTER)

    const lines = [...BECAME_MASTER]
    const times = (word: string): readonly string[] => a.process.lines('stdout').filter((line) => line.split(' ')[0] === word)
    /** Whether JavaScript stood still all the while. */
    const attempt = async (number: number): Promise<boolean> => {
      const enough = `${directory.inside}/enough${number}`
      a.fail('loop', String(LOOP_S), enough)
      await waitFor('it loops', () => times('looping').length === number)
      const runs = await well.runs()
      await turn(lab)
      await waitFor('scripts have run', async () => (await well.runs()) > runs + 1)
      const isBlocked = times('back').length < number
      await lab.sandbox.exec(['touch', enough])
      await waitFor('it is back', () => times('back').length === number)
      lines.push(...TURNED)
      await waitForLines(lab, 'notify', lines)
      await waitForLines(lab, 'reader', fifoLines(lines))
      return isBlocked
    }
    let number = 1
    while (!(await attempt(number)) && number < ATTEMPTS) number += 1
    const subjects = (): string[] => {
      const sessions = relay.lines('stdout').filter((line) => line.startsWith('{'))
      const messages = sessions.flatMap((line) => (JSON.parse(line) as SinkSession).messages)
      return messages.flatMap((message) => /^Subject: .* (?:Entering|Now in) (\w+) state/m.exec(message)?.[1] ?? [])
    }
    await waitFor('every state is mailed', () => subjects().length >= lines.length, { seen: subjects })
    t.deepEqual(
      subjects(),
      lines.map((line) => line.split(' ')[2]),
    )

    const back = Number(times('back').at(-1)?.replace('back ', ''))
    const isFault = ({ msg }: { readonly msg: string }): boolean => /Entering FAULT STATE/.test(msg)
    await waitFor('each fault is logged', () => a.records().filter(isFault).length === number)
    const fault = a.records().findLast(isFault)
    t.true((fault?.atMs ?? Infinity) < back, 'the engine did not wait')
    t.true((fault?.time ?? 0) >= back, 'and was heard afterwards')
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)
