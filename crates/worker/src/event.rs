//! What the worker has to tell.

use std::time::Instant;

use ka_sys::Errno;
use ka_sys::spawn::Step;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It exited with a status.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// It was ended because it ran longer than it may.
    TimedOut,
    /// It was ended because it was asked for.
    Aborted,
    /// It never ran.
    NotStarted {
        /// What failed.
        step: Step,
        /// The kernel's reason.
        errno: Errno,
    },
    /// It ended, and something else in this process took its status.
    Unknown,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A run that was asked for once is over.
    Finished {
        /// The number it was asked for with.
        id: u32,
        /// How it ended.
        outcome: Outcome,
        /// It was given up and goes on: the kernel's reason, or `None` where it was signalled and does not end.
        remains: Option<Option<Errno>>,
        /// The first octets that it wrote.
        output: Vec<u8>,
        /// When it was started, or would have been.
        started: Instant,
        /// When it ended or was given up.
        ended: Instant,
    },
    /// A run of a periodic script is over, or its deadline is: then it is a failure, though the process may still end.
    Scheduled {
        /// The script.
        id: u32,
        /// The generation that the script has now.
        generation: u32,
        /// How it ended.
        outcome: Outcome,
        /// When it was started, or would have been.
        started: Instant,
        /// When it ended, or was told to.
        ended: Instant,
        /// Earlier results of this script that nobody took in time.
        dropped: u32,
        /// Runs left out since the result before this one, because the former run still went on.
        skipped: u32,
    },
    /// A process does not end: told when it is given up, and whenever it was told to end again in vain.
    Lingers {
        /// The process; `None` where it hangs in its start.
        pid: Option<i32>,
        /// The periodic script that cannot run meanwhile; `None` for one that was run once.
        job: Option<u32>,
        /// The kernel's reason, where it refused to signal it.
        errno: Option<Errno>,
    },
}
