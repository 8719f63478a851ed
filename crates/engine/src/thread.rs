//! The engine thread: one loop over sockets, timers and work that waits.
//!
//! A step is what happens between two waits: hear, then act. Packets come
//! before timers, so that a thread that woke late learns of a new Master before
//! it speaks as the old one. Work that changes many kernel objects is cut into
//! batches, one a step, so that advertisements that fall due leave in between.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ka_netlink::{Monitor, Resync, RouteSocket};
use ka_sys::membership::Memberships;
use ka_sys::packet::PacketSender;
use ka_sys::raw::{PacketBatch, VrrpReceiver, VrrpSender};
use ka_sys::signal::SignalWatch;
use ka_sys::{Errno, IpFamily, SysError};
use ka_vrrp::{Action, Notice, State};
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::time::{ClockId, clock_gettime};

use crate::EXIT_INTERNAL;
use crate::addresses::AddressTable;
use crate::announce::Announcer;
use crate::apply::{ApplyJob, Refusal};
use crate::config::{EngineOptions, Identity};
use crate::error::EngineError;
use crate::event::{EventKind, EventSender};
use crate::instance::{Instance, InstanceId};
use crate::interfaces::Interfaces;
use crate::kernel::BatchSize;
use crate::shared::{Command, Shared};
use crate::snapshot::{EngineSnapshot, EngineStatus};
use crate::timers::Timers;

/// Timers fired between two looks at the sockets.
const TIMERS_PER_STEP: usize = 64;
/// A Master's advertisement may leave this much early, together with others.
const ADVERTISE_AHEAD: Duration = Duration::from_micros(800);
/// A Backup waits this long for the packets before its timer to be read.
const LISTEN_FIRST: Duration = Duration::from_millis(50);
/// Between two looks at the host's heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Running this long without a pause ends real-time scheduling.
const WATCHDOG: Duration = Duration::from_secs(2);
/// Instances described in one step of a snapshot.
const SNAPSHOT_SLICE: usize = 128;

/// Who waits for a snapshot, and how far it is.
type SnapshotJob = (
    Box<EngineSnapshot>,
    usize,
    std::sync::mpsc::SyncSender<Box<EngineSnapshot>>,
);

/// The state of the engine thread. Everything but `shared` is its own.
pub(crate) struct EngineThread {
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: EventSender,
    pub(crate) opened_at: Instant,
    /// Until then no instance that starts may become Master.
    pub(crate) hold_until: Option<Instant>,
    pub(crate) instances: Vec<Option<Box<Instance>>>,
    pub(crate) free: Vec<InstanceId>,
    pub(crate) identities: HashMap<Identity, InstanceId>,
    pub(crate) interfaces: Interfaces,
    pub(crate) addresses: AddressTable,
    pub(crate) announcer: Announcer,
    pub(crate) timers: Timers,
    /// Advertisements to send, in order.
    pub(crate) outbox: Vec<(InstanceId, u8)>,
    pub(crate) receivers: [VrrpReceiver; 2],
    pub(crate) packets: PacketBatch,
    pub(crate) senders: [VrrpSender; 2],
    pub(crate) send_results: Vec<Result<(), Errno>>,
    pub(crate) memberships: Memberships,
    pub(crate) frames: PacketSender,
    pub(crate) route: RouteSocket,
    pub(crate) monitor: Monitor,
    pub(crate) resync: Resync,
    pub(crate) resyncing: bool,
    pub(crate) batch: BatchSize,
    pub(crate) apply: Option<ApplyJob>,
    pub(crate) apply_waiting: VecDeque<Command>,
    pub(crate) apply_refusals: Vec<Refusal>,
    pub(crate) status: EngineStatus,
    snapshot: Option<SnapshotJob>,
    signals: Option<SignalWatch>,
    epoll: OwnedFd,
    ready: Vec<epoll::Event>,
    /// The packets that arrived before this moment have been read.
    pub(crate) heard_until: Instant,
    /// Next instance to stop; `None` while running.
    resigning: Option<usize>,
    heartbeat_limit: Option<Duration>,
    next_heartbeat: Instant,
    missed_heartbeats: u32,
    busy_since: Option<Instant>,
    /// The next background job to get a turn.
    turn: u8,
}

/// How a run of the thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The host asked for it; everything is released.
    Stopped,
    /// The host's thread does not answer; everything is released.
    HostDead,
}

