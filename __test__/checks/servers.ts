/** Servers on loopback that behave well, or badly in one way. */
import { createSocket } from 'node:dgram'
import type { RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { freeUdpPort, listenOnFreePort } from '../lab/free-port.ts'

/** A server of a test. */
export interface TestServer {
  readonly port: number
  /** Connections, or datagrams, so far. */
  readonly count: () => number
  /** Nobody listens any more, and connections are cut. */
  readonly close: () => Promise<void>
}

/**
 * A TCP server that does `serve` with each connection.
 *
 * @param port one that was listened on before; any when absent
 */
export async function tcpServer(t: ExecutionContext, serve: (socket: Socket) => void, port = 0): Promise<TestServer> {
  return await listen(t, createServer({ allowHalfOpen: true }), serve, port)
}

/** The same in TLS. */
export async function tlsServer(t: ExecutionContext, options: TlsOptions, serve: (socket: TLSSocket) => void): Promise<TestServer> {
  const server = createTlsServer(options)
  server.on('tlsClientError', () => {})
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  return await listen(t, server, () => {}, 0)
}

async function listen(t: ExecutionContext, server: Server, serve: (socket: Socket) => void, port: number): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let count = 0
  server.on('connection', (socket: Socket) => {
    count += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  if (port === 0) {
    await listenOnFreePort(server)
  } else {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  t.teardown(close)
  return { port: (server.address() as AddressInfo).port, count: () => count, close }
}

/** A UDP server that answers each datagram with what `answer` gives. */
export async function udpServer(
  t: ExecutionContext,
  answer: (datagram: Buffer, from: RemoteInfo) => readonly Uint8Array[],
): Promise<TestServer> {
  const socket = createSocket('udp4')
  let count = 0
  socket.on('message', (datagram, from) => {
    count += 1
    for (const reply of answer(datagram, from)) socket.send(reply, from.port, from.address)
  })
  socket.bind(await freeUdpPort(), '127.0.0.1')
  await once(socket, 'listening')
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    const closed = once(socket, 'close')
    socket.close()
    await closed
  }
  t.teardown(close)
  return { port: socket.address().port, count: () => count, close }
}

/** Waits for the request, then does `answer`. */
export function onRequest(answer: (socket: Socket, request: string) => void): (socket: Socket) => void {
  return (socket) => {
    let request = ''
    socket.on('data', (octets: Buffer) => {
      request += octets.toString('latin1')
      if (request.endsWith('\r\n\r\n')) answer(socket, request)
    })
  }
}

/** An answer over HTTP, and the end of the connection. */
export function answering(text: string): (socket: Socket) => void {
  return onRequest((socket) => {
    socket.end(text)
  })
}

/** An answer that is right. */
export const GOOD_PAGE = 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** Cuts a connection with RST. */
export function reset(socket: Socket): void {
  socket.resetAndDestroy()
}

/** Says the same again and again, as fast as it is read, until the connection is cut. */
export function withoutEnd(socket: Socket, octets: string): void {
  const chunk = Buffer.alloc(65_536, octets)
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', write)
  write()
}
