import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { MAX_REQUEST_OCTETS, Refusal } from './answer.ts'
import type { ControlAnswer, ControlHandler } from './answer.ts'
import { LineReader } from './line-reader.ts'

/** What a client may cost. */
export interface SessionLimits {
  /** From the connection, or the last answer, to the end of the next request. */
  readonly requestMs: number
  /** For an answer to be taken. */
  readonly answerMs: number
}

/** A client: its requests are carried out one after the other. */
export class Session {
  /** Settles when the client is gone; never rejects. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  readonly #handler: ControlHandler
  readonly #limits: SessionLimits
  readonly #log: Logger
  readonly #lines: LineReader
  /** Nobody waits for an answer any more, or the daemon stops. */
  readonly #gone = new AbortController()

  constructor(socket: Socket, handler: ControlHandler, limits: SessionLimits, log: Logger) {
    this.#socket = socket
    this.#handler = handler
    this.#limits = limits
    this.#log = log
    this.#lines = new LineReader(socket, MAX_REQUEST_OCTETS)
    socket.on('error', () => {}) // the client may go at any time: `close` follows
    socket.on('close', () => {
      this.#gone.abort()
    })
    this.ended = this.#run()
  }

  /** Gives up what is carried out, after which the client gets an answer still, and takes no other request. */
  stop(): void {
    this.#lines.close()
    this.#gone.abort()
  }

  /** Cuts the client off. */
  destroy(): void {
    this.#socket.destroy()
  }

  async #run(): Promise<void> {
    for (;;) {
      const result = await this.#lines.next(this.#limits.requestMs)
      if (result.type === 'end' || result.type === 'late') break
      if (result.type === 'tooLong') {
        await this.#send(errorOf(new Refusal('tooLong', `a request has at most ${MAX_REQUEST_OCTETS} octets`)))
        break
      }
      await this.#send(await this.#answer(result.line))
    }
    // What the client has yet to read stays in the kernel.
    this.#socket.destroySoon()
  }

  async #answer(line: string): Promise<ControlAnswer> {
    try {
      const request = parse(line)
      const value = await this.#handler.handle(request, (progress) => { this.#tell(progress) }, this.#gone.signal) // prettier-ignore
      return { type: 'result', value }
    } catch (error) {
      if (error instanceof Refusal) return errorOf(error)
      this.#log.error({ err: error }, 'a request of the control socket failed')
      return errorOf(new Refusal('internal', 'the daemon failed to do that: its log says why'))
    }
  }

  /** Who has not taken the last line is told no other that says the same in new numbers. */
  #tell(value: unknown): void {
    if (this.#socket.writable && this.#socket.writableLength === 0) this.#socket.write(lineOf({ type: 'progress', value }))
  }

  /** Sends a line, and waits until it is on its way; a client that does not take it is cut off. */
  async #send(answer: ControlAnswer): Promise<void> {
    if (!this.#socket.writable || this.#socket.write(lineOf(answer))) return
    const limit = AbortSignal.timeout(this.#limits.answerMs)
    await Promise.race([once(this.#socket, 'drain', { signal: limit }), once(this.#socket, 'close', { signal: limit })]).catch(() => {
      this.#socket.destroy()
    })
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new Refusal('badRequest', 'a request is one line of JSON')
  }
}

function lineOf(answer: ControlAnswer): string {
  return `${JSON.stringify(answer)}\n`
}

function errorOf({ code, message, suggestions }: Refusal): ControlAnswer {
  return { type: 'error', code, message, suggestions }
}
