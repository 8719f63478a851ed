//! What the engine thread and its host share: atomics and rings, and no lock that the
//! engine thread takes before it ends.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crossbeam_queue::ArrayQueue;
use ka_ipvs::SyncRoles;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;

use crate::apply::ApplyOutcome;
use crate::event::{EventRing, Problem};
use crate::plan::Plan;
use crate::record::Leftover;
use crate::scheduling::{Scheduling, SchedulingRefusal};
use crate::snapshot::{EngineSnapshot, Wanted};
use crate::trackers::Mailbox;

/// Commands that may wait at once; the host serialises its own, so this is never reached.
const COMMAND_CAPACITY: usize = 16;
/// Problems of trackers that wait to be told.
const PROBLEM_CAPACITY: usize = 1024;
/// Threads that look at trackers.
const MAX_WATCHERS: usize = 2;

/// What the host asks the engine thread to do.
pub(crate) enum Command {
    /// Make `plan` the wanted state.
    Apply {
        plan: Box<Plan>,
        reply: SyncSender<ApplyOutcome>,
    },
    /// Describe the present state.
    Snapshot {
        /// Empty, with room for one status per instance: the engine thread does not allocate it.
        room: Box<EngineSnapshot>,
        wanted: Wanted,
        reply: SyncSender<Box<EngineSnapshot>>,
    },
    /// Have the kernel schedule the thread like this.
    Schedule {
        scheduling: Box<Scheduling>,
        reply: SyncSender<Vec<SchedulingRefusal>>,
    },
    /// Say from now on there which role sync daemons have.
    Follow(SyncRoles),
    /// Fail.
    #[cfg(feature = "fault-injection")]
    Fail(crate::Fault),
}

