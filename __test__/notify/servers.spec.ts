/** Virtual servers and all who are told of them: what the policy decides reaches scripts, FIFOs, mail and functions, in keepalived's order. */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { makeFifo } from '#native'
import type { ServerStateChange } from '../../src/notify/change.ts'
import type { Notifier } from '../../src/notify/notifier.ts'
import { openNotifier } from '../../src/notify/open-notifier.ts'
import type { ServerChange } from '../../src/lvs/server-change.ts'
import { configOf, Scene } from '../lvs/scene.ts'
import { openRunner } from '../process/runner.ts'
import { rootTest, Scratch } from '../process/scratch.ts'
import { waitFor } from '../lab/wait-for.ts'
import { recorder } from './records.ts'
import { SmtpSink } from './smtp-sink.ts'

const AMPLE_MS = 60_000

/** The rest of the names of a server and of the virtual server. */
const V = '[10.0.1.1]:tcp:80'
const R = (last: number): string => `[10.0.2.${last}]:tcp:80`

/** Tells a notifier what its policy tells. */
class ToldScene extends Scene {
  readonly notifier: Notifier

  constructor(notifier: Notifier) {
    super()
    this.notifier = notifier
  }

  override changed(change: ServerChange): void {
    super.changed(change)
    this.notifier.handleServer(change)
  }

  /** Takes a configuration as a daemon does. */
  async configure(text: string): Promise<void> {
    this.notifier.configure(configOf(text))
    await this.load(text)
    this.notifier.retain(configOf(text))
  }
}

interface Setting {
  readonly scene: ToldScene
  readonly scratch: Scratch
  readonly hooked: ServerStateChange[]
  readonly sink: SmtpSink
  /** A configuration with these real servers. */
  readonly text: (servers: readonly number[]) => string
  /** Lines of the FIFO since the last look. */
  readonly fifoLines: () => string[]
  /** What mails were about, in no order. */
  readonly mails: () => string[]
}

async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  const note = await scratch.script('note', '#!/bin/sh\necho "$*" >> $DIR/seen\n')
  const sink = await SmtpSink.listen()
  const hooked: ServerStateChange[] = []
  const { log } = recorder()
  const hooks = { onServerChange: (change: ServerStateChange) => void hooked.push(change) }
  const tools = { scripts: await openRunner(t), makeFifo, instanceName: undefined }
  const scene = new ToldScene(openNotifier({ hooks }, tools, log))
  const reader = { descriptor: -1 }
  t.teardown(async () => {
    await scene.notifier.finish(0)
    await sink.close()
    if (reader.descriptor >= 0) closeSync(reader.descriptor)
  })
  const globals = [
    'router_id R1',
    'script_user root',
    `lvs_notify_fifo ${scratch.file('fifo')}`,
    `smtp_server 127.0.0.1 ${sink.port}`,
    'notification_email {\nops@example.org\n}',
    'notification_email_from ka@example.org',
  ]
  const script = (keyword: string, word: string): string => `${keyword} "${note} ${word}"\n`
  const text = (servers: readonly number[]): string => {
    const real = servers.map((last) => `real_server 10.0.2.${last} 80 {\n${script('notify_up', `R${last} up`)}${script('notify_down', `R${last} down`)}TCP_CHECK {\n}\n}\n`) // prettier-ignore
    return `global_defs {\n${globals.join('\n')}\n}\nvirtual_server 10.0.1.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nomega\nsmtp_alert\nquorum 2\n${script('quorum_up', 'V up')}${script('quorum_down', 'V down')}${real.join('')}}\n`
  }
  const fifoLines = (): string[] => {
    if (reader.descriptor >= 0) closeSync(reader.descriptor)
    // A reload makes it anew.
    reader.descriptor = openSync(scratch.file('fifo'), constants.O_RDONLY | constants.O_NONBLOCK)
    const octets = Buffer.alloc(65_536)
    try {
      return octets.toString('latin1', 0, readSync(reader.descriptor, octets)).split('\n').slice(0, -1)
    } catch {
      return [] // EAGAIN: there is none
    }
  }
  const mails = (): string[] => sink.messages.splice(0).map((message) => {
    const [, subject = ''] = /^Subject: \[R1\] (.*?)\r$/m.exec(message) ?? []
    return `${subject.replaceAll(':tcp:80', '')} ${message.split('\r\n\r\n')[1]}`
  }).toSorted() // prettier-ignore
  return { scene, scratch, hooked, sink, text, fifoLines, mails }
}

