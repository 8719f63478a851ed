//! Addresses in the kernel: small batches, sized by the time they take.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::{
    AddressChange, AddressFlags, AddressKey as KernelKey, ChangeError, InterfaceName, MAX_BATCH,
};
use ka_netlink::{Errno, VirtualAddress as KernelAddress};

use crate::PROTOCOL_ID;
use crate::addresses::{AddressKey, Outcome, Settled, Step};
use crate::apply::Refusal;
use crate::config::VirtualAddress;
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::thread::EngineThread;

/// Keys looked at in one step, most of which may need nothing of the kernel.
const LOOKED_AT: usize = 256;
/// A batch that took longer halves the next one.
const TARGET: Duration = Duration::from_micros(600);

/// How many changes one netlink write may carry now.
#[derive(Debug)]
pub(crate) struct BatchSize(usize);

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

impl EngineThread {
    /// Asks for every address of `id`; announcements wait until they are there.
    pub(crate) fn acquire_addresses(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.unsettled = 0;
        for (key, wanted) in instance.addresses.iter().zip(&instance.config.addresses) {
            if self.addresses.acquire(*key, wanted, id) {
                instance.unsettled += 1;
            }
        }
    }

    /// No longer asks for any address of `id`.
    pub(crate) fn release_addresses(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.unsettled = 0;
        for key in &instance.addresses {
            self.addresses.release(*key, id);
        }
    }

    /// Brings one batch of addresses to their wanted state; `false` when all are.
    pub(crate) fn settle_addresses(&mut self, now: Instant) -> bool {
        if self.remove_orphans(now) {
            return true;
        }
        let mut steps: Vec<(AddressKey, Step)> = Vec::with_capacity(MAX_BATCH);
        let mut changes: Vec<AddressChange> = Vec::with_capacity(MAX_BATCH);
        for _ in 0..LOOKED_AT {
            if changes.len() >= self.batch.0 {
                break;
            }
            // IPv6 takes the kernel longer: one family a batch, so that each finds its size.
            let first = steps.first().map(|(key, _)| key.address.is_ipv4());
            let next = self
                .addresses
                .next(|key| first.is_none_or(|ipv4| ipv4 == key.address.is_ipv4()));
            let Some((key, step)) = next else { break };
            let change = step.and_then(|step| Some((step, self.change(&key, step)?)));
            match change {
                Some((step, change)) => {
                    steps.push((key, step));
                    changes.push(change);
                }
                // Nothing to do; or no interface, without which an address is neither there nor
                // can it be added: it is looked at again when the interface comes.
                None => self.addressed(key, None),
            }
        }
        if changes.is_empty() {
            return !self.addresses.is_settled();
        }
        let results = self.submit(&changes);
        for ((key, step), result) in steps.into_iter().zip(results) {
            self.note_result(key, step, result, now);
        }
        true
    }

    /// Asks the kernel for `changes`, and learns how many it can be asked for at a time.
    fn submit(&mut self, changes: &[AddressChange]) -> Vec<Result<(), ChangeError>> {
        let mut results = Vec::with_capacity(changes.len());
        let before = Instant::now();
        self.route.submit(changes, &mut results);
        let took = before.elapsed();
        self.batch.adapt(changes.len(), took);
        self.status.longest_batch = self.status.longest_batch.max(took);
        results
    }

    /// Removes a batch of addresses from interfaces that were renamed; `false` when there is none.
    fn remove_orphans(&mut self, now: Instant) -> bool {
        let orphans = self.addresses.next_orphans(self.batch.0);
        if orphans.is_empty() {
            return false;
        }
        let changes: Vec<AddressChange> = orphans
            .iter()
            .map(|orphan| AddressChange::Remove(kernel_key(&orphan.held, orphan.index)))
            .collect();
        let results = self.submit(&changes);
        for (orphan, result) in orphans.into_iter().zip(results) {
            match result.map_err(|error| error.errno()) {
                Ok(()) | Err(Some(Errno::ADDRNOTAVAIL | Errno::NODEV)) => {}
                Err(_) => self.addresses.retry_orphan(orphan, now),
            }
        }
        true
    }

    /// Removes every address of ours at once: the process is about to end.
    pub(crate) fn remove_all_addresses(&mut self) {
        let changes: Vec<AddressChange> = self
            .addresses
            .ours()
            .filter_map(|(key, _)| self.change(key, Step::Remove))
            .collect();
        // What the kernel refuses now stays recorded, for the next start.
        self.route
            .submit(&changes, &mut Vec::with_capacity(changes.len()));
    }

    fn change(&self, key: &AddressKey, step: Step) -> Option<AddressChange> {
        let index = self.interfaces.at(key.interface).index?;
        let entry = self.addresses.get(key)?;
        Some(match step {
            Step::Add => AddressChange::Add(kernel_address(&entry.wanted, index)),
            Step::Remove => AddressChange::Remove(kernel_key(entry.held(), index)),
        })
    }

