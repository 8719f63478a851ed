/** The language as a whole: sentences of the facts about it, sections 2 (blocks), 7 (values) and 8 (traps). */
import type { Config } from '../../src/config/model.ts'
import { instance, instanceOf, testFacts, virtualServer } from './facts.ts'
import type { Fact } from './facts.ts'

const first = ({ vrrpInstances }: Config): Readonly<Record<string, unknown>> => ({ ...vrrpInstances[0] })
const server = ({ virtualServers }: Config): Readonly<Record<string, unknown>> => ({ ...virtualServers[0] })
const SCRIPT = 'global_defs {\n  enable_script_security\n  script_user root\n}\nvrrp_script check {\n  script /usr/bin/true\n'
const TRACKED = instance('track_script {', '  check', '}')

/** Section 2: blocks. */
const BLOCKS: readonly Fact[] = [
  { fact: '`{` as last word of its line', text: 'global_defs {\n  router_id a\n}\n', status: 0, codes: [] },
  { fact: '`{` alone on the next line', text: 'global_defs\n\n# here\n{\n  router_id a\n}\n', status: 0, codes: [] },
  {
    fact: 'blocks with line grammars take every line up to `}`',
    text: instance('track_interface {', '  eth1', '}'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['trackInterface'], [{ interface: 'eth1', weight: 0, reverse: false }]],
  },
  {
    fact: 'word lists ignore line boundaries: `group`',
    text: `vrrp_sync_group SG {\n  group {\n    VI_1 VI_2\n  }\n}\n${instance()}${instanceOf('VI_2', 52)}`,
    status: 0,
    codes: [],
    is: [({ vrrpSyncGroups }) => vrrpSyncGroups[0]?.group, ['VI_1', 'VI_2']],
  },
  {
    fact: 'word lists ignore line boundaries: `interfaces`',
    text: 'garp_group {\n  garp_interval 0.5\n  interfaces {\n    eth0 eth1\n  }\n}\n',
    status: 0,
    codes: [],
    is: [({ garpGroups }) => garpGroups[0]?.interfaces, ['eth0', 'eth1']],
  },
  {
    fact: 'word lists ignore line boundaries: notification_email',
    text: 'global_defs {\n  notification_email {\n    a@x.example b@x.example\n    c@x.example\n  }\n}\n',
    status: 0,
    codes: [],
    is: [({ globalDefs }) => globalDefs.notificationEmail, ['a@x.example', 'b@x.example', 'c@x.example']],
  },
  {
    fact: 'words between keyword and `{` are an error',
    text: instance('track_interface x {', '  eth1', '}'),
    status: 5,
    codes: ['unexpected-word'],
  },
  {
    // docs/compatibility.md: here it always counts.
    fact: 'a missing `{` there is only logged',
    text: instance('track_interface', '  eth1', '}'),
    status: 5,
    codes: ['missing-open-brace'],
  },
  { fact: 'case matters', text: instance('Priority 9'), status: 5, codes: ['unknown-keyword'] },
  { fact: 'no abbreviations', text: instance('prio 9'), status: 5, codes: ['unknown-keyword'] },
  {
    fact: 'tracked scripts must exist already',
    text: `${TRACKED}${SCRIPT}}\n`,
    status: 5,
    codes: ['undefined-name'],
  },
  {
    fact: '`track_group` in static lines must exist already',
    text: `static_ipaddress {\n  10.9.9.9 dev eth0 track_group TG\n}\ntrack_group TG {\n  group {\n    VI_1\n  }\n}\n${instance()}`,
    status: 5,
    codes: ['unknown-name'],
  },
  {
    fact: '`sh-`/`mh-` flags after the scheduler',
    text: virtualServer().replace('lvs_sched rr', 'sh-port\n  lvs_sched sh'),
    status: 5,
    codes: ['conflicting-setting'],
  },
  {
    fact: '`sorry_server` before its two companions',
    text: virtualServer(['sorry_server_inhibit', 'sorry_server 10.0.1.9 80']),
    status: 5,
    codes: ['conflicting-setting'],
  },
  {
    // docs/compatibility.md: wherever the block stands.
    fact: 'global defaults that an instance copies when it is opened',
    text: `${instance()}global_defs {\n  vrrp_garp_master_repeat 9\n  vrrp_garp_master_delay 8\n  vrrp_skip_check_adv_addr\n}\n`,
    status: 0,
    codes: [],
    is: [
      (config) => ['garpMasterRepeat', 'garpMasterDelayUs', 'skipCheckAdvAddr'].map((field) => first(config)[field]),
      [9, 8_000_000, true],
    ],
  },
  {
    fact: 'virtual server groups may be defined later',
    text: `${virtualServer().replace('10.0.0.9 80', 'group VSG')}virtual_server_group VSG {\n  10.0.0.9 80\n}\n`,
    status: 0,
    codes: [],
    is: [({ virtualServers }) => virtualServers.length, 1],
  },
  {
    fact: 'sync group members may be defined later',
    text: `vrrp_sync_group SG {\n  group {\n    VI_1\n    VI_2\n  }\n}\n${instance()}${instanceOf('VI_2', 52)}`,
    status: 0,
    codes: [],
  },
]

