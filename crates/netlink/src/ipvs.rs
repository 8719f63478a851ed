//! IPVS, the kernel's load balancer, over generic netlink (`include/uapi/linux/ip_vs.h`).
//!
//! Names are the header's: a service is what keepalived.conf(5) calls a virtual server, a
//! destination is a real server of it. Requests have the octets that keepalived 2.4.3 sends,
//! which is more than the kernel reads: where it only looks a service up, keepalived describes
//! the whole of it all the same.
//!
//! The family has one mutex for all namespaces, and the kernel may load a module under it (a
//! scheduler, a persistence engine): none of this is for a thread that must be in time.

mod change;
mod daemon;
mod destination;
mod generic;
mod info;
mod name;
mod service;
mod socket;
mod statistics;
mod timeouts;

pub use change::IpvsChange;
pub use daemon::{SyncDaemon, SyncRole};
pub use destination::{
    Checksum, Destination, DestinationKey, DestinationStatus, Forwarding, Tunnel,
};
pub use info::IpvsInfo;
pub use name::{IpvsName, IpvsNameError};
pub use service::{Service, ServiceKey, ServiceStatus};
pub use socket::{IpvsSocket, MAX_BATCH};
pub use statistics::Statistics;
pub use timeouts::Timeouts;

/// Commands: `genlmsghdr.cmd`.
mod command {
    pub(super) const NEW_SERVICE: u8 = 1;
    pub(super) const SET_SERVICE: u8 = 2;
    pub(super) const DEL_SERVICE: u8 = 3;
    pub(super) const GET_SERVICE: u8 = 4;
    pub(super) const NEW_DEST: u8 = 5;
    pub(super) const SET_DEST: u8 = 6;
    pub(super) const DEL_DEST: u8 = 7;
    pub(super) const GET_DEST: u8 = 8;
    pub(super) const NEW_DAEMON: u8 = 9;
    pub(super) const DEL_DAEMON: u8 = 10;
    pub(super) const GET_DAEMON: u8 = 11;
    pub(super) const SET_CONFIG: u8 = 12;
    pub(super) const GET_CONFIG: u8 = 13;
    pub(super) const SET_INFO: u8 = 14;
    pub(super) const GET_INFO: u8 = 15;
    pub(super) const ZERO: u8 = 16;
    pub(super) const FLUSH: u8 = 17;
}

/// Attributes of the first level.
const IPVS_CMD_ATTR_SERVICE: u16 = 1;
const IPVS_CMD_ATTR_DEST: u16 = 2;
const IPVS_CMD_ATTR_DAEMON: u16 = 3;
/// These hold other attributes, and say so in requests.
const NLA_F_NESTED: u16 = 0x8000;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
