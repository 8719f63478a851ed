//! What the thread and its host share.

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_queue::SegQueue;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::config::{Change, IpvsConfig};
use crate::error::IpvsError;
use crate::event::{Event, EventQueue};
use crate::handle::IpvsReport;
use crate::record::Leftover;
use crate::snapshot::{DestinationState, IpvsSnapshot};
use crate::sync_roles::SyncRoles;

/// Who asked, and waits.
pub(crate) type Reply<T> = SyncSender<Result<T, IpvsError>>;

/// What the host asks the thread to do.
pub(crate) enum Command {
    /// Make this the wanted state.
    Apply {
        config: Box<IpvsConfig>,
        reply: Reply<IpvsReport>,
    },
    /// Record that this may be the wanted state soon.
    Reserve {
        config: Box<IpvsConfig>,
        reply: Reply<()>,
    },
    /// Change it.
    Change { batch: Vec<Change>, number: u64 },
    /// Look at everything.
    Snapshot(Reply<IpvsSnapshot>),
    /// Look at the destinations of one service.
    Connections {
        service: u32,
        reply: Reply<Vec<DestinationState>>,
    },
}

pub(crate) struct Shared {
    /// Bounded by the host, which knows what it has asked for.
    commands: SegQueue<Command>,
    /// Wakes the thread.
    pub(crate) wake: Arc<OwnedFd>,
    pub(crate) roles: SyncRoles,
    pub(crate) events: EventQueue,
    wake_host: Box<dyn Fn() + Send + Sync>,
    /// The host has been woken and has not looked yet.
    is_host_woken: AtomicBool,
    pub(crate) stop_requested: AtomicBool,
    /// What is left behind at the end; `None` while the thread lives.
    end: Mutex<Option<Vec<Leftover>>>,
    end_reached: Condvar,
}

impl Shared {
    pub(crate) fn new(wake_host: Box<dyn Fn() + Send + Sync>) -> Result<Self, Errno> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let wake = Arc::new(eventfd(0, flags)?);
        Ok(Self {
            commands: SegQueue::new(),
            roles: SyncRoles::new(Arc::clone(&wake)),
            wake,
            events: EventQueue::default(),
            wake_host,
            is_host_woken: AtomicBool::new(false),
            stop_requested: AtomicBool::new(false),
            end: Mutex::new(None),
            end_reached: Condvar::new(),
        })
    }

    pub(crate) fn send(&self, command: Command) {
        self.commands.push(command);
        self.wake_thread();
        // If it ended meanwhile nobody answers, unless the sender of the answer is dropped here.
        if self.has_ended() {
            self.discard_commands();
        }
    }

    pub(crate) fn next_command(&self) -> Option<Command> {
        self.commands.pop()
    }

    /// Whether a command waits.
    pub(crate) fn has_commands(&self) -> bool {
        !self.commands.is_empty()
    }

    fn discard_commands(&self) {
        while self.commands.pop().is_some() {}
    }

    fn wake_thread(&self) {
        // It fails only when full, and then the thread is awake already.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    pub(crate) fn request_stop(&self) {
        self.stop_requested.store(true, Ordering::Release);
        self.wake_thread();
    }

    pub(crate) fn is_stop_requested(&self) -> bool {
        self.stop_requested.load(Ordering::Acquire)
    }

    /// Tells the host, which is woken by [`Self::tell_host`].
    pub(crate) fn tell(&self, event: Event) {
        self.events.push(event);
    }

    /// Wakes the host, unless it was woken and has not looked.
    pub(crate) fn tell_host(&self) {
        if !self.is_host_woken.swap(true, Ordering::AcqRel) {
            (self.wake_host)();
        }
    }

    /// Takes the oldest events.
    pub(crate) fn take(&self, limit: usize) -> Vec<Event> {
        // First: what comes from now on wakes again.
        self.is_host_woken.store(false, Ordering::Release);
        let events = self.events.take(limit);
        if events.len() == limit {
            // There may be more.
            self.tell_host();
        }
        events
    }

    /// The thread ends and leaves this behind.
    pub(crate) fn end(&self, left: Vec<Leftover>) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.get_or_insert(left);
        drop(end);
        self.discard_commands();
        self.end_reached.notify_all();
        self.tell_host();
    }

    pub(crate) fn has_ended(&self) -> bool {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        end.is_some()
    }

    /// Waits for the end of the thread; what it left behind, or `None` when the end does not come in time.
    pub(crate) fn wait_for_end(&self, limit: Duration) -> Option<Vec<Leftover>> {
        let until = Instant::now() + limit;
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(left) = &*end {
                return Some(left.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.end_reached.wait_timeout(end, left);
            end = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}
