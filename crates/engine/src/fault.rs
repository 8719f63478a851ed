//! Ways to make the engine thread fail, for tests of what happens then.

use std::cell::Cell;
use std::time::Duration;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

/// What happens to the engine thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It panics.
    Panic,
    /// It panics when it has released everything.
    PanicAtEnd,
    /// It loses its privileges, so that the kernel refuses whatever it asks for.
    LosePrivileges,
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
            Self::LosePrivileges => {
                let none = CapabilitySets {
                    effective: CapabilitySet::empty(),
                    permitted: CapabilitySet::empty(),
                    inheritable: CapabilitySet::empty(),
                };
                set_capabilities(None, none).expect("a thread may give up what it has");
            }
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
