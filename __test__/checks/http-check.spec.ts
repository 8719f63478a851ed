import test from 'ava'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { answering, GOOD_PAGE, onRequest, tcpServer } from './servers.ts'
import { judge, MemoryKept, MOST_KEPT, WEB_CASES } from './web-cases.ts'

const url = (path: string, lines = ''): string => `url {\n path ${path}\n ${lines}\n }`

for (const one of WEB_CASES) {
  const { title, serve, lines, isUp, reason, phrase, isEndless } = one
  // What other tests keep would be counted too.
  const own = isEndless === true ? test.serial : test
  own(title, async (t) => {
    const server = await tcpServer(t, serve)
    const name = `[127.0.0.1]:tcp:${server.port}`
    const memory = isEndless === true ? new MemoryKept() : undefined
    const checks = await judge(t, one, (timeout) =>
      oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n connect_timeout ${timeout}\n log_all_failures\n ${url('/a', lines)}\n }`),
    )
    const [told] = checks.told
    t.is(told?.what, isUp ? 'up' : 'down', told?.reason)
    t.is(told?.mail, isUp ? '=> CHECK succeed on service <=' : '=> CHECK failed on service : HTTP/SSL request failed <=')
    if (typeof reason === 'string') t.is(told?.reason, reason)
    else t.regex(told?.reason ?? '', reason)
    const last = isUp ? `Remote Web server ${name} succeed on service.` : `HTTP_CHECK on service ${name} failed.`
    t.true(checks.lines.includes(last), checks.lines.join('\n'))
    if (phrase !== undefined) t.is(checks.lines[1], `${phrase} server ${name}.`)
    if (memory !== undefined) t.true(memory.end() < MOST_KEPT)
  })
}

test('a port that is closed', async (t) => {
  const port = await freePort()
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${port}`, `HTTP_GET {\n log_all_failures\n ${url('/')}\n }`))
  const [told] = await checks.waitForTold(1)
  t.is(told?.reason, 'connection refused')
  t.is(checks.lines[1], `Connection failed server [127.0.0.1]:tcp:${port}.`)
})

test('pages are asked for one after the other, and the server is good after the last', async (t) => {
  const asked: string[] = []
  const server = await tcpServer(t, pages(asked))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n ${url('/a')}\n ${url('/b')}\n ${url('/c')}\n }`))
  await checks.waitForTold(1)
  t.deepEqual(asked.slice(0, 3), ['/a', '/b', '/c'])
  await waitFor('they are asked for again', () => asked.length >= 6)
  t.deepEqual(asked.slice(3, 6), ['/a', '/b', '/c'])
  t.is(checks.only.target, `http://127.0.0.1:${server.port}/a and 2 more`)
})

test('a page that fails is asked for alone, and all of them when it is good again', async (t) => {
  const asked: string[] = []
  const bad = new Set<string>()
  const server = await tcpServer(t, pages(asked, bad))
  const checks = await ChecksUnderTest.open(t)
  const name = `[127.0.0.1]:tcp:${server.port}`
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n retry 1\n ${url('/a')}\n ${url('/b')}\n ${url('/c')}\n }`))
  await checks.waitForTold(1)
  bad.add('/b')
  await checks.waitForTold(2)
  t.is(checks.only.reason, 'status 500')
  checks.lines.length = 0
  asked.length = 0
  await waitFor('it is asked for a few times', () => asked.length >= 3)
  t.deepEqual([...new Set(asked)], ['/b'])
  bad.clear()
  asked.length = 0
  await checks.waitForTold(3)
  // By now it may have begun anew.
  const first = asked.indexOf('/a')
  t.deepEqual(asked.slice(first - 1, first + 3), ['/b', '/a', '/b', '/c'])
  const good = (path: string): string => `HTTP status code success to ${name} url(${path})`
  t.deepEqual(checks.lines, [good('/b'), good('/a'), good('/b'), good('/c'), `Remote Web server ${name} succeed on service.`])
})

test('a single page is good after two answers', async (t) => {
  const asked: string[] = []
  const bad = new Set(['/'])
  const server = await tcpServer(t, pages(asked, bad))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n retry 1\n ${url('/')}\n }`))
  await checks.waitForTold(1)
  bad.clear()
  checks.lines.length = 0
  await checks.waitForTold(2)
  t.is(checks.lines.filter((line) => line.startsWith('HTTP status code success')).length, 2)
})

test('with fast_recovery all pages are asked for at once in the beginning', async (t) => {
  const asked: string[] = []
  const server = await tcpServer(t, pages(asked))
  const checks = await ChecksUnderTest.open(t)
  const lines = `fast_recovery\n delay_loop 3600\n ${url('/a')}\n ${url('/b')}\n ${url('/c')}`
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n ${lines}\n }`))
  await checks.waitForTold(1)
  t.deepEqual(asked, ['/a', '/b', '/c'])
})

test('a length that is not as announced is told once for each difference, and is no failure', async (t) => {
  let body = 'hell'
  const server = await tcpServer(
    t,
    onRequest((socket) => void socket.end(`HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n${body}`)),
  )
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n ${url('/a')}\n }`))
  const name = `[127.0.0.1]:tcp:${server.port}`
  const line = (length: number): string =>
    `http_check for RS ${name} VS [127.0.0.9]:tcp:80 url /a: content_length (5) does not match received bytes (${length})`
  await checks.waitForLine(line(4))
  const before = server.count()
  await waitFor('it is asked again', () => server.count() > before + 2)
  body = 'hel'
  await checks.waitForLine(line(3))
  t.is(checks.lines.filter((one) => one === line(4)).length, 1)
  t.deepEqual(
    checks.told.map(({ what }) => what),
    ['up'],
  )
})

test('a pattern that is none is told, and does not count', async (t) => {
  const server = await tcpServer(t, answering(GOOD_PAGE))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, `HTTP_GET {\n ${url('/a', 'regex "("')}\n }`))
  await checks.waitForTold(1)
  t.true(checks.only.isUp)
  t.true(checks.lines.some((line) => line.startsWith('url /a: the pattern is ignored: ')))
})

/** A server of pages, of which those in `bad` fail; notes what it is asked for. */
function pages(asked: string[], bad: ReadonlySet<string> = new Set()): Parameters<typeof tcpServer>[1] {
  return onRequest((socket, request) => {
    const [, path = ''] = request.split(' ')
    asked.push(path)
    socket.end(bad.has(path) ? 'HTTP/1.0 500 no\r\n\r\n' : GOOD_PAGE)
  })
}
