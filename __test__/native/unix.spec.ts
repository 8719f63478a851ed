/** `DatagramSender` and `makeFifo`: what arrives, and the errors as JavaScript sees them. */
import { spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatagramSender, makeFifo } from '#native'
import test, { type ExecutionContext } from 'ava'
import { waitFor } from '../lab/wait-for.ts'
import { Scratch } from '../process/scratch.ts'

/** Prints each datagram that it receives as JSON; reads one for each line that it is given. Node has no such sockets. */
const RECEIVER = `
import json, socket, sys
name = sys.argv[1]
reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reader.bind('\\0' + name[1:] if name.startswith('@') else name)
print('ready', flush=True)
for _ in sys.stdin:
    print(json.dumps(reader.recv(65536).decode()), flush=True)
`

interface Receiver {
  /** Reads one more datagram; its text. */
  receive(): Promise<string>
  stop(): Promise<void>
}

async function receiver(t: ExecutionContext, name: string): Promise<Receiver> {
  const child = spawn('python3', ['-c', RECEIVER, name], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const next = async (): Promise<string> => await waitFor('the receiver writes a line', () => lines.shift() ?? false)
  const stop = async (): Promise<void> => {
    child.stdin.end()
    await ended
  }
  t.teardown(stop)
  t.is(await next(), 'ready')
  return {
    receive: async () => {
      child.stdin.write('\n')
      return JSON.parse(await next()) as string
    },
    stop,
  }
}

test('datagrams arrive whole and in order, and a reader that was started anew gets those that follow', async (t) => {
  const scratch = await Scratch.make(t)
  const path = scratch.file('log')
  const sender = new DatagramSender(path)
  t.throws(() => sender.send(Buffer.from('lost')), { code: 'ENOENT', message: `send to ${path}: No such file or directory` })
  for (const text of ['first', 'sécond']) {
    const reader = await receiver(t, path)
    sender.send(Buffer.from(text))
    sender.send(Buffer.from(''))
    t.is(await reader.receive(), text)
    t.is(await reader.receive(), '')
    await reader.stop()
    t.throws(() => sender.send(Buffer.from('lost')), { code: 'ECONNREFUSED' })
    rmSync(path)
  }
  sender.close()
  sender.close()
  t.throws(() => sender.send(Buffer.from('late')), { code: 'KA_ERR_STOPPED' })
})

test('a full queue and a datagram that is too long are errors at once', async (t) => {
  const scratch = await Scratch.make(t)
  const path = scratch.file('log')
  const reader = await receiver(t, path)
  const sender = new DatagramSender(path)
  const line = Buffer.from('line')
  t.throws(
    () => {
      for (let count = 0; count < 1_000_000; count += 1) sender.send(line)
    },
    { code: 'EAGAIN' },
  )
  t.is(await reader.receive(), 'line')
  t.throws(() => sender.send(Buffer.alloc(64 << 20)), { code: 'EMSGSIZE' })
})

test('@NAME is a name of the abstract namespace', async (t) => {
  const name = `@ka-native-test-${process.pid}`
  const reader = await receiver(t, name)
  new DatagramSender(name).send(Buffer.from('READY=1'))
  t.is(await reader.receive(), 'READY=1')
})

test('what no socket can be called, and what is no text and no octets, is an error', async (t) => {
  const scratch = await Scratch.make(t)
  t.throws(() => new DatagramSender(''), { code: 'EINVAL' })
  t.throws(() => new DatagramSender('@'), { code: 'EINVAL' })
  t.throws(() => new DatagramSender(`/${'x'.repeat(108)}`), { code: 'ENAMETOOLONG' })
  t.throws(() => new DatagramSender(7 as never), { code: 'KA_ERR_USAGE' })
  const sender = new DatagramSender(scratch.file('log'))
  t.throws(() => sender.send('text' as never), { code: 'KA_ERR_USAGE' })
})

test.serial('a FIFO gets the mode that the umask leaves', async (t) => {
  const scratch = await Scratch.make(t)
  const path = scratch.file('events')
  const umask = process.umask(0o137)
  makeFifo(path, 0o664)
  process.umask(umask)
  const status = statSync(path)
  t.true(status.isFIFO())
  t.is(status.mode & 0o777, 0o640)
  t.throws(() => makeFifo(path, 0o644), { code: 'EEXIST', message: `make FIFO ${path}: File exists` })
  t.throws(() => makeFifo(scratch.file('none/events'), 0o644), { code: 'ENOENT' })
  t.throws(() => makeFifo(path, 0o1000), { code: 'KA_ERR_USAGE', message: 'mode 512 is not an integer from 0 to 511' })
})
