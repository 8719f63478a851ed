import { createSocket } from 'node:dgram'
import { connect, isIPv6, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { waitFor } from '../../lab/wait-for.ts'

/** A limit for what is lost. */
const PATIENCE_MS = 20_000

/**
 * Asks a web server for its name, over a connection of its own.
 *
 * @returns the answer's body, or the code of the error.
 */
export async function askWeb(address: string, port = 80): Promise<string> {
  const answer = await converse(address, port, `GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n`)
  return answer.split('\r\n\r\n')[1] ?? answer
}

/** Asks a mail server for its name: the second word of its greeting. */
export async function askMail(address: string): Promise<string> {
  const answer = await converse(address, 25, 'QUIT\r\n')
  return answer.split(' ')[1] ?? answer
}

async function converse(address: string, port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host: address, port })
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(Object.assign(new Error('nothing came'), { code: 'TIMEOUT' })))
    socket.on('connect', () => socket.write(question))
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  })
}

/** A connection to a mail server that is kept open. */
export class MailSession {
  readonly #socket: Socket
  readonly #answers: string[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    createInterface({ input: socket }).on('line', (line) => this.#answers.push(line))
  }

  /** Opens one; returns when the server has greeted. */
  static async open(address: string): Promise<MailSession> {
    const session = new MailSession(connect({ host: address, port: 25 }))
    await session.#answer(1)
    return session
  }

  /** Ours. */
  get port(): number {
    return this.#socket.localPort ?? Number.NaN
  }

  /**
   * Says something without a meaning and waits for the answer.
   *
   * @throws Error when none comes.
   */
  async remark(): Promise<void> {
    const number = this.#answers.length + 1
    this.#socket.write('NOOP\r\n')
    const answer = await this.#answer(number)
    if (!answer.startsWith('250')) throw new Error(`the mail server says: ${answer}`)
  }

  close(): void {
    this.#socket.destroy()
  }

  async #answer(number: number): Promise<string> {
    return waitFor('the mail server answers', () => {
      if (this.#socket.destroyed) throw new Error('the connection is lost')
      return this.#answers[number - 1]
    })
  }
}

/** The question for the text of `who.lab`, without its identifier. */
const NAME_QUESTION = Buffer.from('010000010000000000000377686f036c61620000100001', 'hex')
const TEXT_OFFSET = 2 + NAME_QUESTION.length + 12

/**
 * The port of the next question, below those that the kernel gives out. IPVS sends what comes from a port within minutes to the server that
 * it sent the last one to: a port must not come again, as one that the kernel chooses at random may.
 */
const next = { port: 10_000 }

/** Asks a name server for its name, from a port that no other question had. */
export async function askName(address: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    const end = (answer: string): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => end('TIMEOUT'), PATIENCE_MS)
    socket.on('error', (error) => end('code' in error ? String(error.code) : error.message))
    socket.on('message', (answer) => end(answer.toString('latin1', TEXT_OFFSET + 1, TEXT_OFFSET + 1 + (answer[TEXT_OFFSET] ?? 0))))
    socket.bind(next.port, () => {
      // Connected, so that it hears of a refusal.
      socket.connect(53, address, () => socket.send(Buffer.concat([Buffer.from([0, 7]), NAME_QUESTION])))
    })
    next.port += 1
  })
}

/** How often each answer came when one after the other was asked for. */
export async function tally(times: number, ask: () => Promise<string>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let time = 0; time < times; time++) {
    const answer = await ask()
    counts[answer] = (counts[answer] ?? 0) + 1
  }
  return counts
}
