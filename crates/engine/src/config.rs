//! What the host wants: the whole state, handed over as one value.

mod routing;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::buffers::ReceiveBuffers;
use crate::debounce::InterfaceDelays;
use crate::pacing::GarpPacing;
use ka_vrrp::RouterConfig;
use ka_wire::Family;
use rustix::fd::OwnedFd;

pub use crate::tracker_config::{
    InitFile, ParameterMatch, ProcessConfig, ProcessEvents, ProcessMatch, Track, TrackerConfig,
    TrackerId, TrackerKind, TrackerSource,
};

pub use routing::{VirtualRoute, VirtualRule};

/// Everything the engine shall do from now on.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// Time from the engine's opening in which no instance may become Master.
    pub startup_delay: Duration,
    /// Time from the host's boot in which no instance may become Master; what of it was over when the
    /// engine was opened is not waited for (`vrrp_delay_after_boot`).
    pub delay_after_boot: Duration,
    /// How fast announcements leave.
    pub garp_pacing: GarpPacing,
    /// Interfaces whose changes count only after a while.
    pub interface_delays: Vec<InterfaceDelays>,
    /// Tell of advertisements for virtual routers that there are none of here (`log_unknown_vrids`).
    pub log_unknown_vrids: bool,
    /// Room for packets that arrive while the engine is busy.
    pub receive_buffers: ReceiveBuffers,
    /// What instances track.
    pub trackers: Vec<TrackerConfig>,
    /// How the kernel tells of processes.
    pub process_events: ProcessEvents,
    /// What shall be there whatever the state of the virtual routers.
    pub static_objects: StaticObjects,
    /// The virtual routers, in the order of the configuration file.
    pub instances: Vec<InstanceConfig>,
    /// Sync groups, in the order of the configuration file.
    pub groups: Vec<GroupConfig>,
}

/// Instances that change their state together (`vrrp_sync_group`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// Name in events and reports, of no other group, and the identity at a reload.
    pub name: Arc<str>,
    /// Names of its instances, at least one, in the order in which they follow. Each is in no other group.
    pub members: Vec<Arc<str>>,
}

/// Objects of the kernel that are there as long as the engine is (`static_ipaddress` and so on). On an
/// interface that is missing they wait for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StaticObjects {
    /// Addresses. One that is listed again on the same interface is the same in every respect.
    pub addresses: Vec<VirtualAddress>,
    /// Routes, added in this order behind the addresses.
    pub routes: Vec<VirtualRoute>,
    /// Rules, added in this order behind the routes.
    pub rules: Vec<VirtualRule>,
}

impl StaticObjects {
    pub(crate) fn len(&self) -> usize {
        self.addresses.len() + self.routes.len() + self.rules.len()
    }
}

/// One virtual router and what it holds while it is Master.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceConfig {
    /// Name in events and reports, of no other instance; not the identity at a reload.
    pub name: Arc<str>,
    /// Interface that advertisements are sent and received on. Only with unicast peers and a source of
    /// its own may an instance do without: routing then decides where they leave.
    pub interface: Option<Arc<str>>,
    /// The interface may be missing now and appear later (`dynamic_interfaces`).
    pub dynamic_interface: bool,
    /// Source address of advertisements; the interface's own when `None`.
    pub source: Option<IpAddr>,
    /// It is a fault while `source` is no address of this host (`track_src_ip`).
    pub track_source: bool,
    /// Multicast group of advertisements; with unicast peers nothing is sent there.
    pub group: IpAddr,
    /// Advertisements go to the peers of the router's configuration, and come from there.
    pub unicast: Option<UnicastConfig>,
    /// The protocol's parameters.
    pub router: RouterConfig,
    /// Addresses held as Master: advertised ones, then excluded ones. One that is there again on
    /// the same interface is the same in every respect, and held once.
    pub addresses: Vec<VirtualAddress>,
    /// Routes held as Master, added in this order.
    pub routes: Vec<VirtualRoute>,
    /// Rules held as Master, added in this order.
    pub rules: Vec<VirtualRule>,
    /// When others remove something that it holds as Master, it resigns and is Master again soon;
    /// otherwise what was removed is added again and that is all.
    pub resign_on_loss: bool,
    /// `promote_secondaries` is set on its interface as long as it is configured.
    pub promote_secondaries: bool,
    /// What it tracks.
    pub tracks: Vec<Track>,
    /// The IPVS sync daemon that has its role, by its place in the configuration of IPVS.
    pub sync_daemon: Option<u8>,
}

/// How advertisements are sent to unicast peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnicastConfig {
    /// Time to live or hop limit, at least 1; `None`: 255 over IPv4, and over IPv6 the kernel's default
    /// of 64 (`unicast_ttl`).
    pub ttl: Option<u8>,
}

/// What makes an instance the same one before and after a reload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity {
    pub(crate) vrid: u8,
    pub(crate) family: u8,
    pub(crate) interface: Option<Arc<str>>,
    pub(crate) destination: Destination,
    /// Unicast instances that are the same in all this have different peers: how many of them the
    /// configuration names before this one.
    pub(crate) rank: u32,
}

/// Where advertisements go, as far as it makes an instance another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Destination {
    /// To a group.
    Group(IpAddr),
    /// To peers, from this address if one is configured.
    Peers(Option<IpAddr>),
}

impl InstanceConfig {
    /// What it is at a reload, the first of its rank.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            vrid: self.router.vrid,
            family: match self.router.family {
                Family::V4 => 4,
                Family::V6 => 6,
            },
            interface: self.interface.clone(),
            destination: match self.unicast {
                None => Destination::Group(self.group),
                Some(_) => Destination::Peers(self.source),
            },
            rank: 0,
        }
    }

    /// The unicast peers that it sends to.
    pub(crate) fn peers(&self) -> impl Iterator<Item = IpAddr> {
        let peers = self
            .router
            .unicast
            .iter()
            .flat_map(|unicast| &unicast.peers);
        peers.map(|peer| peer.address)
    }

    /// The address that must be one of this host.
    pub(crate) fn watched_source(&self) -> Option<IpAddr> {
        self.source.filter(|_| self.track_source)
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
    /// When others remove it, that is none of our business (`no_track`).
    pub no_track: bool,
}

impl VirtualAddress {
    /// Whether the kernel carries both in the same way.
    pub(crate) fn is_carried_as(&self, other: &Self) -> bool {
        if self.no_track == other.no_track {
            return self == other;
        }
        let no_track = other.no_track;
        *other
            == Self {
                no_track,
                ..self.clone()
            }
    }
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
    /// A socket of [`ka_sys::process_events::open`], made in the first network
    /// namespace: the kernel tells of processes nowhere else. Where there is none it is made when it
    /// is needed.
    pub process_events: Option<Arc<OwnedFd>>,
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
            process_events: None,
        }
    }
}
