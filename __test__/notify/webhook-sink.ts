import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { WebhookBody } from '../../src/index.ts'

/** What a receiver answers with. */
export interface SinkAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A request that came. */
export interface SinkRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: WebhookBody
}

/** Answers a request; `undefined`: never. It is counted from 1. */
export type Answerer = (request: SinkRequest, count: number) => SinkAnswer | undefined | Promise<SinkAnswer | undefined>

/** A receiver of webhooks on loopback. */
export class WebhookSink {
  readonly requests: SinkRequest[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connections = 0

  private constructor(answer: Answerer, tls: { readonly key: string; readonly cert: string } | undefined) {
    const serve = async (request: IncomingMessage): Promise<SinkAnswer | undefined> => {
      const { method = '', url = '', headers } = request
      const body = await text(request)
      const taken = { method, url, headers, text: body, body: JSON.parse(body) as WebhookBody }
      this.requests.push(taken)
      return await answer(taken, this.requests.length)
    }
    const listener: RequestListener = (request, response) => {
      void serve(request).then((given) => {
        if (given !== undefined) response.writeHead(given.status, given.headers).end(given.body)
      })
    }
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
    this.#server.on('connection', (socket: Socket) => {
      this.#connections += 1
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param host the address to listen on */
  static async listen(answer: Answerer, tls?: { readonly key: string; readonly cert: string }, host = '127.0.0.1'): Promise<WebhookSink> {
    const sink = new WebhookSink(answer, tls)
    sink.#server.listen(0, host)
    await once(sink.#server, 'listening')
    return sink
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections so far. */
  get connections(): number {
    return this.#connections
  }

  /** Names and states of what came, in order. */
  states(): string[] {
    return this.requests.map(({ body }) => `${body.name} ${body.state}`)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
