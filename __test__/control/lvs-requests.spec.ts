/** What operators ask over the control socket of virtual servers, and what comes of it. */
import test from 'ava'
import { Refusal } from '../../src/control/answer.ts'
import { askDaemon } from '../../src/control/control-client.ts'
import type { LvsStatus } from '../../src/lvs/lvs-status.ts'
import { waitFor } from '../lab/wait-for.ts'
import { settle } from '../lvs/scene.ts'
import { ControlledScene, TWO_SERVICES } from './controlled-scene.ts'

const [V1, V2] = ['[10.0.1.1]:tcp:80', '[10.0.1.2]:tcp:80']
const COMMON = '[10.0.2.20]:tcp:80'

test('status has every virtual server with its servers', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  scene.table.active.set('1 10.0.2.10:80', 5)
  scene.say('10.0.2.20', false)
  const { services } = (await askDaemon(scene, { command: 'lvs' })) as LvsStatus
  t.deepEqual(
    services.map(({ service, servers }) => [
      service,
      servers.map(({ server, state, connections }) => [server, state, connections?.active]),
    ]),
    [
      [V1, [['[10.0.2.10]:tcp:80', 'up', 5], [COMMON, 'down', 0]]], // prettier-ignore
      [V2, [['[10.0.2.11]:tcp:80', 'up', 0], [COMMON, 'up', 0]]], // prettier-ignore
    ],
  )
})

test('maintenance and weights are of all virtual servers that have the server, or of the one that is named', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  t.deepEqual(await askDaemon(scene, { command: 'maintenance', server: '10.0.2.20', on: true }), [
    { service: V1, server: COMMON },
    { service: V2, server: COMMON },
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.10:80=3', '10.0.1.2:80 > 10.0.2.11:80=3'])
  await askDaemon(scene, { command: 'maintenance', server: '10.0.2.20:80', service: '10.0.1.1:80', on: false })
  t.deepEqual(await askDaemon(scene, { command: 'weight', server: '10.0.2.20', service: V1, weight: 7 }), [{ service: V1, server: COMMON }])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.10:80=3 10.0.2.20:80=7', '10.0.1.2:80 > 10.0.2.11:80=3'])
  await askDaemon(scene, { command: 'weight', server: '10.0.2.20', weight: 'default' })
  t.deepEqual(scene.table.rows[0], '10.0.1.1:80 > 10.0.2.10:80=3 10.0.2.20:80=3')
})

test('a drain is counted down for who asked for it, and no other', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  scene.table.active.set('1 10.0.2.10:80', 5).set('2 10.0.2.11:80', 9)
  const told: unknown[] = []
  const onProgress = (value: unknown): void => {
    told.push(value)
  }
  const drained = askDaemon(scene, { command: 'drain', server: '10.0.2.10', limitMs: 60_000 }, { onProgress })
  const other = askDaemon(scene, { command: 'drain', server: '10.0.2.11', limitMs: 1_500 })
  await waitFor('both are counted', () => scene.heard.filter(({ type }) => type === 'draining').length === 2)
  await waitFor('one is told', () => told.length === 1)
  scene.table.active.set('1 10.0.2.10:80', 2)
  await scene.clock.pass(1_000)
  await waitFor('one more is told', () => told.length === 2)
  scene.table.active.set('1 10.0.2.10:80', 0)
  await scene.clock.pass(1_000)
  const about = { service: V1, server: '[10.0.2.10]:tcp:80' }
  t.deepEqual(told, [
    { ...about, active: 5, remainingMs: 60_000 },
    { ...about, active: 2, remainingMs: 59_000 },
  ])
  t.deepEqual(await drained, [{ ...about, outcome: 'empty', active: 0 }])
  t.like(await other, [{ outcome: 'limit', active: 9 }])
})

test('a drain goes on when its client has gone', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  scene.table.active.set('1 10.0.2.10:80', 5)
  const abort = new AbortController()
  const drained = askDaemon(scene, { command: 'drain', server: '10.0.2.10', limitMs: 60_000 }, { signal: abort.signal })
  await waitFor('it is counted', () => scene.heard.some(({ type }) => type === 'draining'))
  abort.abort()
  await t.throwsAsync(drained, { code: 'KA_ERR_NOT_RUNNING' })
  scene.table.active.set('1 10.0.2.10:80', 0)
  await scene.clock.pass(1_000)
  await settle()
  t.like(scene.events.at(-1), { type: 'drained', outcome: 'empty' })
})

