import { Waiters } from '../time-limit.ts'

/** Octets kept while nobody takes them; what exceeds them is lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** Sent in one turn of the event loop. */
const BATCH = 256

/** Between two attempts while the reader's queue is full: shortly at first, because the kernel keeps few datagrams. */
const FIRST_AGAIN_MS = 2
const LAST_AGAIN_MS = 64

/** Between two attempts while there is no reader. */
const RETRY_MS = 1_000

/** Sends a datagram, or throws at once an error with a `code`; `DatagramSender` of the addon is one. */
export interface DatagramSocket {
  send(data: Uint8Array): void
}

/** A datagram to send, or in its place the number of those that were lost there. */
type Entry = Uint8Array | { count: number; readonly reason: string }

/**
 * Datagrams on their way to a socket of this machine: that of syslog, of the journal, of the service manager.
 *
 * A reader must not cost an address. Nothing here blocks or throws, whatever becomes of the reader. Datagrams are sent in order; while
 * the reader is slow, or gone, they wait. Those that find no room are lost, and their number is said where they are missing.
 */
export class DatagramQueue {
  readonly #socket: DatagramSocket
  readonly #describeLoss: (count: number, reason: string) => Uint8Array
  readonly #waiting: Entry[] = []
  #waitingBytes = 0
  #againMs = FIRST_AGAIN_MS
  #timer: NodeJS.Timeout | undefined
  /** Who waits for the end of everything, or until there is no reader. */
  readonly #waiters = new Waiters()

  /** @param describeLoss the datagram that stands for so many lost ones */
  constructor(socket: DatagramSocket, describeLoss: (count: number, reason: string) => Uint8Array) {
    this.#socket = socket
    this.#describeLoss = describeLoss
  }

  /** Takes a datagram, and sends it at once when nothing waits. */
  write(datagram: Uint8Array): void {
    if (this.#waitingBytes + datagram.length > MAX_WAITING_BYTES) {
      this.#lose('nobody took them')
      return
    }
    this.#waiting.push(datagram)
    this.#waitingBytes += datagram.length
    if (this.#timer === undefined) this.#send()
  }

  /** Waits until everything is sent, at most `limitMs`, or until it turns out that there is no reader. */
  async flush(limitMs: number): Promise<void> {
    if (this.#waiting.length === 0) return
    const told = this.#waiters.wait(limitMs)
    this.#send()
    await told
  }

  /** Counts one more lost datagram, at the end of what waits. */
  #lose(reason: string): void {
    const last = this.#waiting.at(-1)
    if (last !== undefined && 'count' in last) last.count += 1
    else this.#waiting.push({ count: 1, reason })
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const result = this.#sendBatch()
    if (result === 'EAGAIN') {
      this.#after(this.#againMs)
      this.#againMs = Math.min(2 * this.#againMs, LAST_AGAIN_MS)
    } else if (result !== undefined) {
      this.#waiters.tell()
      this.#after(RETRY_MS)
    } else if (this.#waiting.length > 0) {
      this.#after(0)
    } else {
      this.#waiters.tell()
    }
  }

  /** @returns the code of the error that ended it */
  #sendBatch(): string | undefined {
    for (let count = 0; count < BATCH; count += 1) {
      const entry = this.#waiting[0]
      if (entry === undefined) return undefined
      const code = trySend(this.#socket, 'count' in entry ? this.#describeLoss(entry.count, entry.reason) : entry)
      if (code !== undefined && code !== 'EMSGSIZE') return code
      this.#waiting.shift()
      if (!('count' in entry)) this.#waitingBytes -= entry.length
      if (code === undefined) this.#againMs = FIRST_AGAIN_MS
      else if (!('count' in entry)) this.#waiting.unshift({ count: 1, reason: code })
    }
    return undefined
  }

  #after(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#send()
    }, delayMs)
    this.#timer.unref()
  }
}

/** Sends a datagram; the code of the error, nothing when it is sent. */
export function trySend(socket: DatagramSocket, datagram: Uint8Array): string | undefined {
  try {
    socket.send(datagram)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error'
  }
}
