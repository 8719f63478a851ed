//! The wanted addresses of all instances, counted by their users.
//!
//! One table instead of a list per instance: an address that two instances
//! share, or that existed before us, is never pulled from under traffic. What
//! shall be is compared with what is each time a key is worked on, so a change
//! of mind while a request waits costs nothing.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::config::VirtualAddress;
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;

/// A refused operation is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What makes an address of one interface the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey {
    pub(crate) interface: InterfaceId,
    pub(crate) address: IpAddr,
}

/// What the kernel has, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    /// We added it.
    Ours,
    /// It was there when we wanted to add it: never removed by us.
    Foreign,
}

/// One address that somebody wants or that we still have to remove.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) wanted: VirtualAddress,
    /// Instances that want it now.
    pub(crate) users: Vec<InstanceId>,
    pub(crate) presence: Presence,
    queued: bool,
    /// The last refusal was told; quiet until an operation succeeds.
    pub(crate) refusal_told: bool,
    /// When somebody else last removed it.
    lost_at: Option<Instant>,
    seen: u64,
}

/// What the kernel should be asked to do about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Add,
    Remove,
}

/// The table and the queue of keys whose state may differ from the wish.
#[derive(Debug, Default)]
pub(crate) struct AddressTable {
    entries: HashMap<AddressKey, Entry>,
    queue: VecDeque<AddressKey>,
    /// Keys to look at again, in the order of their time.
    retries: VecDeque<(Instant, AddressKey)>,
    epoch: u64,
}

impl AddressTable {
    /// `user` wants the address from now on. Returns whether the kernel's state has to be settled first.
    pub(crate) fn acquire(
        &mut self,
        key: AddressKey,
        wanted: &VirtualAddress,
        user: InstanceId,
    ) -> bool {
        let epoch = self.epoch;
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            wanted: wanted.clone(),
            users: Vec::with_capacity(1),
            presence: Presence::Absent,
            queued: false,
            refusal_told: false,
            lost_at: None,
            seen: epoch,
        });
        if !entry.users.contains(&user) {
            entry.users.push(user);
        }
        if entry.presence == Presence::Absent {
            entry.wanted = wanted.clone();
            self.enqueue(key);
            return true;
        }
        false
    }

    /// `user` no longer wants the address.
    pub(crate) fn release(&mut self, key: AddressKey, user: InstanceId) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        entry.users.retain(|&id| id != user);
        if entry.users.is_empty() {
            self.enqueue(key);
        }
    }

    fn enqueue(&mut self, key: AddressKey) {
        if let Some(entry) = self.entries.get_mut(&key)
            && !entry.queued
        {
            entry.queued = true;
            self.queue.push_back(key);
        }
    }

    /// Takes the next key that needs the kernel, dropping those that agree already.
    /// `accept` refuses a key (it stays first in the queue), for example one of the other family.
    pub(crate) fn next(
        &mut self,
        accept: impl Fn(&AddressKey) -> bool,
    ) -> Option<(AddressKey, Step)> {
        while let Some(&key) = self.queue.front() {
            let Some(entry) = self.entries.get_mut(&key) else {
                self.queue.pop_front();
                continue;
            };
            let step = match (entry.users.is_empty(), entry.presence) {
                (false, Presence::Absent) => Some(Step::Add),
                (true, Presence::Ours) => Some(Step::Remove),
                _ => None,
            };
            if step.is_some() && !accept(&key) {
                return None;
            }
            self.queue.pop_front();
            entry.queued = false;
            let Some(step) = step else {
                if entry.users.is_empty() {
                    self.entries.remove(&key);
                }
                continue;
            };
            return Some((key, step));
        }
        None
    }

    /// Whether keys wait for the kernel.
    pub(crate) fn is_settled(&self) -> bool {
        self.queue.is_empty()
    }

    /// Notes the outcome of an operation; removes entries that nobody needs.
    pub(crate) fn settle(&mut self, key: AddressKey, presence: Presence) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.presence = presence;
            entry.refusal_told = false;
            match (entry.users.is_empty(), presence) {
                (true, Presence::Ours) | (false, Presence::Absent) => self.enqueue(key),
                (true, _) if !entry.queued => {
                    self.entries.remove(&key);
                }
                _ => {}
            }
        }
    }

    /// The operation on `key` failed: look at it again later.
    pub(crate) fn retry(&mut self, key: AddressKey, now: Instant) {
        self.retries.push_back((now + RETRY_AFTER, key));
    }

    /// When the next retry is due.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retries.front().map(|&(at, _)| at)
    }

    /// Puts due retries back into the queue.
    pub(crate) fn queue_retries(&mut self, now: Instant) {
        while let Some(&(at, key)) = self.retries.front() {
            if at > now {
                break;
            }
            self.retries.pop_front();
            self.enqueue(key);
        }
    }

    /// Looks again at everything wanted on `interface`, which has come back.
    pub(crate) fn requeue_interface(&mut self, interface: InterfaceId) {
        let keys: Vec<AddressKey> = self
            .entries
            .iter()
            .filter(|(key, entry)| key.interface == interface && !entry.users.is_empty())
            .map(|(&key, _)| key)
            .collect();
        for key in keys {
            self.enqueue(key);
        }
    }

    /// The interface vanished, and every address on it.
    pub(crate) fn interface_removed(&mut self, interface: InterfaceId) {
        for (key, entry) in &mut self.entries {
            if key.interface == interface {
                entry.presence = Presence::Absent;
            }
        }
    }

    pub(crate) fn get(&self, key: &AddressKey) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &AddressKey) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    /// Whether we added the address.
    pub(crate) fn is_ours(&self, key: &AddressKey) -> bool {
        self.get(key)
            .is_some_and(|entry| entry.presence == Presence::Ours)
    }

    /// Notes that the kernel has the address (a message or a dump said so).
    pub(crate) fn seen(&mut self, key: &AddressKey) {
        let epoch = self.epoch;
        if let Some(entry) = self.entries.get_mut(key) {
            entry.seen = epoch;
        }
    }

    /// Notes that the address is gone although we did not remove it.
    ///
    /// Returns whether somebody still wants it. It is then added again: at once, but
    /// only after a pause when it was lost just before, so that two who want opposite
    /// things do not keep each other busy.
    pub(crate) fn lost(&mut self, key: AddressKey, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(&key) else {
            return false;
        };
        if entry.presence == Presence::Absent {
            return false;
        }
        entry.presence = Presence::Absent;
        if entry.users.is_empty() {
            return false;
        }
        let before = entry.lost_at.replace(now);
        if before.is_some_and(|at| now.saturating_duration_since(at) < RETRY_AFTER) {
            self.retry(key, now);
        } else {
            self.enqueue(key);
        }
        true
    }

    /// Starts comparing with a dump.
    pub(crate) fn begin_dump(&mut self) {
        self.epoch += 1;
    }

    /// Keys that the dump should have held.
    pub(crate) fn end_dump(&mut self) -> Vec<AddressKey> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.presence != Presence::Absent && entry.seen != self.epoch)
            .map(|(&key, _)| key)
            .collect()
    }
}
