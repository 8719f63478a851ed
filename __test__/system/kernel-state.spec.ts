import { readdir } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import { Capture } from '../lab/capture.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { addressBytes } from '../lab/frames.ts'
import type { Host } from '../lab/host.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import type { Packet } from '../lab/packet.ts'
import { V3_IPV4, V3_IPV6, type Protocol } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { addressesOn, groupsOn, PROTOCOL_KEEPALIVED, protocolsOf, type KernelAddress } from './kernel.ts'
import { Router } from './router.ts'

const HIGHER = 200
const PRIORITY = 100
const OWNER = 255
/** More advertisements than a Backup waits for. */
const PATIENCE = 6
const FOREVER = 4_294_967_295

serialLabTest(
  'addresses are on their interfaces as the configuration says, those excluded are not advertised, and a stop removes them',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    await a.exec(['ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1-peer'])
    await a.exec(['ip', 'link', 'set', 'eth1', 'up'])
    await a.exec(['ip', 'link', 'set', 'eth1-peer', 'up'])
    await waitFor('eth1 has its own link-local address', async () => (await addressesOn(a, 'eth1')).length > 0)
    const everywhere = async (): Promise<KernelAddress[][]> => Promise.all(['eth0', 'eth1', 'lo'].map(async (dev) => addressesOn(a, dev)))
    const before = await everywhere()
    const capture = await lab.capture('a', 'ip proto 112 or ip6 proto 112')

    const advertised4 = [
      '192.0.2.200/24 label eth0:vip',
      '192.0.2.201/25 brd 192.0.2.129 scope link',
      '192.0.2.202',
      '192.0.2.203/24 brd +',
    ]
    const advertised6 = ['fe80::c8/64', '2001:db8::c8/64', '2001:db8::c9']
    const excluded4 = ['198.51.100.1/24 dev eth1 noprefixroute', '2001:db8:1::1/64 dev eth1 preferred_lft 0']
    const excluded6 = ['2001:db8::ca/64 preferred_lft 1000000', '203.0.113.1/32 scope host']
    const excluding = (lines: readonly string[]): string[] => ['virtual_ipaddress_excluded {', ...lines, '}']
    const conf = keepalivedConf(
      { ...V3_IPV4.router, priority: PRIORITY, addresses: advertised4, extra: excluding(excluded4) },
      { ...V3_IPV6.router, priority: PRIORITY, addresses: advertised6, extra: excluding(excluded6) },
    )
    const router = await Router.start(a, conf)

    const ipv4 = { family: 'inet', scope: 'global', label: 'eth0', valid_life_time: FOREVER, preferred_life_time: FOREVER } as const
    const ipv6 = { family: 'inet6', scope: 'global', nodad: true, valid_life_time: FOREVER, preferred_life_time: FOREVER } as const
    // Whatever is not named here is not there: no other broadcast address, no tentative address.
    const expected: Record<'eth0' | 'eth1', KernelAddress[]> = {
      eth0: [
        { ...ipv4, local: '192.0.2.200', prefixlen: 24, label: 'eth0:vip', secondary: true },
        { ...ipv4, local: '192.0.2.201', prefixlen: 25, broadcast: '192.0.2.129', scope: 'link' },
        { ...ipv4, local: '192.0.2.202', prefixlen: 32 },
        { ...ipv4, local: '192.0.2.203', prefixlen: 24, broadcast: '192.0.2.255', secondary: true },
        { ...ipv4, local: '203.0.113.1', prefixlen: 32, scope: 'host' },
        { ...ipv6, local: '2001:db8::c8', prefixlen: 64 },
        // Without a prefix length an address is no source of connections, unless `preferred_lft` says so.
        { ...ipv6, local: '2001:db8::c9', prefixlen: 128, deprecated: true, preferred_life_time: 0 },
        { ...ipv6, local: '2001:db8::ca', prefixlen: 64, preferred_life_time: 1_000_000 },
        { ...ipv6, local: 'fe80::c8', prefixlen: 64, scope: 'link' },
      ],
      eth1: [
        { ...ipv4, local: '198.51.100.1', prefixlen: 24, label: 'eth1', noprefixroute: true },
        { ...ipv6, local: '2001:db8:1::1', prefixlen: 64, deprecated: true, preferred_life_time: 0 },
      ],
    }
    const all = [...expected.eth0, ...expected.eth1].map(({ local }) => local)
    const ours = async (dev: string): Promise<KernelAddress[]> =>
      (await addressesOn(a, dev))
        .filter(({ local }) => all.includes(local))
        .toSorted((left, right) => all.indexOf(left.local) - all.indexOf(right.local))
        .map(rounded)
    await waitFor('all addresses are there', async () => (await ours('eth0')).length + (await ours('eth1')).length === all.length)
    t.deepEqual(await ours('eth0'), expected.eth0)
    t.deepEqual(await ours('eth1'), expected.eth1)
    const protocols = await protocolsOf(lab, a)
    t.deepEqual(
      all.map((address) => [address, protocols.get(addressBytes(address).toString('hex'))]),
      all.map((address) => [address, PROTOCOL_KEEPALIVED]),
    )

    const sent = await capture.waitFor('advertisements of both', (packets) => {
      const lists = (version: 4 | 6): string[] =>
        packets.flatMap((packet) =>
          packet.kind === 'advertisement' && (packet.id === undefined) === (version === 6) ? [packet.addresses.join(' ')] : [],
        )
      return lists(4).length > 0 && lists(6).length > 0 && [new Set(lists(4)), new Set(lists(6))]
    })
    const withoutOptions = (lines: readonly string[]): string => lines.map((line) => line.replace(/[/ ].*/, '')).join(' ')
    t.deepEqual(sent, [new Set([withoutOptions(advertised4)]), new Set([withoutOptions(advertised6)])])

    t.deepEqual(await router.stop(), { code: 0, signal: null })
    t.deepEqual(await everywhere(), before)
  }),
)