/// Shared by the engine thread, the wake-up thread and the handle.
pub(crate) struct Shared {
    commands: ArrayQueue<Command>,
    /// Results of trackers.
    pub(crate) results: Mailbox,
    /// What is wrong with them; what finds no room is not told.
    problems: ArrayQueue<Problem>,
    /// Number of the configuration that the engine thread took up last.
    pub(crate) applied: AtomicU64,
    /// Wake the threads that look at trackers. Each is set once.
    watchers: [OnceLock<Arc<OwnedFd>>; MAX_WATCHERS],
    pub(crate) events: Arc<EventRing>,
    /// Wakes the engine thread.
    pub(crate) engine_wake: OwnedFd,
    /// Wakes the thread that wakes the host.
    pub(crate) host_wake: OwnedFd,
    /// A wake-up of the host is under way.
    wake_in_flight: AtomicBool,
    /// The host took events since the engine last looked.
    pub(crate) host_answered: AtomicBool,
    /// Resign, remove everything and end.
    pub(crate) stop_requested: AtomicBool,
    /// Whatever the options say: the process fails.
    pub(crate) must_release: AtomicBool,
    /// The engine thread has ended, whatever the reason.
    pub(crate) ended: AtomicBool,
    /// The same for those that wait for it.
    end: Mutex<bool>,
    end_reached: Condvar,
    /// The engine thread ended with every address of ours removed.
    released: AtomicBool,
    /// What is still there when it is not so.
    left_behind: Mutex<Vec<Leftover>>,
    /// Instances there are, for sizing a snapshot.
    pub(crate) instances: AtomicUsize,
    /// Addresses that they hold as Masters, all together, for the same.
    pub(crate) addresses: AtomicUsize,
    /// Interfaces there are or that are named, for the same.
    pub(crate) interfaces: AtomicUsize,
    /// Trackers there are, likewise.
    pub(crate) trackers: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(event_capacity: usize) -> rustix::io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self {
            commands: ArrayQueue::new(COMMAND_CAPACITY),
            results: Mailbox::new(),
            problems: ArrayQueue::new(PROBLEM_CAPACITY),
            applied: AtomicU64::new(0),
            watchers: Default::default(),
            events: Arc::new(EventRing::new(event_capacity)),
            engine_wake: eventfd(0, flags)?,
            // The wake-up thread blocks in read().
            host_wake: eventfd(0, EventfdFlags::CLOEXEC)?,
            wake_in_flight: AtomicBool::new(false),
            host_answered: AtomicBool::new(true),
            stop_requested: AtomicBool::new(false),
            must_release: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            end: Mutex::new(false),
            end_reached: Condvar::new(),
            released: AtomicBool::new(false),
            left_behind: Mutex::new(Vec::new()),
            instances: AtomicUsize::new(0),
            addresses: AtomicUsize::new(0),
            interfaces: AtomicUsize::new(0),
            trackers: AtomicUsize::new(0),
        })
    }

    /// Hands a command to the engine thread; gives it back when the queue is full.
    pub(crate) fn command(&self, command: Command) -> Result<(), Command> {
        self.commands.push(command)?;
        self.wake_engine();
        Ok(())
    }

    pub(crate) fn next_command(&self) -> Option<Command> {
        self.commands.pop()
    }

    /// Drops the commands that wait, and with them the senders of their answers.
    pub(crate) fn discard_commands(&self) {
        while self.commands.pop().is_some() {}
    }

    /// Waits until the engine thread has ended, at most `deadline` long.
    pub(crate) fn wait_for_end(&self, deadline: Duration) -> bool {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .end_reached
            .wait_timeout_while(end, deadline, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Lets those go on that wait for the end.
    pub(crate) fn announce_end(&self) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.end_reached.notify_all();
    }

    /// Lets the engine thread resign and end.
    pub(crate) fn request_stop(&self) {
        self.stop_requested.store(true, Ordering::Release);
        self.wake_engine();
    }

    /// Notes what the engine thread leaves behind at its end.
    pub(crate) fn set_left_behind(&self, addresses: Vec<Leftover>) {
        self.released.store(addresses.is_empty(), Ordering::Release);
        *self
            .left_behind
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// What the engine thread left behind at its end; `None` when it released everything.
    pub(crate) fn left_behind(&self) -> Option<Vec<Leftover>> {
        if self.released.load(Ordering::Acquire) {
            return None;
        }
        let addresses = self
            .left_behind
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(addresses.clone())
    }

    /// Tells the host what is wrong with a tracker, by way of the engine thread.
    pub(crate) fn tell_problem(&self, problem: Problem) {
        let _ = self.problems.push(problem);
    }

    /// The next one to tell.
    pub(crate) fn next_problem(&self) -> Option<Problem> {
        self.problems.pop()
    }

    /// Whether any wait.
    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// From now on `wake` is woken when there is news for those who look at trackers.
    pub(crate) fn add_watcher(&self, wake: Arc<OwnedFd>) {
        // Each that starts takes the first free place.
        let mut wake = Some(wake);
        for place in &self.watchers {
            let Some(free) = wake.take() else {
                return;
            };
            wake = place.set(free).err();
        }
    }

    /// The engine thread has taken up configuration `epoch`.
    pub(crate) fn set_applied(&self, epoch: u64) {
        self.applied.store(epoch, Ordering::Release);
        self.wake_watchers();
    }

    fn wake_watchers(&self) {
        for wake in self.watchers.iter().filter_map(OnceLock::get) {
            signal(wake);
        }
    }

    pub(crate) fn wake_engine(&self) {
        signal(&self.engine_wake);
    }

    /// Asks for the host to be woken unless that is under way.
    pub(crate) fn wake_host(&self) {
        if !self.wake_in_flight.swap(true, Ordering::AcqRel) {
            signal(&self.host_wake);
        }
    }

    /// The host is awake: the next event wakes it again.
    pub(crate) fn host_awake(&self) {
        self.wake_in_flight.store(false, Ordering::Release);
        self.host_answered.store(true, Ordering::Release);
    }
}

/// Says that the engine thread has ended when it is dropped.
pub(crate) struct Ending(pub(crate) Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let shared = &self.0;
        shared.ended.store(true, Ordering::SeqCst);
        shared.wake_watchers();
        shared.discard_commands();
        // One more wake-up: for the last events, and to end the wake-up thread.
        shared.host_awake();
        shared.wake_host();
        shared.announce_end();
    }
}

/// Adds one to an eventfd. It fails only when the counter is at its limit, and
/// then whoever waits for it is awake already.
fn signal(fd: &OwnedFd) {
    let _ = rustix::io::write(fd, &1u64.to_ne_bytes());
}
