//! Classic BPF programs as socket filters (socket(7), SO_ATTACH_FILTER).

use std::mem::size_of;
use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::socket::set_raw_option;

/// Replaces the socket's filter by a classic BPF program; packets for which it
/// returns 0 are dropped before they take room in the receive buffer.
pub(crate) fn attach_filter(socket: impl AsFd, program: &[libc::sock_filter]) -> Result<(), Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::INVAL)?,
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: `program` points at `len` initialised instructions, borrowed for
    // the whole call; the kernel copies them and writes nothing.
    unsafe {
        set_raw_option(
            socket.as_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            &program,
            size_of::<libc::sock_fprog>(),
        )
    }
}

/// An instruction that does not branch.
pub(crate) fn op(code: u32, k: u32) -> libc::sock_filter {
    branch(code, k, 0, 0)
}

/// An instruction that goes on `jt` instructions further when it holds, else `jf`.
pub(crate) fn branch(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    }
}

/// A program that accepts nothing.
pub(crate) fn drop_all() -> [libc::sock_filter; 1] {
    [op(libc::BPF_RET | libc::BPF_K, 0)]
}
