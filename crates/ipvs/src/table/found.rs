//! What looks at the kernel find.

use std::collections::HashMap;

use ka_netlink::ipvs::{Destination, DestinationKey, Service, ServiceKey};

use super::queue::Scope;
use super::{Known, Table};
use crate::event::{Repair, Repaired};

/// Why a service has to be looked at in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// An acknowledgement was lost: what is found may be our own work.
    Unacknowledged,
    /// The kernel's answer does not agree with what is known: somebody else was there.
    Surprise,
}

impl Table {
    /// Services that have to be looked at in the kernel before they can be worked on.
    pub(crate) fn take_doubts(&mut self) -> Vec<(ServiceKey, bool)> {
        let doubts = self.doubts.drain();
        let mut doubts: Vec<_> = doubts
            .map(|(key, doubt)| (key, doubt == Doubt::Surprise))
            .collect();
        doubts.sort_unstable();
        doubts
    }

    /// Whether there are any.
    pub(crate) fn has_doubts(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// The kernel has the service like this, or does not have it. Says what others did to it, if it is wanted.
    pub(crate) fn found_service(
        &mut self,
        key: ServiceKey,
        found: Option<Service>,
    ) -> Option<Repaired> {
        let wanted = self.wanted.get(&key);
        let repair = match (found, self.known.get_mut(&key)) {
            (None, None) => None,
            (None, Some(_)) => {
                self.known.remove(&key);
                Some(Repair::ServiceMissing)
            }
            (Some(found), Some(known)) => {
                let is_changed = !found.is_as_wanted(&known.service);
                known.service = found;
                is_changed.then_some(Repair::ServiceChanged)
            }
            (Some(found), None) => {
                let destinations = HashMap::new();
                let known = Known {
                    service: found,
                    destinations,
                };
                self.known.insert(key, known);
                Some(Repair::ServiceChanged)
            }
        };
        let is_right = match (found, wanted) {
            (Some(found), Some(wanted)) => found.is_as_wanted(&wanted.service),
            (None, Some(_)) => false,
            (_, None) => true,
        };
        self.look_after(key);
        let what = repair.filter(|_| !is_right)?;
        Some(Repaired {
            what,
            service: key,
            destination: None,
        })
    }

    /// A service of the kernel has these destinations. Says what others did to them, if it is wanted.
    pub(crate) fn found_destinations(
        &mut self,
        key: ServiceKey,
        found: impl IntoIterator<Item = Destination>,
    ) -> Vec<Repaired> {
        let mut repairs = Vec::new();
        let Some(known) = self.known.get_mut(&key) else {
            return repairs;
        };
        let wanted = self.wanted.get(&key);
        let wants = |destination: DestinationKey| {
            let ranked = wanted?.destinations.get(&destination)?;
            Some(ranked.destination)
        };
        let found = found.into_iter().map(|found| (found.key, found));
        let found: HashMap<_, _> = found.collect();
        let mut tell = |what, destination| {
            repairs.push(Repaired {
                what,
                service: key,
                destination: Some(destination),
            });
        };
        for (&destination, there) in &found {
            let is_as_known = known.destinations.get(&destination) == Some(there);
            match wants(destination) {
                Some(wish) if wish == *there => {}
                _ if is_as_known => {}
                Some(_) => tell(Repair::DestinationChanged, destination),
                None => tell(Repair::ForeignDestination, destination),
            }
        }
        for destination in known.destinations.keys() {
            if !found.contains_key(destination) && wants(*destination).is_some() {
                tell(Repair::DestinationMissing, *destination);
            }
        }
        known.destinations = found;
        if wanted.is_none() {
            // It goes, and they with it.
            repairs.clear();
        }
        repairs.sort_unstable_by_key(|repair| repair.destination);
        self.look_after(key);
        repairs
    }

    /// Works on a service where the kernel has something else than is wanted; no command waits for that.
    fn look_after(&mut self, key: ServiceKey) {
        if self.differs(key) {
            self.queue.push(key, self.ticket + 1, Scope::All);
        }
    }

    /// The kernel was emptied.
    pub(crate) fn flushed(&mut self) {
        self.known.clear();
    }
}
