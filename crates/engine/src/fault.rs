//! Ways to make the engine thread fail, for tests of what happens then.

use std::time::Duration;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

/// What happens to the engine thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It panics.
    Panic,
    /// It loses its privileges, so that the kernel refuses whatever it asks for.
    LosePrivileges,
    /// It does nothing for this long, as on a host without time for it.
    Pause(Duration),
}

impl Fault {
    pub(crate) fn strike(self) {
        match self {
            Self::Panic => panic!("injected"),
            Self::LosePrivileges => {
                let none = CapabilitySets {
                    effective: CapabilitySet::empty(),
                    permitted: CapabilitySet::empty(),
                    inheritable: CapabilitySet::empty(),
                };
                set_capabilities(None, none).expect("a thread may give up what it has");
            }
            Self::Pause(time) => std::thread::sleep(time),
        }
    }
}
