//! Durations counted in logarithmic buckets, without allocation.
//!
//! What the threads say about their own lateness. It reads no clock and keeps no durations themselves.

use std::time::Duration;

/// Sub-buckets per power of two: a bucket is at most a quarter wider than its floor.
const SUB_BITS: u32 = 2;
const BUCKETS: usize = 128;

/// A histogram of durations from 1 µs to over an hour, resolution 25 %.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    total: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: [0; BUCKETS],
            total: 0,
            longest: Duration::ZERO,
        }
    }
}

fn bucket(us: u64) -> usize {
    let value = us.max(1);
    let octave = value.ilog2();
    let sub = if octave < SUB_BITS {
        (value << (SUB_BITS - octave)) & ((1 << SUB_BITS) - 1)
    } else {
        (value >> (octave - SUB_BITS)) & ((1 << SUB_BITS) - 1)
    };
    (((octave << SUB_BITS) as usize) | sub as usize).min(BUCKETS - 1)
}

/// The largest duration that falls into bucket `index`, in microseconds.
fn ceiling_us(index: usize) -> u64 {
    let octave = (index >> SUB_BITS) as u32;
    let sub = (index & ((1 << SUB_BITS) - 1)) as u64;
    let width = (1u64 << octave) as f64 / f64::from(1u32 << SUB_BITS);
    ((1u64 << octave) as f64 + width * (sub + 1) as f64).ceil() as u64
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(us)] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The longest duration counted, exactly.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// An upper bound of quantile `q` (0 to 1), within 25 %; zero when empty.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Duration {
        let wanted = (self.total as f64 * q.clamp(0.0, 1.0)).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            // The last bucket has no ceiling.
            if seen >= wanted.max(1) && index < BUCKETS - 1 {
                return Duration::from_micros(ceiling_us(index)).min(self.longest);
            }
        }
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_bound_the_recorded_values_within_a_quarter() {
        let mut histogram = Histogram::default();
        for us in 1..=10_000u64 {
            histogram.record(Duration::from_micros(us));
        }
        assert_eq!(histogram.count(), 10_000);
        assert_eq!(histogram.longest(), Duration::from_micros(10_000));
        for q in [0.1, 0.5, 0.9, 0.99, 0.999] {
            let exact = 10_000.0 * q;
            let bound = histogram.quantile(q).as_micros() as f64;
            assert!(
                bound >= exact && bound <= exact * 1.26 + 1.0,
                "{q}: {bound} for {exact}"
            );
        }
    }

    #[test]
    fn extremes_are_counted_and_an_empty_histogram_is_zero() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.999), Duration::ZERO);
        histogram.record(Duration::ZERO);
        histogram.record(Duration::from_secs(1 << 40));
        assert_eq!(histogram.count(), 2);
        assert_eq!(histogram.quantile(1.0), Duration::from_secs(1 << 40));
    }
}
