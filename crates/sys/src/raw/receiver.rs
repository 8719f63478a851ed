//! The socket that all VRRP packets of one address family arrive on.

use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use rustix::io::Errno;
use rustix::net::{Protocol, SocketType};

use crate::bpf;
use crate::error::SysError;
use crate::family::IpFamily;
use crate::raw::{Carrier, VridSet, filter};
use crate::socket::{self, last_errno, set_option};

/// Room for some thousand advertisements that arrive while the thread is away.
const RECEIVE_BUFFER: usize = 8 << 20;

/// The kernel takes a size of 31 bits and doubles it.
const MAX_RECEIVE_BUFFER: usize = 1 << 29;

/// The packets that one system call returns at most.
const BATCH: usize = 64;

/// Room for one packet: 255 IPv6 addresses, both headers, all trailers.
const CAPACITY: usize = 4224;

/// Where the checksum is in a VRRP header (RFC 9568 §5.1).
const CHECKSUM_OFFSET: libc::c_int = 6;

/// A VRRP packet as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The sender's address.
    pub source: IpAddr,
    /// The group or local address it was sent to.
    pub destination: IpAddr,
    /// The interface it arrived on.
    pub ifindex: u32,
    /// IPv4's time to live or IPv6's hop limit.
    pub ttl: u8,
    /// Whether the packet was longer than a VRRP packet can be; `bytes` then
    /// holds its beginning.
    pub truncated: bool,
    /// IPv4: the packet from its IP header on. IPv6: from its VRRP header on.
    pub bytes: &'a [u8],
}

/// Preallocated room for the packets of one [`VrrpReceiver::receive`].
pub struct PacketBatch {
    bytes: Vec<u8>,
    controls: Vec<Control>,
    arrivals: Vec<Arrival>,
}

/// Room for packet info (20 octets), hop limit and drop counter (4 each), each
/// behind a header of 16.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; 128]);

#[derive(Clone, Copy)]
struct Arrival {
    source: IpAddr,
    destination: IpAddr,
    ifindex: u32,
    ttl: u8,
    truncated: bool,
    slot: usize,
    length: usize,
}

impl PacketBatch {
    /// The packets that one call of [`VrrpReceiver::receive`] returns at most.
    pub const ROOM: usize = BATCH;

    /// Room for [`Self::ROOM`] packets.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * CAPACITY],
            controls: vec![Control([0; 128]); BATCH],
            arrivals: Vec::with_capacity(BATCH),
        }
    }

    /// How many packets the last receive left here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arrivals.len()
    }

    /// Whether the last receive left no packet here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// The packets of the last receive, in the order of their arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Packet<'_>> {
        self.arrivals.iter().map(|arrival| {
            let start = arrival.slot * CAPACITY;
            Packet {
                source: arrival.source,
                destination: arrival.destination,
                ifindex: arrival.ifindex,
                ttl: arrival.ttl,
                truncated: arrival.truncated,
                bytes: &self.bytes[start..start + arrival.length],
            }
        })
    }
}

impl Default for PacketBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for PacketBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Receives the VRRP packets of one family from all interfaces, or those with an authentication header.
///
/// One unbound socket, because the kernel offers every packet of protocol 112 (or 51)
/// to every socket of that protocol. It joins no group itself: it hears the
/// groups that [`Memberships`](crate::membership::Memberships) joined
/// (`IP_MULTICAST_ALL` and `IPV6_MULTICAST_ALL` stay on, as they are by default).
#[derive(Debug)]
pub struct VrrpReceiver {
    socket: OwnedFd,
    carrier: Carrier,
    dropped: u32,
    /// Octets asked of the kernel for packets that wait.
    room: usize,
}

impl VrrpReceiver {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// It drops every packet until [`Self::set_vrid_filter`] says which to keep.
    /// For IPv6 the kernel drops packets with a wrong VRRP checksum as well; for
    /// IPv4 the caller checks it.
    ///
    /// # Errors
    /// [`SysError::Call`], with `EPERM` without CAP_NET_RAW.
    pub fn open(family: IpFamily) -> Result<Self, SysError> {
        Self::open_for(Carrier::Plain(family))
    }

