//! Multicast memberships, held apart from the sockets that receive.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::SocketType;

use crate::error::SysError;
use crate::family::IpFamily;
use crate::socket::{self, set_option};

/// The kernel's default of `net.ipv4.igmp_max_memberships`.
const JOINS_PER_SOCKET: usize = 20;

/// The multicast groups joined on interfaces.
///
/// A membership belongs to a socket, but what it opens, the reception of a group
/// on an interface, serves all sockets of the host. So plain UDP sockets hold
/// the memberships, 20 each, and one raw socket receives.
#[derive(Debug, Default)]
pub struct Memberships {
    holders: Vec<Holder>,
    joined: BTreeMap<(u32, IpAddr), Membership>,
}

/// A socket that holds memberships and is never bound, read or written.
#[derive(Debug)]
struct Holder {
    socket: OwnedFd,
    family: IpFamily,
    joins: usize,
    /// The kernel's limit may be lower than its default: found by trying.
    full: bool,
}

#[derive(Debug)]
struct Membership {
    holder: usize,
    count: usize,
}

impl Memberships {
    /// No membership and no socket yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Joins `group` on interface `ifindex`, or counts one more user of a
    /// membership that exists.
    ///
    /// # Errors
    /// [`SysError::Call`]: `ENODEV` where the interface is gone or does not do the
    /// family, `EINVAL` where `group` is not a multicast address. Nothing is
    /// counted then.
    pub fn join(&mut self, ifindex: u32, group: IpAddr) -> Result<(), SysError> {
        match self.joined.entry((ifindex, group)) {
            Entry::Occupied(mut entry) => entry.get_mut().count += 1,
            Entry::Vacant(entry) => {
                let holder = join(&mut self.holders, ifindex, group).map_err(|errno| {
                    SysError::new("join", format!("{group} on interface {ifindex}"), errno)
                })?;
                entry.insert(Membership { holder, count: 1 });
            }
        }
        Ok(())
    }

    /// Drops one user of `group` on interface `ifindex`; the last one leaves the
    /// group. A membership that was never joined or was forgotten is no error.
    pub fn leave(&mut self, ifindex: u32, group: IpAddr) {
        if let Entry::Occupied(mut entry) = self.joined.entry((ifindex, group)) {
            entry.get_mut().count -= 1;
            if entry.get().count == 0 {
                let membership = entry.remove();
                leave(&mut self.holders[membership.holder], ifindex, group);
            }
        }
    }

    /// Drops all memberships on interface `ifindex`, which has vanished, whatever
    /// their count, so that its groups can be joined under its next index.
    pub fn forget(&mut self, ifindex: u32) {
        let holders = &mut self.holders;
        self.joined.retain(|&(index, group), membership| {
            if index == ifindex {
                leave(&mut holders[membership.holder], ifindex, group);
            }
            index != ifindex
        });
    }

    /// Whether `group` is joined on interface `ifindex`.
    #[must_use]
    pub fn is_joined(&self, ifindex: u32, group: IpAddr) -> bool {
        self.joined.contains_key(&(ifindex, group))
    }
}

/// Joins with the first holder that has room, or a new one; returns which.
fn join(holders: &mut Vec<Holder>, ifindex: u32, group: IpAddr) -> Result<usize, Errno> {
    let family = IpFamily::of(group);
    for (index, holder) in holders.iter_mut().enumerate() {
        if holder.family != family || holder.full || holder.joins >= JOINS_PER_SOCKET {
            continue;
        }
        match change(holder, Change::Join, ifindex, group) {
            Ok(()) => {
                holder.joins += 1;
                return Ok(index);
            }
            Err(Errno::NOBUFS | Errno::NOMEM) if holder.joins > 0 => holder.full = true,
            Err(errno) => return Err(errno),
        }
    }
    let mut holder = Holder {
        socket: socket::open(family.address_family(), SocketType::DGRAM, None)?,
        family,
        joins: 1,
        full: false,
    };
    change(&mut holder, Change::Join, ifindex, group)?;
    holders.push(holder);
    Ok(holders.len() - 1)
}

/// Leaves; the interface may be gone, which drops the socket's entry all the same.
fn leave(holder: &mut Holder, ifindex: u32, group: IpAddr) {
    // The outcome is the same for the caller: this socket holds it no more.
    let _ = change(holder, Change::Leave, ifindex, group);
    holder.joins -= 1;
    holder.full = false;
}

#[derive(Clone, Copy)]
enum Change {
    Join,
    Leave,
}

fn change(holder: &mut Holder, change: Change, ifindex: u32, group: IpAddr) -> Result<(), Errno> {
    match group {
        IpAddr::V4(group) => {
            let request = libc::ip_mreqn {
                imr_multiaddr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(group.octets()),
                },
                imr_address: libc::in_addr { s_addr: 0 },
                imr_ifindex: ifindex as libc::c_int,
            };
            let option = match change {
                Change::Join => libc::IP_ADD_MEMBERSHIP,
                Change::Leave => libc::IP_DROP_MEMBERSHIP,
            };
            set_option(&holder.socket, libc::IPPROTO_IP, option, &request)
        }
        IpAddr::V6(group) => {
            let request = libc::ipv6_mreq {
                ipv6mr_multiaddr: libc::in6_addr {
                    s6_addr: group.octets(),
                },
                ipv6mr_interface: ifindex,
            };
            let option = match change {
                Change::Join => libc::IPV6_ADD_MEMBERSHIP,
                Change::Leave => libc::IPV6_DROP_MEMBERSHIP,
            };
            set_option(&holder.socket, libc::IPPROTO_IPV6, option, &request)
        }
    }
}
