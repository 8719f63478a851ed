/** Addresses, routes and rules of instances and of the configuration: what the kernel has before, during and after. */
import type { Child } from '../lab/child.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { releaseKaNative, startDaemon } from '../lab/daemon.ts'
import type { Host } from '../lab/host.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { V3_IPV4 } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Router } from './router.ts'

const PRIORITY = 100

/** Lines of a block. */
type Lines = readonly string[]

interface Objects {
  readonly addresses: Lines
  readonly routes: Lines
  readonly rules: Lines
}

const NOTHING: Objects = { addresses: [], routes: [], rules: [] }

function block(keyword: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : [`${keyword} {`, ...lines.map((line) => `  ${line}`), '}']
}

/** The file: static objects, and instances each with its own. */
function fileOf(statics: Objects, ...instances: readonly (Objects & { readonly vrid: number })[]): string {
  const routers = instances.map(({ vrid, addresses, routes, rules }): InstanceConf => {
    const extra = [...block('virtual_routes', routes), ...block('virtual_rules', rules)]
    return { version: V3_IPV4.router.version, advertInt: V3_IPV4.router.advertInt, vrid, priority: PRIORITY, addresses, extra }
  })
  const blocks = [
    ...block('static_ipaddress', statics.addresses),
    ...block('static_routes', statics.routes),
    ...block('static_rules', statics.rules),
  ]
  return `${keepalivedConf(...routers)}${blocks.join('\n')}\n`
}

/** What a host has, as iproute2 writes it in JSON, but for what the kernel makes by itself. */
async function objectsOf(host: Host): Promise<Objects> {
  const list = async (...words: string[]): Promise<Record<string, unknown>[]> => {
    const text = await host.exec(['ip', '-4', '-j', ...words])
    return text.trim() === '' ? [] : (JSON.parse(text) as Record<string, unknown>[])
  }
  const links = (await list('address', 'show')) as { ifname: string; addr_info: { local: string; prefixlen: number }[] }[]
  const routes = await list('route', 'show', 'table', 'all')
  const rules = await list('rule', 'show')
  const isMade = ({ protocol }: Record<string, unknown>): boolean => protocol === 'kernel'
  const rule = ({ priority, src, srclen, table }: Record<string, unknown>): string =>
    `${String(priority)} ${String(src)}/${String(srclen)} ${String(table)}`
  return {
    addresses: links
      .flatMap(({ ifname, addr_info: all }) => all.map(({ local, prefixlen }) => `${local}/${prefixlen} ${ifname}`))
      .toSorted(),
    routes: routes
      .filter((route) => !isMade(route))
      .map(({ dst, gateway }) => `${String(dst)} ${String(gateway)}`)
      .toSorted(),
    rules: rules.map(rule).toSorted(),
  }
}

async function waitForObjects(host: Host, expected: Objects): Promise<void> {
  const seen = async (): Promise<string> => JSON.stringify(await objectsOf(host))
  await waitFor('the kernel has what it should', async () => (await seen()) === JSON.stringify(expected), { seen })
}

function textOf({ output }: Child): string {
  return output.map(({ text }) => text).join('\n')
}

/** What is there with more beside it. */
function sum(...all: readonly Objects[]): Objects {
  const of = (part: keyof Objects): Lines => all.flatMap((objects) => objects[part]).toSorted()
  return { addresses: of('addresses'), routes: of('routes'), rules: of('rules') }
}

const STATIC: Objects = {
  addresses: ['10.50.0.1/24 dev eth0'],
  routes: ['198.51.1.0/24 via 10.50.0.9 dev eth0'],
  rules: ['from 203.0.113.0/28 table 100 preference 1000'],
}
const STATIC_IN_KERNEL: Objects = {
  addresses: ['10.50.0.1/24 eth0'],
  routes: ['198.51.1.0/24 10.50.0.9'],
  rules: ['1000 203.0.113.0/28 100'],
}
const VIRTUAL: Objects = {
  addresses: ['192.0.2.200/24'],
  routes: ['198.51.2.0/24 via 192.0.2.9 dev eth0 src 192.0.2.200'],
  rules: ['from 203.0.113.16/28 table 100 preference 1001'],
}
const VIRTUAL_IN_KERNEL: Objects = {
  addresses: ['192.0.2.200/24 eth0'],
  routes: ['198.51.2.0/24 192.0.2.9'],
  rules: ['1001 203.0.113.16/28 100'],
}
/** Of a keepalived that lives beside us. */
const THEIRS: readonly [Objects, Objects] = [
  {
    addresses: ['10.60.0.1/24 dev eth0'],
    routes: ['198.51.3.0/24 via 10.60.0.9 dev eth0'],
    rules: ['from 203.0.113.32/28 table 100 preference 1002'],
  },
  {
    addresses: ['192.0.2.210/24'],
    routes: ['198.51.4.0/24 via 192.0.2.9 dev eth0'],
    rules: ['from 203.0.113.48/28 table 100 preference 1003'],
  },
]
const THEIRS_IN_KERNEL: Objects = {
  addresses: ['10.60.0.1/24 eth0', '192.0.2.210/24 eth0'],
  routes: ['198.51.3.0/24 10.60.0.9', '198.51.4.0/24 192.0.2.9'],
  rules: ['1002 203.0.113.32/28 100', '1003 203.0.113.48/28 100'],
}

