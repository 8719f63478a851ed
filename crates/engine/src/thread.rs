//! The engine thread: one loop over sockets, timers and work that waits.
//!
//! A step is what happens between two waits: hear, then act. Packets come
//! before timers, so that a thread that woke late learns of a new Master before
//! it speaks as the old one. Work that changes many kernel objects is cut into
//! batches, one a step, so that advertisements that fall due leave in between.

mod open;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ka_ipvs::SyncRoles;
use ka_netlink::{Monitor, RemovalMonitor, Resync, RouteSocket};
use ka_sys::Errno;
use ka_sys::membership::Memberships;
use ka_sys::packet::PacketSender;
use ka_sys::raw::{PacketBatch, VrrpReceiver, VrrpSender};
use ka_sys::signal::{SignalWatch, is_abort};
use rustix::time::{ClockId, clock_gettime};

use crate::announce::Announcer;
use crate::apply::{ApplyJob, Refusal};
use crate::buffers::ReceiveBuffers;
use crate::config::Identity;
use crate::contested::Contested;
use crate::copies::CopyQueue;
use crate::dispatch::UnicastReceivers;
use crate::ends::{End, Resigning};
use crate::event::{EventKind, EventSender};
use crate::following::Following;
use crate::groups::Groups;
use crate::host_addresses::HostAddresses;
use crate::instance::{Instance, InstanceId};
use crate::interfaces::{InterfaceId, Interfaces};
use crate::kernel::BatchSizes;
use crate::listening::{Listening, RECEIVERS};
use crate::monitored::Monitored;
use crate::objects::{AddressKey, ObjectTable};
use crate::scheduling::Pace;
use crate::shared::{Command, Shared};
use crate::snapshot::{EngineStatus, SnapshotJob};
use crate::statics::Statics;
use crate::timers::Timers;
use crate::trackers::Trackers;
use crate::unknown::Unknown;
use crate::wait::Ready;

/// A wait of this length lets other threads of the host run.
const PAUSE: Duration = Duration::from_micros(50);
/// A step that has taken this long leaves work that waits to the next one.
const BEFORE_BACKGROUND: Duration = Duration::from_micros(250);
/// A plan waits this long at most for the kernel's messages to be read.
const HEAR_KERNEL: Duration = Duration::from_millis(100);

