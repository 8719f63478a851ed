//! What is to be done when.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

/// Something that has a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// The next step in the ending of a run. Before the starts of the same moment.
    Run(u64),
    /// A run's output is read again.
    Output(u64),
    /// A periodic script is to start.
    Job(u32),
    /// A look at starts that hang.
    Lanes,
    /// What waits is handed over.
    Flush,
    /// A look at children that nobody waits for.
    Orphans,
}

/// Each timer at most once, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    order: BTreeSet<(Instant, Timer)>,
    at: HashMap<Timer, Instant>,
}

impl Timers {
    /// In the place of its former time, if it had one.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(timer);
        self.order.insert((at, timer));
        self.at.insert(timer, at);
    }

    /// Only where it has no time, or a later one.
    pub(crate) fn set_earlier(&mut self, timer: Timer, at: Instant) {
        if self.at.get(&timer).is_none_or(|&former| at < former) {
            self.set(timer, at);
        }
    }

    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    /// Whether it has a time that has not come.
    pub(crate) fn is_pending(&self, timer: Timer, now: Instant) -> bool {
        self.at.get(&timer).is_some_and(|&at| at > now)
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.order.first().map(|&(at, _)| at)
    }

    /// Takes the earliest that has come, with its time.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        let &(at, timer) = self.order.first().filter(|(at, _)| *at <= now)?;
        self.cancel(timer);
        Some((at, timer))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_come_in_order_once_at_their_latest_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        timers.set(Timer::Job(1), at(5));
        timers.set(Timer::Run(1), at(5));
        timers.set(Timer::Flush, at(1));
        timers.set(Timer::Flush, at(7));
        timers.set_earlier(Timer::Flush, at(9));
        timers.set(Timer::Run(2), at(2));
        timers.cancel(Timer::Run(2));
        assert_eq!(timers.earliest(), Some(at(5)));
        assert_eq!(timers.take_due(at(4)), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.take_due(at(8))).collect();
        let expected = [
            (at(5), Timer::Run(1)),
            (at(5), Timer::Job(1)),
            (at(7), Timer::Flush),
        ];
        assert_eq!(due, expected);
        assert_eq!(timers.earliest(), None);
    }
}
