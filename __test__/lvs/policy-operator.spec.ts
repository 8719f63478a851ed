/** What operators want of servers: drain, maintenance, weights; that it lasts, and what status says of it. */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { configOf, Scene, settle } from './scene.ts'

const V = '[10.0.1.1]:tcp:80'
const R1 = '[10.0.2.1]:tcp:80'

const SERVERS = ['10.0.2.1', '10.0.2.2']
  .map((address) => `real_server ${address} 80 {\nweight 3\nsmtp_alert false\nTCP_CHECK {\n}\n}`)
  .join('\n')

function conf(settings = '', servers = SERVERS, virtual = '10.0.1.1 80'): string {
  return `virtual_server ${virtual} {
    protocol TCP
    lvs_sched rr
    lvs_method NAT
    ${settings}
    ${servers}
  }`
}

/** A file that is gone with its directory when the test ends. */
async function recordPath(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ka-lvs-'))
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  return join(directory, '4026531840.overrides')
}

test('a drain gives weight 0 at once, counts down, and ends when no connection is left', async (t) => {
  const scene = await Scene.start(conf())
  scene.takeLines()
  scene.table.active.set('1 10.0.2.1:80', 5)
  const draining = scene.lvs.drain({ server: '10.0.2.1' }, 60_000)
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=3'])
  t.deepEqual(scene.takeLines(), [`Changing weight from 3 to 0 for active service ${R1} of VS ${V}`])
  await settle()
  const [server] = (await scene.lvs.status()).services[0]?.servers ?? []
  t.like(server, { state: 'up', weight: 0, configuredWeight: 3, drainMs: 60_000, connections: { active: 5 } })
  t.regex(server?.reasons[0] ?? '', /^drained by operator since 2026-01-01T00:00:00.000Z$/)
  scene.table.active.set('1 10.0.2.1:80', 2)
  await scene.clock.pass(1_000)
  scene.table.active.set('1 10.0.2.1:80', 0)
  await scene.clock.pass(1_000)
  t.deepEqual(await draining, [{ service: V, server: R1, outcome: 'empty', active: 0 }])
  t.deepEqual(
    scene.events.flatMap((event) => (event.type === 'draining' || event.type === 'drained' ? [`${event.type} ${event.active}`] : [])),
    ['draining 5', 'draining 2', 'drained 0'],
  )
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=3'], 'it stays as it is')
})

test('a drain ends at its limit, and when somebody wants something else', async (t) => {
  const scene = await Scene.start(conf())
  scene.table.active.set('1 10.0.2.1:80', 5)
  const limited = scene.lvs.drain({ server: '10.0.2.1:80' }, 1_500)
  await settle()
  await scene.clock.pass(1_000)
  await scene.clock.pass(500)
  t.like((await limited)[0], { outcome: 'limit', active: 5 })
  const cancelled = scene.lvs.drain({ server: R1 }, 60_000)
  await settle()
  scene.lvs.weigh({ server: '10.0.2.1', service: '10.0.1.1:80' }, 'default')
  t.like((await cancelled)[0], { outcome: 'cancelled' })
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=3 10.0.2.2:80=3'])
  const stopped = scene.lvs.drain({ server: '10.0.2.1' }, 60_000)
  await settle()
  await scene.lvs.stop()
  t.like((await stopped)[0], { outcome: 'cancelled' })
})

test('connections of a server that is drained go on while the sorry server serves', async (t) => {
  const scene = await Scene.start(conf('sorry_server 10.0.3.1 80'))
  scene.say('10.0.2.2', false)
  void scene.lvs.drain({ server: '10.0.2.1' }, 60_000)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.3.1:80=1'])
  t.deepEqual(scene.table.emptied, [])
  await scene.lvs.stop()
})

test('a server in maintenance is out whatever its checkers say, and in again when they are content', async (t) => {
  const scene = await Scene.start(conf())
  scene.takeTold()
  t.deepEqual(scene.lvs.maintain({ server: '10.0.2.1' }, true), [{ service: V, server: R1 }])
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=3'])
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN`])
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeTold(), [])
  const status = await scene.lvs.status()
  t.is(status.services[0]?.servers[0]?.state, 'maintenance')
  t.deepEqual(status.services[0]?.servers[0]?.reasons, [
    'in maintenance by operator since 2026-01-01T00:00:00.000Z',
    'checker TCP_CHECK: connection refused since 2026-01-01T00:00:00.000Z',
  ])
  scene.lvs.maintain({ server: '10.0.2.1' }, false)
  t.deepEqual(scene.takeTold(), [])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=3'])
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} UP`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=3 10.0.2.2:80=3'])
})

test('maintenance of all servers loses quorum; with `inhibit_on_failure` they stay with weight 0', async (t) => {
  const scene = await Scene.start(conf('inhibit_on_failure'))
  scene.takeTold()
  scene.lvs.maintain({ server: '10.0.2.1' }, true)
  scene.lvs.maintain({ server: '10.0.2.2' }, true)
  scene.lvs.takeIpvsEvents()
  t.is(scene.takeTold().at(-1), `VS ${V} DOWN`)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=0'])
})

