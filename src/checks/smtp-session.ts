import type { Socket } from 'node:net'
import { Deadline } from './deadline.ts'
import { socketOf } from './tls-fetch.ts'

/** How a conversation ended. */
export type SmtpOutcome =
  | { readonly isGood: true }
  | {
      readonly isGood: false
      readonly what: 'Bad greeting banner' | 'Bad HELO response' | 'Read failure' | 'Read timeout'
      readonly detail: string
    }

/** A reply that is longer is none. */
const MAX_LINE = 512
/** Of a bad reply, so much is shown. */
const SHOWN = 60

/** What is waited for. */
type Step = 'greeting' | 'helo' | 'quit'

/**
 * One conversation over a connection that is made: greeting, HELO, QUIT (lvs.md §5).
 *
 * Each reply is one line. What a server says to QUIT does not matter, but it has to say something.
 */
export class SmtpSession {
  readonly #socket: Socket | undefined
  readonly #heloName: string
  readonly #timeoutMs: number
  readonly #done: (outcome: SmtpOutcome) => void
  #step: Step = 'greeting'
  #received = ''
  readonly #deadline = new Deadline()
  #hasEnded = false

  /**
   * @param fd the connection, which is closed in the end
   * @param timeoutMs for each reply
   * @param done is called once, later, unless {@link SmtpSession.abort} comes first
   */
  constructor(fd: number, heloName: string, timeoutMs: number, done: (outcome: SmtpOutcome) => void) {
    this.#heloName = heloName
    this.#timeoutMs = timeoutMs
    this.#done = done
    this.#socket = socketOf(fd)
    if (this.#socket === undefined) {
      setImmediate(() => {
        this.#fail('Read failure', 'connection closed')
      })
      return
    }
    this.#socket.on('data', (octets) => {
      this.#take(octets.toString('latin1'))
    })
    this.#socket.on('error', (error) => {
      this.#fail('Read failure', error.message)
    })
    this.#socket.on('close', () => {
      this.#fail('Read failure', 'connection closed')
    })
    this.#limit()
  }

  /** Nothing is heard of it any more. */
  abort(): void {
    this.#hasEnded = true
    this.#release()
  }

  #limit(): void {
    this.#deadline.set(this.#timeoutMs, () => {
      this.#fail('Read timeout', `no reply within ${this.#timeoutMs / 1_000} s`)
    })
  }

  #take(text: string): void {
    if (this.#hasEnded) return
    // One line is wanted: what comes behind it is not kept, and a line without an end not for long.
    this.#received += text.slice(0, MAX_LINE)
    const end = this.#received.indexOf('\n')
    if (end === -1) {
      if (this.#received.length >= MAX_LINE) this.#fail('Read failure', 'a line without end')
      return
    }
    const line = this.#received.slice(0, end).replace(/\r$/, '')
    this.#received = this.#received.slice(end + 1)
    this.#hear(line)
  }

  #hear(line: string): void {
    switch (this.#step) {
      case 'greeting': {
        if (!hasCode(line, '220')) this.#fail('Bad greeting banner', shown(line))
        else this.#say('helo', `HELO ${this.#heloName}\r\n`)
        break
      }
      case 'helo': {
        if (!hasCode(line, '250')) this.#fail('Bad HELO response', shown(line))
        else this.#say('quit', 'QUIT\r\n')
        break
      }
      case 'quit':
        this.#end({ isGood: true })
    }
  }

  #say(step: Step, words: string): void {
    this.#step = step
    this.#socket?.write(words)
    this.#limit()
    // It may have said the next thing already.
    if (this.#received !== '') this.#take('')
  }

  #fail(what: Extract<SmtpOutcome, { isGood: false }>['what'], detail: string): void {
    this.#end({ isGood: false, what, detail })
  }

  #end(outcome: SmtpOutcome): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#release()
    this.#done(outcome)
  }

  #release(): void {
    this.#deadline.clear()
    this.#socket?.destroy()
  }
}

/** The code of a line that is the only one of its reply. */
function hasCode(line: string, code: string): boolean {
  return line === code || line.startsWith(`${code} `)
}

/** A line of a stranger, as it may be shown. */
function shown(line: string): string {
  return JSON.stringify(line.slice(0, SHOWN))
}
