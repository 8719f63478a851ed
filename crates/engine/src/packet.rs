//! Advertisements as octets, from the IP header to the trailer.

use std::net::IpAddr;

use ka_vrrp::RouterConfig;
use ka_wire::trailer::{self, Sequence};
use ka_wire::{ChecksumRule, EmitError, Family, IP_PROTOCOL_AH, Outgoing, ah, ipv4, ipv6};

/// What an advertisement says beside what is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// Time to live or hop limit.
    pub(crate) ttl: u8,
    /// Identification of the IPv4 header.
    pub(crate) id: u16,
    pub(crate) priority: u8,
    /// What the checksum of VRRPv3 over IPv4 covers.
    pub(crate) rule: ChecksumRule,
    /// Number of the authentication header; there where the configuration has its key.
    pub(crate) ah_sequence: Option<u32>,
    /// Of the signature; there where the configuration signs.
    pub(crate) signature: Option<Sequence>,
}

impl Envelope {
    /// Whether another advertisement differs in more than priority, identification and their checksum.
    pub(crate) const fn is_unique(&self) -> bool {
        self.ah_sequence.is_some() || self.signature.is_some()
    }

    /// Writes the packet to `packet`, whose contents go.
    ///
    /// # Errors
    ///
    /// As [`Outgoing::emit`]: the configuration cannot be expressed on the wire.
    pub(crate) fn encode(
        &self,
        config: &RouterConfig,
        packet: &mut Vec<u8>,
    ) -> Result<(), EmitError> {
        packet.clear();
        let written = self.write(config, packet);
        if written.is_err() {
            packet.clear();
        }
        written
    }

    fn write(&self, config: &RouterConfig, packet: &mut Vec<u8>) -> Result<(), EmitError> {
        let hmac = config.auth_hmac.as_ref();
        let signature = hmac.zip(self.signature);
        let advertisement = Outgoing {
            version: config.version,
            vrid: config.vrid,
            priority: self.priority,
            max_advertise_interval: config.advertisement_interval,
            authentication: &config.authentication,
            signature: signature.and_then(|(hmac, sequence)| hmac.signature(sequence)),
            addresses: &config.addresses,
            checksum_rule: self.rule,
            source: self.source,
            destination: self.destination,
        };
        let key = config.authentication.ah_key();
        let key = key.zip(self.ah_sequence);
        let ah_len = if key.is_some() { ah::HEADER_LEN } else { 0 };
        let payload_len = ah_len + advertisement.encoded_len();
        let header_len = Family::from(self.source).ip_header_len();
        packet.resize(header_len + payload_len, 0);
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let mut header = ipv4::Header::vrrp(self.id, source, destination);
                header.ttl = self.ttl;
                if key.is_some() {
                    header.protocol = IP_PROTOCOL_AH;
                }
                header.emit(payload_len, packet)?;
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let mut header = ipv6::Header::vrrp(source, destination);
                header.hop_limit = self.ttl;
                header.emit(payload_len, packet)?;
            }
            (_, address) => return Err(EmitError::MixedFamilies { address }),
        }
        advertisement.emit(&mut packet[header_len + ah_len..])?;
        if let Some((key, sequence)) = key {
            ah::seal(packet, key, sequence)?;
        }
        Ok(())
    }
}

/// Octets of an advertisement with all its headers.
pub(crate) fn packet_len(config: &RouterConfig) -> usize {
    let advertisement = Outgoing {
        version: config.version,
        vrid: config.vrid,
        priority: config.priority,
        max_advertise_interval: config.advertisement_interval,
        authentication: &config.authentication,
        signature: None,
        addresses: &config.addresses,
        checksum_rule: ChecksumRule::Standard,
        source: config.family.group(),
        destination: config.family.group(),
    };
    let is_signed = config.auth_hmac.as_ref().is_some_and(|hmac| hmac.signs());
    let has_header = config.authentication.ah_key().is_some();
    config.family.ip_header_len()
        + if has_header { ah::HEADER_LEN } else { 0 }
        + advertisement.encoded_len()
        + if is_signed { trailer::LEN } else { 0 }
}
