//! Why the engine cannot do what its host asked.

use ka_netlink::NetlinkError;
use ka_sys::SysError;
use ka_sys::record::RecordError;

use crate::record::Leftover;

/// A request that changed nothing; but for [`EngineError::NotReleased`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Another process has the record of this name, or it cannot be used.
    #[error(transparent)]
    Record(RecordError),
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
    /// Something that is configured whatever the state of instances has values that do not fit together.
    #[error("static {reason}")]
    InvalidStatic {
        /// What is wrong with what.
        reason: String,
    },
    /// Two instances are the same virtual router.
    #[error("instances {first} and {second} both use VRID {vrid} {}", placed(interface.as_deref()))]
    DuplicateInstance {
        /// The first instance.
        first: String,
        /// The second instance.
        second: String,
        /// Their common VRID.
        vrid: u8,
        /// Their common interface, if they have one. Then, or else, they have a unicast peer in common.
        interface: Option<String>,
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
    /// A sync group names what it cannot have.
    #[error("sync group {group}: {reason}")]
    InvalidGroup {
        /// The group.
        group: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine has ended, but the kernel refused to remove this, which is ours.
    #[error(
        "left behind, as the kernel refused to remove them: {}",
        listed(addresses)
    )]
    NotReleased {
        /// What is still there; the next start or `release` removes it.
        addresses: Vec<Leftover>,
    },
    /// Too many requests wait for the engine thread, or it does not answer.
    #[error("the engine is busy")]
    Busy,
    /// The engine has ended or is ending.
    #[error("the engine has stopped")]
    Stopped,
}

fn placed(interface: Option<&str>) -> String {
    match interface {
        Some(interface) => format!("on interface {interface}"),
        None => "with one source address and a common peer".to_owned(),
    }
}

/// Addresses named in an error; the others are counted.
const MAX_LISTED: usize = 8;

fn listed(addresses: &[Leftover]) -> String {
    let named = addresses.iter().take(MAX_LISTED);
    let mut parts: Vec<String> = named.map(ToString::to_string).collect();
    if addresses.len() > MAX_LISTED {
        parts.push(format!("{} more", addresses.len() - MAX_LISTED));
    }
    parts.join(", ")
}

impl From<RecordError> for EngineError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::System(error) => Self::System(error),
            error => Self::Record(error),
        }
    }
}
