//! When what is there is looked at, for what others changed.

use std::time::{Duration, Instant};

use ka_netlink::ipvs::ServiceKey;

/// From one whole look to the next, at least.
const APART: Duration = Duration::from_secs(5);
/// A look rests this many times as long as it took.
const SHARE: u32 = 99;
/// And no longer: of a process that stood still meanwhile it took hours.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// A slice of it takes about this long.
pub(crate) const SLICE: Duration = Duration::from_millis(2);

/// A look at everything, in slices.
#[derive(Debug)]
pub(crate) struct Audit {
    next_at: Instant,
    /// When the present one began.
    began: Instant,
    /// Services whose destinations have yet to be looked at.
    pub(crate) pending: Vec<ServiceKey>,
}

impl Audit {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            next_at: now + APART,
            began: now,
            pending: Vec::new(),
        }
    }

    pub(crate) fn next_at(&self) -> Instant {
        self.next_at
    }

    /// A new one begins.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.began = now;
    }

    /// A part of it began then and took so long.
    pub(crate) fn rest(&mut self, began: Instant, took: Duration) {
        let rest = took.saturating_mul(SHARE).min(LONGEST_REST);
        let rested = began + took + rest;
        self.next_at = match self.pending.is_empty() {
            true => rested.max(self.began + APART),
            false => rested,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_takes_a_hundredth_of_the_time_at_most() {
        let start = Instant::now();
        let mut audit = Audit::new(start);
        let mut at = audit.next_at();
        assert_eq!(at, start + APART);
        audit.begin(at);
        audit.pending = vec![ServiceKey::Mark {
            family: ka_netlink::IpFamily::V4,
            mark: 1,
        }];
        let took = Duration::from_millis(3);
        audit.rest(at, took);
        assert_eq!(audit.next_at(), at + took * 100);
        at = audit.next_at();
        audit.pending.clear();
        audit.rest(at, took);
        assert_eq!(audit.next_at(), start + APART + APART);
        audit.rest(at, Duration::from_secs(1));
        assert_eq!(audit.next_at(), at + Duration::from_secs(100));
        let hours = Duration::from_secs(7200);
        audit.rest(at, hours);
        assert_eq!(audit.next_at(), at + hours + LONGEST_REST);
    }
}
