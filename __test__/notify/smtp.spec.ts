/** One mail, to servers that behave as servers do. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import type { Mail } from '../../src/notify/mail-message.ts'
import type { Outcome } from '../../src/notify/outbox.ts'
import { sendMail } from '../../src/notify/smtp.ts'
import type { Relay, SmtpSecurity } from '../../src/notify/smtp.ts'
import { makeCertificate, trust } from './certificate.ts'
import { recorder } from './records.ts'
import type { LogRecord } from './records.ts'
import { SmtpSink } from './smtp-sink.ts'
import type { SinkManners } from './smtp-sink.ts'

/** What a step may take where the server is to answer: more than any answer here takes. */
const AMPLE_MS = 60_000
/** Where it never will. */
const SHORT_MS = 100

/** For `localhost`, and trusted. */
const TLS = makeCertificate()
const { hostsFile } = TLS
trust(TLS)

function mail(...recipients: readonly string[]): Mail {
  return { message: 'Subject: s\r\n\r\n.hidden\r\nbody\r\n\r\n', from: 'ka@example.org', recipients }
}

interface Sent {
  readonly sink: SmtpSink
  readonly outcome: Outcome
  readonly records: readonly LogRecord[]
  readonly mail: Mail
}

interface Attempt {
  readonly manners?: SinkManners
  readonly security?: SmtpSecurity
  readonly stepMs?: number
  readonly host?: string
  readonly recipients?: readonly string[]
}

/** Sends a mail to a server with these manners. */
async function send(t: ExecutionContext, { manners = {}, security = {}, stepMs = AMPLE_MS, host, recipients }: Attempt): Promise<Sent> {
  const sink = await SmtpSink.listen(manners)
  t.teardown(async () => {
    await sink.close()
  })
  const { log, records } = recorder()
  const relay: Relay = { host: host ?? '127.0.0.1', port: sink.port, heloName: 'helo.example.org', stepMs, security, names: { hostsFile } }
  const sent = mail(...(recipients ?? ['ops@example.org', 'two@example.org']))
  const outcome = await sendMail(sent, relay, log, new AbortController().signal)
  return { sink, outcome, records, mail: sent }
}

const sentences = (records: readonly LogRecord[], port: number): string[] => records.map(({ msg }) => msg.replace(String(port), 'PORT'))

test('a server without extensions hears what keepalived says, after it has refused EHLO', async (t) => {
  const { sink, outcome, records } = await send(t, {})
  t.deepEqual(outcome, { result: 'delivered' })
  // It leaves without an answer where that takes long.
  await waitFor('the dialogue is over', () => sink.sessions[0]?.isOver)
  t.deepEqual(sink.sessions[0]?.lines, [
    'EHLO helo.example.org',
    'HELO helo.example.org',
    'MAIL FROM:<ka@example.org>',
    'RCPT TO:<ops@example.org>',
    'RCPT TO:<two@example.org>',
    'DATA',
    'QUIT',
  ])
  t.deepEqual(sink.messages, ['Subject: s\r\n\r\n..hidden\r\nbody\r\n\r\n.\r\n'])
  t.deepEqual(sentences(records, sink.port), ['Remote SMTP server [127.0.0.1]:PORT connected.', 'SMTP alert successfully sent.'])
})

test('answers of several lines are understood', async (t) => {
  const { outcome, sink } = await send(t, {
    manners: { greeting: '220-sink\r\n220 ready', answers: [[/^MAIL/, '250-one\r\n250 two']], extensions: ['SIZE 100000', '8BITMIME'] },
  })
  t.deepEqual(outcome, { result: 'delivered' })
  t.is(sink.messages.length, 1)
})

test('a server that takes its time to greet is waited for', async (t) => {
  const { outcome, sink } = await send(t, { manners: { greetsAfterMs: 500 } })
  t.deepEqual(outcome, { result: 'delivered' })
  t.is(sink.sessions[0]?.lines[0], 'EHLO helo.example.org', 'nothing is said before the greeting')
})

