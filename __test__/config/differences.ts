/**
 * Where the status of a configuration test differs from keepalived 2.2.7, and why.
 *
 * Each reason is the subject of a row of docs/compatibility.md.
 */
import type { Row } from './differential/rows.ts'

/** Files whose statuses differ for the same reason. */
export interface Difference {
  /** The first column of a row of docs/compatibility.md. */
  readonly reason: string
  /** Names of files, or patterns for whole names. */
  readonly files: readonly (string | RegExp)[]
}

/** What Debian's 2.2.7 does not know, by block: newer keywords, and one that it is built without. */
export const NEWER: Readonly<Record<string, readonly string[]>> = {
  global_defs: [
    'dbus_no_interface_name',
    'iproute_etc_dir',
    'iproute_usr_dir',
    'json_dump_file',
    'json_version',
    'set_supplementary_groups',
    'snmp_rs_stats_update_interval',
    'snmp_vs_stats_update_interval',
    'state_dump_file',
    'stats_dump_file',
    'use_symlink_paths',
    'v3_checksum_as_v2',
    'vrrp_delay_after_boot',
    'vrrp_ipsets',
    'vrrp_owner_ignore_adverts',
  ],
  vrrp_instance: [
    'auth_hmac',
    'no_virtual_ipaddress',
    'owner_ignore_adverts',
    'thread_timer_expired',
    'timer_expired_backup',
    'v3_checksum_as_v2',
  ],
  'vrrp_instance/auth_hmac': ['active_key', 'anti_replay', 'key', 'mode', 'time_window'],
  bfd_instance: ['multihop'],
  'virtual_server/real_server/HTTP_GET': ['sni_name'],
  'virtual_server/real_server/SSL_GET': ['sni_name', 'tls_compliant'],
  'virtual_server/real_server/SSL_GET/url': ['tls_compliant'],
  '(language)': ['_ENV'],
}

/** Files that 2.2.7 never comes back from: it is not asked about them. The reason is that of the crashes. */
export const ENDLESS: ReadonlySet<string> = new Set(['vrrp_instance/track_file/(line)/wrong', 'vrrp_sync_group/track_file/(line)/wrong'])

/** All other differences. */
export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'Mistakes that crash or hang 2.2.7',
    files: [
      'bfd_instance/neighbor_ip/missing',
      'bfd_instance/neighbour_ip/missing',
      /virtual_server\/(?:fwmark|group)\/missing/,
      /virtual_server\/real_server\/HTTP_GET\/(?:empty|named|bare|open|twice|nonsense)/,
      /virtual_server\/real_server\/SSL_GET\/(?:empty|bare|named|open|twice|nonsense)/,
      /virtual_server\/real_server\/HTTP_GET\/url\/(?:empty|named|bare|open|twice|nonsense|upper)/,
      /virtual_server\/real_server\/SSL_GET\/url\/(?:empty|bare)/,
      'virtual_server/real_server/HTTP_GET/url/path/upper',
      /top\/virtual_server_group\/(?:named|bare)/,
    ],
  },
  {
    reason: "Keywords and values newer than Debian's 2.2.7",
    files: [
      /vrrp_script\/(?:interval|timeout)\/min/,
      /garp_group\/g(?:arp|na)_interval\/max/,
      /global_defs\/umask-IRWX[UGO]\/minimal/,
      /vrrp_instance\/use_vmac-(?:name|netlink_notify_msg|group)\/minimal/,
      /vrrp_instance\/use_ipvlan-(?:name|group)\/minimal/,
      /vrrp_instance\/use_vmac-group\/(?:min|max|missing|surplus|twice)/,
      /vrrp_instance\/use_ipvlan-group\/(?:min|max|missing|surplus)/,
      /vrrp_instance\/use_(?:vmac|ipvlan)-name\/(?:missing|wrong)/,
      /vrrp_instance\/use_vmac\/(?:full|wrong-2)/,
      /vrrp_instance\/use_ipvlan\/(?:full|with-(?:private|vepa))/,
      'vrrp_instance/unicast_peer/(line)/twice',
      /virtual_server(?:\/real_server(?:\/HTTP_GET(?:\/url)?)?)?\/virtualhost\/twice/,
      'virtual_server/real_server/HTTP_GET/url/path/twice',
      'global_defs/notification_email_from/surplus',
      /global_defs\/lvs_sync_daemon(?:\/surplus|-inst\/wrong)/,
      /\(language\)\/_RANDOM\/(?:surplus|wrong-order)/,
      'whole/virtual-routes-rules',
      'top/net_namespace_ipvs/twice',
    ],
  },
  {
    reason: 'An account that does not exist after a notify script or a FIFO',
    files: [
      /.*\/(?:notify(?:_(?:master|backup|fault|stop|up|down|master_rx_lower_pri))?|quorum_(?:up|down)|(?:vrrp_|lvs_)?notify_fifo(?:_script)?)\/(?:wrong-[23]|surplus)/,
      /vrrp_instance\/notify_deleted\/wrong-[23]/,
    ],
  },
  {
    reason: 'A block of lines without `{`',
    files: [/vrrp_(?:instance|sync_group)\/(?:track_\w+|virtual_ipaddress_excluded|virtual_routes|virtual_rules)\/bare/],
  },
  {
    reason: 'Any word after `vrrp_strict` and `vrrp_skip_check_adv_addr`',
    files: [/global_defs\/vrrp_(?:strict|skip_check_adv_addr)\/(?:wrong|surplus)/],
  },
  { reason: 'Names of mail relays (`smtp_server`)', files: ['global_defs/smtp_server/wrong'] },
  {
    reason: '`inet` and `inet6` in route and rule lines, single ports, `to default`',
    files: [
      'vrrp_instance/virtual_routes/inet/surplus',
      /(?:vrrp_instance\/virtual|static)_rules\/inet\/(?:minimal|surplus)/,
      /(?:vrrp_instance\/virtual|static)_rules\/[sd]port\/wrong/,
      /vrrp_instance\/virtual_rules\/to\/with-(?:default|any|all)/,
    ],
  },
  {
    reason: 'Numbers of routes and rules that do not fit, or are empty',
    files: [
      /(?:vrrp_instance\/virtual|static)_routes\/table\/(?:below|above)/,
      'vrrp_instance/virtual_rules/ipproto/max',
      'vrrp_instance/virtual_rules/preference/quoted-empty',
      'vrrp_instance/virtual_routes/encap/ip6/upper',
    ],
  },
  {
    reason: '`vrf` of a route that names another kind of interface',
    files: [/(?:vrrp_instance\/virtual|static)_routes\/vrf\/(?:minimal|twice)/],
  },
  { reason: 'Chained conditions (`@a @^b ...`)', files: ['(language)/@^ID/chained'] },
  { reason: 'A second `net_namespace`', files: ['top/net_namespace/twice'] },
]

/** Whether a row is about a keyword that 2.2.7 does not know. */
export function isNewer({ block, keyword }: Row): boolean {
  return NEWER[block]?.includes(keyword.split(' ')[0] ?? '') ?? false
}

/** The reasons that are given for a file. */
export function reasonsFor(name: string): string[] {
  return DIFFERENCES.filter(({ files }) => files.some((file) => matches(file, name))).map(({ reason }) => reason)
}

/** Whether a file is meant: a pattern holds for the whole name. */
export function matches(file: string | RegExp, name: string): boolean {
  return typeof file === 'string' ? file === name : new RegExp(`^(?:${file.source})$`).test(name)
}
