import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { keyOf } from '../../src/notify/webhook-key.ts'
import { askedPause, Poster, signatureHeaders } from '../../src/notify/webhook-request.ts'
import { makeCertificate, trust } from './certificate.ts'
import { NameServer } from './name-server.ts'
import { WebhookSink } from './webhook-sink.ts'
import type { Answerer } from './webhook-sink.ts'

const AMPLE_MS = 60_000
const TLS = makeCertificate()
const { hostsFile } = TLS
trust(TLS)

const never = (): AbortSignal => new AbortController().signal

async function listen(t: ExecutionContext, answer: Answerer, tls?: typeof TLS, host?: string): Promise<WebhookSink> {
  const sink = await WebhookSink.listen(answer, tls, host)
  t.teardown(async () => {
    await sink.close()
  })
  return sink
}

function poster(t: ExecutionContext, url: string, timeoutMs = AMPLE_MS, servers?: readonly string[]): Poster {
  const made = new Poster({ url: new URL(url), key: undefined, timeoutMs, names: servers === undefined ? { hostsFile } : { servers } })
  t.teardown(() => {
    made.close()
  })
  return made
}

test('a signature is the one of the example that libraries of Standard Webhooks are tested with', (t) => {
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const headers = signatureHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}', key)
  t.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('Retry-After is seconds or a date', (t) => {
  const now = Date.parse('2026-11-26T12:00:00Z')
  t.is(askedPause('120', now), 120_000)
  t.is(askedPause('Thu, 26 Nov 2026 12:00:30 GMT', now), 30_000)
  for (const nothing of [undefined, '', 'soon', '-5', 'Thu, 26 Nov 2026 11:00:00 GMT']) t.is(askedPause(nothing, now), undefined, nothing)
})

test('the answer is its status, also of a redirection, which is not followed', async (t) => {
  const sink = await listen(t, () => ({ status: 307, headers: { location: '/elsewhere', 'retry-after': '7' }, body: 'moved' }))
  const answer = await poster(t, `http://127.0.0.1:${sink.port}/path?query`).post('msg_1', '{}', never())
  t.deepEqual(answer, { status: 307, retryAfterMs: 7_000 })
  t.deepEqual(
    sink.requests.map(({ method, url, headers }) => [
      method,
      url,
      headers['content-type'],
      headers['webhook-id'],
      headers['webhook-signature'],
    ]),
    [['POST', '/path?query', 'application/json', 'msg_1', undefined]],
  )
})

test('a connection is used again, unless an answer is too long', async (t) => {
  const sink = await listen(t, (_, count) => ({ status: 200, body: count === 2 ? 'x'.repeat(2 ** 20) : 'ok' }))
  const target = poster(t, `http://127.0.0.1:${sink.port}/`)
  for (const id of ['msg_1', 'msg_2', 'msg_3']) t.is((await target.post(id, '{}', never())).status, 200)
  t.is(sink.connections, 2)
})

test('https with a certificate that the machine trusts', async (t) => {
  const sink = await listen(t, () => ({ status: 204 }), TLS)
  const { status } = await poster(t, `https://localhost:${sink.port}/`).post('msg_1', '{}', never())
  t.is(status, 204)
})

test('https with a certificate for another name is refused before anything is said', async (t) => {
  const sink = await listen(t, () => ({ status: 204 }), TLS)
  const error = await t.throwsAsync(poster(t, `https://127.0.0.1:${sink.port}/`).post('msg_1', '{}', never()))
  t.regex(error.message, /certificate/)
  t.is(sink.requests.length, 0)
})

test('IPv6', async (t) => {
  const sink = await listen(t, () => ({ status: 200 }), undefined, '::1')
  t.is((await poster(t, `http://[::1]:${sink.port}/`).post('msg_1', '{}', never())).status, 200)
})

test('a receiver that never answers, and one that never ends its answer', async (t) => {
  const silent = await listen(t, () => undefined)
  await t.throwsAsync(poster(t, `http://127.0.0.1:${silent.port}/`, 100).post('msg_1', '{}', never()), { message: 'no answer in time' })

  const endless = createServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx')
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(endless, 'listening')
  t.teardown(() => {
    endless.close()
  })
  const { port } = endless.address() as AddressInfo
  // On a busy machine its answer may not have begun in so short a time.
  const post = async (limitMs: number): Promise<number> =>
    (await poster(t, `http://127.0.0.1:${port}/`, limitMs).post('msg_1', '{}', never())).status
  t.is(await post(2_000).catch(async () => await post(30_000)), 200)
})

test('a name server that does not answer', async (t) => {
  const server = await NameServer.listen()
  const error = await t.throwsAsync(poster(t, 'http://hook.example.org/', 100, [server.address]).post('msg_1', '{}', never()))
  t.regex(error.message, /^no answer/)
  await server.close()
})

test('an abort ends a request', async (t) => {
  const silent = await listen(t, () => undefined)
  const abort = new AbortController()
  const posted = poster(t, `http://127.0.0.1:${silent.port}/`).post('msg_1', '{}', abort.signal)
  setTimeout(() => {
    abort.abort()
  }, 20)
  await t.throwsAsync(posted, { message: 'given up' })
})
