import test from 'ava'
import { rootTest } from '../process/scratch.ts'
import { ChecksUnderTest, oneServer } from './harness.ts'

rootTest('a host that answers echo requests is good, and ports of one host share them', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  const servers = [80, 81].map((port) => `real_server 127.0.0.1 ${port} {\n PING_CHECK {\n connect_timeout 30\n }\n }`).join('\n')
  await checks.apply(`virtual_server 127.0.0.9 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n warmup 0\n ${servers}\n}\n`)
  await checks.waitForTold(2)
  t.deepEqual(
    checks.told.map(({ what, mail }) => [what, mail]),
    [
      ['up', '=> ICMP CHECK succeed on service <='],
      ['up', '=> ICMP CHECK succeed on service <='],
    ],
  )
  t.is(checks.attached[0]?.checkers[0]?.target, '127.0.0.1')
  t.is(checks.lines[2], 'ICMP connection to [127.0.0.1]:tcp:80 success.')
})

test('a host that cannot be reached is bad', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  // Of no network: RFC 1112 §4, class E.
  await checks.apply(oneServer('240.0.0.1 80', 'PING_CHECK {\n connect_timeout 0.3\n log_all_failures\n }'))
  const [told] = await checks.waitForTold(1)
  t.is(told?.what, 'down')
  t.regex(checks.lines[1] ?? '', /^ICMP connection to address 240\.0\.0\.1 (timeout|failed)\.$/)
  t.is(checks.lines[2], 'ICMP CHECK on service [240.0.0.1]:tcp:80 failed.')
})