/// The state of the engine thread. Everything but `shared` is its own.
pub(crate) struct EngineThread {
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: EventSender,
    pub(crate) opened_at: Instant,
    /// How long the host had been running then.
    pub(crate) uptime_at_open: Duration,
    /// Until then no instance that starts may become Master.
    pub(crate) hold_until: Option<Instant>,
    /// A configuration was taken up: the next one is a reload.
    pub(crate) has_applied: bool,
    /// One was applied to the end.
    pub(crate) is_started: bool,
    pub(crate) instances: Vec<Option<Box<Instance>>>,
    pub(crate) free: Vec<InstanceId>,
    pub(crate) identities: HashMap<Identity, InstanceId>,
    pub(crate) trackers: Trackers,
    pub(crate) interfaces: Interfaces,
    pub(crate) host_addresses: HostAddresses,
    /// The same with our own among them, for who tracks addresses.
    pub(crate) all_addresses: HostAddresses,
    pub(crate) unicast_receivers: UnicastReceivers,
    pub(crate) groups: Groups,
    pub(crate) objects: ObjectTable,
    /// What of it is configured whatever the state of instances.
    pub(crate) statics: Statics,
    /// Instances that others do not let have it.
    pub(crate) contested: Contested,
    /// Where it is said which role IPVS sync daemons have.
    pub(crate) sync_roles: Option<SyncRoles>,
    /// Where addresses that are not ours are to be told of.
    pub(crate) monitored: Option<Monitored>,
    pub(crate) announcer: Announcer,
    pub(crate) timers: Timers,
    /// Advertisements to send, in order.
    pub(crate) outbox: Vec<(InstanceId, u8)>,
    /// What goes to unicast peers.
    pub(crate) copies: CopyQueue,
    pub(crate) receivers: [VrrpReceiver; 2],
    /// Of packets with an authentication header; open while an instance has one.
    pub(crate) header_receiver: Option<VrrpReceiver>,
    pub(crate) listening: Listening,
    /// Taken while its packets are looked at.
    pub(crate) packets: Option<PacketBatch>,
    pub(crate) senders: [VrrpSender; 2],
    pub(crate) send_results: Vec<Result<(), Errno>>,
    pub(crate) memberships: Memberships,
    /// When to try again to join groups that could not be joined.
    pub(crate) join_again_at: Option<Instant>,
    pub(crate) following: Following,
    /// Interfaces with delays.
    pub(crate) debounced: Vec<InterfaceId>,
    pub(crate) receive_buffers: ReceiveBuffers,
    /// Addresses that another host has, and that were told.
    pub(crate) duplicates: HashSet<AddressKey>,
    pub(crate) unknown: Unknown,
    pub(crate) frames: PacketSender,
    pub(crate) route: RouteSocket,
    /// By which the kernel's messages tell what we asked for.
    pub(crate) route_port: u32,
    pub(crate) monitor: Monitor,
    /// Tells of routes and rules of ours that others remove.
    pub(crate) removals: RemovalMonitor,
    pub(crate) resync: Resync,
    pub(crate) resyncing: bool,
    /// When to try again to start a dump that the kernel refused.
    pub(crate) resync_at: Option<Instant>,
    pub(crate) batches: BatchSizes,
    pub(crate) apply: Option<ApplyJob>,
    /// Plans to take up, each with the time it came.
    pub(crate) apply_waiting: VecDeque<(Instant, Command)>,
    pub(crate) apply_refusals: Vec<Refusal>,
    pub(crate) status: EngineStatus,
    pub(crate) snapshot: Option<SnapshotJob>,
    pub(crate) signals: Option<SignalWatch>,
    pub(crate) ready: Ready,
    /// The packets that arrived before this moment have been read.
    pub(crate) heard_until: Instant,
    /// When packets were last received, and whether they come close together.
    pub(crate) last_packets: Instant,
    pub(crate) in_burst: bool,
    pub(crate) resigning: Resigning,
    /// At an orderly stop nobody resigns, and addresses stay.
    pub(crate) keeps: bool,
    /// Resigning: until then a removal that failed is tried again.
    pub(crate) release_until: Instant,
    pub(crate) heartbeat_limit: Option<Duration>,
    pub(crate) next_heartbeat: Instant,
    pub(crate) missed_heartbeats: u32,
    pub(crate) pace: Pace,
    /// The last step left what waits to the next one.
    put_off: bool,
    /// The next background job to get a turn.
    turn: u8,
}

impl EngineThread {
    /// Runs until asked to stop or until the host is dead.
    pub(crate) fn run(&mut self) -> End {
        let mut cpu_before = thread_time();
        let mut before = Instant::now();
        loop {
            let timeout = self.timeout(before);
            self.wait(timeout);
            let start = Instant::now();
            // A wait that returns at once, because there is always a packet, is none.
            if start.saturating_duration_since(before) > PAUSE {
                self.pace.pause();
            }
            if let Some(end) = self.step(start) {
                return end;
            }
            before = Instant::now();
            let cpu = thread_time();
            let ran = cpu.saturating_sub(cpu_before);
            self.status.steps.record(ran);
            cpu_before = cpu;
            self.watch_running_time(ran);
        }
    }

