import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import test from 'ava'
import { makeCertificate } from '../notify/certificate.ts'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { answering, GOOD_PAGE, onRequest, tcpServer, tlsServer, withoutEnd } from './servers.ts'
import { judge, MemoryKept, MOST_KEPT, WEB_CASES } from './web-cases.ts'

const { key, cert, file } = makeCertificate()
const OPTIONS = { key, cert, allowHalfOpen: true }

const get = (lines = '', url = '', timeout = 30): string =>
  `SSL_GET {\n connect_timeout ${timeout}\n log_all_failures\n ${lines}\n url {\n path /a\n ${url}\n }\n }`

for (const one of WEB_CASES) {
  const { title, serve, lines, isUp, reason, phrase, isEndless, isPlainOnly } = one
  if (isPlainOnly === true) continue
  // What other tests keep would be counted too.
  const own = isEndless === true ? test.serial : test
  own(title, async (t) => {
    const server = await tlsServer(t, OPTIONS, serve)
    const name = `[127.0.0.1]:tcp:${server.port}`
    const memory = isEndless === true ? new MemoryKept() : undefined
    const checks = await judge(t, one, (timeout) => oneServer(`127.0.0.1 ${server.port}`, get('', lines, timeout)))
    const [told] = checks.told
    t.is(told?.what, isUp ? 'up' : 'down', told?.reason)
    if (typeof reason === 'string') t.is(told?.reason, reason)
    else t.regex(told?.reason ?? '', reason)
    const last = isUp ? `Remote Web server ${name} succeed on service.` : `SSL_CHECK on service ${name} failed.`
    t.true(checks.lines.includes(last), checks.lines.join('\n'))
    if (phrase !== undefined) t.is(checks.lines[1], `${phrase} server ${name}.`)
    if (memory !== undefined) t.true(memory.end() < MOST_KEPT)
  })
}

/** Ends TCP without ending TLS. */
function truncated(text: string): (socket: TLSSocket) => void {
  return onRequest((socket) => {
    socket.write(text, () => {
      socket.destroy()
    })
  })
}

test('TLS that ends without saying so is the end of an answer, when there is one', async (t) => {
  for (const [text, isUp] of [
    [GOOD_PAGE, true],
    ['HTTP/1.1 200 OK\r\n\r\nhel', true],
    ['HTTP/1.1 200 OK\r\nServer', false],
  ] as const) {
    const server = await tlsServer(t, OPTIONS, truncated(text))
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get()))
    const [told] = await checks.waitForTold(1)
    t.is(told?.what, isUp ? 'up' : 'down', `${text}: ${told?.reason}`)
  }
})

// Nothing else runs meanwhile.
test.serial('an answer that came in time counts, also where JavaScript has stood still since', async (t) => {
  const serve = onRequest((socket) => {
    socket.write(GOOD_PAGE)
    // What TLS makes of it is written in this turn.
    setImmediate(() => {
      const end = performance.now() + 6_000
      while (performance.now() < end);
    })
  })
  const server = await tlsServer(t, OPTIONS, serve)
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get('delay_loop 3600', '', 5)))
  const [told] = await checks.waitForTold(1)
  t.deepEqual([told?.what, told?.reason], ['up', 'status 200'])
})

const HANDSHAKE = 'SSL handshake/communication error connecting to'

for (const [title, serve, reason, timeout] of [
  ['a server that speaks no TLS', answering(GOOD_PAGE), /^no TLS/, 2],
  ['one that speaks first', (socket: Parameters<typeof withoutEnd>[0]): void => void socket.write('220 hello\r\n'), /^no TLS: /, 30],
  ['one that is silent', (): void => {}, /^no TLS within 2 s$/, 2],
  ['one that ends at once', (socket: Parameters<typeof withoutEnd>[0]): void => void socket.end(), /^no TLS/, 30],
  ['one that sends without end', (socket: Parameters<typeof withoutEnd>[0]): void => withoutEnd(socket, 'x'), /^no TLS/, 30],
] as const) {
  test(title, async (t) => {
    const server = await tcpServer(t, serve)
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get('', '', timeout)))
    const [told] = await checks.waitForTold(1)
    t.is(told?.what, 'down')
    t.regex(told?.reason ?? '', reason)
    const phrase = told?.reason.includes('within') === true ? 'Timeout connecting' : HANDSHAKE
    t.is(checks.lines[1], `${phrase} server [127.0.0.1]:tcp:${server.port}.`)
  })
}

