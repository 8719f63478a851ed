//! Packets on the virtual LAN, encoded and decoded by `ka-wire`.

use std::net::IpAddr;
use std::time::Duration;

use ka_vrrp::{ReceivedPacket, RouterConfig};
use ka_wire::{Family, Outgoing};

/// An IP packet that carries an advertisement.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) ttl: u8,
    pub(crate) ip_total_len: Option<u16>,
    pub(crate) payload: Vec<u8>,
}

impl Packet {
    /// What a router with `config` sends from `source` with `priority`.
    pub(crate) fn encode(config: &RouterConfig, source: IpAddr, priority: u8) -> Self {
        let destination = config.family.group();
        let outgoing = Outgoing {
            version: config.version,
            vrid: config.vrid,
            priority,
            max_advertise_interval: config.advertisement_interval,
            authentication: config.authentication,
            addresses: &config.addresses,
            checksum_rule: config.checksum_rule,
            source,
            destination,
        };
        let mut payload = vec![0; outgoing.encoded_len()];
        outgoing.emit(&mut payload).expect("a valid configuration");
        let total_len = Family::V4.ip_header_len() + payload.len();
        Self {
            source,
            destination,
            ttl: ka_wire::TTL,
            ip_total_len: (config.family == Family::V4).then_some(total_len as u16),
            payload,
        }
    }

    /// An advertisement of a router that is configured like `config` except for its interval.
    pub(crate) fn with_interval(
        config: &RouterConfig,
        source: IpAddr,
        priority: u8,
        interval: Duration,
    ) -> Self {
        let config = RouterConfig {
            advertisement_interval: interval,
            ..config.clone()
        };
        Self::encode(&config, source, priority)
    }

    pub(crate) fn received(&self) -> ReceivedPacket<'_> {
        ReceivedPacket {
            source: self.source,
            destination: self.destination,
            ttl: self.ttl,
            ip_total_len: self.ip_total_len,
            payload: &self.payload,
        }
    }

    pub(crate) fn priority(&self) -> u8 {
        self.payload[2]
    }
}
