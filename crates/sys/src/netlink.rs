//! Netlink sockets (netlink(7)): datagrams to and from the kernel, whose content
//! `ka-netlink` knows.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, bind, recvfrom, sendto,
};

use crate::error::SysError;
use crate::socket::{self, set_option};

/// Room for the notifications of a burst, or for the acknowledgements of any batch.
const RECEIVE_BUFFER: usize = 8 << 20;

/// A netlink protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetlinkProtocol {
    /// Links, addresses, routes, rules, neighbours (rtnetlink(7)).
    Route,
    /// nftables and the other parts of netfilter.
    Netfilter,
    /// Families by name, IPVS among them.
    Generic,
}

impl NetlinkProtocol {
    const fn protocol(self) -> Option<Protocol> {
        match self {
            // rustix takes 0, which NETLINK_ROUTE is, as the absence of a number.
            Self::Route => None,
            Self::Netfilter => Some(rustix::net::netlink::NETFILTER),
            Self::Generic => Some(rustix::net::netlink::GENERIC),
        }
    }
}

/// What one receive returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A datagram of the kernel fills so many octets of the buffer.
    Datagram(usize),
    /// A datagram was longer than the buffer and its rest is lost.
    Truncated,
    /// The kernel could not queue something for want of buffer space (`ENOBUFS`).
    Overrun,
    /// Nothing is waiting.
    Drained,
}

/// A netlink socket that talks with the kernel only.
#[derive(Debug)]
pub struct NetlinkSocket {
    socket: OwnedFd,
}

impl NetlinkSocket {
    /// Opens the socket in the network namespace of the calling thread and
    /// subscribes to the multicast groups of the bit mask `groups`.
    ///
    /// Acknowledgements come without a copy of the request and with the kernel's
    /// own message (`NETLINK_CAP_ACK`, `NETLINK_EXT_ACK`).
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn open(protocol: NetlinkProtocol, groups: u32) -> Result<Self, SysError> {
        Self::open_socket(protocol, groups)
            .map(|socket| Self { socket })
            .map_err(|errno| SysError::new("open", format!("netlink {protocol:?} socket"), errno))
    }

    fn open_socket(protocol: NetlinkProtocol, groups: u32) -> Result<OwnedFd, Errno> {
        let socket = socket::open(AddressFamily::NETLINK, SocketType::RAW, protocol.protocol())?;
        socket::enlarge_receive_buffer(&socket, RECEIVE_BUFFER)?;
        for option in [libc::NETLINK_CAP_ACK, libc::NETLINK_EXT_ACK] {
            set_option(&socket, libc::SOL_NETLINK, option, &1)?;
        }
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(socket)
    }

    /// Sends one datagram, which may hold several messages, to the kernel.
    ///
    /// The kernel acts on its messages before this returns.
    ///
    /// # Errors
    /// The kernel's error number, when it read none of the messages.
    pub fn send(&self, messages: &[u8]) -> Result<(), Errno> {
        let kernel = SocketAddrNetlink::new(0, 0);
        loop {
            match sendto(&self.socket, messages, SendFlags::DONTWAIT, &kernel) {
                Err(Errno::INTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Receives one datagram of the kernel without blocking; those of other
    /// senders are passed over.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn receive(&self, buffer: &mut [u8]) -> Result<Received, SysError> {
        let flags = RecvFlags::DONTWAIT | RecvFlags::TRUNC;
        loop {
            match recvfrom(&self.socket, &mut *buffer, flags) {
                Ok((_, length, sender)) => {
                    let sender = sender.and_then(|any| SocketAddrNetlink::try_from(any).ok());
                    if sender.is_none_or(|sender| sender.pid() != 0) {
                        continue;
                    }
                    return Ok(match length <= buffer.len() {
                        true => Received::Datagram(length),
                        false => Received::Truncated,
                    });
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Received::Drained),
                Err(Errno::NOBUFS) => return Ok(Received::Overrun),
                Err(errno) => return Err(SysError::new("receive", "netlink messages", errno)),
            }
        }
    }
}

impl AsFd for NetlinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
