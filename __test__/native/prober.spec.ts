/** The `Prober` class by itself: its arguments, and what it tells. */
import type { Probe, ProbeOutcome, ProbeResult, Prober as Thread } from '#native'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { Prober } from '#native'
import { waitFor } from '../lab/wait-for.ts'

const LONG_US = 50_000_000
const SHORT_US = 30_000
const GROUPS = '/proc/sys/net/ipv4/ping_group_range'

/** A prober, and all that it has told. */
class Host {
  readonly prober: Thread
  readonly #results: ProbeResult[] = []

  constructor(t: ExecutionContext) {
    this.prober = Prober.open(() => {
      this.#results.push(...this.prober.drain())
    })
    t.teardown(async () => {
      await this.prober.stop(5_000)
    })
  }

  run(ids: readonly number[]): void {
    this.prober.run(Uint32Array.from(ids), new Float64Array(ids.length))
  }

  async results(count: number): Promise<ProbeResult[]> {
    await waitFor(`there are ${count} results`, () => this.#results.length >= count)
    return this.#results.splice(0)
  }

  /** The outcome of one attempt. */
  async attempt(probe: Partial<Probe> & Pick<Probe, 'action'>): Promise<ProbeOutcome | undefined> {
    this.prober.define([{ id: 1, address: '127.0.0.1', port: 0, timeoutUs: LONG_US, ...probe }])
    this.run([1])
    const [result] = await this.results(1)
    return result?.outcome
  }
}

async function listening(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A port at which nobody listens: that of a socket that another process could not get meanwhile. */
async function refusing(t: ExecutionContext): Promise<number> {
  const holder = createServer((connection) => connection.resume()).listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  // With an address of its own: a port that the kernel chose for connecting alone, it also chooses for connecting to it, which succeeds.
  const client = new Socket().connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1' })
  await once(client, 'connect')
  t.teardown(() => {
    client.destroy()
    holder.close()
  })
  return client.localPort ?? 0
}

function codeOf(call: () => unknown): unknown {
  try {
    call()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

test('arguments that are none are refused with a code, and none of their probes is added', async (t) => {
  const { prober } = new Host(t)
  const good: Probe = { id: 1, address: '127.0.0.1', port: 80, timeoutUs: 1, action: { type: 'tcp' } }
  const udp = { type: 'udp', payload: Buffer.alloc(0) } as const
  const reply = { minLength: 0, maxLength: 255, ignoreOthers: false }
  const wrong: readonly Partial<Record<keyof Probe, unknown>>[] = [
    { id: -1 },
    { id: 2 ** 32 },
    { address: 'localhost' },
    { port: 65_536 },
    { bindAddress: '::1' },
    { bindPort: 0.5 },
    { bindInterface: 'e\0' },
    { mark: -1 },
    { timeoutUs: 0 },
    { action: undefined },
    { action: { type: 'quic' } },
    { action: { type: 'udp' } },
    { action: { ...udp, reply: { ...reply, maxLength: 70_000 } } },
    { action: { ...udp, reply: { ...reply, pattern: Buffer.of(1, 2), mask: Buffer.of(1) } } },
    { action: { type: 'http', request: Buffer.of(1) } },
    { action: { type: 'http', request: Buffer.of(1), expect: { status: [{ from: 1, to: 1000 }] } } },
  ]
  const calls = [
    ...wrong.map((part) => () => {
      prober.define([good, { ...good, ...part } as Probe])
    }),
    () => Prober.open(1 as never),
    () => {
      prober.define(undefined as never)
    },
    () => {
      prober.forget([-1])
    },
    () => {
      prober.run(Uint32Array.of(1), new Float64Array(2))
    },
    () => {
      prober.run(Uint32Array.of(1), Float64Array.of(-1))
    },
    () => {
      prober.run([1] as never, [1] as never)
    },
  ]
  t.deepEqual(
    calls.map(codeOf),
    calls.map(() => 'KA_ERR_USAGE'),
  )
  t.is((await prober.status()).defined, 0)
})

test('TCP: a server that listens and one that does not', async (t) => {
  const host = new Host(t)
  const port = await listening(
    t,
    createServer((connection) => connection.resume()),
  )
  t.deepEqual(await host.attempt({ port, action: { type: 'tcp' } }), { type: 'success' })
  const refused = await host.attempt({ port: await refusing(t), action: { type: 'tcp' } })
  t.deepEqual(refused, { type: 'failed', stage: 'connect', reason: 'refused', errno: 111, code: 'ECONNREFUSED' })
})

test('a connection is handed over and belongs to Node from then on', async (t) => {
  const host = new Host(t)
  const port = await listening(
    t,
    createServer((connection) => connection.end('220 here\r\n')),
  )
  const outcome = await host.attempt({ port, action: { type: 'connect' } })
  const fd = outcome?.type === 'success' ? outcome.fd : undefined
  if (fd === undefined) return t.fail(JSON.stringify(outcome))
  t.is(await text(new Socket({ fd })), '220 here\r\n')
})

test('UDP: silence, an answer, and a port that is unreachable', async (t) => {
  const host = new Host(t)
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const payload = Buffer.from('keepalived check - ')
  const silent = await host.attempt({ port, timeoutUs: SHORT_US, action: { type: 'udp', payload } })
  t.deepEqual(silent, { type: 'success' })
  server.on('message', (message, { port: from }) => {
    server.send(message, from, '127.0.0.1')
  })
  const reply = { pattern: Buffer.from('kee'), minLength: 1, maxLength: 255, ignoreOthers: false }
  const echoed = await host.attempt({ port, action: { type: 'udp', payload, reply } })
  t.deepEqual(echoed, { type: 'success', reply: payload })
  const other = { ...reply, pattern: Buffer.from('kea') }
  const mismatch = await host.attempt({ port, action: { type: 'udp', payload, reply: other } })
  t.deepEqual(mismatch, { type: 'failed', stage: 'mismatch', reason: 'mismatch' })
  await new Promise<void>((resolve) => {
    server.close(resolve)
  })
  const gone = await host.attempt({ port, action: { type: 'udp', payload } })
  t.like(gone, { type: 'failed', stage: 'reply', reason: 'refused' })
})

test('HTTP: an answer is judged, and what is known of it is told either way', async (t) => {
  const host = new Host(t)
  const port = await listening(
    t,
    createServer((connection) => {
      connection.once('data', () => connection.end('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'))
    }),
  )
  const request = Buffer.from('GET / HTTP/1.0\r\n\r\n')
  const expect = { status: [{ from: 200, to: 299 }], digest: '49f68a5c8493ec2c0bf489821c21fc3b' }
  const http = { status: 200, length: 2, contentLength: 2, digest: expect.digest }
  t.deepEqual(await host.attempt({ port, action: { type: 'http', request, expect } }), { type: 'success', http })
  const wrong = { type: 'http', request, expect: { ...expect, digest: '0'.repeat(32) } } as const
  t.like(await host.attempt({ port, action: wrong }), { type: 'failed', stage: 'digest', reason: 'mismatch', http })
  const regex = { pattern: '(', noMatch: false, options: [] }
  const define = (): void => {
    host.prober.define([
      { id: 1, address: '127.0.0.1', port, timeoutUs: LONG_US, action: { type: 'http', request, expect: { ...expect, regex } } },
    ])
  }
  t.is(codeOf(define), 'KA_ERR_CONFIG_UNUSABLE')
})

test('what the system refuses before says nothing about the server', async (t) => {
  const host = new Host(t)
  const bound = await host.attempt({ bindAddress: '192.0.2.1', port: 1, action: { type: 'tcp' } })
  t.deepEqual(bound, { type: 'notStarted', operation: 'bind', errno: 99, code: 'EADDRNOTAVAIL' })
  const through = await host.attempt({ bindInterface: 'no-such-link', port: 1, action: { type: 'tcp' } })
  t.like(through, { type: 'notStarted', operation: 'interface' })
})

test('what is forgotten or replaced is told no more, and each attempt is counted once', async (t) => {
  const host = new Host(t)
  const port = await listening(
    t,
    createServer((connection) => connection.resume()),
  )
  const probe = (id: number): Probe => ({ id, address: '127.0.0.1', port, timeoutUs: LONG_US, action: { type: 'tcp' } })
  host.prober.define([probe(1), probe(2), probe(3)])
  host.run([1, 2, 3])
  host.prober.forget([2])
  host.prober.define([probe(3)])
  const [first] = await host.results(1)
  t.is(first?.id, 1)
  const { defined, pending, running, lateness, attempts } = await host.prober.status()
  t.deepEqual([defined, pending, running], [2, 0, 0])
  t.is(lateness.count, attempts)
})

test('results wait while JavaScript is blocked, and times are kept', async (t) => {
  const host = new Host(t)
  const port = await refusing(t)
  const ids = Array.from({ length: 200 }, (_, index) => index)
  host.prober.define(ids.map((id) => ({ id, address: '127.0.0.1', port, timeoutUs: LONG_US, action: { type: 'tcp' } })))
  const delays = ids.map((id) => id * 1_000)
  host.prober.run(Uint32Array.from(ids), Float64Array.from(delays))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  const results = await host.results(200)
  t.deepEqual(
    results.map(({ id }) => id),
    ids,
  )
})

test('after a stop it takes nothing more', async (t) => {
  const host = new Host(t)
  await host.prober.stop(5_000)
  const calls = [
    () => {
      host.prober.define([])
    },
    () => {
      host.run([])
    },
  ]
  t.deepEqual(calls.map(codeOf), ['KA_ERR_STOPPED', 'KA_ERR_STOPPED'])
  await t.throwsAsync(host.prober.status(), { code: 'KA_ERR_STOPPED' })
  t.true(host.prober.stopNow(0))
})

/** Pings this host once, and ends. */
const PINGS = `
import { readFileSync } from 'node:fs'
import { Prober } from '#native'
const prober = Prober.open(() => {
  for (const { outcome } of prober.drain()) console.log(JSON.stringify({ outcome, groups: readFileSync('${GROUPS}', 'utf8') }))
  process.exit(prober.stopNow(10_000) ? 0 : 1)
})
prober.define([{ id: 1, address: '127.0.0.1', port: 0, timeoutUs: ${LONG_US}, action: { type: 'ping' } }])
prober.run(Uint32Array.of(1), Float64Array.of(0))
setInterval(() => {}, 1000)
`
const isRoot = process.getuid?.() === 0

;(isRoot ? test : test.skip)('who may ping is as before once the process has ended', async (t) => {
  const script = `echo '1 0' > ${GROUPS} && "$@" && cat ${GROUPS}`
  const node = [process.execPath, '--input-type=module', '--eval', PINGS]
  const child = spawn('unshare', ['--net', 'sh', '-c', `ip link set lo up && ${script}`, 'sh', ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [told = '', after] = (await text(child.stdout)).trim().split('\n')
  t.deepEqual(JSON.parse(told), { outcome: { type: 'success' }, groups: '0\t0\n' })
  t.is(after, '1\t0')
})
