//! Requests, acknowledgements, dumps and notifications of rtnetlink(7), and of IPVS.
//!
//! The codec is our own because of what it is for: a few attributes out of many
//! messages, read without an allocation for each, and never a failure because a
//! newer kernel sends an attribute that is unknown or longer. Unknown messages and
//! attributes are passed over, damaged ones end the reading of their message.
//!
//! Nothing here decides what should be configured, keeps a copy of the kernel's
//! state, or waits except in the two dumps that say so. Sockets come from `ka-sys`.

// Nothing here may panic on what the kernel, or anything else, sends. Tests may.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

pub mod address;
mod error;
pub mod ipvs;
pub mod link;
pub mod message;
mod monitor;
mod name;
mod notifications;
mod prefix;
mod removals;
mod resync;
mod route;
mod route_socket;
mod rule;
mod socket;

pub use address::{Address, AddressChange, AddressFlags, AddressKey, VirtualAddress};
pub use error::{ChangeError, NetlinkError};
pub use ka_sys::{Errno, IpFamily};
pub use link::Link;
pub use monitor::{Event, Monitor, MonitorProgress};
pub use name::{InterfaceName, NameError};
pub use prefix::Prefix;
pub use removals::{Removal, RemovalMonitor};
pub use resync::{Resync, ResyncProgress};
pub use route::{
    Encap, Hop, IpTunnel, Metric, NextHop, Placement, Realms, Route, RouteChange, RouteKey,
    RouteKind, RouteMetrics, RoutePath, RouteSlot,
};
pub use route_socket::{Change, MAX_BATCH, RouteSocket};
pub use rule::{Rule, RuleAction, RuleChange, RuleMark, RuleRange};
pub use socket::RequestSocket;