test('a port that is closed', async (t) => {
  const port = await freePort()
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${port}`, get()))
  const [told] = await checks.waitForTold(1)
  t.is(told?.reason, 'connection refused')
  t.is(checks.lines[1], `Connection failed server [127.0.0.1]:tcp:${port}.`)
})

for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) {
  test(`a server that speaks ${version} alone`, async (t) => {
    const versions: (string | null)[] = []
    const options = { ...OPTIONS, minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }
    const server = await tlsServer(t, options, (socket) => {
      versions.push(socket.getProtocol())
      answering(GOOD_PAGE)(socket)
    })
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get()))
    const [told] = await checks.waitForTold(1)
    t.is(told?.what, 'up', told?.reason)
    t.is(versions[0], version)
  })
}

for (const [title, lines, url, name] of [
  ['no name is sent', 'virtualhost c.example', '', false],
  ['the name of the checker', 'enable_sni\n virtualhost c.example', '', 'c.example'],
  ['that of the page before', 'enable_sni\n virtualhost c.example', 'virtualhost u.example', 'u.example'],
  ['a name of its own first, which is enough', 'sni_name s.example\n virtualhost c.example', 'virtualhost u.example', 's.example'],
  ['there is none to send', 'enable_sni', '', false],
  ['an address is no name', 'sni_name 192.0.2.1', '', false],
] as const) {
  test(`SNI: ${title}`, async (t) => {
    const names: (string | false | null)[] = []
    const server = await tlsServer(t, OPTIONS, (socket) => {
      names.push((socket as TLSSocket & { readonly servername: string | false }).servername)
      answering(GOOD_PAGE)(socket)
    })
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get(lines, url)))
    await checks.waitForTold(1)
    t.is(names[0], name)
  })
}

test('a server that wants a certificate gets that of the block SSL', async (t) => {
  const subjects: (string | undefined)[] = []
  const server = await tlsServer(t, { ...OPTIONS, requestCert: true, rejectUnauthorized: false }, (socket) => {
    subjects.push(socket.getPeerCertificate().subject?.CN as string | undefined)
    answering(GOOD_PAGE)(socket)
  })
  const checks = await ChecksUnderTest.open(t)
  const text = oneServer(`127.0.0.1 ${server.port}`, get())
  await checks.apply(`SSL {\n ca ${file}\n certificate ${file}\n key ${file.replace('cert.pem', 'key.pem')}\n }\n${text}`)
  await checks.waitForTold(1)
  t.is(subjects[0], 'localhost')
})

test('a certificate that cannot be used is told, and servers are asked without', async (t) => {
  const server = await tlsServer(t, OPTIONS, answering(GOOD_PAGE))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(`SSL {\n certificate /no/such/file\n }\n${oneServer(`127.0.0.1 ${server.port}`, get())}`)
  const [told] = await checks.waitForTold(1)
  t.is(told?.what, 'up')
  t.true(checks.lines.some((line) => line.includes('/no/such/file')))
})

/** The first octet of a record of TLS that is an alert. */
const ALERT = 0x15

test('the end of TLS is answered where that is wanted, and not otherwise', async (t) => {
  for (const [lines, isCompliant] of [
    ['', false],
    ['tls_compliant', true],
  ] as const) {
    // In TLS 1.3 alerts cannot be told from data.
    const server = await tlsServer(t, { ...OPTIONS, maxVersion: 'TLSv1.2' }, answering(GOOD_PAGE))
    const conversations: Buffer[][] = []
    let ended = 0
    const between = await tcpServer(t, (client) => {
      const said: Buffer[] = []
      conversations.push(said)
      const onward = connect(server.port, '127.0.0.1')
      onward.on('error', () => {})
      client.on('data', (octets: Buffer) => {
        said.push(octets)
        onward.write(octets)
      })
      client.on('close', () => {
        ended += 1
        onward.destroy()
      })
      onward.pipe(client)
    })
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${between.port}`, get(lines)))
    const [told] = await checks.waitForTold(1)
    t.is(told?.what, 'up')
    await waitFor('a connection is closed', () => ended > 0)
    t.is(conversations[0]?.at(-1)?.[0] === ALERT, isCompliant)
  }
})

// Those of other tests would be counted too.
test.serial('many sessions leave no descriptors behind', async (t) => {
  const server = await tlsServer(t, OPTIONS, answering(GOOD_PAGE))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, get('delay_loop 0.01')))
  await checks.waitForTold(1)
  const count = (): number => readdirSync('/proc/self/fd').length
  const before = count()
  const asked = server.count()
  await waitFor('it is asked a hundred times', () => server.count() > asked + 100)
  t.true(count() < before + 20, `${before} then ${count()}`)
})
