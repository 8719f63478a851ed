//! The wanted addresses of all instances, counted by their users.
//!
//! One table instead of a list per instance: an address that two instances
//! share, or that existed before us, is never pulled from under traffic. What
//! shall be is compared with what is each time a key is worked on, so a change
//! of mind while a request waits costs nothing.
//!
//! The kernel's messages tell of our own changes too, and late: one that says
//! that an address of ours is gone may be about a removal of ours which an addition
//! followed. So it only casts doubt, and the kernel's answer to another addition decides.

mod entry;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::config::VirtualAddress;
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;

pub(crate) use entry::{AddressKey, Entry, Orphan, Outcome, Presence, Settled, Step};

/// A refused operation is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The table and the queue of keys whose state may differ from the wish.
#[derive(Debug, Default)]
pub(crate) struct AddressTable {
    /// Each entry where it is: when the map grows, at a takeover for instance, only pointers move.
    entries: HashMap<AddressKey, Box<Entry>>,
    queue: VecDeque<AddressKey>,
    /// Keys released while removals are held, see [`Self::hold_removals`].
    held: Vec<AddressKey>,
    holding: bool,
    /// Keys to look at again, in the order of their time.
    retries: VecDeque<(Instant, AddressKey)>,
    /// To be removed from interfaces that were renamed, and those to be tried again.
    orphans: Vec<Orphan>,
    orphan_retries: VecDeque<(Instant, Orphan)>,
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
        let entry = self
            .entries
            .entry(key)
            .or_insert_with(|| Box::new(Entry::new(wanted.clone(), epoch)));
        if !entry.users.contains(&user) {
            entry.users.push(user);
        }
        if entry.wanted != *wanted {
            let before = std::mem::replace(&mut entry.wanted, wanted.clone());
            if entry.presence.is_ours() && entry.replaced.is_none() {
                entry.replaced = Some(before);
            }
            // That of somebody else was used as it was; the new wish it may not serve.
            if entry.presence == Presence::Foreign {
                entry.presence = Presence::Absent;
            }
            // It may be the way it was at first.
            entry.replaced.take_if(|held| held == wanted);
        }
        let settled = entry.presence.is_there() && entry.replaced.is_none();
        if !settled {
            self.enqueue(key);
        }
        !settled
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

    /// Until [`Self::end_hold`] the addresses released wait: another instance may take
    /// them over before the configuration is applied to the end.
    pub(crate) fn hold_removals(&mut self, hold: bool) {
        self.holding = hold;
    }

    /// Removes what was held back, unless it has found another user.
    pub(crate) fn end_hold(&mut self) {
        self.holding = false;
        self.queue.extend(self.held.drain(..));
    }

    fn enqueue(&mut self, key: AddressKey) {
        if let Some(entry) = self.entries.get_mut(&key)
            && !entry.queued
        {
            entry.queued = true;
            if self.holding && entry.users.is_empty() {
                self.held.push(key);
            } else {
                self.queue.push_back(key);
            }
        }
    }

    /// Takes the next key that waits, with what the kernel should do; `None` where it agrees already.
    /// `accept` refuses a key (it stays first in the queue), for example one of the other family.
    pub(crate) fn next(
        &mut self,
        accept: impl Fn(&AddressKey) -> bool,
    ) -> Option<(AddressKey, Option<Step>)> {
        while let Some(&key) = self.queue.front() {
            let Some(entry) = self.entries.get_mut(&key) else {
                self.queue.pop_front();
                continue;
            };
            let wanted = !entry.users.is_empty() && entry.replaced.is_none();
            let step = match (wanted, entry.presence) {
                (false, presence) if presence.is_ours() => Some(Step::Remove),
                (true, presence) if !presence.is_there() => Some(Step::Add),
                _ => None,
            };
            if step.is_some() && !accept(&key) {
                return None;
            }
            self.queue.pop_front();
            entry.queued = false;
            if step.is_none() && entry.users.is_empty() {
                self.entries.remove(&key);
                continue;
            }
            return Some((key, step));
        }
        None
    }

    /// Takes up to `limit` addresses to be removed from interfaces that were renamed.
    pub(crate) fn next_orphans(&mut self, limit: usize) -> Vec<Orphan> {
        let rest = self.orphans.len().saturating_sub(limit);
        self.orphans.split_off(rest)
    }

    /// The kernel refused to remove `orphan`: it is tried again later.
    pub(crate) fn retry_orphan(&mut self, orphan: Orphan, now: Instant) {
        self.orphan_retries.push_back((now + RETRY_AFTER, orphan));
    }

