/** One request to a web server, and its answer as a health check takes it. */
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HttpResponse, HttpVerdict } from '#native'
import { serverNameOf } from '../../checks/tls-fetch.ts'
import { webRequest } from '../../checks/web-request.ts'
import { optional } from '../../engine/optional.ts'
import type { GenhashRequest } from './options.ts'

/** What came of it. */
export type Exchange =
  | { readonly kind: 'answered'; readonly verdict: HttpVerdict; readonly octets: Buffer }
  /** keepalived's sentence for it. */
  | { readonly kind: 'failed'; readonly sentence: string }

/** Where it stands when it breaks off. */
type Step = 'connect' | 'read'

const SENTENCES = {
  late: { connect: 'Timeout connecting', read: 'Timeout WEB read' },
  broken: { connect: 'Connection failed', read: 'Read error with' },
  // What a server says that speaks no TLS.
  strange: 'SSL handshake/communication error connecting to',
} as const

/** What is asked, octet by octet as keepalived does (process.md §15). */
export function requestOf({ path, protocol, virtualhost, server, port }: GenhashRequest): Buffer {
  return webRequest({ connectIp: server, connectPort: port, httpProtocol: protocol }, { path, virtualhost })
}

/**
 * Asks, and reads until the answer is complete.
 *
 * @param connected a connection that is there already; without one it is made here
 */
export async function exchange(request: GenhashRequest, response: HttpResponse, connected?: Socket): Promise<Exchange> {
  return await new Promise((resolve) => {
    let step: Step = 'connect'
    const parts: Buffer[] = []
    const socket = open(request, connected)
    const finish = (result: Exchange): void => {
      socket.destroy()
      resolve(result)
    }
    const answered = (verdict: HttpVerdict): void => {
      finish({ kind: 'answered', verdict, octets: Buffer.concat(parts) })
    }
    const ask = (): void => {
      step = 'read'
      socket.write(requestOf(request))
    }
    if (request.timeoutMs !== undefined) socket.setTimeout(request.timeoutMs)
    socket.once(request.isTls ? 'secureConnect' : 'connect', ask)
    if (!request.isTls && connected !== undefined) ask()
    socket.on('timeout', () => {
      finish({ kind: 'failed', sentence: SENTENCES.late[step] })
    })
    socket.on('data', (octets: Buffer) => {
      if (request.isVerbose) parts.push(octets)
      const verdict = response.feed(octets)
      if (verdict !== null) answered(verdict)
    })
    socket.on('end', () => {
      if (step === 'read') answered(response.end())
    })
    // A server over TLS that has answered may end as it likes.
    socket.on('error', (error) => {
      if (request.isTls && step === 'read') answered(response.end())
      else if ('syscall' in error) finish({ kind: 'failed', sentence: SENTENCES.broken[step] })
      else finish({ kind: 'failed', sentence: SENTENCES.strange })
    })
    socket.on('close', () => {
      finish({ kind: 'failed', sentence: SENTENCES.broken[step] })
    })
  })
}

function open(request: GenhashRequest, connected: Socket | undefined): Socket {
  const { server: host, port, isTls, sendsName, virtualhost } = request
  if (!isTls) return connected ?? connectTcp({ host, port })
  return connectTls({
    ...(connected === undefined ? { host, port } : { socket: connected }),
    ...optional('servername', serverNameOf(sendsName ? virtualhost : undefined)),
    // As keepalived: what a server has is to be hashed, not trusted; old ones too.
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
}
