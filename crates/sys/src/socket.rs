//! What all sockets here share: how they are opened and how options are set.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, socket_with, sockopt};

/// Opens a close-on-exec, non-blocking socket.
pub(crate) fn open(
    family: AddressFamily,
    kind: SocketType,
    protocol: Option<Protocol>,
) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(family, kind, flags, protocol)
}

/// Makes the receive buffer `bytes` large, beyond `net.core.rmem_max` where
/// CAP_NET_ADMIN allows it and up to that limit where not.
pub(crate) fn enlarge_receive_buffer(socket: &OwnedFd, bytes: usize) -> Result<(), Errno> {
    sockopt::set_socket_recv_buffer_size_force(socket, bytes)
        .or_else(|_| sockopt::set_socket_recv_buffer_size(socket, bytes))
}

/// Types whose every octet is initialised, so that the kernel may read them.
///
/// # Safety
/// The type must have no padding and hold no reference.
pub(crate) unsafe trait OptionValue: Copy {}

// SAFETY: an integer has no padding.
unsafe impl OptionValue for libc::c_int {}
// SAFETY: three fields of 4 octets each with an alignment of 4.
unsafe impl OptionValue for libc::ip_mreqn {}
// SAFETY: 16 octets, then an unsigned integer, with an alignment of 4.
unsafe impl OptionValue for libc::ipv6_mreq {}

/// Sets a socket option that rustix has no function for.
pub(crate) fn set_option<T: OptionValue>(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> Result<(), Errno> {
    // SAFETY: the pointer and the length describe `value`, fully initialised
    // by the contract of `OptionValue`, which the kernel only reads.
    unsafe { set_raw_option(socket.as_fd(), level, name, value, size_of::<T>()) }
}

/// # Safety
/// `value` must point at `length` octets that the kernel can read as `name` asks.
pub(crate) unsafe fn set_raw_option<T>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: *const T,
    length: usize,
) -> Result<(), Errno> {
    // SAFETY: forwarded from the caller; an option's length fits socklen_t.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            value.cast(),
            length as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
    }
}

/// The error number that the last libc call of this thread left.
pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
}
