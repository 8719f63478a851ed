import type { Socket } from 'node:net'
import test from 'ava'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { tcpServer } from './servers.ts'

const UP = { kind: 'TCP_CHECK', what: 'up', weight: 0, reason: 'connected', mail: '=> TCP CHECK succeed on service <=' }
const DOWN = { kind: 'TCP_CHECK', what: 'down', weight: 0, reason: 'connection refused', mail: '=> TCP CHECK failed on service <=' }

test('a server that takes connections is good, whatever it does with them', async (t) => {
  for (const serve of [() => {}, (socket: Socket) => void socket.end('hello')]) {
    const server = await tcpServer(t, serve)
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'TCP_CHECK {\n }'))
    t.true(checks.only.isUp)
    t.is(checks.only.reason, 'not checked yet')
    const name = `[127.0.0.1]:tcp:${server.port}`
    t.deepEqual(await checks.waitForTold(1), [{ server: name, ...UP }])
    t.deepEqual(checks.lines, [
      `Activating healthchecker for service ${name} for VS [127.0.0.9]:tcp:80`,
      `TCP connection to ${name} success.`,
    ])
    // It goes on, and says nothing more.
    const before = server.count()
    await waitFor('it is asked again', () => server.count() > before + 2)
    t.is(checks.told.length, 1)
  }
})

test('a server that refuses is out at once, goes after its retries, and is back with one answer', async (t) => {
  const port = await freePort()
  const checks = await ChecksUnderTest.open(t)
  const name = `[127.0.0.1]:tcp:${port}`
  await checks.apply(oneServer(`127.0.0.1 ${port}`, 'TCP_CHECK {\n retry 2\n log_all_failures\n }'))
  t.deepEqual(await checks.waitForTold(1), [{ server: name, ...DOWN }])
  t.deepEqual(checks.lines.slice(1), [`TCP connection to ${name} failed.`, `TCP_CHECK on service ${name} failed.`])
  const server = await tcpServer(t, () => {}, port)
  t.deepEqual((await checks.waitForTold(2)).slice(1), [{ server: name, ...UP }])
  checks.lines.length = 0
  await server.close()
  t.deepEqual((await checks.waitForTold(3)).slice(2), [{ server: name, ...DOWN }])
  const failed = `TCP connection to ${name} failed.`
  t.deepEqual(checks.lines, [failed, failed, failed, `TCP_CHECK on service ${name} failed after 2 retries.`])
})

test('alpha: a server is out until it answers', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'TCP_CHECK {\n alpha\n }'))
  t.false(checks.only.isUp)
  t.true(checks.only.isAlpha)
  await checks.waitForTold(1)
  t.true(checks.only.isUp)
})

test('it connects where it is told to, from where it is told to', async (t) => {
  const sources: (string | undefined)[] = []
  const server = await tcpServer(t, (socket) => sources.push(socket.remoteAddress))
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer('127.0.0.5 81', `TCP_CHECK {\n connect_ip 127.0.0.1\n connect_port ${server.port}\n bindto 127.0.0.7\n }`))
  await checks.waitForTold(1)
  // The connection is there before the server takes it.
  await waitFor('the server sees it', () => sources.length > 0)
  t.is(sources[0], '127.0.0.7')
  t.is(checks.told[0]?.server, '[127.0.0.5]:tcp:81')
})

test('what cannot be asked is not failed: it is told once, and asked again', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer('127.0.0.1 81', 'TCP_CHECK {\n bindto 192.0.2.77\n }'))
  await checks.waitForLine(/^TCP_CHECK of \[127\.0\.0\.1\]:tcp:81: bind: EADDRNOTAVAIL\. Rescheduling\.$/)
  t.true(checks.only.isUp)
  t.false(checks.only.hasRun)
  t.is(checks.told.length, 0)
})
