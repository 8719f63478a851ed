//! Changes of services, destinations, daemons and timeouts.

use std::fmt;

use ka_sys::{Errno, errno_text};

use super::command;
use super::daemon::{SyncDaemon, SyncRole};
use super::destination::Destination;
use super::generic::Request;
use super::service::{Service, ServiceKey};
use super::timeouts::Timeouts;
use crate::message::{AttributeWriter, Batch, NLM_F_ACK};

/// A change of IPVS. It is displayed as what it does and to what.
///
/// Where only keys count (removals, and the service of a destination) the rest is sent as well,
/// because keepalived does; the kernel does not read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpvsChange {
    /// Adds a service: `EEXIST` where there is one with its key, `ENOENT` where the kernel knows no
    /// such scheduler or persistence engine.
    AddService(Service),
    /// Gives a service all its properties anew, while it keeps its destinations and connections:
    /// `ESRCH` where there is none with its key, `ENOENT` as above.
    SetService(Service),
    /// Removes a service with its destinations: `ESRCH` where there is none with its key.
    RemoveService(Service),
    /// Adds a destination: `EEXIST` where the service has one with its key, `ESRCH` where there is
    /// no such service, `ERANGE` for a weight or thresholds that cannot be, `EINVAL` for an address
    /// that is not unicast, or of the other family where the service's sync daemon or the method of
    /// forwarding does not allow that.
    AddDestination {
        /// Of which service.
        service: Service,
        /// The destination.
        destination: Destination,
    },
    /// Gives a destination all its properties anew, while it keeps its connections: `ENOENT` where
    /// the service has none with its key, else as above.
    SetDestination {
        /// Of which service.
        service: Service,
        /// The destination.
        destination: Destination,
    },
    /// Removes a destination: `ENOENT` where the service has none with its key, `ESRCH` where there
    /// is no such service.
    RemoveDestination {
        /// Of which service.
        service: Service,
        /// The destination.
        destination: Destination,
    },
    /// Starts a synchronization daemon: `EEXIST` where one of its role runs, `ENODEV` where its
    /// interface does not exist.
    AddDaemon(SyncDaemon),
    /// Stops the synchronization daemon of a role: `ESRCH` where none runs. Of one that was started
    /// so lately that it has not run yet, the kernel does not acknowledge the end, although it has come.
    RemoveDaemon {
        /// Which one.
        role: SyncRole,
        /// Its number, which the kernel does not read.
        id: u8,
    },
    /// Sets the timeouts.
    SetTimeouts(Timeouts),
    /// Removes all services of the network namespace, whoever made them.
    Flush,
    /// Sets the counters of a service and of its destinations to zero, or all: `ESRCH` where there
    /// is no such service.
    Zero(Option<ServiceKey>),
}

impl IpvsChange {
    /// The service that is changed, or whose destination is.
    #[must_use]
    pub const fn service(&self) -> Option<ServiceKey> {
        match self {
            Self::AddService(service)
            | Self::SetService(service)
            | Self::RemoveService(service)
            | Self::AddDestination { service, .. }
            | Self::SetDestination { service, .. }
            | Self::RemoveDestination { service, .. } => Some(service.key),
            Self::Zero(service) => *service,
            Self::AddDaemon(_) | Self::RemoveDaemon { .. } | Self::SetTimeouts(_) | Self::Flush => {
                None
            }
        }
    }

    /// The destination that is changed.
    #[must_use]
    pub const fn destination(&self) -> Option<&Destination> {
        match self {
            Self::AddDestination { destination, .. }
            | Self::SetDestination { destination, .. }
            | Self::RemoveDestination { destination, .. } => Some(destination),
            _ => None,
        }
    }

    /// The name and the number by which keepalived's log calls the change: those of the socket
    /// option of ip_vs.h that does the same.
    #[must_use]
    pub const fn socket_option(&self) -> (&'static str, u32) {
        match self {
            Self::AddService(_) => ("IP_VS_SO_SET_ADD", 1154),
            Self::SetService(_) => ("IP_VS_SO_SET_EDIT", 1155),
            Self::RemoveService(_) => ("IP_VS_SO_SET_DEL", 1156),
            Self::Flush => ("IP_VS_SO_SET_FLUSH", 1157),
            Self::AddDestination { .. } => ("IP_VS_SO_SET_ADDDEST", 1159),
            Self::RemoveDestination { .. } => ("IP_VS_SO_SET_DELDEST", 1160),
            Self::SetDestination { .. } => ("IP_VS_SO_SET_EDITDEST", 1161),
            Self::SetTimeouts(_) => ("IP_VS_SO_SET_TIMEOUT", 1162),
            Self::AddDaemon(_) => ("IP_VS_SO_SET_STARTDAEMON", 1163),
            Self::RemoveDaemon { .. } => ("IP_VS_SO_SET_STOPDAEMON", 1164),
            Self::Zero(_) => ("IP_VS_SO_SET_ZERO", 1167),
        }
    }

