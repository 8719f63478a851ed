/** A name server on port 53 of loopback that answers nothing and writes each name it is asked for as a line. */
import { createSocket } from 'node:dgram'
import { nameIn } from './name-server.ts'

const socket = createSocket('udp4')
socket.on('message', (question) => {
  process.stdout.write(`asked for ${nameIn(question)}\n`)
})
socket.bind(53, '127.0.0.1', () => {
  process.stdout.write('ready\n')
})