test('a weight of an operator goes before that of the configuration and of checkers', async (t) => {
  const scene = await Scene.start(conf())
  scene.lvs.weigh({ server: '10.0.2.1' }, 7)
  scene.of('10.0.2.1')[0]?.weigh(100)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7 10.0.2.2:80=3'])
  scene.lvs.weigh({ server: '10.0.2.1' }, 'default')
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=103 10.0.2.2:80=3'])
  t.deepEqual((await scene.lvs.status()).services[0]?.servers[0]?.reasons, ['checker TCP_CHECK: weight +100 (not checked yet)'])
  for (const weight of [-1, 1.5, Number.NaN, 2 ** 31]) {
    t.throws(() => scene.lvs.weigh({ server: '10.0.2.1' }, weight), { code: 'KA_ERR_USAGE' })
  }
  await t.throwsAsync(scene.lvs.drain({ server: '10.0.2.1' }, -1), { code: 'KA_ERR_USAGE' })
})

const MANY = `${conf()}
  ${conf('', `${SERVERS.replaceAll(' 80', ' 443')}\n${SERVERS}`, '10.0.1.1 443')}
  virtual_server fwmark 5 {
    lvs_sched rr
    lvs_method NAT
    real_server 10.0.2.9 {
    }
  }
  ${conf('', 'real_server fd00::2 80 {\n}', 'fd00::1 80')}`

test('which servers are meant', async (t) => {
  const scene = await Scene.start(MANY)
  const meant = (server: string, service?: string): string[] =>
    scene.lvs.weigh({ server, service }, 1).map((one) => `${one.server} of ${one.service}`)
  t.deepEqual(meant('10.0.2.1:80'), [`${R1} of ${V}`, `${R1} of [10.0.1.1]:tcp:443`])
  t.deepEqual(meant('10.0.2.1:80', '10.0.1.1:443'), [`${R1} of [10.0.1.1]:tcp:443`])
  t.deepEqual(meant('10.0.2.9', 'fwmark 5'), ['[10.0.2.9]:none:0 of FWM 5'])
  t.deepEqual(meant('10.0.2.9', 'fwm 5'), ['[10.0.2.9]:none:0 of FWM 5'])
  t.deepEqual(meant('[FD00:0::2]:80'), ['[fd00::2]:tcp:80 of [fd00::1]:tcp:80'])
  t.deepEqual(meant('fd00::2', '[fd00::1]:80'), ['[fd00::2]:tcp:80 of [fd00::1]:tcp:80'])
  const refused = (server: string, service: string | undefined, message: RegExp): void => {
    t.throws(() => meant(server, service), { code: 'KA_ERR_USAGE', message })
  }
  refused('10.0.2.1', undefined, /^10\.0\.2\.1 of VS \[10\.0\.1\.1\]:tcp:443 can be .*:443 or .*:80: name its port$/)
  refused('10.0.2.1:81', undefined, /^no virtual server has a real server 10\.0\.2\.1:81$/)
  refused('10.0.2.9', V, /^VS \[10\.0\.1\.1\]:tcp:80 does not have a real server 10\.0\.2\.9$/)
  refused('10.0.2.1', '10.0.1.1', /^10\.0\.1\.1 can be VS \[10\.0\.1\.1\]:tcp:80 or VS \[10\.0\.1\.1\]:tcp:443$/)
  refused('10.0.2.1', 'nowhere', /^there is no virtual server nowhere$/)
  refused('', undefined, /no virtual server/)
})

