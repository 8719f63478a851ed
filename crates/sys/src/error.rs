//! The failure of a system call, with what was attempted.

use std::io;

use rustix::io::Errno;

/// A system call that the kernel refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SysError {
    /// The call `operation` on `object` failed with `source`.
    #[error("{operation} {object}: {}", reason(.source))]
    Call {
        /// What was attempted, a verb: `open`, `join`, `lock`.
        operation: &'static str,
        /// On what it was attempted.
        object: String,
        /// The error number of the kernel.
        #[source]
        source: io::Error,
    },
    /// The signal handlers are installed already: there is one set per process.
    #[error("install signal handlers: already installed in this process")]
    SignalsInstalled,
}

impl SysError {
    /// An error for `operation` on `object` out of an error number.
    #[must_use]
    pub fn new(operation: &'static str, object: impl Into<String>, errno: Errno) -> Self {
        Self::Call {
            operation,
            object: object.into(),
            source: errno.into(),
        }
    }

    /// The error number of the kernel, where the failure has one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Call { source, .. } => Errno::from_io_error(source),
            Self::SignalsInstalled => None,
        }
    }
}

/// The system's sentence for an error number, such as `File exists`.
#[must_use]
pub fn errno_text(errno: Errno) -> String {
    reason(&errno.into())
}

/// The symbol of an error number, such as `EEXIST`; `UNKNOWN` for one that nothing here can cause.
#[must_use]
pub fn errno_name(errno: Errno) -> &'static str {
    match errno {
        Errno::ACCESS => "EACCES",
        Errno::ADDRINUSE => "EADDRINUSE",
        Errno::ADDRNOTAVAIL => "EADDRNOTAVAIL",
        Errno::AFNOSUPPORT => "EAFNOSUPPORT",
        Errno::AGAIN => "EAGAIN",
        Errno::BADF => "EBADF",
        Errno::BUSY => "EBUSY",
        Errno::CONNREFUSED => "ECONNREFUSED",
        Errno::CONNRESET => "ECONNRESET",
        Errno::DESTADDRREQ => "EDESTADDRREQ",
        Errno::EXIST => "EEXIST",
        Errno::FAULT => "EFAULT",
        Errno::FBIG => "EFBIG",
        Errno::HOSTUNREACH => "EHOSTUNREACH",
        Errno::INTR => "EINTR",
        Errno::INVAL => "EINVAL",
        Errno::IO => "EIO",
        Errno::ISDIR => "EISDIR",
        Errno::LOOP => "ELOOP",
        Errno::MFILE => "EMFILE",
        Errno::MLINK => "EMLINK",
        Errno::MSGSIZE => "EMSGSIZE",
        Errno::NAMETOOLONG => "ENAMETOOLONG",
        Errno::NETDOWN => "ENETDOWN",
        Errno::NETUNREACH => "ENETUNREACH",
        Errno::NFILE => "ENFILE",
        Errno::NOBUFS => "ENOBUFS",
        Errno::NODEV => "ENODEV",
        Errno::NOENT => "ENOENT",
        Errno::NOEXEC => "ENOEXEC",
        Errno::NOMEM => "ENOMEM",
        Errno::NOSPC => "ENOSPC",
        Errno::NOSYS => "ENOSYS",
        Errno::NOTCONN => "ENOTCONN",
        Errno::NOTDIR => "ENOTDIR",
        Errno::NOTEMPTY => "ENOTEMPTY",
        Errno::NOTSOCK => "ENOTSOCK",
        Errno::NXIO => "ENXIO",
        Errno::OPNOTSUPP => "EOPNOTSUPP",
        Errno::OVERFLOW => "EOVERFLOW",
        Errno::PERM => "EPERM",
        Errno::PIPE => "EPIPE",
        Errno::PROTOTYPE => "EPROTOTYPE",
        Errno::RANGE => "ERANGE",
        Errno::ROFS => "EROFS",
        Errno::SRCH => "ESRCH",
        Errno::STALE => "ESTALE",
        Errno::TIMEDOUT => "ETIMEDOUT",
        Errno::TXTBSY => "ETXTBSY",
        Errno::XDEV => "EXDEV",
        _ => "UNKNOWN",
    }
}

/// The sentence of `error` without the number that std appends to it.
fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.rfind(" (os error ") {
        text.truncate(number);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_operation_object_and_reason() {
        let error = SysError::new("join", "224.0.0.18 on interface 7", Errno::NODEV);
        assert_eq!(
            error.to_string(),
            "join 224.0.0.18 on interface 7: No such device"
        );
        assert_eq!(error.errno(), Some(Errno::NODEV));
    }
}
