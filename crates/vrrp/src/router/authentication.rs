//! What the driver puts into the advertisements of a router beside its configuration, and what is known
//! of those of others.

use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use ka_wire::ChecksumRule;
use ka_wire::trailer::Sequence;

use super::VirtualRouter;
use crate::action::Notice;
use crate::noticed::Once;
use crate::receive::Accepted;

impl VirtualRouter {
    /// The sequence number for the authentication header of the next advertisement; `None` without
    /// `auth_type AH`. All unicast copies of one advertisement have the same.
    pub fn next_ah_sequence(&mut self) -> Option<u32> {
        self.config.authentication.ah_key()?;
        Some(self.receiver.ah.next())
    }

    /// The sequence for the signature of the next advertisement, sent at `utc`; `None` where nothing is signed.
    /// [`AuthHmac::signature`](crate::AuthHmac::signature) makes the signature of it. All unicast
    /// copies of one advertisement have the same.
    pub fn next_signature(&mut self, utc: SystemTime) -> Option<Sequence> {
        let hmac = self.config.auth_hmac.as_ref().filter(|hmac| hmac.signs())?;
        Some(self.receiver.signatures.next(hmac, utc))
    }

    /// What the checksum of an advertisement to `destination`, the group or a peer, covers now. Matters to
    /// VRRPv3 over IPv4 only.
    #[must_use]
    pub fn checksum_rule(&self, destination: IpAddr) -> ChecksumRule {
        let checksums = &self.receiver.checksums;
        checksums.rule_towards(&self.config, destination)
    }

    /// What the checksums of other routers cover, as last heard, who was heard last first. Of
    /// VRRPv3 over IPv4 only; of a group four routers, of unicast peers all.
    pub fn heard_checksums(&self) -> impl Iterator<Item = (IpAddr, ChecksumRule)> {
        self.receiver.checksums.heard()
    }

    /// What follows from who sent an advertisement that passed all checks, and how.
    pub(super) fn note_sender(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let source = advertisement.source;
        if let Some(rule) = advertisement.checksum
            && let checksums = &mut self.receiver.checksums
            && let Some((from, to)) = checksums.observe(&self.config, source, rule, now)
        {
            self.remark(Notice::ChecksumFollowed { source, from, to });
        }
        if let Some(skew) = advertisement.skew {
            self.remark_once(Once::ClockSkew, Notice::ClockSkew { source, skew });
        }
    }
}
