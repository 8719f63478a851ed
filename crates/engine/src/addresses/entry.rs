//! One address: what is wanted and what the kernel has.

use std::net::IpAddr;
use std::time::Instant;

use crate::config::VirtualAddress;
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;

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
    /// We added it, and the kernel may have lost it since.
    Doubtful,
    /// We asked for it and got no answer.
    Unconfirmed,
    /// It was there when we wanted to add it: never removed by us.
    Foreign,
}

impl Presence {
    /// Whether the kernel has the address, whoever added it.
    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Ours | Self::Foreign)
    }

    /// Whether the kernel has what we added, or may have it.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Doubtful | Self::Unconfirmed)
    }
}

/// One address that somebody wants or that we still have to remove.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How the kernel shall carry it, as the user says that asked last.
    pub(crate) wanted: VirtualAddress,
    /// How the kernel carries it when that is another way: to be removed first.
    pub(super) replaced: Option<VirtualAddress>,
    /// Instances that want it now.
    pub(crate) users: Vec<InstanceId>,
    pub(crate) presence: Presence,
    pub(super) queued: bool,
    /// It will be looked at again, see [`super::AddressTable::retry`].
    pub(super) retrying: bool,
    /// The last refusal was told; quiet until an operation succeeds.
    pub(crate) refusal_told: bool,
    /// When it was last lost.
    pub(super) lost_at: Option<Instant>,
    /// It was lost because the kernel removed it along with another one that we removed.
    pub(super) lost_by_us: bool,
    /// The number of the last dump or answer that knew of it.
    pub(super) seen: u64,
}

impl Entry {
    pub(super) fn new(wanted: VirtualAddress, seen: u64) -> Self {
        Self {
            wanted,
            replaced: None,
            users: Vec::with_capacity(1),
            presence: Presence::Absent,
            queued: false,
            retrying: false,
            refusal_told: false,
            lost_at: None,
            lost_by_us: false,
            seen,
        }
    }

    /// How the kernel carries what we added.
    pub(crate) fn held(&self) -> &VirtualAddress {
        self.replaced.as_ref().unwrap_or(&self.wanted)
    }

    /// Whether a kernel address with this prefix can be the one of this entry.
    ///
    /// IPv4 may have one address with several prefix lengths, IPv6 only once: an
    /// address owner may hold 192.0.2.1/24 itself while 192.0.2.1/32 comes and goes.
    pub(super) fn is_same(&self, prefix_len: u8) -> bool {
        let held = self.held();
        held.address.is_ipv6() || held.prefix_len == prefix_len
    }
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
    /// It added the address.
    Added,
    /// It had the address already.
    Existed,
    /// The address is gone.
    Removed,
}

/// What an [`Outcome`] means for the users of an address.
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

/// An address of ours on an interface that is no longer called as the configuration says.
#[derive(Clone, Debug)]
pub(crate) struct Orphan {
    /// The kernel's index of the interface.
    pub(crate) index: u32,
    /// How the kernel carries it.
    pub(crate) held: VirtualAddress,
}
