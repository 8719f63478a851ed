/** What a reload keeps, and who shares a check (lvs.md §3.2). */
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, load, oneServer } from './harness.ts'
import { tcpServer } from './servers.ts'
import type { TestServer } from './servers.ts'

/** Nobody connects to a server any more, although another one is asked. What had been under way is over when that was asked some times. */
async function assertUnasked(t: ExecutionContext, server: TestServer, other: TestServer): Promise<void> {
  const asked = async (times: number): Promise<void> => {
    const seen = other.count()
    await waitFor('the other one is asked', () => other.count() >= seen + times)
  }
  await asked(3)
  const before = server.count()
  await asked(5)
  t.is(server.count(), before)
}

const tcp = (lines = ''): string => `TCP_CHECK {\n ${lines}\n }`

test('what is unchanged is the same checker, undisturbed, and reports to the new owner', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  const text = oneServer(`127.0.0.1 ${server.port}`, tcp())
  await checks.apply(text)
  await checks.waitForTold(1)
  const checker = checks.only
  checks.lines.length = 0
  for (let reload = 0; reload < 5; reload += 1) await checks.apply(text)
  t.is(checks.only, checker)
  t.true(checker.hasRun)
  await server.close()
  await checks.waitForTold(2)
  t.deepEqual(
    checks.told.map(({ what }) => what),
    ['up', 'down'],
  )
  t.false(checks.lines.some((line) => line.startsWith('Activating')))
})

test('other times keep what is known, and hold from then on', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, tcp('retry 100000\n log_all_failures\n delay_before_retry 0.01')))
  await checks.waitForTold(1)
  const checker = checks.only
  await server.close()
  await checks.waitForLine(/failed\.$/, 3)
  // Three failures are more than enough now: the next one counts.
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, tcp('retry 2')))
  t.is(checks.only, checker)
  t.true(checker.isUp)
  t.is((await checks.waitForTold(2))[1]?.what, 'down')
})

test('a new checker of a server that is there is as the server is', async (t) => {
  const server = await tcpServer(t, () => {})
  const closed = await freePort()
  const checks = await ChecksUnderTest.open(t)
  const good = `connect_port ${server.port}`
  await checks.apply(oneServer('127.0.0.1 80', tcp(good)))
  await checks.waitForTold(1)
  // The server is up: also alpha does not take it out.
  await checks.apply(oneServer('127.0.0.1 80', `${tcp(good)}\n ${tcp(`${good}\n connect_timeout 4\n alpha`)}`))
  t.deepEqual(
    checks.attached[0]?.checkers.map(({ isUp, hasRun }) => [isUp, hasRun]),
    [
      [true, true],
      [true, false],
    ],
  )
  // It goes down, and what failed is exchanged for something else: that does not put it in before it is checked.
  await checks.apply(oneServer('127.0.0.1 80', tcp(`connect_port ${closed}`)))
  await waitFor('it is down', () => !checks.only.isUp)
  await checks.apply(oneServer('127.0.0.1 80', tcp(good)))
  t.deepEqual([checks.only.isUp, checks.only.hasRun], [false, false])
  await waitFor('it is up', () => checks.only.isUp)
})

test('what is gone is not asked any more, and says nothing', async (t) => {
  const server = await tcpServer(t, () => {})
  const other = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, tcp('delay_loop 0.01')))
  await checks.waitForTold(1)
  await checks.apply(oneServer(`127.0.0.1 ${other.port}`, tcp()))
  await checks.waitForTold(2)
  await assertUnasked(t, server, other)
})

test('checkers of servers that a configuration leaves alone go on, and those that it drops end', async (t) => {
  const [kept, dropped] = [await tcpServer(t, () => {}), await tcpServer(t, () => {})]
  const checks = await ChecksUnderTest.open(t)
  await checks.apply([kept, dropped].map(({ port }) => oneServer(`127.0.0.1 ${port}`, tcp('delay_loop 0.01'))).join(''))
  await checks.waitForTold(2)
  const generation = await checks.checks.prepare(load(oneServer(`127.0.0.1 ${kept.port}`, tcp('delay_loop 0.01'))))
  generation.drop(checks.attached[1]?.checkers ?? [])
  generation.commit()
  await assertUnasked(t, dropped, kept)
  await kept.close()
  t.is((await checks.waitForTold(3))[2]?.what, 'down')
})

