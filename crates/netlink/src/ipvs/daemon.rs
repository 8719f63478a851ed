//! Synchronization daemons, which tell other directors of connections.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::generic::attributes;
use super::{IPVS_CMD_ATTR_DAEMON, NLA_F_NESTED, command};
use crate::message::{AttributeWriter, Message};
use crate::name::InterfaceName;

const IPVS_DAEMON_ATTR_STATE: u16 = 1;
const IPVS_DAEMON_ATTR_MCAST_IFN: u16 = 2;
const IPVS_DAEMON_ATTR_SYNC_ID: u16 = 3;
const IPVS_DAEMON_ATTR_SYNC_MAXLEN: u16 = 4;
const IPVS_DAEMON_ATTR_MCAST_GROUP: u16 = 5;
const IPVS_DAEMON_ATTR_MCAST_GROUP6: u16 = 6;
const IPVS_DAEMON_ATTR_MCAST_PORT: u16 = 7;
const IPVS_DAEMON_ATTR_MCAST_TTL: u16 = 8;

const IP_VS_STATE_MASTER: u32 = 1;
const IP_VS_STATE_BACKUP: u32 = 2;

/// What a daemon does. The kernel runs at most one of each role in a network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SyncRole {
    /// Tells of the connections of this director.
    Master,
    /// Takes over what others tell.
    Backup,
}

/// `master` or `backup`.
impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}

impl SyncRole {
    const fn to_number(self) -> u32 {
        match self {
            Self::Master => IP_VS_STATE_MASTER,
            Self::Backup => IP_VS_STATE_BACKUP,
        }
    }

    const fn from_number(number: u32) -> Option<Self> {
        match number {
            IP_VS_STATE_MASTER => Some(Self::Master),
            IP_VS_STATE_BACKUP => Some(Self::Backup),
            _ => None,
        }
    }
}

/// A daemon: as the kernel describes it, or as it is to be.
///
/// Where an option is absent in a wish, the kernel chooses; what it describes has them all, but
/// for those that old kernels do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SyncDaemon {
    /// What it does.
    pub role: SyncRole,
    /// The interface that it speaks or listens on.
    pub interface: InterfaceName,
    /// The number that its messages carry. A backup with 0 listens to every number.
    pub id: u8,
    /// Octets of a message at most.
    pub maxlen: Option<u16>,
    /// The UDP port, of several the first.
    pub port: Option<u16>,
    /// The time to live of messages.
    pub ttl: Option<u8>,
    /// The multicast group.
    pub group: Option<IpAddr>,
}

impl SyncDaemon {
    /// A daemon whose options the kernel chooses.
    #[must_use]
    pub const fn new(role: SyncRole, interface: InterfaceName, id: u8) -> Self {
        Self {
            role,
            interface,
            id,
            maxlen: None,
            port: None,
            ttl: None,
            group: None,
        }
    }

    /// Appends the whole of it.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        attributes.nested(IPVS_CMD_ATTR_DAEMON | NLA_F_NESTED, |inner| {
            inner.u32(IPVS_DAEMON_ATTR_STATE, self.role.to_number());
            inner.text(IPVS_DAEMON_ATTR_MCAST_IFN, &self.interface);
            inner.u32(IPVS_DAEMON_ATTR_SYNC_ID, self.id.into());
            if let Some(maxlen) = self.maxlen {
                inner.u16(IPVS_DAEMON_ATTR_SYNC_MAXLEN, maxlen);
            }
            // Unlike the ports of services it is in the host's order.
            if let Some(port) = self.port {
                inner.u16(IPVS_DAEMON_ATTR_MCAST_PORT, port);
            }
            if let Some(ttl) = self.ttl {
                inner.u8(IPVS_DAEMON_ATTR_MCAST_TTL, ttl);
            }
            match self.group {
                Some(group @ IpAddr::V4(_)) => inner.address(IPVS_DAEMON_ATTR_MCAST_GROUP, group),
                Some(group @ IpAddr::V6(_)) => inner.address(IPVS_DAEMON_ATTR_MCAST_GROUP6, group),
                None => {}
            }
        });
    }

    /// Appends what a daemon is stopped by.
    pub(super) fn encode_removal(role: SyncRole, id: u8, attributes: &mut AttributeWriter<'_>) {
        attributes.nested(IPVS_CMD_ATTR_DAEMON | NLA_F_NESTED, |inner| {
            inner.u32(IPVS_DAEMON_ATTR_STATE, role.to_number());
            inner.u32(IPVS_DAEMON_ATTR_SYNC_ID, id.into());
        });
    }

    /// Reads a message of a dump of daemons; `None` for other messages.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let daemon = attributes(message, command::NEW_DAEMON)?
            .find(|attribute| attribute.kind == IPVS_CMD_ATTR_DAEMON)?;
        let (mut role, mut interface, mut id) = (None, None, 0);
        let (mut maxlen, mut port, mut ttl, mut group) = (None, None, None, None);
        for attribute in daemon.nested() {
            match attribute.kind {
                IPVS_DAEMON_ATTR_STATE => role = attribute.u32().and_then(SyncRole::from_number),
                IPVS_DAEMON_ATTR_MCAST_IFN => {
                    interface = InterfaceName::from_kernel(attribute.value);
                }
                // Of a larger number messages carry the lowest octet.
                IPVS_DAEMON_ATTR_SYNC_ID => {
                    let [.., octet] = attribute.u32().unwrap_or(0).to_be_bytes();
                    id = octet;
                }
                IPVS_DAEMON_ATTR_SYNC_MAXLEN => maxlen = attribute.u16(),
                IPVS_DAEMON_ATTR_MCAST_PORT => port = attribute.u16(),
                IPVS_DAEMON_ATTR_MCAST_TTL => ttl = attribute.u8(),
                IPVS_DAEMON_ATTR_MCAST_GROUP | IPVS_DAEMON_ATTR_MCAST_GROUP6 => {
                    group = attribute.address();
                }
                _ => {}
            }
        }
        Some(Self {
            role: role?,
            interface: interface?,
            id,
            maxlen,
            port,
            ttl,
            group,
        })
    }
}
