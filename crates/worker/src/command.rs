//! What the worker is asked for.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crate::program::Program;
use crate::status::WorkerStatus;

/// A run of a program, once.
#[derive(Debug)]
pub struct RunSpec {
    /// A number that no other run under way has.
    pub id: u32,
    /// `None`: one that cannot be started, see [`Program::new`].
    pub program: Option<Arc<Program>>,
    /// Counted from the start.
    pub timeout: Duration,
}

/// A program that is run periodically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    /// A number that no other periodic program has.
    pub id: u32,
    /// Handed back with each result.
    pub generation: u32,
    /// `None`: one that cannot be started, see [`Program::new`].
    pub program: Option<Arc<Program>>,
    /// From one start to the next; at least a millisecond.
    pub interval: Duration,
    /// Counted from the start.
    pub timeout: Duration,
}

#[derive(Debug)]
pub(crate) enum Command {
    Run { spec: RunSpec, asked: Instant },
    End(u32),
    Schedule(Vec<JobSpec>),
    Status(SyncSender<WorkerStatus>),
    Stop { deadline: Instant },
}
