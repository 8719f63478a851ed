/** One FIFO: how it is made, opened, written and removed. With a configuration it is in fifos.spec.ts. */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, renameSync, statSync } from 'node:fs'
import { chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { makeFifo } from '#native'
import { Fifo, type FifoOptions } from '../../src/notify/fifo.ts'
import { rootTest, Scratch } from '../process/scratch.ts'
import { recorder, type LogRecord } from './changes.ts'

const NOBODY = 65_534

// Of this file's own process, so that only the configured umask counts.
process.umask(0)

interface Setting {
  readonly scratch: Scratch
  readonly path: string
  readonly records: LogRecord[]
  readonly fifo: (options?: Partial<FifoOptions>) => Fifo
}

async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  const path = scratch.file('fifo')
  const { log, records } = recorder()
  const fifo = (options: Partial<FifoOptions> = {}): Fifo => {
    const made = new Fifo({ keyword: 'vrrp_notify_fifo', path, umask: 0o177, owner: undefined, ...options }, makeFifo, log)
    t.teardown(() => {
      made.close()
    })
    return made
  }
  return { scratch, path, records, fifo }
}

/** A reader that takes what there is now. */
class Reader {
  readonly #descriptor: number
  readonly #buffer = Buffer.alloc(1024 * 1024)

