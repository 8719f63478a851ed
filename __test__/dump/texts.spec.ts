/** Lines of dumps, as Debian's keepalived 2.2.7 was seen to write them for the same configuration. */
import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import type { VrrpInstance } from '../../src/config/model.ts'
import { scriptText } from '../../src/dump/account-text.ts'
import { addressText } from '../../src/dump/address-text.ts'
import { clockText } from '../../src/dump/clock-text.ts'
import { commandText } from '../../src/dump/command-text.ts'
import { routeText } from '../../src/dump/route-text.ts'
import { ruleText } from '../../src/dump/rule-text.ts'

process.env['TZ'] = 'Europe/Berlin'

/** An instance with some more lines. */
function instance(...lines: readonly string[]): VrrpInstance {
  const text = `global_defs {
  dynamic_interfaces
}
vrrp_instance A {
  interface veth0
  virtual_router_id 7
  virtual_ipaddress {
    10.9.0.1
  }
${lines.join('\n')}
}
`
  const [found] = loadConfig({ file: 'keepalived.conf', text }).config.vrrpInstances
  if (found === undefined) throw new Error('no instance')
  return found
}

/** What is written, and what a dump says of it. */
type Rows = readonly (readonly [string, string])[]

const ADDRESSES: Rows = [
  ['10.9.0.99/24', '10.9.0.99/24 dev veth0 scope global set'],
  ['10.9.0.98 dev eth7', '10.9.0.98 dev eth7 scope global set'],
  ['10.9.0.97/32 brd 10.9.0.255 scope link label veth0:x', '10.9.0.97 brd 10.9.0.255 dev veth0 scope link label veth0:x set'],
  ['10.9.0.96 peer 10.9.0.95', '10.9.0.96 dev veth0 scope global peer 10.9.0.95/32 set'],
  ['10.9.0.94/24 brd + no_track', '10.9.0.94/24 brd 10.9.0.255 dev veth0 scope global no_track set'],
  ['10.9.0.93/24 noprefixroute home', '10.9.0.93/24 dev veth0 scope global home noprefixroute set'],
  ['10.9.0.92/24 mngtmpaddr autojoin', '10.9.0.92/24 dev veth0 scope global mngtmpaddr autojoin set'],
  ['10.9.0.91/24 scope 77', '10.9.0.91/24 dev veth0 scope 77 set'],
  ['10.9.0.90/24 scope host', '10.9.0.90/24 dev veth0 scope host set'],
  ['10.9.0.89/24 scope site', '10.9.0.89/24 dev veth0 scope site set'],
  ['2001:db8:5::1/64', '2001:db8:5::1/64 dev veth0 scope global preferred_lft forever set'],
  ['2001:db8:5::2/64 preferred_lft 0', '2001:db8:5::2/64 dev veth0 scope global deprecated set'],
  ['2001:db8:5::3', '2001:db8:5::3 dev veth0 scope global deprecated set'],
  [
    '2001:db8:5::4/64 preferred_lft 100 home -nodad mngtmpaddr noprefixroute autojoin',
    '2001:db8:5::4/64 dev veth0 scope global home -nodad mngtmpaddr noprefixroute autojoin preferred_lft 100 set',
  ],
]

