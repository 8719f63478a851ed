/** Routes and rules: the kernel's tables after keepalived and after ka-native became Master of the same configuration. */
import type { ExecutionContext } from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { V3_IPV4, V3_IPV6, type Protocol } from '../lab/protocols.ts'
import { NO_ROUTING, routingOf, type Routing } from '../lab/routing.ts'
import { waitFor } from '../lab/wait-for.ts'

const ROUTES = [
  '198.51.1.0/24 via 192.0.2.9 dev eth0 metric 7',
  '198.51.2.0/24 gw 192.0.2.9 dev eth0 add',
  '198.51.3.0/24 via 192.0.2.9 dev eth0 append',
  '198.51.4.0/24 dev eth0',
  '198.51.5.0/24 via inet 192.0.2.9',
  'to 198.51.6.0/24 dev eth0 scope link src 192.0.2.200',
  '198.51.7.7 via 192.0.2.9 dev eth0 tos 0x10 table 300 priority 5',
  '198.51.8.0/24 dev eth0 mtu lock 1400 advmss 1360 rtt 300ms rttvar lock 250ms rto_min 300ms reordering 5 cwnd lock 20 ssthresh 30',
  '198.51.9.0/24 dev eth0 hoplimit 44 window 1000 initcwnd 11 initrwnd 12 features ecn quickack 1 congctl lock cubic fastopen_no_cookie 1',
  '198.51.10.0/24 dev eth0 rtt 3000 rttvar 1001 rto_min 1.5s realms 3/4',
  '198.51.11.0/24 via 10.9.9.9 dev eth0 onlink',
  '198.51.12.0/24 nexthop via 192.0.2.9 dev eth0 weight 2 nexthop via 192.0.2.10 dev eth0 weight 256 onlink realms 5',
  '198.51.13.0/24 dev eth0 nexthop via 192.0.2.9 dev eth0 nexthop via 192.0.2.10 dev eth0 weight 9',
  '198.51.14.0/24 encap ip id 77 dst 192.0.2.9 src 192.0.2.200 tos 0x10 ttl 9 via 192.0.2.9 dev eth0',
  '198.51.15.0/24 encap ip dst 192.0.2.9 via 192.0.2.9 dev eth0',
  '198.51.16.0/24 via 192.0.2.9 dev eth0 protocol static no_track',
  '198.51.17.0/24 via 192.0.2.9 dev eth0 protocol static',
  '198.51.18.0/24 via 192.0.2.9 or 192.0.2.10',
  'blackhole 203.0.113.1/32',
  'unreachable 203.0.113.2 no_track',
  'prohibit 203.0.113.3 table 100',
  'throw 203.0.113.4 table 70000 metric 4294967295',
  'local 203.0.113.5 dev eth0 table 100 scope host',
  'default via 192.0.2.9 dev eth0 metric 500',
  // The kernel refuses both: an unreachable gateway, and an interface for what goes nowhere.
  '198.51.19.0/24 via 10.9.9.9 dev eth0',
  'blackhole 203.0.113.6 dev eth0',
]

const IPV6_ROUTES = [
  '2001:db8:1::/64 via 2001:db8::9 dev eth0',
  '2001:db8:2::/64 dev eth0 metric 77 pref high mtu 1400 hoplimit 7',
  '2001:db8:3::/64 from 2001:db8::/64 via 2001:db8::9 dev eth0 pref low',
  '2001:db8:4::/64 nexthop via 2001:db8::9 dev eth0 weight 2 nexthop via 2001:db8::a dev eth0',
  '2001:db8:5::7 via inet6 2001:db8::9 dev eth0 src 2001:db8::c8 table 100',
  'unreachable 2001:db8:6::/64',
  'blackhole 2001:db8:7::/64 metric 5',
  'prohibit 2001:db8:8::/64 no_track',
  '2001:db8:9::/64 via fe80::9 dev eth0 expires 1000',
  '::/0 via 2001:db8::9 dev eth0 metric 2000',
]

const RULES = [
  'from 192.0.2.0/24 table 100 preference 500',
  'to 198.51.100.0/24 table 70000 priority 501 tos 0x10',
  'not from 10.0.0.0/8 to 11.0.0.0/8 iif eth0 oif eth0 fwmark 0x10/0xff order 502 lookup main realms 1/2',
  'from 10.1.0.0/16 preference 503 goto 600',
  'from 10.2.0.0/16 preference 504 blackhole',
  'from 10.3.0.0/16 preference 505 type unreachable',
  'from 10.4.0.0/16 preference 506 prohibit no_track',
  'from 10.5.0.0/16 preference 507 nop',
  'table main preference 508 suppress_prefixlength 0',
  'table main preference 509 sup_group 7',
  'uidrange 5-10 preference 510 table 100',
  'ipproto tcp sport 10-20 dport 30-40 preference 511 table 100',
  'tunnel-id 99 preference 512 table 100',
  'fwmark 0 preference 513 table 100',
  'fwmark 5 preference 514 table 100',
  'from 10.6.0.0/16 table 100 preference 515 protocol 33 no_track',
  'preference 516 l3mdev',
  'from 10.7.0.0/16 table 100',
  'from 10.8.0.0/16 table 100',
  'from all to all table 100 preference 517',
  // A second one of the same selectors is refused.
  'from 192.0.2.0/24 table 100 preference 500',
]

