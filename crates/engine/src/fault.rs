//! Ways to make the engine thread fail, for tests of what happens then.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

/// What happens to the engine thread.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// It panics.
    Panic,
    /// It panics when it has released everything.
    PanicAtEnd,
    /// It loses its privileges, so that the kernel refuses whatever it asks for.
    LosePrivileges,
    /// It does nothing until it is released, as on a host without time for it.
    Hold(&'static Hold),
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
            Self::Hold(hold) => hold.stay(),
            Self::SlowDisk(time) => std::thread::sleep(time),
        }
    }
}

/// Holds the engine thread still.
#[derive(Debug, Default)]
pub struct Hold {
    reached: AtomicBool,
    released: AtomicBool,
}

impl Hold {
    /// Whether the thread stands still.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Acquire)
    }

    /// Lets the thread go on.
    pub fn release(&self) {
        self.released.store(true, Ordering::Release);
    }

    fn stay(&self) {
        self.reached.store(true, Ordering::Release);
        while !self.released.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(1));
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
