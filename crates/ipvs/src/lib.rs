//! The thread that programs IPVS, the kernel's load balancer.
//!
//! It has what is wanted and what the kernel has, and makes the one of the other: at the start, when the host changes its mind,
//! when others change what is ours, and at the end. The family of IPVS has one mutex for all namespaces and the kernel may load
//! modules under it, so this is a thread of its own, which nobody waits for who has to be in time. The one thing that
//! follows VRRP, the role of the sync daemon, is a word that is set without waiting ([`SyncRoles`]).
//!
//! It does not check real servers, decide which of them are wanted, read configuration files or write logs.

mod attempts;
mod audit;
mod config;
mod daemons;
mod error;
mod event;
mod handle;
mod kernel;
mod namespace;
mod record;
mod release;
mod runtime;
mod shared;
mod snapshot;
mod sync_roles;
mod table;
mod thread;
mod timeouts;

pub use config::{
    Change, DaemonRoles, FlushOnStop, IpvsConfig, ServiceConfig, SyncDaemonConfig, WantedTimeouts,
};
pub use error::IpvsError;
pub use event::{EVENT_CAPACITY, Event, Refused, Repair, Repaired};
pub use handle::{Ipvs, IpvsOptions, IpvsReport};
pub use record::Leftover;
pub use release::{ReleaseReport, release};
pub use snapshot::{DestinationState, IpvsSnapshot, IpvsStatus, ServiceState};
pub use sync_roles::{MAX_SYNC_DAEMONS, SyncRoles};
