//! Looks at what is there, in slices: those that others ask for, and those for what others change.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ka_netlink::NetlinkError;
use ka_netlink::ipvs::{DestinationKey, DestinationStatus, ServiceKey, ServiceStatus};

use super::IpvsThread;
use crate::audit::SLICE;
use crate::error::IpvsError;
use crate::shared::Reply;
use crate::snapshot::{DestinationState, IpvsSnapshot, ServiceState};
use crate::table::{Ranked, Wanted};

/// A slice of a look that somebody waits for.
const LOOK_SLICE: Duration = Duration::from_millis(5);

/// A look at everything that somebody asked for.
pub(super) struct Look {
    reply: Reply<IpvsSnapshot>,
    snapshot: IpvsSnapshot,
    /// Services as the kernel has them, once it was asked.
    found: Option<HashMap<ServiceKey, ServiceStatus>>,
    /// Services that are still to be looked at, the last one first.
    pending: Vec<ServiceKey>,
}

impl Look {
    pub(super) fn new(reply: Reply<IpvsSnapshot>) -> Self {
        Self {
            reply,
            snapshot: IpvsSnapshot::default(),
            found: None,
            pending: Vec::new(),
        }
    }
}

impl IpvsThread {
    /// Does a slice of a look that somebody asked for; whether there was any.
    pub(super) fn continue_look(&mut self) -> bool {
        let Some(mut look) = self.looks.pop_front() else {
            return false;
        };
        match self.look_on(&mut look) {
            Ok(true) => {
                look.snapshot.status = self.kernel.status;
                // Who asked may have gone.
                let _ = look.reply.try_send(Ok(look.snapshot));
            }
            Ok(false) => self.looks.push_front(look),
            Err(error) => {
                let _ = look.reply.try_send(Err(error.into()));
            }
        }
        true
    }

    /// Whether that was the last slice.
    fn look_on(&mut self, look: &mut Look) -> Result<bool, NetlinkError> {
        let began = Instant::now();
        let found = match &look.found {
            Some(found) => found,
            None => {
                look.snapshot.timeouts = self.kernel.timeouts().ok();
                look.snapshot.daemons = self.kernel.daemons()?;
                look.pending = self.table.keys().into_iter().collect();
                look.pending.sort_unstable_by(|one, other| other.cmp(one));
                look.found.insert(self.kernel.services()?)
            }
        };
        while let Some(key) = look.pending.pop() {
            let found = found.get(&key).copied();
            let destinations = match found {
                Some(_) => self.kernel.destination_states(key)?,
                None => Vec::new(),
            };
            look.snapshot
                .services
                .extend(self.service_state(key, found, destinations));
            if began.elapsed() >= LOOK_SLICE {
                break;
            }
        }
        Ok(look.pending.is_empty())
    }

    fn service_state(
        &self,
        key: ServiceKey,
        found: Option<ServiceStatus>,
        destinations: Vec<DestinationStatus>,
    ) -> Option<ServiceState> {
        let wanted = self.table.wanted(key);
        let service = wanted.map(|wanted| wanted.service);
        Some(ServiceState {
            id: wanted.map(|wanted| wanted.id),
            // It may be gone since it was asked for.
            service: service.or(found.map(|found| found.service))?,
            found,
            refused: self.table.refusal(key, None),
            destinations: self.destination_states(key, wanted, destinations),
        })
    }

    fn destination_states(
        &self,
        key: ServiceKey,
        wanted: Option<&Wanted>,
        found: Vec<DestinationStatus>,
    ) -> Vec<DestinationState> {
        let found = found
            .into_iter()
            .map(|found| (found.destination.key, found));
        let mut found: HashMap<DestinationKey, DestinationStatus> = found.collect();
        let mut ranked: Vec<&Ranked> = wanted
            .map(|wanted| wanted.destinations.values().collect())
            .unwrap_or_default();
        ranked.sort_unstable_by_key(|ranked| ranked.rank);
        let mut states: Vec<DestinationState> = ranked
            .into_iter()
            .map(|ranked| DestinationState {
                wanted: Some(ranked.destination),
                found: found.remove(&ranked.destination.key),
                refused: self.table.refusal(key, Some(ranked.destination.key)),
            })
            .collect();
        let mut others: Vec<DestinationStatus> = found.into_values().collect();
        others.sort_unstable_by_key(|found| found.destination.key);
        states.extend(others.into_iter().map(|found| DestinationState {
            wanted: None,
            found: Some(found),
            refused: self.table.refusal(key, Some(found.destination.key)),
        }));
        states
    }

    /// The destinations of one service.
    pub(super) fn connections(&mut self, id: u32) -> Result<Vec<DestinationState>, IpvsError> {
        let Some(key) = self.table.key_of(id) else {
            return Ok(Vec::new());
        };
        let found = self.kernel.destination_states(key)?;
        Ok(self.destination_states(key, self.table.wanted(key), found))
    }

    /// Does a slice of the look for what others changed; whether it was time for it.
    pub(super) fn continue_audit(&mut self, now: Instant) -> bool {
        if !self.has_applied || now < self.audit.next_at() {
            return false;
        }
        let began = Instant::now();
        // What cannot be read now is read the next time.
        let _ = match self.audit.pending.is_empty() {
            true => {
                self.audit.begin(began);
                self.audit_services()
            }
            false => self.audit_destinations(began),
        };
        let took = began.elapsed();
        if self.audit.pending.is_empty() {
            self.kernel.status.audits += 1;
        }
        self.kernel.status.audit_time += took;
        self.audit.rest(began, took);
        true
    }

    fn audit_services(&mut self) -> Result<(), NetlinkError> {
        let found = self.kernel.services()?;
        let mut keys: Vec<ServiceKey> = self.table.keys().into_iter().collect();
        keys.sort_unstable_by(|one, other| other.cmp(one));
        for key in keys {
            let service = found.get(&key).map(|found| found.service);
            let was_known = self.table.is_known(key);
            if let Some(repaired) = self.table.found_service(key, service) {
                self.tell_repaired(repaired);
            }
            match service {
                Some(_) if was_known => self.audit.pending.push(key),
                // It has destinations of which nothing is known: they come before ours.
                Some(_) => self.audit_one(key)?,
                None => {}
            }
        }
        let daemons = self.kernel.daemons()?;
        self.daemons.found(&daemons);
        Ok(())
    }

    fn audit_destinations(&mut self, began: Instant) -> Result<(), NetlinkError> {
        while let Some(key) = self.audit.pending.pop() {
            if self.table.is_known(key) {
                self.audit_one(key)?;
            }
            if began.elapsed() >= SLICE {
                break;
            }
        }
        Ok(())
    }

    fn audit_one(&mut self, key: ServiceKey) -> Result<(), NetlinkError> {
        let destinations = self.kernel.destinations(key)?;
        for repaired in self.table.found_destinations(key, destinations) {
            self.tell_repaired(repaired);
        }
        Ok(())
    }
}
