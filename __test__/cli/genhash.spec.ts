/** `ka-native genhash` and keepalived's, asking the same servers: what is asked, what is printed, and the exit code. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { readGenhash } from '../../src/cli/genhash/options.ts'
import { requestOf } from '../../src/cli/genhash/exchange.ts'
import { whyNotComparable } from '../config/differential/statuses.ts'
import { freePort } from '../lab/free-port.ts'
import { makeCertificate } from '../notify/certificate.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const HELLO = '6f5902ac237024bdd0c176cb93063dc4'
const NOTHING = 'd41d8cd98f00b204e9800998ecf8427e'

interface Outcome {
  readonly status: number
  readonly output: string
  readonly problem: string
}

async function run(program: string, args: readonly string[]): Promise<Outcome> {
  return await new Promise((resolve) => {
    const child = execFile(program, args, (_, output, problem) => {
      resolve({ status: child.exitCode ?? -1, output, problem })
    })
  })
}

const ours = async (args: readonly string[]): Promise<Outcome> => await run(process.execPath, [MAIN, 'genhash', ...args])
const theirs = async (args: readonly string[]): Promise<Outcome> => await run('keepalived', ['--genhash', ...args])

const notComparable = whyNotComparable()
if (notComparable !== undefined) console.warn(`keepalived's genhash is not compared: ${notComparable}`)

/** Both programs; ours alone where there is no keepalived. */
const programs = notComparable === undefined ? { ours, theirs } : { ours }

/** What is done with a connection once its request has come. */
type Answer = string | ((socket: Socket) => void)

interface Listening {
  readonly port: number
  /** What was asked, in order. */
  readonly requests: string[]
}

async function listen(t: ExecutionContext, server: Server, requests: string[], host: string): Promise<Listening> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

function answering(answer: Answer, requests: string[]): (socket: Socket) => void {
  return (socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (part) => {
      text += part
      if (!text.endsWith('\r\n\r\n')) return
      requests.push(text)
      if (typeof answer === 'string') socket.end(answer, 'latin1')
      else answer(socket)
    })
  }
}

async function serve(t: ExecutionContext, answer: Answer, host = '127.0.0.1'): Promise<Listening> {
  const requests: string[] = []
  return await listen(t, createServer(answering(answer, requests)), requests, host)
}

const OK = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n'
const at = (port: number, ...more: string[]): string[] => ['-s', '127.0.0.1', '-p', `${port}`, '-u', '/x', ...more]

const ANSWERS: Readonly<Record<string, readonly [answer: Answer, output: string, problem?: string]>> = {
  'a body until the end': [`${OK}hello world\n`, `${HELLO}\n`],
  'a body longer than its length': ['HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\nmore', `${HELLO}\n`],
  'a body shorter than its length': ['HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello world\n', `${HELLO}\n`],
  'an error page': ['HTTP/1.1 404 Not Found\r\n\r\nhello world\n', `${HELLO}\n`],
  'no body': [OK, `${NOTHING}\n`],
  'chunks, as they come': [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nhello world\n\r\n0\r\n\r\n',
    '05f37e0246afe558ca5391a506fd8fa8\n',
  ],
  'a large body': [`${OK}${'a'.repeat(3_000_000)}`, '99ddc9a3a46ea62c95652bdf937a1fb8\n'],
  'octets that are no text': [
    `${OK}${Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')}`,
    'e2c865db4162bed963bfaa9ef6ac18f0\n',
  ],
  'an answer in parts': [
    (socket) => {
      const parts = ['HTTP/1.1 200 OK\r', '\nX: y\r\n\r', '\nhello', ' world\n']
      const next = (): void => {
        const part = parts.shift()
        if (part === undefined) socket.end()
        else socket.write(part, () => setTimeout(next, 20))
      }
      next()
    },
    `${HELLO}\n`,
  ],
  nothing: ['', '', 'no data received from remote webserver'],
  'half a header': ['HTTP/1.1 200 OK\r\nX: y\r\n', '', 'no data received from remote webserver'],
  'a reset': [(socket) => socket.resetAndDestroy(), 'Read error with\n'],
}

for (const [title, [answer, output, problem = '']] of Object.entries(ANSWERS)) {
  test.serial(`${title}: both print the same`, async (t) => {
    const { port, requests } = await serve(t, answer)
    for (const program of Object.values(programs)) {
      const outcome = await program(at(port))
      t.deepEqual({ ...outcome, problem: outcome.problem.trimEnd() }, { status: 0, output, problem })
    }
    t.is(new Set(requests).size, 1)
  })
}

test.serial('silence: both give up after the time of -t', async (t) => {
  const { port } = await serve(t, () => {})
  for (const program of Object.values(programs)) {
    // So long that it is connected before, also where the machine is busy.
    t.deepEqual(await program(at(port, '-t', '3')), { status: 0, output: 'Timeout WEB read\n', problem: '' })
  }
})

test.serial('a port that nobody listens at: both say so', async (t) => {
  const port = await freePort()
  for (const program of Object.values(programs)) {
    t.deepEqual(await program(at(port)), { status: 0, output: 'Connection failed\n', problem: '' })
  }
})

