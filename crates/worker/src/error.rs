//! Why the worker cannot do what it is asked.

use ka_sys::SysError;

/// A failure of the worker itself. How a script ends is never one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The kernel refused what the thread needs.
    #[error("start the script worker: {0}")]
    Start(#[source] SysError),
    /// It has been stopped.
    #[error("the script worker has stopped")]
    Stopped,
    /// It did not answer in time.
    #[error("the script worker does not answer")]
    NoAnswer,
}
