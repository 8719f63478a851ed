//! The socket for changes of IPVS and for its tables.

use ka_sys::Errno;
use ka_sys::netlink::NetlinkProtocol;

use super::change::IpvsChange;
use super::command;
use super::daemon::SyncDaemon;
use super::destination::DestinationStatus;
use super::generic::{Request, resolve};
use super::info::IpvsInfo;
use super::service::{ServiceKey, ServiceStatus};
use super::timeouts::Timeouts;
use crate::error::{ChangeError, NetlinkError};
use crate::message::{AttributeWriter, Batch, Message, NLM_F_ACK, NLM_F_DUMP};
use crate::socket::RequestSocket;

/// The changes that one write carries at most.
///
/// The kernel holds the writing thread, and its lock for all of generic netlink, until it has
/// carried out the last one.
pub const MAX_BATCH: usize = 64;

const IPVS_GENL_NAME: &str = "IPVS";

/// Reads and changes the IPVS tables of a network namespace. For one thread.
#[derive(Debug)]
pub struct IpvsSocket {
    requests: RequestSocket,
    /// The number of IPVS among the families of this kernel.
    family: u16,
}

impl IpvsSocket {
    /// Opens the socket in the network namespace of the calling thread and asks for IPVS, so that
    /// the kernel loads its module where it has to.
    ///
    /// Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`NetlinkError::FamilyMissing`] where the kernel has no IPVS, and any other
    /// [`NetlinkError`]; without CAP_NET_ADMIN the kernel refuses with `EPERM`.
    pub fn open() -> Result<Self, NetlinkError> {
        let mut requests = RequestSocket::open(NetlinkProtocol::Generic)?;
        let family = resolve(&mut requests, IPVS_GENL_NAME)?;
        let mut socket = Self { requests, family };
        socket.info()?;
        Ok(socket)
    }

    /// Carries out `changes` in order and pushes one result for each onto `results`
    /// (not cleared); none stops those behind it. `{change}: {error}` is a sentence.
    ///
    /// Blocks while the kernel does its work, which may load modules: give as many as the caller
    /// has time for, at most [`MAX_BATCH`] for one write. More are sent in several writes, one
    /// after the other. Of a write the kernel answers what it refuses and the last change.
    pub fn submit(&mut self, changes: &[IpvsChange], results: &mut Vec<Result<(), ChangeError>>) {
        let family = self.family;
        for batch in changes.chunks(MAX_BATCH) {
            let encode = |change: &IpvsChange, batch: &mut Batch, sequence, is_last| {
                let flags = if is_last { NLM_F_ACK } else { 0 };
                change.encode_with(batch, family, sequence, flags);
            };
            self.requests.submit_quietly(batch, encode, results);
        }
    }

    /// All services. Blocks.
    ///
    /// The kernel does not say when the table changed meanwhile: of what others add or remove
    /// during the dump, something else may be missing, or there twice.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn services(&mut self) -> Result<Vec<ServiceStatus>, NetlinkError> {
        let request = self.request(NLM_F_DUMP, command::GET_SERVICE);
        self.ask("dump services", request, |_| {}, ServiceStatus::parse)
    }

    /// One service; `None` where there is no such one. Blocks.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn service(&mut self, key: &ServiceKey) -> Result<Option<ServiceStatus>, NetlinkError> {
        let request = self.request(NLM_F_ACK, command::GET_SERVICE);
        let body = |attributes: &mut AttributeWriter<'_>| key.encode_nested(attributes);
        match self.ask("look a service up", request, body, ServiceStatus::parse) {
            Ok(found) => Ok(found.first().copied()),
            Err(NetlinkError::Refused {
                errno: Errno::SRCH, ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The destinations of a service; none where there is no such service. Blocks, and is as exact as
    /// [`Self::services`].
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn destinations(
        &mut self,
        service: &ServiceKey,
    ) -> Result<Vec<DestinationStatus>, NetlinkError> {
        let request = self.request(NLM_F_DUMP, command::GET_DEST);
        let body = |attributes: &mut AttributeWriter<'_>| service.encode_nested(attributes);
        let parse = |message: &Message<'_>| DestinationStatus::parse(message, service.family());
        self.ask("dump destinations", request, body, parse)
    }

    /// The synchronization daemons that run: at most one of each role. Blocks.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn daemons(&mut self) -> Result<Vec<SyncDaemon>, NetlinkError> {
        let request = self.request(NLM_F_DUMP, command::GET_DAEMON);
        self.ask("dump sync daemons", request, |_| {}, SyncDaemon::parse)
    }

    /// How long connections are remembered. Blocks.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn timeouts(&mut self) -> Result<Timeouts, NetlinkError> {
        self.ask_once("ask for timeouts", command::GET_CONFIG, Timeouts::parse)
    }

    /// What the kernel says about IPVS as a whole. Blocks.
    ///
    /// # Errors
    /// Any [`NetlinkError`].
    pub fn info(&mut self) -> Result<IpvsInfo, NetlinkError> {
        self.ask_once("ask for IPVS", command::GET_INFO, IpvsInfo::parse)
    }

    fn ask_once<T: Copy>(
        &mut self,
        operation: &'static str,
        command: u8,
        parse: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<T, NetlinkError> {
        let request = self.request(NLM_F_ACK, command);
        let found = self.ask(operation, request, |_| {}, parse)?;
        // Acknowledged without an answer: this is not the IPVS that we know.
        found.first().copied().ok_or(NetlinkError::Refused {
            operation,
            errno: Errno::PROTO,
            message: None,
        })
    }

    fn ask<T>(
        &mut self,
        operation: &'static str,
        request: Request,
        body: impl Fn(&mut AttributeWriter<'_>),
        parse: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        let encode = |batch: &mut Batch, sequence| request.encode(batch, sequence, &body);
        self.requests.dump(operation, encode, parse)
    }

    const fn request(&self, flags: u16, command: u8) -> Request {
        Request {
            family: self.family,
            command,
            flags,
        }
    }
}
