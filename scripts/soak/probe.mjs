/**
 * Loaded into the soaked daemon before its own program: says what JavaScript holds, after a collection, to whoever connects to the socket that
 * its URL names and sends a line; one that holds a path is for a snapshot of the heap. Nothing of the daemon knows of it; it costs a
 * descriptor.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { getHeapCodeStatistics, writeHeapSnapshot } from 'node:v8'

const { gc } = globalThis
if (gc === undefined) throw new Error('started without --expose-gc')

/** @param {import('node:net').Socket} socket */
async function lineFrom(socket) {
  const [line] = /** @type {unknown[]} */ (await once(socket, 'data'))
  return String(line).trim()
}

const server = createServer((socket) => {
  socket.unref()
  socket.on('error', () => undefined) // whoever asked may be gone
  void (async () => {
    const path = await lineFrom(socket)
    if (path !== '') writeHeapSnapshot(path)
    // What the first collection finalises is free after the second.
    gc()
    await setImmediate()
    gc()
    const { heapUsed, external } = process.memoryUsage()
    const { code_and_metadata_size: machineCode, bytecode_and_metadata_size: byteCode } = getHeapCodeStatistics()
    socket.end(`${JSON.stringify({ heapUsed, external, code: machineCode + byteCode })}\n`)
  })()
})
server.listen(new URL(import.meta.url).searchParams.get('socket'))
server.unref()
