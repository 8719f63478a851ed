import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import { authorities } from './authorities.ts'
import type { Mail } from './mail-message.ts'
import type { Outcome } from './outbox.ts'
import { lookupWith } from './resolve-name.ts'
import type { NameSource } from './resolve-name.ts'

/** How the connection to the relay is protected, and who we are. */
export interface SmtpSecurity {
  /**
   * `none`: not, as keepalived; `starttls`: TLS after STARTTLS, without which nothing is sent; `implicit`: TLS from the first octet.
   * The certificate must be one that the machine trusts, for the name of the relay. Default `none`; with a user `starttls`.
   */
  readonly tls?: 'none' | 'starttls' | 'implicit'
  /** For AUTH, with `password`; only with TLS. */
  readonly user?: string
  readonly password?: string
}

/** The relay, and how to speak to it. */
export interface Relay {
  readonly host: string
  readonly port: number
  readonly heloName: string
  /** For each step: finding the address, connecting, each answer. */
  readonly stepMs: number
  readonly security: SmtpSecurity
  /** Where its name is looked up. */
  readonly names: NameSource
}

/** A whole dialogue takes at most so many times what a step may take: an answer may trickle in. */
const STEPS = 8

/** What the relay gets to take leave after a mail. */
const QUIT_MS = 2_000

/** An error of the library or of a socket, as far as it concerns us. */
interface SmtpError extends Error {
  readonly command?: string | undefined
  readonly responseCode?: number | undefined
  readonly code?: string | undefined
  readonly recipient?: string | undefined
}

/** Delivers a mail to a relay, over a connection of its own as keepalived does. Logs keepalived's sentences. Never rejects. */
export async function sendMail(mail: Mail, relay: Relay, log: Logger, abort: AbortSignal): Promise<Outcome> {
  const end = new AbortController()
  const limit = setTimeout(() => {
    end.abort(new Error('the dialogue with the mail relay took too long'))
  }, relay.stepMs * STEPS)
  const give = (): void => {
    end.abort(new Error('given up'))
  }
  abort.addEventListener('abort', give)
  if (abort.aborted) give()
  const dialogue: Dialogue = { name: `[${relay.host}]:${relay.port}`, relay, log, abort: end.signal }
  try {
    const socket = await open(dialogue)
    dialogue.name = `[${socket.remoteAddress ?? relay.host}]:${relay.port}`
    log.info({ relay: dialogue.name }, `Remote SMTP server ${dialogue.name} connected.`)
    return await speak(mail, socket, dialogue)
  } catch (error) {
    return outcomeOf(error, dialogue)
  } finally {
    clearTimeout(limit)
    abort.removeEventListener('abort', give)
  }
}

interface Dialogue {
  /** Of the server, in sentences. */
  name: string
  readonly relay: Relay
  readonly log: Logger
  readonly abort: AbortSignal
}

/** A connection to the relay, in the clear. */
async function open({ relay, abort }: Dialogue): Promise<Socket> {
  const { host, port, stepMs, names } = relay
  const socket = connect({ host, port, lookup: lookupWith(stepMs, names, abort), signal: abort })
  // The name and then each address: what the name takes is bounded, and so is the whole dialogue.
  const limit: { timer?: NodeJS.Timeout } = {}
  await new Promise<void>((resolve, reject) => {
    limit.timer = setTimeout(() => {
      socket.destroy(new Error('no connection in time'))
    }, stepMs * 2)
    socket.once('connect', resolve)
    socket.on('error', reject)
  }).finally(() => {
    clearTimeout(limit.timer)
  })
  return socket
}

async function speak(mail: Mail, socket: Socket, dialogue: Dialogue): Promise<Outcome> {
  const { relay, log, abort } = dialogue
  const { security, stepMs } = relay
  const tls = security.tls ?? (security.user === undefined ? 'none' : 'starttls')
  const connection = new SMTPConnection({
    connection: socket,
    host: relay.host,
    port: relay.port,
    name: relay.heloName,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    connectionTimeout: stepMs * 3, // greeting, handshake
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    socketCloseTimeout: QUIT_MS,
    maxResponseSize: 64 * 1024,
    ...(tls === 'none' ? {} : { tls: { secureContext: await authorities() } }),
  })
  const close = (): void => {
    connection.close()
    socket.destroy()
  }
  abort.addEventListener('abort', close)
  try {
    const info = await transact(mail, connection, dialogue)
    log.info({ relay: dialogue.name }, 'SMTP alert successfully sent.')
    return reportRefused(mail, info, dialogue)
  } finally {
    await leave(connection)
    abort.removeEventListener('abort', close)
    socket.destroy()
  }
}

