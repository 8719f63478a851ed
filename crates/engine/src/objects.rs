//! The wanted addresses of all instances and of the configuration, counted by their users.
//!
//! One table instead of a list per instance: an object that two instances
//! share, or that existed before us, is never pulled from under traffic. What
//! shall be is compared with what is each time a key is worked on, so a change
//! of mind while a request waits costs nothing.
//!
//! The kernel's messages tell of our own changes too, and late: one that says
//! that an address of ours is gone may be about a removal of ours which an addition
//! followed. So it only casts doubt, and the kernel's answer to another addition decides.

mod entry;
mod key;
mod losses;
mod routing;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use self::routing::Routing;
use crate::interfaces::InterfaceId;

pub(crate) use entry::{Entry, Holder, Orphan, Outcome, Presence, Settled, Step};
pub(crate) use key::{AddressKey, Kind, Object, ObjectKey, User, Wish};
pub(crate) use routing::Doubt;

/// A refused operation is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The table and the queue of keys whose state may differ from the wish.
#[derive(Debug, Default)]
pub(crate) struct ObjectTable {
    /// Each entry where it is: when the map grows, at a takeover for instance, only pointers move.
    entries: HashMap<ObjectKey, Box<Entry>>,
    queue: VecDeque<ObjectKey>,
    /// Keys released while removals are held, see [`Self::hold_removals`].
    held: Vec<ObjectKey>,
    holding: bool,
    /// Keys to look at again, in the order of their time.
    retries: VecDeque<(Instant, ObjectKey)>,
    /// To be removed from interfaces that were renamed, and those to be tried again.
    orphans: Vec<Orphan>,
    orphan_retries: VecDeque<(Instant, Orphan)>,
    /// Routes by their places, and those that are to be looked at again.
    routing: Routing,
    epoch: u64,
}

impl ObjectTable {
    /// `holder` wants the object from now on. Returns whether the kernel's state has to be settled first.
    pub(crate) fn acquire(&mut self, key: &ObjectKey, wish: Wish<'_>, holder: Holder) -> bool {
        let epoch = self.epoch;
        let routing = &mut self.routing;
        let entry = self.entries.entry(key.clone()).or_insert_with(|| {
            routing.added(key);
            Box::new(Entry::new(wish.to_object(), epoch))
        });
        let known = |known: &&mut Holder| known.user == holder.user;
        match entry.holders.iter_mut().find(known) {
            Some(known) => *known = holder,
            None => entry.holders.push(holder),
        }
        if !wish.is(&entry.wanted) {
            let before = std::mem::replace(&mut entry.wanted, wish.to_object());
            if entry.presence.is_ours() && entry.replaced.is_none() {
                entry.replaced = Some(before);
            }
            // That of somebody else was used as it was; the new wish it may not serve.
            if entry.presence == Presence::Foreign {
                entry.presence = Presence::Absent;
            }
            // It may be the way it was at first.
            entry.replaced.take_if(|held| wish.is(held));
        }
        let settled = entry.presence.is_there() && entry.replaced.is_none();
        if !settled {
            self.enqueue(key);
        }
        !settled
    }

