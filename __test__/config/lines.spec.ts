/** Lines of addresses, routes and rules: each option, and that what is written of a line means the same. */
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { STATIC_IPADDRESS, VIRTUAL_IPADDRESS } from '../../src/config/keywords/address-line.ts'
import { STATIC_ROUTES } from '../../src/config/keywords/route-line.ts'
import { STATIC_RULES } from '../../src/config/keywords/rule-line.ts'
import type { Config } from '../../src/config/model.ts'
import type { LineGrammar } from '../../src/config/tables/schema.ts'
import { testHost } from './fixtures.ts'

const INSTANCE = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    10.0.0.1/24
  }`
const GROUP = 'track_group TG {\n  group {\n    VI_1\n  }\n}'

/** A kind of line, where it stands, and what is read of it. */
interface Kind {
  readonly grammar: LineGrammar
  readonly text: (lines: string) => string
  readonly items: (config: Config) => readonly object[]
}

const KINDS: Readonly<Record<'address' | 'virtual address' | 'route' | 'rule', Kind>> = {
  address: {
    grammar: STATIC_IPADDRESS,
    text: (lines) => `${INSTANCE}\n}\n${GROUP}\nstatic_ipaddress {\n${lines}\n}`,
    items: (config) => config.staticIpaddress,
  },
  'virtual address': {
    grammar: VIRTUAL_IPADDRESS,
    text: (lines) => `${INSTANCE}\n  virtual_ipaddress_excluded {\n${lines}\n  }\n}`,
    items: (config) => config.vrrpInstances[0]?.virtualIpaddressExcluded ?? [],
  },
  route: {
    grammar: STATIC_ROUTES,
    text: (lines) => `${INSTANCE}\n}\n${GROUP}\nstatic_routes {\n${lines}\n}`,
    items: (config) => config.staticRoutes,
  },
  rule: {
    grammar: STATIC_RULES,
    text: (lines) => `${INSTANCE}\n}\n${GROUP}\nstatic_rules {\n${lines}\n}`,
    items: (config) => config.staticRules,
  },
}

/** The one item of a line and the codes of what is wrong with it. */
function read(kind: Kind, line: string): { readonly item: object | undefined; readonly codes: readonly string[] } {
  const { config, diagnostics } = loadConfig({ file: 'keepalived.conf', text: kind.text(line), host: testHost() })
  const codes = [...diagnostics].filter(({ severity }) => severity === 'error').map(({ code }) => code)
  return { item: kind.items(config)[0], codes }
}

/** A word as a line holds it. */
function quoted(word: string): string {
  return /^[^\s"{}#!]+$/.test(word) ? word : `"${word}"`
}

const LINES: Readonly<Record<keyof typeof KINDS, readonly string[]>> = {
  address: [
    '10.0.0.5',
    '10.0.0.5/0',
    '10.0.0.5/24 dev eth1 scope link brd + label eth1:a home mngtmpaddr noprefixroute autojoin no_track',
    '10.0.0.5/24 broadcast - scope nowhere',
    '10.0.0.5/24 brd 10.0.0.200 scope 0x10',
    '10.0.0.5 peer 10.9.9.9 preferred_lft 60',
    '10.0.0.5 preferred_lft forever -nodad',
    '2001:DB8::0:5',
    '2001:db8::5/64 -nodad home',
    '2001:db8::5 preferred_lft forever',
    '2001:db8::5 preferred_lft 0',
    '2001:db8::5/64 preferred_lft 0',
    '2001:db8::5/64 preferred_lft 4294967294 scope global',
    '::ffff:10.0.0.1 peer fe80::9',
    '10.0.0.5/24 dev eth0 track_group TG',
  ],
  'virtual address': ['10.0.0.5/24 use_vmac', '10.0.0.5/24 dev eth1 use_vmac no_track'],
  route: [
    '192.168.1.0/24 dev eth0',
    '192.168.1.1/32 dev eth0',
    'default via 10.0.0.254 dev eth0',
    'any via inet 10.0.0.254 oif eth0',
    'default via inet6 2001:db8::1 dev eth0',
    'all dev eth0 src 2001:db8::1',
    'default6 dev eth0',
    '::/0 dev eth0',
    '0.0.0.0/0 dev eth0',
    'default dev eth0 pref low',
    'default dev eth0 nexthop via 2001:db8::1',
    'inet 192.168.1.0/24 dev eth0',
    'inet6 to default dev eth0',
    'blackhole ::/0 no_track',
    ...[
      'unicast',
      'local',
      'broadcast',
      'brd',
      'anycast',
      'multicast',
      'nat',
      'prohibit',
      'unreachable',
      'blackhole',
      'throw',
      'xresolve',
    ].map((type) => `${type} 192.168.1.0/24 no_track`),
    ...['0', '1', '11', '12', '255', '0x6', '06'].map((type) => `${type} 192.168.1.0/24 no_track`),
    'to 192.168.1.0/24 dev eth0 src 10.0.0.1',
    '2001:db8:1::/48 from 2001:db8:2::/64 via 2001:db8::1 dev eth0 expires 100 pref high',
    '2001:db8:1::/48 dev eth0 pref medium',
    '2001:db8:1::/48 dev eth0 pref 2',
    '192.168.1.0/24 gw 10.0.0.254 dev eth0',
    '192.168.1.0/24 via 10.0.0.254 or 10.0.0.253 dev eth0',
    '192.168.1.0/24 dev eth0 tos 0x10 table 100 scope link metric 5',
    '192.168.1.0/24 dev eth0 dsfield AF11 table main scope 253 priority 6',
    '192.168.1.0/24 dev eth0 table 4294967295 protocol 18 scope global preference 4294967295',
    '192.168.1.0/24 dev eth0 protocol static no_track',
    '192.168.1.0/24 dev eth0 protocol bgp no_track vrf eth1',
    '192.168.1.0/24 via 10.0.0.254 dev eth0 onlink',
    '192.168.1.0/24 dev eth0 mtu 1400 advmss 1360 reordering 3 cwnd 10 ssthresh 20 hoplimit 64 window 0',
    '192.168.1.0/24 dev eth0 mtu lock 1400 advmss lock 1360 reordering lock 3 cwnd lock 10 ssthresh lock 20',
    '192.168.1.0/24 dev eth0 rtt 1600 rttvar 800 rto_min 200',
    '192.168.1.0/24 dev eth0 rtt 1601 rttvar 801 rto_min 201',
    '192.168.1.0/24 dev eth0 rtt lock 1.5s rttvar lock 200MS rto_min lock 120secs',
    '192.168.1.0/24 dev eth0 realms 5 initcwnd 1 initrwnd 2 features ecn quickack 0 fastopen_no_cookie 1',
    '192.168.1.0/24 dev eth0 realms cosmos/7 quickack 1 congctl cubic ttl-propagate enabled',
    '192.168.1.0/24 dev eth0 congctl lock "my algorithm" ttl-propagate disabled',
    '192.168.1.0/24 dev eth0 congctl lock lock add',
    '192.168.1.0/24 dev eth0 add append',
    '192.168.1.0/24 dev eth0 append prepend',
    '192.168.1.0/24 dev eth0 encap ip id 18446744073709551615 dst 10.0.0.9 src 10.0.0.8 tos EF ttl 5 flags 1 metric 5',
    '2001:db8:1::/48 dev eth0 encap ip6 dst 2001:db8::9 src 2001:db8::8 tc 4 flags 65535 hoplimit 6',
    '2001:db8:1::/48 hoplimit 7 dev eth0 encap ip6 id 1',
    '192.168.1.0/24 dev eth0 encap ip id 1 hoplimit 7 src 10.0.0.1',
    '192.168.1.0/24 dev eth0 encap mpls 1048575 src 10.0.0.1',
    '192.168.1.0/24 dev eth0 encap mpls 0x10/020',
    '192.168.1.0/24 dev eth0 encap ila 0:FFFF:0x1:0002',
    '192.168.1.0/24 dev eth0 nexthop via 10.0.0.254 dev eth0 weight 256 onlink nexthop via inet 10.0.0.253 realms 1/2',
    '192.168.1.0/24 dev eth0 nexthop via 10.0.0.254 encap ip id 1 weight 2 nexthop dev eth1 encap mpls 5/6',
    '192.168.1.0/24 via 10.0.0.1 dev eth0 nexthop',
    '192.168.1.0/24 dev eth0 track_group TG nexthop via 10.0.0.254',
  ],
  rule: [
    'table 50 preference 100',
    'lookup main priority 0x10 from 10.0.0.0/8 to 192.168.1.1',
    'order 010 table 50 from 2001:db8::/32 iif eth0 oif lo',
    'preference 100 not from any to default table 50',
    'preference 100 from ::/0 table 50',
    'preference 100 from 0.0.0.0/0 table 50',
    'inet6 preference 100 table 50',
    'preference 100 tos 0x10 fwmark 1 dev eth1 table 4294967295',
    'preference 100 dsfield EF fwmark 0x10/0xff table 50',
    'preference 100 realms 1/cosmos table 50',
    'preference 100 realms 5 l3mdev',
    'preference 100 suppress_prefixlength 0 suppress_ifgroup default table 50',
    'preference 100 sup_pl 2147483647 sup_group 7 table 50',
    'preference 100 tunnel-id 18446744073709551615 uidrange 0-4294967295 table 50',
    'preference 100 tunnel-id 5 ipproto udp sport 80-90 dport 53 table 50',
    'preference 100 ipproto 255 sport 0-65535 table 50',
    'preference 100 protocol 18 table 50',
    'preference 100 protocol 4 no_track table 50',
    'preference 100 protocol 0 no_track table 50',
    'preference 100 no_track table 50',
    'preference 100 goto 101',
    'goto 4294967295 preference 0',
    'preference 100 type goto 200',
    ...['nop', 'blackhole', 'unreachable', 'prohibit', 'type nop', 'type prohibit', '6', 'type 0x7', 'l3mdev'].map(
      (action) => `preference 100 ${action}`,
    ),
    'preference 100 iif eth0 table 50 track_group TG',
  ],
}

for (const [name, lines] of Object.entries(LINES) as [keyof typeof KINDS, readonly string[]][]) {
  const kind = KINDS[name]
  for (const line of lines) {
    test(`${name}: what is written of "${line}" means the same`, (t) => {
      const { item, codes } = read(kind, line)
      t.deepEqual(codes, [])
      rewrite(t, kind, item)
    })
  }

  test(`${name}: every option is read`, (t) => {
    const words = new Set(lines.flatMap((line) => line.split(' ')))
    const missing = kind.grammar.options.filter(({ form, keyword }) => form !== undefined && !words.has(keyword))
    const elsewhere = name === 'virtual address' ? LINES.address.join(' ') : ''
    t.deepEqual(
      missing.filter(({ keyword }) => !elsewhere.includes(keyword)),
      [],
    )
  })
}

/** A line of a configuration in TypeScript: through JSON, then as words, then read again. */
function rewrite(t: ExecutionContext, kind: Kind, item: object | undefined): void {
  if (item === undefined) return t.fail('nothing was read')
  const input: unknown = JSON.parse(JSON.stringify(kind.grammar.toInput(item)))
  const words = kind.grammar.toWords(input)
  if (words === undefined) return t.fail(`${JSON.stringify(input)} has no words`)
  const again = read(kind, words.map(quoted).join(' '))
  t.deepEqual(again.codes, [])
  t.deepEqual(again.item, item, words.join(' '))
  // A second time nothing changes any more.
  t.deepEqual(kind.grammar.toInput(again.item ?? {}), input)
}

test('an input names only what is not the default', (t) => {
  const inputs: readonly (readonly [keyof typeof KINDS, string, unknown])[] = [
    ['address', '10.0.0.5 scope global', { address: '10.0.0.5', dev: 'eth0' }],
    ['address', '2001:db8::5', { address: '2001:db8::5', dev: 'eth0' }],
    [
      'address',
      '2001:db8::5/128 preferred_lft forever -nodad',
      { address: '2001:db8::5', dev: 'eth0', noDad: false, preferredLft: 'forever' },
    ],
    [
      'route',
      'unicast 10.0.0.0/8 dev eth0 table main protocol keepalived scope global prepend tos 0',
      { destination: '10.0.0.0/8', dev: 'eth0' },
    ],
    ['route', 'default6 no_track', { destination: '::/0', noTrack: true }],
    [
      'route',
      '10.0.0.0/8 dev eth0 rtt 1.5s mtu lock 5',
      { destination: '10.0.0.0/8', dev: 'eth0', rtt: '1500ms', mtu: { value: 5, lock: true } },
    ],
    [
      'route',
      '10.0.0.0/8 no_track nexthop via 10.0.0.1 weight 1',
      { destination: '10.0.0.0/8', noTrack: true, nexthops: [{ via: '10.0.0.1' }] },
    ],
    ['rule', 'preference 5 table 7 protocol 18 tos 0', { preference: 5, table: 7 }],
    ['rule', 'inet6 preference 5 nop', { from: '::/0', preference: 5, action: 'nop' }],
  ]
  for (const [name, line, expected] of inputs) {
    const { item } = read(KINDS[name], line)
    t.deepEqual(KINDS[name].grammar.toInput(item ?? {}), expected, line)
  }
})

test('an input of another shape has no words', (t) => {
  for (const { grammar } of [KINDS.address, KINDS.route]) {
    for (const input of [undefined, 5, [], {}, { address: 5 }, { destination: 5 }]) t.is(grammar.toWords(input), undefined)
  }
  t.is(STATIC_ROUTES.toWords({ destination: 'default', metric: {} }), undefined)
  t.is(STATIC_ROUTES.toWords({ destination: 'default', nexthops: [{ weight: 'x' }] }), undefined)
  t.is(STATIC_ROUTES.toWords({ destination: 'default', encap: { type: 'gre' } }), undefined)
  t.is(STATIC_RULES.toWords({ action: 'drop' }), undefined)
  t.deepEqual(STATIC_RULES.toWords('not from 10.0.0.1  table 5'), ['not', 'from', '10.0.0.1', 'table', '5'])
})
