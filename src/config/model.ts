/**
 * `Config`: what a configuration says, with every default and global applied. Everything else reads this.
 *
 * Fields are named after the keywords they come from. Durations are whole microseconds (`...Us`), as
 * keepalived keeps them; addresses are in canonical text form.
 */
/** The address owner's priority. */
export const OWNER = 255
/** The priority of an instance that says neither priority nor state. */
export const DEFAULT_PRIORITY = 100

/** IP version of an address or a virtual router. */
export type Family = 4 | 6

/** A complete configuration. */
export interface Config {
  /** `instance`: names this daemon among several in one network namespace. */
  readonly instance: string | undefined
  readonly globalDefs: GlobalDefs
  /** In the order of the file. An instance that lacks its interface or VRID is not listed: diagnostics say so. */
  readonly vrrpInstances: readonly VrrpInstance[]
}

/** `global_defs`, as far as it is not folded into the instances. */
export interface GlobalDefs {
  /** `router_id`; the host name unless set. */
  readonly routerId: string
  /** `dynamic_interfaces`: interfaces named in the configuration may be missing at start. */
  readonly dynamicInterfaces: boolean
  /** `dynamic_interfaces allow_if_changes`. */
  readonly allowIfChanges: boolean
  /** `default_interface`, default eth0. */
  readonly defaultInterface: string
  /** `script_user`: the account of scripts that name none. */
  readonly scriptUser: ScriptAccount | undefined
  /** `enable_script_security`: a script that names no account is not run as the daemon itself. */
  readonly enableScriptSecurity: boolean
  /** `vrrp_startup_delay`: how long VRRP is held back after the start. Default 0. */
  readonly vrrpStartupDelayUs: number
  /** `vrrp_rt_priority`: real-time priority 1..99; 0 when not asked for. */
  readonly vrrpRtPriority: number
}

/** One virtual router: `vrrp_instance NAME`. */
export interface VrrpInstance {
  readonly name: string
  /** `interface`. */
  readonly interface: string
  /** IP version, which the first address decides. */
  readonly family: Family
  /** `version`, else `vrrp_version`; 3 for IPv6 unless the instance itself says 2 first. */
  readonly version: 2 | 3
  /** `virtual_router_id`, 1..255. */
  readonly virtualRouterId: number
  /** `priority`, 1..255; 255 is the address owner. Default 100, or 255 with `state MASTER`. */
  readonly priority: number
  /** `state`: the state wished for at start. Default MASTER with priority 255, else BACKUP. */
  readonly state: 'MASTER' | 'BACKUP'
  /** Whether `state` is written in the file: an address owner that says BACKUP waits before it takes over. */
  readonly isStateExplicit: boolean
  /** `advert_int`: whole seconds with version 2, whole 10 ms with version 3. Default 1 s. */
  readonly advertIntUs: number
  /** `down_timer_adverts`, 1..100. Default 3. */
  readonly downTimerAdverts: number
  /** `preempt` / `nopreempt`. Default true. */
  readonly preempt: boolean
  /** `preempt_delay`, up to 1000 s. Default 0. */
  readonly preemptDelayUs: number
  /** `timer_expired_backup`: the highest priority of the others, 1..254; absent when off. */
  readonly timerExpiredBackup: number | undefined
  /** `mcast_src_ip`; absent: the primary address of the interface. */
  readonly mcastSrcIp: string | undefined
  /** `mcast_dst_ip`, else `vrrp_mcast_group4` or `vrrp_mcast_group6`: where advertisements go. */
  readonly mcastDstIp: string
  /** `authentication`; absent: none. Only with version 2 over IPv4. */
  readonly authentication: PassAuthentication | undefined
  /** `virtual_ipaddress`: held and advertised by the Master, in configured order. */
  readonly virtualIpaddress: readonly VirtualAddress[]
  /** `virtual_ipaddress_excluded`, and what did not fit an advertisement: held, not advertised. */
  readonly virtualIpaddressExcluded: readonly VirtualAddress[]
  readonly garp: GarpSchedule
  /** `lower_prio_no_advert`: does not answer an advertisement of lower priority. Default false. */
  readonly lowerPrioNoAdvert: boolean
  /** `higher_prio_send_advert`: sends one advertisement before yielding. Default false. */
  readonly higherPrioSendAdvert: boolean
  /** `owner_ignore_adverts`: an address owner ignores advertisements. Default false. */
  readonly ownerIgnoreAdverts: boolean
  /** `skip_check_adv_addr`: does not compare the addresses of each advertisement of the same Master. Default false. */
  readonly skipCheckAdvAddr: boolean
  /** `v3_checksum_as_v2`: no pseudo-header in IPv4 version 3 checksums. Default false. */
  readonly v3ChecksumAsV2: boolean
  /** `dont_track_primary`: faults of the instance's own interface are ignored. Default false. */
  readonly dontTrackPrimary: boolean
  /** `notify` and its relatives. */
  readonly notify: NotifyScripts
  /** `debug`, 0..4; no effect, as in normal builds of keepalived. */
  readonly debug: number
}

