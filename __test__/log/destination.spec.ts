/** The log's destination by itself, with a kernel of our own; against real disks, pipes and terminals it is in cli/log.spec.ts. */
import test from 'ava'
import { LogDestination, type Sink } from '../../src/log/destination.ts'

/** Writes that wait for us to answer them, and what was written. */
class Kernel {
  readonly calls: { readonly text: string; readonly answer: (error: string | undefined, written?: number) => void }[] = []
  #written = Buffer.alloc(0)
  #isBusy = false

  readonly sink: Sink = (octets, done) => {
    if (this.#isBusy) throw new Error('two writes at once')
    this.#isBusy = true
    const text = Buffer.from(octets).toString()
    this.calls.push({
      text,
      answer: (code, written = code === undefined ? octets.length : 0) => {
        this.#isBusy = false
        this.#written = Buffer.concat([this.#written, octets.subarray(0, written)])
        done(code === undefined ? null : Object.assign(new Error(code), { code }), written)
      },
    })
  }

  get written(): string {
    return this.#written.toString()
  }

  /** Answers the oldest write that waits. */
  answer(error?: string, written?: number): void {
    const call = this.calls.shift()
    if (call === undefined) throw new Error('nothing is being written')
    call.answer(error, written)
  }
}

function open(): { readonly kernel: Kernel; readonly log: LogDestination } {
  const kernel = new Kernel()
  return { kernel, log: new LogDestination(kernel.sink, (count, reason) => `${count} lost: ${reason}\n`) }
}

const AMPLE_MS = 60_000

test('lines are written in order, one piece at a time, also where the kernel takes only a part', async (t) => {
  const { kernel, log } = open()
  log.write('ä 1\n')
  log.write('2\n')
  log.write('3\n')
  kernel.answer(undefined, 1)
  kernel.answer()
  kernel.answer()
  await log.flush(AMPLE_MS)
  t.is(kernel.written, 'ä 1\n2\n3\n')
  t.deepEqual(kernel.calls, [])
  log.write('4\n')
  kernel.answer()
  t.is(kernel.written, 'ä 1\n2\n3\n4\n')
})

test('a terminal that is stopped is asked again, with the same octets', async (t) => {
  const { kernel, log } = open()
  log.write('1\n')
  const flushed = log.flush(AMPLE_MS)
  kernel.answer('EAGAIN')
  log.write('2\n')
  while (kernel.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.is(kernel.calls[0]?.text, '1\n')
  kernel.answer()
  kernel.answer()
  await flushed
  t.is(kernel.written, '1\n2\n')
})

test('what a full disk does not take is lost, and its number said where it is missing', async (t) => {
  const { kernel, log } = open()
  log.write('1\n')
  log.write('2\n')
  log.write('3\n')
  kernel.answer()
  // Half of the second line, then no more.
  kernel.answer(undefined, 1)
  kernel.answer('ENOSPC')
  log.write('4\n')
  t.is(kernel.calls.length, 0, 'the disk is left alone for a while')
  await log.flush(0)
  kernel.answer('ENOSPC')
  await log.flush(0)
  kernel.answer()
  log.write('5\n')
  kernel.answer()
  t.is(kernel.written, '1\n2\n3 lost: ENOSPC\n5\n')
})

test('flush() ends when it turns out that nothing can be written, or when its time is over', async (t) => {
  const { kernel, log } = open()
  log.write('1\n')
  await log.flush(10)
  const flushed = log.flush(AMPLE_MS)
  kernel.answer('EPIPE')
  await flushed
  const again = log.flush(AMPLE_MS)
  kernel.answer('EPIPE')
  await again
  t.is(kernel.written, '')
})

test('lines that nobody takes are kept up to a limit; what exceeds it is counted in its place', async (t) => {
  const { kernel, log } = open()
  log.write('first\n')
  const long = `${'x'.repeat(1024 * 1024 - 1)}\n`
  for (let count = 0; count < 20; count += 1) log.write(long)
  t.is(kernel.calls.length, 1)
  kernel.answer()
  kernel.answer()
  log.write('last\n')
  const flushed = log.flush(AMPLE_MS)
  while (kernel.calls.length > 0) kernel.answer()
  await flushed
  const lines = kernel.written.split('\n').map((line) => line.slice(0, 100).replace(/x+/, 'x'))
  t.deepEqual(lines, ['first', ...Array.from({ length: 16 }, () => 'x'), '4 lost: nobody took them', 'last', ''])
})

test('a long wait for the disk ends by itself', async (t) => {
  const { kernel, log } = open()
  log.write('1\n')
  kernel.answer('EIO')
  while (kernel.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  kernel.answer()
  t.is(kernel.written, '1 lost: EIO\n')
})