/** From the greeting to the answer to the message. */
async function transact(mail: Mail, connection: SMTPConnection, { relay, abort }: Dialogue): Promise<SMTPConnectionSendInfo> {
  const { user, password } = relay.security
  return await new Promise((resolve, reject) => {
    const give = (): void => {
      reject(abort.reason instanceof Error ? abort.reason : new Error('given up'))
    }
    abort.addEventListener('abort', give, { once: true })
    // Also what comes after the mail is delivered: it then concerns nobody.
    connection.on('error', reject)
    const send = (error?: Error | null): void => {
      if (error !== undefined && error !== null) return reject(error)
      const envelope = { from: mail.from, to: [...mail.recipients], size: Buffer.byteLength(mail.message) }
      connection.send(envelope, Buffer.from(mail.message), (error, info) => {
        if (info === undefined || info === null) reject(error ?? new Error('no answer to the message'))
        else resolve(info)
      })
    }
    connection.connect((error) => {
      if (error !== undefined || user === undefined) return send(error)
      connection.login({ user, pass: password ?? '' }, send)
    })
  })
}

/** Takes leave, and waits a little for the answer, as the protocol wants. */
async function leave(connection: SMTPConnection): Promise<void> {
  if (connection.destroyed) return
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, QUIT_MS)
    connection.once('end', () => {
      clearTimeout(limit)
      resolve()
    })
    connection.quit()
  })
  connection.close()
}

/** Recipients that the relay refused while it took others. Those that it refused for now are tried again. */
function reportRefused(mail: Mail, { rejectedErrors = [] }: SMTPConnectionSendInfo, dialogue: Dialogue): Outcome {
  if (rejectedErrors.length === 0) return { result: 'delivered' }
  for (const error of rejectedErrors) logCode(error, dialogue)
  const deferred = rejectedErrors.filter(({ responseCode = 0 }) => responseCode < 500)
  mail.recipients = deferred.flatMap(({ recipient }: SmtpError) => (recipient === undefined ? [] : [recipient]))
  return mail.recipients.length === 0 ? { result: 'delivered' } : { result: 'failed', reason: 'recipients were refused for now' }
}

function outcomeOf(cause: unknown, dialogue: Dialogue): Outcome {
  const error: SmtpError = cause instanceof Error ? cause : new Error(String(cause))
  const { responseCode } = error
  if (responseCode === undefined && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE' || error.code === 'EAUTH')) {
    // The library will not even say it: an address with a bracket, a mail larger than the relay takes.
    dialogue.log.error({ relay: dialogue.name, reason: error.message }, 'mail given up: it cannot be sent')
    return { result: 'refused' }
  }
  // Of several addresses that refused the error has no message.
  if (responseCode === undefined) return { result: 'unreachable', reason: error.message || (error.code ?? error.name) }
  logCode(error, dialogue)
  // What it refuses for good before it knows the mail, it refuses us: who is responsible may change that.
  const isOfMail = ['MAIL', 'RCPT', 'DATA', 'BODY'].includes(commandOf(error))
  return isOfMail && responseCode >= 500 ? { result: 'refused' } : { result: 'failed', reason: error.message }
}

/** keepalived's sentence. What the server wrote is beside it: that of a refused AUTH may hold nothing secret, we sent it none of it. */
function logCode(error: SmtpError, { name, log }: Dialogue): void {
  const { responseCode = 0, recipient, message } = error
  const details = { relay: name, reason: message, ...(recipient === undefined ? {} : { recipient }) }
  log.error(details, `Error processing ${commandOf(error)} cmd on SMTP server ${name}. SMTP status code = ${responseCode}`)
}

/** The command as keepalived names it: the answer to the message is one to BODY. */
function commandOf({ command = '', code }: SmtpError): string {
  if (command === 'DATA' && code === 'EMESSAGE') return 'BODY'
  return command === 'CONN' ? 'CONNECT' : (command.split(' ')[0] ?? '')
}
