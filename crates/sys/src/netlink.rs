//! Netlink sockets (netlink(7)): datagrams to and from the kernel, whose content
//! `ka-netlink` knows.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, bind, getsockname, recvfrom, sendto,
};

use crate::bpf::{attach_filter, branch, op};
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

    /// Subscribes to the multicast groups of the bit mask `groups`.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn join(&self, groups: u32) -> Result<(), SysError> {
        (0..u32::BITS)
            .filter(|bit| groups >> bit & 1 != 0)
            // The groups of this option count from 1.
            .try_for_each(|bit| {
                let group = bit.cast_signed() + 1;
                let option = libc::NETLINK_ADD_MEMBERSHIP;
                set_option(&self.socket, libc::SOL_NETLINK, option, &group)
            })
            .map_err(|errno| SysError::new("join", "groups of netlink messages", errno))
    }

    /// The number by which the kernel knows this socket; the messages about what it asked
    /// for carry it.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn port(&self) -> Result<u32, SysError> {
        getsockname(&self.socket)
            .and_then(SocketAddrNetlink::try_from)
            .map(|address| address.pid())
            .map_err(|errno| SysError::new("ask for", "the port of a netlink socket", errno))
    }

    /// Has the kernel leave out of dumps what the header of the request does not ask for
    /// (`NETLINK_GET_STRICT_CHK`, since Linux 4.20).
    ///
    /// # Errors
    /// [`SysError::Call`], where the kernel does not know how.
    pub fn filter_dumps(&self) -> Result<(), SysError> {
        let option = libc::NETLINK_GET_STRICT_CHK;
        set_option(&self.socket, libc::SOL_NETLINK, option, &1)
            .map_err(|errno| SysError::new("filter", "netlink dumps", errno))
    }

    /// Drops messages of the type `kind` about what the socket with the number `port`
    /// asked for, before they take room or wake anybody.
    ///
    /// Of a datagram with several messages the first one decides: it suits notifications,
    /// which the kernel sends one by one.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn drop_echoes(&self, kind: u16, port: u32) -> Result<(), SysError> {
        attach_filter(&self.socket, &all_but(kind, port))
            .map_err(|errno| SysError::new("filter", "netlink messages", errno))
    }

    /// Drops every message, before it takes room or wakes anybody, that is neither of the type
    /// `routes` and about a route of `protocol`, nor of the type `rules`; and of these those about
    /// what the socket with the number `port` asked for.
    ///
    /// A host may have a million routes of others that come and go.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn keep_only(
        &self,
        routes: u16,
        protocol: u8,
        rules: u16,
        port: u32,
    ) -> Result<(), SysError> {
        attach_filter(&self.socket, &only(routes, protocol, rules, port))
            .map_err(|errno| SysError::new("filter", "netlink messages", errno))
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

/// Where `nlmsg_type` and `nlmsg_pid` are in a message (netlink(7)).
const KIND_OFFSET: u32 = 4;
const PORT_OFFSET: u32 = 12;
/// Where `rtm_protocol` is in a message about a route (rtnetlink(7)).
const PROTOCOL_OFFSET: u32 = 16 + 5;

/// Accepts every message but those of one type and one port.
fn all_but(kind: u16, port: u32) -> [libc::sock_filter; 6] {
    use libc::{BPF_ABS, BPF_H, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    // A load takes network order for granted, and the fields are in the host's.
    let kind = u16::from_be_bytes(kind.to_ne_bytes());
    let port = u32::from_be_bytes(port.to_ne_bytes());
    [
        op(BPF_LD | BPF_H | BPF_ABS, KIND_OFFSET),
        branch(BPF_JMP | BPF_JEQ | BPF_K, kind.into(), 0, 3),
        op(BPF_LD | BPF_W | BPF_ABS, PORT_OFFSET),
        branch(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        op(BPF_RET | BPF_K, 0),
        op(BPF_RET | BPF_K, u32::MAX),
    ]
}

/// Accepts of two types, of the first with one protocol, what is not of one port.
fn only(routes: u16, protocol: u8, rules: u16, port: u32) -> [libc::sock_filter; 9] {
    use libc::{BPF_ABS, BPF_B, BPF_H, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    // As above.
    let routes = u16::from_be_bytes(routes.to_ne_bytes());
    let rules = u16::from_be_bytes(rules.to_ne_bytes());
    let port = u32::from_be_bytes(port.to_ne_bytes());
    [
        op(BPF_LD | BPF_H | BPF_ABS, KIND_OFFSET),
        branch(BPF_JMP | BPF_JEQ | BPF_K, rules.into(), 3, 0),
        branch(BPF_JMP | BPF_JEQ | BPF_K, routes.into(), 0, 4),
        op(BPF_LD | BPF_B | BPF_ABS, PROTOCOL_OFFSET),
        branch(BPF_JMP | BPF_JEQ | BPF_K, protocol.into(), 0, 2),
        op(BPF_LD | BPF_W | BPF_ABS, PORT_OFFSET),
        branch(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
        op(BPF_RET | BPF_K, 0),
        op(BPF_RET | BPF_K, u32::MAX),
    ]
}
