//! Why the prober cannot do what it is asked.

use ka_sys::SysError;

/// A failure of the prober itself. How a server fares is never one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The kernel refused what the thread needs.
    #[error("start the prober: {0}")]
    Start(#[source] SysError),
    /// It has been stopped.
    #[error("the prober has stopped")]
    Stopped,
    /// It did not answer in time.
    #[error("the prober does not answer")]
    NoAnswer,
}
