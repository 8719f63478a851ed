/** For each block of keywords.tsv, a file that is otherwise valid, with a place for the lines that a case is about. */

/** What stands around those lines. */
interface Frame {
  /** What the block needs to be valid. */
  readonly needs: readonly string[]
  /** A whole file around the lines of the block. */
  wrap(lines: readonly string[]): string
}

/** Keywords that say the same: one stands for the other in {@link Frame.needs}. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['neighbour_ip', 'neighbor_ip'],
  ['lb_algo', 'lvs_sched'],
  ['lb_kind', 'lvs_method'],
])

/** A block as text: its lines, indented. */
export function block(opener: string, lines: readonly string[]): string {
  const body = lines.flatMap((line) => line.trimEnd().split('\n')).map((line) => `  ${line}\n`)
  return `${opener} {\n${body.join('')}}\n`
}

const SECURE = ['enable_script_security', 'script_user root']
/** Without these settings, a script makes keepalived's status 6. */
const SECURITY = block('global_defs', SECURE)
const VIP = block('virtual_ipaddress', ['10.0.0.1/24'])
const INSTANCE_NEEDS = ['interface eth0', 'virtual_router_id 51', VIP]
const INSTANCE = instance([])
const SECOND = INSTANCE.replace('VI_1', 'VI_2').replace('51', '52').replace('10.0.0.1', '10.0.0.2')
const BFD_NEEDS = ['neighbor_ip 10.0.0.9', 'source_ip 10.0.0.8']
const BFD = block('bfd_instance BFD_1', BFD_NEEDS)
const FILE = 'file /tmp/ka-track-file'
const TRACK_FILE = block('track_file TF', [FILE])
const TRACKED = [
  SECURITY,
  block('vrrp_script SCR', ['script /usr/bin/true']),
  block('vrrp_track_process TP', ['process nginx']),
  TRACK_FILE,
  BFD,
].join('')
const TRACK_GROUP = block('track_group TG', [block('group', ['VI_1'])])
const SERVER_NEEDS = ['delay_loop 6', 'lvs_sched rr', 'lvs_method NAT', 'protocol TCP']
const REAL_SERVER = block('real_server 10.0.1.1 80', [])
const GROUP = block('virtual_server_group G', ['10.0.0.100 80'])
const URL = block('url', ['path /'])

/** A virtual server; for a firewall mark, which has no protocol, without one. */
function serverOf(address: string, lines: readonly string[]): string {
  const isMark = lines.some((line) => line.startsWith('fwmark'))
  const needs = isMark ? SERVER_NEEDS.filter((line) => !line.startsWith('protocol')) : SERVER_NEEDS
  return block(`virtual_server ${address}`, [...needs, REAL_SERVER])
}

/** An instance with more lines than it needs. */
function instance(lines: readonly string[]): string {
  return block('vrrp_instance VI_1', [...INSTANCE_NEEDS, ...lines])
}

/** A block of the top level between other text. */
function top(opener: string, needs: readonly string[], before = '', after = ''): Frame {
  return { needs, wrap: (lines) => before + block(opener, lines) + after }
}

/** A block inside another one. */
function inside(outer: Frame, opener: string, needs: readonly string[] = []): Frame {
  return { needs, wrap: (lines) => outer.wrap([...outer.needs, block(opener, lines)]) }
}

/** A block that an instance tracks. */
function tracked(opener: string, needs: readonly string[], before = ''): Frame {
  const [, name = ''] = opener.split(' ')
  const list = opener.startsWith('bfd_instance') ? 'track_bfd' : opener.replace(/^(?:vrrp_)?(\w+) .*/, '$1').replace(/^(?!track)/, 'track_')
  return top(opener, needs, before, instance([block(list, [name])]))
}

const vrrpInstance: Frame = top('vrrp_instance VI_1', INSTANCE_NEEDS, SECURITY)
const tracking: Frame = top('vrrp_instance VI_1', INSTANCE_NEEDS, TRACKED)
const members = block('group', ['VI_1', 'VI_2'])
const syncGroup: Frame = top('vrrp_sync_group SG', [members], SECURITY + INSTANCE + SECOND)
const trackingGroup: Frame = top('vrrp_sync_group SG', [members], TRACKED + INSTANCE + SECOND)
const virtualServer: Frame = {
  needs: SERVER_NEEDS,
  wrap: (lines) => SECURITY + block('virtual_server 10.0.0.100 80', [...lines, REAL_SERVER]),
}
const realServer: Frame = {
  needs: [],
  wrap: (lines) =>
    SECURITY + BFD + TRACK_FILE + block('virtual_server 10.0.0.100 80', [...SERVER_NEEDS, block('real_server 10.0.1.1 80', lines)]),
}
const withoutAddress: Frame = { ...vrrpInstance, needs: INSTANCE_NEEDS.filter((line) => line !== VIP) }
const smtpCheck = inside(realServer, 'SMTP_CHECK')

