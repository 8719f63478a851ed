//! What can go wrong between us and the kernel.

use std::time::Duration;

use ka_sys::{Errno, SysError, errno_text};

/// A request or a dump that failed as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetlinkError {
    /// The socket failed.
    #[error(transparent)]
    Socket(#[from] SysError),
    /// The kernel refused the request.
    #[error("{operation}: {}", refusal(*.errno, .message.as_deref()))]
    Refused {
        /// What was asked for, such as `dump links`.
        operation: &'static str,
        /// The kernel's error number.
        errno: Errno,
        /// The kernel's own explanation, where it gives one.
        message: Option<Box<str>>,
    },
    /// The kernel does not have a family of generic netlink, nor a module for it that could be loaded.
    #[error("the kernel has no generic netlink family {name}")]
    FamilyMissing {
        /// How the family is called, such as `IPVS`.
        name: &'static str,
    },
    /// A dump did not go on for so long.
    #[error("{operation}: no answer from the kernel for {} s", .after.as_secs())]
    TimedOut {
        /// What was asked for.
        operation: &'static str,
        /// How long nothing came.
        after: Duration,
    },
}

/// A change that the kernel did not confirm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The kernel refused the change and left everything as it was.
    #[error("{}", refusal(*.errno, .message.as_deref()))]
    Refused {
        /// Its error number: `EEXIST`, `ENODEV`, `EADDRNOTAVAIL`, ...
        errno: Errno,
        /// The kernel's own explanation, where it gives one.
        message: Option<Box<str>>,
    },
    /// The acknowledgement was lost: whether the change took effect is unknown until
    /// a dump tells.
    #[error("not acknowledged")]
    Unacknowledged,
    /// The kernel did not take the request, so nothing changed.
    #[error("not sent: {}", errno_text(*.errno))]
    NotSent {
        /// The error number of sendmsg(2).
        errno: Errno,
    },
}

impl ChangeError {
    /// The kernel's error number, where it gave one.
    #[must_use]
    pub const fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } | Self::NotSent { errno } => Some(*errno),
            Self::Unacknowledged => None,
        }
    }
}

fn refusal(errno: Errno, message: Option<&str>) -> String {
    let text = errno_text(errno);
    match message {
        Some(message) => format!("{text} ({message})"),
        None => text,
    }
}
