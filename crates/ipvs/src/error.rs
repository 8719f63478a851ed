//! Why IPVS cannot be had, or not like this.

use ka_netlink::NetlinkError;
use ka_sys::SysError;
use ka_sys::record::RecordError;

use crate::record::Leftover;

/// A request that changed nothing; but for [`IpvsError::NotReleased`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IpvsError {
    /// Another process has the record of this name, or it cannot be used.
    #[error(transparent)]
    Record(RecordError),
    /// The process lacks a capability.
    #[error("missing capability {capability}")]
    MissingCapability {
        /// Name as in capabilities(7).
        capability: &'static str,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SysError),
    /// The kernel has no IPVS, or does not say what is there.
    #[error("IPVS: {0}")]
    Netlink(#[from] NetlinkError),
    /// The network namespace cannot be entered.
    #[error("network namespace {}: {source}", if name.is_empty() { "of process 1" } else { name })]
    Namespace {
        /// Its name, empty for that of process 1.
        name: String,
        /// Why not.
        #[source]
        source: SysError,
    },
    /// The values of a configuration do not fit together.
    #[error("IPVS: {0}")]
    InvalidConfig(String),
    /// The values of a service do not fit together.
    #[error("service {service}: {reason}")]
    InvalidService {
        /// The service.
        service: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A change cannot be made.
    #[error("change: {0}")]
    InvalidChange(String),
    /// The thread has ended, but the kernel refused to remove this, which is ours.
    #[error("left behind, as the kernel refused to remove them: {}", listed(.0))]
    NotReleased(Vec<Leftover>),
    /// The thread does not answer in time.
    #[error("the IPVS thread does not answer")]
    Busy,
    /// The thread has ended or is ending.
    #[error("the IPVS thread has stopped")]
    Stopped,
}

impl From<RecordError> for IpvsError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::System(error) => Self::System(error),
            error => Self::Record(error),
        }
    }
}

/// What is named in an error; the rest is counted.
const MAX_LISTED: usize = 8;

fn listed(left: &[Leftover]) -> String {
    let mut parts: Vec<String> = left
        .iter()
        .take(MAX_LISTED)
        .map(ToString::to_string)
        .collect();
    if left.len() > MAX_LISTED {
        parts.push(format!("{} more", left.len() - MAX_LISTED));
    }
    parts.join(", ")
}
