//! The wanted state as JavaScript hands it over. Numbers come as they are: whether they are
//! integers of their field is seen when they are parsed, and so is what an object holds.

use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi_derive::napi;

/// How an engine runs, fixed for its life.
#[napi(object, object_to_js = false)]
pub struct EngineOptions {
    /// Tells engines in one network namespace apart.
    pub instance_name: Option<String>,
    /// Directory of the lock and of the runtime file; /run/ka-native when absent.
    pub runtime_dir: Option<String>,
    /// SCHED_RR priority (1 to 99) of the engine thread where permitted; 0 = none; 1 when absent.
    pub realtime_priority: Option<f64>,
    /// Catch the process's signals: TERM, INT, HUP, USR1, USR2, ABRT, and the real-time signals SIGRTMIN+2,
    /// SIGRTMAX-1 and SIGRTMAX.
    pub signals: bool,
    /// Resign and remove every address at `stop()` and at TERM and INT; true when absent. Where it is false both stay, and the
    /// addresses are recorded for the next start. Whatever else ends the engine releases all the same.
    pub release_on_stop: Option<bool>,
    /// Tell of every address of the host that comes or goes and is not ours; false when absent.
    pub monitor_addresses: Option<bool>,
    /// JavaScript counts as dead after this long without taking events, rounded up to whole seconds; 0 = never;
    /// 10,000 when absent.
    pub heartbeat_limit_ms: Option<f64>,
    /// Descriptor of a socket on which the kernel tells of processes, as `enterNetworkNamespace()` left it. Absent: opened
    /// where it is needed, which helps in the first network namespace alone.
    pub process_events_fd: Option<f64>,
}

/// Everything the engine shall do from now on.
#[napi(object, object_to_js = false)]
pub struct EngineConfig<'env> {
    /// Time from the engine's opening in which no instance that starts may become Master.
    pub startup_delay_ms: f64,
    /// Time from the host's boot in which no instance that starts may become Master; none when absent. What of it was
    /// over when the engine was opened is not waited for.
    pub delay_after_boot_ms: Option<f64>,
    /// How fast announcements leave; as fast as they can when absent.
    #[napi(ts_type = "GarpPacing")]
    pub garp_pacing: Option<Unknown<'env>>,
    /// Interfaces whose changes count only after a while; none when absent.
    #[napi(ts_type = "Array<InterfaceDelays>")]
    pub interface_delays: Option<Vec<Unknown<'env>>>,
    /// Tell of advertisements for virtual routers that there are none of here; false when absent.
    pub log_unknown_vrids: Option<bool>,
    /// Room for packets that arrive while the engine is busy; never less than without it.
    #[napi(ts_type = "ReceiveBuffers")]
    pub receive_buffers: Option<Unknown<'env>>,
    /// What instances track; nothing when absent.
    #[napi(ts_type = "Array<TrackerConfig>")]
    pub trackers: Option<Vec<Unknown<'env>>>,
    /// Octets of what the kernel tells of processes that may wait to be read (`process_monitor_rcv_bufs`); as the system
    /// has it when absent or 0.
    pub process_receive_buffer: Option<f64>,
    /// More than the limit of the system is meant; false when absent.
    pub process_receive_buffer_force: Option<bool>,
    /// What shall be there whatever the state of the virtual routers; nothing when absent.
    #[napi(ts_type = "StaticObjects")]
    pub static_objects: Option<Unknown<'env>>,
    /// The virtual routers, in the order of the configuration file. No two of them have one name.
    #[napi(ts_type = "Array<InstanceConfig>")]
    pub instances: Vec<Unknown<'env>>,
    /// Instances that change their state together, in the order of the configuration file; none when absent.
    #[napi(ts_type = "Array<GroupConfig>")]
    pub groups: Option<Vec<Unknown<'env>>>,
}

/// Instances that change their state together (`vrrp_sync_group`).
#[napi(object, object_to_js = false)]
pub struct GroupConfig {
    /// Name in events and reports, of no other group, and what makes it the same one at a reload.
    pub name: String,
    /// Names of its instances, at least one, in the order in which they follow. Each is in no other group.
    pub members: Vec<String>,
}

/// Objects of the kernel that are there as long as the engine is. On an interface that is missing they wait for it.
#[napi(object, object_to_js = false)]
pub struct StaticObjects<'env> {
    /// Addresses. One that is listed again on the same interface has the same values there.
    #[napi(ts_type = "Array<VirtualAddress>")]
    pub addresses: Vec<Unknown<'env>>,
    /// Routes, added in this order behind the addresses.
    #[napi(ts_type = "Array<VirtualRoute>")]
    pub routes: Vec<Unknown<'env>>,
    /// Rules, added in this order behind the routes.
    #[napi(ts_type = "Array<VirtualRule>")]
    pub rules: Vec<Unknown<'env>>,
}

