//! Why IPVS cannot be had, or not like this.

use std::path::PathBuf;

use ka_netlink::NetlinkError;
use ka_sys::SysError;
use ka_sys::record::RecordError;

use crate::record::Leftover;

/// A request that changed nothing; but for [`IpvsError::NotReleased`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IpvsError {
    /// Another process programs IPVS under this name in this network namespace.
    #[error("already running: another process holds {}", path.display())]
    AlreadyRunning {
        /// The lock file.
        path: PathBuf,
    },
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
    /// The runtime file of a process before this one cannot be used, and stays.
    #[error("{} cannot be used: {reason}; what it records may still be there", path.display())]
    UnusableRecord {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
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
            RecordError::AlreadyRunning { path } => Self::AlreadyRunning { path },
            RecordError::File {
                operation,
                path,
                source,
            } => Self::RuntimeFile {
                operation,
                path,
                source,
            },
            RecordError::Unusable { path, reason } => Self::UnusableRecord { path, reason },
            RecordError::System(error) => Self::System(error),
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
