//! What of IPVS is wanted, what the kernel has of it, and the way from the one to the other.
//!
//! Level-triggered: what has to be done follows from the two at the moment when it is done, so that changes of mind which
//! wait cost nothing. No socket, no clock, no thread.

mod difference;
mod found;
mod queue;
mod refusals;
mod step;
mod wanted;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use ka_netlink::ipvs::{Destination, DestinationKey, IpvsChange, Service, ServiceKey};
use ka_netlink::{ChangeError, Errno};

use crate::event::Refused;
use difference::difference;
use found::Doubt;
use queue::{Queue, Scope, Waiting};
use refusals::Refusals;
pub(crate) use refusals::pause_after;
pub(crate) use step::{Command, Step};
pub(crate) use wanted::{Ranked, Wanted, keys_of};

/// A service as the kernel has it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) service: Service,
    pub(crate) destinations: HashMap<DestinationKey, Destination>,
}

/// The wanted and the known state of all services that are ours.
#[derive(Debug, Default)]
pub(crate) struct Table {
    wanted: HashMap<ServiceKey, Wanted>,
    ids: HashMap<u32, ServiceKey>,
    known: HashMap<ServiceKey, Known>,
    queue: Queue,
    doubts: HashMap<ServiceKey, Doubt>,
    refusals: Refusals,
    next_rank: u64,
    /// Number of the last command.
    ticket: u64,
}

impl Table {
    /// Number of the last command that was taken.
    pub(crate) fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Commands up to this one are carried out, or what of them is not was refused.
    pub(crate) fn settled(&self) -> u64 {
        self.queue.oldest().map_or(self.ticket, |oldest| oldest - 1)
    }

    /// Whether the kernel has something else of a service than is wanted.
    fn differs(&self, key: ServiceKey) -> bool {
        let (wanted, known) = (self.wanted.get(&key), self.known.get(&key));
        !difference(wanted, known, &Scope::All).is_empty()
    }

    fn enqueue_if_different(&mut self, key: ServiceKey) {
        if self.differs(key) {
            self.queue.push(key, self.ticket, Scope::All);
        }
    }

    /// Lets what was refused be tried again where its time has come.
    pub(crate) fn retry(&mut self, now: Instant) {
        for (key, destination) in self.refusals.take_due(now) {
            // It holds up no command that was carried out.
            self.queue
                .push(key, self.ticket + 1, Scope::of(destination));
        }
    }

