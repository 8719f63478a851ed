//! How much is said about packets.

use std::time::{Duration, Instant};

/// Notices about packets in [`PERIOD`].
const LIMIT: u8 = 20;

const PERIOD: Duration = Duration::from_secs(1);

/// The notices that packets may still cause. Whoever can send to this router decides how many packets
/// there are, but not how long the log gets: the counters count them all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Remarks {
    since: Option<Instant>,
    said: u8,
}

impl Remarks {
    /// A packet arrived.
    pub(crate) fn renew(&mut self, now: Instant) {
        if self.since.is_none_or(|since| now >= since + PERIOD) {
            *self = Self {
                since: Some(now),
                said: 0,
            };
        }
    }

    /// Whether there is one left.
    pub(crate) const fn any_left(&self) -> bool {
        self.said < LIMIT
    }

    /// Takes one; false when none is left.
    pub(crate) const fn take(&mut self) -> bool {
        let left = self.any_left();
        if left {
            self.said += 1;
        }
        left
    }
}
