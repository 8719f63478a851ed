/** Ports of 127.0.0.1 that nobody else gets. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server } from 'node:net'

/** Below those that Linux gives to whoever asks for any (`ip_local_port_range`), and to outgoing connections. */
const FIRST_PORT = 10_000
const LAST_PORT = 30_000

/**
 * Nobody's address: the process that listens there has the port of the same number at 127.0.0.1, until it ends. Who looks at 127.0.0.1
 * alone is given a port that another test wants to be closed, or to listen at again.
 */
const OWNERS_ADDRESS = '127.255.255.254'

async function own(port: number): Promise<void> {
  const server = createServer().listen(port, OWNERS_ADDRESS).unref()
  await once(server, 'listening')
}

/** Tries ports until one is free, for {@link LAST_PORT} - {@link FIRST_PORT} are more than anybody takes. */
async function tryPorts<T>(attempt: (port: number) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const port = randomInt(FIRST_PORT, LAST_PORT)
      await own(port)
      return await attempt(port)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
  }
}

/**
 * Lets a TCP server listen on a port of 127.0.0.1 that nobody is given by chance: not even after the server has closed, when a test wants
 * nobody to listen there, or the same server again.
 */
export async function listenOnFreePort(server: Server): Promise<void> {
  await tryPorts(async (port) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  })
}

/** A TCP port of 127.0.0.1 on which nobody listens, and nobody will by chance. */
export async function freePort(): Promise<number> {
  return await tryPorts(async (port) => {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return port
  })
}

/** The same for UDP. */
export async function freeUdpPort(): Promise<number> {
  return await tryPorts(async (port) => {
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    socket.close()
    await once(socket, 'close')
    return port
  })
}
