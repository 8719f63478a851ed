//! What the thread tells its host.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ka_netlink::Errno;
use ka_netlink::ipvs::{DestinationKey, IpvsChange, ServiceKey};

/// Events that wait; those beyond are counted.
pub const EVENT_CAPACITY: usize = 16_384;

/// Something that the host may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The changes of this number and all before them have reached the kernel, or what of them has not was refused and told.
    Applied {
        /// Of [`crate::Ipvs::change`].
        number: u64,
    },
    /// The kernel refused something. It stays wanted and is tried again, and told again when the reason is another one.
    Refused(Refused),
    /// Others changed something of ours, which is put right.
    Repaired(Repaired),
    /// So many events before this one found no room.
    Overflowed {
        /// How many.
        skipped: u64,
    },
}

/// A refusal of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// What it was asked for.
    pub change: IpvsChange,
    /// Its error number.
    pub errno: Errno,
}

impl Refused {
    /// What it was asked for, as a word.
    #[must_use]
    pub const fn command(&self) -> &'static str {
        match self.change {
            IpvsChange::AddService(_) => "AddService",
            IpvsChange::SetService(_) => "SetService",
            IpvsChange::RemoveService(_) => "RemoveService",
            IpvsChange::AddDestination { .. } => "AddDestination",
            IpvsChange::SetDestination { .. } => "SetDestination",
            IpvsChange::RemoveDestination { .. } => "RemoveDestination",
            IpvsChange::AddDaemon(_) => "AddDaemon",
            IpvsChange::RemoveDaemon { .. } => "RemoveDaemon",
            IpvsChange::SetTimeouts(_) => "SetTimeouts",
            IpvsChange::Flush => "Flush",
            IpvsChange::Zero(_) => "Zero",
        }
    }
}

/// What others did to something of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Repair {
    /// A service was removed.
    ServiceMissing,
    /// A service was changed.
    ServiceChanged,
    /// A destination was removed.
    DestinationMissing,
    /// A destination was changed.
    DestinationChanged,
    /// A destination was added to a service of ours.
    ForeignDestination,
}

/// Something that is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// What was wrong with it.
    pub what: Repair,
    /// The service.
    pub service: ServiceKey,
    /// The destination, where it is about one.
    pub destination: Option<DestinationKey>,
}

/// Events on their way to the host, bounded.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    waiting: Mutex<VecDeque<Event>>,
}

impl EventQueue {
    pub(crate) fn push(&self, event: Event) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < EVENT_CAPACITY {
            waiting.push_back(event);
            return;
        }
        // The last two places are for how far changes are, which somebody waits for, and for what is lost.
        match event {
            Event::Applied { number } => match waiting.back_mut() {
                Some(Event::Applied { number: last }) => *last = number,
                _ => waiting.push_back(event),
            },
            _ => {
                let applied = match waiting.back() {
                    Some(Event::Applied { .. }) => waiting.pop_back(),
                    _ => None,
                };
                match waiting.back_mut() {
                    Some(Event::Overflowed { skipped }) => *skipped += 1,
                    _ => waiting.push_back(Event::Overflowed { skipped: 1 }),
                }
                waiting.extend(applied);
            }
        }
    }

    pub(crate) fn take(&self, limit: usize) -> Vec<Event> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = limit.min(waiting.len());
        waiting.drain(..count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errno: Errno) -> Event {
        Event::Refused(Refused {
            change: IpvsChange::Flush,
            errno,
        })
    }

    #[test]
    fn how_far_changes_are_is_told_whatever_is_lost() {
        let queue = EventQueue::default();
        for _ in 0..EVENT_CAPACITY {
            queue.push(refused(Errno::PERM));
        }
        for number in 1..=3 {
            queue.push(Event::Applied { number });
            queue.push(refused(Errno::INVAL));
        }
        let all = queue.take(usize::MAX);
        assert_eq!(all.len(), EVENT_CAPACITY + 2);
        assert_eq!(
            all[EVENT_CAPACITY..],
            [
                Event::Overflowed { skipped: 3 },
                Event::Applied { number: 3 }
            ]
        );
        queue.push(Event::Applied { number: 4 });
        assert_eq!(queue.take(10), [Event::Applied { number: 4 }]);
    }
}
