//! Services that have to be worked on, those of the oldest command first.

use std::collections::{BTreeSet, HashMap, VecDeque};

use ka_netlink::ipvs::{DestinationKey, ServiceKey};

/// What of a service has to be looked at: of ten thousand destinations it may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everything.
    All,
    /// The service itself and these destinations.
    Only(BTreeSet<DestinationKey>),
}

impl Scope {
    /// Of one destination, or of everything where there is none.
    pub(super) fn of(destination: Option<DestinationKey>) -> Self {
        destination.map_or(Self::All, |key| Self::Only(BTreeSet::from([key])))
    }

    fn widen(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Only(these), Self::Only(those)) => these.extend(those),
            _ => *self = Self::All,
        }
    }
}

/// A service that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The command for which it waits, the oldest if there are several. Never smaller further behind in the order.
    pub(super) since: u64,
    pub(super) scope: Scope,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    order: VecDeque<ServiceKey>,
    waiting: HashMap<ServiceKey, Waiting>,
    /// Those that are worked on, in order.
    taken: Vec<(ServiceKey, Waiting)>,
}

impl Queue {
    /// Behind the others, unless it waits already.
    pub(super) fn push(&mut self, key: ServiceKey, ticket: u64, scope: Scope) {
        if let Some(waiting) = self.waiting.get_mut(&key) {
            waiting.scope.widen(scope);
            return;
        }
        let since = ticket;
        self.waiting.insert(key, Waiting { since, scope });
        self.order.push_back(key);
    }

    pub(super) fn front(&mut self) -> Option<(ServiceKey, &mut Waiting)> {
        let key = *self.order.front()?;
        Some((key, self.waiting.get_mut(&key)?))
    }

    /// The first one is worked on.
    pub(super) fn take_front(&mut self) {
        if let Some(key) = self.order.pop_front()
            && let Some(waiting) = self.waiting.remove(&key)
        {
            self.taken.push((key, waiting));
        }
    }

    /// Those that were worked on.
    pub(super) fn taken(&mut self) -> Vec<(ServiceKey, Waiting)> {
        std::mem::take(&mut self.taken)
    }

    /// One that was worked on is the first again.
    pub(super) fn put_back(&mut self, key: ServiceKey, mut waiting: Waiting) {
        if let Some(newer) = self.waiting.remove(&key) {
            self.order.retain(|other| *other != key);
            waiting.scope.widen(newer.scope);
        }
        self.waiting.insert(key, waiting);
        self.order.push_front(key);
    }

    /// The oldest command that is not carried out.
    pub(super) fn oldest(&self) -> Option<u64> {
        let waiting = self.waiting.get(self.order.front()?)?;
        Some(waiting.since)
    }
}
