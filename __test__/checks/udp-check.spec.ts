import test from 'ava'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { udpServer } from './servers.ts'

const R = (port: number): string => `[127.0.0.1]:tcp:${port}`

const cases: readonly {
  readonly title: string
  readonly lines: string
  /** In hexadecimal; absent: silence. */
  readonly reply?: string
  readonly isUp: boolean
  readonly reason: string
  readonly line?: string
}[] = [
  { title: 'silence is good', lines: '', isUp: true, reason: 'nobody says that the port is closed' },
  { title: 'any reply is good', lines: '', reply: '00', isUp: true, reason: 'nobody says that the port is closed' },
  { title: 'a reply that is required and comes', lines: 'require_reply', reply: 'ff', isUp: true, reason: 'replies' },
  {
    title: 'a reply that is required and does not come',
    lines: 'require_reply',
    isUp: false,
    reason: 'no answer within 1 s',
    line: 'UDP connection to',
  },
  { title: 'a reply as it is to be', lines: 'require_reply 61xx6x', reply: '61ff6a00', isUp: true, reason: 'replies' },
  { title: 'another reply', lines: 'require_reply 61xx6x', reply: '61ff7a', isUp: false, reason: 'another reply', line: 'UDP check to' },
  { title: 'a shorter one that begins well', lines: 'require_reply 6162', reply: '61', isUp: true, reason: 'replies' },
  {
    title: 'one that is too short',
    lines: 'require_reply 6162\n min_reply_length 2',
    reply: '61',
    isUp: false,
    reason: 'another reply',
    line: 'UDP check to',
  },
  {
    title: 'one that is too long',
    lines: 'require_reply 6162\n max_reply_length 2',
    reply: '616263',
    isUp: false,
    reason: 'another reply',
    line: 'UDP check to',
  },
  {
    title: 'bounds without anything to compare with do not count',
    lines: 'require_reply\n max_reply_length 2',
    reply: '616263',
    isUp: true,
    reason: 'replies',
  },
]

for (const { title, lines, reply, isUp, reason, line } of cases) {
  test(title, async (t) => {
    const asked: string[] = []
    const server = await udpServer(t, (datagram) => {
      asked.push(datagram.toString())
      return reply === undefined ? [] : [Buffer.from(reply, 'hex')]
    })
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(
      oneServer(
        `127.0.0.1 ${server.port}`,
        `UDP_CHECK {\n connect_timeout ${reply === undefined ? 1 : 30}\n log_all_failures\n ${lines}\n }`,
      ),
    )
    const [told] = await checks.waitForTold(1)
    const mail = `=> UDP CHECK ${isUp ? 'succeed' : 'failed'} on service <=`
    t.deepEqual(told, { server: R(server.port), kind: 'UDP_CHECK', what: isUp ? 'up' : 'down', weight: 0, reason, mail })
    t.is(asked[0], 'keepalived check - keepalived ch')
    const each = line === undefined ? [] : [`${line} ${R(server.port)} ${line === 'UDP check to' ? 'reply data mismatch' : 'failed'}.`]
    const last = isUp ? `UDP connection to ${R(server.port)} success.` : `UDP_CHECK on service ${R(server.port)} failed.`
    t.deepEqual(checks.lines.slice(1, 2 + each.length), [...each, last])
  })
}

test('a port that is closed is bad', async (t) => {
  const server = await udpServer(t, () => [])
  await server.close()
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'UDP_CHECK {\n payload 01 02\n }'))
  const [told] = await checks.waitForTold(1)
  t.deepEqual([told?.what, told?.reason], ['down', 'connection refused'])
})

test('what is sent', async (t) => {
  const asked: string[] = []
  const server = await udpServer(t, (datagram) => {
    asked.push(datagram.toString('hex'))
    return [datagram]
  })
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'UDP_CHECK {\n payload 01 02 ff\n require_reply 0102\n }'))
  const [told] = await checks.waitForTold(1)
  t.is(told?.what, 'up')
  t.is(asked[0], '0102ff')
})
