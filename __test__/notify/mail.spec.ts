/** Who is mailed of what, and what becomes of mails while the relay is not there. The dialogue itself is in smtp.spec.ts. */
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import type { Change } from '../../src/notify/change.ts'
import { MailTarget } from '../../src/notify/mail.ts'
import type { MailOptions } from '../../src/notify/mail.ts'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import { serverChange } from './changes.ts'
import { NameServer } from './name-server.ts'
import { recorder } from './records.ts'
import type { LogRecord } from './records.ts'
import { SmtpSink } from './smtp-sink.ts'
import type { SinkManners } from './smtp-sink.ts'

const AMPLE_MS = 60_000

/** Tries again at once. */
const EAGER: MailOptions = { rules: { firstPauseMs: 1, maxPauseMs: 10 } }

/** Instances with further lines, by name, and lines of global_defs. */
function config(port: number, globals: readonly string[], instances: Readonly<Record<string, readonly string[]>>, more = ''): Config {
  const blocks = Object.entries(instances).map(
    ([name, lines], index) =>
      `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${(index % 255) + 1}\n${lines.join('\n')}\nvirtual_ipaddress {\n192.0.2.9\n}\n}\n`,
  )
  const mail = [`smtp_server 127.0.0.1 ${port}`, 'notification_email {\nops@example.org\n}', 'notification_email_from ka@example.org']
  const text = `global_defs {\nrouter_id R1\n${[...mail, ...globals].join('\n')}\n}\n${blocks.join('')}${more}`
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

interface Setting {
  readonly sink: SmtpSink
  readonly target: MailTarget
  readonly records: LogRecord[]
  /** Tells a change: `B MASTER`, or `GROUP G MASTER`. */
  readonly tell: (text: string) => void
  /** Subjects of the mails that came, without what all have in common. */
  readonly subjects: () => string[]
}

async function setUp(t: ExecutionContext, manners: SinkManners = {}, options: MailOptions = EAGER): Promise<Setting> {
  const sink = await SmtpSink.listen(manners)
  const { log, records } = recorder()
  const target = new MailTarget(log, options)
  t.teardown(async () => {
    await target.finish(0)
    await sink.close()
  })
  const state = { generation: 0 }
  const tell = (text: string): void => {
    const [first = '', second = '', third] = text.split(' ')
    const isGroup = first === 'GROUP'
    state.generation += 1
    target.tell({
      kind: isGroup ? 'GROUP' : 'INSTANCE',
      name: isGroup ? second : first,
      state: (isGroup ? third : second) as Change['state'],
      from: undefined,
      priority: 100,
      generation: state.generation,
      atMs: Date.now(),
    })
  }
  return {
    sink,
    target,
    records,
    tell,
    subjects: () => sink.messages.map((message) => /^Subject: \[R1\] VRRP (.*)$/m.exec(message)?.[1]?.trim() ?? ''),
  }
}

const delivered = async (target: MailTarget): Promise<void> => {
  await waitFor('every mail is delivered', () => target.size === 0)
}

test('instances and groups with smtp_alert are mailed, others not', async (t) => {
  const { sink, target, tell, subjects } = await setUp(t)
  const group = 'vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_sync_group H {\ngroup {\nC\n}\nsmtp_alert off\n}\n'
  target.configure(config(sink.port, ['smtp_alert_vrrp'], { A: [], B: ['smtp_alert no'], C: ['smtp_alert'] }, group))
  for (const text of ['A BACKUP', 'B BACKUP', 'C FAULT', 'GROUP G BACKUP', 'GROUP H BACKUP', 'A MASTER', 'A MASTER_PRIORITY']) tell(text)
  await delivered(target)
  t.deepEqual(subjects().toSorted(), [
    'Group G - Entering BACKUP state',
    'Instance A - Entering BACKUP state',
    'Instance A - Entering MASTER state',
    'Instance C - Entering FAULT state',
  ])
  const ofA = subjects().filter((subject) => subject.startsWith('Instance A'))
  t.deepEqual(ofA, ['Instance A - Entering BACKUP state', 'Instance A - Entering MASTER state'])
})

for (const [what, globals, lines, isMailed] of [
  ['nothing is said', [], [], false],
  ['smtp_alert is global', ['smtp_alert'], [], true],
  ['smtp_alert_vrrp overrules smtp_alert', ['smtp_alert', 'smtp_alert_vrrp off'], [], false],
  ['the instance overrules both', ['smtp_alert off', 'smtp_alert_vrrp off'], ['smtp_alert'], true],
] as const) {
  test(`an instance is ${isMailed ? '' : 'not '}mailed where ${what}`, async (t) => {
    const { sink, target, tell, subjects } = await setUp(t)
    target.configure(config(sink.port, globals, { A: lines }))
    tell('A BACKUP')
    await delivered(target)
    t.is(subjects().length, isMailed ? 1 : 0)
  })
}

test('the same state is not mailed twice running, also where a FAULT between them is not mailed', async (t) => {
  const { sink, target, tell, subjects } = await setUp(t)
  target.configure(config(sink.port, ['smtp_alert', 'no_email_faults'], { A: [] }))
  for (const state of ['BACKUP', 'FAULT', 'BACKUP', 'MASTER', 'MASTER', 'FAULT', 'BACKUP']) tell(`A ${state}`)
  await delivered(target)
  t.deepEqual(
    subjects().map((subject) => subject.split(' ')[4]),
    ['BACKUP', 'MASTER', 'BACKUP'],
  )
})

test('an instance that a reload removes is still mailed of, until it is forgotten', async (t) => {
  const { sink, target, tell, subjects } = await setUp(t)
  const next = config(sink.port, ['smtp_alert'], { B: [] })
  target.configure(config(sink.port, ['smtp_alert'], { A: [], B: [] }))
  tell('A BACKUP')
  target.configure(next)
  tell('A DELETED')
  target.retain(next)
  tell('A BACKUP')
  await delivered(target)
  t.deepEqual(subjects(), ['Instance A - Entering BACKUP state', 'Instance A - Deleted'])
})

test('without a recipient nothing is mailed', async (t) => {
  const { sink, target, tell } = await setUp(t)
  const { globalDefs, ...rest } = config(sink.port, ['smtp_alert'], { A: [] })
  target.configure({ ...rest, globalDefs: { ...globalDefs, notificationEmail: [] } })
  tell('A BACKUP')
  t.is(target.size, 0)
})

test('1,000 alerts at once for a dead relay: what waits is bounded, what is lost is counted, the last of each instance stays', async (t) => {
  const { sink, target, tell, subjects, records } = await setUp(t, { greeting: '' })
  const names = Array.from({ length: 500 }, (_, index) => `I${index}`)
  target.configure(config(sink.port, ['smtp_alert'], Object.fromEntries(names.map((name) => [name, []]))))
  for (const state of ['BACKUP', 'MASTER', 'FAULT', 'BACKUP']) for (const name of names) tell(`${name} ${state}`)
  t.true(target.size <= 1_024 + 4)
  sink.behave({})
  await waitFor('every mail is delivered', () => target.size === 0, { deadlineMs: 120_000 })
  const last = new Map(subjects().map((subject) => [subject.split(' ')[1] ?? '', subject]))
  t.is(last.size, 500)
  t.deepEqual(
    [...last.values()].filter((subject) => !subject.endsWith('Entering BACKUP state')),
    [],
  )
  await target.finish(AMPLE_MS)
  const lost = records.reduce((sum, { lost }) => sum + (typeof lost === 'number' ? lost : 0), 0)
  t.is(lost + sink.messages.length, 2_000)
})

test('mails wait for a relay that is down, and go to the one that a reload names', async (t) => {
  const { sink, target, tell, subjects, records } = await setUp(t, {}, { rules: { firstPauseMs: AMPLE_MS, maxPauseMs: AMPLE_MS } })
  const port = await freePort()
  target.configure(config(port, ['smtp_alert'], { A: [] }))
  tell('A BACKUP')
  await waitFor('it was tried', () => records.some(({ msg }) => msg === 'mail not delivered, tried again later'))
  const next = config(sink.port, ['smtp_alert'], { A: [] })
  target.configure(next)
  target.retain(next)
  await delivered(target)
  t.deepEqual(subjects(), ['Instance A - Entering BACKUP state'])
})

test('a reload without a relay gives up what waits', async (t) => {
  const { target, tell, records } = await setUp(t, {}, { rules: { firstPauseMs: AMPLE_MS, maxPauseMs: AMPLE_MS } })
  const port = await freePort()
  const { globalDefs, ...rest } = config(port, ['smtp_alert'], { A: [] })
  target.configure({ ...rest, globalDefs })
  tell('A BACKUP')
  await waitFor('it was tried', () => records.some(({ msg }) => msg === 'mail not delivered, tried again later'))
  const next = { ...rest, globalDefs: { ...globalDefs, smtpServer: undefined } }
  target.configure(next)
  t.is(target.size, 1, 'it may still be refused')
  target.retain(next)
  t.is(target.size, 0)
  await target.finish(AMPLE_MS)
  t.true(records.some(({ msg, lost }) => msg === 'mail given up' && lost === 1))
})

test('STOP is mailed at the end', async (t) => {
  const { sink, target, tell, subjects } = await setUp(t)
  target.configure(config(sink.port, ['smtp_alert'], { A: [], B: [] }))
  tell('A STOP')
  tell('B STOP')
  await target.finish(AMPLE_MS)
  t.deepEqual(subjects().toSorted(), ['Instance A - Stopping', 'Instance B - Stopping'])
})

test('a relay that never answers does not hold up the end', async (t) => {
  const { sink, target, tell, records } = await setUp(t, { greeting: undefined })
  target.configure(config(sink.port, ['smtp_alert'], { A: [] }))
  tell('A STOP')
  await target.finish(50)
  await waitFor('the connection is closed', () => sink.sessions.every(({ isOver }) => isOver))
  t.true(records.some(({ msg, lost }) => msg === 'mail given up' && lost === 1))
})

test('a name server that does not answer holds up mail alone', async (t) => {
  const server = await NameServer.listen()
  const { sink, target, tell, records } = await setUp(t, {}, { ...EAGER, names: { servers: [server.address] } })
  const { globalDefs, ...rest } = config(sink.port, ['smtp_alert', 'smtp_connect_timeout 1'], { A: [] })
  target.configure({ ...rest, globalDefs: { ...globalDefs, smtpServer: { host: 'relay.example.org', port: 25 } } })
  tell('A BACKUP')
  await waitFor('it is given up for now', () => records.find(({ msg }) => msg === 'mail not delivered, tried again later'))
  t.true(server.asked.has('relay.example.org'))
  await server.close()
})

test('changes of servers are mailed as they come, where they have a body: to whom, and after what, was decided before', async (t) => {
  const { sink, target } = await setUp(t)
  target.configure(config(sink.port, [], {}))
  const names = { name: '[10.0.2.1]:tcp:80', service: '[10.0.1.1]:tcp:80' }
  const failed = { ...names, mail: '=> TCP CHECK failed on service <=' }
  target.tellServer(serverChange('R', 'DOWN', failed))
  // A second checker that fails is mailed too, as by keepalived 2.2.7, although the state is the same.
  target.tellServer(serverChange('R', 'DOWN', { ...failed, toFifos: false }))
  target.tellServer(serverChange('R', 'UP', names))
  target.tellServer({ ...serverChange('V', 'DOWN'), service: names.service, mail: '=> Lost quorum 1+0=1 <= 0 <=' })
  await delivered(target)
  const told = sink.messages.map((message) => {
    const [, subject = ''] = /^Subject: (.*?)\r$/m.exec(message) ?? []
    return `${subject} | ${message.split('\r\n\r\n')[1]}`
  })
  const server = '[R1] Realserver [10.0.2.1]:tcp:80 of virtual server [10.0.1.1]:tcp:80 - DOWN | => TCP CHECK failed on service <='
  t.deepEqual(told.toSorted(), [server, server, '[R1] Virtualserver [10.0.1.1]:tcp:80 - DOWN | => Lost quorum 1+0=1 <= 0 <='])
})

test('without a relay or a recipient no change of a server is mailed', async (t) => {
  const { sink, target } = await setUp(t)
  const { globalDefs, ...rest } = config(sink.port, [], {})
  target.tellServer(serverChange('R', 'DOWN', { mail: '=> Removing <=' }))
  for (const missing of [{ notificationEmail: [] }, { smtpServer: undefined }]) {
    target.configure({ ...rest, globalDefs: { ...globalDefs, ...missing } })
    target.tellServer(serverChange('R', 'DOWN', { mail: '=> Removing <=' }))
  }
  t.is(target.size, 0)
})
