import type { Logger } from 'pino'
import { trySend } from '../log/datagram-queue.ts'
import type { DatagramSocket } from '../log/datagram-queue.ts'

/** Messages that may wait for a service manager that is slow. */
const MAX_WAITING = 64

/** Between two attempts while it is. */
const AGAIN_MS = 20

/** The socket of a service manager (sd_notify(3)). Telling it never waits and never fails the daemon. */
export class NotifySocket {
  readonly #socket: DatagramSocket
  readonly #log: Logger
  readonly #waiting: Uint8Array[] = []
  #timer: NodeJS.Timeout | undefined
  #hasFailed = false

  constructor(socket: DatagramSocket, log: Logger) {
    this.#socket = socket
    this.#log = log
  }

  /** Sends one message. Line feeds in values would begin another assignment: they become blanks. */
  send(...assignments: readonly (readonly [name: string, value: string | number])[]): void {
    const text = assignments.map(([name, value]) => `${name}=${String(value).replaceAll(/\s+/g, ' ')}`).join('\n')
    if (this.#waiting.length === MAX_WAITING) {
      this.#fail('EAGAIN')
      return
    }
    this.#waiting.push(Buffer.from(text))
    if (this.#timer === undefined) this.#sendWaiting()
  }

  #sendWaiting(): void {
    for (let message = this.#waiting[0]; message !== undefined; message = this.#waiting[0]) {
      const code = trySend(this.#socket, message)
      if (code === undefined) this.#hasFailed = false
      if (code === 'EAGAIN') {
        this.#timer = setTimeout(() => {
          this.#timer = undefined
          this.#sendWaiting()
        }, AGAIN_MS).unref()
        return
      }
      if (code !== undefined) this.#fail(code)
      this.#waiting.shift()
    }
  }

  /** Says so once, until it works again: the service manager is told more, and may be back. */
  #fail(code: string): void {
    if (!this.#hasFailed) this.#log.warn({ code }, 'the service manager cannot be told')
    this.#hasFailed = true
  }
}
