//! The earliest deadline among thousands of instances, cheap to postpone.
//!
//! A Backup's timer moves later with every advertisement it hears, ten thousand
//! times a second at scale. So an entry stays where it is when its deadline
//! moves later, and is put right when it reaches the top of the heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::time::{Duration, Instant};

use crate::instance::InstanceId;

/// Nanoseconds since a table of timers was made: half the size of an [`Instant`], and compared in
/// one instruction.
type Nanoseconds = u64;

/// Deadlines of instances, at most one live entry each.
#[derive(Debug)]
pub(crate) struct Timers {
    epoch: Instant,
    heap: BinaryHeap<Reverse<(Nanoseconds, InstanceId)>>,
    /// The entry that counts for each instance; others of it in the heap are stale.
    queued: Vec<Option<Nanoseconds>>,
    deadlines: Vec<Option<Nanoseconds>>,
}

impl Timers {
    /// No deadline; those to come are not before `epoch`.
    pub(crate) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            heap: BinaryHeap::new(),
            queued: Vec::new(),
            deadlines: Vec::new(),
        }
    }

    /// Sets or clears the deadline of `id`.
    pub(crate) fn set(&mut self, id: InstanceId, deadline: Option<Instant>) {
        let index = id.index();
        if index >= self.deadlines.len() {
            self.deadlines.resize(index + 1, None);
            self.queued.resize(index + 1, None);
        }
        let deadline = deadline.map(|at| {
            let since = at.saturating_duration_since(self.epoch).as_nanos();
            // 584 years are for ever.
            Nanoseconds::try_from(since).unwrap_or(Nanoseconds::MAX)
        });
        self.deadlines[index] = deadline;
        if let Some(at) = deadline
            && self.queued[index].is_none_or(|entry| at < entry)
        {
            self.queued[index] = Some(at);
            self.heap.push(Reverse((at, id)));
        }
    }

    /// The earliest deadline and whose it is.
    pub(crate) fn earliest(&mut self) -> Option<(Instant, InstanceId)> {
        while let Some(mut top) = self.heap.peek_mut() {
            let Reverse((at, id)) = *top;
            let index = id.index();
            if self.queued[index] != Some(at) {
                PeekMut::pop(top);
                continue;
            }
            match self.deadlines[index] {
                Some(deadline) if deadline == at => {
                    return Some((self.epoch + Duration::from_nanos(at), id));
                }
                Some(later) => {
                    // Sinks to where it belongs.
                    self.queued[index] = Some(later);
                    *top = Reverse((later, id));
                }
                None => {
                    self.queued[index] = None;
                    PeekMut::pop(top);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_in_order_whether_moved_earlier_later_or_cleared() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new(start);
        let [a, b, c] = [0, 1, 2].map(InstanceId::new);
        timers.set(a, Some(at(10)));
        timers.set(b, Some(at(20)));
        timers.set(c, Some(at(30)));
        timers.set(a, Some(at(40)));
        timers.set(c, Some(at(5)));
        assert_eq!(timers.earliest(), Some((at(5), c)));
        timers.set(c, None);
        assert_eq!(timers.earliest(), Some((at(20), b)));
        timers.set(b, Some(at(50)));
        assert_eq!(timers.earliest(), Some((at(40), a)));
        timers.set(a, None);
        timers.set(b, None);
        assert_eq!(timers.earliest(), None);
        timers.set(a, Some(at(1)));
        assert_eq!(timers.earliest(), Some((at(1), a)));
    }

    #[test]
    fn postponing_does_not_grow_the_heap() {
        let start = Instant::now();
        let mut timers = Timers::new(start);
        for step in 1..10_000u64 {
            timers.set(
                InstanceId::new(0),
                Some(start + Duration::from_millis(step)),
            );
        }
        assert_eq!(timers.heap.len(), 1);
    }
}