const IPV6_RULES = [
  'from 2001:db8::/64 table 100 preference 518',
  'to 2001:db8:1::1 iif eth0 table 100 preference 0',
  'from 2001:db8:1::/64 table 100',
  'from 2001:db8:2::/64 prohibit preference 519',
]

interface Case {
  readonly protocol: Protocol
  readonly routes: readonly string[]
  readonly rules: readonly string[]
  /** They are not those of the instance. */
  readonly areStatic?: boolean
  /** How many of each the kernel refuses. */
  readonly refused: readonly [routes: number, rules: number]
}

/** The file, the same for both but for the virtual router identifier: each is a Master of its own. */
function conf({ protocol, routes, rules, areStatic = false }: Case, vrid: number): string {
  const prefix = areStatic ? 'static' : 'virtual'
  const lines = [`${prefix}_routes {`, ...routes, '}', `${prefix}_rules {`, ...rules, '}']
  const router = { ...protocol.router, vrid, priority: 200 }
  return areStatic ? `${lines.join('\n')}\n${keepalivedConf(router)}` : keepalivedConf({ ...router, extra: lines })
}

const VRIDS = { keepalived: 61, 'ka-native': 62 } as const

/** The tables of a host on which a daemon became Master, once they have as many entries as they are to have and change no more. */
async function settledTables(
  lab: Lab<'a' | 'b'>,
  name: 'a' | 'b',
  { protocol: { address }, routes, rules, refused }: Case,
): Promise<Routing> {
  const counts = [routes.length - refused[0], rules.length - refused[1]].join()
  const host = lab.host(name)
  await waitFor(`${name} holds ${address}`, async () => (await lab.holders(address)).includes(name))
  let before = await routingOf(host)
  const seen = (): Routing => before
  await waitFor(
    `the tables of ${name} have ${counts} entries and stand still`,
    async () => {
      const now = await routingOf(host)
      const isSame = [now.routes.length, now.rules.length].join() === counts && JSON.stringify(now) === JSON.stringify(before)
      before = now
      return isSame
    },
    { seen },
  )
  return before
}

function sameTables(what: Case): (t: ExecutionContext) => Promise<void> {
  return inLab(['a', 'b'], async (t, lab) => {
    const start = async (name: 'a' | 'b', implementation: Implementation): Promise<Daemon> =>
      startDaemon(lab, name, implementation, conf(what, VRIDS[implementation]))
    const theirs = await start('a', 'keepalived')
    const expected = await settledTables(lab, 'a', what)
    t.deepEqual(await theirs.terminate(), { code: 0, signal: null })
    await waitFor('keepalived removed all', async () => JSON.stringify(await routingOf(lab.host('a'))) === JSON.stringify(NO_ROUTING))

    const ours = await start('b', 'ka-native')
    t.deepEqual(await settledTables(lab, 'b', what), expected)
    t.deepEqual(await ours.terminate(), { code: 0, signal: null })
    t.deepEqual(await routingOf(lab.host('b')), NO_ROUTING)
  })
}

labTest(
  'IPv4: routes and rules of a Master are those of keepalived, and gone after a stop',
  sameTables({ protocol: V3_IPV4, routes: ROUTES, rules: RULES, refused: [2, 1] }),
)
labTest(
  'IPv6: routes and rules of a Master are those of keepalived, and gone after a stop',
  sameTables({ protocol: V3_IPV6, routes: IPV6_ROUTES, rules: IPV6_RULES, refused: [0, 0] }),
)

// What says the source of connections needs the virtual address: without it the kernel refuses the route.
const STATIC_ROUTES = [...ROUTES, ...IPV6_ROUTES].filter((route) => !/ src (?:192|2001)/.test(route) || route.includes('encap'))

labTest(
  'static routes and rules are those of keepalived, and gone after a stop',
  sameTables({ protocol: V3_IPV4, routes: STATIC_ROUTES, rules: [...RULES, ...IPV6_RULES], areStatic: true, refused: [2, 1] }),
)
