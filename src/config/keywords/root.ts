/** The top level. */
import { noName } from '../tables/headers.ts'
import { ACTED_ON, lacking, NOT_YET } from '../tables/keyword-status.ts'
import type { Block, Row } from '../tables/schema.ts'
import { BFD_INSTANCE } from './bfd-instance.ts'
import { GARP_GROUP } from './garp-group.ts'
import { ROOT_SETTINGS } from './root-settings.ts'
import { SSL } from './ssl.ts'
import { STATIC_IPADDRESS } from './address-line.ts'
import { STATIC_ROUTES } from './route-line.ts'
import { STATIC_RULES } from './rule-line.ts'
import { TRACK_FILE, VRRP_TRACK_FILE } from './track-file.ts'
import { TRACK_GROUP } from './track-group.ts'
import { VIRTUAL_SERVER } from './virtual-server.ts'
import { VIRTUAL_SERVER_GROUP } from './virtual-server-group.ts'
import { VRRP_INSTANCE } from './vrrp-instance.ts'
import { VRRP_SCRIPT } from './vrrp-script.ts'
import { VRRP_SYNC_GROUP } from './vrrp-sync-group.ts'
import { VRRP_TRACK_PROCESS } from './vrrp-track-process.ts'

const NOT_TRACKED = lacking('what it tracks has no influence on the priority or the state')

const VRRP_BLOCKS: readonly Row[] = [
  {
    kind: 'block',
    keyword: 'track_group',
    field: 'trackGroups',
    syntax: 'track_group NAME { ... }',
    default: '-',
    range: 'exactly one name, unique; otherwise the block is skipped',
    meaning: 'Names a set of VRRP instances that track static addresses, routes or rules.',
    block: TRACK_GROUP,
    use: 'list',
  },
  {
    kind: 'lines',
    keyword: 'static_ipaddress',
    field: 'staticIpaddress',
    syntax: 'static_ipaddress { line... }',
    default: '-',
    range: 'block of address lines',
    meaning: 'Addresses installed at start and kept regardless of VRRP state.',
    grammar: STATIC_IPADDRESS,
    status: ACTED_ON,
  },
  {
    kind: 'lines',
    keyword: 'static_routes',
    field: 'staticRoutes',
    syntax: 'static_routes { line... }',
    default: '-',
    range: 'block of route lines',
    meaning: 'Routes installed at start and kept regardless of VRRP state.',
    grammar: STATIC_ROUTES,
    status: ACTED_ON,
  },
  {
    kind: 'lines',
    keyword: 'static_rules',
    field: 'staticRules',
    syntax: 'static_rules { line... }',
    default: '-',
    range: 'block of rule lines',
    meaning: 'Policy-routing rules installed at start and kept regardless of VRRP state.',
    grammar: STATIC_RULES,
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'vrrp_sync_group',
    field: 'vrrpSyncGroups',
    syntax: 'vrrp_sync_group NAME { ... }',
    default: '-',
    range: 'exactly one name, unique; otherwise the block is skipped',
    meaning: 'Groups VRRP instances so that they change state together.',
    block: VRRP_SYNC_GROUP,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'garp_group',
    field: 'garpGroups',
    syntax: 'garp_group { ... }',
    default: '-',
    range: 'block, no name',
    meaning: 'Sets pacing of gratuitous ARP / unsolicited NA messages for interfaces.',
    block: GARP_GROUP,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'vrrp_instance',
    field: 'vrrpInstances',
    syntax: 'vrrp_instance NAME { ... }',
    default: '-',
    range: 'exactly one name, unique; otherwise the block is skipped',
    meaning: 'Defines one virtual router.',
    block: VRRP_INSTANCE,
    use: 'list',
    status: ACTED_ON,
  },
]

const TRACKERS: readonly Row[] = [
  {
    kind: 'block',
    keyword: 'vrrp_script',
    field: 'vrrpScripts',
    syntax: 'vrrp_script NAME { ... }',
    default: '-',
    range: 'a name is mandatory (missing word aborts parsing)',
    meaning: 'Defines a periodically run health script that instances may track.',
    block: VRRP_SCRIPT,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'vrrp_track_process',
    field: 'vrrpTrackProcesses',
    syntax: 'vrrp_track_process NAME { ... }',
    default: '-',
    range: 'a name is mandatory (missing word aborts parsing); needs kernel process events',
    meaning: 'Defines a process whose presence instances may track.',
    block: VRRP_TRACK_PROCESS,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'track_file',
    field: 'trackFiles',
    syntax: 'track_file NAME { ... }',
    default: '-',
    range: 'a name is mandatory (missing word aborts parsing)',
    meaning: 'Defines a file holding a number that instances and real servers may track.',
    block: TRACK_FILE,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'vrrp_track_file',
    field: 'trackFiles',
    syntax: 'vrrp_track_file NAME { ... }',
    default: '-',
    range: 'as track_file',
    meaning: 'Older spelling of track_file.',
    note: 'Deprecated since 2.0.20; use track_file',
    block: VRRP_TRACK_FILE,
    use: 'list',
    status: ACTED_ON,
    deprecated: { instead: 'track_file', silent: true },
  },
  {
    kind: 'block',
    keyword: 'bfd_instance',
    field: 'bfdInstances',
    syntax: 'bfd_instance NAME { ... }',
    default: '-',
    range: 'name at most 31 characters, unique; otherwise the block is skipped',
    meaning: 'Defines a Bidirectional Forwarding Detection session.',
    block: BFD_INSTANCE,
    use: 'list',
    status: NOT_TRACKED,
  },
]

const LVS_BLOCKS: readonly Row[] = [
  {
    kind: 'block',
    keyword: 'SSL',
    field: 'ssl',
    syntax: 'SSL { ... }',
    default: '-',
    range: 'block; a second block replaces the first with an error',
    meaning: 'Sets the TLS client material used by SSL_GET checkers.',
    block: SSL,
    use: 'replace',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'virtual_server_group',
    field: 'virtualServerGroups',
    syntax: 'virtual_server_group NAME { line... }',
    default: '-',
    range: 'block of lines; an empty group is dropped',
    meaning: 'Names a set of addresses, ranges or firewall marks sharing one virtual server definition.',
    block: VIRTUAL_SERVER_GROUP,
    use: 'list',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'virtual_server',
    field: 'virtualServers',
    syntax: 'virtual_server (IPADDR [PORT] | fwmark MARK | group NAME) { ... }',
    default: 'PORT 0',
    range: 'PORT 1..65535 or zeros for none; MARK 0..4294967295',
    meaning: 'Defines one IPVS virtual service with its real servers.',
    block: VIRTUAL_SERVER,
    use: 'list',
    status: ACTED_ON,
  },
]

export const ROOT: Block = {
  path: '/',
  type: 'Config',
  meaning: 'A complete configuration.',
  header: noName(),
  // What is tracked stands before what tracks it: written in this order, a configuration can be read again.
  rows: [...ROOT_SETTINGS, ...TRACKERS, ...VRRP_BLOCKS, ...LVS_BLOCKS],
  status: NOT_YET,
}