    /// Opens a socket for packets in `carrier`, likewise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for(carrier: Carrier) -> Result<Self, SysError> {
        let socket = Self::open_socket(carrier)
            .map_err(|errno| SysError::new("open", format!("{carrier} receive socket"), errno))?;
        Ok(Self {
            socket,
            carrier,
            dropped: 0,
            room: RECEIVE_BUFFER,
        })
    }

    fn open_socket(carrier: Carrier) -> Result<OwnedFd, Errno> {
        let family = carrier.family();
        let protocol = std::num::NonZeroU32::new(carrier.protocol().into());
        let protocol = protocol.map(Protocol::from_raw);
        let socket = socket::open(family.address_family(), SocketType::RAW, protocol)?;
        bpf::attach_filter(&socket, &bpf::drop_all())?;
        socket::enlarge_receive_buffer(&socket, RECEIVE_BUFFER)?;
        let enable = |level, name| set_option(&socket, level, name, &1);
        match family {
            IpFamily::V4 => enable(libc::IPPROTO_IP, libc::IP_PKTINFO)?,
            IpFamily::V6 => {
                enable(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)?;
                enable(libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT)?;
                let option = libc::IPV6_CHECKSUM;
                set_option(&socket, libc::IPPROTO_IPV6, option, &CHECKSUM_OFFSET)?;
            }
        }
        enable(libc::SOL_SOCKET, libc::SO_RXQ_OVFL)?;
        Ok(socket)
    }

    /// The family this socket receives.
    #[must_use]
    pub const fn family(&self) -> IpFamily {
        self.carrier.family()
    }

    /// How many packets the kernel has dropped for want of buffer space, as of the
    /// last packet received. Wraps.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Makes room for `octets` of packets that wait, the kernel's own needs included, but never less than a
    /// socket has when it is opened, nor more than the kernel can count.
    ///
    /// # Errors
    /// [`SysError::Call`]; the room is what it was then.
    pub fn set_room(&mut self, octets: usize) -> Result<(), SysError> {
        let room = octets.clamp(RECEIVE_BUFFER, MAX_RECEIVE_BUFFER);
        if room == self.room {
            return Ok(());
        }
        socket::enlarge_receive_buffer(&self.socket, room).map_err(|errno| {
            SysError::new("resize", format!("{} receive buffer", self.family()), errno)
        })?;
        self.room = room;
        Ok(())
    }

    /// Keeps packets whose VRID is in `vrids`, drops all others in the kernel.
    ///
    /// The new filter replaces the old one at once; packets that are queued
    /// already stay, so a packet of a foreign VRID may still be returned.
    ///
    /// # Errors
    /// [`SysError::Call`], with `ENOMEM` when the kernel has no room for it.
    pub fn set_vrid_filter(&mut self, vrids: &VridSet) -> Result<(), SysError> {
        bpf::attach_filter(&self.socket, &filter::program(self.carrier, vrids))
            .map_err(|errno| SysError::new("filter", format!("{} VRIDs", self.carrier), errno))
    }

    /// Fills `batch` with up to [`PacketBatch::ROOM`] packets and returns how many; fewer
    /// when no more are waiting. The packets of an earlier call are gone.
    ///
    /// # Errors
    /// [`SysError::Call`]. The socket stays usable; an error that the network
    /// reported for it is cleared by having been returned.
    pub fn receive(&mut self, batch: &mut PacketBatch) -> Result<usize, SysError> {
        let PacketBatch {
            bytes,
            controls,
            arrivals,
        } = batch;
        arrivals.clear();
        // SAFETY: sockaddr_in6 is plain integers: all zero is a valid value.
        let mut names = [unsafe { zeroed::<libc::sockaddr_in6>() }; BATCH];
        let mut vectors = [libc::iovec {
            iov_base: ptr::null_mut(),
            iov_len: 0,
        }; BATCH];
        // SAFETY: an mmsghdr of null pointers and zero lengths is a valid value.
        let mut messages = [unsafe { zeroed::<libc::mmsghdr>() }; BATCH];
        let slots = bytes.chunks_exact_mut(CAPACITY).zip(controls.iter_mut());
        for (index, (bytes, control)) in slots.enumerate() {
            let vector = &mut vectors[index];
            vector.iov_base = bytes.as_mut_ptr().cast();
            vector.iov_len = CAPACITY;
            let header = &mut messages[index].msg_hdr;
            header.msg_name = ptr::from_mut(&mut names[index]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = ptr::from_mut(vector);
            header.msg_iovlen = 1;
            header.msg_control = ptr::from_mut(control).cast();
            header.msg_controllen = size_of::<Control>() as _;
        }
        let count = loop {
            // SAFETY: every header points at a name and a vector of this frame and
            // at a control buffer and packet slot of `batch`, each used by one
            // header only, with its true length; all outlive the call.
            let received = unsafe {
                libc::recvmmsg(
                    self.socket.as_raw_fd(),
                    messages.as_mut_ptr(),
                    BATCH as libc::c_uint,
                    libc::MSG_DONTWAIT as _,
                    ptr::null_mut(),
                )
            };
            match usize::try_from(received) {
                Ok(count) => break count,
                Err(_) => match last_errno() {
                    Errno::INTR => {}
                    Errno::AGAIN => break 0,
                    errno => {
                        let object = format!("{} packets", self.carrier);
                        return Err(SysError::new("receive", object, errno));
                    }
                },
            }
        };
        for (slot, (message, name)) in messages.iter().zip(&names).take(count).enumerate() {
            let length = (message.msg_len as usize).min(CAPACITY);
            let header = &message.msg_hdr;
            let mut arrival = Arrival {
                source: Ipv6Addr::from(name.sin6_addr.s6_addr).into(),
                destination: Ipv6Addr::UNSPECIFIED.into(),
                ifindex: 0,
                ttl: 0,
                truncated: header.msg_flags & libc::MSG_TRUNC != 0,
                slot,
                length,
            };
            if self.family() == IpFamily::V4 {
                let start = slot * CAPACITY;
                read_ipv4_header(&bytes[start..start + length], &mut arrival);
            }
            // SAFETY: the kernel filled this header and its control buffer, which
            // is still borrowed.
            unsafe { read_controls(header, &mut arrival, &mut self.dropped) };
            arrivals.push(arrival);
        }
        Ok(count)
    }
}

