//! What the engine thread waits for between two steps, and for how long.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd};

use crate::ends::Resigning;
use crate::listening::RECEIVERS;
use crate::thread::EngineThread;

/// In a burst packets are read this often.
const BURST_PAUSE: Duration = Duration::from_micros(200);

/// What could be read after the last wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ready {
    pub(crate) commands: bool,
    pub(crate) packets: [bool; RECEIVERS],
    pub(crate) kernel: bool,
    pub(crate) removals: bool,
    pub(crate) signals: bool,
}

impl EngineThread {
    /// How long to wait; `None` is for ever, zero not at all.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        if self.has_work() {
            return Some(Duration::ZERO);
        }
        let timer = self.timers.earliest().map(|(at, _)| at);
        let beat = self.beats().then_some(self.next_heartbeat);
        let retries = [
            self.objects.retry_at(),
            self.contested.next_at(),
            self.resync_at,
            self.join_again_at,
            self.announcer.poll_timeout(),
            self.delays_end_at(),
        ];
        retries
            .into_iter()
            .chain([timer, beat])
            .flatten()
            .min()
            .map(|at| at.saturating_duration_since(now))
    }

    fn has_work(&self) -> bool {
        self.apply.is_some()
            || !self.apply_waiting.is_empty()
            || self.snapshot.is_some()
            || !self.objects.is_settled()
            || self.announcer.has_work()
            || matches!(self.resigning, Resigning::From(_))
            || !self.outbox.is_empty()
            || self.copies.has_work()
            || self.following.has_work()
            || (self.groups.has_work() && self.resigning == Resigning::No)
            || self.has_results()
    }

    /// Waits and notes what can be read. A handful of descriptors: poll(2) is precise
    /// to the nanosecond and needs no registration.
    ///
    /// While packets come close together they wake nobody: they are read a moment later, all
    /// in one call, instead of each with a wake-up of its own.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) {
        let timeout = match self.in_burst {
            true => Some(timeout.map_or(BURST_PAUSE, |timeout| timeout.min(BURST_PAUSE))),
            false => timeout,
        };
        let packets = match self.in_burst {
            true => PollFlags::empty(),
            false => PollFlags::IN,
        };
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        // The monitor is left alone while a dump runs, see read_kernel().
        let kernel = if self.resyncing {
            self.resync.as_fd()
        } else {
            self.monitor.as_fd()
        };
        let mut fds = [
            PollFd::new(&self.shared.engine_wake, PollFlags::IN),
            PollFd::new(&self.receivers[0], packets),
            PollFd::new(&self.receivers[1], packets),
            PollFd::from_borrowed_fd(self.header_fd(), packets),
            PollFd::from_borrowed_fd(kernel, PollFlags::IN),
            PollFd::from_borrowed_fd(self.removals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.signal_fd(), PollFlags::IN),
        ];
        // Interrupted or refused: look at everything, and wait again.
        let looked = poll(&mut fds, timeout.as_ref()).is_ok();
        let ready = fds.map(|fd| !looked || !fd.revents().is_empty());
        let [commands, ipv4, ipv6, headers, kernel, removals, signals] = ready;
        self.ready = Ready {
            commands,
            packets: [ipv4, ipv6, headers].map(|ready| ready || self.in_burst),
            kernel,
            removals,
            signals,
        };
    }

    /// The socket of packets with an authentication header; without one a descriptor that is watched anyway.
    fn header_fd(&self) -> BorrowedFd<'_> {
        let receiver = self.header_receiver.as_ref();
        receiver.unwrap_or(&self.receivers[0]).as_fd()
    }

    /// The signals' descriptor; without signals one that is watched anyway.
    fn signal_fd(&self) -> BorrowedFd<'_> {
        match &self.signals {
            Some(signals) => signals.fd(),
            None => self.shared.engine_wake.as_fd(),
        }
    }
}
