//! Unicast peers.

use ka_vrrp::{Peer, UnicastPeers};

use super::{Parsed, integer, ip, object};
use crate::config::{UnicastConfig, UnicastPeer};

/// How advertisements are sent to peers.
pub(super) fn sending(config: &UnicastConfig<'_>) -> Parsed<ka_engine::UnicastConfig> {
    let ttl = config.ttl.map(|ttl| integer("ttl", ttl, 1..=255));
    Ok(ka_engine::UnicastConfig {
        ttl: ttl.transpose()?,
    })
}

/// The peers, and what is accepted of them.
pub(super) fn peers(config: &UnicastConfig<'_>) -> Parsed<UnicastPeers> {
    let peers = config.peers.iter().enumerate();
    let peers = peers.map(|(index, value)| peer(&object(&format!("peers[{index}]"), *value)?));
    Ok(UnicastPeers {
        peers: peers.collect::<Result<_, _>>()?,
        check_source: config.check_source,
    })
}

fn peer(config: &UnicastPeer) -> Parsed<Peer> {
    let limit = |field, value: Option<f64>, default| {
        value.map_or(Ok(default), |value| integer(field, value, 0..=255))
    };
    Ok(Peer {
        address: ip("peer", &config.address)?,
        min_ttl: limit("minTtl", config.min_ttl, 0)?,
        max_ttl: limit("maxTtl", config.max_ttl, u8::MAX)?,
    })
}
