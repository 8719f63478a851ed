/** How bad input is treated: the rows and sentences of the facts about errors, sections 1 to 6. */
import test from 'ava'
import { startExitCode, testExitCode } from '../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from './fixtures.ts'
import { instance, instanceOf, testFacts, virtualServer } from './facts.ts'
import type { Fact } from './facts.ts'

const SCRIPT = 'vrrp_script check {\n  script /usr/bin/true\n'
const SECURE = 'global_defs {\n  enable_script_security\n  script_user root\n}\n'
const TRACKED = instance('track_script {', '  check', '}')

/** Section 1: only the highest class counts. */
const CLASSES: readonly Fact[] = [
  {
    fact: 'an instance naming a missing interface first reports a general error, then the bad-interface error: 5',
    text: instance().replace('eth0', 'eth9'),
    status: 5,
    start: 2,
    codes: ['unknown-interface'],
  },
]

/** Section 2: observed values. */
const OBSERVED: readonly Fact[] = [
  { fact: 'valid file', text: instance(), status: 0, codes: [] },
  { fact: 'unknown keyword', text: instance('bogus'), status: 5, codes: ['unknown-keyword'] },
  { fact: 'bad number', text: instance('priority x'), status: 5, codes: ['invalid-number'] },
  { fact: 'extra }', text: `${instance()}}\n`, status: 5, codes: ['unexpected-close-brace'] },
  { fact: 'missing }', text: instance().replace(/\}\n$/, ''), status: 5, codes: ['missing-close-brace'] },
  { fact: 'open quote', text: instance('priority 9 "'), status: 5, codes: ['unterminated-quote'] },
  { fact: 'unknown boolean word', text: instance('strict_mode maybe'), status: 5, codes: ['invalid-boolean'] },
  {
    fact: 'advert_int 1.5 with version 2 (rounded)',
    text: instance('advert_int 1.5'),
    status: 5,
    codes: ['interval-rounded'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.advertIntUs, 2_000_000],
  },
  {
    fact: 'instance without virtual_router_id',
    text: instance().replace('  virtual_router_id 51\n', ''),
    status: 5,
    start: 2,
    codes: ['missing-vrid'],
  },
  { fact: 'priority with no value', text: instance('priority'), status: 2, start: 2, codes: ['missing-value'] },
  {
    fact: 'dev with no value at the end of a route line',
    text: instance('virtual_routes {', '  10.9.0.0/16 via 10.0.0.3 dev', '}'),
    status: 2,
    start: 2,
    codes: ['missing-value'],
  },
  {
    fact: 'script run as root without enable_script_security',
    text: `${SCRIPT}  user root\n}\n${TRACKED}`,
    status: 6,
    codes: ['script-runs-as-root'],
  },
  { fact: 'includem of a missing file', text: `includem nothing.inc\n${instance()}`, status: 6, start: 6, codes: ['include-failed'] },
  { fact: 'include of a missing file only', text: `include nothing.inc\n${instance()}`, status: 0, codes: ['include-skipped'] },
]

