//! Why the engine cannot do what its host asked.

use std::path::PathBuf;

use ka_netlink::NetlinkError;
use ka_sys::SysError;

use crate::runtime::ReleasedAddress;

/// A request that changed nothing; but for [`EngineError::NotReleased`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Another engine of this name runs in this network namespace.
    #[error("already running: another process holds {}", path.display())]
    AlreadyRunning {
        /// The lock file.
        path: PathBuf,
    },
    /// The process lacks a capability that the engine cannot do without.
    #[error("missing capability {capability}")]
    MissingCapability {
        /// Name as in capabilities(7).
        capability: &'static str,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SysError),
    /// The kernel's address and link tables cannot be read or changed.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// The runtime directory or file cannot be used.
    #[error("{operation} {}: {source}", path.display())]
    RuntimeFile {
        /// What was attempted.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The runtime file of an engine before this one cannot be used, and stays.
    #[error("{} cannot be used: {reason}; addresses that it records may still be there", path.display())]
    UnusableRecord {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// An instance names an interface that does not exist.
    #[error("instance {instance}: interface {interface} does not exist")]
    MissingInterface {
        /// The instance.
        instance: String,
        /// The interface.
        interface: String,
    },
    /// An instance's values do not fit together.
    #[error("instance {instance}: {reason}")]
    InvalidInstance {
        /// The instance.
        instance: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two instances are the same virtual router.
    #[error("instances {first} and {second} both use VRID {vrid} on interface {interface}")]
    DuplicateInstance {
        /// The first instance.
        first: String,
        /// The second instance.
        second: String,
        /// Their common VRID.
        vrid: u8,
        /// Their common interface.
        interface: String,
    },
    /// Two instances have one name, by which events and reports tell them apart.
    #[error("two instances are called {name}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Two trackers have one number, by which their results name them.
    #[error("tracker {name} has the number {id} of another one")]
    DuplicateTracker {
        /// The number.
        id: u32,
        /// The second of them.
        name: String,
    },
    /// The engine has ended, but the kernel refused to remove these addresses of ours.
    #[error(
        "left behind, as the kernel refused to remove them: {}",
        listed(addresses)
    )]
    NotReleased {
        /// What is still there; the next start or `release` removes it.
        addresses: Vec<ReleasedAddress>,
    },
    /// Too many requests wait for the engine thread, or it does not answer.
    #[error("the engine is busy")]
    Busy,
    /// The engine has ended or is ending.
    #[error("the engine has stopped")]
    Stopped,
}

/// Addresses named in an error; the others are counted.
const MAX_LISTED: usize = 8;

fn listed(addresses: &[ReleasedAddress]) -> String {
    let named = addresses.iter().take(MAX_LISTED);
    let mut parts: Vec<String> = named
        .map(|left| format!("{} on {}", left.address, left.interface))
        .collect();
    if addresses.len() > MAX_LISTED {
        parts.push(format!("{} more", addresses.len() - MAX_LISTED));
    }
    parts.join(", ")
}