function ofInstance(fact: string, line: string, codes: readonly string[], field: string, wanted: unknown): Fact {
  return { fact, text: instance(line), status: codes.length === 0 ? 0 : 5, codes, is: [(config) => first(config)[field], wanted] }
}

function route(fact: string, option: string, codes: readonly string[]): Fact {
  return { fact, text: instance('virtual_routes {', `  10.9.0.0/16 dev eth0 ${option}`, '}'), status: codes.length === 0 ? 0 : 5, codes }
}

const TABLES = ['default', 'main', 'local', '0x10', '010', '7']
const SCOPES = ['global', 'nowhere', 'host', 'link', 'site', '253']
const PROTOCOLS = 'redirect kernel boot static gated ra mrt zebra bird babel dnrouted xorp ntk dhcp'.split(' ')

/** Section 7: values. */
const VALUES: readonly Fact[] = [
  ...['true', 'on', 'yes', ''].map((word) => ofInstance(`BOOL: \`${word}\` is true`, `strict_mode ${word}`, [], 'strictMode', true)),
  ...['false', 'off', 'no'].map((word) => ofInstance(`BOOL: \`${word}\` is false`, `strict_mode ${word}`, [], 'strictMode', false)),
  ofInstance('BOOL: `TRUE` is an error', 'strict_mode TRUE', ['invalid-boolean'], 'strictMode', false),
  ofInstance('Flag: further words are ignored', 'nopreempt further words', [], 'preempt', false),
  ofInstance('Integer: `0x2` is an error', 'garp_master_repeat 0x2', ['invalid-number'], 'garpMasterRepeat', 5),
  ofInstance('Integer: decimal, whatever it starts with', 'priority 010', [], 'priority', 10),
  ofInstance('Integer: leading blanks allowed in quotes', 'priority " 9"', [], 'priority', 9),
  {
    fact: 'Integer: optional sign for signed values',
    text: instance('track_interface {', '  eth1 weight +5', '}'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['trackInterface'], [{ interface: 'eth1', weight: 5, reverse: false }]],
  },
  {
    fact: 'any-base numbers: umask',
    text: 'global_defs {\n  umask 0x12\n}\n',
    status: 0,
    codes: [],
    is: [({ globalDefs }) => globalDefs.umask, 0o22],
  },
  {
    fact: 'any-base numbers: firewall marks of rules',
    text: instance('virtual_rules {', '  fwmark 0x10 table 5 preference 100', '}'),
    status: 0,
    codes: [],
  },
  {
    fact: 'the firewall mark of a virtual server is decimal, as 2.2.7 shows',
    text: virtualServer().replace('10.0.0.9 80', 'fwmark 0x10').replace('  protocol TCP\n', ''),
    status: 5,
    codes: ['invalid-number'],
  },
  {
    fact: 'any-base numbers: rule preferences',
    text: instance('virtual_rules {', '  from 10.0.0.0/8 table 5 preference 0x64', '}'),
    status: 0,
    codes: [],
  },
  ofInstance('Seconds: at most one dot', 'preempt_delay 1.5.5', ['invalid-number'], 'preemptDelayUs', 0),
  ofInstance('Seconds: no minus sign', 'preempt_delay -1', ['invalid-number'], 'preemptDelayUs', 0),
  ofInstance('Seconds: a plus sign passes, as 2.2.7 shows', 'preempt_delay +1', [], 'preemptDelayUs', 1_000_000),
  ofInstance('Seconds: no exponent', 'preempt_delay 1e2', ['invalid-number'], 'preemptDelayUs', 0),
  ofInstance('Seconds: no unit', 'preempt_delay 1s', ['invalid-number'], 'preemptDelayUs', 0),
  ofInstance('Seconds: six decimals', 'preempt_delay 0.000001', [], 'preemptDelayUs', 1),
  ofInstance('Seconds: surplus decimals are rounded half up', 'preempt_delay 0.0000015', ['surplus-decimals'], 'preemptDelayUs', 2),
  {
    fact: 'Seconds: vrrp_script interval and timeout have three decimals',
    text: `${SCRIPT}  interval 0.002\n  timeout 1.0015\n}\n${TRACKED}`,
    status: 5,
    codes: ['surplus-decimals'],
    is: [({ vrrpScripts }) => [vrrpScripts[0]?.intervalUs, vrrpScripts[0]?.timeoutUs], [2000, 1_002_000]],
  },
  {
    fact: 'Seconds: BFD times are milliseconds with three decimals',
    text: 'bfd_instance session {\n  neighbor_ip 192.0.2.2\n  min_rx 10.1235\n}\n',
    status: 5,
    codes: ['surplus-decimals'],
    is: [({ bfdInstances }) => bfdInstances[0]?.minRxUs, 10_124],
  },
  ofInstance('Seconds: whole-second keywords take integers only', 'garp_master_refresh 1.5', ['invalid-number'], 'garpMasterRefreshUs', 0),
  ofInstance('Address: IPv4', 'mcast_src_ip 192.0.2.1', [], 'mcastSrcIp', '192.0.2.1'),
  {
    fact: 'Address: the presence of a colon decides',
    text: instance('mcast_src_ip ::ffff:192.0.2.1').replace('10.0.0.1/24', 'fe80::1'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['family'], 6],
  },
  ofInstance('Address: of a source text from the first `-` is ignored', 'mcast_src_ip 192.0.2.1-9', [], 'mcastSrcIp', '192.0.2.1'),
  ofInstance('Address: of a source text from the first `/` is ignored', 'mcast_src_ip 192.0.2.1/24', [], 'mcastSrcIp', '192.0.2.1'),
  {
    fact: 'Address: of servers text from the first `-` or `/` is ignored',
    text: virtualServer().replace('10.0.0.9', '10.0.0.9/24').replace('10.0.1.1', '10.0.1.1-9'),
    status: 0,
    codes: [],
    is: [(config) => server(config)['address'], '10.0.0.9'],
  },
  {
    fact: 'Address: of peers text from the first `-` or `/` is ignored',
    text: instance('unicast_peer {', '  192.0.2.2-5', '  192.0.2.3/24', '}'),
    status: 0,
    codes: [],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.unicastPeer.map(({ address }) => address), ['192.0.2.2', '192.0.2.3']],
  },
  { fact: 'Port: 1..65535', text: virtualServer().replace('9 80', '9 65536'), status: 5, codes: ['invalid-number'] },
  {
    fact: 'Port: a word of zeros means no port for virtual, real and sorry servers',
    text: virtualServer(['persistence_timeout 5', 'sorry_server 10.0.1.9 0']).replace('9 80', '9 00').replace('1.1 80', '1.1 000'),
    status: 0,
    codes: [],
    is: [(config) => server(config)['port'], 0],
  },
  ...TABLES.map((name) => route(`iproute2 names: table ${name}`, `table ${name}`, [])),
  route('iproute2 names: no such table', 'table nowhere', ['invalid-option']),
  ...SCOPES.map((name) => route(`iproute2 names: scope ${name}`, `scope ${name}`, [])),
  route('iproute2 names: no such scope', 'scope elsewhere', ['invalid-option']),
  { ...route('iproute2 names: protocol none', 'protocol none no_track', []), differs: '2.2.7 has no such name' },
  ...PROTOCOLS.map((name) => route(`iproute2 names: protocol ${name}`, `protocol ${name} no_track`, [])),
  route('iproute2 names: no such protocol', 'protocol pigeon', ['invalid-option']),
  { fact: 'Name: interface names up to 15 bytes', text: instance('interface interface-of-16b'), status: 5, codes: ['name-too-long'] },
  ...['01 02', '0102'].map((octets) => ({
    fact: `Hex string: ${octets}`,
    text: virtualServer([], ['UDP_CHECK {', `  payload "${octets}"`, `  require_reply "${octets.replace('02', 'x2')}"`, '}']),
    status: 0,
    codes: [],
  })),
  {
    fact: 'Hex string: `x` masks a half octet of replies alone',
    text: virtualServer([], ['UDP_CHECK {', '  payload "x1"', '}']),
    status: 5,
    codes: ['invalid-word'],
  },
]