test('a recipient that is refused costs the others nothing', async (t) => {
  const { sink, outcome, records } = await send(t, { manners: { answers: [[/^RCPT TO:<two/, '550 no such user']] } })
  t.deepEqual(outcome, { result: 'delivered' })
  t.is(sink.messages.length, 1)
  t.true(sentences(records, sink.port).includes('Error processing RCPT cmd on SMTP server [127.0.0.1]:PORT. SMTP status code = 550'))
  t.is(records.find(({ msg }) => msg.includes('RCPT'))?.['recipient'], 'two@example.org')
})

test('a recipient that is refused for now alone gets the next attempt', async (t) => {
  const { outcome, mail } = await send(t, { manners: { answers: [[/^RCPT TO:<two/, '450 later']] } })
  t.is(outcome.result, 'failed')
  t.deepEqual(mail.recipients, ['two@example.org'])
})

for (const [what, answers, command, code, result] of [
  ['the sender is refused', [[/^MAIL/, '550 no']], 'MAIL', 550, 'refused'],
  ['every recipient is refused', [[/^RCPT/, '550 no']], 'RCPT', 550, 'refused'],
  ['every recipient is refused for now', [[/^RCPT/, '451 no']], 'RCPT', 451, 'failed'],
  ['DATA is refused', [[/^DATA/, '451 no']], 'DATA', 451, 'failed'],
  ['the message is refused', [[/^\.$/, '554 5.7.1 spam']], 'BODY', 554, 'refused'],
  ['both greetings are refused', [[/^(EHLO|HELO)/, '550 no']], 'HELO', 550, 'failed'],
] as const) {
  test(`${what}: keepalived's sentence names ${command} and ${code}`, async (t) => {
    const { sink, outcome, records } = await send(t, { manners: { answers } })
    t.is(outcome.result, result)
    const sentence = `Error processing ${command} cmd on SMTP server [127.0.0.1]:PORT. SMTP status code = ${code}`
    t.true(sentences(records, sink.port).includes(sentence), JSON.stringify(records))
    t.deepEqual(sink.messages, [])
  })
}

for (const [what, manners] of [
  ['does not greet', { greeting: undefined }],
  ['falls silent after the greeting', { answers: [[/^EHLO/, undefined]] }],
  ['does not answer to the message', { answers: [[/^\.$/, undefined]] }],
] as const) {
  test(`a server that ${what} is left after a while`, async (t) => {
    const { outcome } = await send(t, { manners, stepMs: SHORT_MS })
    t.is(outcome.result, 'unreachable')
  })
}

for (const [what, manners] of [
  ['before its greeting', { greeting: '' }],
  ['at DATA', { answers: [[/^DATA/, '']] }],
  ['instead of an answer to the message', { answers: [[/^\.$/, '']] }],
] as const) {
  test(`a server that closes the connection ${what} is tried again later`, async (t) => {
    const { outcome } = await send(t, { manners })
    t.is(outcome.result, 'unreachable')
  })
}

test('a server that does not answer to QUIT has taken the mail', async (t) => {
  const { outcome } = await send(t, { manners: { answers: [[/^QUIT/, undefined]] } })
  t.deepEqual(outcome, { result: 'delivered' })
})

test('STARTTLS that is offered and not asked for is not used', async (t) => {
  const { sink } = await send(t, { manners: { extensions: ['STARTTLS'], tls: TLS } })
  t.false(sink.sessions[0]?.isSecure)
  t.is(sink.messages.length, 1)
})

test('with STARTTLS and a trusted certificate mail and password go through TLS', async (t) => {
  const security = { user: 'me', password: 'secret words' }
  const manners = { extensions: ['STARTTLS', 'AUTH PLAIN'], tls: TLS }
  const { sink, outcome } = await send(t, { manners, security, host: 'localhost' })
  t.deepEqual(outcome, { result: 'delivered' })
  const { lines = [], isSecure } = sink.sessions[0] ?? {}
  t.true(isSecure)
  t.deepEqual(lines.slice(0, 3), ['EHLO helo.example.org', 'STARTTLS', 'EHLO helo.example.org'])
  t.is(lines[3], `AUTH PLAIN ${Buffer.from('\0me\0secret words').toString('base64')}`)
})

