//! The earliest deadline among thousands of instances, cheap to postpone.
//!
//! A Backup's timer moves later with every advertisement it hears, ten thousand
//! times a second at scale. So an entry stays where it is when its deadline
//! moves later, and is put right when it reaches the top of the heap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::instance::InstanceId;

/// Deadlines of instances, at most one live entry each.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, InstanceId)>>,
    /// The entry that counts for each instance; others of it in the heap are stale.
    queued: Vec<Option<Instant>>,
    deadlines: Vec<Option<Instant>>,
}

impl Timers {
    /// Sets or clears the deadline of `id`.
    pub(crate) fn set(&mut self, id: InstanceId, deadline: Option<Instant>) {
        let index = id.index();
        if index >= self.deadlines.len() {
            self.deadlines.resize(index + 1, None);
            self.queued.resize(index + 1, None);
        }
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
        while let Some(&Reverse((at, id))) = self.heap.peek() {
            let index = id.index();
            if self.queued[index] != Some(at) {
                self.heap.pop();
                continue;
            }
            match self.deadlines[index] {
                Some(deadline) if deadline == at => return Some((at, id)),
                Some(later) => {
                    self.heap.pop();
                    self.queued[index] = Some(later);
                    self.heap.push(Reverse((later, id)));
                }
                None => {
                    self.heap.pop();
                    self.queued[index] = None;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn deadlines_come_in_order_whether_moved_earlier_later_or_cleared() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
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
        let mut timers = Timers::default();
        for step in 1..10_000u64 {
            timers.set(
                InstanceId::new(0),
                Some(start + Duration::from_millis(step)),
            );
        }
        assert_eq!(timers.heap.len(), 1);
    }
}