for (const protocol of [V3_IPV4, V3_IPV6]) {
  const { name, address, router } = protocol
  const conf = keepalivedConf({ ...router, priority: PRIORITY })
  const isIpv6 = protocol === V3_IPV6
  const group = isIpv6 ? 'ff02::12' : '224.0.0.18'
  const sourceOf = ({ ipv4, linkLocal }: Host): string => (isIpv6 ? linkLocal : ipv4)

  serialLabTest(
    `${name}: an address that was there before the start stays at the stop`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      const own = isIpv6 ? '2001:db8::77' : '192.0.2.77'
      const held = `${own}/${isIpv6 ? 64 : 32}`
      await a.exec(['ip', 'address', 'add', held, 'dev', 'eth0'])
      const before = await addressesOn(a, 'eth0')
      const daemon = await Router.start(a, keepalivedConf({ ...router, priority: PRIORITY, addresses: [...router.addresses, held] }))
      await lab.waitForHolders(address, 'a')
      t.deepEqual(
        (await addressesOn(a, 'eth0')).filter(({ local }) => local === own),
        before.filter(({ local }) => local === own),
      )
      t.deepEqual(await daemon.stop(), { code: 0, signal: null })
      t.deepEqual(await addressesOn(a, 'eth0'), before)
    }),
  )

  serialLabTest(
    `${name}: an address that is removed by hand comes back and is announced again, and nothing else happens`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      const capture = await lab.capture('a')
      const once = ['garp_master_repeat 1', 'garp_master_delay 0']
      const daemon = await Router.start(a, keepalivedConf({ ...router, priority: PRIORITY, extra: once }))
      await waitForAnnouncements(capture, a, address, 1)
      const since = await daemon.waitUntilTold('MASTER')
      const before = await addressesOn(a, 'eth0')

      for (const announcements of [2, 3, 4]) {
        await a.exec(['ip', 'address', 'delete', router.addresses.find((text) => text.startsWith(address)) ?? '', 'dev', 'eth0'])
        await waitForAnnouncements(capture, a, address, announcements)
        const byName = (list: readonly KernelAddress[]): KernelAddress[] => list.toSorted((x, y) => x.local.localeCompare(y.local))
        t.deepEqual(byName(await addressesOn(a, 'eth0')), byName(before))
      }
      t.deepEqual((await daemon.states()).slice(since), [])
      t.true((await capture.advertisements()).every(({ priority }) => priority === PRIORITY))
    }),
  )

  serialLabTest(
    `${name}: an interface that goes down and up is left and taken again`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      const daemon = await Router.start(a, conf)
      await lab.waitForHolders(address, 'a')
      const since = await daemon.waitUntilTold('MASTER')
      await a.exec(['ip', 'link', 'set', 'eth0', 'down'])
      await daemon.waitForState('FAULT')
      await lab.waitForHolders(address)
      await a.exec(['ip', 'link', 'set', 'eth0', 'up'])
      await daemon.waitForStates(since, 'FAULT', 'BACKUP', 'MASTER')
      await lab.waitForHolders(address, 'a')
      t.true((await groupsOn(a)).includes(group))
    }),
  )

  serialLabTest(
    `${name}: an interface that is deleted and made again under its name is taken again, and its group joined`,
    inLab(['a', 'b'], async (t, lab) => {
      const a = lab.host('a')
      const daemon = await Router.start(a, conf)
      await lab.waitForHolders(address, 'a')
      const since = await daemon.waitUntilTold('MASTER')
      for (const round of [1, 2]) {
        await lab.removeCard('a')
        await waitFor('it is in FAULT', async () => (await daemon.states()).filter((state) => state === 'FAULT').length === round)
        await lab.insertCard('a')
        const states = Array.from({ length: round }, () => ['FAULT', 'BACKUP', 'MASTER'] as const).flat()
        await daemon.waitForStates(since, ...states)
        await lab.waitForHolders(address, 'a')
        t.true((await groupsOn(a)).includes(group))
      }
      // It hears again: another router of higher priority takes over.
      await startDaemon(lab, 'b', 'ka-native', keepalivedConf({ ...router, priority: HIGHER }))
      await daemon.waitForState('BACKUP')
      await lab.waitForHolders(address, 'b')
    }),
  )

  serialLabTest(
    `${name}: with dynamic_interfaces a missing interface is waited for`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      await lab.removeCard('a')
      const daemon = await Router.start(a, conf.replace('global_defs {', 'global_defs {\n  dynamic_interfaces'))
      await daemon.waitForState('FAULT')
      await lab.insertCard('a')
      await daemon.waitForState('MASTER')
      const seen = async (): Promise<string> => (await daemon.states()).join()
      // What it was before anybody listened is told to nobody.
      await waitFor('it has told both', async () => /^(?:FAULT,)?BACKUP,MASTER$/.test(await seen()), { seen })
      await lab.waitForHolders(address, 'a')
      t.true((await groupsOn(a)).includes(group))
    }),
  )

  serialLabTest(
    `${name}: without its source address a router resigns and waits until it is back`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      const capture = await lab.capture('a', 'ip proto 112 or ip6 proto 112')
      const daemon = await Router.start(a, conf)
      await lab.waitForHolders(address, 'a')
      const since = await daemon.waitUntilTold('MASTER')
      const source = `${sourceOf(a)}/${isIpv6 ? 64 : 24}`
      await a.exec(['ip', 'address', 'delete', source, 'dev', 'eth0'])
      await daemon.waitForStates(since, 'FAULT')
      await lab.waitForHolders(address)
      await capture.waitFor('its resignation as the last word', (packets) => {
        const last = packets.at(-1)
        return last?.kind === 'advertisement' && last.priority === 0 && last.source === sourceOf(a)
      })
      await a.exec(['ip', 'address', 'add', source, 'dev', 'eth0'])
      await daemon.waitForStates(since, 'FAULT', 'BACKUP', 'MASTER')
      await lab.waitForHolders(address, 'a')
      t.true((await capture.advertisements()).every(({ source }) => source === sourceOf(a)))
    }),
  )

  serialLabTest(
    `${name}: a Master that was paused until another had taken over wins by its priority, in one change`,
    inLab(['a', 'b'], async (t, lab) => {
      const pair = await pauseMaster(lab, protocol, HIGHER)
      await pair.b.waitForStates(pair.sinceB, 'MASTER', 'BACKUP')
      await lab.waitForHolders(address, 'a')
      await expectSilence(t, pair.capture, { speaker: lab.host('a'), silent: lab.host('b') })
      t.deepEqual((await pair.a.states()).slice(pair.sinceA), [])
      t.deepEqual((await pair.b.states()).slice(pair.sinceB), ['MASTER', 'BACKUP'])
      t.deepEqual(await lab.holders(address), ['a'])
    }),
  )

  serialLabTest(
    `${name}: a Master that was paused until one of equal priority and higher address had taken over yields, in one change`,
    inLab(['a', 'b'], async (t, lab) => {
      const pair = await pauseMaster(lab, protocol, PRIORITY)
      await pair.a.waitForStates(pair.sinceA, 'BACKUP')
      await lab.waitForHolders(address, 'b')
      await expectSilence(t, pair.capture, { speaker: lab.host('b'), silent: lab.host('a') })
      t.deepEqual((await pair.a.states()).slice(pair.sinceA), ['BACKUP'])
      t.deepEqual((await pair.b.states()).slice(pair.sinceB), ['MASTER'])
      t.deepEqual(await lab.holders(address), ['b'])
    }),
  )

  serialLabTest(
    `${name}: an address owner is Master as soon as it has started, and keeps its own address at the stop`,
    inLab(['a'], async (t, lab) => {
      const a = lab.host('a')
      const before = await addressesOn(a, 'eth0')
      const own = isIpv6 ? [`${a.linkLocal}/64`, `${a.ipv6}/64`] : [`${a.ipv4}/24`]
      // No Master-down timer could run out here before the test gives up.
      const owner = keepalivedConf({ ...router, priority: OWNER, advertInt: 40, addresses: own }).replace('state BACKUP', 'state MASTER')
      const daemon = await Router.start(a, owner)
      await daemon.waitForState('MASTER')
      t.false((await daemon.states()).includes('BACKUP'))
      t.deepEqual(await addressesOn(a, 'eth0'), before)
      t.deepEqual(await daemon.stop(), { code: 0, signal: null })
      t.deepEqual(await addressesOn(a, 'eth0'), before)
    }),
  )
}

