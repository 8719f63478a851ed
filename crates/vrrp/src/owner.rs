//! Two routers that both say they own the addresses.
//!
//! RFC 9568 has no word on it: one of the two configurations is wrong. keepalived lets the owner
//! with the higher address insist at first; if the other one goes on regardless, it
//! gives way as if its priority were 254.

use std::time::{Duration, Instant};

/// Priority that an address owner falls back to.
pub(crate) const REDUCED_PRIORITY: u8 = 254;

/// Advertisements of its own that the owner waits for before it looks again.
const OWN_ADVERTISEMENTS: u8 = 2;

/// Half intervals after which the other owner counts as not giving way although there was no time for
/// advertisements of our own: one that advertises as often as this router puts them off for ever.
///
/// With equal intervals that is at its fifth advertisement after the first, however they jitter.
/// keepalived 2.4.3 was seen to give way then, but knows no such limit; 2.2.7 gives way at the
/// very first advertisement, to whatever address.
const PATIENCE: u32 = 9;

/// What an address owner that is Master knows about another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnerConflict {
    interval: Duration,
    since: Instant,
    own_advertisements: u8,
    window_end: Option<Instant>,
}

/// What to make of an advertisement of the other owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// First of its kind: say so.
    Report,
    /// It has not had its chance to give way yet.
    Wait,
    /// It will not give way.
    Reduce,
}

impl OwnerConflict {
    fn new(interval: Duration, now: Instant) -> Self {
        Self {
            interval,
            since: now,
            own_advertisements: 0,
            window_end: None,
        }
    }

    /// The other owner advertised; `interval` is the longer one of both.
    pub(crate) fn handle_advertisement(
        conflict: &mut Option<Self>,
        interval: Duration,
        now: Instant,
    ) -> Verdict {
        if let Some(known) = conflict {
            match known.window_end {
                Some(end) if now <= end => return Verdict::Reduce,
                None if now >= known.since + known.interval * PATIENCE / 2 => {
                    return Verdict::Reduce;
                }
                None => return Verdict::Wait,
                // It was silent for the whole window: this is a new conflict.
                Some(_) => {}
            }
        }
        *conflict = Some(Self::new(interval, now));
        Verdict::Report
    }

    /// This router advertised because it was time to. Answers to the other owner do not
    /// count, and put off the advertisements that do.
    pub(crate) fn handle_own_advertisement(&mut self, now: Instant) {
        if self.window_end.is_some() {
            return;
        }
        self.own_advertisements += 1;
        if self.own_advertisements == OWN_ADVERTISEMENTS {
            self.window_end = Some(now + self.interval * 6 / 5);
        }
    }
}
