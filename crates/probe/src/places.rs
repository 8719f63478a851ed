//! How many attempts may be under way at once: each holds a descriptor.

use rustix::process::{Resource, getrlimit};

/// The least number of descriptors left to the rest of the process.
const LEAST_LEFT: u64 = 256;
/// Where there is no limit, or one that is no bound.
const MOST: u64 = 500_000;

/// The attempts that the limit of descriptors leaves room for, with an eighth of it, and [`LEAST_LEFT`], for others.
pub(crate) fn limit() -> usize {
    of(getrlimit(Resource::Nofile).current.unwrap_or(MOST))
}

fn of(descriptors: u64) -> usize {
    let left = (descriptors / 8).max(LEAST_LEFT);
    let limit = descriptors.saturating_sub(left).clamp(1, MOST);
    usize::try_from(limit).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_keep_descriptors_and_one_attempt_is_always_possible() {
        assert_eq!(of(20_000), 17_500);
        assert_eq!(of(1_024), 768);
        assert_eq!(of(100), 1);
        assert_eq!(of(u64::MAX), 500_000);
    }
}
