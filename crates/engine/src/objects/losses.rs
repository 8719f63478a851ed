//! What the kernel says is there, or gone.

use std::time::Instant;

use super::{AddressKey, ObjectKey, ObjectTable, Presence};

impl ObjectTable {
    /// Notes that the kernel has the address (a message or a dump said so).
    pub(crate) fn seen(&mut self, key: &AddressKey, prefix_len: u8) {
        let epoch = self.epoch;
        if let Some(entry) = self.get_mut(&ObjectKey::Address(*key))
            && entry.is_same(prefix_len)
        {
            entry.seen = epoch;
        }
    }

    /// Takes in a message that the address is gone, `by_us` where we asked for that: the kernel
    /// removes an IPv4 address along with the primary one of its network.
    pub(crate) fn removed(&mut self, key: AddressKey, prefix_len: u8, by_us: bool, now: Instant) {
        let key = ObjectKey::Address(key);
        if self
            .get(&key)
            .is_some_and(|entry| entry.is_same(prefix_len))
        {
            self.went(&key, by_us, now);
        }
    }

    /// Takes in that the object is gone, `by_us` where nobody else took it from us.
    pub(crate) fn went(&mut self, key: &ObjectKey, by_us: bool, now: Instant) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.lost_by_us = by_us;
            self.lost(key, now);
        }
    }

    /// The object seems to be gone although we did not remove it.
    ///
    /// If somebody still wants it, it is added again: at once, but only after a
    /// pause when it was lost often just before, so that two who want opposite things do not
    /// keep each other busy. One that is not watched (`no_track`) stays away.
    pub(crate) fn lost(&mut self, key: &ObjectKey, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.presence = match entry.presence {
            Presence::Ours => Presence::Doubtful,
            Presence::Foreign => Presence::Absent,
            Presence::Doubtful | Presence::Unconfirmed | Presence::Absent => return,
        };
        if !entry.holders.is_empty() && !entry.is_watched() && !entry.lost_by_us {
            // Nobody wants it back. It stays one of ours: the message may be an old one.
        } else if entry.is_lost_often(now) {
            self.retry(key, now);
        } else {
            self.enqueue(key);
        }
    }

    /// Starts comparing with a dump.
    pub(crate) fn begin_dump(&mut self) {
        self.epoch += 1;
    }

    /// Addresses that the dump should have held.
    pub(crate) fn end_dump(&mut self) -> Vec<ObjectKey> {
        self.entries
            .iter()
            .filter(|(key, _)| matches!(key, ObjectKey::Address(_)))
            .filter(|(_, entry)| entry.presence.is_there() && entry.seen != self.epoch)
            .map(|(key, _)| key.clone())
            .collect()
    }
}