const ROUTES: Rows = [
  ['198.51.100.0/24 via 10.9.0.2 dev veth0 metric 7', 'prepend 198.51.100.0/24 via inet 10.9.0.2 dev veth0 proto 18 metric 7'],
  ['blackhole 198.51.101.0/24 add no_track', 'add blackhole 198.51.101.0/24 proto 18 no_track'],
  ['unreachable 198.51.102.0/24 append no_track', 'append unreachable 198.51.102.0/24 proto 18 no_track'],
  ['192.0.3.0/24 dev veth0 add', 'add 192.0.3.0/24 dev veth0 proto 18'],
  [
    '192.0.4.0/24 no_track nexthop via 10.9.0.2 dev veth0 weight 2 onlink nexthop via 10.9.0.3 weight 1 realms 4',
    'prepend 192.0.4.0/24 proto 18 nexthop via inet 10.9.0.2 dev veth0 weight 2 onlink nexthop via inet 10.9.0.3 weight 1 realm 4 no_track',
  ],
  ['default via 10.9.0.2 no_track', 'prepend 0.0.0.0/0 via inet 10.9.0.2 proto 18 no_track'],
  ['2001:db8:7::/64 via fe80::1 dev veth0 pref low', 'prepend 2001:db8:7::/64 via inet6 fe80::1 dev veth0 proto 18 pref low'],
  ['2001:db8:8::/64 via fe80::1 dev veth0 expires 100', 'prepend 2001:db8:8::/64 via inet6 fe80::1 dev veth0 proto 18 expires 100sec'],
  [
    '198.51.108.0/24 dev veth0 encap ip6 id 5 dst fe80::2 src fe80::3 tc 2 hoplimit 3',
    'prepend 198.51.108.0/24 encap ip6 id 5 dst fe80::2 src fe80::3 tc 2 hoplimit 3 dev veth0 proto 18',
  ],
  [
    '198.51.107.0/24 encap ip id 5 dst 10.9.0.5 src 10.9.0.1 tos 2 ttl 3 dev veth0',
    'prepend 198.51.107.0/24 encap ip id 5 dst 10.9.0.5 src 10.9.0.1 tos 2 ttl 3 dev veth0 proto 18',
  ],
  // keepalived has the labels as hexadecimal numbers of something else.
  [
    '198.51.106.0/24 encap mpls 100/200 via 10.9.0.2 dev veth0',
    'prepend 198.51.106.0/24 encap mpls 100/200 via inet 10.9.0.2 dev veth0 proto 18',
  ],
  [
    'src 10.9.0.99 to 198.51.100.0/24 tos 4 via 10.9.0.2 dev veth0 table 100 scope link metric 7 onlink realms 2/3 ' +
      'congctl cubic rtt 300ms rttvar 400ms rto_min 200ms features ecn mtu 1400 window 4 ssthresh lock 8 cwnd lock 7 ' +
      'advmss 1000 reordering 3 hoplimit 5 initcwnd 3 initrwnd 4 quickack 1 fastopen_no_cookie 1',
    'prepend 198.51.100.0/24 src 10.9.0.99 tos 4 via inet 10.9.0.2 dev veth0 table 100 proto 18 scope 253 metric 7 onlink realms 2/3 ' +
      'congctl cubic rtt 300ms rttvar 400ms rto_min 200ms features ecn mtu 1400 window 4 ssthresh lock 8 cwnd lock 7 ' +
      'advmss 1000 reordering 3 hoplimit 5 initcwnd 3 initrwnd 4 quickack 1 fastopen_no_cookie 1',
  ],
  ['unreachable 198.51.110.1 no_track', 'add unreachable 198.51.110.1 proto 18 no_track'],
  ['unicast 198.51.110.2 dev veth0', 'add 198.51.110.2 dev veth0 proto 18'],
  ['prohibit 198.51.110.3 dev veth0 prepend', 'prepend prohibit 198.51.110.3 dev veth0 proto 18'],
  ['blackhole 198.51.110.4 append no_track', 'append blackhole 198.51.110.4 proto 18 no_track'],
  ['198.51.110.5 dev veth0 protocol 4 no_track', 'prepend 198.51.110.5 dev veth0 proto 4 no_track'],
  [
    '198.51.110.6 dev veth0 rtt 3000 rttvar 1001 rto_min 1.5s',
    'prepend 198.51.110.6 dev veth0 proto 18 rtt 375ms rttvar 250.25ms rto_min 1.5s',
  ],
  [
    '198.51.110.7 dev veth0 ttl-propagate enabled fastopen_no_cookie 1',
    'prepend 198.51.110.7 dev veth0 proto 18 fastopen_no_cookie 1 ttl-propagate enabled',
  ],
  ['198.51.109.0/24 dev veth0 mtu lock 1300 rtt 2s', 'prepend 198.51.109.0/24 dev veth0 proto 18 rtt 2s mtu lock 1300'],
]

