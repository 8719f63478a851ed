/** Which services of the kernel virtual servers become (lvs.md §1, §4), and groups with them (§1.4). */
import test from 'ava'
import { Batch } from '../../src/lvs/batch.ts'
import type { IpvsChange, IpvsDestination, IpvsService } from '../../src/lvs/ipvs-table.ts'
import { Scene } from './scene.ts'

const SERVER = 'real_server 10.0.2.1 80 {\n}'

function virtualServer(header: string, settings: string, servers: string = SERVER): string {
  return `virtual_server ${header} {\n${settings}\n${servers}\n}\n`
}

async function servicesOf(text: string): Promise<readonly IpvsService[]> {
  const scene = await Scene.start(text)
  return scene.table.applied[0]?.services ?? []
}

test('flags, persistence, granularity and engine', async (t) => {
  const settings = 'protocol UDP\nlvs_sched sh\nlvs_method DR\nsh-port\nsh-fallback\nflag-3\nops\npersistence_engine sip'
  const [plain] = await servicesOf(virtualServer('10.0.1.1 80', settings))
  t.like(plain, { protocol: 17, address: '10.0.1.1', port: 80, scheduler: 'sh', flags: 0x4 | 0x8 | 0x10 | 0x20 })
  t.false('persistenceEngine' in (plain ?? {}), 'an engine is for persistence')
  const [persistent] = await servicesOf(virtualServer('10.0.1.1 80', `${settings}\npersistence_granularity 255.255.255.0`))
  t.like(persistent, { flags: 0x3d, persistenceSeconds: 360, netmask: 0xff_ff_ff_00, persistenceEngine: 'sip' })
  const v6 = virtualServer(
    'fd00::1 80',
    'protocol TCP\nlvs_sched rr\nlvs_method NAT\npersistence_timeout 60\npersistence_granularity 64',
    'real_server fd00::2 80 {\n}',
  )
  t.like((await servicesOf(v6))[0], { protocol: 6, address: 'fd00::1', persistenceSeconds: 60, netmask: 64, flags: 1 })
})

test('ways to servers, tunnels and their ports', async (t) => {
  const servers = `real_server 10.0.2.1 8080 {\n}
    real_server 10.0.2.2 80 {\nlvs_method DR\n}
    real_server 10.0.2.3 80 {\nlvs_method TUN\nuthreshold 9\n}
    real_server fd00::4 80 {\nlvs_method TUN type gue port 6080 csum\n}
    real_server 10.0.2.5 80 {\nlvs_method TUN type gre\n}`
  const [service] = await servicesOf(virtualServer('10.0.1.1 80', 'protocol TCP\nlvs_sched rr\nlvs_method NAT', servers))
  const limits = { weight: 1, upperThreshold: 0, lowerThreshold: 0 }
  t.deepEqual(service?.destinations, [
    { address: '10.0.2.1', port: 8080, forwarding: 'masquerade', ...limits },
    { address: '10.0.2.2', port: 80, forwarding: 'directRoute', ...limits },
    { address: '10.0.2.3', port: 80, forwarding: 'ipip', ...limits, upperThreshold: 9 },
    { address: 'fd00::4', port: 80, forwarding: 'gue', tunnelPort: 6080, tunnelChecksum: 'csum', ...limits },
    { address: '10.0.2.5', port: 80, forwarding: 'gre', tunnelChecksum: 'nocsum', ...limits },
  ])
})

test('a group is a service for each address, range, subnet and mark', async (t) => {
  const text = `virtual_server_group G {
    fwmark 9
    10.0.1.1-3 80
    10.0.1.3 80
    10.0.1.8/30 81
  }
  ${virtualServer('group G', 'protocol TCP\nlvs_sched rr\nlvs_method DR', 'real_server 10.0.2.1 {\n}')}`
  const scene = await Scene.start(text)
  t.deepEqual(scene.table.rows, [
    '10.0.1.1:80 > 10.0.2.1:80=1',
    '10.0.1.2:80 > 10.0.2.1:80=1',
    '10.0.1.3:80 > 10.0.2.1:80=1',
    '10.0.1.8:81 > 10.0.2.1:81=1',
    '10.0.1.9:81 > 10.0.2.1:81=1',
    '10.0.1.10:81 > 10.0.2.1:81=1',
    '10.0.1.11:81 > 10.0.2.1:81=1',
    'mark 9 inet > 10.0.2.1:0=1',
  ])
  t.deepEqual(scene.takeLines(), ['Gained quorum 1+0=1 <= 1 for VS [G]:0'])
})

