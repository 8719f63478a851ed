//! When a periodic script runs.

use std::time::{Duration, Instant};

/// The start after the one that was due at `due`: in phase with it, and not before `now`.
///
/// Starts that were missed, because the process or the machine stood still, are left out: there is no burst.
pub(crate) fn next_due(due: Instant, interval: Duration, now: Instant) -> Instant {
    let next = due + interval;
    if next > now {
        return next;
    }
    let missed = now.duration_since(due).as_nanos() / interval.as_nanos().max(1);
    // Centuries fit; and at worst the phase is lost.
    let passed =
        u32::try_from(missed + 1).map_or(Duration::MAX, |steps| interval.saturating_mul(steps));
    due.checked_add(passed).unwrap_or(now + interval)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn starts_do_not_drift_and_missed_ones_are_left_out() {
        let start = Instant::now();
        let interval = Duration::from_secs(1);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!(next_due(start, interval, at(3)), at(1000));
        assert_eq!(next_due(start, interval, at(999)), at(1000));
        // Due again at this very moment: the one that runs now is that one.
        assert_eq!(next_due(start, interval, at(1000)), at(2000));
        assert_eq!(next_due(start, interval, at(61_500)), at(62_000));
    }

    proptest! {
        #[test]
        fn the_next_start_is_after_now_and_in_phase(interval_us in 1_000u64..100_000_000, late_us in 0u64..1_000_000_000_000) {
            let due = Instant::now();
            let interval = Duration::from_micros(interval_us);
            let now = due + Duration::from_micros(late_us);
            let next = next_due(due, interval, now);
            prop_assert!(next > now && next <= now + interval);
            prop_assert_eq!(next.duration_since(due).as_nanos() % interval.as_nanos(), 0);
        }
    }
}
