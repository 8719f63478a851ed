//! What the host wants: the whole state, handed over as one value.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ka_vrrp::{RouterConfig, TrackerState, Weight};
use ka_wire::Family;

/// Everything the engine shall do from now on.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// Time from the engine's opening in which no instance may become Master.
    pub startup_delay: Duration,
    /// What instances track.
    pub trackers: Vec<TrackerConfig>,
    /// The virtual routers, in the order of the configuration file.
    pub instances: Vec<InstanceConfig>,
}

/// One virtual router and what it holds while it is Master.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceConfig {
    /// Name in events and reports, of no other instance; not the identity at a reload.
    pub name: Arc<str>,
    /// Interface that advertisements are sent and received on.
    pub interface: Arc<str>,
    /// The interface may be missing now and appear later (`dynamic_interfaces`).
    pub dynamic_interface: bool,
    /// Source address of advertisements; the interface's own when `None`.
    pub source: Option<IpAddr>,
    /// Multicast group of advertisements.
    pub group: IpAddr,
    /// The protocol's parameters.
    pub router: RouterConfig,
    /// Addresses held as Master: advertised ones, then excluded ones. One that is there again on
    /// the same interface is the same in every respect, and held once.
    pub addresses: Vec<VirtualAddress>,
    /// What it tracks.
    pub tracks: Vec<Track>,
}

/// Names a tracker. One that a reload keeps has the same name before and after; no other ever gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackerId(pub u32);

/// Something that instances track and the host reports of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerConfig {
    /// Names it in results.
    pub id: TrackerId,
    /// Tells results of this configuration from those of another. With the same one, what is known
    /// of the tracker stays.
    pub generation: u32,
    /// Name in events and reports.
    pub name: Arc<str>,
    /// What is known of it when the configuration comes.
    pub initial: TrackerState,
    /// Without a result for this long it counts as failed, in time that the engine runs and in whole
    /// seconds; `None`: never.
    pub stale_after: Option<Duration>,
}

/// That an instance tracks something, and how that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// What it tracks.
    pub tracker: TrackerId,
    /// How that counts.
    pub weight: Weight,
}

/// What makes an instance the same one before and after a reload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) vrid: u8,
    pub(crate) family: u8,
    pub(crate) interface: Arc<str>,
    pub(crate) group: IpAddr,
}

impl InstanceConfig {
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            vrid: self.router.vrid,
            family: match self.router.family {
                Family::V4 => 4,
                Family::V6 => 6,
            },
            interface: Arc::clone(&self.interface),
            group: self.group,
        }
    }
}

/// An address and how the kernel shall carry it (ip-address(8)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length, 0 to 32 or 128.
    pub prefix_len: u8,
    /// Interface that carries it.
    pub interface: Arc<str>,
    /// Scope number of rtnetlink(7), 0 = global.
    pub scope: u8,
    /// IPv4 label; the interface's name when `None`.
    pub label: Option<String>,
    /// IPv4 broadcast address.
    pub broadcast: Option<IpAddr>,
    /// Far end of a point-to-point address.
    pub peer: Option<IpAddr>,
    /// Preferred lifetime in seconds of an IPv6 address; `None` = forever.
    pub preferred_lifetime: Option<u32>,
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

/// How an engine runs, fixed for its life.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Tells engines in one network namespace apart.
    pub instance_name: Option<String>,
    /// Directory of the lock and of the runtime file.
    pub runtime_dir: std::path::PathBuf,
    /// SCHED_RR priority of the engine thread, where permitted; `None` = no real time.
    pub realtime_priority: Option<u8>,
    /// Catch the process's signals: only for a host that is a daemon.
    pub signals: bool,
    /// Resign and remove every address at an orderly stop; else both stay, the addresses recorded
    /// for the next start. Whatever else ends the engine releases all the same.
    pub release_on_stop: bool,
    /// Tell of every address of the host that comes or goes and is not ours.
    pub monitor_addresses: bool,
    /// The host counts as dead when it has not answered this long; `None` = never.
    pub heartbeat_limit: Option<Duration>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            instance_name: None,
            runtime_dir: "/run/ka-native".into(),
            realtime_priority: Some(1),
            signals: false,
            release_on_stop: true,
            monitor_addresses: false,
            heartbeat_limit: Some(Duration::from_secs(10)),
        }
    }
}