/** Section 3: what refuses the whole configuration. */
const REFUSED: readonly Fact[] = [
  {
    fact: '1. keywords that check the word count themselves report a general error and carry on: router_id, notification_email_from, default_interface, snmp_socket',
    text: `global_defs {\n  router_id\n  notification_email_from\n  default_interface\n  snmp_socket\n}\n${instance()}`,
    status: 5,
    codes: ['missing-name', 'missing-name', 'missing-name', 'missing-name'],
  },
  {
    fact: '1. a missing option value only drops the address',
    text: instance().replace('10.0.0.1/24\n', '10.0.0.1/24\n    10.0.0.2/24 dev\n'),
    status: 5,
    codes: ['invalid-option'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.virtualIpaddress.map(({ address }) => address), ['10.0.0.1']],
  },
  {
    fact: '3. missing interface without dynamic_interfaces',
    text: instance('track_interface {', '  eth9', '}'),
    status: 5,
    start: 2,
    codes: ['unknown-interface'],
  },
  {
    fact: '3. the same with dynamic_interfaces',
    text: `global_defs {\n  dynamic_interfaces\n}\n${instance().replace('eth0', 'eth9')}`,
    status: 0,
    codes: [],
  },
  {
    fact: '4. neither interface nor any unicast keyword',
    text: instance().replace('  interface eth0\n', ''),
    status: 5,
    start: 2,
    codes: ['missing-interface'],
  },
  {
    fact: '4. asks for a VMAC without interface',
    text: instance('use_vmac', 'unicast_src_ip 192.0.2.1', 'unicast_peer {', '  192.0.2.2', '}').replace('  interface eth0\n', ''),
    status: 5,
    start: 2,
    codes: ['missing-interface'],
  },
  {
    fact: '4. strict mode with unicast peers on a multicast-capable interface',
    text: instance('strict_mode', 'unicast_peer {', '  192.0.2.2', '}'),
    status: 5,
    start: 2,
    codes: ['strict-unicast'],
    differs: '2.2.7 lets it pass',
  },
  {
    fact: '4. no interface and no explicit source address',
    text: instance('unicast_peer {', '  192.0.2.2', '}').replace('  interface eth0\n', ''),
    status: 5,
    start: 2,
    codes: ['missing-interface'],
  },
  {
    fact: '4. an IPv6 link-local source without interface',
    text: instance('unicast_src_ip fe80::1', 'unicast_peer {', '  fe80::2', '}')
      .replace('  interface eth0\n', '')
      .replace('10.0.0.1/24', 'fe80::9 dev eth0'),
    status: 5,
    start: 2,
    codes: ['missing-interface'],
  },
  {
    fact: '4. no virtual address with version 3',
    text: 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  version 3\n}\n',
    status: 5,
    start: 2,
    codes: ['no-virtual-address'],
  },
  {
    fact: '4. no virtual address with strict mode',
    text: 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  strict_mode\n}\n',
    status: 5,
    start: 2,
    codes: ['no-virtual-address'],
  },
  {
    fact: '4. (unless no_virtual_ipaddress)',
    text: 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  version 3\n  no_virtual_ipaddress\n}\n',
    status: 0,
    codes: [],
    differs: '2.2.7 does not know the keyword',
  },
  {
    fact: '4. two instances sharing VRID, family, group and interface',
    text: instance() + instanceOf('VI_2', 51),
    status: 5,
    start: 2,
    codes: ['duplicate-vrid'],
  },
  {
    fact: '4. two instances sharing VRID, unicast peers and source',
    text:
      instance('unicast_src_ip 192.0.2.1', 'unicast_peer {', '  192.0.2.2', '}') +
      instanceOf('VI_2', 51, 'unicast_src_ip 192.0.2.1', 'unicast_peer {', '  192.0.2.3', '  192.0.2.2', '}').replace('eth0', 'eth1'),
    status: 5,
    start: 2,
    codes: ['duplicate-vrid'],
    differs: '2.2.7 does not compare the peers',
  },
]

const BFD = 'bfd_instance session {\n  neighbor_ip 192.0.2.2\n  source_ip 192.0.2.1\n}\n'
const GROUP = 'vrrp_sync_group SG {\n  group {\n    VI_1\n    VI_2\n  }\n}\n'
const TWO = instance() + instanceOf('VI_2', 52)

