//! What the kernel refused: it stays wanted, and is tried again after growing pauses.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use ka_netlink::Errno;
use ka_netlink::ipvs::ServiceKey;

use super::step::{Command, Object};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pause after so many attempts.
pub(crate) fn pause_after(attempts: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(16));
    doubled.min(LONGEST_PAUSE)
}

#[derive(Debug)]
struct Refusal {
    attempts: u32,
    retry_at: Instant,
    /// What was told, once.
    told: Option<(Command, Errno)>,
}

#[derive(Debug, Default)]
pub(super) struct Refusals {
    of: HashMap<Object, Refusal>,
    due: BTreeSet<(Instant, Object)>,
}

impl Refusals {
    /// Whether its time has not come.
    pub(super) fn waits(&self, object: Object, now: Instant) -> bool {
        self.of.get(&object).is_some_and(|it| it.retry_at > now)
    }

    /// The answer contradicts what is known, for the first time in a row: looking at the kernel comes before telling anybody.
    pub(super) fn note_surprise(&mut self, object: Object, now: Instant) -> bool {
        if self.of.contains_key(&object) {
            return false;
        }
        let (attempts, retry_at, told) = (0, now, None);
        self.of.insert(
            object,
            Refusal {
                attempts,
                retry_at,
                told,
            },
        );
        true
    }

    /// Notes a refusal; whether it is to be told.
    pub(super) fn add(
        &mut self,
        object: Object,
        command: Command,
        errno: Errno,
        now: Instant,
    ) -> bool {
        let refusal = self.of.entry(object).or_insert(Refusal {
            attempts: 0,
            retry_at: now,
            told: None,
        });
        self.due.remove(&(refusal.retry_at, object));
        refusal.attempts += 1;
        refusal.retry_at = now + pause_after(refusal.attempts);
        self.due.insert((refusal.retry_at, object));
        refusal.told.replace((command, errno)) != Some((command, errno))
    }

    /// It was carried out, or is not wanted like that any more.
    pub(super) fn forget(&mut self, object: Object) {
        if let Some(refusal) = self.of.remove(&object) {
            self.due.remove(&(refusal.retry_at, object));
        }
    }

    /// All of one service.
    pub(super) fn forget_service(&mut self, key: ServiceKey) {
        if self.of.is_empty() {
            return;
        }
        let of_service = self.of.keys().filter(|object| object.0 == key);
        for object in of_service.copied().collect::<Vec<_>>() {
            self.forget(object);
        }
    }

    /// Those whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Object> {
        let mut objects = Vec::new();
        while let Some(&(at, object)) = self.due.first().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, object));
            objects.push(object);
        }
        objects
    }

    /// All of them: their time comes now.
    pub(super) fn take_all(&mut self) -> Vec<Object> {
        let due = std::mem::take(&mut self.due);
        let objects = due.into_iter().map(|(at, object)| {
            if let Some(refusal) = self.of.get_mut(&object) {
                // Any moment that is over.
                refusal.retry_at = at.checked_sub(LONGEST_PAUSE * 2).unwrap_or(at);
            }
            object
        });
        objects.collect()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What was told.
    pub(super) fn reason(&self, object: Object) -> Option<Errno> {
        self.of.get(&object)?.told.map(|(_, errno)| errno)
    }
}