serialLabTest(
  'SIGTERM leaves no address, no membership and no runtime file',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const { outside } = await lab.sandbox.makeDirectory('a')
    const runtimeFiles = async (): Promise<string[]> => (await readdir(outside)).filter((file) => file.endsWith('.json'))
    const before = { addresses: await addressesOn(a, 'eth0'), groups: await groupsOn(a) }
    const conf = keepalivedConf({ ...V3_IPV4.router, priority: PRIORITY }, { ...V3_IPV6.router, priority: PRIORITY })
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf)
    await lab.waitForHolders(V3_IPV4.address, 'a')
    await lab.waitForHolders(V3_IPV6.address, 'a')
    t.is((await runtimeFiles()).length, 1)
    const joined = await groupsOn(a)
    t.true(joined.includes('224.0.0.18') && joined.includes('ff02::12'))

    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    t.deepEqual({ addresses: await addressesOn(a, 'eth0'), groups: await groupsOn(a) }, before)
    t.deepEqual(await runtimeFiles(), [])
  }),
)

/** The address with the limit of its life as configured: the kernel counts the seconds down. */
function rounded(address: KernelAddress): KernelAddress {
  const { preferred_life_time: seconds } = address
  return seconds > 0 && seconds < FOREVER ? Object.assign(address, { preferred_life_time: Math.ceil(seconds / 1_000) * 1_000 }) : address
}