impl AsFd for VrrpReceiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Takes what IPv4 does not report beside the packet from its header
/// (RFC 791 §3.1); the kernel delivers no packet with a shorter one.
fn read_ipv4_header(packet: &[u8], arrival: &mut Arrival) {
    if let Some(header) = packet.first_chunk::<20>() {
        let [.., s0, s1, s2, s3, d0, d1, d2, d3] = *header;
        arrival.ttl = header[8];
        arrival.source = Ipv4Addr::new(s0, s1, s2, s3).into();
        arrival.destination = Ipv4Addr::new(d0, d1, d2, d3).into();
    }
}

/// Reads interface, IPv6 destination, hop limit and drop counter.
///
/// # Safety
/// `header` must be as recvmmsg left it, its control buffer alive.
unsafe fn read_controls(header: &libc::msghdr, arrival: &mut Arrival, dropped: &mut u32) {
    // SAFETY: the CMSG macros walk the buffer that the kernel filled, within the
    // length it stored, and each value is read, unaligned, as the type that the
    // kernel documents for its level and kind: ip(7), ipv6(7), socket(7).
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    arrival.ifindex = info.ipi_ifindex.cast_unsigned();
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    arrival.ifindex = info.ipi6_ifindex as u32;
                    arrival.destination = Ipv6Addr::from(info.ipi6_addr.s6_addr).into();
                }
                (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    let limit = data.cast::<libc::c_int>().read_unaligned();
                    arrival.ttl = u8::try_from(limit).unwrap_or(0);
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    *dropped = data.cast::<u32>().read_unaligned();
                }
                _ => {}
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
}
