//! Objects in the kernel: small batches, sized by the time they take.

mod change;
mod holding;
mod outcome;

use std::time::{Duration, Instant};

use ka_netlink::{AddressChange, ChangeError, MAX_BATCH, RouteChange};

use self::change::Change;
pub(crate) use self::change::kernel_key;
use crate::objects::{Kind, ObjectKey, Orphan, Step};
use crate::thread::EngineThread;

/// Keys looked at in one step, most of which may need nothing of the kernel.
const LOOKED_AT: usize = 256;
/// A batch that took longer halves the next one.
const TARGET: Duration = Duration::from_micros(600);

/// How many changes one netlink write may carry now.
#[derive(Debug)]
struct BatchSize(usize);

impl Default for BatchSize {
    fn default() -> Self {
        Self(16)
    }
}

impl BatchSize {
    fn adapt(&mut self, used: usize, took: Duration) {
        if took > TARGET {
            self.0 = (used / 2).max(1);
        } else if used == self.0 && took < TARGET / 2 {
            self.0 = (self.0 + 1).min(MAX_BATCH);
        }
    }
}

/// One size for each kind.
#[derive(Debug, Default)]
pub(crate) struct BatchSizes([BatchSize; Kind::COUNT]);

impl BatchSizes {
    fn of(&mut self, kind: Kind) -> &mut BatchSize {
        &mut self.0[kind as usize]
    }
}

impl EngineThread {
    /// Brings one batch of objects to their wanted state; `false` when all are.
    pub(crate) fn settle_objects(&mut self, now: Instant) -> bool {
        if self.remove_orphans(now) {
            return true;
        }
        self.objects.look_again();
        let mut steps: Vec<(ObjectKey, Step)> = Vec::with_capacity(MAX_BATCH);
        let mut changes: Vec<Change> = Vec::with_capacity(MAX_BATCH);
        for _ in 0..LOOKED_AT {
            // Kinds take the kernel differently long: one kind a batch, so that each finds its size.
            let first = steps.first().map(|(key, _)| key.kind());
            if first.is_some_and(|kind| changes.len() >= self.batches.of(kind).0) {
                break;
            }
            let next = self
                .objects
                .next(|key| first.is_none_or(|kind| kind == key.kind()));
            let Some((key, step)) = next else { break };
            let change = step.and_then(|step| Some((step, self.change(&key, step)?)));
            match change {
                Some((step, change)) => {
                    steps.push((key, step));
                    changes.push(change);
                }
                // Nothing to do; or no interface, without which it is neither there nor can it be
                // added: it is looked at again when the interface comes.
                None => self.answered(&key, None),
            }
        }
        if changes.is_empty() {
            return !self.objects.is_settled();
        }
        let kind = steps[0].0.kind();
        let results = self.submit(kind, &changes);
        for ((key, step), result) in steps.into_iter().zip(results) {
            self.note_result(&key, step, result, now);
        }
        true
    }

    /// Asks the kernel for `changes`, and learns how many of `kind` it can be asked for at a time.
    fn submit(&mut self, kind: Kind, changes: &[Change]) -> Vec<Result<(), ChangeError>> {
        let count = changes.len();
        let mut results = Vec::with_capacity(count);
        let before = Instant::now();
        self.route.submit(changes, &mut results);
        let took = before.elapsed();
        self.batches.of(kind).adapt(count, took);
        self.status.longest_batch = self.status.longest_batch.max(took);
        results
    }

    /// Removes a batch of objects from interfaces that were renamed; `false` when there is none.
    fn remove_orphans(&mut self, now: Instant) -> bool {
        let kind = Kind::Ipv6Address; // of whatever kind, as few as take no longer
        let orphans = self.objects.next_orphans(self.batches.of(kind).0);
        if orphans.is_empty() {
            return false;
        }
        let removal = |orphan: &Orphan| match orphan {
            Orphan::Address { index, held } => {
                Change::Address(AddressChange::Remove(kernel_key(held, *index)))
            }
            Orphan::Route(key) => Change::Route(RouteChange::Remove(Box::new(key.clone()))),
        };
        let changes: Vec<Change> = orphans.iter().map(removal).collect();
        let results = self.submit(kind, &changes);
        for (orphan, result) in orphans.into_iter().zip(results) {
            if !result.is_err_and(|error| !outcome::is_gone(error.errno())) {
                continue;
            }
            self.objects.retry_orphan(orphan, now);
        }
        true
    }

    /// Removes everything of ours at once: the process is about to end.
    pub(crate) fn remove_all_objects(&mut self) {
        let changes = self.objects.ours();
        let changes = changes.filter_map(|(key, _)| self.change(key, Step::Remove));
        let mut changes: Vec<Change> = changes.collect();
        // What is in use goes after what uses it.
        changes.sort_by_key(|change| match change {
            Change::Rule(_) => 0,
            Change::Route(_) => 1,
            Change::Address(_) => 2,
        });
        // What the kernel refuses now stays recorded, for the next start.
        self.route.submit(&changes, &mut Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_batch_halves_the_next_and_fast_full_ones_grow_to_the_limit() {
        let mut size = BatchSize::default();
        size.adapt(16, Duration::from_millis(3));
        assert_eq!(size.0, 8);
        for _ in 0..4 {
            size.adapt(size.0, Duration::from_millis(3));
        }
        assert_eq!(size.0, 1);
        for _ in 0..100 {
            size.adapt(size.0, Duration::from_micros(100));
        }
        assert_eq!(size.0, MAX_BATCH);
        // A short last batch says nothing about a full one.
        size.adapt(3, Duration::from_micros(10));
        assert_eq!(size.0, MAX_BATCH);
    }
}
