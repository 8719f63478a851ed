//! Notifications about links and addresses.

use std::os::fd::{AsFd, BorrowedFd};

use ka_sys::netlink::{NetlinkProtocol, NetlinkSocket};

use crate::address::{Address, RTM_DELADDR, RTM_NEWADDR};
use crate::error::NetlinkError;
use crate::link::{Link, RTM_DELLINK, RTM_NEWLINK};
use crate::message::Message;
use crate::name::InterfaceName;
use crate::notifications::Notifications;
use crate::route_socket::RouteSocket;

/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
const GROUPS: u32 = 0x1 | 0x10 | 0x100;

/// Something that is so now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An interface exists and looks like this: new, changed, or the same.
    LinkChanged(Link),
    /// An interface is gone.
    LinkRemoved {
        /// The index it had.
        index: u32,
        /// The name it had.
        name: InterfaceName,
    },
    /// An interface has this address: new, changed, or the same.
    AddressAdded(Address),
    /// An interface no longer has this address.
    AddressRemoved {
        /// The address as it was.
        address: Address,
        /// The port of the socket that asked for this, or for the removal of another
        /// address that this one went with; 0 where no socket did.
        requester: u32,
    },
}

impl Event {
    /// What a message of the kernel says; `None` where it is about something else.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        match message.kind {
            RTM_NEWLINK => Link::parse(message).map(Self::LinkChanged),
            RTM_DELLINK => Link::parse(message).map(|link| Self::LinkRemoved {
                index: link.index,
                name: link.name,
            }),
            RTM_NEWADDR => Address::parse(message).map(Self::AddressAdded),
            RTM_DELADDR => Address::parse(message).map(|address| Self::AddressRemoved {
                address,
                requester: message.port,
            }),
            _ => None,
        }
    }
}

/// What is left to read from a [`Monitor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonitorProgress {
    /// There may be more: read again.
    More,
    /// Nothing is waiting.
    Drained,
    /// Nothing is waiting, and events were lost since the last time nothing was:
    /// now is the time to start a [`Resync`](crate::Resync).
    Overrun,
}

/// Listens to the kernel's notifications about links and addresses.
///
/// After an overrun the state is read anew by a [`Resync`](crate::Resync). While
/// that runs the monitor is best left unread: its events then come after what the
/// dump said and have the last word. Were they read in between, the dump, older than
/// they are, could bring back an address that is gone.
#[derive(Debug)]
pub struct Monitor {
    notifications: Notifications,
}

impl Monitor {
    /// Opens the socket in the network namespace of the calling thread; every change
    /// from now on is reported, so what is there already is best read after this.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open() -> Result<Self, NetlinkError> {
        let socket = NetlinkSocket::open(NetlinkProtocol::Route, GROUPS)?;
        Ok(Self {
            notifications: Notifications::of(socket),
        })
    }

    /// Leaves out the addresses that `requests` adds from now on: whoever adds them knows
    /// of them already, and at a takeover they are thousands.
    ///
    /// IPv4 only, as the kernel does not say who added an IPv6 address. What `requests`
    /// removes is reported: with an address the kernel may remove others.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn leave_out_additions_of(&self, requests: &RouteSocket) -> Result<(), NetlinkError> {
        let socket = &self.notifications.socket;
        Ok(socket.drop_echoes(RTM_NEWADDR, requests.port()?)?)
    }

    /// Reads one datagram without blocking and hands its events to `sink`.
    ///
    /// A loss is reported once the queue is empty.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn read(&mut self, sink: &mut impl FnMut(Event)) -> Result<MonitorProgress, NetlinkError> {
        self.notifications
            .read(|message| Event::parse(&message).into_iter().for_each(&mut *sink))
    }
}

/// Readable when [`Monitor::read`] has work.
impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.notifications.as_fd()
    }
}
