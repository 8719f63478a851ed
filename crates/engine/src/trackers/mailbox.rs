//! Results on their way from the host to the engine thread, which takes no lock for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_queue::ArrayQueue;

use super::TrackerResult;

/// Beyond so many results that wait, only the latest of each tracker is kept.
const CAPACITY: usize = 64 * 1024;

/// One batch of results, which the host adds to until the engine thread takes it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    waiting: ArrayQueue<Vec<TrackerResult>>,
    /// A batch that was taken, for the host to fill again: the engine thread frees none.
    spent: ArrayQueue<Vec<TrackerResult>>,
    /// Held by the one thread of the host that adds.
    host: Mutex<()>,
    merged: AtomicU64,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self {
            waiting: ArrayQueue::new(1),
            spent: ArrayQueue::new(1),
            host: Mutex::new(()),
            merged: AtomicU64::new(0),
        }
    }

    /// The host's side: adds results behind those that wait.
    pub(crate) fn add(&self, results: &[TrackerResult]) {
        let _one_at_a_time = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = self.waiting.pop().or_else(|| self.spent.pop());
        let mut batch = batch.unwrap_or_default();
        batch.extend_from_slice(results);
        if batch.len() > CAPACITY {
            let before = batch.len();
            keep_latest(&mut batch);
            let merged = (before - batch.len()) as u64;
            self.merged.fetch_add(merged, Ordering::Relaxed);
        }
        // There is room: nobody else adds.
        let _ = self.waiting.push(batch);
    }

    /// Whether any wait.
    pub(crate) fn any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The engine thread's side: takes all that wait.
    pub(crate) fn take(&self) -> Option<Vec<TrackerResult>> {
        self.waiting.pop()
    }

    /// Gives back a batch that is done with.
    pub(crate) fn give_back(&self, spent: Vec<TrackerResult>) {
        // One too many is freed here, which is rare.
        let _ = self.spent.push(spent);
    }

    /// Results that were left out for later ones of their tracker.
    pub(crate) fn merged(&self) -> u64 {
        self.merged.load(Ordering::Relaxed)
    }
}

/// Leaves the last result of each tracker, in order.
fn keep_latest(results: &mut Vec<TrackerResult>) {
    let places = results.iter().enumerate();
    let last: HashMap<_, _> = places
        .map(|(place, result)| (result.tracker, place))
        .collect();
    let mut place = 0;
    results.retain(|result| {
        place += 1;
        last[&result.tracker] == place - 1
    });
}

#[cfg(test)]
mod tests {
    use ka_vrrp::TrackerState;

    use super::*;
    use crate::config::TrackerId;

    fn result(tracker: u32, generation: u32) -> TrackerResult {
        TrackerResult {
            tracker: TrackerId(tracker),
            generation,
            state: TrackerState::Up,
        }
    }

    #[test]
    fn results_wait_in_order_until_they_are_taken() {
        let mailbox = Mailbox::new();
        assert!(!mailbox.any());
        assert_eq!(mailbox.take(), None);
        mailbox.add(&[result(1, 1), result(2, 1)]);
        mailbox.add(&[result(1, 2)]);
        assert!(mailbox.any());
        let taken = mailbox.take().unwrap();
        assert_eq!(taken, [result(1, 1), result(2, 1), result(1, 2)]);
        assert!(!mailbox.any());
        let room = taken.capacity();
        let mut spent = taken;
        spent.clear();
        mailbox.give_back(spent);
        mailbox.add(&[result(3, 1)]);
        let taken = mailbox.take().unwrap();
        assert_eq!((taken.len(), taken.capacity()), (1, room));
    }

    #[test]
    fn of_too_many_results_the_latest_of_each_tracker_stays() {
        let mailbox = Mailbox::new();
        for generation in 0..CAPACITY as u32 {
            mailbox.add(&[result(generation % 3, generation)]);
        }
        assert_eq!(mailbox.merged(), 0);
        mailbox.add(&[result(7, 1)]);
        let taken = mailbox.take().unwrap();
        let last = CAPACITY as u32 - 1;
        let expected = [(last - 2) % 3, (last - 1) % 3, last % 3];
        let trackers: Vec<u32> = taken.iter().map(|result| result.tracker.0).collect();
        assert_eq!(trackers, [&expected[..], &[7]].concat());
        assert_eq!(taken[2].generation, last);
        assert_eq!(mailbox.merged(), CAPACITY as u64 - 3);
    }
}
