//! One virtual router with what the engine keeps beside it.

use std::net::IpAddr;
use std::time::{Instant, SystemTime};

use ka_vrrp::VirtualRouter;
use ka_wire::{EmitError, Family, Outgoing, ipv4, ipv6};

use crate::addresses::AddressKey;
use crate::config::InstanceConfig;
use crate::interfaces::InterfaceId;

/// Index of an instance; reused after the instance is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InstanceId(u32);

impl InstanceId {
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One virtual router with what the engine keeps beside it.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) config: InstanceConfig,
    pub(crate) router: VirtualRouter,
    pub(crate) interface: InterfaceId,
    /// Addresses held as Master, in configured order.
    pub(crate) addresses: Vec<AddressKey>,
    /// The source address that `packet` was encoded for.
    source: Option<IpAddr>,
    /// IP header and advertisement, encoded once and patched for each sending.
    packet: Vec<u8>,
    /// Identification of the last IPv4 packet sent; 0 before the first.
    ip_id: u16,
    /// Index of the interface that its group is joined on.
    pub(crate) joined: Option<u32>,
    /// The packet is in the batch being sent: its buffer must not change.
    pub(crate) in_batch: bool,
    /// Sending failed and was told.
    pub(crate) send_failure_told: bool,
    /// Addresses still to be added before the announcements may go out.
    pub(crate) unsettled: u32,
    /// Rounds of announcements left, all addresses each.
    pub(crate) rounds: u32,
    /// Next address of the current round.
    pub(crate) cursor: usize,
    /// The current round has sent something.
    pub(crate) announced: bool,
    /// Of its turn in the announcement queue; `None` outside it.
    pub(crate) ticket: Option<u64>,
    /// When the state last changed.
    pub(crate) since: Instant,
    /// The same by the clock of the host; `None` before the first state is told.
    pub(crate) changed_at: Option<SystemTime>,
}

impl Instance {
    pub(crate) fn new(
        config: InstanceConfig,
        router: VirtualRouter,
        interface: InterfaceId,
        addresses: Vec<AddressKey>,
        now: Instant,
    ) -> Self {
        Self {
            config,
            router,
            interface,
            addresses,
            source: None,
            packet: Vec::new(),
            ip_id: 0,
            joined: None,
            in_batch: false,
            send_failure_told: false,
            unsettled: 0,
            rounds: 0,
            cursor: 0,
            announced: false,
            ticket: None,
            since: now,
            changed_at: None,
        }
    }

    /// The source address advertisements leave with.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// Sets the source address; the packet is encoded anew when it next leaves.
    pub(crate) fn set_source(&mut self, source: Option<IpAddr>) {
        if self.source != source {
            self.source = source;
            self.packet.clear();
        }
    }

    /// Forgets the encoded packet: the configuration changed.
    pub(crate) fn invalidate_packet(&mut self) {
        self.packet.clear();
    }

    /// Makes the packet say `priority`, with the next identification.
    ///
    /// # Errors
    ///
    /// As [`Outgoing::emit`]: the configuration cannot be expressed on the wire.
    /// `Ok(false)` when there is no source address to send from.
    pub(crate) fn prepare_packet(&mut self, priority: u8) -> Result<bool, EmitError> {
        let Some(source) = self.source else {
            return Ok(false);
        };
        let header = Family::from(source).ip_header_len();
        let patched = self
            .packet
            .get_mut(header..)
            .is_some_and(|advertisement| ka_wire::set_priority(advertisement, priority).is_ok());
        if !patched {
            self.encode(source, priority)?;
        }
        if source.is_ipv4() {
            // 0 would let the kernel choose.
            self.ip_id = self.ip_id.checked_add(1).unwrap_or(1);
            if ipv4::set_id(&mut self.packet, self.ip_id).is_err() {
                self.encode(source, priority)?;
            }
        }
        Ok(true)
    }

    /// The prepared packet: IP header and advertisement.
    pub(crate) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Octets of an advertisement with its IP header.
    pub(crate) fn packet_len(&self) -> usize {
        let advertisement = self.advertisement(self.config.group, 0);
        Family::from(self.config.group).ip_header_len() + advertisement.encoded_len()
    }

    fn advertisement(&self, source: IpAddr, priority: u8) -> Outgoing<'_> {
        let config = self.router.config();
        Outgoing {
            version: config.version,
            vrid: config.vrid,
            priority,
            max_advertise_interval: config.advertisement_interval,
            authentication: config.authentication,
            addresses: &config.addresses,
            checksum_rule: config.checksum_rule,
            source,
            destination: self.config.group,
        }
    }

    fn encode(&mut self, source: IpAddr, priority: u8) -> Result<(), EmitError> {
        let advertisement = self.advertisement(source, priority);
        let payload_len = advertisement.encoded_len();
        let header_len = Family::from(source).ip_header_len();
        let mut packet = vec![0; header_len + payload_len];
        match (source, self.config.group) {
            (IpAddr::V4(source), IpAddr::V4(group)) => {
                ipv4::Header::vrrp(self.ip_id, source, group).emit(payload_len, &mut packet)?;
            }
            (IpAddr::V6(source), IpAddr::V6(group)) => {
                ipv6::Header::vrrp(source, group).emit(payload_len, &mut packet)?;
            }
            _ => {
                return Err(EmitError::MixedFamilies {
                    address: self.config.group,
                });
            }
        }
        advertisement.emit(&mut packet[header_len..])?;
        self.packet = packet;
        Ok(())
    }
}