/// One virtual router and what it holds while it is Master.
#[napi(object, object_to_js = false)]
pub struct InstanceConfig<'env> {
    /// Name in events and reports.
    pub name: String,
    /// Interface of the advertisements. One with `unicast` and `sourceAddress` may do without: the routing table then
    /// chooses where they leave.
    pub interface: Option<String>,
    /// The interface may be missing now and appear later.
    pub dynamic_interface: bool,
    /// 4 or 6.
    pub family: f64,
    /// VRRP version, 2 or 3.
    pub version: f64,
    /// Virtual router identifier, 1 to 255.
    pub vrid: f64,
    /// Election priority, 1 to 255.
    pub priority: f64,
    /// Configured initial state.
    #[napi(ts_type = "'MASTER' | 'BACKUP'")]
    pub initial_state: Option<String>,
    /// Advertisement interval in microseconds: whole seconds to 255 s in version 2, steps of 10 ms to 40.95 s in
    /// version 3.
    pub advert_int_us: f64,
    /// Missed advertisements before the Master counts as gone, 1 to 100.
    pub down_timer_adverts: f64,
    /// Take over from a Master of lower priority.
    pub preempt: bool,
    /// How long a Master of lower priority is left in place, microseconds up to 1,000 s.
    pub preempt_delay_us: f64,
    /// Source address of advertisements; the interface's own when absent.
    pub source_address: Option<String>,
    /// It is a fault while `sourceAddress` is no address of this host; false when absent.
    pub track_source: Option<bool>,
    /// Multicast group of advertisements; with `unicast` nothing is sent there.
    pub group: String,
    /// The routers that advertisements are exchanged with one by one; absent = by the group.
    #[napi(ts_type = "UnicastConfig")]
    pub unicast: Option<Unknown<'env>>,
    /// PASS authentication: at most 8 octets.
    pub auth_pass: Option<Uint8Array>,
    /// AH authentication: a key of at most 8 octets.
    pub auth_ah: Option<Uint8Array>,
    /// Signing of advertisements; none when absent.
    #[napi(ts_type = "AuthHmacConfig")]
    pub auth_hmac: Option<Unknown<'env>>,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: bool,
    /// `owner_ignore_adverts`.
    pub owner_ignore_adverts: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// What the checksums of VRRPv3 over IPv4 cover: the pseudo-header, except where a unicast peer turns out to use the
    /// old form; the same without the exception; the old form of unicast; no pseudo-header, and anything is accepted; or
    /// any of these, and sent is what the others use. `standard` when absent.
    #[napi(
        ts_type = "'standard' | 'standard-only' | 'old-unicast' | 'no-pseudo-header' | 'follow-peer'"
    )]
    pub checksum: Option<String>,
    /// The IPv4 multicast group that the old form of unicast checksums covers; 224.0.0.18 when absent.
    pub old_unicast_group: Option<String>,
    /// `timer_expired_backup`: highest priority of the others, 1 to 254.
    pub timer_expired_backup: Option<f64>,
    /// `dont_track_primary`.
    pub dont_track_primary: bool,
    /// When gratuitous ARPs and unsolicited neighbor advertisements are sent.
    #[napi(ts_type = "GarpConfig")]
    pub garp: Unknown<'env>,
    /// Addresses that are advertised, in order. One that is listed again on the same interface has the same values
    /// there; it is advertised again and held once.
    #[napi(ts_type = "Array<VirtualAddress>")]
    pub virtual_addresses: Vec<Unknown<'env>>,
    /// Addresses that are held but not advertised.
    #[napi(ts_type = "Array<VirtualAddress>")]
    pub excluded_addresses: Vec<Unknown<'env>>,
    /// Routes that are held, added in this order behind the addresses; none when absent.
    #[napi(ts_type = "Array<VirtualRoute>")]
    pub routes: Option<Vec<Unknown<'env>>>,
    /// Rules that are held, added in this order behind the routes; none when absent.
    #[napi(ts_type = "Array<VirtualRule>")]
    pub rules: Option<Vec<Unknown<'env>>>,
    /// When somebody else removes what it holds as Master, it resigns and is Master again soon; false when absent.
    pub resign_on_loss: Option<bool>,
    /// `promote_secondaries` is set on its interface as long as it is configured; false when absent.
    pub promote_secondaries: Option<bool>,
    /// The IPVS sync daemon that has its role, by its place in `IpvsConfig.syncDaemons`, 0 to 7; none when absent. The role is handed
    /// over without JavaScript, see `Engine.followWith()`.
    pub sync_daemon: Option<f64>,
    /// What it tracks; nothing when absent.
    #[napi(ts_type = "Array<Track>")]
    pub tracks: Option<Vec<Unknown<'env>>>,
}

