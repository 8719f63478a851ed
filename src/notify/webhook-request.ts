import { createHmac } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { SecureContext } from 'node:tls'
import { authorities } from './authorities.ts'
import { lookupWith } from './resolve-name.ts'
import type { NameSource } from './resolve-name.ts'

/** An answer is dropped; one that is longer costs its connection. */
const MAX_ANSWER_OCTETS = 64 * 1024

/** An idle connection is closed before the receiver, or something between, does so: it would cost a request. */
const IDLE_MS = 4_000

/** A receiver of webhooks. */
export interface Receiver {
  readonly url: URL
  /** The key of signatures; none, no signatures. */
  readonly key: Buffer | undefined
  /** For all of a request: address, connection, answer. */
  readonly timeoutMs: number
  /** Where its name is looked up. */
  readonly names: NameSource
}

/** What a receiver answered. */
export interface Answer {
  readonly status: number
  /** What it asks for by `Retry-After`. */
  readonly retryAfterMs: number | undefined
}

/** The headers of Standard Webhooks: what is sent, when, and by whom. */
export function signatureHeaders(id: string, atMs: number, body: string, key: Buffer | undefined): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (key === undefined) return headers
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}

/** Posts to one receiver. Connections stay open for the next request. */
export class Poster {
  readonly #receiver: Receiver
  readonly #agent: HttpAgent | HttpsAgent
  readonly #isSecure: boolean
  readonly #closed = new AbortController()

  constructor(receiver: Receiver) {
    this.#receiver = receiver
    this.#isSecure = receiver.url.protocol === 'https:'
    const lookup = lookupWith(receiver.timeoutMs, receiver.names, this.#closed.signal)
    const options = { keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS, lookup } as const
    this.#agent = this.#isSecure ? new HttpsAgent(options) : new HttpAgent(options)
  }

  /**
   * Posts a JSON text. A redirection is an answer like any other.
   *
   * @throws Error when no answer comes in time
   */
  async post(id: string, body: string, abort: AbortSignal): Promise<Answer> {
    const context = this.#isSecure ? await authorities() : undefined
    const request = this.#request(id, body, context)
    const give = (): void => {
      request.destroy(new Error('given up'))
    }
    const limit = setTimeout(() => {
      request.destroy(new Error('no answer in time'))
    }, this.#receiver.timeoutMs)
    abort.addEventListener('abort', give)
    if (abort.aborted) give()
    try {
      return await answerTo(request)
    } finally {
      clearTimeout(limit)
      abort.removeEventListener('abort', give)
    }
  }

  /** Closes its connections. */
  close(): void {
    this.#closed.abort()
    this.#agent.destroy()
  }

  #request(id: string, body: string, secureContext: SecureContext | undefined): ClientRequest {
    const { url, key } = this.#receiver
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'ka-native',
      ...signatureHeaders(id, Date.now(), body, key),
    }
    const options = { method: 'POST', agent: this.#agent, headers }
    const secured = { ...options, secureContext }
    const request = this.#isSecure ? httpsRequest(url, secured) : httpRequest(url, options)
    request.end(body)
    return request
  }
}

async function answerTo(request: ClientRequest): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    request.on('error', reject)
    request.once('response', (response) => {
      const answer = { status: response.statusCode ?? 0, retryAfterMs: askedPause(response.headers['retry-after'], Date.now()) }
      // Complete or not: its first line says what it is.
      const end = (): void => {
        resolve(answer)
      }
      request.off('error', reject)
      request.on('error', end)
      response.on('error', end)
      response.once('close', end)
      drop(response)
    })
  })
}

/** Reads over the content of an answer. */
function drop(response: IncomingMessage): void {
  const octets = { count: 0 }
  response.on('data', (chunk: Buffer) => {
    octets.count += chunk.length
    if (octets.count > MAX_ANSWER_OCTETS) response.destroy()
  })
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds or a date. */
export function askedPause(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const pauseMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return pauseMs >= 0 ? pauseMs : undefined // not of NaN
}
