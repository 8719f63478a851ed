//! The socket that all advertisements of one address family leave through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{SocketType, sockopt};

use crate::bpf;
use crate::datagram::{Route, send_all};
use crate::error::SysError;
use crate::family::IpFamily;
use crate::socket;

/// Room for a burst of some thousand advertisements.
const SEND_BUFFER: usize = 4 << 20;

/// A packet to send.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The packet from its IP header on. IPv4: the kernel fills the header
    /// checksum, an identification of 0 and a source of 0. IPv6: nothing is filled;
    /// the caller computes the VRRP checksum.
    pub packet: &'a [u8],
    /// Where it goes, as in its IP header.
    pub destination: IpAddr,
    /// The interface it leaves through; 0 lets the routing table choose.
    pub ifindex: u32,
}

/// Sends VRRP packets of one family through any interface
/// (raw(7), `IPPROTO_RAW`: the IP header is the caller's).
#[derive(Debug)]
pub struct VrrpSender {
    socket: OwnedFd,
}

impl VrrpSender {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// Packets to a multicast group are not looped back to this host.
    ///
    /// # Errors
    /// [`SysError::Call`], with `EPERM` without CAP_NET_RAW.
    pub fn open(family: IpFamily) -> Result<Self, SysError> {
        Self::open_socket(family)
            .map(|socket| Self { socket })
            .map_err(|errno| SysError::new("open", format!("{family} send socket"), errno))
    }

    fn open_socket(family: IpFamily) -> Result<OwnedFd, Errno> {
        // 255 is IPPROTO_RAW, a number beyond those of real protocols.
        let protocol = rustix::net::ipproto::RAW;
        let socket = socket::open(family.address_family(), SocketType::RAW, Some(protocol))?;
        // Packets that claim protocol 255 would fill the receive buffer.
        bpf::attach_filter(&socket, &bpf::drop_all())?;
        match family {
            IpFamily::V4 => {
                sockopt::set_ip_multicast_loop(&socket, false)?;
                // For the route of a packet whose source is not ours, or not yet.
                sockopt::set_ip_freebind(&socket, true)?;
            }
            IpFamily::V6 => {
                sockopt::set_ipv6_multicast_loop(&socket, false)?;
                // The source may be tentative still, or configured and not ours.
                sockopt::set_ipv6_freebind(&socket, true)?;
            }
        }
        sockopt::set_socket_send_buffer_size_force(&socket, SEND_BUFFER)
            .or_else(|_| sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER))?;
        Ok(socket)
    }

    /// Sends `packets` in order without blocking, up to 64 a system call, and
    /// pushes one result for each onto `results` (not cleared).
    ///
    /// A packet that fails does not stop those behind it: `ENODEV` or `ENXIO`
    /// for an interface that is gone, `ENETUNREACH` or `ENETDOWN` for one that is
    /// down, `ENOBUFS` or `EAGAIN` when a queue is full.
    pub fn send(&mut self, packets: &[Outgoing<'_>], results: &mut Vec<Result<(), Errno>>) {
        for run in packets.chunk_by(|a, b| is_multicast(a) == is_multicast(b)) {
            // A group is on the link; a unicast peer may be behind a router.
            let routing = match is_multicast(&run[0]) {
                true => libc::MSG_DONTROUTE,
                false => 0,
            };
            let datagrams = run.iter().map(|outgoing| {
                let route = Route::Ip {
                    source: source(outgoing),
                    destination: outgoing.destination,
                    ifindex: outgoing.ifindex,
                };
                (outgoing.packet, route)
            });
            let flags = libc::MSG_DONTWAIT | routing;
            send_all(self.socket.as_fd(), datagrams, flags, results);
        }
    }
}

fn is_multicast(outgoing: &Outgoing<'_>) -> bool {
    outgoing.destination.is_multicast()
}

/// The source address in the IP header (RFC 791 §3.1, RFC 8200 §3), by which rules may choose the route.
///
/// A group is on the link, whatever the source of a packet to it: over IPv4 the kernel need not know that.
fn source(outgoing: &Outgoing<'_>) -> IpAddr {
    let packet = outgoing.packet;
    match outgoing.destination {
        IpAddr::V4(group) if group.is_multicast() => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V4(_) => match packet.get(12..).and_then(|rest| rest.first_chunk::<4>()) {
            Some(octets) => Ipv4Addr::from(*octets).into(),
            None => Ipv4Addr::UNSPECIFIED.into(),
        },
        IpAddr::V6(_) => match packet.get(8..).and_then(|rest| rest.first_chunk::<16>()) {
            Some(octets) => Ipv6Addr::from(*octets).into(),
            None => Ipv6Addr::UNSPECIFIED.into(),
        },
    }
}
