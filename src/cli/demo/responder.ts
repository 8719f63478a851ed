import { createSocket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { VIRTUAL_ADDRESS } from './network.ts'
import { preferThisThread } from './prober.ts'

/** The port of the service behind the virtual address. */
export const SERVICE_PORT = 7

/** Command line of the service of one router, to be run in that router's network namespace. */
export function responderCommand(router: number): string[] {
  return [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), String(router)]
}

/**
 * Answers every question with the number of this router in its last octet.
 *
 * The socket is bound to the virtual address whether this router holds it or not; the kernel delivers to it only while
 * it does.
 */
function serve(router: number): void {
  preferThisThread()
  const socket = createSocket('udp4')
  socket.on('message', (question, client) => {
    question.writeUInt8(router, question.length - 1)
    // An answer that cannot leave, because the address has just gone, is a question unanswered: the client counts it.
    socket.send(question, client.port, client.address, () => {})
  })
  socket.bind(SERVICE_PORT, VIRTUAL_ADDRESS)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]))
