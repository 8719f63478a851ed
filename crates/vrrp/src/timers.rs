//! The intervals of RFC 9568 §6.1 in keepalived's whole microseconds.

use std::time::Duration;

use ka_wire::Version;

/// Advertisement intervals after which [`RouterConfig::timer_expired_backup`] counts
/// on another router having taken over, whatever `down_timer_adverts` says here.
///
/// [`RouterConfig::timer_expired_backup`]: crate::RouterConfig::timer_expired_backup
const TAKEN_OVER_ADVERTS: u32 = 3;

/// Skew_Time: the head start of routers with a high priority.
///
/// `interval` is Master_Adver_Interval, which VRRPv3 alone depends on:
/// (256 - priority) / 256 seconds in VRRPv2 (RFC 3768 §6.1), that part of the interval
/// in VRRPv3 (RFC 9568 §6.1). Rounded down to whole microseconds as keepalived does.
#[must_use]
pub fn skew_time(version: Version, priority: u8, interval: Duration) -> Duration {
    let distance = 256 - u64::from(priority);
    Duration::from_micros(match version {
        Version::V2 => distance * 1_000_000 / 256,
        Version::V3 => distance * centiseconds(interval) * 625 / 16,
    })
}

/// Master_Down_Interval (RFC 9568: Active_Down_Interval): silence after which a
/// Backup takes over.
///
/// `adverts` is `down_timer_adverts`, 3 in the RFCs.
#[must_use]
pub fn master_down_interval(
    version: Version,
    priority: u8,
    interval: Duration,
    adverts: u8,
) -> Duration {
    interval * u32::from(adverts) + skew_time(version, priority, interval)
}

/// How long after its last advertisement a Master must expect that a router of
/// priority `other` has taken over (`timer_expired_backup`).
#[must_use]
pub fn taken_over_after(version: Version, other: u8, interval: Duration) -> Duration {
    interval * TAKEN_OVER_ADVERTS + skew_time(version, other, interval)
}

/// `interval` in VRRPv3's unit. Configured and received intervals are at most 255 s.
const fn centiseconds(interval: Duration) -> u64 {
    interval.as_secs() * 100 + interval.subsec_millis() as u64 / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn skew_of_vrrpv2_is_a_part_of_a_second_whatever_the_interval() {
        for interval in [SECOND, SECOND * 255] {
            assert_eq!(skew_time(Version::V2, 100, interval).as_micros(), 609_375);
            assert_eq!(skew_time(Version::V2, 255, interval).as_micros(), 3_906);
            assert_eq!(skew_time(Version::V2, 1, interval).as_micros(), 996_093);
        }
    }

    #[test]
    fn skew_of_vrrpv3_is_a_part_of_the_interval() {
        let skew =
            |priority, ms| skew_time(Version::V3, priority, Duration::from_millis(ms)).as_micros();
        assert_eq!(skew(100, 1000), 609_375);
        assert_eq!(skew(100, 3000), 1_828_125);
        assert_eq!(skew(100, 200), 121_875);
        assert_eq!(skew(255, 10), 39); // 39.0625
        assert_eq!(skew(1, 40_950), 40_790_039); // 40,790,039.0625
    }

    #[test]
    fn master_down_interval_is_adverts_and_skew() {
        let down = |adverts| master_down_interval(Version::V2, 100, SECOND, adverts).as_micros();
        assert_eq!(down(1), 1_609_375);
        assert_eq!(down(2), 2_609_375);
        assert_eq!(down(3), 3_609_375);
        assert_eq!(down(5), 5_609_375);
        assert_eq!(down(100), 100_609_375);
    }

    #[test]
    fn a_takeover_is_expected_after_three_intervals_and_the_others_skew() {
        let after = |version, interval| taken_over_after(version, 254, interval).as_micros();
        assert_eq!(after(Version::V2, SECOND), 3_007_812);
        assert_eq!(after(Version::V2, SECOND * 2), 6_007_812);
        assert_eq!(after(Version::V3, SECOND * 2), 6_015_625);
    }
}