impl EngineThread {
    /// Opens everything that the thread needs. Runs on the thread itself.
    pub(crate) fn open(options: &EngineOptions, shared: Arc<Shared>) -> Result<Self, EngineError> {
        let mut status = EngineStatus::default();
        if let Some(priority) = options.realtime_priority {
            status.realtime =
                ka_sys::schedule::set_round_robin(priority)? == ka_sys::schedule::RealTime::Granted;
        }
        // The monitor listens before the first dump, so nothing falls between the two.
        let monitor = Monitor::open()?;
        let now = Instant::now();
        let mut thread = Self {
            events: EventSender::new(Arc::clone(&shared.events)),
            opened_at: now,
            hold_until: None,
            instances: Vec::new(),
            free: Vec::new(),
            identities: HashMap::new(),
            interfaces: Interfaces::default(),
            addresses: AddressTable::default(),
            announcer: Announcer::default(),
            timers: Timers::default(),
            outbox: Vec::new(),
            receivers: [
                VrrpReceiver::open(IpFamily::V4)?,
                VrrpReceiver::open(IpFamily::V6)?,
            ],
            packets: PacketBatch::new(),
            senders: [
                VrrpSender::open(IpFamily::V4)?,
                VrrpSender::open(IpFamily::V6)?,
            ],
            send_results: Vec::with_capacity(64),
            memberships: Memberships::new(),
            frames: PacketSender::open()?,
            monitor,
            resync: Resync::open()?,
            resyncing: false,
            batch: BatchSize::default(),
            apply: None,
            apply_waiting: VecDeque::new(),
            apply_refusals: Vec::new(),
            status,
            snapshot: None,
            signals: if options.signals {
                Some(SignalWatch::install()?)
            } else {
                None
            },
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)
                .map_err(|errno| call("open", "epoll", errno))?,
            ready: Vec::with_capacity(8),
            heard_until: now,
            resigning: None,
            heartbeat_limit: options.heartbeat_limit,
            next_heartbeat: now + HEARTBEAT,
            missed_heartbeats: 0,
            busy_since: None,
            turn: 0,
            route: RouteSocket::open()?,
            shared,
        };
        if let Some(signals) = &thread.signals {
            signals.answer_aborts();
        }
        for link in thread.route.links()? {
            thread.interfaces.link_changed(&link);
        }
        for address in thread.route.addresses()? {
            thread.address_added(&address, now);
        }
        thread.set_no_filters()?;
        thread.watch()?;
        Ok(thread)
    }

    /// Runs until asked to stop or until the host is dead.
    pub(crate) fn run(&mut self) -> End {
        let mut cpu_before = thread_time();
        loop {
            let timeout = self.timeout(Instant::now());
            if timeout != Some(Duration::ZERO) {
                self.busy_since = None;
            }
            self.wait(timeout);
            let start = Instant::now();
            if let Some(end) = self.step(start) {
                return end;
            }
            let end = Instant::now();
            let cpu = thread_time();
            self.status.steps.record(cpu.saturating_sub(cpu_before));
            cpu_before = cpu;
            self.watch_running_time(start, end);
        }
    }

    /// Hears, then acts, then does one piece of work that waits.
    fn step(&mut self, now: Instant) -> Option<End> {
        self.take_signals(now);
        self.take_commands();
        self.read_monitor(now);
        self.receive(now);
        let now = Instant::now();
        self.fire_timers(now);
        self.flush_advertisements();
        self.background(now);
        self.flush_advertisements();
        self.events.flush();
        if self.events.take_wake() {
            self.shared.wake_host();
        }
        if self.beat(now) {
            self.resign_now();
            return Some(End::HostDead);
        }
        let released = self.resigning == Some(usize::MAX) && self.addresses.is_settled();
        (released && self.shared.stop_requested.load(Ordering::Acquire)).then_some(End::Stopped)
    }

    /// How long to wait; `None` is for ever, zero not at all.
    fn timeout(&mut self, now: Instant) -> Option<Duration> {
        if self.has_work() {
            return Some(Duration::ZERO);
        }
        let timer = self.timers.earliest().map(|(at, _)| at);
        let beat = self.heartbeat_limit.map(|_| self.next_heartbeat);
        [timer, self.addresses.retry_at(), beat]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.saturating_duration_since(now))
    }

    fn has_work(&self) -> bool {
        self.apply.is_some()
            || !self.apply_waiting.is_empty()
            || self.snapshot.is_some()
            || !self.addresses.is_settled()
            || self.announcer.has_work()
            || self.resigning.is_some_and(|next| next != usize::MAX)
            || !self.outbox.is_empty()
    }

    fn wait(&mut self, timeout: Option<Duration>) {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        self.ready.clear();
        // EINTR is a wake-up like any other: the loop looks at everything.
        let _ = epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(&mut self.ready),
            timeout.as_ref(),
        );
    }

    fn watch(&self) -> Result<(), EngineError> {
        let add = |fd: &dyn AsFd| {
            let data = epoll::EventData::new_u64(0);
            epoll::add(&self.epoll, fd.as_fd(), data, epoll::EventFlags::IN)
                .map_err(|errno| EngineError::from(call("watch", "descriptor", errno)))
        };
        add(&self.shared.engine_wake)?;
        add(&self.receivers[0])?;
        add(&self.receivers[1])?;
        add(&self.monitor)?;
        add(&self.resync)?;
        if let Some(signals) = &self.signals {
            add(&signals.fd())?;
        }
        Ok(())
    }

    fn take_signals(&mut self, now: Instant) {
        let Some(signals) = &mut self.signals else {
            return;
        };
        for signal in signals.take() {
            match signal {
                ABRT => {
                    self.resign_now();
                    ka_sys::signal::acknowledge_abort();
                }
                INT | TERM => {
                    self.begin_resigning(now);
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
            self.begin_resigning(Instant::now());
        }
        while let Some(command) = self.shared.next_command() {
            match command {
                Command::Apply { .. } if self.resigning.is_some() => {} // the host sees the reply's sender dropped
                Command::Apply { .. } => self.apply_waiting.push_back(command),
                Command::Snapshot { room, reply } => self.snapshot = Some((room, 0, reply)),
            }
        }
    }

    /// Gives one background job a turn.
    fn background(&mut self, now: Instant) {
        self.addresses.queue_retries(now);
        if self.apply.is_none()
            && let Some(Command::Apply { plan, reply }) = self.apply_waiting.pop_front()
        {
            self.begin_apply(plan, reply);
        }
        for _ in 0..5 {
            self.turn = (self.turn + 1) % 5;
            let worked = match self.turn {
                0 => self.settle_addresses(now),
                1 => self.announce(now),
                2 if self.apply.is_some() => {
                    self.continue_apply(now);
                    true
                }
                3 => self.continue_snapshot(now),
                4 => self.continue_resigning(now),
                _ => false,
            };
            if worked {
                return;
            }
        }
    }

    fn fire_timers(&mut self, now: Instant) {
        for _ in 0..TIMERS_PER_STEP {
            let Some((deadline, id)) = self.timers.earliest() else {
                return;
            };
            let Some(instance) = self.instances[id.index()].as_mut() else {
                self.timers.set(id, None);
                continue;
            };
            let is_master = instance.router.state() == State::Master;
            let ahead = ADVERTISE_AHEAD.min(instance.router.config().advertisement_interval / 16);
            if deadline > now + if is_master { ahead } else { Duration::ZERO } {
                return;
            }
            let late = now.saturating_duration_since(deadline);
            if !is_master && deadline > self.heard_until && late < LISTEN_FIRST {
                // What arrived before the deadline is not all read yet: the Master may be alive.
                self.timers.set(id, Some(now + Duration::from_micros(200)));
                continue;
            }
            self.status.lateness.record(late);
            // On time is on the dot: the interval does not grow by each wake-up's lateness.
            let at = if late < ADVERTISE_AHEAD {
                deadline
            } else {
                now
            };
            instance.router.handle_timeout(at);
            self.pump(id, now);
        }
    }

    /// Performs what the router of `id` wants done, and notes its next deadline.
    pub(crate) fn pump(&mut self, id: InstanceId, now: Instant) {
        loop {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                return;
            };
            let Some(action) = instance.router.poll_action() else {
                let deadline = instance.router.poll_timeout();
                self.timers.set(id, deadline);
                return;
            };
            match action {
                Action::Advertise { priority } => self.outbox.push((id, priority)),
                Action::AcquireAddresses => self.acquire_addresses(id),
                Action::ReleaseAddresses => self.release_addresses(id),
                Action::AddressesChanged => {} // the engine compares all addresses itself, excluded ones too
                Action::Announce { rounds } => self.queue_announcement(id, rounds),
                Action::CancelAnnouncements => self.cancel_announcements(id),
                Action::Notify(notice) => self.tell(id, notice, now),
            }
        }
    }

    fn tell(&mut self, id: InstanceId, notice: Notice, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let name = Arc::clone(&instance.config.name);
        match notice {
            Notice::StateChanged { from, to, cause } => {
                instance.since = now;
                self.events.send(EventKind::StateChanged {
                    instance: name,
                    from,
                    to,
                    cause,
                    priority: instance.router.effective_priority(),
                    skipped: 0,
                });
            }
            notice => self.events.send(EventKind::Notice {
                instance: name,
                notice,
            }),
        }
    }

    fn continue_snapshot(&mut self, now: Instant) -> bool {
        let Some((mut snapshot, next, reply)) = self.snapshot.take() else {
            return false;
        };
        let end = (next + SNAPSHOT_SLICE).min(self.instances.len());
        for instance in self.instances[next..end].iter().flatten() {
            snapshot.instances.push(self.describe(instance, now));
        }
        if end < self.instances.len() {
            self.snapshot = Some((snapshot, end, reply));
        } else {
            self.status.receive_overruns =
                self.receivers.iter().map(|r| u64::from(r.dropped())).sum();
            snapshot.engine = self.status.clone();
            // Nobody waits any more when the host gave up.
            let _ = reply.try_send(snapshot);
        }
        true
    }

    /// Starts to resign as every instance; does nothing when that is under way.
    pub(crate) fn begin_resigning(&mut self, _now: Instant) {
        if self.resigning.is_none() {
            self.resigning = Some(0);
            self.apply = None;
            self.apply_waiting.clear();
        }
    }

    fn continue_resigning(&mut self, now: Instant) -> bool {
        let Some(next) = self.resigning.filter(|&next| next != usize::MAX) else {
            return false;
        };
        let end = (next + TIMERS_PER_STEP).min(self.instances.len());
        for index in next..end {
            if let Some(instance) = self.instances[index].as_mut() {
                instance.router.stop(now);
                self.pump(InstanceId::new(index), now);
            }
        }
        self.resigning = Some(if end < self.instances.len() {
            end
        } else {
            usize::MAX
        });
        true
    }

    /// Resigns and removes every address before it returns: the process is about to end.
    pub(crate) fn resign_now(&mut self) {
        let now = Instant::now();
        self.begin_resigning(now);
        while self.continue_resigning(now) {
            self.flush_advertisements();
        }
        while self.settle_addresses(now) {}
        self.events.flush();
    }

    /// Resigns without the state machines: priority 0 for every Master, and every address of ours gone.
    fn resign_after_panic(&mut self) {
        self.outbox.clear();
        for index in 0..self.instances.len() {
            let Some(instance) = self.instances[index].as_mut() else {
                continue;
            };
            instance.in_batch = false;
            if instance.router.state() == State::Master {
                self.outbox.push((InstanceId::new(index), 0));
            }
            self.release_addresses(InstanceId::new(index));
        }
        self.flush_advertisements();
        let now = Instant::now();
        while self.settle_addresses(now) {}
    }

    /// Looks at the host's heartbeat; `true` when the host counts as dead.
    fn beat(&mut self, now: Instant) -> bool {
        let Some(limit) = self.heartbeat_limit else {
            return false;
        };
        if now < self.next_heartbeat {
            return false;
        }
        // Beats are counted, not time: a process that was stopped as a whole missed none.
        self.next_heartbeat = now + HEARTBEAT;
        if self.shared.host_answered.swap(false, Ordering::AcqRel) {
            self.missed_heartbeats = 0;
        } else {
            self.missed_heartbeats += 1;
        }
        self.shared.wake_host();
        HEARTBEAT * self.missed_heartbeats >= limit
    }

    /// Gives up real-time scheduling when the thread has run too long without a pause.
    fn watch_running_time(&mut self, start: Instant, end: Instant) {
        let since = *self.busy_since.get_or_insert(start);
        if self.status.realtime && end.saturating_duration_since(since) > WATCHDOG {
            // It stays real-time when the kernel refuses; there is nothing else to do.
            if ka_sys::schedule::set_normal().is_ok() {
                self.status.realtime = false;
                self.events.send(EventKind::Demoted);
            }
        }
    }
}

