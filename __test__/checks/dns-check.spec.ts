import test from 'ava'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'
import { udpServer } from './servers.ts'

/** An answer to a query: its header with other bits, and its question. */
function answer(query: Buffer, flags: number, change: (reply: Buffer) => void = () => {}): Buffer {
  const reply = Buffer.from(query)
  reply.writeUInt16BE(flags, 2)
  change(reply)
  return reply
}

const otherId = (reply: Buffer): void => {
  reply.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0)
}

const cases: readonly {
  readonly title: string
  readonly answers: (query: Buffer) => readonly Buffer[]
  readonly isUp: boolean
  readonly reason: string
  readonly line?: string
}[] = [
  { title: 'an answer without an error', answers: (query) => [answer(query, 0x8180)], isUp: true, reason: 'answers' },
  { title: 'a header alone, cut', answers: (query) => [answer(query, 0x8380).subarray(0, 12)], isUp: true, reason: 'answers' },
  {
    title: 'behind answers to others',
    answers: (query) => [answer(query, 0x8183, otherId), query, answer(query, 0x8180)],
    isUp: true,
    reason: 'answers',
  },
  {
    title: 'there is no such name',
    answers: (query) => [answer(query, 0x8183)],
    isUp: false,
    reason: 'NXDOMAIN',
    line: 'read error occurred. (rcode = 3)',
  },
  {
    title: 'it refuses',
    answers: (query) => [answer(query, 0x8185)],
    isUp: false,
    reason: 'REFUSED',
    line: 'read error occurred. (rcode = 5)',
  },
  {
    title: 'a code without a name',
    answers: (query) => [answer(query, 0x818f)],
    isUp: false,
    reason: 'response code 15',
    line: 'read error occurred. (rcode = 15)',
  },
  { title: 'silence', answers: () => [], isUp: false, reason: 'no answer within 1 s', line: 'read timeout from socket' },
  {
    title: 'the answer to another question',
    answers: (query) => [answer(query, 0x8180, otherId)],
    isUp: false,
    reason: 'no answer within 1 s',
    line: 'read timeout from socket',
  },
  {
    title: 'the question itself',
    answers: (query) => [query],
    isUp: false,
    reason: 'no answer within 1 s',
    line: 'read timeout from socket',
  },
  {
    title: 'less than a header',
    answers: (query) => [answer(query, 0x8180).subarray(0, 11)],
    isUp: false,
    reason: 'no answer within 1 s',
    line: 'read timeout from socket',
  },
]

for (const { title, answers, isUp, reason, line } of cases) {
  test(title, async (t) => {
    const server = await udpServer(t, answers)
    const checks = await ChecksUnderTest.open(t)
    const name = `[127.0.0.1]:tcp:${server.port}`
    const isLate = reason.startsWith('no answer')
    await checks.apply(
      oneServer(`127.0.0.1 ${server.port}`, `DNS_CHECK {\n type a\n name www.example.com\n connect_timeout ${isLate ? 1 : 30}\n }`),
    )
    const [told] = await checks.waitForTold(1)
    const mail = `=> DNS_CHECK: ${isUp ? 'succeed' : 'failed'} on service <=`
    t.deepEqual(told, { server: name, kind: 'DNS_CHECK', what: isUp ? 'up' : 'down', weight: 0, reason, mail })
    t.deepEqual(checks.lines.slice(1), line === undefined ? [] : [`DNS_CHECK (${name}) ${line}`])
  })
}

test('each question has an id of its own', async (t) => {
  const queries: string[] = []
  const server = await udpServer(t, (query) => {
    queries.push(query.toString('hex'))
    return [answer(query, 0x8180)]
  })
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'DNS_CHECK {\n }'))
  await checks.waitForTold(1)
  await waitFor('five questions are asked', () => queries.length >= 5)
  t.true(new Set(queries.map((query) => query.slice(0, 4))).size >= 4)
  t.deepEqual([...new Set(queries.map((query) => query.slice(4)))], ['010000010000000000000000060001'])
})

test('a port that is closed, and retries', async (t) => {
  let isGood = true
  const server = await udpServer(t, (query) => [answer(query, isGood ? 0x8180 : 0x8182)])
  const checks = await ChecksUnderTest.open(t)
  const name = `[127.0.0.1]:tcp:${server.port}`
  await checks.apply(oneServer(`127.0.0.1 ${server.port}`, 'DNS_CHECK {\n retry 2\n log_all_failures\n }'))
  await checks.waitForTold(1)
  isGood = false
  await checks.waitForTold(2)
  const each = `DNS_CHECK (${name}) read error occurred. (rcode = 2)`
  t.deepEqual(checks.lines.slice(1), [each, each, `${each} after 2 retries`])
  isGood = true
  await checks.waitForTold(3)
  await server.close()
  await checks.waitForTold(4)
  t.is(checks.told[3]?.reason, 'connection refused')
  t.is(checks.lines.at(-1), `DNS_CHECK (${name}) failed to read socket; errno 111 (Connection refused) after 2 retries`)
})
