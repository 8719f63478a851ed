//! What the checksums of VRRPv3 over IPv4 cover, where routers disagree.

use std::net::Ipv4Addr;

use ka_wire::{ChecksumRule, GROUP_V4};

/// What the checksums of VRRPv3 over IPv4 cover, sent and received. To others there is one rule only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChecksumPolicy {
    /// Which forms are sent and accepted.
    pub forms: ChecksumForms,
    /// The multicast group in the pseudo-header of the old unicast form (`vrrp_mcast_group4`).
    pub old_unicast_group: Ipv4Addr,
}

/// Which forms of a checksum are sent and accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChecksumForms {
    /// Those with the pseudo-header of the packet. A unicast peer that turns out to use the old unicast form is
    /// answered in it, and heard in it alone, from then on.
    #[default]
    Standard,
    /// As before, without the exception (`old_unicast_checksum never`).
    StandardOnly,
    /// The old unicast form alone, with the multicast group in the pseudo-header (`old_unicast_checksum`).
    OldUnicast,
    /// Sent without a pseudo-header, whatever is received is accepted (`v3_checksum_as_v2`).
    NoPseudoHeader,
    /// Any of these forms is accepted; sent is the one that the other routers use (`v3_checksum_follow_peer`).
    FollowPeer,
}

impl Default for ChecksumPolicy {
    fn default() -> Self {
        Self {
            forms: ChecksumForms::default(),
            old_unicast_group: GROUP_V4,
        }
    }
}

impl ChecksumPolicy {
    /// The policy with these forms, and the usual group.
    #[must_use]
    pub fn new(forms: ChecksumForms) -> Self {
        Self {
            forms,
            ..Self::default()
        }
    }

    /// The form with the old pseudo-header.
    #[must_use]
    pub const fn old_unicast(self) -> ChecksumRule {
        ChecksumRule::Towards(self.old_unicast_group)
    }

    /// What is sent as long as nothing is known of a receiver.
    pub(crate) const fn first(self, unicast: bool) -> ChecksumRule {
        match self.forms {
            ChecksumForms::NoPseudoHeader => ChecksumRule::NoPseudoHeader,
            ChecksumForms::OldUnicast if unicast => self.old_unicast(),
            ChecksumForms::Standard
            | ChecksumForms::StandardOnly
            | ChecksumForms::OldUnicast
            | ChecksumForms::FollowPeer => ChecksumRule::Standard,
        }
    }
}