const ROUTE = (line: string): string => instance('virtual_routes {', `  ${line}`, '}')
const RULE = (words: string): string => instance('virtual_rules {', `  from 10.0.0.0/8 ${words} table 5 preference 100`, '}')
const GLOBAL = (line: string): string => `global_defs {\n  ${line}\n}\n${instance()}`

/** Section 8: traps confirmed in 2.4.3. Where we do as the manual says, docs/compatibility.md tells. */
const TRAPS: readonly Fact[] = [
  {
    fact: '`inet6 default via ADDR` is reported as "must have a destination"',
    text: ROUTE('inet6 default via fe80::5 dev eth0'),
    status: 0,
    codes: ['differs-from-keepalived'],
    differs: 'as the manual says',
  },
  { fact: '`inet6 to DEST` works', text: ROUTE('inet6 to 2001:db8::/32 via fe80::5 dev eth0'), status: 0, codes: [] },
  {
    fact: 'rule `sport N` is reported as invalid',
    text: RULE('sport 80'),
    status: 0,
    codes: ['differs-from-keepalived'],
    differs: 'as the manual says',
  },
  {
    fact: 'rule `dport N` is reported as invalid',
    text: RULE('dport 80'),
    status: 0,
    codes: ['differs-from-keepalived'],
    differs: 'as the manual says',
  },
  { fact: 'only a range such as `N-N` works', text: RULE('sport 80-80 dport 1-2'), status: 0, codes: [] },
  {
    fact: '`skip_check_adv_addr off` switches the option on',
    text: instance('skip_check_adv_addr off'),
    status: 0,
    codes: ['differs-from-keepalived'],
    is: [(config) => first(config)['skipCheckAdvAddr'], false],
  },
  {
    fact: '`vrrp_min_garp off` cannot undo an earlier reduction',
    text: GLOBAL('vrrp_min_garp\n  vrrp_min_garp off'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['garpMasterRepeat'], 1],
  },
  {
    fact: '`vrrp_min_garp off` does nothing',
    text: GLOBAL('vrrp_min_garp off'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['garpMasterRepeat'], 5],
  },
  ...['state_file_location /tmp/x', 'stats_file_location /tmp/x', 'json_file_location /tmp/x'].map((line) => ({
    fact: `\`${line}\` is rejected`,
    text: GLOBAL(line),
    status: 5,
    codes: ['unknown-keyword'],
  })),
  { fact: '`include_check readable` is rejected', text: GLOBAL('include_check readable'), status: 5, codes: ['invalid-option'] },
  { fact: 'rule `ip_proto` is rejected', text: RULE('ip_proto tcp'), status: 5, codes: ['invalid-option'] },
  ...['state_dump_file /tmp/x', 'stats_dump_file /tmp/x', 'json_dump_file /tmp/x'].map((line) => ({
    fact: `the working word: \`${line}\``,
    text: GLOBAL(line),
    status: 0,
    codes: [],
    differs: '2.2.7 does not know it',
  })),
  { fact: 'the working word: `include_check read`', text: GLOBAL('include_check read'), status: 0, codes: [] },
  { fact: 'the working word: `ipproto`', text: RULE('ipproto tcp'), status: 0, codes: [] },
]

testFacts('language.md', { 'section 2': BLOCKS, 'section 7': VALUES, 'section 8': TRAPS })
