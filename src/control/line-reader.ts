import type { Socket } from 'node:net'

const NEWLINE = 0x0a

/** What waiting for a line comes to. */
export type LineResult =
  | { readonly type: 'line'; readonly line: string }
  /** There are no more: the other side ended, or is gone. */
  | { readonly type: 'end' }
  | { readonly type: 'late' }
  | { readonly type: 'tooLong' }

/** Reads lines of a socket, and takes no more of it than one line needs. */
export class LineReader {
  readonly #socket: Socket
  readonly #maxOctets: number
  #parts: Buffer[] = []
  #octets = 0
  /** There is a line end in them. */
  #hasLine = false
  #isEnded = false
  #isClosed = false
  /** Asks whether there is a line now. */
  #look: (() => void) | undefined

  /** @param maxOctets of a line with its end */
  constructor(socket: Socket, maxOctets: number) {
    this.#socket = socket
    this.#maxOctets = maxOctets
    socket.on('data', (octets: Buffer) => {
      if (this.#isClosed) return
      this.#parts.push(octets)
      this.#octets += octets.length
      this.#hasLine ||= octets.includes(NEWLINE)
      // What follows waits in the kernel, and whoever sends it with it.
      if (this.#octets >= maxOctets) socket.pause()
      this.#look?.()
    })
    const end = (): void => {
      this.#isEnded = true
      this.#look?.()
    }
    socket.on('end', end)
    socket.on('close', end)
  }

  /** Takes nothing more, also of what has come. */
  close(): void {
    this.#isClosed = true
    this.#isEnded = true
    this.#parts = []
    this.#octets = 0
    this.#hasLine = false
    this.#look?.()
  }

  /** The next line, without its end; the last one may lack it. One call at a time. */
  async next(limitMs: number): Promise<LineResult> {
    return await new Promise<LineResult>((resolve) => {
      const done = (result: LineResult): void => {
        clearTimeout(limit)
        this.#look = undefined
        resolve(result)
      }
      const limit = setTimeout(done, limitMs, { type: 'late' })
      this.#look = () => {
        const result = this.#take()
        if (result !== undefined) done(result)
      }
      this.#look()
    })
  }

  #take(): LineResult | undefined {
    if (!this.#hasLine && !this.#isEnded && this.#octets < this.#maxOctets) return undefined
    const known = Buffer.concat(this.#parts)
    const at = known.indexOf(NEWLINE)
    const length = at === -1 ? known.length : at + 1
    if (length > this.#maxOctets || (at === -1 && length === this.#maxOctets)) return { type: 'tooLong' }
    if (length === 0) return { type: 'end' }
    this.#keep(known.subarray(length))
    return { type: 'line', line: known.toString('utf8', 0, at === -1 ? length : at) }
  }

  #keep(rest: Buffer): void {
    this.#parts = rest.length === 0 ? [] : [rest]
    this.#octets = rest.length
    this.#hasLine = rest.includes(NEWLINE)
    if (this.#octets < this.#maxOctets) this.#socket.resume()
  }
}