    /// When the next of these times comes.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        self.refusals.next_due()
    }

    /// Appends what is to be done next, as many steps as there is `room` for. [`Self::outcome`] has to follow for each, and
    /// then [`Self::end_batch`].
    pub(crate) fn plan(&mut self, room: usize, now: Instant, steps: &mut Vec<Step>) {
        while steps.len() < room {
            let Some((key, waiting)) = self.queue.front() else {
                return;
            };
            let known = self.known.get(&key);
            if known.is_none() {
                // All of it is missing, whatever it waits for.
                waiting.scope = Scope::All;
            }
            let mut next = difference(self.wanted.get(&key), known, &waiting.scope);
            next.retain(|step| self.is_due(step, now));
            let fits = next.len() <= room - steps.len();
            next.truncate(room - steps.len());
            steps.append(&mut next);
            if !fits {
                return;
            }
            self.queue.take_front();
        }
    }

    /// Whether neither it nor what it needs was refused a moment ago.
    fn is_due(&self, step: &Step, now: Instant) -> bool {
        let needs_service = step.destination.is_some() && !self.known.contains_key(&step.service);
        let lacks_service = needs_service && self.refusals.waits((step.service, None), now);
        !lacks_service && !self.refusals.waits(step.object(), now)
    }

    /// Ends what [`Self::plan`] began: services with something left to do are next.
    pub(crate) fn end_batch(&mut self, now: Instant) {
        for (key, waiting) in self.queue.taken().into_iter().rev() {
            let (wanted, known) = (self.wanted.get(&key), self.known.get(&key));
            let next = difference(wanted, known, &waiting.scope);
            if next.is_empty() {
                self.forgive(key, &waiting);
            }
            let is_left = next.iter().any(|step| self.is_due(step, now));
            if is_left || self.doubts.contains_key(&key) {
                self.queue.put_back(key, waiting);
            }
        }
    }

    /// All of it is as wanted.
    fn forgive(&mut self, key: ServiceKey, waiting: &Waiting) {
        match &waiting.scope {
            Scope::All => self.refusals.forget_service(key),
            Scope::Only(destinations) => {
                self.refusals.forget((key, None));
                for destination in destinations {
                    self.refusals.forget((key, Some(*destination)));
                }
            }
        }
    }

    /// What a step of the present plan asks the kernel for.
    pub(crate) fn change(&self, step: &Step) -> Option<IpvsChange> {
        let wanted = self.wanted.get(&step.service);
        let known = self.known.get(&step.service);
        let wish = || {
            let ranked = wanted?.destinations.get(&step.destination?)?;
            Some(ranked.destination)
        };
        Some(match step.command {
            Command::AddService => IpvsChange::AddService(wanted?.service),
            Command::SetService => IpvsChange::SetService(wanted?.service),
            Command::RemoveService => IpvsChange::RemoveService(known?.service),
            Command::AddDestination => IpvsChange::AddDestination {
                service: wanted?.service,
                destination: wish()?,
            },
            Command::SetDestination => IpvsChange::SetDestination {
                service: wanted?.service,
                destination: wish()?,
            },
            Command::RemoveDestination => IpvsChange::RemoveDestination {
                service: wanted?.service,
                destination: *known?.destinations.get(&step.destination?)?,
            },
        })
    }

    /// Takes what the kernel said to a step, in the order of the plan; what of it is to be told.
    pub(crate) fn outcome(
        &mut self,
        step: &Step,
        change: &IpvsChange,
        result: &Result<(), ChangeError>,
        now: Instant,
    ) -> Option<Refused> {
        let error = match result {
            Ok(()) => {
                self.done(step, change);
                return None;
            }
            Err(error) => error,
        };
        let Some(errno) = error.errno() else {
            self.doubts.insert(step.service, Doubt::Unacknowledged);
            return None;
        };
        if step.is_gone(errno) {
            self.done(step, change);
            return None;
        }
        if step.destination.is_some() && !self.known.contains_key(&step.service) {
            // The service before it was refused.
            return None;
        }
        if step.is_surprising(errno) && self.refusals.note_surprise(step.object(), now) {
            self.doubts.entry(step.service).or_insert(Doubt::Surprise);
            return None;
        }
        let is_new = self.refusals.add(step.object(), step.command, errno, now);
        is_new.then_some(Refused {
            change: *change,
            errno,
        })
    }

    fn done(&mut self, step: &Step, change: &IpvsChange) {
        self.refusals.forget(step.object());
        let known = self.known.get_mut(&step.service);
        match *change {
            IpvsChange::AddService(service) | IpvsChange::SetService(service) => match known {
                Some(known) => known.service = service,
                None => {
                    let destinations = HashMap::new();
                    let known = Known {
                        service,
                        destinations,
                    };
                    self.known.insert(step.service, known);
                }
            },
            IpvsChange::RemoveService(_) => {
                self.known.remove(&step.service);
                self.refusals.forget_service(step.service);
            }
            IpvsChange::AddDestination { destination, .. }
            | IpvsChange::SetDestination { destination, .. } => {
                if let Some(known) = known {
                    known.destinations.insert(destination.key, destination);
                }
            }
            IpvsChange::RemoveDestination { destination, .. } => {
                if let Some(known) = known {
                    known.destinations.remove(&destination.key);
                }
            }
            _ => {}
        }
    }

    /// The keys of everything of ours: what is wanted, and what is still to go.
    pub(crate) fn keys(&self) -> HashSet<ServiceKey> {
        self.wanted
            .keys()
            .chain(self.known.keys())
            .copied()
            .collect()
    }

    /// The services of ours that the kernel has, in an order of their own.
    pub(crate) fn all_known(&self) -> Vec<Service> {
        let mut services: Vec<_> = self.known.values().map(|known| known.service).collect();
        services.sort_unstable_by_key(|service| service.key);
        services
    }

    /// A service was removed at the end.
    pub(crate) fn forget_known(&mut self, key: ServiceKey) {
        self.known.remove(&key);
    }

    /// The key of a service.
    pub(crate) fn key_of(&self, id: u32) -> Option<ServiceKey> {
        self.ids.get(&id).copied()
    }

    /// A service that is wanted.
    pub(crate) fn wanted(&self, key: ServiceKey) -> Option<&Wanted> {
        self.wanted.get(&key)
    }

    /// Whether the kernel is believed to have a service.
    pub(crate) fn is_known(&self, key: ServiceKey) -> bool {
        self.known.contains_key(&key)
    }

    /// Why the kernel does not have something as it is wanted.
    pub(crate) fn refusal(
        &self,
        key: ServiceKey,
        destination: Option<DestinationKey>,
    ) -> Option<Errno> {
        self.refusals.reason((key, destination))
    }
}

#[cfg(test)]
mod tests;