    /// Whether keys wait for the kernel.
    pub(crate) fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.orphans.is_empty()
    }

    /// Notes the outcome of an operation; forgets an address that nobody needs.
    pub(crate) fn settle(&mut self, key: AddressKey, outcome: Outcome, now: Instant) -> Settled {
        let epoch = self.epoch;
        let Some(entry) = self.entries.get_mut(&key) else {
            return Settled::Gone;
        };
        entry.refusal_told = false;
        // A dump that was taken before this does not know of it.
        entry.seen = epoch;
        let (presence, settled) = match (outcome, entry.presence) {
            (Outcome::Added, Presence::Doubtful) if !entry.lost_by_us => {
                (Presence::Ours, Settled::Restored)
            }
            (Outcome::Added, _) | (Outcome::Existed, Presence::Unconfirmed) => {
                (Presence::Ours, Settled::Appeared)
            }
            // The message that it is gone was an old one.
            (Outcome::Existed, Presence::Doubtful) => (Presence::Ours, Settled::Unchanged),
            (Outcome::Existed, _) => (Presence::Foreign, Settled::Unchanged),
            (Outcome::Removed, _) => (Presence::Absent, Settled::Gone),
        };
        entry.presence = presence;
        entry.lost_by_us = false;
        if settled == Settled::Restored {
            entry.lost_at = Some(now);
        }
        if settled == Settled::Gone {
            entry.replaced = None;
        }
        match (entry.users.is_empty(), presence) {
            (true, Presence::Ours) | (false, Presence::Absent) => self.enqueue(key),
            (true, _) if !entry.queued => {
                self.entries.remove(&key);
            }
            _ => {}
        }
        settled
    }

    /// The operation on `key` failed: look at it again later.
    pub(crate) fn retry(&mut self, key: AddressKey, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&key)
            && !std::mem::replace(&mut entry.retrying, true)
        {
            self.retries.push_back((now + RETRY_AFTER, key));
        }
    }

    /// No answer came to the request to add `key`: asked again, the kernel tells whether it did.
    pub(crate) fn unconfirmed(&mut self, key: AddressKey, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.presence == Presence::Absent
        {
            entry.presence = Presence::Unconfirmed;
        }
        self.retry(key, now);
    }

    /// When the next retry is due.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        let key = self.retries.front().map(|&(at, _)| at);
        let orphan = self.orphan_retries.front().map(|&(at, _)| at);
        key.into_iter().chain(orphan).min()
    }

    /// Puts due retries back into the queue.
    pub(crate) fn queue_retries(&mut self, now: Instant) {
        while let Some(&(at, key)) = self.retries.front() {
            if at > now {
                break;
            }
            self.retries.pop_front();
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.retrying = false;
            }
            self.enqueue(key);
        }
        while self
            .orphan_retries
            .front()
            .is_some_and(|&(at, _)| at <= now)
        {
            self.orphans
                .extend(self.orphan_retries.pop_front().map(|(_, orphan)| orphan));
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

    /// The interface vanished, and every address on it; or it has another name now and goes on with
    /// the index `renamed`, where what is ours has yet to be removed.
    pub(crate) fn interface_removed(&mut self, interface: InterfaceId, renamed: Option<u32>) {
        for (key, entry) in &mut self.entries {
            if key.interface != interface {
                continue;
            }
            if let Some(index) = renamed
                && entry.presence.is_ours()
            {
                let held = entry.held().clone();
                self.orphans.push(Orphan { index, held });
            }
            entry.presence = Presence::Absent;
            entry.replaced = None;
        }
    }

    pub(crate) fn get(&self, key: &AddressKey) -> Option<&Entry> {
        self.entries.get(key).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, key: &AddressKey) -> Option<&mut Entry> {
        self.entries.get_mut(key).map(Box::as_mut)
    }

    /// Whether the kernel's address with this prefix is one that we added.
    pub(crate) fn is_ours(&self, key: &AddressKey, prefix_len: u8) -> bool {
        self.get(key)
            .is_some_and(|entry| entry.presence.is_ours() && entry.is_same(prefix_len))
    }

    /// Notes that the kernel has the address (a message or a dump said so).
    pub(crate) fn seen(&mut self, key: &AddressKey, prefix_len: u8) {
        let epoch = self.epoch;
        if let Some(entry) = self.entries.get_mut(key)
            && entry.is_same(prefix_len)
        {
            entry.seen = epoch;
        }
    }

    /// Takes in a message that the address is gone, `by_us` where we asked for that: the kernel
    /// removes an IPv4 address along with the primary one of its network.
    pub(crate) fn removed(&mut self, key: AddressKey, prefix_len: u8, by_us: bool, now: Instant) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        if entry.is_same(prefix_len) {
            entry.lost_by_us = by_us;
            self.lost(key, now);
        }
    }

    /// The address seems to be gone although we did not remove it.
    ///
    /// If somebody still wants it, it is added again: at once, but only after a
    /// pause when it was lost just before, so that two who want opposite things do not
    /// keep each other busy.
    pub(crate) fn lost(&mut self, key: AddressKey, now: Instant) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        entry.presence = match entry.presence {
            Presence::Ours => Presence::Doubtful,
            Presence::Foreign => Presence::Absent,
            Presence::Doubtful | Presence::Unconfirmed | Presence::Absent => return,
        };
        let before = entry.lost_at;
        if before.is_some_and(|at| now.saturating_duration_since(at) < RETRY_AFTER) {
            self.retry(key, now);
        } else {
            self.enqueue(key);
        }
    }

    /// Starts comparing with a dump.
    pub(crate) fn begin_dump(&mut self) {
        self.epoch += 1;
    }

    /// Keys that the dump should have held.
    pub(crate) fn end_dump(&mut self) -> Vec<AddressKey> {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.presence.is_there() && entry.seen != self.epoch)
            .map(|(&key, _)| key)
            .collect()
    }

    /// Addresses of ours that nobody wants and that are still there.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &AddressKey> {
        self.ours()
            .filter(|(_, entry)| entry.users.is_empty())
            .map(|(key, _)| key)
    }

    /// All addresses that are ours, wanted or not.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&AddressKey, &Entry)> {
        let entries = self
            .entries
            .iter()
            .map(|(key, entry)| (key, entry.as_ref()));
        entries.filter(|(_, entry)| entry.presence.is_ours())
    }

    /// All addresses that have yet to be removed from interfaces that were renamed.
    pub(crate) fn all_orphans(&self) -> impl Iterator<Item = &Orphan> {
        let retries = self.orphan_retries.iter().map(|(_, orphan)| orphan);
        self.orphans.iter().chain(retries)
    }

    /// Whether an address that we added is still there.
    pub(crate) fn any_ours(&self) -> bool {
        self.ours().next().is_some() || self.all_orphans().next().is_some()
    }
}

#[cfg(test)]
mod tests;