/** What each checker needs. */
const CHECKERS: Readonly<Record<string, readonly string[]>> = {
  HTTP_GET: [URL],
  SSL_GET: [URL],
  TCP_CHECK: [],
  SMTP_CHECK: [],
  DNS_CHECK: [],
  MISC_CHECK: ['misc_path /usr/bin/true'],
  BFD_CHECK: ['name BFD_1'],
  UDP_CHECK: [],
  PING_CHECK: [],
  FILE_CHECK: ['track_file TF'],
}

const FRAMES: ReadonlyMap<string, Frame> = new Map<string, Frame>([
  ['/', { needs: [], wrap: (lines) => `${lines.join('\n')}\n${INSTANCE}` }],
  ['(language)', { needs: [], wrap: (lines) => `${lines.join('\n')}\n${INSTANCE}` }],
  ['global_defs', top('global_defs', SECURE, '', INSTANCE)],
  ['linkbeat_interfaces', top('linkbeat_interfaces', [], '', INSTANCE)],
  ['interface_up_down_delays', top('interface_up_down_delays', [], '', INSTANCE)],
  ['track_group', top('track_group TG', [], INSTANCE)],
  ['vrrp_sync_group', syncGroup],
  ['garp_group', top('garp_group', ['garp_interval 0.1', 'interface eth0'], '', INSTANCE)],
  ['vrrp_script', tracked('vrrp_script SCR', ['script /usr/bin/true'], SECURITY)],
  ['vrrp_track_process', tracked('vrrp_track_process TP', ['process nginx'])],
  ['track_file', tracked('track_file TF', [FILE])],
  ['vrrp_track_file', tracked('vrrp_track_file TF', [FILE])],
  ['vrrp_instance', vrrpInstance],
  ['vrrp_instance/authentication', inside(vrrpInstance, 'authentication', ['auth_type PASS', 'auth_pass secret'])],
  ['vrrp_instance/auth_hmac', inside(vrrpInstance, 'auth_hmac', [`key 1 ${'k'.repeat(32)}`, 'active_key 1'])],
  ['vrrp_instance/unicast_peer', inside(vrrpInstance, 'unicast_peer')],
  ['vrrp_instance/virtual_ipaddress', inside(withoutAddress, 'virtual_ipaddress')],
  ['vrrp_instance/virtual_ipaddress_excluded', inside(vrrpInstance, 'virtual_ipaddress_excluded')],
  ['vrrp_instance/virtual_routes', inside(vrrpInstance, 'virtual_routes')],
  ['vrrp_instance/virtual_rules', inside(vrrpInstance, 'virtual_rules')],
  ['static_ipaddress', top('static_ipaddress', [], TRACK_GROUP, INSTANCE)],
  ['static_routes', top('static_routes', [], TRACK_GROUP, INSTANCE)],
  ['static_rules', top('static_rules', [], TRACK_GROUP, INSTANCE)],
  ['bfd_instance', tracked('bfd_instance BFD_1', BFD_NEEDS)],
  ['SSL', top('SSL', [], '', INSTANCE)],
  ['virtual_server_group', { needs: [], wrap: (lines) => block('virtual_server_group G', lines) + serverOf('group G', lines) }],
  ['virtual_server/opener', { needs: [], wrap: (lines) => GROUP + lines.map((line) => serverOf(line, [line])).join('') }],
  ['virtual_server', virtualServer],
  ['virtual_server/real_server', realServer],
  ['virtual_server/real_server/SMTP_CHECK/host', inside(smtpCheck, 'host')],
  ...Object.entries(CHECKERS).map(([name, needs]) => [`virtual_server/real_server/${name}`, inside(realServer, name, needs)] as const),
  ...['HTTP_GET', 'SSL_GET'].map((name) => {
    const frame = inside(inside(realServer, name), 'url', ['path /'])
    return [`virtual_server/real_server/${name}/url`, frame] as const
  }),
  ...['interface', 'script', 'file', 'process', 'bfd'].flatMap((kind) => [
    [`vrrp_instance/track_${kind}`, inside(tracking, `track_${kind}`)] as const,
    [`vrrp_sync_group/track_${kind}`, inside(trackingGroup, `track_${kind}`)] as const,
  ]),
])

/** The blocks that files can be made for. */
export const FRAMED: ReadonlySet<string> = new Set(FRAMES.keys())

/** A valid file with these lines in a block; what the block needs is left out where a keyword of `instead` says it. */
export function fileWith(path: string, lines: readonly string[], instead: readonly string[]): string {
  const frame = FRAMES.get(path)
  if (frame === undefined) throw new Error(`no frame for ${path}`)
  const own = new Set(instead.map((keyword) => SAME.get(keyword) ?? keyword))
  return frame.wrap([...frame.needs.filter((line) => !own.has(line.split(' ')[0] ?? '')), ...lines])
}
