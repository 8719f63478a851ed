//! What a thread of ours and its host share: commands down, events up, a wake-up for either. Neither waits for the other.
//!
//! It knows neither the commands nor the events, and starts no thread.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_queue::{ArrayQueue, SegQueue};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// Events handed over and not yet taken; more wait in the thread.
const HANDED_OVER: usize = 4096;

/// Events that wait in the thread, oldest first.
pub trait Waiting<Event> {
    /// Takes the oldest.
    fn pop(&mut self) -> Option<Event>;
    /// Puts back what was taken last.
    fn restore(&mut self, event: Event);
    /// Whether none waits.
    fn is_empty(&self) -> bool;
}

/// Commands for a thread and events of it.
pub struct Mailbox<Command, Event> {
    /// Bounded by the host, which knows what it has asked for.
    commands: SegQueue<Command>,
    /// Wakes the thread.
    wake: OwnedFd,
    events: ArrayQueue<Event>,
    /// More events wait in the thread.
    has_more: AtomicBool,
    wake_host: Box<dyn Fn() + Send + Sync>,
    /// The host has been woken and has not looked yet.
    is_host_woken: AtomicBool,
    /// What the thread had yet to tell when it ended; `None` while it lives.
    rest: Mutex<Option<VecDeque<Event>>>,
    ended: Condvar,
}

impl<Command, Event> Mailbox<Command, Event> {
    /// An empty one. `wake_host` is called by the thread when events wait, at most once until [`Self::take`]; it must not block.
    ///
    /// # Errors
    /// Where there is no descriptor left.
    pub fn new(wake_host: Box<dyn Fn() + Send + Sync>) -> Result<Self, Errno> {
        Ok(Self {
            commands: SegQueue::new(),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            events: ArrayQueue::new(HANDED_OVER),
            has_more: AtomicBool::new(false),
            wake_host,
            is_host_woken: AtomicBool::new(false),
            rest: Mutex::new(None),
            ended: Condvar::new(),
        })
    }

    /// The host: gives the thread a command.
    pub fn send(&self, command: Command) {
        self.commands.push(command);
        self.wake_thread();
    }

    /// Anybody: makes the thread's next wait end at once.
    pub fn wake_thread(&self) {
        // It fails only when full, and then the thread is awake already.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// The host: takes the oldest events.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<Event> {
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

    /// Whether the thread has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.lock().is_some()
    }

    /// The host: waits for the end of the thread; `false` when it does not come in time.
    #[must_use]
    pub fn wait_for_end(&self, limit: Duration) -> bool {
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

    /// The thread: notes that it has woken. Before it looks for commands.
    pub fn clear_wake(&self) {
        let mut count = [0; 8];
        // It is read until it is empty: it is non-blocking.
        while rustix::io::read(&self.wake, &mut count) == Err(Errno::INTR) {}
    }

    /// The thread: takes the oldest command.
    #[must_use]
    pub fn next_command(&self) -> Option<Command> {
        self.commands.pop()
    }

    /// The thread: hands over what waits as far as there is room, and tells the host, unless it has been told and has not looked.
    pub fn hand_over(&self, waiting: &mut impl Waiting<Event>) {
        if waiting.is_empty() {
            self.has_more.store(false, Ordering::Release);
            return;
        }
        // First: once it is looked at, the host may take everything.
        self.has_more.store(true, Ordering::Release);
        while let Some(event) = waiting.pop() {
            if let Err(event) = self.events.push(event) {
                waiting.restore(event);
                break;
            }
        }
        if waiting.is_empty() {
            self.has_more.store(false, Ordering::Release);
        }
        self.tell_host();
    }

    /// The thread: has nothing more to say than this, and ends.
    pub fn end(&self, rest: VecDeque<Event>) {
        self.has_more.store(false, Ordering::Release);
        *self.lock() = Some(rest);
        self.ended.notify_all();
        self.tell_host();
    }

    fn tell_host(&self) {
        if !self.is_host_woken.swap(true, Ordering::AcqRel) {
            (self.wake_host)();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<VecDeque<Event>>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Readable while the thread is to wake.
impl<Command, Event> AsFd for Mailbox<Command, Event> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl<Command, Event> fmt::Debug for Mailbox<Command, Event> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    struct Queue(VecDeque<usize>);

    impl Waiting<usize> for Queue {
        fn pop(&mut self) -> Option<usize> {
            self.0.pop_front()
        }

        fn restore(&mut self, event: usize) {
            self.0.push_front(event);
        }

        fn is_empty(&self) -> bool {
            self.0.is_empty()
        }
    }

    fn mailbox() -> (Mailbox<u8, usize>, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&woken);
        let wake = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        (Mailbox::new(Box::new(wake)).unwrap(), woken)
    }

    #[test]
    fn events_beyond_the_room_wait_in_order_and_the_host_is_woken_once() {
        let (mailbox, woken) = mailbox();
        let mut queue = Queue((0..HANDED_OVER + 10).collect());
        mailbox.hand_over(&mut queue);
        mailbox.hand_over(&mut queue);
        assert_eq!((queue.0.len(), woken.load(Ordering::Relaxed)), (10, 1));
        let mut taken = mailbox.take(HANDED_OVER);
        // The thread is told that there is room again.
        mailbox.clear_wake();
        mailbox.hand_over(&mut queue);
        taken.extend(mailbox.take(HANDED_OVER));
        assert!(taken.into_iter().eq(0..HANDED_OVER + 10));
        assert_eq!(woken.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_is_left_at_the_end_can_be_taken_after_it() {
        let (mailbox, woken) = mailbox();
        mailbox.send(1);
        assert_eq!(mailbox.next_command(), Some(1));
        assert!(!mailbox.wait_for_end(Duration::ZERO) && !mailbox.has_ended());
        mailbox.hand_over(&mut Queue(VecDeque::from([1])));
        mailbox.end(VecDeque::from([2, 3]));
        assert!(mailbox.wait_for_end(Duration::ZERO) && mailbox.has_ended());
        assert_eq!(mailbox.take(2), [1, 2]);
        assert_eq!(mailbox.take(2), [3]);
        assert_eq!(woken.load(Ordering::Relaxed), 1);
    }
}