/** Section 4: whole blocks skipped. */
const SKIPPED: readonly Fact[] = [
  {
    fact: 'a second vrrp_instance of the same name',
    text: instance() + instanceOf('VI_1', 52),
    status: 5,
    codes: ['duplicate-name'],
    is: [({ vrrpInstances }) => vrrpInstances.map(({ virtualRouterId }) => virtualRouterId), [51]],
  },
  { fact: 'a second vrrp_sync_group of the same name', text: GROUP + GROUP + TWO, status: 5, codes: ['duplicate-name'] },
  {
    fact: 'a second track_group of the same name',
    text: `${'track_group TG {\n  group {\n    VI_1\n  }\n}\n'.repeat(2)}${instance()}`,
    status: 5,
    codes: ['duplicate-name'],
  },
  { fact: 'a second bfd_instance of the same name', text: BFD + BFD.replace('2.2', '2.3'), status: 5, codes: ['duplicate-name'] },
  { fact: 'vrrp_instance with no name', text: 'vrrp_instance {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  { fact: 'vrrp_instance with more than one name', text: 'vrrp_instance A B {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  { fact: 'vrrp_sync_group with no name', text: 'vrrp_sync_group {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  { fact: 'vrrp_sync_group with more than one name', text: 'vrrp_sync_group A B {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  { fact: 'track_group with no name', text: 'track_group {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  { fact: 'track_group with more than one name', text: 'track_group A B {\n  bogus\n}\n', status: 5, codes: ['missing-name'] },
  {
    fact: 'bfd_instance with more than one name: not skipped (the first three kinds only)',
    text: BFD.replace('session', 'session more'),
    status: 0,
    codes: ['no-effect'],
  },
  {
    fact: 'bfd_instance with a name above 31 characters',
    text: BFD.replace('session', 's'.repeat(32)),
    status: 5,
    codes: ['name-too-long'],
  },
  { fact: 'bfd_instance with a name of 31 characters: kept', text: BFD.replace('session', 's'.repeat(31)), status: 0, codes: [] },
  { fact: 'bfd_instance with a malformed neighbour', text: BFD.replace('2.2', '2.x'), status: 5, codes: ['invalid-address'] },
  {
    fact: 'virtual_server with a bad address',
    text: virtualServer().replace('10.0.0.9', '10.0.0.x'),
    status: 5,
    codes: ['invalid-address'],
  },
  { fact: 'virtual_server with a bad port', text: virtualServer().replace('9 80', '9 70000'), status: 5, codes: ['invalid-number'] },
  {
    fact: 'virtual_server with a bad mark',
    text: virtualServer().replace('10.0.0.9 80', 'fwmark x'),
    status: 5,
    codes: ['invalid-number'],
  },
  {
    fact: 'real_server with a bad address',
    text: virtualServer().replace('10.0.1.1', '10.0.1.x'),
    status: 5,
    codes: ['invalid-address', 'incomplete-block'],
  },
  {
    fact: 'real_server with a bad port',
    text: virtualServer().replace('1.1 80', '1.1 0x50'),
    status: 5,
    codes: ['invalid-number', 'incomplete-block'],
  },
  {
    fact: 'a second group list in a sync group',
    text: GROUP.replace(/\}\n$/, '  group {\n    VI_1\n  }\n}\n') + TWO,
    status: 5,
    codes: ['duplicate-setting'],
  },
  {
    fact: 'a second group list in a track group',
    text: `track_group TG {\n  group {\n    VI_1\n  }\n  group {\n    VI_1\n  }\n}\n${instance()}`,
    status: 5,
    codes: ['duplicate-setting'],
  },
]

const checked = (...lines: readonly string[]): string => virtualServer([], lines)
const SERVER_GROUP = 'virtual_server_group VSG {\n}\n'
const GROUPED = virtualServer().replace('10.0.0.9 80', 'group VSG')

/** Section 4: blocks read, then removed. */
const REMOVED: readonly Fact[] = [
  {
    fact: 'vrrp_script without script',
    text: `vrrp_script check {\n}\n${TRACKED}`,
    status: 5,
    codes: ['incomplete-block', 'undefined-name'],
  },
  {
    fact: 'vrrp_script with an unknown user',
    text: `${SCRIPT}  user nobody-of-that-name\n}\n${TRACKED}`,
    status: 5,
    codes: ['unknown-account', 'undefined-name'],
  },
  {
    fact: 'vrrp_track_process without process',
    text: `vrrp_track_process p {\n}\n${instance('track_process {', '  p', '}')}`,
    status: 5,
    codes: ['incomplete-block', 'undefined-name'],
  },
  {
    fact: 'track_file without file',
    text: `track_file f {\n}\n${instance('track_file {', '  f', '}')}`,
    status: 5,
    codes: ['incomplete-block', 'undefined-name'],
  },
  {
    fact: 'sync group without members',
    text: GROUP + instanceOf('VI_3', 53),
    status: 5,
    codes: ['undefined-name', 'undefined-name', 'incomplete-block'],
  },
  {
    fact: 'track group without members',
    text: `track_group TG {\n  group {\n  }\n}\n${instance()}`,
    status: 5,
    codes: ['empty-block'],
  },
  {
    fact: 'virtual_server_group without entries',
    text: SERVER_GROUP + GROUPED,
    status: 5,
    codes: ['incomplete-block', 'setting-ignored'],
  },
  {
    fact: 'virtual_server_group with an impossible family mix',
    text: SERVER_GROUP.replace('{\n', '{\n  10.0.0.9 80\n  fe80::9 80\n  fwmark 3\n') + GROUPED,
    status: 5,
    codes: ['incomplete-block', 'setting-ignored'],
  },
  {
    fact: 'virtual_server without real_server',
    text: virtualServer().replace(/ {2}real_server[^}]*\}\n/, ''),
    status: 5,
    codes: ['incomplete-block'],
  },
  {
    fact: 'real_server whose family differs',
    text: virtualServer().replace('10.0.1.1', 'fe80::1'),
    status: 5,
    codes: ['family-mismatch', 'incomplete-block'],
  },
  { fact: '(unless tunnelled)', text: virtualServer().replace('10.0.1.1', 'fe80::1').replace('NAT', 'TUN'), status: 0, codes: [] },
  {
    fact: 'real_server that repeats another',
    text: virtualServer(['real_server 10.0.1.1 80 {', '}']),
    status: 5,
    codes: ['duplicate-server'],
    is: [({ virtualServers }) => virtualServers[0]?.realServers.length, 1],
  },
  {
    fact: 'garp_group without any interval',
    text: 'garp_group {\n  interfaces {\n    eth0\n  }\n}\n',
    status: 5,
    codes: ['incomplete-block'],
  },
  {
    fact: 'a url without path',
    text: checked('HTTP_GET {', '  url {', '    status_code 200', '  }', '}'),
    status: 5,
    codes: ['incomplete-block', 'incomplete-block'],
    differs: '2.2.7 crashes',
  },
  { fact: 'HTTP_GET without url', text: checked('HTTP_GET {', '}'), status: 5, codes: ['incomplete-block'], differs: '2.2.7 crashes' },
  { fact: 'SSL_GET without url', text: checked('SSL_GET {', '}'), status: 5, codes: ['incomplete-block'], differs: '2.2.7 crashes' },
  { fact: 'MISC_CHECK without path', text: checked('MISC_CHECK {', '}'), status: 5, codes: ['incomplete-block'] },
  { fact: 'BFD_CHECK without a known target', text: checked('BFD_CHECK {', '  name none', '}'), status: 5, codes: ['unknown-name'] },
  {
    fact: 'FILE_CHECK without a known target',
    text: checked('FILE_CHECK {', '  track_file none', '}'),
    status: 5,
    codes: ['unknown-name'],
  },
  {
    fact: 'a checker aimed at a link-local address without bind_if',
    text: checked('TCP_CHECK {', '}').replace('10.0.0.9', '2001:db8::9').replace('10.0.1.1', 'fe80::1'),
    status: 5,
    codes: ['incomplete-block'],
  },
  { fact: 'bfd_instance without neighbour', text: 'bfd_instance session {\n}\n', status: 5, codes: ['incomplete-block'] },
  { fact: 'bfd_instance with mixed families', text: BFD.replace('192.0.2.2', 'fe80::2'), status: 5, codes: ['family-mismatch'] },
  {
    fact: 'bfd_instance with an address pair already used',
    text: BFD + BFD.replace('session', 'other'),
    status: 5,
    codes: ['duplicate-setting'],
  },
  {
    fact: 'a vrrp_script nobody tracks',
    text: `${SECURE}${SCRIPT}}\n${instance()}`,
    status: 0,
    codes: ['unused-block'],
    is: [({ vrrpScripts }) => vrrpScripts, []],
  },
]

/** Section 4: one line dropped. */
const LINES: readonly Fact[] = [
  {
    fact: 'a bad address',
    text: instance().replace('/24\n', '/24\n    10.0.0.x\n'),
    status: 5,
    codes: ['invalid-address'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.virtualIpaddress.length, 1],
  },
  {
    fact: 'a bad route',
    text: instance('virtual_routes {', '  10.9.0.0/16 via 10.0.0.x dev eth0', '}'),
    status: 5,
    codes: ['invalid-address'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.virtualRoutes, []],
  },
  {
    fact: 'a bad rule',
    text: instance('virtual_rules {', '  from 10.0.0.x table 5 preference 100', '}'),
    status: 5,
    codes: ['invalid-address'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.virtualRules, []],
  },
  {
    fact: 'a bad peer',
    text: instance('unicast_peer {', '  192.0.2.2', '  192.0.2.x', '}'),
    status: 5,
    codes: ['invalid-address'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.unicastPeer.length, 1],
  },
  {
    fact: 'a bad group member',
    text: GROUP.replace('VI_2', 'VI_2\n    VI_3') + TWO,
    status: 5,
    codes: ['undefined-name'],
    is: [({ vrrpSyncGroups }) => vrrpSyncGroups[0]?.group, ['VI_1', 'VI_2']],
  },
  { fact: 'a track line naming something undefined', text: TRACKED, status: 5, codes: ['undefined-name'] },
]

/** The one value of an instance, of the globals, of the script or of the virtual server after a good and then a bad line. */
function replaced(
  fact: string,
  text: string,
  codes: readonly string[],
  part: (config: Parameters<NonNullable<Fact['is']>[0]>[0]) => unknown,
  wanted: unknown,
): Fact {
  return { fact, text, status: 5, codes, is: [part, wanted] }
}

const first = ({ vrrpInstances }: Parameters<NonNullable<Fact['is']>[0]>[0]): Readonly<Record<string, unknown>> => ({ ...vrrpInstances[0] })

/** Section 4: one setting ignored, and the exceptions that replace the value instead. */
const SETTINGS: readonly Fact[] = [
  replaced(
    'the previous value staying',
    instance('advert_int 5', 'advert_int x'),
    ['invalid-number'],
    (config) => first(config)['advertIntUs'],
    5_000_000,
  ),
  replaced('the default staying', instance('advert_int x'), ['invalid-number'], (config) => first(config)['advertIntUs'], 1_000_000),
  replaced(
    '`state` (BACKUP)',
    instance('state MASTER', 'priority 9', 'state OTHER'),
    ['invalid-word'],
    (config) => first(config)['state'],
    'BACKUP',
  ),
  replaced('`priority` (100)', instance('priority 9', 'priority x'), ['invalid-number'], (config) => first(config)['priority'], 100),
  replaced(
    '`rise` (1)',
    `${SECURE}${SCRIPT}  rise 5\n  rise x\n}\n${TRACKED}`,
    ['invalid-number'],
    ({ vrrpScripts }) => vrrpScripts[0]?.rise,
    1,
  ),
  replaced(
    '`fall` (1)',
    `${SECURE}${SCRIPT}  fall 5\n  fall x\n}\n${TRACKED}`,
    ['invalid-number'],
    ({ vrrpScripts }) => vrrpScripts[0]?.fall,
    1,
  ),
  replaced(
    '`quorum` (1)',
    virtualServer(['quorum 3', 'quorum x']),
    ['invalid-number'],
    ({ virtualServers }) => virtualServers[0]?.quorum,
    1,
  ),
  replaced(
    '`vrrp_garp_master_refresh` (0)',
    `global_defs {\n  vrrp_garp_master_refresh 5\n  vrrp_garp_master_refresh x\n}\n`,
    ['invalid-number'],
    ({ globalDefs }) => globalDefs.vrrpGarpMasterRefreshUs,
    0,
  ),
  replaced(
    '`garp_master_refresh` (0)',
    instance('garp_master_refresh 5', 'garp_master_refresh x'),
    ['invalid-number'],
    (config) => first(config)['garpMasterRefreshUs'],
    0,
  ),
  replaced(
    'preempt_delay (0)',
    instance('preempt_delay 5', 'preempt_delay x'),
    ['invalid-number'],
    (config) => first(config)['preemptDelayUs'],
    0,
  ),
  replaced(
    'weight of track_interface (0)',
    instance('track_interface {', '  eth1 weight 999', '}'),
    ['value-out-of-range'],
    (config) => first(config)['trackInterface'],
    [{ interface: 'eth1', weight: 0, reverse: false }],
  ),
  replaced(
    'smtp_connect_timeout 0 is turned into 1 s',
    'global_defs {\n  smtp_connect_timeout 0\n}\n',
    ['value-replaced'],
    ({ globalDefs }) => globalDefs.smtpConnectTimeoutUs,
    1_000_000,
  ),
  replaced(
    'the repeat counts of gratuitous ARP of 0 are turned into 1',
    instance('garp_master_repeat 0', 'garp_master_refresh_repeat 0'),
    ['value-replaced', 'value-replaced'],
    (config) => [first(config)['garpMasterRepeat'], first(config)['garpMasterRefreshRepeat']],
    [1, 1],
  ),
  replaced(
    'interval and timeout 0 of vrrp_script are turned into 1 s',
    `${SECURE}${SCRIPT}  interval 0\n  timeout 0\n}\n${TRACKED}`,
    ['value-replaced', 'value-replaced'],
    ({ vrrpScripts }) => [vrrpScripts[0]?.intervalUs, vrrpScripts[0]?.timeoutUs],
    [1_000_000, 1_000_000],
  ),
  replaced(
    '254 for the weight of track_interface is turned into 253',
    instance('track_interface {', '  eth1 weight 254', '}'),
    ['value-replaced'],
    (config) => first(config)['trackInterface'],
    [{ interface: 'eth1', weight: 253, reverse: false }],
  ),
  replaced(
    '-254 for the weight of track_script is turned into -253',
    `${SECURE}${SCRIPT}}\n${instance('track_script {', '  check weight -254', '}')}`,
    ['value-replaced'],
    (config) => first(config)['trackScript'],
    [{ name: 'check', weight: -253, reverse: false }],
  ),
]

/** Section 4: duplicates. */
const DUPLICATES: readonly Fact[] = [
  {
    fact: 'single-value settings silently take the last value',
    text: instance('priority 9', 'priority 10'),
    status: 0,
    codes: [],
    is: [(config) => first(config)['priority'], 10],
  },
  {
    fact: 'second use ignored: scripts',
    text: `${SECURE}${instance('notify /usr/bin/true', 'notify /usr/bin/false')}`,
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.notify?.path, '/usr/bin/true'],
  },
  {
    fact: 'second use ignored: FIFOs',
    text: 'global_defs {\n  vrrp_notify_fifo /tmp/ka-1\n  vrrp_notify_fifo /tmp/ka-2\n}\n',
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ globalDefs }) => globalDefs.vrrpNotifyFifo?.path, '/tmp/ka-1'],
  },
  {
    fact: 'second use ignored: names of namespaces',
    text: 'net_namespace one\nnet_namespace two\n',
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ netNamespace }) => netNamespace, 'one'],
    differs: '2.2.7 says so, and does not count it',
  },
  {
    fact: 'second use ignored: sync daemon',
    text: `global_defs {\n  lvs_sync_daemon eth0 VI_1\n  lvs_sync_daemon eth1 VI_1\n}\n${instance()}`,
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ globalDefs }) => globalDefs.lvsSyncDaemon?.interface, 'eth0'],
  },
  {
    fact: 'second use ignored: firewall tables',
    text: 'global_defs {\n  nftables one\n  nftables two\n}\n',
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ globalDefs }) => globalDefs.nftables, 'one'],
  },
  {
    fact: 'overwrite with a message: virtualhost',
    text: virtualServer(['virtualhost one', 'virtualhost two']),
    status: 5,
    codes: ['duplicate-setting'],
    is: [({ virtualServers }) => virtualServers[0]?.virtualhost, 'two'],
    differs: '2.2.7 overwrites without a word',
  },
  {
    fact: 'overwrite with a message: helo_name',
    text: checked('SMTP_CHECK {', '  helo_name one', '  helo_name two', '}'),
    status: 5,
    codes: ['duplicate-setting'],
    differs: '2.2.7 overwrites without a word',
  },
  {
    fact: 'overwrite with a message: url',
    text: checked('HTTP_GET {', '  url {', '    path /one', '    path /two', '  }', '}'),
    status: 5,
    codes: ['duplicate-setting'],
    differs: '2.2.7 overwrites without a word',
  },
  {
    fact: 'overwrite with a message: SSL',
    text: 'SSL {\n  password one\n  password two\n}\n',
    status: 5,
    codes: ['duplicate-setting'],
  },
]

