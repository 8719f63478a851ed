import { closeSync } from 'node:fs'
import { isIP, Socket } from 'node:net'
import { connect } from 'node:tls'
import type { SecureContext, TLSSocket } from 'node:tls'
import { optional } from '../engine/optional.ts'
import { Deadline } from './deadline.ts'
import type { HttpJudge } from './prober.ts'
import type { WebOutcome } from './web-check.ts'

/** A page that is asked for in TLS. */
export interface TlsRequest {
  readonly context: SecureContext
  /** Sent in the handshake, where there is one that may be. */
  readonly serverName: string | undefined
  /** The end of TLS is said before the connection is closed. */
  readonly isCompliant: boolean
  readonly request: Buffer
  readonly judge: HttpJudge
  /** For the handshake, and again for the answer. */
  readonly timeoutMs: number
}

/** Reading stops for a moment after so many octets: a server that sends without end must not keep the thread busy. */
const BURST_OCTETS = 1_048_576
const PAUSE_MS = 10

/**
 * Asks for one page over a connection that is made: TLS of any version, no certificate is verified (lvs.md §5).
 *
 * An end of the connection without the end of TLS is an end of the answer, when any of it has come.
 */
export class TlsFetch {
  readonly #request: TlsRequest
  readonly #done: (outcome: WebOutcome) => void
  readonly #socket: TLSSocket | undefined
  readonly #deadline = new Deadline()
  #pause: NodeJS.Timeout | undefined
  #isSecure = false
  #received = 0
  #burst = 0
  #hasEnded = false

  /**
   * @param fd the connection, which is closed in the end
   * @param done is called once, later, unless {@link TlsFetch.abort} comes first
   */
  constructor(fd: number, request: TlsRequest, done: (outcome: WebOutcome) => void) {
    this.#request = request
    this.#done = done
    const { context, serverName } = request
    this.#socket = tlsOver(fd, context, serverName)
    if (this.#socket === undefined) {
      setImmediate(() => {
        this.#end({ type: 'failed', stage: 'handshake', reason: 'closed' })
      })
      return
    }
    this.#socket.on('secureConnect', () => {
      this.#ask()
    })
    this.#socket.on('data', (octets: Buffer) => {
      this.#take(octets)
    })
    this.#socket.on('end', () => {
      this.#over(undefined)
    })
    this.#socket.on('error', (error: Error) => {
      this.#over(error)
    })
    this.#socket.on('close', () => {
      this.#over(undefined)
    })
    this.#limit()
  }

  /** Nothing is heard of it any more. */
  abort(): void {
    this.#hasEnded = true
    this.#release()
  }

  #limit(): void {
    this.#deadline.set(this.#request.timeoutMs, () => {
      this.#end({ type: 'failed', stage: this.#stage, reason: 'timeout' })
    })
  }

  /** What is waited for. */
  get #stage(): 'handshake' | 'reply' | 'body' {
    if (!this.#isSecure) return 'handshake'
    return this.#received === 0 ? 'reply' : 'body'
  }

  #ask(): void {
    this.#isSecure = true
    this.#limit()
    this.#socket?.write(this.#request.request)
  }

  #take(octets: Buffer): void {
    if (this.#hasEnded) return
    this.#received += octets.length
    const verdict = this.#request.judge.feed(octets)
    if (verdict !== undefined && verdict !== null) {
      this.#end(verdict)
      return
    }
    this.#burst += octets.length
    if (this.#burst < BURST_OCTETS) return
    this.#burst = 0
    this.#socket?.pause()
    this.#pause = setTimeout(() => {
      this.#socket?.resume()
    }, PAUSE_MS)
  }

  #over(error: Error | undefined): void {
    if (this.#hasEnded) return
    if (!this.#isSecure)
      this.#end({ type: 'failed', stage: 'handshake', reason: 'closed', ...(error === undefined ? {} : { detail: wordsOf(error) }) })
    else if (this.#received > 0 || error === undefined) this.#end(this.#request.judge.end())
    else this.#end({ type: 'failed', stage: 'reply', reason: 'error', detail: wordsOf(error) })
  }

  #end(outcome: WebOutcome): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#release()
    this.#done(outcome)
  }

  #release(): void {
    this.#deadline.clear()
    clearTimeout(this.#pause)
    const socket = this.#socket
    if (this.#request.isCompliant && this.#isSecure) socket?.end(() => socket.destroy())
    else socket?.destroy()
  }
}

/** @returns `undefined` where the connection is none any more */
function tlsOver(fd: number, secureContext: SecureContext, serverName: string | undefined): TLSSocket | undefined {
  const socket = socketOf(fd)
  if (socket === undefined) return undefined
  // What it says, TLS says too.
  socket.on('error', () => {})
  const options = { socket, secureContext, rejectUnauthorized: false, allowHalfOpen: true }
  return connect({ ...options, ...optional('servername', serverNameOf(serverName)) })
}

/** The name that is sent in TLS. RFC 6066 §3: an address is none. */
export function serverNameOf(name: string | undefined): string | undefined {
  return name === undefined || isIP(name) !== 0 ? undefined : name
}

/** The socket of a connection; `undefined`, and closed, where Node takes it for none. */
export function socketOf(fd: number): Socket | undefined {
  try {
    return new Socket({ fd, readable: true, writable: true })
  } catch {
    closeSync(fd)
    return undefined
  }
}

/** OpenSSL says in `reason` what went wrong. */
function wordsOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
}