test('ranges and subnets of IPv6', async (t) => {
  const text = `virtual_server_group G {
    fd00::fffe-1:0001 80
    fd00:1::/126 80
    ::ffff:0.0.0.1 80
  }
  ${virtualServer('group G', 'protocol TCP\nlvs_sched rr\nlvs_method NAT', 'real_server fd00::2 80 {\n}')}`.replace('fffe-1:0001', '10-12')
  const scene = await Scene.start(text)
  const addresses = scene.table.applied[0]?.services.map(({ address }) => address)
  t.deepEqual(addresses, ['fd00::10', 'fd00::11', 'fd00::12', 'fd00:1::', 'fd00:1::1', 'fd00:1::2', 'fd00:1::3', '::ffff:0.0.0.1'])
})

test('a group that is too large is cut, which is said', async (t) => {
  const text = `virtual_server_group G {
    10.0.0.0/15 80
  }
  ${virtualServer('group G', 'protocol TCP\nlvs_sched rr\nlvs_method NAT')}`
  const scene = await Scene.start(text)
  t.is(scene.table.applied[0]?.services.length, 65_536)
  t.is(scene.lines[0], 'virtual_server_group G has more than 65536 addresses: the rest is left out')
})

test('a reload tells which members of a group are gone and new', async (t) => {
  const group = (range: string): string => `virtual_server_group G {
    ${range} 80
  }
  ${virtualServer('group G', 'protocol TCP\nlvs_sched rr\nlvs_method NAT')}`
  const scene = await Scene.start(group('10.0.1.1-2'))
  scene.takeLines()
  await scene.load(group('10.0.1.2-3'))
  t.deepEqual(scene.takeLines(), [
    'VS [[10.0.1.1]:tcp:80-10.0.1.2] in group G no longer exists',
    'VS [[10.0.1.2]:tcp:80-10.0.1.3] added into group G',
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.2:80 > 10.0.2.1:80=1', '10.0.1.3:80 > 10.0.2.1:80=1'])
})

const SHARED = `virtual_server_group G {
    fwmark 7
    10.0.1.1 53
  }
  ${virtualServer('group G', 'protocol TCP\nlvs_sched rr\nlvs_method DR', 'real_server 10.0.2.1 53 {\nTCP_CHECK {\n}\n}')}
  ${virtualServer('group G', 'protocol UDP\nlvs_sched wlc\nlvs_method DR', 'real_server 10.0.2.1 53 {\nPING_CHECK {\n}\n}')}`

test('a mark that two virtual servers share is one service, and its servers are there as long as one wants them', async (t) => {
  const scene = await Scene.start(SHARED)
  t.deepEqual(scene.table.rows, ['10.0.1.1:53 > 10.0.2.1:53=1', 'mark 7 inet > 10.0.2.1:0=1', '10.0.1.1:53 > 10.0.2.1:53=1'])
  t.is(scene.takeLines().at(-1), 'IPVS service FWM 7 is shared by VS [G]:0 and VS [G]:1: its settings are those of VS [G]:0')
  t.is(scene.table.applied[0]?.services[1]?.scheduler, 'rr')
  const [tcp, ping] = scene.of('10.0.2.1')
  tcp?.say(false)
  t.deepEqual(scene.table.rows, ['10.0.1.1:53 >', 'mark 7 inet > 10.0.2.1:0=1', '10.0.1.1:53 > 10.0.2.1:53=1'])
  ping?.say(false)
  t.deepEqual(scene.table.rows, ['10.0.1.1:53 >', 'mark 7 inet >', '10.0.1.1:53 >'])
  tcp?.say(true)
  ping?.say(true)
  t.deepEqual(scene.table.rows, ['10.0.1.1:53 > 10.0.2.1:53=1', 'mark 7 inet > 10.0.2.1:0=1', '10.0.1.1:53 > 10.0.2.1:53=1'])
  await scene.load(SHARED)
  t.deepEqual(
    scene.takeLines().filter((line) => line.includes('shared')),
    [],
  )
})

test('two virtual servers of one address are one service, by the settings of the first, until one of them goes', async (t) => {
  const one = virtualServer('10.0.1.1 80', 'protocol TCP\nlvs_sched rr\nlvs_method NAT', 'real_server 10.0.2.1 80 {\nweight 3\n}')
  const other = virtualServer(
    '10.0.1.1 80',
    'protocol TCP\nlvs_sched sed\nlvs_method NAT',
    'real_server 10.0.2.1 80 {\nweight 4\n}\nreal_server 10.0.2.2 80 {\n}',
  )
  const scene = await Scene.start(one + other)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=3 10.0.2.2:80=1'])
  t.is(scene.table.applied[0]?.services[0]?.scheduler, 'rr')
  await scene.load(other)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=4 10.0.2.2:80=1'])
})

test('an operator speaks of a server that two virtual servers share: what the last of them makes of it counts', async (t) => {
  const one = virtualServer(
    '10.0.1.1 80',
    'protocol TCP\nlvs_sched rr\nlvs_method NAT\nquorum 2\nsorry_server 10.0.3.1 80',
    'real_server 10.0.2.1 80 {\nweight 2\n}',
  )
  const other = virtualServer('10.0.1.1 80', 'protocol TCP\nlvs_sched rr\nlvs_method NAT', 'real_server 10.0.2.1 80 {\nweight 0\n}')
  const scene = await Scene.start(one + other)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=2'])
  // The first one has no quorum by that, and its sorry server serves; the second one has it now.
  scene.lvs.weigh({ server: '10.0.2.1' }, 1)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.3.1:80=1'])
})

test('of changes of one server that belong together the last one counts, and nothing of those before it is lost', (t) => {
  const place = { service: 1, address: '10.0.2.1', port: 80 }
  const like = (weight: number, forwarding: IpvsDestination['forwarding'] = 'masquerade'): IpvsChange => {
    const { address, port } = place
    return { type: 'setDestination', service: 1, destination: { address, port, weight, forwarding, upperThreshold: 0, lowerThreshold: 0 } }
  }
  const weigh = (weight: number): IpvsChange => ({ type: 'setWeight', ...place, weight })
  const gone: IpvsChange = { type: 'removeDestination', ...place }
  const other: IpvsChange = { ...gone, address: '10.0.2.2' }
  const taken = (...changes: readonly (readonly ['add' | 'remove', IpvsChange])[]): readonly IpvsChange[] => {
    const batch = new Batch()
    for (const [how, change] of changes) batch[how](change)
    const all = batch.take()
    t.deepEqual(batch.take(), [])
    return all
  }
  t.deepEqual(taken(['remove', other], ['add', weigh(2)], ['remove', weigh(1)]), [weigh(2), other, weigh(1)])
  t.deepEqual(taken(['remove', weigh(0)], ['remove', other], ['add', weigh(2)]), [weigh(2), other])
  t.deepEqual(taken(['remove', gone], ['add', like(2)]), [like(2)])
  t.deepEqual(taken(['remove', like(0)], ['remove', like(0, 'directRoute')], ['add', weigh(2)], ['remove', weigh(1)]), [
    like(2, 'directRoute'),
    weigh(1),
  ])
  t.deepEqual(taken(['add', like(2)], ['remove', gone], ['add', like(3)], ['remove', gone]), [like(2), like(3), gone])
})

test('real servers that are one server of the kernel are there once', async (t) => {
  const servers = 'real_server 10.0.2.1 80 {\n}\nreal_server 10.0.2.1 81 {\n}'
  const scene = await Scene.start(virtualServer('10.0.1.1 80', 'protocol TCP\nlvs_sched rr\nlvs_method DR', servers))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1'])
})

test('timeouts, flushing and sync daemons', async (t) => {
  const globals = (lines: string): string =>
    `global_defs {\n${lines}\n}\n${virtualServer('10.0.1.1 80', 'protocol TCP\nlvs_sched rr\nlvs_method NAT')}`
  const scene = await Scene.start(globals('lvs_flush\nlvs_flush_on_stop VS\nlvs_timeouts tcp 900 udp 0\nlvs_sync_daemon eth0 id 5 ttl 2'))
  const { services: _, ...rest } = scene.table.applied[0] ?? { services: [] }
  t.deepEqual(rest, {
    flush: true,
    flushOnStop: 'services',
    kept: [],
    timeouts: { tcpSeconds: 900 },
    syncDaemons: [{ role: 'both', interface: 'eth0', id: 5, ttl: 2 }],
  })
})