test('a configuration that never takes effect disturbs nothing', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  const text = oneServer(`127.0.0.1 ${server.port}`, tcp())
  await checks.apply(text)
  await checks.waitForTold(1)
  const config = load(oneServer(`127.0.0.1 ${server.port}`, tcp('retry 7\n connect_timeout 3')))
  const [virtualServer] = config.virtualServers
  const [realServer] = virtualServer?.realServers ?? []
  if (virtualServer === undefined || realServer === undefined) throw new Error('there is no server')
  const abandoned = await checks.checks.prepare(config)
  const owner = { server: 'X', service: 'Y', checked: () => t.fail(), weighed: () => t.fail() }
  abandoned.attach(realServer, virtualServer, owner, [checks.only])
  await server.close()
  t.is((await checks.waitForTold(2))[1]?.what, 'down')
})

test('servers that are checked alike share one check, each with its own lines', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  const block = tcp(`connect_ip 127.0.0.1\n connect_port ${server.port}\n delay_loop 3600`)
  const servers = [1, 2, 3].map((host) => `real_server 127.0.0.${host} 80 {\n ${block}\n }`).join('\n')
  await checks.apply(`virtual_server 127.0.0.9 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n warmup 0\n ${servers}\n}\n`)
  await checks.waitForTold(3)
  await waitFor('the server sees it', () => server.count() > 0)
  t.is(server.count(), 1)
  t.deepEqual(
    checks.told.map((told) => told.server),
    ['[127.0.0.1]:tcp:80', '[127.0.0.2]:tcp:80', '[127.0.0.3]:tcp:80'],
  )
  t.deepEqual(
    checks.lines.slice(3),
    [1, 2, 3].map((host) => `TCP connection to [127.0.0.${host}]:tcp:80 success.`),
  )
})

test('a suspended one is not asked; it goes on when it is resumed', async (t) => {
  const server = await tcpServer(t, () => {})
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, tcp()))
  await checks.waitForTold(1)
  checks.lines.length = 0
  checks.suspend(checks.only)
  checks.suspend(checks.only)
  t.true(checks.only.isSuspended)
  await server.close()
  await tcpServer(t, () => {}, server.port).then(async (again) => {
    await again.close()
  })
  t.true(checks.only.isUp)
  t.is(checks.only.reason, 'connected')
  checks.resume(checks.only)
  await checks.waitForTold(2)
  t.false(checks.only.isUp)
  const name = `[127.0.0.1]:tcp:${server.port}`
  t.deepEqual(checks.lines.slice(0, 2), [
    `Suspending healthchecker for service ${name} for VS [127.0.0.9]:tcp:80`,
    `Activating healthchecker for service ${name} for VS [127.0.0.9]:tcp:80`,
  ])
})

test('a server that is slow holds up none', async (t) => {
  const slow = await tcpServer(t, () => {})
  const quick = await tcpServer(t, (socket) => void socket.end('220 hello\r\n250 hello\r\n221 bye\r\n'))
  const checks = await ChecksUnderTest.open(t)
  const smtp = (port: number): string => `real_server 127.0.0.1 ${port} {\n SMTP_CHECK {\n }\n }`
  const many = Array.from(
    { length: 50 },
    (_, index) => `real_server 127.0.1.${index + 1} ${slow.port} {\n SMTP_CHECK {\n connect_ip 127.0.0.1\n retry ${index}\n }\n }`,
  )
  const lines = 'protocol TCP\n lvs_sched rr\n lvs_method NAT\n delay_loop 0.05\n warmup 0\n connect_timeout 600'
  await checks.apply(`virtual_server 127.0.0.9 80 {\n ${lines}\n ${many.join('\n')}\n ${smtp(quick.port)}\n}\n`)
  await waitFor('the quick one is asked again and again', () => quick.count() > 10)
  t.deepEqual(
    checks.told.map(({ what }) => what),
    ['up'],
  )
})
