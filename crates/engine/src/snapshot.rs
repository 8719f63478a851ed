//! The state that a host can see, as plain values.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ka_vrrp::{State, Statistics};

use crate::histogram::Histogram;

/// The engine's state at one moment; built in slices, so instances far apart in
/// the list may be some milliseconds apart in time.
#[derive(Clone, Debug, Default)]
pub struct EngineSnapshot {
    /// Every instance, in the order of the engine's slots.
    pub instances: Vec<InstanceStatus>,
    /// How the engine thread itself is doing.
    pub engine: EngineStatus,
}

/// One instance.
#[derive(Clone, Debug)]
pub struct InstanceStatus {
    /// Name of the configuration.
    pub name: Arc<str>,
    /// Interface of the advertisements.
    pub interface: Arc<str>,
    /// Virtual router identifier.
    pub vrid: u8,
    /// 4 or 6.
    pub family: u8,
    /// Present state.
    pub state: State,
    /// Time since the last change of state.
    pub in_state_for: Duration,
    /// Effective priority.
    pub priority: u8,
    /// The Master last heard, its address and priority.
    pub master: Option<(IpAddr, u8)>,
    /// Addresses of ours or found there that are on the interfaces now.
    pub addresses_held: u32,
    /// The protocol's counters.
    pub statistics: Statistics,
}

/// The engine thread.
#[derive(Clone, Debug, Default)]
pub struct EngineStatus {
    /// Time from one wait to the next that the thread itself ran.
    pub steps: Histogram,
    /// How late timers were served.
    pub lateness: Histogram,
    /// Longest netlink batch, kernel time included.
    pub longest_batch: Duration,
    /// The thread has real-time scheduling now.
    pub realtime: bool,
    /// Packets that the kernel dropped for want of room.
    pub receive_overruns: u64,
    /// Times that address or link messages were lost and read anew.
    pub resynchronisations: u64,
    /// Advertisements sent.
    pub advertisements_sent: u64,
    /// Packets received that passed the kernel's filter.
    pub packets_received: u64,
    /// Received packets that belong to no instance.
    pub packets_unknown: u64,
}