/** A paused and woken Master `a`, and `b`, which was its Backup; both told so many states before. */
interface Pair {
  readonly a: Router
  readonly b: Router
  readonly sinceA: number
  readonly sinceB: number
  readonly capture: Capture
}

/** Pauses the whole process of Master `a` until its Backup `b` is Master, and lets it go on. */
async function pauseMaster(lab: Lab<'a' | 'b'>, { address, router }: Protocol, priority: number): Promise<Pair> {
  const capture = await lab.capture('b', 'ip proto 112 or ip6 proto 112')
  // So long that a busy machine delays no Master for three of them: that would be one more change.
  const patient = { ...router, advertInt: 1 }
  const a = await Router.start(lab.host('a'), keepalivedConf({ ...patient, priority }))
  await lab.waitForHolders(address, 'a')
  const sinceA = await a.waitUntilTold('MASTER')
  const b = await Router.start(lab.host('b'), keepalivedConf({ ...patient, priority: PRIORITY }))
  await waitFor('b hears a', async () => (await b.status()).masterPriority === priority)
  await a.signal('SIGSTOP')
  // That it was Backup is told late or to nobody: it counts from what it is told next.
  const sinceB = (await b.waitUntilTold('MASTER')) - 1
  await lab.waitForHolders(address, 'a', 'b')
  await a.signal('SIGCONT')
  return { a, b, sinceA, sinceB, capture }
}

/** Checks that a router says nothing for so long that it would have taken over, did it not hear the other. */
async function expectSilence(t: ExecutionContext, capture: Capture, { speaker, silent }: { speaker: Host; silent: Host }): Promise<void> {
  const sinceUs = Capture.nowUs()
  const by = ({ mac }: Host, packets: readonly Packet[]): Packet[] => packets.filter(({ sourceMac }) => sourceMac === mac)
  const later = await capture.waitFor(`${PATIENCE} more advertisements of ${speaker.name}`, (packets) => {
    const sent = packets.filter(({ timeUs }) => timeUs > sinceUs)
    return by(speaker, sent).length >= PATIENCE && sent
  })
  t.deepEqual(by(silent, later), [])
}

/** Waits until a host has announced an address exactly so many times. */
async function waitForAnnouncements(capture: Capture, { mac }: Host, address: string, count: number): Promise<void> {
  await capture.waitFor(`${count} announcements of ${address}`, (packets) => {
    const announcements = packets.filter(
      (packet) =>
        packet.sourceMac === mac &&
        ((packet.kind === 'arp' && packet.senderAddress === address && packet.targetAddress === address) ||
          (packet.kind === 'neighbor-advertisement' && packet.target === address)),
    )
    return announcements.length === count
  })
}
