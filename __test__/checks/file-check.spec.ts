import test from 'ava'
import type { Checker } from '../../src/checks/checker.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ChecksUnderTest, load, oneServer } from './harness.ts'
import type { Told } from './harness.ts'

const conf = (lines: string, file = ''): string =>
  `track_file F {\n file /run/f\n ${file}\n }\n${oneServer('127.0.0.1 80', `FILE_CHECK {\n track_file F\n ${lines}\n }`)}`

const brief = ({ what, weight }: Told): string => `${what} ${weight}`

test('the number in a file, times the weight, is a part of the weight', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('weight 3'))
  t.deepEqual([checks.only.isUp, checks.only.weight, checks.only.hasRun], [true, 0, false])
  for (const value of [2, 2, -5, 0]) checks.checks.followFile('F', value)
  t.deepEqual(checks.told.map(brief), ['weight 6', 'up 6', 'weight -15', 'weight 0'])
  t.is(checks.only.reason, 'the file holds 0')
})

test('the weight is that of the file where there is none, and may be turned around', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('', 'weight 4 reverse'))
  checks.checks.followFile('F', 2)
  t.is(checks.only.weight, -8)
})

test('a product that is no part of a weight', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('weight 2147483647'))
  checks.checks.followFile('F', 2_000_000_000)
  t.is(checks.only.weight, 2_147_483_647)
  checks.checks.followFile('F', -2)
  t.deepEqual([checks.only.isUp, checks.only.weight], [false, 0])
  checks.checks.followFile('F', -1)
  t.deepEqual([checks.only.isUp, checks.only.weight], [true, -2_147_483_647])
})

const FAULT = '([127.0.0.1]:tcp:80): tracked file F now FAULT state'
const LEAVING = '([127.0.0.1]:tcp:80): tracked file F leaving FAULT state'

test('with weight 0 a number but 0 takes the server out', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('weight 0'))
  for (const value of [0, 1, 2, 0]) checks.checks.followFile('F', value)
  t.deepEqual(checks.told.map(brief), ['up 0', 'down 0', 'up 0'])
  t.deepEqual(checks.lines.slice(1), [FAULT, LEAVING])
})

test('and turned around, 0 does: from the beginning on', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('weight 0 reverse'))
  checks.checks.followFile('F', 1)
  t.true(checks.only.isUp)
  checks.checks.followFile('F', 0)
  t.false(checks.only.isUp)
  checks.checks.followFile('F', 7)
  t.true(checks.only.isUp)
})

test('a checker that goes on knows what the file holds, also where others have followed it meanwhile', async (t) => {
  const servers = [1, 2].map((host) => `real_server 127.0.0.${host} 80 {\n FILE_CHECK {\n track_file F\n weight 0\n }\n }`).join('\n')
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(
    `track_file F {\n file /run/f\n }\nvirtual_server 127.0.0.9 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n ${servers}\n}\n`,
  )
  const [one, other] = checks.attached.flatMap((attached) => attached.checkers)
  if (one === undefined || other === undefined) return t.fail()
  checks.suspend(one)
  checks.checks.followFile('F', 1)
  t.deepEqual([one.isUp, other.isUp], [true, false])
  checks.resume(one)
  await checks.waitForTold(2)
  t.deepEqual([one.isUp, other.isUp], [false, false])
})

test('a checker that a reload brings knows what the file holds', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  await checks.apply(conf('weight 0'))
  checks.checks.followFile('F', 1)
  await checks.apply(conf('weight 5'))
  await checks.waitForTold(3)
  t.deepEqual(checks.told.map(brief), ['down 0', 'weight 5', 'up 5'])
  await checks.apply(conf('weight 5'))
  t.is(checks.told.length, 3)
  checks.checks.followFile('F', 2)
  t.is(checks.only.weight, 10)
})

test('what is told of a file while a configuration is made ready counts from its beginning', async (t) => {
  const checks = await ChecksUnderTest.open(t)
  checks.checks.followFile('F', 0)
  const config = load(conf('weight 0'))
  const generation = await checks.checks.prepare(config)
  const [virtualServer] = config.virtualServers
  const [server] = virtualServer?.realServers ?? []
  if (virtualServer === undefined || server === undefined) return t.fail()
  const told: string[] = []
  const owner = { server: 'R', service: 'V', checked: ({ reason }: Checker) => told.push(reason), weighed: () => {} }
  generation.attach(server, virtualServer, owner, undefined)
  checks.checks.followFile('F', 7)
  generation.commit()
  await waitFor('it is told', () => told.length > 0)
  return t.deepEqual(told, ['the file holds 7'])
})