const RULES: Rows = [
  [
    'from 10.1.0.0/16 to 10.2.0.0/16 lookup 100 priority 500',
    'from 10.1.0.0/16 to 10.2.0.0/16 priority 500 tos 0x0 protocol 18 lookup 100',
  ],
  [
    'not to 10.3.0.0/16 fwmark 5/7 iif veth0 oif veth2 table main priority 600',
    'not from all to 10.3.0.0/16 priority 600 tos 0x0 fwmark 0x5/0x7 iif veth0 oif veth2 protocol 18 lookup 254',
  ],
  ['from 10.4.0.0/16 tos 8 goto 700 priority 600', 'from 10.4.0.0/16 priority 600 tos 0x8 protocol 18 goto 700'],
  ['blackhole from 10.5.0.0/16 priority 300', 'from 10.5.0.0/16 priority 300 tos 0x0 protocol 18 type blackhole'],
  [
    'to 10.6.0.0/16 ipproto tcp sport 10-20 dport 30-31 uidrange 5-6 table 30 suppress_prefixlength 3 suppress_ifgroup 4 realms 3 priority 7',
    'from all to 10.6.0.0/16 priority 7 tos 0x0 suppress_prefixlen 3 suppress_ifgroup 4 uidrange 5-6 protocol 18 ipproto 6 ' +
      'sport 10-20 dport 30-31 realms 0/3 lookup 30',
  ],
  ['from 10.7.0.0/16 l3mdev priority 8', 'from 10.7.0.0/16 priority 8 tos 0x0 l3mdev protocol 18 lookup 0'],
  ['from 10.8.0.0/16 priority 9 prohibit no_track', 'from 10.8.0.0/16 priority 9 tos 0x0 type prohibit no_track'],
  ['from 10.9.0.0/16 priority 10 table 100 protocol 33 no_track', 'from 10.9.0.0/16 priority 10 tos 0x0 protocol 33 lookup 100 no_track'],
  ['tunnel-id 99 priority 11 table 100 tos 0x10', 'from all priority 11 tos 0x10 tunnel-id 99 protocol 18 lookup 100'],
  ['to 2001:db8::/32 fwmark 5 priority 7 lookup 7', 'from all to 2001:db8::/32 priority 7 tos 0x0 fwmark 0x5 protocol 18 lookup 7'],
]

for (const [written, told] of ADDRESSES) {
  test(`address: ${written}`, (t) => {
    const [address] = instance('  virtual_ipaddress_excluded {', `    ${written}`, '  }').virtualIpaddressExcluded
    if (address === undefined) throw new Error('no address')
    t.is(addressText(address, true), told)
    t.is(addressText(address, false), told.replace(/ set$/, ''))
  })
}

for (const [written, told] of ROUTES) {
  test(`route: ${written}`, (t) => {
    t.deepEqual(instance('  virtual_routes {', `    ${written}`, '  }').virtualRoutes.map(routeText), [told])
  })
}

for (const [written, told] of RULES) {
  test(`rule: ${written}`, (t) => {
    t.deepEqual(instance('  virtual_rules {', `    ${written}`, '  }').virtualRules.map(ruleText), [told])
  })
}

test('a time is in seconds and in local time', (t) => {
  t.is(clockText(1_795_387_355_234.853), '1795387355.234853 (Sun Nov 22 23:42:35.234853 2026)')
  t.is(clockText(Date.UTC(2026, 6, 5)), '1783209600.000000 (Sun Jul  5 02:00:00.000000 2026)')
})

test('a command has each word in quotes, and an account where one is named', (t) => {
  const script = { path: '/usr/bin/notify', args: ['a b', 'c'], account: undefined }
  t.is(commandText(script), "'/usr/bin/notify' 'a b' 'c'")
  t.is(scriptText(script), commandText(script))
  const account = { user: 'nobody', group: 'users', supplementaryGroups: false }
  t.is(scriptText({ ...script, account }), "'/usr/bin/notify' 'a b' 'c', user nobody group users")
})