/// Opens the engine, says so, and runs it; ends the process when something is beyond repair.
pub(crate) fn main(
    options: &EngineOptions,
    shared: &Arc<Shared>,
    opened: &std::sync::mpsc::SyncSender<Result<(), EngineError>>,
) {
    let mut thread = match EngineThread::open(options, Arc::clone(shared)) {
        Ok(thread) => thread,
        Err(error) => {
            // The receiver waits in open().
            let _ = opened.send(Err(error));
            return;
        }
    };
    let _ = opened.send(Ok(()));
    match catch_unwind(AssertUnwindSafe(|| thread.run())) {
        Ok(End::Stopped) => {}
        Ok(End::HostDead) => {
            end_process("ka-native: the JavaScript thread does not answer; resigned\n")
        }
        Err(_) => {
            // The state may be inconsistent: only what cannot make it worse.
            let _ = catch_unwind(AssertUnwindSafe(|| thread.resign_after_panic()));
            end_process("ka-native: the engine failed; resigned\n");
        }
    }
}

/// Ends the process without running anything else of it: the host's threads are not to be trusted.
fn end_process(sentence: &str) -> ! {
    // Nobody is left to tell that it could not be written.
    let _ = rustix::io::write(rustix::stdio::stderr(), sentence.as_bytes());
    ka_sys::process::exit_now(EXIT_INTERNAL)
}

const INT: i32 = 2;
const ABRT: i32 = 6;
const TERM: i32 = 15;

/// Time that this thread itself has run; waiting and other processes do not count.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn call(operation: &'static str, object: &str, errno: Errno) -> SysError {
    SysError::Call {
        operation,
        object: object.to_owned(),
        source: errno.into(),
    }
}
