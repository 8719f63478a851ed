//! What is there, and what shall be.

use std::time::Duration;

use ka_netlink::Errno;
use ka_netlink::ipvs::{
    Destination, DestinationStatus, Service, ServiceStatus, SyncDaemon, Timeouts,
};

/// The state of everything of ours, from fresh dumps.
#[derive(Debug, Clone, Default)]
pub struct IpvsSnapshot {
    /// Services, those that are wanted in an order of their own.
    pub services: Vec<ServiceState>,
    /// The timeouts of connections, of whoever set them.
    pub timeouts: Option<Timeouts>,
    /// The sync daemons that run, of whoever started them.
    pub daemons: Vec<SyncDaemon>,
    /// What the thread has done.
    pub status: IpvsStatus,
}

/// A service of ours.
#[derive(Debug, Clone)]
pub struct ServiceState {
    /// Its number, where it is wanted; else it is on its way out.
    pub id: Option<u32>,
    /// As it is wanted, or else as the kernel has it.
    pub service: Service,
    /// As the kernel has it.
    pub found: Option<ServiceStatus>,
    /// Why the kernel does not have it as it is wanted.
    pub refused: Option<Errno>,
    /// Its destinations: those that are wanted in the order in which they were asked for, then the others.
    pub destinations: Vec<DestinationState>,
}

/// A destination of a service of ours.
#[derive(Debug, Clone, Copy)]
pub struct DestinationState {
    /// As it is wanted; `None`: it is on its way out.
    pub wanted: Option<Destination>,
    /// As the kernel has it.
    pub found: Option<DestinationStatus>,
    /// Why the kernel does not have it as it is wanted.
    pub refused: Option<Errno>,
}

/// What the thread has done, since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct IpvsStatus {
    /// Changes that the kernel was asked for.
    pub messages: u64,
    /// Writes that carried them.
    pub writes: u64,
    /// Changes that it refused.
    pub refusals: u64,
    /// Things of others that were put right.
    pub repairs: u64,
    /// Whole looks at what is there, for what others changed.
    pub audits: u64,
    /// How long these looks took together.
    pub audit_time: Duration,
}
