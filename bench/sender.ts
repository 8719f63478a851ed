/**
 * Sends a datagram to ADDRESS PORT every half millisecond until it is ended.
 *
 * Nobody listens there: the kernel that holds the address answers each one, so that no process of the lab has to run in
 * time for an answer. The answers are read from a capture; this socket is unconnected and never sees them.
 */
import { createSocket } from 'node:dgram'

const INTERVAL_MS = 0.5

const [address = '', port = ''] = process.argv.slice(2)
const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) })
const question = Buffer.from('question')
const sleeper = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

let dueMs = performance.now()
const turn = (): void => {
  socket.send(question, Number(port), address, () => {})
  dueMs = Math.max(dueMs + INTERVAL_MS, performance.now())
  Atomics.wait(sleeper, 0, 0, dueMs - performance.now())
  setImmediate(turn)
}
turn()