rootTest('over a life: a failure, a recovery, a reload that removes a server, and a stop with omega', async (t) => {
  const { scene, scratch, hooked, sink, text, fifoLines, mails } = await setUp(t)
  await scene.configure(text([1, 2, 3]))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['V up'], 'a healthy server has nothing to tell at the start')
  t.deepEqual(fifoLines(), [`VS ${V} UP`])

  for (const address of ['10.0.2.1', '10.0.2.2']) scene.say(address, false)
  const failure = ['R1 down', 'R2 down', 'V down']
  t.deepEqual((await scratch.waitForLines('seen', 4)).slice(1), failure)
  t.deepEqual(fifoLines(), [`RS ${R(1)} ${V} DOWN`, `RS ${R(2)} ${V} DOWN`, `VS ${V} DOWN`])
  await waitFor('four mails have come', () => sink.messages.length === 4)
  t.deepEqual(mails(), [
    'Realserver [10.0.2.1] of virtual server [10.0.1.1] - DOWN => TCP_CHECK failed <=',
    'Realserver [10.0.2.2] of virtual server [10.0.1.1] - DOWN => TCP_CHECK failed <=',
    'Virtualserver [10.0.1.1] - DOWN => Lost quorum 2+0=2 <= 1 <=',
    'Virtualserver [10.0.1.1] - UP => Starting with quorum up 2+0=2 <= 3 <=',
  ])

  scene.say('10.0.2.1', true)
  t.deepEqual((await scratch.waitForLines('seen', 6)).slice(4), ['R1 up', 'V up'])
  t.deepEqual(fifoLines(), [`RS ${R(1)} ${V} UP`, `VS ${V} UP`])

  await scene.configure(text([1, 2]))
  t.deepEqual((await scratch.waitForLines('seen', 8)).slice(6), ['R3 down', 'V down'])
  t.deepEqual(fifoLines(), [`RS ${R(3)} ${V} DOWN`, `VS ${V} DOWN`])

  scene.say('10.0.2.2', true)
  t.deepEqual((await scratch.waitForLines('seen', 10)).slice(8), ['R2 up', 'V up'])
  t.deepEqual(fifoLines(), [`RS ${R(2)} ${V} UP`, `VS ${V} UP`])
  await scene.lvs.stop()
  t.deepEqual(fifoLines(), [`RS ${R(1)} ${V} DOWN`, `RS ${R(2)} ${V} DOWN`, `VS ${V} DOWN`])
  await scene.notifier.finish(AMPLE_MS)
  // At a stop scripts do not wait long for each other.
  t.deepEqual((await scratch.lines('seen')).slice(10).toSorted(), failure)
  t.deepEqual(
    mails().filter((mail) => mail.includes('Shutting down')),
    [
      'Realserver [10.0.2.1] of virtual server [10.0.1.1] - DOWN => Shutting down <=',
      'Realserver [10.0.2.2] of virtual server [10.0.1.1] - DOWN => Shutting down <=',
      'Virtualserver [10.0.1.1] - DOWN => Shutting down <=',
    ],
  )
  const told = hooked.map(({ kind, name, state }) => `${kind} ${name === V ? 'V' : name} ${state}`)
  t.deepEqual(told.slice(0, 4), ['VS V UP', `RS ${R(1)} DOWN`, `RS ${R(2)} DOWN`, 'VS V DOWN'])
  t.is(told.length, 13)
})

test('a kernel that is slow to do what it is asked holds up what is told of it, and not the order', async (t) => {
  const { scene, text, fifoLines } = await setUp(t)
  await scene.configure(text([1, 2]))
  fifoLines()
  scene.table.isSilent = true
  scene.say('10.0.2.1', false)
  scene.say('10.0.2.1', true)
  t.deepEqual(fifoLines(), [])
  scene.table.tellApplied()
  scene.lvs.takeIpvsEvents()
  t.deepEqual(fifoLines(), [`RS ${R(1)} ${V} DOWN`, `VS ${V} DOWN`, `RS ${R(1)} ${V} UP`, `VS ${V} UP`])
})
