//! How long the kernel remembers connections.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command;
use super::generic::attributes;
use crate::message::{AttributeWriter, Message};

const IPVS_CMD_ATTR_TIMEOUT_TCP: u16 = 4;
const IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: u16 = 5;
const IPVS_CMD_ATTR_TIMEOUT_UDP: u16 = 6;

/// How long connections of a network namespace are remembered while they are silent, in whole
/// seconds. In a wish 0 leaves a timeout as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timeouts {
    /// Of TCP, once established.
    pub tcp: Duration,
    /// Of TCP, once one side has ended it.
    pub tcp_fin: Duration,
    /// Of UDP.
    pub udp: Duration,
}

impl Timeouts {
    /// Appends all three.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        for (kind, timeout) in [
            (IPVS_CMD_ATTR_TIMEOUT_TCP, self.tcp),
            (IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, self.tcp_fin),
            (IPVS_CMD_ATTR_TIMEOUT_UDP, self.udp),
        ] {
            let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
            attributes.u32(kind, seconds);
        }
    }

    /// Reads the answer to GET_CONFIG; `None` for other messages. A kernel without TCP or UDP
    /// leaves theirs out, which is 0 here.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let mut timeouts = Self {
            tcp: Duration::ZERO,
            tcp_fin: Duration::ZERO,
            udp: Duration::ZERO,
        };
        for attribute in attributes(message, command::SET_CONFIG)? {
            let place = match attribute.kind {
                IPVS_CMD_ATTR_TIMEOUT_TCP => &mut timeouts.tcp,
                IPVS_CMD_ATTR_TIMEOUT_TCP_FIN => &mut timeouts.tcp_fin,
                IPVS_CMD_ATTR_TIMEOUT_UDP => &mut timeouts.udp,
                _ => continue,
            };
            *place = Duration::from_secs(attribute.u32().unwrap_or(0).into());
        }
        Some(timeouts)
    }
}
