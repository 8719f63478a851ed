//! What has been noticed once already.

use crate::receive::RejectReason;

/// Something worth a notice once, until the state or the Master changes.
#[derive(Clone, Copy)]
pub(crate) enum Once {
    /// A rejected advertisement.
    Rejected(RejectReason),
    /// A rejected advertisement's sender that was not the one heard before.
    RejectedSender,
    /// A VRRPv3 interval other than ours.
    Interval,
    /// Another number of addresses than ours.
    AddressCount,
    /// One of our addresses is not advertised.
    AddressMissing,
    /// A clock that differs much from ours.
    ClockSkew,
}

/// One bit for each [`Once`], so that a stream of bad packets does not become
/// a stream of notices. The counters count them all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noticed(u64);

impl Noticed {
    /// Marks `once`; true the first time.
    pub(crate) fn first(&mut self, once: Once) -> bool {
        let others = RejectReason::ALL.len();
        let bit = 1
            << match once {
                Once::Rejected(reason) => reason.index(),
                Once::RejectedSender => others,
                Once::Interval => others + 1,
                Once::AddressCount => others + 2,
                Once::AddressMissing => others + 3,
                Once::ClockSkew => others + 4,
            };
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_new_once_and_again_after_clear() {
        let mut all: Vec<Once> = RejectReason::ALL.map(Once::Rejected).to_vec();
        all.extend([
            Once::RejectedSender,
            Once::Interval,
            Once::AddressCount,
            Once::AddressMissing,
            Once::ClockSkew,
        ]);
        let mut noticed = Noticed::default();
        for _ in 0..2 {
            assert!(all.iter().all(|once| noticed.first(*once)));
            assert!(!all.iter().any(|once| noticed.first(*once)));
            noticed.clear();
        }
    }
}
