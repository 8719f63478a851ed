//! Results that wait to be told, at most one of each probe.

use std::collections::VecDeque;

use ka_mailbox::Waiting;

use crate::outcome::ProbeResult;

/// Results in their order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// `None`: withdrawn.
    waiting: VecDeque<Option<ProbeResult>>,
    /// Results taken or withdrawn from the front so far: the position of the first one that waits.
    taken: u64,
    /// Results that a later one replaced.
    dropped: u64,
}

impl Outbox {
    /// Adds a result and returns its position. It takes the place of the one at `former`, where that still waits.
    pub(crate) fn push(&mut self, result: ProbeResult, former: Option<u64>) -> u64 {
        if let Some(position) = former
            && let Some(place) = self.at(position)
        {
            *place = Some(result);
            self.dropped += 1;
            return position;
        }
        self.waiting.push_back(Some(result));
        self.taken + self.waiting.len() as u64 - 1
    }

    /// Drops the result at a position, where it still waits.
    pub(crate) fn withdraw(&mut self, position: u64) {
        if let Some(place) = self.at(position) {
            *place = None;
        }
        while let Some(None) = self.waiting.back() {
            self.waiting.pop_back();
        }
    }

    fn at(&mut self, position: u64) -> Option<&mut Option<ProbeResult>> {
        let index = usize::try_from(position.checked_sub(self.taken)?).ok()?;
        self.waiting.get_mut(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Results that nobody took before a later one came.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Waiting<ProbeResult> for Outbox {
    fn pop(&mut self) -> Option<ProbeResult> {
        while let Some(result) = self.waiting.pop_front() {
            self.taken += 1;
            if result.is_some() {
                return result;
            }
        }
        None
    }

    fn restore(&mut self, result: ProbeResult) {
        self.taken -= 1;
        self.waiting.push_front(Some(result));
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::outcome::Outcome;

    fn result(id: u32, generation: u64) -> ProbeResult {
        ProbeResult {
            id,
            generation,
            lateness: Duration::ZERO,
            duration: Duration::ZERO,
            ended: Instant::now(),
            outcome: Outcome::Success { reply: None },
        }
    }

    fn all(outbox: &mut Outbox) -> Vec<(u32, u64)> {
        std::iter::from_fn(|| outbox.pop())
            .map(|result| (result.id, result.generation))
            .collect()
    }

    #[test]
    fn a_later_result_of_a_probe_takes_the_place_of_one_that_waits() {
        let mut outbox = Outbox::default();
        let first = outbox.push(result(1, 1), None);
        outbox.push(result(2, 1), None);
        assert_eq!(outbox.push(result(1, 2), Some(first)), first);
        assert_eq!(all(&mut outbox), [(1, 2), (2, 1)]);
        // It is told: the next one is one more.
        let third = outbox.push(result(1, 3), Some(first));
        assert_eq!((third, outbox.dropped()), (2, 1));
        assert_eq!(all(&mut outbox), [(1, 3)]);
    }

    #[test]
    fn what_is_withdrawn_is_not_told_and_takes_no_room() {
        let mut outbox = Outbox::default();
        let positions: Vec<_> = (0..4).map(|id| outbox.push(result(id, 1), None)).collect();
        outbox.withdraw(positions[2]);
        outbox.withdraw(positions[3]);
        assert_eq!(outbox.len(), 2);
        outbox.withdraw(positions[0]);
        let taken = outbox.pop().unwrap();
        assert_eq!(taken.id, 1);
        outbox.restore(taken);
        assert_eq!(all(&mut outbox), [(1, 1)]);
        outbox.withdraw(positions[1]);
        assert!(outbox.is_empty());
    }
}
