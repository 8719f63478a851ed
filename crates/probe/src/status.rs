//! How the prober itself fares.

use ka_histogram::Histogram;

/// Counts and lateness of the prober, since its start.
#[derive(Debug, Clone, Default)]
pub struct ProberStatus {
    /// Probes that there are.
    pub defined: usize,
    /// Attempts that are asked for and have not begun.
    pub pending: usize,
    /// Attempts under way.
    pub running: usize,
    /// Attempts begun.
    pub attempts: u64,
    /// Results that nobody took in time.
    pub dropped: u64,
    /// From when an attempt was due to its begin.
    pub lateness: Histogram,
}
