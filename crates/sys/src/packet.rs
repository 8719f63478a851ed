//! Complete frames out of chosen interfaces: gratuitous ARP and unsolicited
//! neighbor advertisements.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use crate::datagram::{Route, send_all};
use crate::error::SysError;
use crate::socket;

/// A frame to send.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The frame from its link-layer header on.
    pub bytes: &'a [u8],
    /// The interface it leaves through.
    pub ifindex: u32,
}

/// Sends frames on any interface (packet(7), `SOCK_RAW`, protocol 0: such a
/// socket receives nothing).
#[derive(Debug)]
pub struct PacketSender {
    socket: OwnedFd,
}

impl PacketSender {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`SysError::Call`], with `EPERM` without CAP_NET_RAW.
    pub fn open() -> Result<Self, SysError> {
        let socket = socket::open(AddressFamily::PACKET, SocketType::RAW, None)
            .map_err(|errno| SysError::new("open", "packet socket", errno))?;
        Ok(Self { socket })
    }

    /// Sends `frames` in order without blocking, up to 64 a system call, and
    /// pushes one result for each onto `results` (not cleared).
    ///
    /// A frame that fails does not stop those behind it: `ENXIO` or `ENODEV`
    /// for an interface that is gone, `ENETDOWN` for one that is down,
    /// `ENOBUFS` or `EAGAIN` when its queue is full.
    pub fn send(&mut self, frames: &[Frame<'_>], results: &mut Vec<Result<(), Errno>>) {
        let datagrams = frames.iter().map(|frame| {
            let ifindex = frame.ifindex;
            (frame.bytes, Route::Link { ifindex })
        });
        send_all(self.socket.as_fd(), datagrams, libc::MSG_DONTWAIT, results);
    }
}
