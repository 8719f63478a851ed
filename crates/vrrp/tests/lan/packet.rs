//! Packets on the virtual LAN, encoded and decoded by `ka-wire`.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ka_vrrp::{ChecksumForms, ReceivedPacket, RouterConfig};
use ka_wire::{AdvertisementView, ChecksumRule, Family, Outgoing, Version};

/// An IP packet that carries an advertisement.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) ttl: u8,
    pub(crate) ip_total_len: Option<u16>,
    pub(crate) payload: Vec<u8>,
}

impl fmt::Debug for Packet {
    /// As a trace needs it: what differs among packets, and the header as it is.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, ttl, .. } = self;
        let length = self.payload.len();
        let priority = self.payload.get(2).copied().unwrap_or_default();
        write!(
            formatter,
            "priority {priority} of {source}, TTL {ttl}, {length} octets: "
        )?;
        let mut header = self.payload.iter().take(8);
        header.try_for_each(|octet| write!(formatter, "{octet:02x}"))
    }
}

/// What counts of an advertisement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) source: IpAddr,
    pub(crate) priority: u8,
    pub(crate) interval: Duration,
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
            authentication: &config.authentication,
            signature: None,
            addresses: &config.addresses,
            checksum_rule: sent_rule(config),
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
            header: None,
            at: SystemTime::UNIX_EPOCH,
        }
    }

    /// Damages it in a way that a receiver notices, or that changes nothing.
    pub(crate) fn damage(&mut self, random: &mut fastrand::Rng) {
        let length = self.payload.len();
        match random.u8(0..6) {
            0 => self.ttl = random.u8(0..255),
            1 => self.payload.truncate(random.usize(0..length)),
            2 => self.payload.resize(length + random.usize(1..=12), 0),
            3 => random.fill(&mut self.payload[2..]),
            _ => self.payload[random.usize(0..length)] ^= 1 << random.u8(0..8),
        }
    }

    /// What a router with `config` makes of it: nothing, unless a router configured alike could have
    /// sent it. The priority and the addresses are anyone's own, and the interval in VRRPv3.
    pub(crate) fn heard_by(&self, config: &RouterConfig) -> Option<Heard> {
        let view = AdvertisementView::new(&self.payload).ok()?;
        let (family, version) = (config.family, config.version);
        let (length, expected) = (self.payload.len(), view.expected_len(family, version));
        // Ethernet pads a short IPv4 packet, and the total length still says how short it is.
        let extra = length.checked_sub(expected)?;
        let padded = family == Family::V4 && expected < 46 - 20 && extra % 4 == 2;
        let stated = self
            .ip_total_len
            .map(|stated| usize::from(stated).saturating_sub(20));
        let whole = (extra == 0 || padded)
            && stated.is_none_or(|stated| stated == expected || stated == length);
        let fits = (view.version(), view.kind()) == (version.number(), 1)
            && self.ttl == 255
            && self.destination.is_multicast();
        let any_checksum = (family, version, config.checksum.forms)
            == (Family::V4, Version::V3, ChecksumForms::NoPseudoHeader);
        let intact =
            any_checksum || view.verify_checksum(self.source, self.destination, sent_rule(config));
        let interval = view.max_advertise_interval(version);
        let agreed = version == Version::V3
            || interval == config.advertisement_interval
                && view.auth_type() == config.authentication.kind()
                && (view.auth_type() == 0
                    || view.auth_data() == Some(config.authentication.data()));
        (whole && fits && intact && agreed).then_some(Heard {
            source: self.source,
            priority: view.priority(),
            interval,
        })
    }
}

fn sent_rule(config: &RouterConfig) -> ChecksumRule {
    match config.checksum.forms {
        ChecksumForms::NoPseudoHeader => ChecksumRule::NoPseudoHeader,
        _ => ChecksumRule::Standard,
    }
}
