//! The thread that runs scripts: starts them, once or periodically, ends those that are late, and says how each ended.
//!
//! It keeps every deadline while its host is blocked, or a file system does not answer, and never waits for either. What a result means, whom a
//! script runs as and whether it may run at all is decided above; how a process is made is in `ka-sys`.

mod command;
mod ending;
mod error;
mod event;
mod handle;
mod jobs;
mod lanes;
mod orphans;
mod outbox;
mod output;
mod phase;
mod program;
mod runs;
mod shared;
mod starts;
mod status;
mod tell;
mod thread;
mod timers;

pub use command::{JobSpec, RunSpec};
pub use error::WorkerError;
pub use event::{Event, Outcome};
pub use handle::{ScriptWorker, WorkerOptions};
pub use ka_histogram::Histogram;
pub use ka_sys::spawn::{Identity, Step};
pub use outbox::WAITING_LIMIT;
pub use output::KEPT_OCTETS;
pub use program::{Program, ProgramOptions};
pub use runs::{CONCURRENT_LIMIT, QUEUE_LIMIT};
pub use status::WorkerStatus;