    /// `user` no longer wants the object.
    pub(crate) fn release(&mut self, key: &ObjectKey, user: User) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.holders.retain(|holder| holder.user != user);
        if entry.holders.is_empty() {
            self.enqueue(key);
        }
    }

    /// Until [`Self::end_hold`] the objects released wait: another instance may take
    /// them over before the configuration is applied to the end.
    pub(crate) fn hold_removals(&mut self, hold: bool) {
        self.holding = hold;
    }

    /// Removes what was held back, unless it has found another user.
    pub(crate) fn end_hold(&mut self) {
        self.holding = false;
        self.queue.extend(self.held.drain(..));
    }

    fn enqueue(&mut self, key: &ObjectKey) {
        if let Some(entry) = self.entries.get_mut(key)
            && !entry.queued
        {
            entry.queued = true;
            if self.holding && entry.holders.is_empty() {
                self.held.push(key.clone());
            } else {
                self.queue.push_back(key.clone());
            }
        }
    }

    /// Takes the next key that waits, with what the kernel should do; `None` where it agrees already.
    /// `accept` refuses a key (it stays first in the queue), for example one of another kind.
    pub(crate) fn next(
        &mut self,
        accept: impl Fn(&ObjectKey) -> bool,
    ) -> Option<(ObjectKey, Option<Step>)> {
        while let Some(key) = self.queue.front() {
            let Some(entry) = self.entries.get_mut(key) else {
                self.queue.pop_front();
                continue;
            };
            let wanted = !entry.holders.is_empty() && entry.replaced.is_none();
            let step = match (wanted, entry.presence) {
                (false, presence) if presence.is_ours() => Some(Step::Remove),
                (true, presence) if !presence.is_there() => Some(Step::Add),
                _ => None,
            };
            if step.is_some() && !accept(key) {
                return None;
            }
            entry.queued = false;
            let key = self.queue.pop_front()?;
            if step.is_none() && entry.holders.is_empty() {
                self.forget(&key);
                continue;
            }
            return Some((key, step));
        }
        None
    }

    fn forget(&mut self, key: &ObjectKey) {
        self.entries.remove(key);
        self.routing.removed(key);
    }

    /// Takes up to `limit` objects to be removed from interfaces that were renamed.
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
        self.queue.is_empty() && self.orphans.is_empty() && !self.routing.is_in_doubt()
    }

    /// Notes the outcome of an operation; forgets an object that nobody needs.
    pub(crate) fn settle(&mut self, key: &ObjectKey, outcome: Outcome, now: Instant) -> Settled {
        let epoch = self.epoch;
        let Some(entry) = self.entries.get_mut(key) else {
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
            (Outcome::Existed, Presence::Doubtful | Presence::Ours) => {
                (Presence::Ours, Settled::Unchanged)
            }
            (Outcome::Existed, _) => (Presence::Foreign, Settled::Unchanged),
            (Outcome::Removed, _) => (Presence::Absent, Settled::Gone),
        };
        entry.presence = presence;
        entry.lost_by_us = false;
        if settled == Settled::Restored {
            entry.note_loss(now);
        }
        if settled == Settled::Gone {
            entry.replaced = None;
        }
        match (entry.holders.is_empty(), presence) {
            (true, Presence::Ours) | (false, Presence::Absent) => self.enqueue(key),
            (true, _) if !entry.queued => {
                self.forget(key);
            }
            _ => {}
        }
        settled
    }

    /// The operation on `key` failed: look at it again later.
    pub(crate) fn retry(&mut self, key: &ObjectKey, now: Instant) {
        if let Some(entry) = self.entries.get_mut(key)
            && !std::mem::replace(&mut entry.retrying, true)
        {
            self.retries.push_back((now + RETRY_AFTER, key.clone()));
        }
    }

    /// No answer came to the request to add `key`: asked again, the kernel tells whether it did.
    pub(crate) fn unconfirmed(&mut self, key: &ObjectKey, now: Instant) {
        if let Some(entry) = self.entries.get_mut(key)
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
        while self.retries.front().is_some_and(|&(at, _)| at <= now) {
            let Some((_, key)) = self.retries.pop_front() else {
                break;
            };
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.retrying = false;
            }
            self.enqueue(&key);
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
        let keys: Vec<ObjectKey> = self
            .entries
            .iter()
            .filter(|(key, entry)| key.is_on(interface) && !entry.holders.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        for key in &keys {
            self.enqueue(key);
        }
    }

    /// The interface with the kernel's index `old` vanished, and everything on it; or it has another
    /// name now and goes on, and what is ours has yet to be removed there. `index` tells those of
    /// other interfaces.
    pub(crate) fn interface_removed(
        &mut self,
        interface: InterfaceId,
        old: u32,
        renamed: bool,
        index: impl Fn(InterfaceId) -> Option<u32>,
    ) {
        for (key, entry) in &mut self.entries {
            if !key.is_on(interface) {
                continue;
            }
            if entry.presence.is_ours() {
                let orphan = match (key, entry.held()) {
                    (ObjectKey::Address(_), Object::Address(held)) if renamed => {
                        let held = held.clone();
                        Some(Orphan::Address { index: old, held })
                    }
                    // A route of several paths stays with those that are left.
                    (ObjectKey::Route(key), _) if renamed || !key.nexthops.is_empty() => {
                        let index = |&id: &InterfaceId| match id == interface {
                            true => Some(old),
                            false => index(id),
                        };
                        key.with_interfaces(index).map(Orphan::Route)
                    }
                    _ => None,
                };
                self.orphans.extend(orphan);
            }
            entry.presence = Presence::Absent;
            entry.replaced = None;
        }
    }

    pub(crate) fn get(&self, key: &ObjectKey) -> Option<&Entry> {
        self.entries.get(key).map(Box::as_ref)
    }

    /// The same for an address.
    pub(crate) fn address(&self, key: &AddressKey) -> Option<&Entry> {
        self.get(&ObjectKey::Address(*key))
    }

    pub(crate) fn get_mut(&mut self, key: &ObjectKey) -> Option<&mut Entry> {
        self.entries.get_mut(key).map(Box::as_mut)
    }

    /// Whether the kernel's address with this prefix is one that we added.
    pub(crate) fn is_ours(&self, key: &AddressKey, prefix_len: u8) -> bool {
        self.address(key)
            .is_some_and(|entry| entry.presence.is_ours() && entry.is_same(prefix_len))
    }

    /// Objects of ours that nobody wants and that are still there.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = (&ObjectKey, &Entry)> {
        self.ours().filter(|(_, entry)| entry.holders.is_empty())
    }

    /// All objects that are ours, wanted or not.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&ObjectKey, &Entry)> {
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

    /// Whether something that we added is still there.
    pub(crate) fn any_ours(&self) -> bool {
        self.ours().next().is_some() || self.all_orphans().next().is_some()
    }
}

#[cfg(test)]
mod tests;