    /// Hears, then acts, then does one piece of work that waits.
    fn step(&mut self, start: Instant) -> Option<End> {
        let now = start;
        self.copies.renew(now);
        if self.ready.signals {
            self.take_signals();
        }
        if self.ready.commands {
            self.take_commands();
        }
        if self.ready.kernel {
            self.read_kernel(now);
        }
        if self.ready.removals {
            self.read_removals(now);
        }
        self.settle_delays(now);
        if self.following.has_work() {
            self.follow_interfaces(now);
        }
        // A packet may have come after the wait ended and before `now`: when a timer is due,
        // it must not find itself unheard.
        if self.timers.earliest().is_some_and(|(at, _)| at <= now) {
            self.ready.packets = [true; RECEIVERS];
        }
        self.receive(now);
        let now = Instant::now();
        self.fire_timers(now);
        self.answer_lateness();
        // Members that follow their groups, and what waits, take turns.
        let moves = !self.put_off && self.follow_groups(now);
        self.flush_advertisements();
        // What waits gets the rest of a short step, or one step in two when all are long.
        self.put_off = !self.put_off && (moves || start.elapsed() > BEFORE_BACKGROUND);
        if !self.put_off {
            self.background(now);
            self.flush_advertisements();
        }
        self.events.flush();
        if self.events.take_wake() {
            self.shared.wake_host();
        }
        if self.beat(now) {
            self.resign_now();
            return Some(End::HostDead);
        }
        let stop_requested = self.shared.stop_requested.load(Ordering::Acquire);
        (stop_requested && self.has_released(now)).then_some(End::Stopped)
    }

    fn take_signals(&mut self) {
        let Some(signals) = &mut self.signals else {
            return;
        };
        for signal in signals.take() {
            match signal {
                _ if is_abort(signal) => {
                    self.resign_now();
                    ka_sys::signal::acknowledge_abort();
                }
                INT | TERM => {
                    self.begin_resigning();
                    self.events.send(EventKind::Signal { signal });
                }
                _ => self.events.send(EventKind::Signal { signal }),
            }
        }
    }

    fn take_commands(&mut self) {
        let mut count = [0; 8];
        // Empty when something else woke the thread.
        let _ = rustix::io::read(&self.shared.engine_wake, &mut count);
        if self.shared.stop_requested.load(Ordering::Acquire) {
            // Set before the request, where it is.
            self.keeps &= !self.shared.must_release.load(Ordering::Acquire);
            self.begin_resigning();
        }
        while let Some(command) = self.shared.next_command() {
            match command {
                Command::Apply { .. } if self.resigning != Resigning::No => {} // the host sees the reply's sender dropped
                Command::Apply { .. } => self.apply_waiting.push_back((Instant::now(), command)),
                Command::Schedule { scheduling, reply } => {
                    // Who asked may have gone.
                    let _ = reply.send(self.schedule(&scheduling));
                }
                Command::Snapshot {
                    room,
                    wanted,
                    reply,
                } => self.snapshot = Some(SnapshotJob::new(room, wanted, reply)),
                Command::Follow(roles) => self.follow_with(roles),
                #[cfg(feature = "fault-injection")]
                Command::Fail(fault) => fault.strike(),
            }
        }
    }

    /// Gives one background job a turn.
    fn background(&mut self, now: Instant) {
        self.objects.queue_retries(now);
        if self.resync_at.is_some_and(|at| at <= now) {
            self.start_resync(now);
        }
        while self.calm_down(now) {}
        if self.join_again_at.is_some_and(|at| at <= now) {
            self.join_again();
        }
        // What the kernel reported before is heard first: a sweep, for instance.
        if self.apply.is_none()
            && let Some((since, _)) = self.apply_waiting.front()
            && (!self.ready.kernel || now.saturating_duration_since(*since) > HEAR_KERNEL)
            && let Some((_, Command::Apply { plan, reply })) = self.apply_waiting.pop_front()
        {
            self.begin_apply(plan, reply, now);
        }
        for _ in 0..6 {
            self.turn = (self.turn + 1) % 6;
            let worked = match self.turn {
                0 => self.settle_objects(now),
                1 => self.announce(now),
                2 if self.apply.is_some() => {
                    self.continue_apply(now);
                    true
                }
                3 => self.continue_snapshot(now),
                4 => self.continue_resigning(now),
                5 => self.continue_tracking(now),
                _ => false,
            };
            if worked {
                return;
            }
        }
    }
}

const INT: i32 = 2;
const TERM: i32 = 15;

/// Time that this thread itself has run; waiting and other processes do not count.
fn thread_time() -> Duration {
    clock(ClockId::ThreadCPUTime)
}

fn clock(id: ClockId) -> Duration {
    let time = clock_gettime(id);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
