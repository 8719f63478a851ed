//! The privileges of the calling thread (capabilities(7)).

use std::fmt;

use rustix::thread::CapabilitySet;

use crate::error::SysError;

/// A capability that ka-native can make use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Change addresses, links and routes; large socket buffers.
    NetAdmin,
    /// Open raw and packet sockets.
    NetRaw,
    /// Real-time scheduling.
    SysNice,
}

impl Capability {
    /// The name as in the manual, such as `CAP_NET_ADMIN`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetAdmin => "CAP_NET_ADMIN",
            Self::NetRaw => "CAP_NET_RAW",
            Self::SysNice => "CAP_SYS_NICE",
        }
    }

    const fn bit(self) -> CapabilitySet {
        match self {
            Self::NetAdmin => CapabilitySet::NET_ADMIN,
            Self::NetRaw => CapabilitySet::NET_RAW,
            Self::SysNice => CapabilitySet::SYS_NICE,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities(CapabilitySet);

impl Capabilities {
    /// Whether `capability` is in the set.
    #[must_use]
    pub const fn contains(self, capability: Capability) -> bool {
        self.0.contains(capability.bit())
    }
}

/// The effective capabilities of the calling thread.
///
/// They count in its user namespace: `CAP_NET_ADMIN` there is of use only in
/// network namespaces that this user namespace owns.
///
/// # Errors
/// [`SysError::Call`].
pub fn effective() -> Result<Capabilities, SysError> {
    let sets = rustix::thread::capabilities(None)
        .map_err(|errno| SysError::new("read", "capabilities", errno))?;
    Ok(Capabilities(sets.effective))
}
