//! What the kernel says about IPVS as a whole.

use std::fmt;

use super::command;
use super::generic::attributes;
use crate::message::Message;

const IPVS_INFO_ATTR_VERSION: u16 = 1;
const IPVS_INFO_ATTR_CONN_TAB_SIZE: u16 = 2;

/// The answer to GET_INFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpvsInfo {
    /// The version: an octet for each of its three numbers, the first in bits 16 to 23.
    pub version: u32,
    /// Buckets of the table of connections.
    pub connection_table_size: u32,
}

/// `IPVS 1.2.1 (4096 buckets)`.
impl fmt::Display for IpvsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, major, minor, patch] = self.version.to_be_bytes();
        let buckets = self.connection_table_size;
        write!(f, "IPVS {major}.{minor}.{patch} ({buckets} buckets)")
    }
}

impl IpvsInfo {
    /// Reads the answer to GET_INFO; `None` for other messages.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let (mut version, mut size) = (None, None);
        for attribute in attributes(message, command::SET_INFO)? {
            match attribute.kind {
                IPVS_INFO_ATTR_VERSION => version = attribute.u32(),
                IPVS_INFO_ATTR_CONN_TAB_SIZE => size = attribute.u32(),
                _ => {}
            }
        }
        Some(Self {
            version: version?,
            connection_table_size: size?,
        })
    }
}
