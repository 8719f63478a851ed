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
}

/// Everything the engine shall do from now on.
#[napi(object, object_to_js = false)]
pub struct EngineConfig<'env> {
    /// Time from the engine's opening in which no instance that starts may become Master.
    pub startup_delay_ms: f64,
    /// What instances track; nothing when absent.
    #[napi(ts_type = "Array<TrackerConfig>")]
    pub trackers: Option<Vec<Unknown<'env>>>,
    /// The virtual routers, in the order of the configuration file. No two of them have one name.
    #[napi(ts_type = "Array<InstanceConfig>")]
    pub instances: Vec<Unknown<'env>>,
}

/// One virtual router and what it holds while it is Master.
#[napi(object, object_to_js = false)]
pub struct InstanceConfig<'env> {
    /// Name in events and reports.
    pub name: String,
    /// Interface of the advertisements.
    pub interface: String,
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
    /// Multicast group of advertisements.
    pub group: String,
    /// PASS authentication: at most 8 octets.
    pub auth_pass: Option<Uint8Array>,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: bool,
    /// `owner_ignore_adverts`.
    pub owner_ignore_adverts: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// `v3_checksum_as_v2`.
    pub v3_checksum_as_v2: bool,
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
    /// What it tracks; nothing when absent.
    #[napi(ts_type = "Array<Track>")]
    pub tracks: Option<Vec<Unknown<'env>>>,
}

/// Something that instances track, and whose results `setTrack()` tells.
#[napi(object, object_to_js = false)]
pub struct TrackerConfig {
    /// Names it in results, 0 to 4,294,967,295. What a reload keeps has the same number before and after.
    pub id: f64,
    /// Tells results of this configuration from those of another, 0 to 4,294,967,295. With the same one, what is known
    /// of it stays.
    pub generation: f64,
    /// Name in events and in the snapshot.
    pub name: String,
    /// What is known of it when the configuration comes.
    #[napi(ts_type = "'unknown' | 'up' | 'down'")]
    pub initial: String,
    /// Without a result for this long it counts as failed, in time that the process runs, rounded up to whole seconds;
    /// never when absent.
    pub stale_after_ms: Option<f64>,
}

/// That an instance tracks something, and how that counts.
#[napi(object, object_to_js = false)]
pub struct Track {
    /// Number of the tracker.
    pub tracker: f64,
    /// Part of the priority, -1,000 to 1,000: added while up when it is positive, and while down when it is negative.
    /// With 0 being down is a fault.
    pub weight: f64,
    /// The weight counts with the other sign, and with 0 being up is the fault.
    pub reverse: bool,
}

/// What a tracker says now.
#[napi(object, object_to_js = false)]
pub struct TrackerResult {
    /// Number of the tracker.
    pub tracker: f64,
    /// Generation of its configuration that this is a result of.
    pub generation: f64,
    /// What it says.
    #[napi(ts_type = "'unknown' | 'up' | 'down'")]
    pub state: String,
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
}