/** Section 5: numbers. */
const NUMBERS: readonly Fact[] = [
  { fact: 'strict: a malformed number is an error', text: instance('virtual_router_id 51x'), status: 5, codes: ['invalid-number'] },
  {
    fact: 'tolerant: in test mode the same text is an error and the setting is ignored',
    text: instance('garp_master_repeat 7x'),
    status: 5,
    codes: ['invalid-number'],
    is: [(config) => first(config)['garpMasterRepeat'], 5],
  },
  {
    fact: '`preempt_delay 1.23456789` is reported for its surplus decimals, rounded half up on the seventh decimal and kept',
    text: instance('preempt_delay 1.23456789'),
    status: 5,
    codes: ['surplus-decimals'],
    is: [(config) => first(config)['preemptDelayUs'], 1_234_568],
  },
  {
    fact: 'a leading minus sign is always an error for fractional values',
    text: instance('preempt_delay -1'),
    status: 5,
    codes: ['invalid-number'],
  },
  {
    fact: 'an overflow is always an error for fractional values',
    text: instance('preempt_delay 99999999999999999999'),
    status: 5,
    codes: ['value-out-of-range'],
  },
  { fact: 'out-of-range numbers are always errors', text: instance('priority 256'), status: 5, codes: ['value-out-of-range'] },
]

