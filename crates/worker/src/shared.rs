//! What the worker thread, those that start programs for it, and its host share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::SegQueue;
use ka_mailbox::Mailbox;
use rustix::io::Errno;

use crate::command::Command;
use crate::event::Event;
use crate::lanes::Started;

pub(crate) struct Shared {
    pub(crate) mailbox: Mailbox<Command, Event>,
    /// From the threads that start programs.
    started: SegQueue<Started>,
    /// The thread wants to end one that is being started.
    pub(crate) awaits_starts: AtomicBool,
}

impl Shared {
    pub(crate) fn new(wake_host: Box<dyn Fn() + Send + Sync>) -> Result<Self, Errno> {
        Ok(Self {
            mailbox: Mailbox::new(wake_host)?,
            started: SegQueue::new(),
            awaits_starts: AtomicBool::new(false),
        })
    }

    /// A start is over. The thread is woken where it has to do something now: its next wake-up is in time for the rest.
    pub(crate) fn tell_started(&self, started: Started) {
        let is_urgent = started.result.is_err();
        self.started.push(started);
        if is_urgent || self.awaits_starts.load(Ordering::SeqCst) {
            self.mailbox.wake_thread();
        }
    }

    pub(crate) fn next_started(&self) -> Option<Started> {
        self.started.pop()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
