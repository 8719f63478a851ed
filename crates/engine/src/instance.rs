//! One virtual router with what the engine keeps beside it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use ka_vrrp::VirtualRouter;
use ka_wire::{ChecksumRule, EmitError, Family, TTL, ipv4};

use crate::config::{Identity, InstanceConfig};
use crate::groups::Seat;
use crate::interfaces::InterfaceId;
use crate::objects::{AddressKey, ObjectKey, Wish};
use crate::packet::{Envelope, packet_len};

/// What the kernel gives packets that nobody says otherwise for (`net.ipv6.conf.*.hop_limit`): the one
/// that keepalived's unicast advertisements have over IPv6. The header is ours here, and so is the choice.
const IPV6_DEFAULT_HOP_LIMIT: u8 = 64;

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

/// The keys of what an instance holds as Master.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Of its addresses, in configured order.
    pub(crate) addresses: Vec<AddressKey>,
    /// Of its routes, then of its rules.
    pub(crate) routing: Vec<ObjectKey>,
}

impl Keys {
    /// In the order in which it goes: rules, routes, addresses.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = ObjectKey> {
        let addresses = self.addresses.iter().map(|key| ObjectKey::Address(*key));
        self.routing.iter().rev().cloned().chain(addresses)
    }
}

/// One virtual router with what the engine keeps beside it.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) config: InstanceConfig,
    pub(crate) identity: Identity,
    pub(crate) router: VirtualRouter,
    pub(crate) interface: InterfaceId,
    /// The keys of what is held as Master.
    keys: Keys,
    /// The source address that `packet` was encoded for.
    source: Option<IpAddr>,
    /// All headers, advertisement and trailer, encoded once and patched for each sending where that is enough.
    packet: Vec<u8>,
    /// What `packet` says beside what is configured, as prepared last.
    envelope: Option<Envelope>,
    /// What its checksum covers.
    rule: ChecksumRule,
    /// Identification of the last IPv4 packet sent; 0 before the first.
    ip_id: u16,
    /// Unicast peers that its advertisements go to; none where they go to a group.
    pub(crate) peers: Arc<[IpAddr]>,
    /// The source address that packets from peers are expected at.
    pub(crate) listens_at: Option<IpAddr>,
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
    /// Announcements that each address of a limited interface is yet to be asked for, and those that the
    /// current round asks for.
    pub(crate) paced: u32,
    pub(crate) pacing: u32,
    /// The current round has sent something.
    pub(crate) announced: bool,
    /// Of its turn in the announcement queue; `None` outside it.
    pub(crate) ticket: Option<u64>,
    /// Its place in a sync group.
    pub(crate) seat: Option<Seat>,
    /// When the state last changed.
    pub(crate) since: Instant,
    /// The same by the clock of the host; `None` before the first state is told.
    pub(crate) changed_at: Option<SystemTime>,
}

impl Instance {
    pub(crate) fn new(
        identity: Identity,
        config: InstanceConfig,
        router: VirtualRouter,
        interface: InterfaceId,
        keys: Keys,
        now: Instant,
    ) -> Self {
        Self {
            peers: config.peers().collect(),
            listens_at: None,
            config,
            identity,
            router,
            interface,
            keys,
            source: None,
            packet: Vec::new(),
            envelope: None,
            rule: ChecksumRule::Standard,
            ip_id: 0,
            joined: None,
            in_batch: false,
            send_failure_told: false,
            unsettled: 0,
            rounds: 0,
            cursor: 0,
            paced: 0,
            pacing: 0,
            announced: false,
            ticket: None,
            seat: None,
            since: now,
            changed_at: None,
        }
    }

    /// The addresses held as Master, in configured order.
    pub(crate) fn addresses(&self) -> &[AddressKey] {
        &self.keys.addresses
    }

    /// Has other keys from now on; returns those until now.
    pub(crate) fn exchange_keys(&mut self, keys: Keys) -> Keys {
        std::mem::replace(&mut self.keys, keys)
    }

    /// What it holds as Master, in the order in which it comes: addresses, routes, rules.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (ObjectKey, Wish<'_>)> {
        let addresses = self.keys.addresses.iter().zip(&self.config.addresses);
        let addresses =
            addresses.map(|(key, address)| (ObjectKey::Address(*key), Wish::Address(address)));
        let routes = self.config.routes.iter().map(Wish::Route);
        let wishes = routes.chain(self.config.rules.iter().map(Wish::Rule));
        addresses.chain(self.keys.routing.iter().cloned().zip(wishes))
    }

    /// The same in the order in which it goes: rules, routes, addresses.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = ObjectKey> {
        self.keys.leaving()
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

    /// The configuration changed: forgets what was made of it.
    pub(crate) fn reconfigured(&mut self) {
        self.packet.clear();
        self.peers = self.config.peers().collect();
    }

    /// Whether its advertisements go to peers.
    pub(crate) fn is_unicast(&self) -> bool {
        self.config.unicast.is_some()
    }

    /// Where the packet goes as it is encoded. To peers it goes in copies.
    fn destination(&self) -> IpAddr {
        self.peers.first().copied().unwrap_or(self.config.group)
    }

    /// Makes the packet say `priority`, with the next identification, as of `utc`.
    ///
    /// # Errors
    ///
    /// As [`ka_wire::Outgoing::emit`]: the configuration cannot be expressed on the wire.
    /// `Ok(false)` when there is no source address to send from.
    pub(crate) fn prepare_packet(
        &mut self,
        priority: u8,
        utc: SystemTime,
    ) -> Result<bool, EmitError> {
        let Some(source) = self.source else {
            return Ok(false);
        };
        let destination = self.destination();
        if source.is_ipv4() {
            // 0 would let the kernel choose.
            self.ip_id = self.ip_id.checked_add(1).unwrap_or(1);
        }
        let envelope = Envelope {
            source,
            destination,
            ttl: self.ttl(),
            id: self.ip_id,
            priority,
            rule: self.router.checksum_rule(destination),
            ah_sequence: self.router.next_ah_sequence(),
            signature: self.router.next_signature(utc),
        };
        let as_before = !envelope.is_unique() && self.rule == envelope.rule;
        if !(as_before && self.patch(&envelope)) {
            envelope.encode(self.router.config(), &mut self.packet)?;
            self.rule = envelope.rule;
        }
        self.envelope = Some(envelope);
        Ok(true)
    }

    /// Changes what differs from one advertisement to the next in the packet that is there.
    fn patch(&mut self, envelope: &Envelope) -> bool {
        let header_len = Family::from(envelope.source).ip_header_len();
        let advertisement = self.packet.get_mut(header_len..).unwrap_or_default();
        ka_wire::set_priority(advertisement, envelope.priority).is_ok()
            && (envelope.source.is_ipv6() || ipv4::set_id(&mut self.packet, envelope.id).is_ok())
    }

    /// The prepared packet, from its IP header on.
    pub(crate) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// What the prepared packet says beside what is configured.
    pub(crate) fn envelope(&self) -> Option<Envelope> {
        self.envelope
    }

    /// Octets of an advertisement with its headers and its trailer.
    pub(crate) fn packet_len(&self) -> usize {
        packet_len(self.router.config())
    }

    /// Time to live or hop limit of its packets.
    fn ttl(&self) -> u8 {
        let Some(unicast) = &self.config.unicast else {
            return TTL;
        };
        unicast.ttl.unwrap_or(match self.config.router.family {
            Family::V4 => TTL,
            Family::V6 => IPV6_DEFAULT_HOP_LIMIT,
        })
    }
}
