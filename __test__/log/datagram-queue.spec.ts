/** The queue by itself, with a socket of our own; with real readers it is in cli/syslog.spec.ts. */
import test from 'ava'
import { DatagramQueue } from '../../src/log/datagram-queue.ts'
import { waitFor } from '../lab/wait-for.ts'

/** A socket that fails as it is told, and what it took. */
class Socket {
  readonly taken: string[] = []
  /** What the next sends fail with; then they succeed, unless there is `always`. */
  readonly failures: string[] = []
  always: string | undefined
  attempts = 0

  send(data: Uint8Array): void {
    this.attempts += 1
    const code = this.failures.shift() ?? this.always
    if (code !== undefined) throw Object.assign(new Error(code), { code })
    this.taken.push(Buffer.from(data).toString())
  }
}

const queueOf = (socket: Socket): DatagramQueue => new DatagramQueue(socket, (count, reason) => Buffer.from(`lost ${count}: ${reason}`))

test('datagrams are sent at once, in order', (t) => {
  const socket = new Socket()
  const queue = queueOf(socket)
  for (const text of ['a', 'b', 'c']) queue.write(Buffer.from(text))
  t.deepEqual(socket.taken, ['a', 'b', 'c'])
})

test('a slow reader is asked again, in order, without end', async (t) => {
  const socket = new Socket()
  socket.failures.push(...Array.from({ length: 5 }, () => 'EAGAIN'))
  const queue = queueOf(socket)
  for (const text of ['a', 'b', 'c']) queue.write(Buffer.from(text))
  t.deepEqual(socket.taken, [])
  await queue.flush(60_000)
  t.deepEqual(socket.taken, ['a', 'b', 'c'])
  t.is(socket.attempts, 8)
})

test('while there is no reader datagrams wait; a flush then ends at once', async (t) => {
  const socket = new Socket()
  socket.always = 'ECONNREFUSED'
  const queue = queueOf(socket)
  queue.write(Buffer.from('a'))
  queue.write(Buffer.from('b'))
  t.is(socket.attempts, 1, 'the second one does not ask')
  await queue.flush(60_000)
  t.deepEqual(socket.taken, [])
  socket.always = undefined
  await waitFor('it is asked again', () => socket.taken.length === 2)
  t.deepEqual(socket.taken, ['a', 'b'])
})

test('what finds no room is lost, and its number said where it is missing', async (t) => {
  const socket = new Socket()
  socket.always = 'ENOENT'
  const queue = queueOf(socket)
  const large = Buffer.alloc(1024 * 1024, 'x')
  for (let count = 0; count < 7; count += 1) queue.write(large)
  socket.always = undefined
  await waitFor('it is asked again', () => socket.taken.length > 0)
  t.deepEqual(
    socket.taken.map((text) => (text.startsWith('x') ? text.length : text)),
    [large.length, large.length, large.length, large.length, 'lost 3: nobody took them'],
  )
  queue.write(Buffer.from('after'))
  t.is(socket.taken.at(-1), 'after')
})

test('what is too long for the kernel is lost and told; the rest goes on', async (t) => {
  const socket = new Socket()
  const queue = queueOf(socket)
  socket.failures.push('EMSGSIZE')
  queue.write(Buffer.from('long'))
  queue.write(Buffer.from('short'))
  await queue.flush(60_000)
  t.deepEqual(socket.taken, ['lost 1: EMSGSIZE', 'short'])
})

test('a flush ends when its time is over', async (t) => {
  const socket = new Socket()
  socket.always = 'EAGAIN'
  const queue = queueOf(socket)
  queue.write(Buffer.from('a'))
  await queue.flush(10)
  t.deepEqual(socket.taken, [])
  socket.always = undefined
  await queue.flush(60_000)
  t.deepEqual(socket.taken, ['a'])
})

test('many datagrams leave JavaScript time for other things', async (t) => {
  const socket = new Socket()
  socket.always = 'EAGAIN'
  const queue = queueOf(socket)
  for (let count = 0; count < 1_000; count += 1) queue.write(Buffer.from(String(count)))
  socket.always = undefined
  const flushed = queue.flush(60_000)
  t.true(socket.taken.length < 1_000, 'not all in one turn')
  await flushed
  t.deepEqual(
    socket.taken,
    Array.from({ length: 1_000 }, (_, count) => String(count)),
  )
})
