import type { Socket } from 'node:net'
import test from 'ava'
import { freePort } from '../lab/free-port.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { reset, tcpServer, withoutEnd } from './servers.ts'

/** A server that says so much at first, then what it is to say to each line. */
function talking(greeting: string, helo: string, quit: string | undefined, heard: string[] = []): (socket: Socket) => void {
  return (socket) => {
    socket.write(greeting)
    socket.on('data', (octets: Buffer) => {
      heard.push(octets.toString())
      if (octets.toString().startsWith('HELO')) socket.write(helo)
      else if (quit === undefined) socket.end()
      else socket.end(quit)
    })
  }
}

/** A server that greets, and cuts the connection instead of an answer. */
function resetting(socket: Socket): void {
  socket.write(GREETING)
  socket.once('data', () => {
    reset(socket)
  })
}

const GREETING = '220 mail.example ESMTP\r\n'
const HELO = '250 hello\r\n'

const cases: readonly {
  readonly title: string
  readonly serve: (socket: Socket) => void
  readonly isUp: boolean
  readonly reason: string | RegExp
  readonly line?: string
  readonly isSilent?: true
}[] = [
  { title: 'a server that greets', serve: talking(GREETING, HELO, '221 bye\r\n'), isUp: true, reason: 'greets' },
  { title: 'a greeting without words', serve: talking('220\r\n', '250\n', 'x\n'), isUp: true, reason: 'greets' },
  { title: 'what it says in the end does not matter', serve: talking(GREETING, HELO, '599 no\r\n'), isUp: true, reason: 'greets' },
  {
    title: 'a server that says all at once',
    serve: (socket) => void socket.write(`${GREETING}${HELO}221 bye\r\n`),
    isUp: true,
    reason: 'greets',
  },
  {
    title: 'in small pieces',
    serve: (socket) => {
      talking('', HELO, '221 bye\r\n')(socket)
      for (const letter of GREETING) socket.write(letter)
    },
    isUp: true,
    reason: 'greets',
  },
  {
    title: 'a bad greeting',
    serve: talking('554 no\r\n', HELO, ''),
    isUp: false,
    reason: 'bad greeting banner: "554 no"',
    line: 'Bad greeting banner from',
  },
  {
    title: 'a greeting of several lines',
    serve: talking('220-one\r\n220 two\r\n', HELO, ''),
    isUp: false,
    reason: /^bad greeting banner/,
    line: 'Bad greeting banner from',
  },
  {
    title: 'a code that begins well',
    serve: talking('2200 x\r\n', HELO, ''),
    isUp: false,
    reason: /^bad greeting banner/,
    line: 'Bad greeting banner from',
  },
  {
    title: 'a bad answer to HELO',
    serve: talking(GREETING, '501 no\r\n', ''),
    isUp: false,
    reason: 'bad helo response: "501 no"',
    line: 'Bad HELO response from',
  },
  {
    title: 'an answer of several lines',
    serve: talking(GREETING, '250-one\r\n250 two\r\n', ''),
    isUp: false,
    reason: /^bad helo response/,
    line: 'Bad HELO response from',
  },
  {
    title: 'the end instead of the last words',
    serve: talking(GREETING, HELO, undefined),
    isUp: false,
    reason: /^read failure/,
    line: 'Read failure from',
  },
  { title: 'the end at once', serve: (socket) => void socket.end(), isUp: false, reason: /^read failure/, line: 'Read failure from' },
  // After its greeting: one before that may come while the connection is being made.
  { title: 'a reset', serve: resetting, isUp: false, reason: /^read failure/, line: 'Read failure from' },
  {
    title: 'silence',
    isSilent: true,
    serve: () => {},
    isUp: false,
    reason: /^read timeout: no reply within 2 s/,
    line: 'Read timeout from',
  },
  {
    title: 'silence after the greeting',
    isSilent: true,
    serve: (socket) => void socket.write(GREETING),
    isUp: false,
    reason: /^read timeout/,
    line: 'Read timeout from',
  },
  {
    title: 'a line without end',
    serve: (socket) => {
      withoutEnd(socket, 'x')
    },
    isUp: false,
    reason: 'read failure: a line without end',
    line: 'Read failure from',
  },
]

for (const { title, serve, isUp, reason, line, isSilent } of cases) {
  test(title, async (t) => {
    const server = await tcpServer(t, serve)
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `SMTP_CHECK {\n connect_timeout ${isSilent === true ? 2 : 30}\n retry 0\n }`))
    const [told] = await checks.waitForTold(1)
    t.is(told?.what, isUp ? 'up' : 'down', told?.reason)
    t.is(told?.mail, isUp ? '=> CHECK succeed on service <=' : '=> CHECK failed on service <=')
    if (typeof reason === 'string') t.is(told?.reason, reason)
    else t.regex(told?.reason ?? '', reason)
    const name = `[127.0.0.1]:tcp:${server.port}`
    const last = isUp ? `Remote SMTP server ${name} succeed on service.` : `SMTP_CHECK ${line} server [127.0.0.1]:${server.port}`
    t.deepEqual(checks.lines.slice(1, 2), [last])
  })
}

// Nothing else runs meanwhile.
test.serial('a reply that came in time counts, also where JavaScript has stood still since', async (t) => {
  const server = await tcpServer(t, (socket) => {
    socket.write(GREETING)
    socket.on('data', (octets: Buffer) => {
      if (octets.toString() === 'QUIT\r\n') socket.end('221 bye\r\n')
      else {
        socket.write(HELO)
        const end = performance.now() + 6_000
        while (performance.now() < end);
      }
    })
  })
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'SMTP_CHECK {\n connect_timeout 5\n retry 0\n }'))
  const [told] = await checks.waitForTold(1)
  t.deepEqual([told?.what, told?.reason], ['up', 'greets'])
})

test('it says its name, and goodbye', async (t) => {
  const heard: string[] = []
  const server = await tcpServer(t, talking(GREETING, HELO, '221 bye\r\n', heard))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'SMTP_CHECK {\n helo_name me.example\n delay_loop 3600\n }'))
  await checks.waitForTold(1)
  t.deepEqual(heard, ['HELO me.example\r\n', 'QUIT\r\n'])
})

test('the first verdict takes all retries, and so does each one while it is down', async (t) => {
  const port = await freePort()
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${port}`, 'SMTP_CHECK {\n retry 2\n log_all_failures\n }'))
  const [told] = await checks.waitForTold(1)
  t.is(told?.reason, 'connection refused')
  const line = `SMTP_CHECK Could not connect to server [127.0.0.1]:${port}`
  t.deepEqual(checks.lines.slice(1), [line, line, line])
  await tcpServer(t, talking(GREETING, HELO, '221 bye\r\n'), port)
  t.is((await checks.waitForTold(2))[1]?.what, 'up')
})

test('each host of a block is a checker of its own', async (t) => {
  const good = await tcpServer(t, talking(GREETING, HELO, '221 bye\r\n'))
  const bad = await tcpServer(t, talking('500 no\r\n', HELO, ''))
  const checks = await ChecksUnderTest.open(t)
  const host = (port: number): string => `host {\n connect_ip 127.0.0.1\n connect_port ${port}\n }`
  await checks.apply(oneServer('127.0.0.1 25', `SMTP_CHECK {\n retry 0\n ${host(good.port)}\n ${host(bad.port)}\n }`))
  await checks.waitForTold(2)
  t.deepEqual(
    checks.attached[0]?.checkers.map(({ isUp, target }) => [isUp, target]),
    [
      [true, `127.0.0.1:${good.port}`],
      [false, `127.0.0.1:${bad.port}`],
    ],
  )
})
