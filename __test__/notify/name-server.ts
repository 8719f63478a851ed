import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'

const TYPE_A = 1
const TYPE_AAAA = 28
const NAME_ERROR = 3
const QUESTION_AT = 12

/** A name server on loopback (RFC 1035) that knows the names it is given. */
export class NameServer {
  /** The questions so far, each once: `NAME`. */
  readonly asked: Set<string> = new Set()
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @param addresses of each name; without them no question is answered. */
  static async listen(addresses?: Readonly<Record<string, readonly string[]>>): Promise<NameServer> {
    const socket = createSocket('udp4')
    const server = new NameServer(socket)
    socket.on('message', (question, { port, address }) => {
      const { name, type, end } = parse(question)
      server.asked.add(name)
      if (addresses !== undefined) socket.send(answer(question.subarray(0, end), type, addresses[name]), port, address)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return server
  }

  /** As resolvers take it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }
}

/** The name that is asked for. */
export function nameIn(question: Buffer): string {
  return parse(question).name
}

function parse(question: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = []
  const at = { octet: QUESTION_AT }
  for (let length = question.readUInt8(at.octet); length > 0; length = question.readUInt8(at.octet)) {
    labels.push(question.toString('latin1', at.octet + 1, at.octet + 1 + length))
    at.octet += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: question.readUInt16BE(at.octet + 1), end: at.octet + 5 }
}

function answer(question: Buffer, type: number, addresses: readonly string[] | undefined): Buffer {
  const records = (addresses ?? [])
    .filter((address) => (isIPv6(address) ? TYPE_AAAA : TYPE_A) === type)
    .map((address) => record(address, type))
  const header = Buffer.from(question)
  header.writeUInt16BE(0x8180 | (addresses === undefined ? NAME_ERROR : 0), 2)
  header.writeUInt16BE(records.length, 6)
  header.fill(0, 8, QUESTION_AT)
  return Buffer.concat([header, ...records])
}

function record(address: string, type: number): Buffer {
  const octets = type === TYPE_A ? Buffer.from(address.split('.').map(Number)) : ipv6(address)
  // The name is the one of the question.
  const head = Buffer.from([0xc0, QUESTION_AT, 0, type, 0, 1, 0, 0, 0, 60, 0, octets.length])
  return Buffer.concat([head, octets])
}

/** Of an address with one `::`. */
function ipv6(address: string): Buffer {
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}
