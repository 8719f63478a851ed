//! What the worker thread and its host share. Neither waits for the other.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_queue::{ArrayQueue, SegQueue};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::command::Command;
use crate::event::Event;
use crate::lanes::Started;

/// Events handed over and not yet taken; more wait in the thread.
const HANDED_OVER: usize = 4096;

pub(crate) struct Shared {
    /// Bounded by the host, which knows what it has asked for.
    commands: SegQueue<Command>,
    /// Wakes the thread.
    pub(crate) wake: OwnedFd,
    /// From the threads that start programs.
    started: SegQueue<Started>,
    /// The thread wants to end one that is being started.
    pub(crate) awaits_starts: AtomicBool,
    events: ArrayQueue<Event>,
    /// More events wait in the thread.
    pub(crate) has_more: AtomicBool,
    wake_host: Box<dyn Fn() + Send + Sync>,
    /// The host has been woken and has not looked yet.
    is_host_woken: AtomicBool,
    /// What the thread had yet to tell when it ended; `None` while it lives.
    rest: Mutex<Option<VecDeque<Event>>>,
    ended: Condvar,
}

impl Shared {
    pub(crate) fn new(wake_host: Box<dyn Fn() + Send + Sync>) -> Result<Self, Errno> {
        Ok(Self {
            commands: SegQueue::new(),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            started: SegQueue::new(),
            awaits_starts: AtomicBool::new(false),
            events: ArrayQueue::new(HANDED_OVER),
            has_more: AtomicBool::new(false),
            wake_host,
            is_host_woken: AtomicBool::new(false),
            rest: Mutex::new(None),
            ended: Condvar::new(),
        })
    }

    pub(crate) fn send(&self, command: Command) {
        self.commands.push(command);
        self.wake_thread();
    }

    fn wake_thread(&self) {
        // It fails only when full, and then the thread is awake already.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// A start is over. The thread is woken where it has to do something now: its next wake-up is in time for the rest.
    pub(crate) fn tell_started(&self, started: Started) {
        let is_urgent = started.result.is_err();
        self.started.push(started);
        if is_urgent || self.awaits_starts.load(Ordering::SeqCst) {
            self.wake_thread();
        }
    }

    pub(crate) fn next_started(&self) -> Option<Started> {
        self.started.pop()
    }

    pub(crate) fn next_command(&self) -> Option<Command> {
        self.commands.pop()
    }

    /// Hands an event over; gives it back where there is no room.
    pub(crate) fn hand_over(&self, event: Event) -> Result<(), Event> {
        self.events.push(event)
    }

    /// Tells the host that events wait, unless it has been told and has not looked.
    pub(crate) fn tell_host(&self) {
        if !self.is_host_woken.swap(true, Ordering::AcqRel) {
            (self.wake_host)();
        }
    }

    /// Takes the oldest events.
    pub(crate) fn take(&self, limit: usize) -> Vec<Event> {
        // First: what comes from now on wakes again.
        self.is_host_woken.store(false, Ordering::Release);
        let mut taken: Vec<_> = std::iter::from_fn(|| self.events.pop())
            .take(limit)
            .collect();
        if taken.len() < limit
            && let Some(rest) = self.lock().as_mut()
        {
            let count = (limit - taken.len()).min(rest.len());
            taken.extend(rest.drain(..count));
        }
        if self.has_more.load(Ordering::Acquire) {
            self.wake_thread();
        }
        taken
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<VecDeque<Event>>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread has nothing more to say than this.
    pub(crate) fn end(&self, rest: VecDeque<Event>) {
        self.has_more.store(false, Ordering::Release);
        *self.lock() = Some(rest);
        self.ended.notify_all();
        self.tell_host();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().is_some()
    }

    /// Waits for the end of the thread; `false` when it does not come in time.
    pub(crate) fn wait_for_end(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut rest = self.lock();
        while rest.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let (again, _) = self
                .ended
                .wait_timeout(rest, left)
                .unwrap_or_else(PoisonError::into_inner);
            rest = again;
        }
        true
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
