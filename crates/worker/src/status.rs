//! How the worker itself fares.

use std::time::Duration;

use ka_histogram::Histogram;

/// Counts and lateness of the worker, since its start.
#[derive(Debug, Clone, Default)]
pub struct WorkerStatus {
    /// Processes that run now, those that were given up among them.
    pub running: usize,
    /// Runs that wait for their turn.
    pub queued: usize,
    /// Periodic scripts.
    pub jobs: usize,
    /// Processes started.
    pub started: u64,
    /// Periodic runs left out, because the former run still went on.
    pub skipped: u64,
    /// Periodic results that nobody took in time.
    pub dropped: u64,
    /// Ended children of nobody here that were collected.
    pub orphans: u64,
    /// From the time a run was due, or asked for, to its start.
    pub start_lateness: Histogram,
    /// From a deadline to the SIGTERM for it.
    pub deadline_lateness: Histogram,
}

impl WorkerStatus {
    pub(crate) fn count_start(&mut self, late: Duration) {
        self.started += 1;
        self.start_lateness.record(late);
    }
}