const ASKED: readonly (readonly [more: readonly string[], request: string])[] = [
  [[], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: HOST\r\n\r\n'],
  [['-P', '1.0'], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: HOST\r\n\r\n'],
  [['-P', '1.0c'], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: HOST\r\n\r\n'],
  [['--protocol=1.0C'], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: HOST\r\n\r\n'],
  [['-P', '1.1'], 'GET /x HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: HOST\r\n\r\n'],
  [['-V', 'example.org'], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: example.org\r\n\r\n'],
  [['-I'], 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: HOST\r\n\r\n'],
  [['--url', '/a%20b?c=d'], 'GET /a%20b?c=d HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: HOST\r\n\r\n'],
]

for (const [more, request] of ASKED) {
  test.serial(`genhash ${more.join(' ')}: both ask the same`, async (t) => {
    const { port, requests } = await serve(t, OK)
    const expected = request.replace('HOST', `127.0.0.1:${port}`)
    for (const program of Object.values(programs)) await program(at(port, ...more))
    t.deepEqual(
      requests,
      Object.values(programs).map(() => expected),
    )
  })
}

test.serial('an IPv6 address is in brackets in the Host header', async (t) => {
  const { port, requests } = await serve(t, `${OK}hello world\n`, '::1')
  for (const program of Object.values(programs)) {
    const { output } = await program(['-s', '::1', '-p', `${port}`, '-u', '/x'])
    t.is(output, `${HELLO}\n`)
  }
  t.deepEqual(new Set(requests), new Set([`GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [::1]:${port}\r\n\r\n`]))
})

for (const [title, answer] of [
  ['a body', `${OK}hello world\n`],
  ['octets that are no text', `${OK}\0\x1f\x7f\x80 ~\xff`],
  ['no body', OK],
] as const) {
  test.serial(`-v with ${title}: both print the same but the time`, async (t) => {
    const { port } = await serve(t, answer)
    const texts = await Promise.all(
      Object.values(programs).map(async (program) => {
        const { output } = await program(at(port, '-v'))
        return output.replace(/\d+ usecs/, 'N usecs')
      }),
    )
    t.regex(texts[0] ?? '', /HTTP Header Buffer[^]*N usecs\n$/)
    t.is(new Set(texts).size, 1, texts.join('\n'))
  })
}

const certificate = makeCertificate()

for (const [more, name] of [
  [[], undefined],
  [['-V', 'www.example.org'], undefined],
  [['-I', '-V', 'www.example.org'], 'www.example.org'],
] as const) {
  test.serial(`over TLS with ${JSON.stringify(more)}: both send ${name ?? 'no name'}, and trust any certificate`, async (t) => {
    const requests: string[] = []
    const names: unknown[] = []
    const server = createTlsServer({ key: certificate.key, cert: certificate.cert }, (socket) => {
      names.push(socket.servername === false ? undefined : socket.servername)
      answering(`${OK}hello world\n`, requests)(socket)
    })
    const { port } = await listen(t, server, requests, '127.0.0.1')
    for (const program of Object.values(programs)) {
      t.deepEqual(await program(at(port, '-S', ...more)), { status: 0, output: `${HELLO}\n`, problem: '' })
    }
    t.deepEqual(
      names,
      Object.values(programs).map(() => name),
    )
    t.is(new Set(requests).size, 1)
  })
}

test.serial('over TLS an address is sent as no name (RFC 6066 §3), and nobody is warned', async (t) => {
  const names: unknown[] = []
  const server = createTlsServer({ key: certificate.key, cert: certificate.cert }, (socket) => {
    names.push(socket.servername)
    answering(`${OK}hello world\n`, [])(socket)
  })
  const { port } = await listen(t, server, [], '127.0.0.1')
  t.deepEqual(await ours(at(port, '-S', '-I', '-V', '192.0.2.1')), { status: 0, output: `${HELLO}\n`, problem: '' })
  t.deepEqual(names, [false])
})

test.serial('a server that does not speak TLS: both say so', async (t) => {
  const server = createServer((socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  const { port } = await listen(t, server, [], '127.0.0.1')
  for (const program of Object.values(programs)) {
    t.deepEqual(await program(at(port, '-S')), { status: 0, output: 'SSL handshake/communication error connecting to\n', problem: '' })
  }
})

const REFUSED: readonly (readonly [args: readonly string[], problem: RegExp])[] = [
  [['-s', 'localhost'], /^server should be an IP, not localhost\n/],
  [['-s', '[::1]'], /^server should be an IP, not \[::1\]\n/],
  [['-p', '0'], /^invalid port number '0'\n/],
  [['-p', '65536'], /^invalid port number '65536'\n/],
  [['-p', 'abc'], /^invalid port number 'abc'\n/],
  [['-m', 'abc'], /^invalid fwmark 'abc'\n/],
  [['-P', '1.2'], /^invalid HTTP protocol version '1.2'\n/],
  [['-t', '1.5'], /^invalid timeout '1.5'\n/],
  [['-t', '-1'], /^invalid timeout '-1'\n/],
  [['-s', '127.0.0.1', '-p', '80', '-u', '/', 'more'], /^Unexpected argument\(s\): more/],
  [['-h'], /^Usage: /],
  [[], /^Usage: /],
]

for (const [args, problem] of REFUSED) {
  test.serial(`genhash ${args.join(' ')}: both refuse it with the same sentence`, async (t) => {
    for (const program of Object.values(programs)) {
      const outcome = await program(args)
      t.deepEqual([outcome.status, outcome.output], [1, ''])
      t.regex(outcome.problem, problem)
    }
  })
}

test.serial('what is missing, or unknown, is named', async (t) => {
  for (const [args, problem] of [
    [['-s', '127.0.0.1', '-p', '80'], '--server, --port and --url are needed'],
    [['--bogus'], 'Unknown option --bogus'],
    [['-s'], 'Missing parameter for option -s'],
  ] as const) {
    const outcome = await ours(args)
    t.deepEqual([outcome.status, outcome.problem.split('\n')[0]], [1, problem])
  }
})

test.serial('an answer is complete with its length though the server keeps the connection, where keepalived waits', async (t) => {
  const { port } = await serve(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n'))
  t.is((await ours(at(port))).output, `${HELLO}\n`)
})

test.serial('it is genhash by its name, and with --genhash in any place, which is told', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ka-genhash-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  const link = join(directory, 'genhash')
  symlinkSync(MAIN, link)
  const { port } = await serve(t, `${OK}hello world\n`)
  const calls = {
    name: [link, ...at(port)],
    first: [MAIN, '--genhash', ...at(port)],
    letter: [MAIN, '-T', ...at(port)],
    letters: [MAIN, `-Ts`, ...at(port).slice(1)],
  }
  for (const [title, args] of Object.entries(calls)) {
    t.deepEqual(await run(process.execPath, args), { status: 0, output: `${HELLO}\n`, problem: '' }, title)
  }
  for (const [name, word] of [
    ['genhash', '--genhash'],
    ['-T', '-T'],
  ] as const) {
    const problem = `Warning -- \`${name}\` not used as first option, previous options ignored\n`
    t.deepEqual(await run(process.execPath, [MAIN, '-n', word, ...at(port)]), { status: 0, output: `${HELLO}\n`, problem })
    if (notComparable === undefined) {
      t.deepEqual(await run('keepalived', ['-n', word, ...at(port)]), { status: 0, output: `${HELLO}\n`, problem })
    }
  }
})

/** A namespace of its own, in which packets with the mark 5 go nowhere and a server answers at port 80. */
const MARKED = `
set -e
ip link set lo up
ip rule add pref 5 table local
ip rule del pref 0
ip rule add pref 1 fwmark 5 prohibit
exec "$@"
`
const IN_NAMESPACE = `
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\n\\r\\nhello world\\n')))
server.listen(80, '127.0.0.1', async () => {
  for (const mark of ['5', '6']) {
    const args = [process.argv[1], 'genhash', '-s', '127.0.0.1', '-p', '80', '-u', '/', '-m', mark]
    await new Promise((resolve) => execFile(process.execPath, args, (_, output) => resolve(process.stdout.write(mark + ' ' + output))))
  }
  server.close()
})
`

const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip

rootTest('packets have the mark of -m', async (t) => {
  const command = [process.execPath, '--input-type=module', '-e', IN_NAMESPACE, MAIN]
  const { output, problem } = await run('unshare', ['--net', 'sh', '-c', MARKED, 'sh', ...command])
  t.is(output, `5 Connection failed\n6 ${HELLO}\n`, problem)
})

test.serial('options are those of genhash, whatever their order', (t) => {
  const args = ['--serv=192.0.2.1', '-Sp80', '-u', '/x', '-IVname', '-m', '7', '-t3', '--verb', '-P1.1']
  t.deepEqual(readGenhash(args), {
    kind: 'run',
    request: {
      server: '192.0.2.1',
      port: 80,
      path: '/x',
      virtualhost: 'name',
      isTls: true,
      sendsName: true,
      mark: 7,
      protocol: '1.1',
      timeoutMs: 3000,
      isVerbose: true,
    },
  })
})

test.serial('a path is asked for in the octets in which it is written', async (t) => {
  const { port, requests } = await serve(t, `${OK}hello world\n`)
  for (const program of Object.values(programs)) await program(['-s', '127.0.0.1', '-p', `${port}`, '-u', '/é€'])
  const octets = Buffer.from('/é€').toString('latin1')
  t.deepEqual(new Set(requests), new Set([`GET ${octets} HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:${port}\r\n\r\n`]))
})

test.serial('the request is that of keepalived, octet by octet', (t) => {
  const wanted = readGenhash(['-s', '::1', '-p', '8081', '-u', '/x'])
  if (wanted.kind !== 'run') return t.fail()
  return t.is(requestOf(wanted.request).toString(), 'GET /x HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [::1]:8081\r\n\r\n')
})
