//! What the prober is asked for.

use std::sync::mpsc::SyncSender;
use std::time::Instant;

use crate::probe::Probe;
use crate::status::ProberStatus;

/// A probe, and which of those that had its number.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) generation: u64,
    pub(crate) probe: Probe,
}

#[derive(Debug)]
pub(crate) enum Command {
    Define(Vec<Definition>),
    Forget(Vec<u32>),
    /// Attempts, each with its time.
    Run(Vec<(u32, Instant)>),
    Status(SyncSender<ProberStatus>),
    Stop,
}
