/**
 * Keywords that are known and not acted on yet, where leaving them out changes what the daemon does to a
 * network: each says what. All other keywords without a decoder get the plain note "not supported yet".
 */

/** What a note says where leaving a keyword out would be wrong: a check accepts it, as keepalived does. */
export const REFUSED = '`start` refuses this configuration'

/** How a missing keyword is reported: `refuse` when running without it would be wrong, `warn` when it would be less. */
export interface Consequence {
  readonly effect: 'refuse' | 'warn'
  /** What is not done, continuing "not supported yet: ". */
  readonly without: string
}

function refuse(without: string): Consequence {
  return { effect: 'refuse', without }
}

function warn(without: string): Consequence {
  return { effect: 'warn', without }
}

const NOT_TRACKED = warn('what it tracks has no influence on the priority or the state')
const NO_STATIC = warn('nothing is installed at start')

/** By block path, then keyword. */
export const CONSEQUENCES: Readonly<Record<string, ReadonlyMap<string, Consequence>>> = {
  '/': new Map([
    ['net_namespace', refuse('the virtual routers would run in another network')],
    ['net_namespace_ipvs', warn('no IPVS service is set up')],
    ['vrrp_sync_group', warn('its instances change state independently of each other')],
    ['interface_up_down_delays', warn('interface changes take effect at once')],
    ['static_ipaddress', NO_STATIC],
    ['static_routes', NO_STATIC],
    ['static_rules', NO_STATIC],
    ['garp_group', warn('gratuitous ARPs are not paced')],
    ['virtual_server', warn('no IPVS service is set up')],
    ['virtual_server_group', warn('no IPVS service is set up')],
    ['linkbeat_use_polling', warn('link state comes from the kernel alone')],
    ['linkbeat_interfaces', warn('link state comes from the kernel alone')],
  ]),
  global_defs: new Map([
    ['enable_script_security', warn('scripts that others may change are not refused')],
    ['vrrp_check_unicast_src', warn('senders are not compared with the unicast peers')],
    ['vrrp_garp_interval', warn('gratuitous ARPs are not paced')],
    ['vrrp_gna_interval', warn('unsolicited neighbor advertisements are not paced')],
    ['vrrp_delay_after_boot', warn('VRRP does not wait after a boot')],
    ['disable_local_igmp', warn('kernel IGMP reports are left as they are')],
  ]),
  vrrp_instance: new Map([
    ['unicast_peer', refuse('the instance would send to the multicast group instead')],
    ['auth_hmac', refuse('the instance would run without authentication')],
    ['use_vmac', refuse('the instance would use the MAC address of its interface')],
    ['use_ipvlan', refuse('the instance would run on its interface itself')],
    ['vrf', warn('sockets are not bound to the VRF')],
    ['unicast_src_ip', warn('the source address is the one of the interface')],
    ['unicast_ttl', warn('it concerns unicast only')],
    ['unicast_fault_no_peer', warn('without peers the instance uses multicast')],
    ['check_unicast_src', warn('senders are not compared with the unicast peers')],
    ['old_unicast_checksum', warn('it concerns unicast only')],
    ['use_vmac_addr', warn('addresses stay on their interfaces')],
    ['vmac_xmit_base', warn('it concerns use_vmac only')],
    ['track_interface', NOT_TRACKED],
    ['track_script', NOT_TRACKED],
    ['track_file', NOT_TRACKED],
    ['track_process', NOT_TRACKED],
    ['track_bfd', NOT_TRACKED],
    ['track_src_ip', warn('losing the source address follows the rules of the interface')],
    ['no_accept', warn('packets to the virtual addresses are accepted')],
    ['promote_secondaries', warn('the kernel setting is left as it is')],
    ['virtual_routes', warn('no route is installed')],
    ['virtual_rules', warn('no rule is installed')],
    ['linkbeat_use_polling', warn('link state comes from the kernel alone')],
    ['lvs_sync_daemon_interface', warn('the IPVS sync daemon is not run')],
  ]),
}