    fn note_result(
        &mut self,
        key: AddressKey,
        step: Step,
        result: Result<(), ChangeError>,
        now: Instant,
    ) {
        let outcome = match (step, result) {
            (Step::Add, Ok(())) => Outcome::Added,
            (Step::Remove, Ok(())) => Outcome::Removed,
            (step, Err(error)) => match (step, error.errno()) {
                (Step::Add, Some(Errno::EXIST)) => Outcome::Existed,
                // Somebody else was faster, or the interface is gone.
                (Step::Remove, Some(Errno::ADDRNOTAVAIL | Errno::NODEV)) => Outcome::Removed,
                _ => {
                    self.note_refusal(key, step, &error, now);
                    self.addressed(key, None);
                    return;
                }
            },
        };
        let settled = self.addresses.settle(key, outcome, now);
        if settled == Settled::Restored {
            self.tell_lost(key);
        }
        self.addressed(key, Some(settled));
    }

    /// The question whether `key` is there is answered for its users.
    fn addressed(&mut self, key: AddressKey, settled: Option<Settled>) {
        if settled == Some(Settled::Gone) {
            return;
        }
        let Some(entry) = self.addresses.get(&key) else {
            return;
        };
        for id in entry.users.clone() {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            if instance.unsettled > 0 {
                instance.unsettled -= 1;
                self.start_announcement(id);
            } else if matches!(settled, Some(Settled::Appeared | Settled::Restored)) {
                // It was refused or lost before: nobody was told where it is now.
                let rounds = instance.config.router.garp.master_repeat;
                self.queue_announcement(id, rounds);
            }
        }
    }

    fn tell_lost(&mut self, key: AddressKey) {
        let user = self
            .addresses
            .get(&key)
            .and_then(|entry| entry.users.first());
        let Some(instance) = user.and_then(|id| self.instances[id.index()].as_ref()) else {
            return;
        };
        self.events.send(EventKind::AddressLost {
            instance: Arc::clone(&instance.config.name),
            interface: Arc::clone(&self.interfaces.at(key.interface).name),
            address: key.address,
        });
    }

    fn note_refusal(&mut self, key: AddressKey, step: Step, error: &ChangeError, now: Instant) {
        if matches!(error, ChangeError::Unacknowledged) {
            self.addresses.unconfirmed(key, now);
            return;
        }
        self.addresses.retry(key, now);
        let interface = Arc::clone(&self.interfaces.at(key.interface).name);
        let Some(entry) = self.addresses.get_mut(&key) else {
            return;
        };
        if entry.refusal_told {
            return;
        }
        entry.refusal_told = true;
        let user = entry.users.first().copied();
        let instance = user
            .and_then(|id| self.instances[id.index()].as_ref())
            .map_or_else(
                || Arc::from(""),
                |instance| Arc::clone(&instance.config.name),
            );
        let operation = match step {
            Step::Add => "add",
            Step::Remove => "remove",
        };
        if self.apply.is_some() {
            self.apply_refusals.push(Refusal {
                instance: Arc::clone(&instance),
                reason: format!("{operation} {} on {interface}: {error}", key.address),
            });
        }
        self.events.send(EventKind::AddressRefused {
            instance,
            interface,
            address: key.address,
            operation,
            errno: error.errno().map_or(0, Errno::raw_os_error),
            message: error.to_string(),
        });
    }
}

/// `wanted` as the kernel takes it, on the interface with `index`.
fn kernel_address(wanted: &VirtualAddress, index: u32) -> KernelAddress {
    let flags = [
        (wanted.no_dad, AddressFlags::NODAD),
        (wanted.home, AddressFlags::HOMEADDRESS),
        (wanted.manage_temporary, AddressFlags::MANAGETEMPADDR),
        (wanted.no_prefix_route, AddressFlags::NOPREFIXROUTE),
        (wanted.auto_join, AddressFlags::MCAUTOJOIN),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(0, |bits, (_, flag)| bits | flag.bits());
    let broadcast = match wanted.broadcast {
        Some(IpAddr::V4(address)) => Some::<Ipv4Addr>(address),
        _ => None,
    };
    KernelAddress {
        broadcast,
        // Checked when the configuration was taken in.
        label: wanted
            .label
            .as_deref()
            .and_then(|label| InterfaceName::new(label).ok()),
        scope: wanted.scope,
        flags: AddressFlags::from_bits(flags),
        preferred_lifetime: wanted
            .preferred_lifetime
            .map(|s| Duration::from_secs(s.into())),
        protocol: Some(PROTOCOL_ID),
        ..KernelAddress::new(kernel_key(wanted, index))
    }
}

fn kernel_key(wanted: &VirtualAddress, index: u32) -> KernelKey {
    KernelKey {
        ifindex: index,
        address: wanted.address,
        prefix_len: wanted.prefix_len,
        peer: wanted.peer,
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