const OURS = fileOf(STATIC, { vrid: 51, ...VIRTUAL })

/** A keepalived beside us on the host, with everything that it shall have; what the host has then. */
async function startBeside(lab: Lab<'a'>): Promise<Objects> {
  const a = lab.host('a')
  const before = await objectsOf(a)
  await startDaemon(lab, 'a', 'keepalived', fileOf(THEIRS[0], { vrid: 61, ...THEIRS[1] }))
  const beside = sum(before, THEIRS_IN_KERNEL)
  await waitForObjects(a, beside)
  return beside
}

serialLabTest(
  'a start brings addresses, routes and rules, and a stop takes them, those of a keepalived beside us stay',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const beside = await startBeside(lab)
    const daemon = await startDaemon(lab, 'a', 'ka-native', OURS)
    await waitForObjects(a, sum(beside, STATIC_IN_KERNEL, VIRTUAL_IN_KERNEL))
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual(await objectsOf(a), beside)
  }),
)

serialLabTest(
  'what a killed daemon left is taken by release, and by the next start, and what others have is not',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const beside = await startBeside(lab)
    const all = sum(beside, STATIC_IN_KERNEL, VIRTUAL_IN_KERNEL)
    const first = await startDaemon(lab, 'a', 'ka-native', OURS)
    await waitForObjects(a, all)
    await first.kill()
    t.deepEqual(await objectsOf(a), all, 'a kill leaves everything where it is')

    // The next one wants something else: only that is there then.
    const other: Objects = { ...NOTHING, routes: ['198.51.9.0/24 via 192.0.2.9 dev eth0'] }
    const second = await startDaemon(lab, 'a', 'ka-native', fileOf(other, { vrid: 51, ...VIRTUAL, routes: [], rules: [] }))
    const otherInKernel: Objects = { ...NOTHING, routes: ['198.51.9.0/24 192.0.2.9'] }
    await waitForObjects(a, sum(beside, otherInKernel, { ...VIRTUAL_IN_KERNEL, routes: [], rules: [] }))
    await second.kill()
    const third = await startDaemon(lab, 'a', 'ka-native', OURS)
    await waitForObjects(a, all)
    await third.kill()

    await releaseKaNative(lab, 'a')
    t.deepEqual(await objectsOf(a), beside)
  }),
)

serialLabTest(
  'what moves between the configuration and instances at a reload is never gone',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const before = await objectsOf(a)
    const keep = (vrid: number): Objects & { vrid: number } => ({ ...NOTHING, vrid, addresses: [`192.0.2.${100 + vrid}/32`] })
    const moving: Objects = {
      addresses: ['10.70.0.1/24 dev eth0'],
      routes: ['198.51.5.0/24 via 192.0.2.9 dev eth0'],
      rules: ['from 203.0.113.64/28 table 100 preference 1004'],
    }
    const movingInKernel: Objects = {
      addresses: ['10.70.0.1/24 eth0'],
      routes: ['198.51.5.0/24 192.0.2.9'],
      rules: ['1004 203.0.113.64/28 100'],
    }
    const withMoving = (vrid: number): Objects & { vrid: number } => ({
      vrid,
      addresses: [...keep(vrid).addresses, ...moving.addresses],
      routes: moving.routes,
      rules: moving.rules,
    })
    const files = [
      fileOf(moving, keep(51), keep(52)),
      fileOf(NOTHING, withMoving(51), keep(52)),
      fileOf(NOTHING, keep(51), withMoving(52)),
      fileOf(moving, keep(52)),
    ] as const
    const router = await Router.start(a, files[0])
    const kept: Objects = { ...NOTHING, addresses: ['192.0.2.151/32 eth0', '192.0.2.152/32 eth0'] }
    await waitForObjects(a, sum(before, kept, movingInKernel))
    // An interface of its own says that everything before it was heard.
    await a.exec(['ip', 'link', 'add', 'mark', 'type', 'veth', 'peer', 'name', 'mark-peer'])
    const monitor = await a.spawn(['ip', '-4', 'monitor', 'address', 'route', 'rule'])
    const heard = async (mark: string): Promise<string> => {
      await a.exec(['ip', 'address', 'add', mark, 'dev', 'mark'])
      await a.exec(['ip', 'address', 'delete', mark, 'dev', 'mark'])
      return waitFor('the monitor has heard all', () => (textOf(monitor).includes(mark.slice(0, -3)) ? textOf(monitor) : undefined))
    }
    await waitFor('the monitor listens', async () => {
      await a.exec(['ip', 'address', 'add', '10.99.0.1/32', 'dev', 'mark'])
      await a.exec(['ip', 'address', 'delete', '10.99.0.1/32', 'dev', 'mark'])
      return textOf(monitor).includes('10.99.0.1')
    })
    const last: Objects = { ...NOTHING, addresses: ['192.0.2.152/32 eth0'] }
    for (const file of [...files.slice(1), ...files]) {
      await router.reload(file)
      // An instance that is new has nothing until it is Master: it can take nothing over before.
      await waitForObjects(a, sum(before, file === files[3] ? last : kept, movingInKernel))
    }
    const deleted = (await heard('10.99.0.2/32')).split('\n').filter((line) => line.startsWith('Deleted'))
    const gone = ['10.70.0.1', '198.51.5.0/24', '203.0.113.64/28'].filter((text) => deleted.some((line) => line.includes(text)))
    t.deepEqual(gone, [])
    t.true(
      deleted.some((line) => line.includes('192.0.2.151')),
      'what nobody wants is deleted',
    )
    t.deepEqual(await router.stop(), { code: 0, signal: null })
    await monitor.signal('SIGKILL')
  }),
)

