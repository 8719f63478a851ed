//! Sending many datagrams in one system call.

use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use rustix::io::Errno;

use crate::socket::last_errno;

/// The datagrams that one system call carries at most.
pub(crate) const BATCH: usize = 64;

/// Room for one control message, aligned as the kernel wants it.
///
/// IPV6_PKTINFO is the largest: 20 octets behind a header of 16, rounded up.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; 48]);

#[derive(Clone, Copy)]
#[repr(C)]
union Name {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
    link: libc::sockaddr_ll,
}

/// Where a datagram goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route {
    /// To an IP address through an interface; 0 leaves the choice to the kernel.
    Ip {
        /// What a route is looked up for, as in the packet's header. Left
        /// unspecified for IPv6, the kernel would choose one for every packet, and refuse
        /// where it finds none.
        source: IpAddr,
        destination: IpAddr,
        ifindex: u32,
    },
    /// As a complete frame out of an interface.
    Link { ifindex: u32 },
}

/// Sends each of `datagrams` and pushes one result for each, in order.
///
/// The kernel stops at the first datagram it cannot send; that one's error is
/// recorded and the rest are tried again, so none hides those behind it. All
/// arrays are on the stack: nothing is allocated besides growth of `results`.
pub(crate) fn send_all<'a>(
    socket: BorrowedFd<'_>,
    mut datagrams: impl ExactSizeIterator<Item = (&'a [u8], Route)>,
    flags: libc::c_int,
    results: &mut Vec<Result<(), Errno>>,
) {
    results.reserve(datagrams.len());
    while datagrams.len() > 0 {
        send_batch(socket, &mut datagrams, flags, results);
    }
}

fn send_batch<'a>(
    socket: BorrowedFd<'_>,
    datagrams: &mut impl Iterator<Item = (&'a [u8], Route)>,
    flags: libc::c_int,
    results: &mut Vec<Result<(), Errno>>,
) {
    let mut controls = [Control([0; 48]); BATCH];
    // SAFETY: sockaddr_in6, the largest member, is plain integers: all zero is
    // a valid value, and so it is for every other member.
    let mut names = [unsafe { zeroed::<Name>() }; BATCH];
    let mut vectors = [libc::iovec {
        iov_base: ptr::null_mut(),
        iov_len: 0,
    }; BATCH];
    // SAFETY: an mmsghdr of null pointers and zero lengths is a valid value.
    let mut messages = [unsafe { zeroed::<libc::mmsghdr>() }; BATCH];
    let mut count = 0;
    for (bytes, route) in datagrams.take(BATCH) {
        let vector = &mut vectors[count];
        vector.iov_base = bytes.as_ptr().cast_mut().cast();
        vector.iov_len = bytes.len();
        let header = &mut messages[count].msg_hdr;
        header.msg_iov = ptr::from_mut(vector);
        header.msg_iovlen = 1;
        address(header, &mut names[count], &mut controls[count], route);
        count += 1;
    }
    let mut done = 0;
    while done < count {
        let rest = &mut messages[done..count];
        // SAFETY: every header of `rest` points at a name, a vector and a
        // control buffer of this frame, and every vector at a borrowed slice
        // that the kernel only reads; all outlive the call.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                rest.as_mut_ptr(),
                rest.len() as libc::c_uint,
                flags as _,
            )
        };
        match usize::try_from(sent) {
            Ok(sent) => {
                results.extend((0..sent).map(|_| Ok(())));
                done += sent;
            }
            Err(_) => match last_errno() {
                Errno::INTR => {}
                errno => {
                    results.push(Err(errno));
                    done += 1;
                }
            },
        }
    }
}

/// Fills the destination of `header`, and the interface where `route` has one.
fn address(header: &mut libc::msghdr, name: &mut Name, control: &mut Control, route: Route) {
    let length = match route {
        Route::Link { ifindex } => {
            // SAFETY: an all-zero sockaddr_ll is a valid value.
            let mut link: libc::sockaddr_ll = unsafe { zeroed() };
            link.sll_family = libc::AF_PACKET as u16;
            link.sll_ifindex = ifindex as libc::c_int;
            name.link = link;
            size_of::<libc::sockaddr_ll>()
        }
        Route::Ip {
            source,
            destination: IpAddr::V4(destination),
            ifindex,
        } => {
            let source = match source {
                IpAddr::V4(source) => source,
                IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
            };
            // SAFETY: an all-zero sockaddr_in is a valid value.
            let mut v4: libc::sockaddr_in = unsafe { zeroed() };
            v4.sin_family = libc::AF_INET as u16;
            v4.sin_addr.s_addr = u32::from_ne_bytes(destination.octets());
            name.v4 = v4;
            if ifindex != 0 || !source.is_unspecified() {
                let info = libc::in_pktinfo {
                    ipi_ifindex: ifindex as libc::c_int,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(source.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                attach_control(header, control, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            size_of::<libc::sockaddr_in>()
        }
        Route::Ip {
            source,
            destination: IpAddr::V6(destination),
            ifindex,
        } => {
            let source = match source {
                IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
                IpAddr::V6(source) => source,
            };
            // SAFETY: an all-zero sockaddr_in6 is a valid value.
            let mut v6: libc::sockaddr_in6 = unsafe { zeroed() };
            v6.sin6_family = libc::AF_INET6 as u16;
            v6.sin6_addr.s6_addr = destination.octets();
            name.v6 = v6;
            let info = libc::in6_pktinfo {
                ipi6_addr: libc::in6_addr {
                    s6_addr: source.octets(),
                },
                ipi6_ifindex: ifindex as _,
            };
            let level = libc::IPPROTO_IPV6;
            attach_control(header, control, level, libc::IPV6_PKTINFO, info);
            size_of::<libc::sockaddr_in6>()
        }
    };
    header.msg_name = ptr::from_mut(name).cast();
    header.msg_namelen = length as libc::socklen_t;
}

/// Puts one control message that carries `data` into `control`.
fn attach_control<T: Copy>(
    header: &mut libc::msghdr,
    control: &mut Control,
    level: libc::c_int,
    kind: libc::c_int,
    data: T,
) {
    const { assert!(size_of::<T>() + 24 <= size_of::<Control>()) };
    let size = size_of::<T>() as libc::c_uint;
    header.msg_control = ptr::from_mut(control).cast();
    // SAFETY: CMSG_SPACE only computes.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(size) } as _;
    // SAFETY: `msg_control` points at a `Control`, aligned for cmsghdr and (by
    // the assertion) large enough for its header and `data`, so CMSG_FIRSTHDR
    // and CMSG_DATA stay inside it; `data` may land unaligned.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(header);
        (*first).cmsg_level = level;
        (*first).cmsg_type = kind;
        (*first).cmsg_len = libc::CMSG_LEN(size) as _;
        ptr::write_unaligned(libc::CMSG_DATA(first).cast::<T>(), data);
    }
}
