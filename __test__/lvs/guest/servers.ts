import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../../notify/certificate.ts'

/** What a server does: it answers as it should, nobody listens, it takes what comes and says nothing, or it answers with an error. */
export type Mood = 'good' | 'refusing' | 'silent' | 'failing'

/** A real server of the tests, which does what it is told. */
export interface RealServer {
  become(mood: Mood): Promise<void>
}

/** How a TCP server answers. */
type Dialogue = (socket: Socket, isGood: boolean) => void

/** A server of a protocol over TCP. */
export class StreamServer implements RealServer {
  readonly #address: string
  readonly #port: number
  readonly #dialogue: Dialogue
  readonly #certificate: Certificate | undefined
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #mood: Mood = 'refusing'

  constructor(address: string, port: number, dialogue: Dialogue, certificate?: Certificate) {
    this.#address = address
    this.#port = port
    this.#dialogue = dialogue
    this.#certificate = certificate
  }

  async become(mood: Mood): Promise<void> {
    this.#mood = mood
    if (mood === 'refusing') return this.#close()
    if (this.#server !== undefined) return undefined
    const take = (socket: Socket): void => this.#take(socket)
    const server = this.#certificate === undefined ? createServer(take) : createTlsServer(this.#certificate, take)
    // What a handshake that goes wrong says is of no interest here.
    server.on('tlsClientError', () => undefined)
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, this.#address, resolve)
    })
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#mood === 'silent') socket.resume()
    else this.#dialogue(socket, this.#mood === 'good')
  }

  async #close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }
}

/** A server of a protocol over UDP. */
export class DatagramServer implements RealServer {
  readonly #address: string
  readonly #port: number
  readonly #answer: (question: Buffer, isGood: boolean) => Buffer
  #socket: DatagramSocket | undefined
  #mood: Mood = 'refusing'

  constructor(address: string, port: number, answer: (question: Buffer, isGood: boolean) => Buffer) {
    this.#address = address
    this.#port = port
    this.#answer = answer
  }

  async become(mood: Mood): Promise<void> {
    this.#mood = mood
    if (mood === 'refusing') {
      this.#socket?.close()
      this.#socket = undefined
      return undefined
    }
    if (this.#socket !== undefined) return undefined
    const socket = createSocket(isIPv6(this.#address) ? 'udp6' : 'udp4')
    this.#socket = socket
    socket.on('message', (question, { address, port }) => {
      if (this.#mood !== 'silent') socket.send(this.#answer(question, this.#mood === 'good'), port, address)
    })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(this.#port, this.#address, resolve)
    })
  }
}

/** A TCP server that says nothing and closes when it is told to. */
export function tcpServer(address: string, port: number): RealServer {
  return new StreamServer(address, port, (socket) => socket.on('end', () => socket.end()).resume())
}

/** A web server, with TLS where a certificate is given: 200 and the same body for all, or 503. */
export function webServer(address: string, port: number, certificate?: Certificate): RealServer {
  const dialogue: Dialogue = (socket, isGood) => {
    let request = ''
    socket.on('data', (bytes) => {
      request += bytes.toString('latin1')
      if (!request.includes('\r\n\r\n')) return
      const [status, body] = isGood ? ['200 OK', WEB_BODY] : ['503 Service Unavailable', '']
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
    })
  }
  return new StreamServer(address, port, dialogue, certificate)
}

/** What every {@link webServer} has. */
export const WEB_BODY = 'all is well\n'

/** A mail server that knows what a checker says. */
export function mailServer(address: string, port: number): RealServer {
  return new StreamServer(address, port, (socket, isGood) => {
    socket.write(isGood ? '220 lab ESMTP\r\n' : '554 lab has no service\r\n')
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const isLast = text.startsWith('QUIT')
        text = text.slice(end + 2)
        if (isLast) socket.end('221 lab closes\r\n')
        else socket.write('250 lab\r\n')
      }
    })
  })
}

const DNS_HEADER_BYTES = 12
const DNS_FLAGS_OFFSET = 2
const DNS_RESPONSE = 0x81_80
const DNS_SERVFAIL = 2

/** A name server that has no records: its answers say that all went well, or that it failed. */
export function nameServer(address: string, port: number): RealServer {
  return new DatagramServer(address, port, (question, isGood) => {
    const answer = Buffer.from(question)
    if (answer.length >= DNS_HEADER_BYTES) answer.writeUInt16BE(DNS_RESPONSE | (isGood ? 0 : DNS_SERVFAIL), DNS_FLAGS_OFFSET)
    return answer
  })
}

/** A UDP server that sends back what it is sent, or something else. */
export function echoServer(address: string, port: number): RealServer {
  return new DatagramServer(address, port, (question, isGood) => (isGood ? question : Buffer.from('no')))
}
