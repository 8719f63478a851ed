//! Who unicast advertisements are exchanged with.

use std::net::IpAddr;

/// The routers that advertisements are exchanged with one by one, and not by a group (`unicast_peer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnicastPeers {
    /// The other routers, in the order of the configuration; no two with one address.
    pub peers: Vec<Peer>,
    /// Accept advertisements of these alone, and only within their limits (`check_unicast_src`).
    pub check_source: bool,
}

impl UnicastPeers {
    /// The peer with this address.
    #[must_use]
    pub fn peer(&self, address: IpAddr) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.address == address)
    }
}

/// A router that advertisements are exchanged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Least TTL or hop limit of what it sends, as it arrives (`min_ttl`); 0: any.
    pub min_ttl: u8,
    /// Greatest TTL or hop limit of what it sends, as it arrives (`max_ttl`); 255: any.
    pub max_ttl: u8,
}
