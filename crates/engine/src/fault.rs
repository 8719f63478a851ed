//! Ways to make the engine thread fail, for tests of what happens then.

use std::time::Duration;

/// What happens to the engine thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It panics.
    Panic,
    /// It does nothing for this long, as on a host without time for it.
    Pause(Duration),
    /// The host's side takes this long, as on a disk that does not answer, and nothing else waits for
    /// it; [`crate::Engine::inject`] blocks.
    SlowDisk(Duration),
}

impl Fault {
    pub(crate) fn strike(self) {
        match self {
            Self::Panic => panic!("injected"),
            Self::Pause(time) | Self::SlowDisk(time) => std::thread::sleep(time),
        }
    }
}