/// Routers that advertisements are exchanged with one by one.
#[napi(object, object_to_js = false)]
pub struct UnicastConfig<'env> {
    /// The others, in order, no two with one address. Without any the instance is faulty for good.
    #[napi(ts_type = "Array<UnicastPeer>")]
    pub peers: Vec<Unknown<'env>>,
    /// Time to live or hop limit of what is sent, 1 to 255; 255 over IPv4 and 64 over IPv6 when absent.
    pub ttl: Option<f64>,
    /// Accept advertisements of the peers alone, and only within their limits.
    pub check_source: bool,
}

/// A router that advertisements are exchanged with.
#[napi(object, object_to_js = false)]
pub struct UnicastPeer {
    /// Its address.
    pub address: String,
    /// Least TTL or hop limit of what it sends, 0 to 255; 0 when absent.
    pub min_ttl: Option<f64>,
    /// Greatest TTL or hop limit of what it sends, 0 to 255; 255 when absent.
    pub max_ttl: Option<f64>,
}

/// How advertisements are signed, and what received ones have to be signed with.
#[napi(object, object_to_js = false)]
pub struct AuthHmacConfig<'env> {
    /// The keys that are accepted, each with an identifier of its own.
    #[napi(ts_type = "Array<AuthHmacKey>")]
    pub keys: Vec<Unknown<'env>>,
    /// Identifier of the key that signs.
    pub active_key: f64,
    /// Seconds that the clocks of sender and receiver may differ, 1 to 300.
    pub time_window_s: f64,
    /// How repeated advertisements are recognised.
    #[napi(ts_type = "'time' | 'monotonic'")]
    pub anti_replay: String,
    /// What is signed, and what has to be.
    #[napi(ts_type = "'enforce' | 'permissive' | 'receive-only'")]
    pub mode: String,
}

/// A key that advertisements are signed with.
#[napi(object, object_to_js = false)]
pub struct AuthHmacKey {
    /// Identifier, 1 to 255.
    pub id: f64,
    /// 32 to 64 octets.
    pub key: Uint8Array,
}

/// Gratuitous ARP schedule; a round is one message for each address.
#[napi(object, object_to_js = false)]
pub struct GarpConfig {
    /// From the first block as Master to the second, up to 4,294 s; 0 = no second.
    pub master_delay_ms: f64,
    /// Rounds in each of these blocks, at least 1.
    pub master_repeat: f64,
    /// Period of repeated rounds in seconds; 0 = none.
    pub master_refresh_s: f64,
    /// Rounds in each repetition, at least 1.
    pub master_refresh_repeat: f64,
    /// From the block after a lower-priority advertisement to another, up to 4,294 s; 0 = no other.
    pub lower_prio_delay_ms: f64,
    /// Rounds in each of these blocks; 0 = none.
    pub lower_prio_repeat: f64,
    /// Period of one announcement on each interface other than the instance's own, in seconds up to a day; 0
    /// or absent = none.
    pub extra_interfaces_s: Option<f64>,
}

/// An address and how the kernel shall carry it.
#[napi(object, object_to_js = false)]
pub struct VirtualAddress {
    /// The address.
    pub address: String,
    /// Prefix length, 0 to 32 or 128.
    pub prefix_length: f64,
    /// Interface that carries it.
    pub interface: String,
    /// Scope number of rtnetlink(7), 0 to 255; 0 = global.
    pub scope: f64,
    /// IPv4 label.
    pub label: Option<String>,
    /// IPv4 broadcast address.
    pub broadcast: Option<String>,
    /// Far end of a point-to-point address.
    pub peer: Option<String>,
    /// Preferred lifetime in seconds (IPv6); absent = forever.
    pub preferred_lifetime_s: Option<f64>,
    /// Skip duplicate address detection (IPv6).
    pub no_dad: bool,
    /// Mobile IPv6 home address.
    pub home: bool,
    /// The kernel may derive temporary addresses from it.
    pub manage_temporary: bool,
    /// No route to the prefix.
    pub no_prefix_route: bool,
    /// Join the multicast group at the Ethernet level.
    pub auto_join: bool,
    /// When others remove it, that is none of our business; false when absent.
    pub no_track: Option<bool>,
}