test('a certificate for another name is not accepted, and nothing is said', async (t) => {
  const { sink, outcome } = await send(t, { manners: { extensions: ['STARTTLS'], tls: TLS }, security: { tls: 'starttls' } })
  t.is(outcome.result, 'unreachable')
  t.regex('reason' in outcome ? outcome.reason : '', /certificate/i)
  t.deepEqual(sink.sessions[0]?.lines, ['EHLO helo.example.org', 'STARTTLS'])
})

test('a server that offers no STARTTLS gets neither mail nor password', async (t) => {
  const { sink, outcome } = await send(t, { security: { user: 'me', password: 'secret words' }, manners: { extensions: ['AUTH PLAIN'] } })
  t.is(outcome.result, 'failed')
  t.false(sink.sessions.some(({ lines }) => lines.some((line) => /^(AUTH|MAIL)/.test(line))))
})

test('TLS from the first octet', async (t) => {
  const { sink, outcome } = await send(t, {
    manners: { tls: { ...TLS, isImplicit: true } },
    security: { tls: 'implicit' },
    host: 'localhost',
  })
  t.deepEqual(outcome, { result: 'delivered' })
  t.true(sink.sessions[0]?.isSecure)
})

test('a refused password is said without it', async (t) => {
  const security = { user: 'me', password: 'secret words' }
  const manners: SinkManners = { extensions: ['STARTTLS', 'AUTH PLAIN LOGIN'], tls: TLS, answers: [[/^AUTH/, '535 bad credentials']] }
  const { sink, outcome, records } = await send(t, { manners, security, host: 'localhost' })
  t.is(outcome.result, 'failed')
  const written = JSON.stringify([records, outcome])
  t.true(written.includes(`Error processing AUTH cmd on SMTP server [127.0.0.1]:${sink.port}. SMTP status code = 535`), written)
  t.false(written.includes('secret') || written.includes(Buffer.from('secret words').toString('base64')))
})

test('an address that cannot be said is given up, and the reason told', async (t) => {
  const { outcome, records } = await send(t, { recipients: ['a>b@example.org'] })
  t.is(outcome.result, 'refused')
  t.true(records.some(({ msg }) => msg === 'mail given up: it cannot be sent'))
})

test('nobody listens', async (t) => {
  const port = await freePort()
  const { log } = recorder()
  const relay: Relay = { host: '127.0.0.1', port, heloName: 'h', stepMs: AMPLE_MS, security: {}, names: {} }
  const outcome = await sendMail(mail('a@example.org'), relay, log, new AbortController().signal)
  t.is(outcome.result, 'unreachable')
  t.regex('reason' in outcome ? outcome.reason : '', /ECONNREFUSED/)
})

test('a name server that does not answer is given up on in time', async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    silent.close()
  })
  const { log } = recorder()
  const names = { servers: [`127.0.0.1:${silent.address().port}`] }
  // A few steps are the limit of the whole dialogue, which says something else: it shall not come first on a busy machine.
  const relay: Relay = { host: 'relay.example.org', port: 25, heloName: 'h', stepMs: 1_000, security: {}, names }
  const outcome = await sendMail(mail('a@example.org'), relay, log, new AbortController().signal)
  t.deepEqual(outcome, { result: 'unreachable', reason: 'no answer to the question for the address of relay.example.org' })
})

test('an abort ends a dialogue', async (t) => {
  const sink = await SmtpSink.listen({ answers: [[/^MAIL/, undefined]] })
  t.teardown(async () => {
    await sink.close()
  })
  const abort = new AbortController()
  const { log } = recorder()
  const relay: Relay = { host: '127.0.0.1', port: sink.port, heloName: 'h', stepMs: AMPLE_MS, security: {}, names: {} }
  const sent = sendMail(mail('a@example.org'), relay, log, abort.signal)
  await waitFor('it is under way', () => sink.sessions[0]?.lines.some((line) => line.startsWith('MAIL')))
  abort.abort()
  t.deepEqual(await sent, { result: 'unreachable', reason: 'given up' })
})