test('what operators want lasts over reloads and restarts, until the server is not configured any more', async (t) => {
  const path = await recordPath(t)
  const scene = await Scene.start(conf(), path)
  scene.lvs.weigh({ server: '10.0.2.1' }, 7)
  scene.lvs.maintain({ server: '10.0.2.2' }, true)
  await scene.load(conf('quorum 2'))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7'])
  await scene.lvs.stop()
  const again = await Scene.start(conf(), path)
  t.deepEqual(again.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7'])
  again.takeLines()
  await again.load(conf('', SERVERS.replace('10.0.2.2', '10.0.2.3')))
  t.is(again.takeLines().at(-1), `maintenance of service [10.0.2.2]:80 of VS ${V} is forgotten: it is not configured`)
  await again.load(conf())
  t.deepEqual(again.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7 10.0.2.2:80=3'])
  await again.lvs.stop()
  const record: unknown = JSON.parse(await readFile(path, 'utf8'))
  t.like(record, { version: 1, overrides: [{ service: V, server: '10.0.2.1 80', weight: 7, isMaintained: false, isDrained: false }] })
})

test('a drain that a restart ends stays at weight 0', async (t) => {
  const path = await recordPath(t)
  const scene = await Scene.start(conf(), path)
  scene.table.active.set('1 10.0.2.1:80', 5)
  void scene.lvs.drain({ server: '10.0.2.1' }, 60_000)
  await scene.lvs.stop()
  const again = await Scene.start(conf(), path)
  t.deepEqual(again.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=3'])
  const status = await again.lvs.status()
  t.deepEqual(status.services[0]?.servers[0]?.reasons, ['drained by operator since 2026-01-01T00:00:00.000Z'])
})

test('a record that cannot be used is said, and holds nothing up', async (t) => {
  const path = await recordPath(t)
  const good = { service: V, server: '10.0.2.1 80', isMaintained: true, isDrained: false, sinceMs: 1 }
  for (const text of [
    '',
    '{"version":2}',
    '[]',
    'null',
    '{"version":1,"overrides":[1]}',
    JSON.stringify({ version: 1, overrides: [{ ...good, weight: -1 }] }),
    JSON.stringify({ version: 1, overrides: [good, { ...good, isMaintained: 'yes' }] }),
  ]) {
    await writeFile(path, text)
    const scene = await Scene.start(conf(), path)
    t.regex(scene.lines[0] ?? '', /4026531840\.overrides cannot be used, no server is as an operator wanted it: /, text)
    t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=3 10.0.2.2:80=3'])
  }
  await rm(path)
  await symlink('/dev/zero', path)
  const linked = await Scene.start(conf(), path)
  t.regex(linked.lines[0] ?? '', /cannot be used/)
})

test('what cannot be recorded counts all the same, and is said', async (t) => {
  const scene = await Scene.start(conf(), '/proc/version/none.overrides')
  scene.takeLines()
  scene.lvs.weigh({ server: '10.0.2.1' }, 7)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7 10.0.2.2:80=3'])
  await scene.lvs.stop()
  t.true(
    scene.lines.some((line) => line.startsWith('what operators want of servers is not recorded in /proc/version/none.overrides: ENOTDIR')),
  )
})

test('`ha_suspend`: checkers wait while the address is not here, and states stay', async (t) => {
  const scene = await Scene.start(conf('ha_suspend'))
  t.deepEqual(scene.lvs.watchedAddresses, ['10.0.1.1'])
  const suspended = (): boolean[] => scene.checkers.all.map(({ isSuspended }) => isSuspended)
  t.deepEqual(suspended(), [true, true])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=3 10.0.2.2:80=3'])
  scene.takeLines()
  scene.lvs.addressPresence('10.0.1.1', true)
  scene.lvs.addressPresence('10.0.1.1', true)
  t.deepEqual(suspended(), [false, false])
  t.deepEqual(scene.takeLines(), ['Netlink reflector reports IP 10.0.1.1 added'])
  scene.say('10.0.2.1', false)
  scene.lvs.addressPresence('10.0.1.1', false)
  t.deepEqual(suspended(), [true, true])
  await scene.load(conf('ha_suspend\nquorum 2'))
  t.deepEqual(suspended(), [true, true])
  t.true((await scene.lvs.status()).services[0]?.isSuspended)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=3'])
  await scene.load(conf())
  t.deepEqual(suspended(), [false, false])
  t.deepEqual(scene.lvs.watchedAddresses, [])
})

test('`ha_suspend` of a group: one address that is here is enough', async (t) => {
  const text = `virtual_server_group G {
    10.0.1.1-2 80
    10.0.1.1 81
  }
  ${conf('ha_suspend', SERVERS, 'group G')}`
  const scene = await Scene.start(text)
  t.deepEqual(scene.lvs.watchedAddresses, ['10.0.1.1', '10.0.1.2'])
  const suspended = (): boolean => scene.checkers.all.every(({ isSuspended }) => isSuspended)
  t.true(suspended())
  scene.lvs.addressPresence('10.0.1.1', true)
  scene.lvs.addressPresence('10.0.1.2', true)
  scene.lvs.addressPresence('10.0.1.1', false)
  t.false(suspended())
  scene.lvs.addressPresence('10.0.1.2', false)
  t.true(suspended())
})

test('an address that is here before the configuration is known', async (t) => {
  const scene = new Scene()
  const prepared = await scene.lvs.prepare(configOf(conf('ha_suspend')), scene.checkers)
  t.deepEqual(prepared.watchedAddresses, ['10.0.1.1'])
  scene.lvs.addressPresence('10.0.1.1', true)
  await scene.lvs.commit(prepared)
  t.false(scene.checkers.all.some(({ isSuspended }) => isSuspended))
})

test('status says why servers are as they are', async (t) => {
  const scene = await Scene.start(conf('sorry_server 10.0.3.1 80\nquorum 6'))
  scene.say('10.0.2.1', false)
  scene.table.active.set('1 10.0.3.1:80', 4)
  const [service] = (await scene.lvs.status()).services
  t.like(service, {
    service: V,
    serves: [V],
    scheduler: 'rr',
    isUp: false,
    quorum: 6,
    weight: 3,
    sorryServer: { server: '[10.0.3.1]:tcp:80', isActive: true, connections: { active: 4, inactive: 0, persistent: 0 } },
  })
  const [first, second] = service?.servers ?? []
  t.like(first, {
    state: 'down',
    weightInKernel: undefined,
    reasons: ['checker TCP_CHECK: connection refused since 2026-01-01T00:00:00.000Z'],
  })
  t.like(second, { state: 'up', weightInKernel: undefined, reasons: ['sorry server active'] })
  t.like(first?.checkers[0], { kind: 'TCP_CHECK', isUp: false, hasRun: true, reason: 'connection refused' })
})
