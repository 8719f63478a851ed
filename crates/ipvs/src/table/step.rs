//! One change that the kernel is asked for.

use ka_netlink::Errno;
use ka_netlink::ipvs::{DestinationKey, ServiceKey};

/// What is done to a service or a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Command {
    AddService,
    SetService,
    RemoveService,
    AddDestination,
    SetDestination,
    RemoveDestination,
}

/// A service, or a destination of it.
pub(crate) type Object = (ServiceKey, Option<DestinationKey>);

/// One change of a service or a destination, whose content is what is wanted or known then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) command: Command,
    pub(crate) service: ServiceKey,
    pub(crate) destination: Option<DestinationKey>,
}

impl Step {
    pub(crate) fn object(&self) -> Object {
        (self.service, self.destination)
    }

    /// Whether the refusal of a removal says that there is nothing to remove.
    pub(crate) fn is_gone(&self, errno: Errno) -> bool {
        matches!(
            (self.command, errno),
            (Command::RemoveService, Errno::SRCH) | (Command::RemoveDestination, Errno::NOENT)
        )
    }

    /// Whether it says that somebody else was there.
    pub(crate) fn is_surprising(&self, errno: Errno) -> bool {
        match self.command {
            Command::AddService | Command::AddDestination if errno == Errno::EXIST => true,
            Command::SetService => errno == Errno::SRCH,
            Command::SetDestination if errno == Errno::NOENT => true,
            Command::AddDestination | Command::SetDestination | Command::RemoveDestination => {
                errno == Errno::SRCH
            }
            _ => false,
        }
    }
}
