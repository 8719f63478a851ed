//! Raw IP sockets for VRRP: one receives, one sends, per address family.

mod filter;
mod receiver;
mod sender;

pub use filter::VridSet;
pub use receiver::{Packet, PacketBatch, VrrpReceiver};
pub use sender::{Outgoing, VrrpSender};

use crate::family::IpFamily;

/// The IP protocol number of the authentication header (RFC 2402), which VRRPv2 over IPv4 may have.
pub const AH_PROTOCOL: u8 = 51;

/// The IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const VRRP_PROTOCOL: u8 = 112;

/// What VRRP packets come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// IP alone.
    Plain(IpFamily),
    /// IPv4 with an authentication header.
    AuthenticationHeader,
}

impl Carrier {
    /// The address family.
    #[must_use]
    pub const fn family(self) -> IpFamily {
        match self {
            Self::Plain(family) => family,
            Self::AuthenticationHeader => IpFamily::V4,
        }
    }

    /// The IP protocol number.
    #[must_use]
    pub const fn protocol(self) -> u8 {
        match self {
            Self::Plain(_) => VRRP_PROTOCOL,
            Self::AuthenticationHeader => AH_PROTOCOL,
        }
    }
}

impl std::fmt::Display for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(family) => family.fmt(f),
            Self::AuthenticationHeader => f.write_str("IPv4 AH"),
        }
    }
}
