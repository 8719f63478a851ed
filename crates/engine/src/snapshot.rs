//! The state that a host can see, as plain values.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use ka_vrrp::{State, Statistics};

use crate::histogram::Histogram;
use crate::instance::Instance;
use crate::thread::EngineThread;

/// Time for describing instances in one step of the thread.
const SNAPSHOT_BUDGET: Duration = Duration::from_micros(250);

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

/// A snapshot under way.
pub(crate) struct SnapshotJob {
    snapshot: Box<EngineSnapshot>,
    /// Next slot to describe.
    next: usize,
    reply: SyncSender<Box<EngineSnapshot>>,
}

impl SnapshotJob {
    pub(crate) fn new(room: Box<EngineSnapshot>, reply: SyncSender<Box<EngineSnapshot>>) -> Self {
        Self {
            snapshot: room,
            next: 0,
            reply,
        }
    }
}

impl EngineThread {
    /// Describes a slice of instances; `false` when no snapshot is wanted.
    pub(crate) fn continue_snapshot(&mut self, now: Instant) -> bool {
        let Some(mut job) = self.snapshot.take() else {
            return false;
        };
        let began = Instant::now();
        while job.next < self.instances.len() && began.elapsed() < SNAPSHOT_BUDGET {
            let described = self.instances[job.next].as_ref();
            job.snapshot
                .instances
                .extend(described.map(|instance| self.describe(instance, now)));
            job.next += 1;
        }
        if job.next < self.instances.len() {
            self.snapshot = Some(job);
            return true;
        }
        let dropped = self
            .receivers
            .iter()
            .map(|receiver| u64::from(receiver.dropped()));
        self.status.receive_overruns = dropped.sum();
        job.snapshot.engine = self.status.clone();
        // Nobody waits any more when the host gave up.
        let _ = job.reply.try_send(job.snapshot);
        true
    }

    /// The present state of one instance.
    fn describe(&self, instance: &Instance, now: Instant) -> InstanceStatus {
        let held = instance
            .addresses
            .iter()
            .filter_map(|key| self.addresses.get(key))
            .filter(|entry| entry.presence.is_there())
            .count();
        let router = &instance.router;
        InstanceStatus {
            name: Arc::clone(&instance.config.name),
            interface: Arc::clone(&instance.config.interface),
            vrid: router.config().vrid,
            family: instance.config.identity().family,
            state: router.state(),
            in_state_for: now.saturating_duration_since(instance.since),
            priority: router.effective_priority(),
            master: router.master(),
            addresses_held: u32::try_from(held).unwrap_or(u32::MAX),
            statistics: router.statistics().clone(),
        }
    }
}
