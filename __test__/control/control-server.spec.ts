/** The control socket by itself: who reaches it, and what good and bad clients get. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { ControlHandler } from '../../src/control/answer.ts'
import { MAX_REQUEST_OCTETS, Refusal } from '../../src/control/answer.ts'
import { askDaemon } from '../../src/control/control-client.ts'
import { ControlServer } from '../../src/control/control-server.ts'
import type { SessionLimits } from '../../src/control/session.ts'
import { controlSocketPath, controlSocketPlace } from '../../src/control/socket-path.ts'
import { waitFor } from '../lab/wait-for.ts'
import { recorder, type LogRecord } from '../notify/records.ts'
import { rootTest, Scratch } from '../process/scratch.ts'

const AMPLE_MS = 60_000

/** Answers with what it is asked. */
const ECHO: ControlHandler = { handle: async (request) => await Promise.resolve(request) }

interface Setting {
  readonly runtimeDir: string
  readonly server: ControlServer
  readonly records: LogRecord[]
}

async function setUp(t: ExecutionContext, handler: ControlHandler = ECHO, limits: Partial<SessionLimits> = {}): Promise<Setting> {
  const scratch = await Scratch.make(t)
  chmodSync(scratch.path, 0o755)
  const { log, records } = recorder()
  const server = await ControlServer.open({ runtimeDir: scratch.path }, { handler, log, limits })
  t.teardown(async () => {
    await server.close(0)
  })
  return { runtimeDir: scratch.path, server, records }
}

/** A client that says what it likes. */
class Client {
  readonly socket: Socket
  text = ''
  isClosed = false

  constructor({ server }: Setting) {
    this.socket = connect({ path: server.path, allowHalfOpen: true })
    this.socket.on('data', (octets: Buffer) => {
      this.text += octets.toString()
    })
    this.socket.on('end', () => this.socket.end())
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
  }

  get lines(): unknown[] {
    return this.text.split('\n').slice(0, -1).map((line): unknown => JSON.parse(line)) // prettier-ignore
  }

  async waitForLines(count: number): Promise<unknown[]> {
    return await waitFor(`${count} lines`, () => this.lines.length >= count && this.lines, { seen: () => this.text.slice(0, 200) })
  }

  async waitForEnd(): Promise<void> {
    await waitFor('the connection is closed', () => this.isClosed, { seen: () => this.text.slice(0, 200) })
  }
}

const result = (value: unknown): object => ({ type: 'result', value })

test('a request is answered, one line each, and the next one after it', async (t) => {
  const client = new Client(await setUp(t))
  client.socket.write('{"one":1}\n{"two"')
  t.deepEqual(await client.waitForLines(1), [result({ one: 1 })])
  client.socket.write(':2}\n')
  t.deepEqual(await client.waitForLines(2), [result({ one: 1 }), result({ two: 2 })])
  client.socket.end('{"three":3}')
  await client.waitForEnd()
  t.deepEqual(client.lines.slice(2), [result({ three: 3 })], 'also of who says no more, without a line end')
})

test('the socket has a name beside the lock, and a mode that lets only its owner in', async (t) => {
  const { server, runtimeDir } = await setUp(t)
  const inode = statSync('/proc/self/ns/net').ino
  t.is(server.path, `${runtimeDir}/${inode}.sock`)
  t.is(lstatSync(server.path).mode & 0o777, 0o600)
  t.deepEqual(readdirSync(runtimeDir), [`${inode}.sock`])
  t.is(controlSocketPlace({ instanceName: 'edge' }).name, `${inode}.edge.sock`)
  t.is(controlSocketPath({}), `/run/ka-native/${inode}.sock`)
  t.throws(() => controlSocketPlace({ instanceName: '../x' }), { message: 'the name of a daemon is a file name' })
  await server.close(AMPLE_MS)
  t.deepEqual(readdirSync(runtimeDir), [])
})

rootTest('another user is not let in', async (t) => {
  const { server } = await setUp(t)
  const program = `require('net').connect(${JSON.stringify(server.path)}).on('connect', () => process.exit(0)).on('error', (e) => { console.log(e.code); process.exit(1) })`
  const { stdout, status } = spawnSync(process.execPath, ['-e', program], { uid: 65_534, gid: 65_534, encoding: 'utf8', cwd: '/' })
  t.deepEqual({ stdout, status }, { stdout: 'EACCES\n', status: 1 })
})