  constructor(t: ExecutionContext, path: string) {
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    t.teardown(() => {
      closeSync(this.#descriptor)
    })
  }

  /** What waits in the pipe; `end` when nobody may write any more. */
  read(): string {
    try {
      const count = readSync(this.#descriptor, this.#buffer)
      return count === 0 ? 'end' : this.#buffer.toString('utf8', 0, count)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return ''
      throw error
    }
  }
}

test('a FIFO that is not there is made with what the umask leaves of 0644, and removed at the end', async (t) => {
  const { path, records, fifo } = await setUp(t)
  for (const [umask, mode] of [
    [0o177, 0o600],
    [0o027, 0o640],
  ] as const) {
    const made = fifo({ umask })
    t.true(made.open())
    const found = statSync(path)
    t.true(found.isFIFO())
    t.is(found.mode & 0o777, mode)
    made.close()
    t.throws(() => statSync(path), { code: 'ENOENT' })
  }
  t.deepEqual(records, [])
})

test('lines are there for a reader that comes later, and the end when it is closed', async (t) => {
  const { path, records, fifo } = await setUp(t)
  const made = fifo()
  made.open()
  made.write('INSTANCE "VI_1" BACKUP 100')
  const reader = new Reader(t, path)
  made.write('INSTANCE "é" MASTER 100')
  t.is(reader.read(), 'INSTANCE "VI_1" BACKUP 100\nINSTANCE "é" MASTER 100\n')
  t.is(reader.read(), '')
  made.write('INSTANCE "VI_1" STOP 100')
  made.close()
  t.is(reader.read(), 'INSTANCE "VI_1" STOP 100\n')
  t.is(reader.read(), 'end')
  made.write('INSTANCE "VI_1" STOP 100')
  t.deepEqual(records, [])
})

test('without a reader the pipe fills, and further lines are dropped: said once, counted, and written again when there is room', async (t) => {
  const { path, records, fifo } = await setUp(t)
  const made = fifo()
  made.open()
  const line = `INSTANCE "${'N'.repeat(900)}" MASTER 100`
  const room = Math.floor(65_536 / 4_096) * Math.floor(4_096 / (line.length + 1))
  for (let count = 0; count < room + 100; count += 1) made.write(line)
  t.like(records, [{ msg: 'lines for the FIFO are dropped', reason: 'nobody reads it and it is full', fifo: path }])
  const reader = new Reader(t, path)
  const kept = reader.read()
  t.true(kept.endsWith(`${line}\n`))
  const dropped = room + 100 - kept.length / (line.length + 1)
  t.true(Number.isInteger(dropped) && dropped > 0)
  made.write('INSTANCE "VI_1" STOP 100')
  t.is(reader.read(), 'INSTANCE "VI_1" STOP 100\n')
  t.like(records.slice(1), [{ msg: `${dropped} lines for the FIFO were dropped`, lost: dropped }])
  for (let count = 0; count < room + 100; count += 1) made.write(line)
  made.close()
  t.is(records.length, 4)
  t.regex(records[3]?.msg ?? '', /^\d+ lines for the FIFO were dropped$/)
})

test('a FIFO of ours that exists is used as it is, and stays', async (t) => {
  const { path, records, fifo } = await setUp(t)
  spawnSync('mkfifo', ['-m', '666', path])
  const made = fifo()
  t.true(made.open())
  const reader = new Reader(t, path)
  made.write('line')
  made.close()
  t.is(reader.read(), 'line\n')
  t.is(statSync(path).mode & 0o777, 0o666)
  t.deepEqual(records, [])
})

for (const [what, make] of [
  ['a regular file', async (path: string) => await writeFile(path, 'kept')],
  ['a directory', async (path: string) => await mkdir(path)],
  [
    'a symbolic link',
    async (path: string) => {
      makeFifo(`${path}.target`, 0o600)
      await symlink(`${path}.target`, path)
    },
  ],
] as const) {
  test(`${what} is left alone, and the error says what it is`, async (t) => {
    const { path, records, fifo } = await setUp(t)
    await make(path)
    const before = statSync(path)
    const made = fifo()
    t.false(made.open())
    made.write('line')
    made.close()
    const { ino, size } = statSync(path)
    t.deepEqual({ ino, size }, { ino: before.ino, size: before.size })
    const msg = `Unable to open vrrp_notify fifo ${path}: it is ${what}, not a FIFO; nothing is written to it until the next reload`
    t.like(records, [{ level: 50, msg }])
  })
}

test('a socket is left alone', async (t) => {
  const { path, records, fifo } = await setUp(t)
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  t.teardown(() => {
    server.close()
  })
  t.false(fifo({ keyword: 'notify_fifo' }).open())
  t.regex(records[0]?.msg ?? '', /^Unable to open notify fifo .*: it is a socket, not a FIFO;/)
})

test('a FIFO that cannot be made is an error', async (t) => {
  const { scratch, records, fifo } = await setUp(t)
  t.false(fifo({ path: scratch.file('none/fifo') }).open())
  t.regex(records[0]?.msg ?? '', /^Unable to open vrrp_notify fifo .*: make FIFO .*: No such file or directory;/)
})

rootTest('a FIFO of somebody else is refused, one of the configured user is used', async (t) => {
  const { path, records, fifo } = await setUp(t)
  spawnSync('mkfifo', ['-m', '600', path])
  await chown(path, NOBODY, 0)
  t.false(fifo().open())
  t.regex(records[0]?.msg ?? '', /: it belongs to the user with number 65534;/)
  const owner = { uid: NOBODY, gid: 7 }
  t.true(fifo({ owner }).open())
  // Only one that is made here gets the group.
  t.is(statSync(path).gid, 0)
  t.is(records.length, 1)
})

rootTest('a FIFO that is made belongs to the configured user and group', async (t) => {
  const { path, fifo } = await setUp(t)
  t.true(fifo({ owner: { uid: NOBODY, gid: 7 } }).open())
  const { uid, gid, mode } = statSync(path)
  t.deepEqual({ uid, gid, mode: mode & 0o777 }, { uid: NOBODY, gid: 7, mode: 0o600 })
})

test('a FIFO that is removed under us is made anew, so that no line is lost', async (t) => {
  const { path, records, fifo } = await setUp(t)
  const made = fifo()
  made.open()
  const former = new Reader(t, path)
  await rm(path)
  made.write('first')
  t.is(former.read(), 'end')
  t.is(new Reader(t, path).read(), 'first\n')
  made.close()
  t.throws(() => statSync(path), { code: 'ENOENT' })
  t.like(records, [{ msg: 'the FIFO was removed or replaced by somebody else and is opened anew' }])
})

test('a FIFO that is replaced by another one is that one from then on, and stays', async (t) => {
  const { scratch, path, fifo } = await setUp(t)
  const made = fifo()
  made.open()
  makeFifo(scratch.file('other'), 0o600)
  renameSync(scratch.file('other'), path)
  made.write('first')
  t.is(new Reader(t, path).read(), 'first\n')
  made.close()
  t.true(statSync(path).isFIFO())
})

test('what took the place of a FIFO is neither written nor removed', async (t) => {
  const { scratch, path, records, fifo } = await setUp(t)
  const [written, closed] = [fifo(), fifo({ path: scratch.file('second') })]
  for (const made of [written, closed]) made.open()
  for (const file of [path, scratch.file('second')]) {
    await rm(file)
    await writeFile(file, 'kept')
  }
  written.write('first')
  written.write('second')
  for (const made of [written, closed]) made.close()
  t.is(statSync(path).size, 4)
  t.is(statSync(scratch.file('second')).size, 4)
  t.is(records.filter(({ msg }) => msg.includes('it is a regular file, not a FIFO')).length, 1)
})