test('a drain of a daemon that stops is given up', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  scene.table.active.set('1 10.0.2.10:80', 5)
  const drained = askDaemon(scene, { command: 'drain', server: '10.0.2.10', limitMs: 60_000 })
  await waitFor('it is counted', () => scene.heard.some(({ type }) => type === 'draining'))
  await scene.lvs.stop()
  t.like(await drained, [{ outcome: 'cancelled', active: 5 }])
  await t.throwsAsync(async () => await askDaemon(scene, { command: 'weight', server: '10.0.2.10', weight: 1 }), {
    message: 'the daemon stops',
  })
})

for (const [what, target, message, suggestions] of [
  ['a port', { server: '10.0.2.20:8080' }, 'no virtual server has a real server 10.0.2.20:8080', ['10.0.2.20:80']],
  ['an address', { server: '10.0.3.10:80' }, 'no virtual server has a real server 10.0.3.10:80', ['10.0.2.10:80']],
  [
    'the virtual server',
    { server: '10.0.2.11', service: '10.0.1.1:80' },
    `VS ${V1} does not have a real server 10.0.2.11`,
    ['10.0.2.10:80'],
  ],
  [
    'the name of a virtual server',
    { server: '10.0.2.11', service: '10.0.1.3:80' },
    'there is no virtual server 10.0.1.3:80',
    ['10.0.1.1:80'],
  ],
  ['everything', { server: 'web' }, 'no virtual server has a real server web', ['10.0.2.10:80', '10.0.2.20:80', '10.0.2.11:80']],
] as const) {
  test(`what may have been meant is suggested where ${what} is wrong`, async (t) => {
    const scene = await ControlledScene.open(t, TWO_SERVICES)
    const ask = async (): Promise<unknown> => await askDaemon(scene, { command: 'weight', ...target, weight: 1 })
    const error = await t.throwsAsync(ask, { instanceOf: Refusal, message })
    t.is(error?.code, 'unknownServer')
    t.deepEqual(error?.suggestions, suggestions)
  })
}

for (const [request, message] of [
  [[], 'a request is a JSON object'],
  [null, 'a request is a JSON object'],
  [{ command: 'lvs' }, 'the daemon knows version 1 of requests, this is another one'],
  [{ version: 2, command: 'lvs' }, 'the daemon knows version 1 of requests, this is another one'],
  [{ version: 1 }, 'command is one of lvs, drain, maintenance, weight'],
  [{ version: 1, command: 'toString' }, 'command is one of lvs, drain, maintenance, weight'],
  [{ version: 1, command: 'lvs', server: 'x' }, 'lvs has no server'],
  [{ version: 1, command: 'drain', server: '', limitMs: 1 }, 'server is a text of 1 to 256 characters'],
  [{ version: 1, command: 'drain', server: 'x', service: 5, limitMs: 1 }, 'service is a text of 1 to 256 characters'],
  [{ version: 1, command: 'drain', server: 'x' }, 'limitMs is a number from 0 to 604800000'],
  [{ version: 1, command: 'drain', server: 'x', limitMs: -1 }, 'limitMs is a number from 0 to 604800000'],
  [{ version: 1, command: 'maintenance', server: 'x', on: 'yes' }, 'on is true or false'],
  [{ version: 1, command: 'weight', server: 'x', weight: 1.5 }, 'weight is a whole number from 0 to 2147483647, or default'],
  [{ version: 1, command: 'weight', server: 'x', weight: 2 ** 31 }, 'weight is a whole number from 0 to 2147483647, or default'],
] as const) {
  test(`a request is refused: ${JSON.stringify(request)}`, async (t) => {
    const scene = new ControlledScene()
    const ask = async (): Promise<unknown> => await scene.requests.handle(request, () => {}, new AbortController().signal)
    await t.throwsAsync(ask, { instanceOf: Refusal, message })
  })
}
