//! Notifications about routes and rules that are gone.

use std::os::fd::{AsFd, BorrowedFd};

use ka_sys::netlink::{NetlinkProtocol, NetlinkSocket};

use crate::error::NetlinkError;
use crate::message::Message;
use crate::monitor::MonitorProgress;
use crate::notifications::Notifications;
use crate::route::{RTM_DELROUTE, Route};
use crate::route_socket::RouteSocket;
use crate::rule::{RTM_DELRULE, Rule};

/// RTMGRP_IPV4_ROUTE, RTMGRP_IPV4_RULE, RTMGRP_IPV6_ROUTE, and the bit of RTNLGRP_IPV6_RULE.
const GROUPS: u32 = 0x40 | 0x80 | 0x400 | 0x4_0000;

/// Something that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// A route, or one path of an IPv6 route that had several.
    Route(Box<Route>),
    /// A rule.
    Rule(Box<Rule>),
}

/// Listens to the kernel's notifications about routes and rules of one protocol that somebody else
/// removes.
///
/// The kernel itself drops those of other routes, of which a host may have a million. It does not
/// tell of every route that goes: those of IPv4 vanish in silence when their interface goes down or
/// loses an address. Whoever wants to know then, and after an overrun, asks for the route again: the
/// answer is `EEXIST` where it is still there.
#[derive(Debug)]
pub struct RemovalMonitor {
    notifications: Notifications,
    protocol: u8,
}

impl RemovalMonitor {
    /// Opens the socket in the network namespace of the calling thread. It tells of routes and rules
    /// that carry `protocol`, and not of those that `requests` removes.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open(protocol: u8, requests: &RouteSocket) -> Result<Self, NetlinkError> {
        // From the first message on, or the routes of others could fill its queue.
        let socket = NetlinkSocket::open(NetlinkProtocol::Route, 0)?;
        socket.keep_only(RTM_DELROUTE, protocol, RTM_DELRULE, requests.port()?)?;
        socket.join(GROUPS)?;
        Ok(Self {
            notifications: Notifications::of(socket),
            protocol,
        })
    }

    /// Reads one datagram without blocking and hands what is gone to `sink`. A loss is reported once
    /// the queue is empty.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn read(
        &mut self,
        sink: &mut impl FnMut(Removal),
    ) -> Result<MonitorProgress, NetlinkError> {
        let protocol = self.protocol;
        self.notifications
            .read(|message| removal(&message, protocol).into_iter().for_each(&mut *sink))
    }
}

/// What a message says is gone; `None` where it is about something else.
fn removal(message: &Message<'_>, protocol: u8) -> Option<Removal> {
    match message.kind {
        RTM_DELROUTE => Route::parse(message)
            .filter(|route| route.protocol == protocol)
            .map(|route| Removal::Route(route.into())),
        RTM_DELRULE => Rule::parse(message)
            .filter(|rule| rule.protocol == protocol)
            .map(|rule| Removal::Rule(rule.into())),
        _ => None,
    }
}

/// Readable when [`RemovalMonitor::read`] has work.
impl AsFd for RemovalMonitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.notifications.as_fd()
    }
}
