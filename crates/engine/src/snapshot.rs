//! The state that a host can see, as plain values.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::{State, Statistics, TrackerState};

use crate::config::{TrackerId, TrackerKind};
use crate::details::{InstanceDetails, InterfaceStatus};
use crate::instance::Instance;
use crate::thread::EngineThread;
use ka_histogram::Histogram;

/// Time for describing instances in one step of the thread.
const SNAPSHOT_BUDGET: Duration = Duration::from_micros(250);

/// The engine's state at one moment; built in slices, so instances far apart in
/// the list may be some milliseconds apart in time.
#[derive(Clone, Debug, Default)]
pub struct EngineSnapshot {
    /// Every instance, in the order of the engine's slots.
    pub instances: Vec<InstanceStatus>,
    /// Of each of them the rest, where it was asked for.
    pub details: Vec<InstanceDetails>,
    /// Of all instances, one after the other, whether each address is on its interface now.
    pub addresses_held: Vec<bool>,
    /// Every interface, where it was asked for.
    pub interfaces: Vec<InterfaceStatus>,
    /// Every sync group, in the order of the configuration.
    pub groups: Vec<GroupStatus>,
    /// Every tracker, in no order.
    pub trackers: Vec<TrackerStatus>,
    /// How the engine thread itself is doing.
    pub engine: EngineStatus,
}

/// One instance.
#[derive(Clone, Debug)]
pub struct InstanceStatus {
    /// Name of the configuration.
    pub name: Arc<str>,
    /// Interface of the advertisements, if it has one.
    pub interface: Option<Arc<str>>,
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
    /// Configured priority.
    pub base_priority: u8,
    /// The configured priority with what trackers add to it, beyond all limits of a priority.
    pub total_priority: i32,
    /// Trackers that keep it in FAULT.
    pub tracker_faults: u16,
    /// Trackers without a result that it waits for.
    pub trackers_awaited: u16,
    /// The Master last heard, its address and priority.
    pub master: Option<(IpAddr, u8)>,
    /// Addresses of ours or found there that are on the interfaces now.
    pub addresses_held: u32,
    /// As Master the other Master that it is in conflict with.
    pub rival: Option<IpAddr>,
    /// The protocol's counters.
    pub statistics: Statistics,
}

/// One sync group.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// Name of the configuration.
    pub name: Arc<str>,
    /// Present state.
    pub state: State,
    /// Time since the last change of state.
    pub in_state_for: Duration,
    /// When it last changed, by the host's clock of that moment; `None` before the first change.
    pub changed_at: Option<SystemTime>,
    /// Names of its instances, in order.
    pub members: Vec<Arc<str>>,
}

/// One tracker.
#[derive(Clone, Debug)]
pub struct TrackerStatus {
    /// Its number.
    pub id: TrackerId,
    /// The generation of its configuration.
    pub generation: u32,
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: TrackerKind,
    /// What is known of it.
    pub state: TrackerState,
    /// How often that changed.
    pub changes: u64,
    /// Of processes, how they are counted.
    pub processes: Option<ProcessStatus>,
    /// It counts as failed because nothing was heard of it for too long.
    pub is_stale: bool,
}

/// The processes of one tracker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessStatus {
    /// How many there are.
    pub current: u32,
    /// They are as many as they shall be, and that has yet to last.
    pub gaining: bool,
    /// They are not, and that has yet to last.
    pub losing: bool,
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
    /// Results of trackers that came too late, or were left out for later ones.
    pub tracker_results_dropped: u64,
}

/// What a snapshot shall hold and do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Everything there is to know of instances and interfaces.
    pub(crate) details: bool,
    /// The counters start at 0 again.
    pub(crate) zero: bool,
}

/// A snapshot under way.
pub(crate) struct SnapshotJob {
    snapshot: Box<EngineSnapshot>,
    wanted: Wanted,
    /// Next slot to describe.
    next: usize,
    /// Next interface to describe.
    next_interface: usize,
    /// Next sync group to describe.
    next_group: usize,
    reply: SyncSender<Box<EngineSnapshot>>,
}

impl SnapshotJob {
    pub(crate) fn new(
        room: Box<EngineSnapshot>,
        wanted: Wanted,
        reply: SyncSender<Box<EngineSnapshot>>,
    ) -> Self {
        Self {
            snapshot: room,
            wanted,
            next: 0,
            next_interface: 0,
            next_group: 0,
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
            if let Some(instance) = self.instances[job.next].as_ref() {
                let snapshot = &mut job.snapshot;
                snapshot.instances.push(self.describe(instance, now));
                if job.wanted.details {
                    let details = self.details(instance, &mut snapshot.addresses_held, now);
                    snapshot.details.push(details);
                }
            }
            if let Some(instance) = self.instances[job.next]
                .as_mut()
                .filter(|_| job.wanted.zero)
            {
                instance.router.take_statistics();
            }
            job.next += 1;
        }
        let interfaces = if job.wanted.details {
            self.interfaces.len()
        } else {
            0
        };
        while job.next_interface < interfaces && began.elapsed() < SNAPSHOT_BUDGET {
            let described = self.interface_status(job.next_interface);
            job.snapshot.interfaces.extend(described);
            job.next_interface += 1;
        }
        let groups = self.groups.len();
        while job.next_group < groups && began.elapsed() < SNAPSHOT_BUDGET {
            let described = self.describe_group(job.next_group, now);
            job.snapshot.groups.extend(described);
            job.next_group += 1;
        }
        if job.next < self.instances.len()
            || job.next_interface < interfaces
            || job.next_group < groups
        {
            self.snapshot = Some(job);
            return true;
        }
        let dropped = self
            .receivers
            .iter()
            .chain(&self.header_receiver)
            .map(|receiver| u64::from(receiver.dropped()));
        self.status.receive_overruns = dropped.sum();
        self.status.tracker_results_dropped =
            self.trackers.dropped() + self.shared.results.merged();
        let trackers = self.trackers.iter().map(|tracker| TrackerStatus {
            id: tracker.config.id,
            generation: tracker.config.generation,
            name: Arc::clone(&tracker.config.name),
            kind: tracker.config.source.kind(),
            state: tracker.state,
            changes: tracker.changes,
            processes: tracker.processes.as_ref().map(|count| count.status()),
            is_stale: tracker.is_stale,
        });
        job.snapshot.trackers.extend(trackers);
        job.snapshot.engine = self.status.clone();
        // Nobody waits any more when the host gave up.
        let _ = job.reply.try_send(job.snapshot);
        true
    }

    /// The present state of one instance.
    fn describe(&self, instance: &Instance, now: Instant) -> InstanceStatus {
        let held = instance
            .addresses()
            .iter()
            .filter_map(|key| self.objects.address(key))
            .filter(|entry| entry.presence.is_there())
            .count();
        let router = &instance.router;
        InstanceStatus {
            name: Arc::clone(&instance.config.name),
            interface: instance.config.interface.clone(),
            vrid: router.config().vrid,
            family: instance.identity.family,
            state: router.state(),
            in_state_for: now.saturating_duration_since(instance.since),
            priority: router.effective_priority(),
            base_priority: router.config().priority,
            total_priority: router.total_priority(),
            tracker_faults: router.tracking().faults,
            trackers_awaited: router.tracking().awaited,
            master: router.master(),
            addresses_held: u32::try_from(held).unwrap_or(u32::MAX),
            rival: router.rival(),
            statistics: router.statistics().clone(),
        }
    }
}
