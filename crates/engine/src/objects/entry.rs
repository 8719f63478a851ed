//! One object: what is wanted and what the kernel has.

use std::time::{Duration, Instant};

use ka_netlink::RouteKey;

use super::key::{Object, User};
use crate::config::VirtualAddress;
use crate::instance::InstanceId;

/// An object that others remove this often...
const LOSSES: usize = 10;
/// ...in this time is no longer added again at once.
const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// What the kernel has, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    /// We added it.
    Ours,
    /// We added it, and the kernel may have lost it since.
    Doubtful,
    /// We asked for it and got no answer.
    Unconfirmed,
    /// It was there when we wanted to add it: never removed by us.
    Foreign,
}

impl Presence {
    /// Whether the kernel has the object, whoever added it.
    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Ours | Self::Foreign)
    }

    /// Whether the kernel has what we added, or may have it.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Doubtful | Self::Unconfirmed)
    }
}

/// One object that somebody wants or that we still have to remove.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How the kernel shall carry it, as the user says that asked last.
    pub(crate) wanted: Object,
    /// How the kernel carries it when that is another way: to be removed first.
    pub(super) replaced: Option<Object>,
    /// Who wants it now.
    pub(crate) holders: Vec<Holder>,
    pub(crate) presence: Presence,
    pub(super) queued: bool,
    /// It will be looked at again, see [`super::ObjectTable::retry`].
    pub(super) retrying: bool,
    /// The last refusal was told; quiet until an operation succeeds.
    pub(crate) refusal_told: bool,
    /// When others removed it, the last times.
    losses: Vec<Instant>,
    /// It was lost because the kernel removed it along with another one that we removed.
    pub(super) lost_by_us: bool,
    /// The number of the last dump or answer that knew of it.
    pub(super) seen: u64,
}

impl Entry {
    pub(super) fn new(wanted: Object, seen: u64) -> Self {
        Self {
            wanted,
            replaced: None,
            holders: Vec::with_capacity(1),
            presence: Presence::Absent,
            queued: false,
            retrying: false,
            refusal_told: false,
            losses: Vec::new(),
            lost_by_us: false,
            seen,
        }
    }

    /// How the kernel carries what we added.
    pub(crate) fn held(&self) -> &Object {
        self.replaced.as_ref().unwrap_or(&self.wanted)
    }

    /// The instances that want it now.
    pub(crate) fn instances(&self) -> impl Iterator<Item = InstanceId> {
        self.holders.iter().filter_map(|holder| match holder.user {
            User::Instance(id) => Some(id),
            User::Static => None,
        })
    }

    /// The instances that want it back when others remove it.
    pub(crate) fn watchers(&self) -> impl Iterator<Item = InstanceId> {
        self.holders.iter().filter_map(|holder| match holder.user {
            User::Instance(id) => Some(id).filter(|_| holder.is_watched),
            User::Static => None,
        })
    }

    /// Whether `user` wants it now.
    pub(crate) fn is_wanted_by(&self, user: User) -> bool {
        self.holders.iter().any(|holder| holder.user == user)
    }

    /// Whether somebody wants it, and wants it back when others remove it (not `no_track`).
    pub(super) fn is_watched(&self) -> bool {
        self.holders.iter().any(|holder| holder.is_watched)
    }

    /// Whether a kernel address with this prefix can be the one of this entry.
    ///
    /// IPv4 may have one address with several prefix lengths, IPv6 only once: an
    /// address owner may hold 192.0.2.1/24 itself while 192.0.2.1/32 comes and goes.
    pub(super) fn is_same(&self, prefix_len: u8) -> bool {
        match self.held() {
            Object::Address(held) => held.address.is_ipv6() || held.prefix_len == prefix_len,
            Object::Route(_) | Object::Rule(_) => false,
        }
    }

    /// Others removed it.
    pub(super) fn note_loss(&mut self, now: Instant) {
        self.losses
            .retain(|&at| now.saturating_duration_since(at) < LOSS_WINDOW);
        if self.losses.len() >= LOSSES {
            self.losses.remove(0);
        }
        self.losses.push(now);
    }

    /// Whether others remove it so often that adding it again at once only keeps them busy.
    pub(crate) fn is_lost_often(&self, now: Instant) -> bool {
        let recent = |at: &&Instant| now.saturating_duration_since(**at) < LOSS_WINDOW;
        self.losses.iter().filter(recent).count() >= LOSSES
    }
}

/// Who wants an object, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) user: User,
    /// It is to be there again when others remove it.
    pub(crate) is_watched: bool,
}

/// What the kernel should be asked to do about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Add,
    Remove,
}

/// What the kernel made of a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It added the object.
    Added,
    /// It had the object already.
    Existed,
    /// The object is gone.
    Removed,
}

/// What an [`Outcome`] means for the users of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is there, which is new.
    Appeared,
    /// Somebody else had removed it; it is there again.
    Restored,
    /// It is there and was before.
    Unchanged,
    /// It is not there.
    Gone,
}

/// Something of ours on an interface that is no longer called as the configuration says.
#[derive(Clone, Debug)]
pub(crate) enum Orphan {
    Address {
        /// The kernel's index of the interface.
        index: u32,
        /// How the kernel carries it.
        held: VirtualAddress,
    },
    Route(RouteKey),
}