test('a socket that a killed daemon left is replaced, with what it left half made', async (t) => {
  const scratch = await Scratch.make(t)
  chmodSync(scratch.path, 0o755)
  const place = { runtimeDir: scratch.path }
  const program = `require('net').createServer().listen(${JSON.stringify(controlSocketPath(place))}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', program])
  t.true(existsSync(controlSocketPath(place)))
  const hidden = scratch.file(`.${controlSocketPlace(place).name}.abcdef`)
  mkdirSync(hidden)
  writeFileSync(`${hidden}/s`, '')
  const { log } = recorder()
  const server = await ControlServer.open(place, { handler: ECHO, log })
  t.deepEqual(await askDaemon(place, { a: 1 }), { version: 1, a: 1 })
  await server.close(AMPLE_MS)
  t.deepEqual(readdirSync(scratch.path), [])
})

test('a stop leaves what has taken the place of the socket', async (t) => {
  const { server, runtimeDir } = await setUp(t)
  const other = await ControlServer.open({ runtimeDir }, { handler: ECHO, log: recorder().log })
  await server.close(AMPLE_MS)
  t.deepEqual(await askDaemon({ runtimeDir }, { a: 1 }), { version: 1, a: 1 })
  await other.close(AMPLE_MS)
})

test('a runtime directory that others may write to is refused, and nothing is left in it', async (t) => {
  const scratch = await Scratch.make(t)
  const open = async (): Promise<unknown> => await ControlServer.open({ runtimeDir: scratch.path }, { handler: ECHO, log: recorder().log })
  await t.throwsAsync(open, { message: 'others may write into the runtime directory' })
  chmodSync(scratch.path, 0o770)
  await t.throwsAsync(open, { message: 'others may write into the runtime directory' })
  await t.throwsAsync(async () => await ControlServer.open({ runtimeDir: scratch.file('none') }, { handler: ECHO, log: recorder().log }), {
    code: 'ENOENT',
  })
  t.deepEqual(readdirSync(scratch.path), [])
})

rootTest('a runtime directory of somebody else is refused', async (t) => {
  const scratch = await Scratch.make(t)
  chmodSync(scratch.path, 0o755)
  chownSync(scratch.path, 65_534, 65_534)
  await t.throwsAsync(async () => await ControlServer.open({ runtimeDir: scratch.path }, { handler: ECHO, log: recorder().log }), {
    message: 'the runtime directory belongs to the user with number 65534',
  })
})

test('what is no JSON is refused, and the next request is answered', async (t) => {
  const client = new Client(await setUp(t))
  client.socket.write('lvs\n\n{"a":1}\n')
  const refused = { type: 'error', code: 'badRequest', message: 'a request is one line of JSON', suggestions: [] }
  t.deepEqual(await client.waitForLines(3), [refused, refused, result({ a: 1 })])
})

test('a line that is too long is refused, and its client sent away', async (t) => {
  const setting = await setUp(t)
  const [bare, ended, fits] = [new Client(setting), new Client(setting), new Client(setting)]
  bare.socket.write('x'.repeat(MAX_REQUEST_OCTETS))
  ended.socket.write(`${' '.repeat(MAX_REQUEST_OCTETS)}{}\n`)
  fits.socket.write(`${' '.repeat(MAX_REQUEST_OCTETS - 3)}{}\n`)
  const refused = { type: 'error', code: 'tooLong', message: 'a request has at most 4096 octets', suggestions: [] }
  for (const client of [bare, ended]) {
    await client.waitForEnd()
    t.deepEqual(client.lines, [refused])
  }
  t.deepEqual(await fits.waitForLines(1), [result({})])
})

test('a client that sends without end, or asks without reading, takes no room here', async (t) => {
  const setting = await setUp(t, ECHO, { answerMs: 200 })
  const endless = new Client(setting)
  endless.socket.write('y'.repeat(8_000_000))
  await endless.waitForEnd()
  const deaf = connect({ path: setting.server.path })
  deaf.on('error', () => {})
  deaf.pause()
  await once(deaf, 'connect')
  await waitFor('it is there', () => setting.server.clients === 1)
  const request = `${JSON.stringify({ text: 'z'.repeat(4_000) })}\n`
  for (let count = 0; count < 5_000; count += 1) deaf.write(request)
  await waitFor('it is cut off', () => setting.server.clients === 0)
  t.deepEqual(await askDaemon({ runtimeDir: setting.runtimeDir }, {}), { version: 1 })
  deaf.destroy()
})

test('a client that says nothing, or a part, is sent away after a while', async (t) => {
  const setting = await setUp(t, ECHO, { requestMs: 300 })
  const [silent, slow] = [new Client(setting), new Client(setting)]
  const drip = setInterval(() => slow.socket.write(' '), 50)
  await Promise.all([silent.waitForEnd(), slow.waitForEnd()])
  clearInterval(drip)
  t.is(silent.text + slow.text, '')
  await waitFor('they are forgotten', () => setting.server.clients === 0)
})

test('sixteen clients are served at once, one more is sent away', async (t) => {
  const setting = await setUp(t)
  const clients = Array.from({ length: 16 }, () => new Client(setting))
  await waitFor('all are there', () => setting.server.clients === 16)
  const more = new Client(setting)
  await more.waitForEnd()
  t.is(more.text, '')
  for (const client of clients) client.socket.write('{}\n')
  for (const client of clients) t.deepEqual(await client.waitForLines(1), [result({})])
  for (const client of clients) client.socket.destroy()
  await waitFor('all are gone', () => setting.server.clients === 0)
  t.deepEqual(await askDaemon({ runtimeDir: setting.runtimeDir }, {}), { version: 1 })
})

test('progress comes before the result; a client that goes aborts what it asked for', async (t) => {
  const seen: string[] = []
  const ends = { byItself: true }
  const handler: ControlHandler = {
    handle: async (_, progress, gone) => {
      for (let left = 2; left > 0; left -= 1) progress({ left })
      let isOver = false
      // Who is gone is known when he is told something.
      const telling = ends.byItself ? undefined : setInterval(progress, 50, { left: 0 })
      await new Promise<void>((resolve) => {
        if (ends.byItself) setTimeout(resolve, 300)
        gone.addEventListener('abort', () => {
          // Each client goes in the end.
          if (!isOver) seen.push('gone')
          resolve()
        })
      })
      isOver = true
      clearInterval(telling)
      return 'done'
    },
  }
  const setting = await setUp(t, handler)
  const told: unknown[] = []
  t.is(await askDaemon({ runtimeDir: setting.runtimeDir }, {}, { onProgress: (value) => told.push(value) }), 'done')
  t.deepEqual(told, [{ left: 2 }, { left: 1 }])
  t.deepEqual(seen, [])
  ends.byItself = false
  const client = new Client(setting)
  client.socket.write('{}\n')
  await client.waitForLines(1)
  client.socket.destroy()
  await waitFor('it is aborted', () => seen.length === 1)
})

test('a refusal and a defect are answers; the defect is logged', async (t) => {
  const handler: ControlHandler = {
    handle: async (request) => {
      await Promise.resolve()
      if (JSON.stringify(request).includes('defect')) throw new TypeError('secret detail')
      throw new Refusal('unknownServer', 'there is no server x', ['10.0.2.11:80'])
    },
  }
  const { runtimeDir, records } = await setUp(t, handler)
  const error = await t.throwsAsync(async () => await askDaemon({ runtimeDir }, {}), {
    instanceOf: Refusal,
    message: 'there is no server x',
  })
  t.deepEqual([error?.code, error?.suggestions], ['unknownServer', ['10.0.2.11:80']])
  await t.throwsAsync(async () => await askDaemon({ runtimeDir }, { defect: true }), {
    message: 'the daemon failed to do that: its log says why',
  })
  t.is(records.length, 1)
  t.like(records, [{ level: 50, msg: 'a request of the control socket failed' }])
})

test('a stop gives up what is carried out, answers it, and takes nothing more', async (t) => {
  let asked = 0
  const handler: ControlHandler = {
    handle: async (_, __, gone) => {
      asked += 1
      await new Promise<void>((resolve) => {
        gone.addEventListener('abort', () => {
          resolve()
        })
      })
      throw new Refusal('stopping', 'the daemon stops')
    },
  }
  const setting = await setUp(t, handler)
  const [busy, idle] = [new Client(setting), new Client(setting)]
  busy.socket.write('{}\n{}\n')
  await waitFor('both are there, and one has asked', () => setting.server.clients === 2 && asked === 1)
  await setting.server.close(AMPLE_MS)
  await Promise.all([busy.waitForEnd(), idle.waitForEnd()])
  t.deepEqual(busy.lines, [{ type: 'error', code: 'stopping', message: 'the daemon stops', suggestions: [] }])
  t.is(setting.server.clients, 0)
})

test('a stop does not wait for what does not end', async (t) => {
  let asked = 0
  const handle = async (): Promise<unknown> => {
    asked += 1
    return await new Promise(() => {})
  }
  const setting = await setUp(t, { handle })
  const client = new Client(setting)
  client.socket.write('{}\n')
  await waitFor('it has asked', () => asked === 1)
  await setting.server.close(50)
  await client.waitForEnd()
  t.is(client.text, '')
})

test('a client learns that no daemon runs, and which others do', async (t) => {
  const { runtimeDir } = await setUp(t)
  const path = controlSocketPath({ runtimeDir, instanceName: 'edge' })
  await t.throwsAsync(async () => await askDaemon({ runtimeDir, instanceName: 'edge' }, {}), {
    code: 'KA_ERR_NOT_RUNNING',
    message: `no daemon with virtual servers with the name edge runs in this network namespace (${path}); there is one without a name`,
  })
  await t.throwsAsync(async () => await askDaemon({ runtimeDir: `${runtimeDir}/none` }, {}), { code: 'KA_ERR_NOT_RUNNING' })
})

test('a client does not wait for ever, nor believe what is no answer', async (t) => {
  const scratch = await Scratch.make(t)
  const place = { runtimeDir: scratch.path }
  const answers = ['', 'no JSON\n']
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(answers.shift() ?? '')
  })
  server.listen(controlSocketPath(place))
  await once(server, 'listening')
  t.teardown(() => server.close())
  await t.throwsAsync(async () => await askDaemon(place, {}, { silenceMs: 100 }), { message: 'the daemon has not answered within 0.1 s' })
  await t.throwsAsync(async () => await askDaemon(place, {}), { message: 'the daemon has not answered in JSON' })
})
