//! The rtnetlink socket for changes and for dumps.

use ka_sys::netlink::NetlinkProtocol;

use crate::address::{self, Address, AddressChange};
use crate::error::{ChangeError, NetlinkError};
use crate::link::{self, Link};
use crate::message::{Batch, Message};
use crate::route::{self, Route, RouteChange};
use crate::rule::{self, Rule, RuleChange};
use crate::socket::RequestSocket;

/// The changes that one write carries at most.
///
/// The kernel holds the writing thread until it has carried out the last one: 16
/// addresses take about 0.7 ms of a slow core.
pub const MAX_BATCH: usize = 32;

/// Reads links, and reads and changes addresses, routes and rules.
#[derive(Debug)]
pub struct RouteSocket {
    requests: RequestSocket,
}

impl RouteSocket {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open() -> Result<Self, NetlinkError> {
        let requests = RequestSocket::open(NetlinkProtocol::Route)?;
        requests.filter_dumps();
        Ok(Self { requests })
    }

    /// The number by which the kernel knows this socket.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn port(&self) -> Result<u32, NetlinkError> {
        self.requests.port()
    }

    /// All interfaces of the namespace. Blocks: not for the engine's thread, whose
    /// way is [`Resync`](crate::Resync).
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn links(&mut self) -> Result<Vec<Link>, NetlinkError> {
        self.requests.dump("dump links", link::dump, Link::parse)
    }

    /// All addresses of the namespace, of both families. Blocks, as [`Self::links`].
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn addresses(&mut self) -> Result<Vec<Address>, NetlinkError> {
        self.requests
            .dump("dump addresses", address::dump, Address::parse)
    }

    /// The routes of every table that carry `protocol`, of both families. Blocks, as [`Self::links`],
    /// and that for as long as the kernel looks at a million routes where there are so many.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn routes(&mut self, protocol: u8) -> Result<Vec<Route>, NetlinkError> {
        let encode = |batch: &mut _, sequence| route::dump(batch, sequence, protocol);
        let parse =
            |message: &Message<'_>| Route::parse(message).filter(|r| r.protocol == protocol);
        self.requests.dump("dump routes", encode, parse)
    }

    /// The rules of the namespace, of both families. Blocks, as [`Self::links`].
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn rules(&mut self) -> Result<Vec<Rule>, NetlinkError> {
        self.requests.dump("dump rules", rule::dump, Rule::parse)
    }

    /// Carries out `changes` in order and pushes one result for each onto `results`
    /// (not cleared); none stops those behind it.
    ///
    /// Does not block, but the kernel does its work in the meantime: give as many
    /// as the caller has time for, at most [`MAX_BATCH`] for one write. More are
    /// sent in several writes, one after the other.
    pub fn submit<C: Change>(&mut self, changes: &[C], results: &mut Vec<Result<(), ChangeError>>) {
        for batch in changes.chunks(MAX_BATCH) {
            self.requests.submit(batch, C::encode, results);
        }
    }
}

/// Something that the kernel is asked to add or to remove.
pub trait Change {
    /// Appends the request to `batch`.
    fn encode(&self, batch: &mut Batch, sequence: u32);
}

impl Change for AddressChange {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        self.encode(batch, sequence);
    }
}

impl Change for RouteChange {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        self.encode(batch, sequence);
    }
}

impl Change for RuleChange {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        self.encode(batch, sequence);
    }
}