/** `auth_type PASS` with `auth_pass`. */
export interface PassAuthentication {
  readonly type: 'PASS'
  /** 1 to 8 octets, not padded. */
  readonly password: Secret
}

/** When gratuitous ARPs and unsolicited neighbor advertisements are sent: the `garp_*` keywords. */
export interface GarpSchedule {
  /** `garp_master_delay`: from the first to the second block; 0: no second block. Default 5 s. */
  readonly masterDelayUs: number
  /** `garp_master_repeat`: rounds in a block. Default 5. */
  readonly masterRepeat: number
  /** `garp_master_refresh`: period while Master; 0: never. Default 0. */
  readonly masterRefreshUs: number
  /** `garp_master_refresh_repeat`: rounds of each refresh. Default 1, 0 with `vrrp_min_garp`. */
  readonly masterRefreshRepeat: number
  /** `garp_lower_prio_delay`. Default: the global master delay. */
  readonly lowerPrioDelayUs: number
  /** `garp_lower_prio_repeat`. Default: the global master repeat. */
  readonly lowerPrioRepeat: number
}

/** A line of `virtual_ipaddress` or `virtual_ipaddress_excluded`. */
export interface VirtualAddress {
  readonly family: Family
  readonly address: string
  /** Default 32 or 128; always that with `peer`. */
  readonly prefixLength: number
  /** `dev`, else the interface of the instance. */
  readonly dev: string
  /** `scope` as the kernel's number: 0 global, 200 site, 253 link, 254 host, 255 nowhere. */
  readonly scope: number
  /** `label`, IPv4 only. */
  readonly label: string | undefined
  /** `brd` / `broadcast`, IPv4 only, `+` and `-` worked out. */
  readonly brd: string | undefined
  /** `peer`: the far end. */
  readonly peer: string | undefined
  /** `preferred_lft` in seconds; absent: forever. Default 0 (deprecated) for an IPv6 /128, else forever. */
  readonly preferredLftS: number | undefined
  /** No duplicate address detection: true for IPv6 unless the line says `-nodad`. */
  readonly noDad: boolean
  /** `home`. */
  readonly home: boolean
  /** `mngtmpaddr`. */
  readonly mngtmpaddr: boolean
  /** `noprefixroute`. */
  readonly noprefixroute: boolean
  /** `autojoin`. */
  readonly autojoin: boolean
  /** `no_track`: losing the address or its interface does not concern the instance. */
  readonly noTrack: boolean
}

/** The scripts of an instance. */
export interface NotifyScripts {
  /** `notify`: at every transition, with INSTANCE, the name, the state and the priority as further arguments. */
  readonly notify: ScriptCommand | undefined
  readonly notifyMaster: ScriptCommand | undefined
  readonly notifyBackup: ScriptCommand | undefined
  readonly notifyFault: ScriptCommand | undefined
  /** `notify_stop`: when the daemon stops. */
  readonly notifyStop: ScriptCommand | undefined
}

/** A program with its arguments, read by the language's second reading. */
export interface ScriptCommand {
  readonly path: string
  readonly args: readonly string[]
  /** The account the line names; absent: `script_user`, or the account keepalived_script, or the daemon's own. */
  readonly account: ScriptAccount | undefined
}

/** `USER [[:]GROUP]`. */
export interface ScriptAccount {
  readonly user: string
  /** Absent: the user's primary group. */
  readonly group: string | undefined
  /** The user's supplementary groups are set too: a group word that starts with a colon. */
  readonly supplementaryGroups: boolean
}

/** Octets that never appear in a log, a dump or JSON: a private field is not inspected either. */
export class Secret {
  readonly #octets: Uint8Array

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  /** A copy of the octets, for the engine alone. */
  reveal(): Uint8Array {
    return this.#octets.slice()
  }

  toString(): string {
    return '********'
  }

  toJSON(): string {
    return this.toString()
  }
}