/** Section 6: structure errors. */
const STRUCTURE: readonly Fact[] = [
  {
    fact: 'unknown keyword: the line is skipped',
    text: instance('bogus 1', 'priority 9'),
    status: 5,
    codes: ['unknown-keyword'],
    is: [(config) => first(config)['priority'], 9],
  },
  {
    // docs/compatibility.md: the lines inside are not read as lines of the block around.
    fact: 'an unknown block',
    text: instance('bogus {', '  priority 9', '}'),
    status: 5,
    codes: ['unknown-keyword'],
    is: [(config) => first(config)['priority'], 100],
  },
  {
    fact: '{ missing after a block keyword: the line that came instead is processed inside the block',
    text: instance().replace(' {\n  interface', '\n  interface'),
    status: 5,
    codes: ['missing-open-brace'],
    is: [(config) => first(config)['interface'], 'eth0'],
  },
  { fact: 'extra } at top level', text: `}\n${instance()}`, status: 5, codes: ['unexpected-close-brace'] },
  {
    fact: 'end of input inside a block: one message; blocks left open are still completed',
    text: instance().replace(/ {2}\}\n\}\n$/, ''),
    status: 5,
    codes: ['missing-close-brace'],
    is: [({ vrrpInstances }) => vrrpInstances[0]?.virtualIpaddress.length, 1],
  },
  {
    fact: 'open double quote: words after the quote are lost, words before it kept',
    text: instance('priority 9 "10'),
    status: 5,
    codes: ['unterminated-quote'],
    is: [(config) => first(config)['priority'], 9],
  },
  {
    // docs/compatibility.md: what is left of the line is dropped too.
    fact: 'a line longer than 1023 bytes (without its newline, as 2.2.7 shows)',
    text: `# ${'x'.repeat(1022)}\n${instance()}`,
    status: 5,
    codes: ['line-too-long'],
  },
  { fact: 'a line of 1023 bytes and its newline', text: `# ${'x'.repeat(1021)}\n${instance()}`, status: 0, codes: [] },
  {
    fact: 'a line with a NUL byte is dropped',
    text: instance('priority 9', 'priority 10\0'),
    status: 5,
    codes: ['nul-byte'],
    differs: '2.2.7 reads what is in front of it',
    is: [(config) => first(config)['priority'], 9],
  },
]

testFacts('errors.md', {
  'section 1': CLASSES,
  'section 2': OBSERVED,
  'section 3': REFUSED,
  'section 4, skipped': SKIPPED,
  'section 4, removed': REMOVED,
  'section 4, one line': LINES,
  'section 4, one setting': SETTINGS,
  'section 4, duplicates': DUPLICATES,
  'section 5': NUMBERS,
  'section 6': STRUCTURE,
})

test('errors.md section 2: `-f` naming a missing file: 4, the evident intent, and 6 without `-t`', (t) => {
  const { diagnostics } = loadConfig({ file: '/nonexistent/keepalived.conf', host: testHost() })
  t.is(testExitCode(diagnostics), 4)
  t.is(startExitCode(diagnostics), 6)
})
