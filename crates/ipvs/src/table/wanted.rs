//! What is wanted, and how it changes.

use std::collections::{HashMap, HashSet};

use ka_netlink::ipvs::{Destination, DestinationKey, Service, ServiceKey};

use super::Table;
use super::queue::Scope;
use crate::config::{Change, IpvsConfig, ServiceConfig};
use crate::error::IpvsError;

/// A service that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) id: u32,
    pub(crate) service: Service,
    pub(crate) destinations: HashMap<DestinationKey, Ranked>,
}

/// A destination, and its place among those of its service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) rank: u64,
    pub(crate) destination: Destination,
}

/// What a configuration changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) added: u32,
    pub(crate) changed: u32,
    pub(crate) unchanged: u32,
    pub(crate) removed: u32,
}

impl Table {
    /// Finds what of `config` cannot stay as it is.
    pub(crate) fn check_kept(&self, config: &IpvsConfig) -> Result<(), IpvsError> {
        if config.kept.is_empty() {
            return Ok(());
        }
        let others: HashSet<_> = keys_of(config).collect();
        for id in &config.kept {
            let reason = match self.ids.get(id) {
                None => "is not wanted yet",
                Some(key) if others.contains(key) => "is listed twice",
                Some(_) => continue,
            };
            let problem = format!("the service with the id {id} is to stay as it is, and {reason}");
            return Err(IpvsError::InvalidConfig(problem));
        }
        Ok(())
    }

    /// Makes the services of `config` those that are wanted, and those of `kept` stay it: [`Self::check_kept`] has found nothing. It is
    /// command number [`Self::ticket`] then.
    pub(crate) fn set_wanted(&mut self, config: Vec<ServiceConfig>, kept: &[u32]) -> Counts {
        self.ticket += 1;
        let mut counts = Counts::default();
        let mut stay = HashSet::with_capacity(config.len() + kept.len());
        let former = std::mem::take(&mut self.ids);
        let kept = kept.iter().filter_map(|id| former.get_key_value(id));
        for (id, key) in kept {
            counts.unchanged += 1;
            stay.insert(*key);
            self.ids.insert(*id, *key);
        }
        for config in config {
            let key = config.service.key;
            stay.insert(key);
            self.ids.insert(config.id, key);
            let wanted = self.ranked(config);
            let is_same = match self.wanted.get(&key) {
                None => {
                    counts.added += 1;
                    false
                }
                Some(former) => {
                    let is_same = former.is_like(&wanted);
                    *if is_same {
                        &mut counts.unchanged
                    } else {
                        &mut counts.changed
                    } += 1;
                    is_same
                }
            };
            if !is_same {
                self.refusals.forget_service(key);
            }
            self.wanted.insert(key, wanted);
            self.enqueue_if_different(key);
        }
        let gone = self.wanted.keys().filter(|key| !stay.contains(*key));
        let mut gone: Vec<_> = gone.copied().collect();
        // In an order that does not depend on chance.
        gone.sort_unstable();
        for key in gone {
            counts.removed += 1;
            self.wanted.remove(&key);
            self.refusals.forget_service(key);
            self.enqueue_if_different(key);
        }
        // The reason for a refusal may be gone: a module was installed, for instance.
        for (key, _) in self.refusals.take_all() {
            self.enqueue_if_different(key);
        }
        counts
    }

    fn ranked(&mut self, config: ServiceConfig) -> Wanted {
        let destinations = config.destinations.into_iter().map(|destination| {
            self.next_rank += 1;
            let rank = self.next_rank;
            (destination.key, Ranked { rank, destination })
        });
        Wanted {
            id: config.id,
            service: config.service,
            destinations: destinations.collect(),
        }
    }

    /// Takes a batch of changes, as command number [`Self::ticket`].
    pub(crate) fn take(&mut self, batch: Vec<Change>) {
        self.ticket += 1;
        for change in batch {
            self.change_one(change);
        }
    }

    fn change_one(&mut self, change: Change) {
        let id = match &change {
            Change::SetDestination { service, .. }
            | Change::RemoveDestination { service, .. }
            | Change::SetWeight { service, .. } => service,
        };
        let Some(&key) = self.ids.get(id) else {
            return;
        };
        let Some(wanted) = self.wanted.get_mut(&key) else {
            return;
        };
        let concerned = match change {
            Change::SetDestination { destination, .. } => {
                match wanted.destinations.get_mut(&destination.key) {
                    Some(ranked) if ranked.destination == destination => return,
                    Some(ranked) => ranked.destination = destination,
                    None => {
                        self.next_rank += 1;
                        let rank = self.next_rank;
                        let ranked = Ranked { rank, destination };
                        wanted.destinations.insert(destination.key, ranked);
                    }
                }
                destination.key
            }
            Change::RemoveDestination { destination, .. } => {
                if wanted.destinations.remove(&destination).is_none() {
                    return;
                }
                destination
            }
            Change::SetWeight {
                destination,
                weight,
                ..
            } => match wanted.destinations.get_mut(&destination) {
                Some(ranked) if ranked.destination.weight != weight => {
                    ranked.destination.weight = weight;
                    destination
                }
                _ => return,
            },
        };
        self.refusals.forget((key, Some(concerned)));
        let scope = Scope::of(Some(concerned));
        self.queue.push(key, self.ticket, scope);
    }
}

impl Wanted {
    /// Whether both want the same; the order of destinations does not matter.
    fn is_like(&self, other: &Self) -> bool {
        let is_there = |(key, ranked): (&DestinationKey, &Ranked)| {
            let other = other.destinations.get(key);
            other.is_some_and(|other| other.destination == ranked.destination)
        };
        self.service == other.service
            && self.destinations.len() == other.destinations.len()
            && self.destinations.iter().all(is_there)
    }
}

/// The services that a configuration names, of which a record has to tell.
pub(crate) fn keys_of(config: &IpvsConfig) -> impl Iterator<Item = ServiceKey> {
    config.services.iter().map(|config| config.service.key)
}
