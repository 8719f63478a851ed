import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { TLSSocket, createSecureContext } from 'node:tls'

/** How a {@link SmtpSink} differs from a server that takes everything. */
export interface SinkManners {
  /** The answer to a line that matches; `undefined` in place of an answer: none, ever; `''`: the connection is closed. */
  readonly answers?: readonly (readonly [RegExp, string | undefined])[]
  /** The greeting; as above. */
  readonly greeting?: string | undefined
  readonly greetsAfterMs?: number
  /** Lines of the answer to EHLO after the first; an EHLO is refused unless given. */
  readonly extensions?: readonly string[]
  /** What secures a connection after STARTTLS, or from its first octet. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly isImplicit?: boolean }
}

/** What one client said. */
export interface SinkSession {
  /** Its lines in order, each without its line end; for `STARTTLS` the handshake follows. */
  readonly lines: string[]
  /** The octets of each message, with the closing dot. */
  readonly messages: string[]
  isSecure: boolean
  isOver: boolean
}

/** A mail relay on loopback that records dialogues. */
export class SmtpSink {
  readonly sessions: SinkSession[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #manners: SinkManners

  private constructor(manners: SinkManners) {
    this.#manners = manners
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      this.#serve(socket)
    })
  }

  static async listen(manners: SinkManners = {}, port = 0): Promise<SmtpSink> {
    const sink = new SmtpSink(manners)
    sink.#server.listen(port, '127.0.0.1')
    await once(sink.#server, 'listening')
    return sink
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** All messages, in the order in which they were complete. */
  readonly messages: string[] = []

  /** Behaves differently with the next connection. */
  behave(manners: SinkManners): void {
    this.#manners = manners
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    const manners = this.#manners
    const session: SinkSession = { lines: [], messages: [], isSecure: false, isOver: false }
    this.sessions.push(session)
    socket.on('error', () => undefined) // the client may go at any time
    socket.once('close', () => {
      session.isOver = true
    })
    const greeting = 'greeting' in manners ? manners.greeting : '220 sink'
    if (manners.tls?.isImplicit === true) new Dialogue(this.messages, session, manners).secure(socket, manners.tls, greeting)
    else new Dialogue(this.messages, session, manners).talk(socket, greeting)
  }
}

class Dialogue {
  readonly #all: string[]
  readonly #session: SinkSession
  readonly #manners: SinkManners
  #text = ''
  #isMessage = false

  constructor(all: string[], session: SinkSession, manners: SinkManners) {
    this.#all = all
    this.#session = session
    this.#manners = manners
  }

  talk(socket: Socket, greeting?: string): void {
    socket.on('data', (octets: Buffer) => {
      this.#text += octets.toString('latin1')
      this.#read(socket)
    })
    if (greeting === undefined) return
    setTimeout(() => {
      say(socket, greeting)
    }, this.#manners.greetsAfterMs ?? 0)
  }

  secure(socket: Socket, { key, cert }: { readonly key: string; readonly cert: string }, greeting?: string): void {
    const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) })
    secured.on('error', () => undefined) // the client may not like the certificate
    secured.once('secure', () => {
      this.#session.isSecure = true
    })
    this.#text = ''
    this.talk(secured, greeting)
  }

  #read(socket: Socket): void {
    for (;;) {
      const end = this.#isMessage ? '\r\n.\r\n' : '\r\n'
      const at = this.#text.indexOf(end)
      if (at < 0) return
      const taken = this.#text.slice(0, at + end.length)
      this.#text = this.#text.slice(taken.length)
      if (this.#isMessage) this.#takeMessage(taken, socket)
      else if (this.#takeLine(taken.slice(0, -end.length), socket)) return
    }
  }

  #takeMessage(message: string, socket: Socket): void {
    this.#isMessage = false
    const answer = this.#special('.')
    if (answer === null) {
      this.#session.messages.push(message)
      this.#all.push(message)
      say(socket, '250 ok')
    } else say(socket, answer)
  }

  /** Whether the connection is another one now. */
  #takeLine(line: string, socket: Socket): boolean {
    this.#session.lines.push(line)
    const { tls, extensions } = this.#manners
    const special = this.#special(line)
    if (special !== null) say(socket, special)
    else if (line.startsWith('EHLO ')) say(socket, extensions === undefined ? '502 unknown' : ehlo(extensions))
    else if (line === 'DATA') {
      this.#isMessage = true
      say(socket, '354 go on')
    } else if (line === 'STARTTLS' && tls !== undefined) {
      say(socket, '220 go on')
      socket.removeAllListeners('data')
      this.secure(socket, tls)
      return true
    } else if (line === 'QUIT') socket.end('221 bye\r\n')
    else if (line === 'STARTTLS') say(socket, '502 unknown')
    else say(socket, line.startsWith('AUTH ') ? '235 ok' : '250 ok')
    return false
  }

  /** What the manners say to a line; `null`: nothing special. */
  #special(line: string): string | undefined | null {
    const rule = this.#manners.answers?.find(([pattern]) => pattern.test(line))
    return rule === undefined ? null : rule[1]
  }
}

function ehlo(extensions: readonly string[]): string {
  return ['sink', ...extensions].map((text, index) => `250${index === extensions.length ? ' ' : '-'}${text}`).join('\r\n')
}

function say(socket: Socket, answer: string | undefined): void {
  if (answer === '') socket.destroy()
  else if (answer !== undefined) socket.write(`${answer}\r\n`)
}
