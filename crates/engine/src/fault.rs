//! Ways to make the engine thread fail, for tests of what happens then.

use std::cell::Cell;
use std::time::Duration;

/// What happens to the engine thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It panics.
    Panic,
    /// It panics when it has released everything.
    PanicAtEnd,
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
            Self::PanicAtEnd => AT_END.set(true),
            Self::Pause(time) | Self::SlowDisk(time) => std::thread::sleep(time),
        }
    }
}

thread_local! {
    static AT_END: Cell<bool> = const { Cell::new(false) };
}

/// Where the engine thread has released everything.
pub(crate) fn strike_at_end() {
    assert!(!AT_END.get(), "injected");
}
