//! Raw IP sockets for VRRP: one receives, one sends, per address family.

mod filter;
mod receiver;
mod sender;

pub use filter::VridSet;
pub use receiver::{Packet, PacketBatch, VrrpReceiver};
pub use sender::{Outgoing, VrrpSender};

/// The IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const VRRP_PROTOCOL: u8 = 112;