serialLabTest(
  'what is removed by hand is restored and said, and what is not tracked stays away',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const before = await objectsOf(a)
    const statics: Objects = { ...STATIC, addresses: [...STATIC.addresses, '10.51.0.1/24 dev eth0 no_track'] }
    const daemon = await startDaemon(lab, 'a', 'ka-native', fileOf(statics, { vrid: 51, ...VIRTUAL }))
    const untracked: Objects = { ...NOTHING, addresses: ['10.51.0.1/24 eth0'] }
    const all = sum(before, STATIC_IN_KERNEL, VIRTUAL_IN_KERNEL)
    await waitForObjects(a, sum(all, untracked))
    await a.exec(['ip', 'address', 'delete', '10.51.0.1/24', 'dev', 'eth0'])
    for (const removal of [
      ['rule', 'delete', 'preference', '1000'],
      ['rule', 'delete', 'preference', '1001'],
      ['route', 'delete', '198.51.1.0/24'],
      ['route', 'delete', '198.51.2.0/24'],
      // Its route goes with it, without a word of the kernel.
      ['address', 'delete', '192.0.2.200/24', 'dev', 'eth0'],
      ['address', 'delete', '10.50.0.1/24', 'dev', 'eth0'],
    ]) {
      await a.exec(['ip', ...removal])
      await waitForObjects(a, all)
    }
    for (const sentence of [
      'Restoring deleted static rule 1000: from 203.0.113.0/28 lookup 100',
      'Restoring deleted static route 198.51.1.0/24 via 10.50.0.9 dev eth0',
      'Restoring deleted static address 10.50.0.1/24 dev eth0',
      '(VI_51) route 198.51.2.0/24 via 192.0.2.9 dev eth0 was removed by somebody else; adding it again',
      '(VI_51) rule 1001: from 203.0.113.16/28 lookup 100 was removed by somebody else; adding it again',
    ]) {
      await waitFor(`the log says: ${sentence}`, () => textOf(daemon.process).includes(sentence), { seen: () => textOf(daemon.process) })
    }
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual(await objectsOf(a), before)
  }),
)

serialLabTest(
  'the interface of what is held elsewhere, or static with a track group, is tracked, unless no_track says otherwise',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    for (const name of ['eth1', 'eth2']) {
      await a.exec(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-peer`])
      await a.exec(['sh', '-c', `ip link set ${name} up; ip link set ${name}-peer up`])
    }
    const statics: Objects = { ...NOTHING, addresses: ['10.50.0.1/24 dev eth1 track_group TG'] }
    const instance = { vrid: 51, ...NOTHING, addresses: ['192.0.2.200/24', '10.60.0.1/24 dev eth2'] }
    const conf = fileOf(statics, instance).replace('static_ipaddress', 'track_group TG {\n  group { VI_51 }\n}\nstatic_ipaddress')
    const router = await Router.start(a, conf)
    for (const name of ['eth1', 'eth2']) {
      await router.waitUntilTold('MASTER')
      await a.exec(['ip', 'link', 'set', name, 'down'])
      await router.waitUntilTold('FAULT')
      await a.exec(['ip', 'link', 'set', name, 'up'])
    }
    const since = await router.waitUntilTold('MASTER')
    const lax = conf.replace('dev eth1 track_group TG', 'dev eth1').replace('dev eth2', 'dev eth2 no_track')
    await router.reload(lax)
    await a.exec(['sh', '-c', 'ip link set eth1 down; ip link set eth2 down'])
    // What the kernel said before is heard before a configuration is taken up.
    await router.reload(lax)
    t.deepEqual((await router.states()).slice(since), [])
    await a.exec(['sh', '-c', 'ip link set eth1 up; ip link set eth2 up'])
    t.deepEqual(await router.stop(), { code: 0, signal: null })
  }),
)
