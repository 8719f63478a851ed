import test from 'ava'
import type { VirtualRoute, VirtualRule } from '#native'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { lower } from '../../src/engine/lower.ts'

function load(block: string, lines: readonly string[]): Config {
  const text = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.200
  }
  ${block} {
    ${lines.join('\n    ')}
  }
}
`
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

function routes(...lines: string[]): readonly VirtualRoute[] {
  return lower(load('virtual_routes', lines)).instances[0]?.routes ?? []
}

function rules(...lines: string[]): readonly VirtualRule[] {
  return lower(load('virtual_rules', lines)).instances[0]?.rules ?? []
}

/** A route of ours without options. */
const PLAIN = {
  kind: 1,
  table: 254,
  tos: 0,
  scope: 0,
  protocol: 18,
  nexthops: [],
  metrics: [],
  placement: 'prepend',
  noTrack: false,
}

test('a route to a prefix, an address and everything', (t) => {
  const path = { interface: 'eth1', onlink: false }
  t.deepEqual(routes('198.51.100.0/24 dev eth1', '198.51.100.7 dev eth1', 'default dev eth1', '2001:db8::/32 dev eth1', '::/0 dev eth1'), [
    { ...PLAIN, path, destination: '198.51.100.0/24' },
    { ...PLAIN, path, destination: '198.51.100.7/32' },
    { ...PLAIN, path, destination: '0.0.0.0/0' },
    { ...PLAIN, path, destination: '2001:db8::/32' },
    { ...PLAIN, path, destination: '::/0' },
  ])
})

test('every option of an IPv4 route arrives in the unit of the kernel', (t) => {
  const [route] = routes(
    'blackhole 198.51.100.0/24 src 192.0.2.1 via 192.0.2.2 dev eth1 tos 0x10 table 300 scope link metric 7 onlink mtu lock 1400 ' +
      'advmss 1360 rtt 300ms rttvar lock 250ms rto_min 2s reordering 5 cwnd lock 20 ssthresh 30 hoplimit 44 window 1000 initcwnd 11 ' +
      'initrwnd 12 features ecn quickack 1 congctl lock cubic realms 3/4 fastopen_no_cookie 1 ttl-propagate disabled append no_track ' +
      'protocol 99 encap ip id 18446744073709551615 dst 192.0.2.9 src 192.0.2.1 tos 8 ttl 9 flags 1',
  )
  t.deepEqual(route, {
    destination: '198.51.100.0/24',
    kind: 6,
    table: 300,
    tos: 0x10,
    metric: 7,
    scope: 253,
    protocol: 99,
    preferredSource: '192.0.2.1',
    path: {
      gateway: '192.0.2.2',
      interface: 'eth1',
      onlink: true,
      realms: { from: 3, to: 4 },
      encap: { type: 'ip', id: '18446744073709551615', destination: '192.0.2.9', source: '192.0.2.1', tos: 8, ttl: 9, flags: 1 },
    },
    nexthops: [],
    metrics: [
      { metric: 'mtu', value: 1400, lock: true },
      { metric: 'window', value: 1000, lock: false },
      { metric: 'rtt', value: 2400, lock: false },
      { metric: 'rttvar', value: 1000, lock: true },
      { metric: 'ssthresh', value: 30, lock: false },
      { metric: 'cwnd', value: 20, lock: true },
      { metric: 'advmss', value: 1360, lock: false },
      { metric: 'reordering', value: 5, lock: false },
      { metric: 'hoplimit', value: 44, lock: false },
      { metric: 'initcwnd', value: 11, lock: false },
      { metric: 'features', value: 1, lock: false },
      { metric: 'rto_min', value: 2000, lock: false },
      { metric: 'initrwnd', value: 12, lock: false },
      { metric: 'quickack', value: 1, lock: false },
      { metric: 'fastopen_no_cookie', value: 1, lock: false },
    ],
    congestionControl: { name: 'cubic', lock: true },
    ttlPropagate: false,
    placement: 'append',
    noTrack: true,
  })
})

test('an IPv6 route has a source, a lifetime and a preference', (t) => {
  const [route] = routes(
    '2001:db8:1::/64 from 2001:db8:2::/48 via 2001:db8::2 dev eth1 metric 9 expires 90 pref high add encap ip6 id 5 tc 7 hoplimit 8',
  )
  t.deepEqual(route, {
    ...PLAIN,
    destination: '2001:db8:1::/64',
    source: '2001:db8:2::/48',
    metric: 9,
    path: { gateway: '2001:db8::2', interface: 'eth1', onlink: false, encap: { type: 'ip6', id: '5', tos: 7, ttl: 8 } },
    expiresS: 90,
    preference: 1,
    placement: 'add',
  })
})

test('several paths, each with its own encapsulation', (t) => {
  const [route] = routes(
    '198.51.100.0/24 nexthop via 192.0.2.2 dev eth1 weight 2 encap mpls 100/200 nexthop via 192.0.2.3 dev eth0 onlink realms 5 encap ila 1:2:3:4',
  )
  t.deepEqual(route, {
    ...PLAIN,
    destination: '198.51.100.0/24',
    path: { onlink: false },
    nexthops: [
      { path: { gateway: '192.0.2.2', interface: 'eth1', onlink: false, encap: { type: 'mpls', labels: [100, 200] } }, weight: 2 },
      {
        path: {
          gateway: '192.0.2.3',
          interface: 'eth0',
          onlink: true,
          realms: { from: 0, to: 5 },
          encap: { type: 'ila', locator: '1:2:3:4' },
        },
        weight: 1,
      },
    ],
    // Without an interface of its own it is not watched.
    noTrack: true,
  })
})

test('every kind of route has its number', (t) => {
  const kinds = [
    'unicast',
    'local',
    'broadcast',
    'anycast',
    'multicast',
    'blackhole',
    'unreachable',
    'prohibit',
    'throw',
    'nat',
    'xresolve',
    '77',
  ]
  const lowered = routes(...kinds.map((kind) => `${kind} 198.51.100.1 dev eth1`))
  t.deepEqual(
    lowered.map(({ kind }) => kind),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 77],
  )
})

/** A rule of ours without options. */
const PLAIN_RULE = { family: 4, inverted: false, tos: 0, protocol: 18, noTrack: false }

test('every selector of a rule', (t) => {
  t.deepEqual(
    rules(
      'not from 10.0.0.0/8 to 192.0.2.7 iif eth0 oif eth1 fwmark 0x10/0xff tos 0x10 tunnel-id 18446744073709551615 uidrange 5-10 ' +
        'ipproto tcp sport 10-20 dport 30-40 table 300 realms 1/2 suppress_prefixlength 8 suppress_ifgroup 7 preference 500',
      'from 2001:db8::/64 table main preference 501',
    ),
    [
      {
        ...PLAIN_RULE,
        preference: 500,
        action: 'table',
        table: 300,
        inverted: true,
        from: '10.0.0.0/8',
        to: '192.0.2.7/32',
        tos: 0x10,
        fwmark: { mark: 0x10, mask: 0xff },
        iif: 'eth0',
        oif: 'eth1',
        tunnelId: '18446744073709551615',
        uidrange: { first: 5, last: 10 },
        ipproto: 6,
        sport: { first: 10, last: 20 },
        dport: { first: 30, last: 40 },
        realms: { from: 1, to: 2 },
        suppressPrefixlength: 8,
        suppressIfgroup: 7,
      },
      { ...PLAIN_RULE, family: 6, preference: 501, action: 'table', table: 254, from: '2001:db8::/64' },
    ],
  )
})

test('a mark without a mask counts with all bits, and 0 is none', (t) => {
  const lowered = rules('fwmark 5 table 100 preference 1', 'fwmark 0 table 100 preference 2')
  t.deepEqual(
    lowered.map(({ fwmark }) => fwmark),
    [
      { mark: 5, mask: 0xff_ff_ff_ff },
      { mark: 0, mask: 0 },
    ],
  )
})

test('every action of a rule', (t) => {
  const actions = ['goto 600', 'nop', 'blackhole', 'unreachable', 'prohibit', 'l3mdev']
  const lowered = rules(...actions.map((action, index) => `from 10.0.0.0/8 ${action} preference ${500 + index}`))
  t.deepEqual(
    lowered.map(({ action, goto: target }) => [action, target]),
    [
      ['goto', 600],
      ['nop', undefined],
      ['blackhole', undefined],
      ['unreachable', undefined],
      ['prohibit', undefined],
      ['l3mdev', undefined],
    ],
  )
})

test('rules without a preference get one in the order of the file, and without tracking no protocol', (t) => {
  const lowered = rules('from 10.1.0.0/16 table 100', 'from 10.2.0.0/16 table 100 no_track', 'from 2001:db8::/64 table 100')
  t.deepEqual(
    lowered.map(({ preference, protocol, noTrack }) => [preference, protocol, noTrack]),
    [
      [16_384, 18, false],
      [16_383, 0, true],
      [16_384, 18, false],
    ],
  )
})

test('a route that the kernel holds once is what the first line says of it', (t) => {
  const lowered = routes(
    '198.51.100.0/24 via 192.0.2.2 dev eth1 mtu 1400',
    '198.51.100.0/24 via 192.0.2.3 dev eth1',
    '198.51.100.0/24 via 192.0.2.2 dev eth1 mtu 1300 no_track',
    '2001:db8::/32 dev eth1',
    '2001:db8::/32 dev eth1 metric 1024 mtu 1400',
  )
  const [first, other, , ipv6] = lowered
  t.deepEqual(lowered, [first, other, first, ipv6, ipv6])
  t.deepEqual(first?.metrics, [{ metric: 'mtu', value: 1400, lock: false }])
  t.deepEqual(ipv6?.metrics, [])
})

test('a rule that the kernel holds once is what the first line says of it', (t) => {
  const lowered = rules(
    'from 10.0.0.0/8 table 100 preference 5 no_track',
    'from 10.0.0.0/8 table 100 preference 5',
    'from 10.0.0.0/8 table 101 preference 5',
  )
  t.deepEqual(
    lowered.map(({ table, protocol }) => [table, protocol]),
    [
      [100, 0],
      [100, 0],
      [101, 18],
    ],
  )
})

test('static routes and rules come with the name of what their loss concerns', (t) => {
  const text = `track_group tg {
  group {
    VI_1
  }
}
static_ipaddress {
  192.0.2.7/24 dev eth1
}
static_routes {
  198.51.100.0/24 via 192.0.2.2 dev eth1 track_group tg
}
static_rules {
  from 10.0.0.0/8 iif eth1 table 100 preference 5 track_group tg
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.200
  }
}
`
  const { config } = loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } })
  const { addresses, routes: staticRoutes, rules: staticRules } = lower(config).staticObjects ?? {}
  t.deepEqual(
    addresses?.map(({ address, interface: dev }) => [address, dev]),
    [['192.0.2.7', 'eth1']],
  )
  t.deepEqual(
    staticRoutes?.map(({ destination, trackGroup }) => [destination, trackGroup]),
    [['198.51.100.0/24', 'tg']],
  )
  t.deepEqual(
    staticRules?.map(({ from, trackGroup }) => [from, trackGroup]),
    [['10.0.0.0/8', 'tg']],
  )
})