    /// What `errno` means as the answer to this change, in the words of keepalived's log and of
    /// ipvsadm(8).
    ///
    /// Where there is no such service keepalived says `No such file or directory(2)`, because its
    /// library takes `ESRCH` for `ENOENT`; this says what the kernel said.
    #[must_use]
    pub fn explain(&self, errno: Errno) -> String {
        let is_destination = self.destination().is_some();
        let known = match (self, errno) {
            (Self::AddService(_), Errno::EXIST) => "Service already exists",
            (Self::AddService(_) | Self::SetService(_), Errno::NOENT) => {
                "Scheduler or persistence engine not found"
            }
            (Self::AddDestination { .. }, Errno::EXIST) => "Destination already exists",
            (_, Errno::NOENT) if is_destination => "No such destination",
            (_, Errno::SRCH) if is_destination => "Service not defined",
            (_, Errno::SRCH) if self.service().is_some() => "No such service",
            (_, Errno::INVAL) if is_destination => {
                "Invalid operation.  Possibly wrong module version, address not unicast, ..."
            }
            (Self::AddDaemon(_), Errno::EXIST) => "Daemon has already run",
            (Self::RemoveDaemon { .. }, Errno::SRCH) => "No daemon is running",
            _ => return errno_text(errno),
        };
        known.to_owned()
    }

    /// Appends the request, to be acknowledged under `sequence`; `family` is the number of IPVS
    /// among the families of this kernel.
    pub fn encode(&self, batch: &mut Batch, family: u16, sequence: u32) {
        self.encode_with(batch, family, sequence, NLM_F_ACK);
    }

    /// Appends the request with `flags` beside NLM_F_REQUEST.
    pub(super) fn encode_with(&self, batch: &mut Batch, family: u16, sequence: u32, flags: u16) {
        let request = Request {
            family,
            command: self.command(),
            flags,
        };
        request.encode(batch, sequence, |attributes| self.encode_body(attributes));
    }

    const fn command(&self) -> u8 {
        match self {
            Self::AddService(_) => command::NEW_SERVICE,
            Self::SetService(_) => command::SET_SERVICE,
            Self::RemoveService(_) => command::DEL_SERVICE,
            Self::AddDestination { .. } => command::NEW_DEST,
            Self::SetDestination { .. } => command::SET_DEST,
            Self::RemoveDestination { .. } => command::DEL_DEST,
            Self::AddDaemon(_) => command::NEW_DAEMON,
            Self::RemoveDaemon { .. } => command::DEL_DAEMON,
            Self::SetTimeouts(_) => command::SET_CONFIG,
            Self::Flush => command::FLUSH,
            Self::Zero(_) => command::ZERO,
        }
    }

    fn encode_body(&self, attributes: &mut AttributeWriter<'_>) {
        match self {
            Self::AddService(service)
            | Self::SetService(service)
            | Self::RemoveService(service) => service.encode(attributes),
            Self::AddDestination {
                service,
                destination,
            }
            | Self::SetDestination {
                service,
                destination,
            }
            | Self::RemoveDestination {
                service,
                destination,
            } => {
                service.encode_of_destination(attributes);
                destination.encode(attributes);
            }
            Self::AddDaemon(daemon) => daemon.encode(attributes),
            Self::RemoveDaemon { role, id } => SyncDaemon::encode_removal(*role, *id, attributes),
            Self::SetTimeouts(timeouts) => timeouts.encode(attributes),
            Self::Zero(Some(service)) => service.encode_nested(attributes),
            Self::Zero(None) | Self::Flush => {}
        }
    }
}

/// Such as `add real server 10.0.2.11:80 to 10.0.1.1:tcp:80`.
impl fmt::Display for IpvsChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddService(service) => write!(f, "add virtual server {}", service.key),
            Self::SetService(service) => write!(f, "change virtual server {}", service.key),
            Self::RemoveService(service) => write!(f, "remove virtual server {}", service.key),
            Self::AddDestination {
                service,
                destination,
            } => write!(f, "add real server {} to {}", destination.key, service.key),
            Self::SetDestination {
                service,
                destination,
            } => write!(
                f,
                "change real server {} of {}",
                destination.key, service.key
            ),
            Self::RemoveDestination {
                service,
                destination,
            } => write!(
                f,
                "remove real server {} from {}",
                destination.key, service.key
            ),
            Self::AddDaemon(SyncDaemon {
                role, interface, ..
            }) => write!(f, "start {role} sync daemon on {interface}"),
            Self::RemoveDaemon { role, .. } => write!(f, "stop {role} sync daemon"),
            Self::SetTimeouts(_) => f.write_str("set timeouts of IPVS"),
            Self::Flush => f.write_str("remove all virtual servers"),
            Self::Zero(Some(service)) => write!(f, "zero counters of virtual server {service}"),
            Self::Zero(None) => f.write_str("zero counters of all virtual servers"),
        }
    }
}
