//! Routers that exchange whole IPv4 packets, authenticated ones too, to a group or to unicast peers.
//!
//! Unlike the [`Lan`](crate::lan::Lan) it has no model beside it, no weather and no failing links: it is
//! about what passes the receive checks of whom.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::{
    Action, Notice, ReceivedPacket, RejectReason, RouterConfig, State, Tracking, VirtualRouter,
};
use ka_wire::ipv4::{self, Ipv4View};
use ka_wire::{AdvertisementView, ChecksumRule, GROUP_V4, Outgoing, ah};

/// The date at the start.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);

pub(crate) struct Node {
    pub(crate) router: VirtualRouter,
    pub(crate) address: Ipv4Addr,
    /// How far its clock is ahead, in seconds.
    pub(crate) clock: i64,
    /// It hears nobody, and nobody hears it.
    pub(crate) cut: bool,
    pub(crate) notices: Vec<Notice>,
    /// What it has heard and believed.
    pub(crate) believed: Vec<Vec<u8>>,
}

/// A packet that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn ip(&self) -> Ipv4View<'_> {
        Ipv4View::new(&self.bytes).expect("a header")
    }

    /// The sequence number of its authentication header.
    pub(crate) fn ah_sequence(&self) -> u32 {
        let view = ah::AhView::new(self.ip()).expect("an authentication header");
        view.sequence()
    }

    /// Whether its checksum covers this.
    pub(crate) fn covers(&self, rule: ChecksumRule) -> bool {
        let ip = self.ip();
        let view = AdvertisementView::new(ip.payload()).expect("an advertisement");
        view.verify_checksum(ip.source().into(), ip.destination().into(), rule)
    }
}

pub(crate) struct Air {
    origin: Instant,
    now: Instant,
    pub(crate) nodes: Vec<Node>,
    in_flight: VecDeque<Sent>,
    pub(crate) sent: Vec<Sent>,
}

/// Address of a node.
pub(crate) fn at(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, 10 + u8::try_from(node).expect("a few nodes"))
}

impl Air {
    pub(crate) fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
        let origin = Instant::now();
        Self {
            origin,
            now: origin,
            nodes: Vec::new(),
            in_flight: VecDeque::new(),
            sent: Vec::new(),
        }
    }

    /// Adds a router and starts it.
    pub(crate) fn add(&mut self, config: RouterConfig) -> usize {
        config.validate().expect("a valid configuration");
        let node = self.nodes.len();
        let mut router = VirtualRouter::new(config);
        router.start(true, Some(at(node).into()), None, self.now);
        self.nodes.push(Node {
            router,
            address: at(node),
            clock: 0,
            cut: false,
            notices: Vec::new(),
            believed: Vec::new(),
        });
        self.pump(node);
        node
    }

    pub(crate) fn reconfigure(&mut self, node: usize, config: RouterConfig) {
        config.validate().expect("a valid configuration");
        let router = &mut self.nodes[node].router;
        router.reconfigure(config, Tracking::default(), self.now);
        self.pump(node);
        self.deliver();
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let routers = self.nodes.iter().map(|node| &node.router);
            let next = routers.filter_map(VirtualRouter::poll_timeout).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = next.max(self.now);
            for node in 0..self.nodes.len() {
                let router = &mut self.nodes[node].router;
                if router.poll_timeout().is_some_and(|due| due <= self.now) {
                    router.handle_timeout(self.now);
                    self.pump(node);
                    // Heard before a timer of the same instant, as by the engine.
                    self.deliver();
                }
            }
        }
        self.now = end;
    }

    /// Hands a packet to a router, whoever sent it to whomever.
    pub(crate) fn hear(&mut self, node: usize, bytes: &[u8]) {
        let utc = self.utc(node);
        let view = Ipv4View::new(bytes).expect("a header");
        if let Some(packet) = ReceivedPacket::from_ipv4(view, utc) {
            self.nodes[node].router.handle_packet(&packet, self.now);
        }
        self.pump(node);
    }

    /// The last packet of a node.
    pub(crate) fn last_of(&self, node: usize) -> Sent {
        let mut sent = self.sent.iter().rev();
        sent.find(|sent| sent.from == node)
            .expect("a packet")
            .clone()
    }

    pub(crate) fn states(&self) -> Vec<State> {
        self.nodes.iter().map(|node| node.router.state()).collect()
    }

    /// Everything that a router has rejected.
    pub(crate) fn rejected(&self, node: usize) -> Vec<(RejectReason, u64)> {
        let statistics = self.nodes[node].router.statistics();
        let counts = RejectReason::ALL.map(|reason| (reason, statistics.rejected(reason)));
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn utc(&self, node: usize) -> SystemTime {
        let date = SystemTime::UNIX_EPOCH + EPOCH + (self.now - self.origin);
        let offset = Duration::from_secs(self.nodes[node].clock.unsigned_abs());
        if self.nodes[node].clock < 0 {
            date - offset
        } else {
            date + offset
        }
    }

    fn pump(&mut self, node: usize) {
        while let Some(action) = self.nodes[node].router.poll_action() {
            match action {
                Action::Advertise { priority } => self.advertise(node, priority),
                Action::Notify(notice) => self.nodes[node].notices.push(notice),
                _ => {}
            }
        }
    }

    fn advertise(&mut self, node: usize, priority: u8) {
        let utc = self.utc(node);
        let Node {
            router, address, ..
        } = &mut self.nodes[node];
        let ah_sequence = router.next_ah_sequence();
        let sequence = router.next_signature(utc);
        let config = router.config();
        let destinations: Vec<IpAddr> = match &config.unicast {
            Some(unicast) => unicast.peers.iter().map(|peer| peer.address).collect(),
            None => vec![GROUP_V4.into()],
        };
        for destination in destinations {
            let hmac = config.auth_hmac.as_ref().zip(sequence);
            let outgoing = Outgoing {
                version: config.version,
                vrid: config.vrid,
                priority,
                max_advertise_interval: config.advertisement_interval,
                authentication: &config.authentication,
                signature: hmac.and_then(|(hmac, sequence)| hmac.signature(sequence)),
                addresses: &config.addresses,
                checksum_rule: router.checksum_rule(destination),
                source: (*address).into(),
                destination,
            };
            let IpAddr::V4(destination) = destination else {
                panic!("IPv4 alone");
            };
            let ah_len = ah_sequence.map_or(0, |_| ah::HEADER_LEN);
            let length = ah_len + outgoing.encoded_len();
            let mut bytes = vec![0; ipv4::HEADER_LEN + length];
            let mut header = ipv4::Header::vrrp(1, *address, destination);
            header.protocol = if ah_len > 0 { 51 } else { 112 };
            header.emit(length, &mut bytes).expect("room");
            let place = ipv4::HEADER_LEN + ah_len;
            outgoing.emit(&mut bytes[place..]).expect("room");
            if let (Some(key), Some(sequence)) = (config.authentication.ah_key(), ah_sequence) {
                ah::seal(&mut bytes, key, sequence).expect("room");
            }
            let sent = Sent { from: node, bytes };
            self.sent.push(sent.clone());
            self.in_flight.push_back(sent);
        }
    }

    fn deliver(&mut self) {
        while let Some(sent) = self.in_flight.pop_front() {
            let destination = sent.ip().destination();
            for node in 0..self.nodes.len() {
                let addressed =
                    destination.is_multicast() || self.nodes[node].address == destination;
                let heard = !self.nodes[node].cut && !self.nodes[sent.from].cut;
                if node != sent.from && addressed && heard {
                    let rejected = self.rejected(node);
                    self.hear(node, &sent.bytes);
                    if self.rejected(node) == rejected {
                        self.nodes[node].believed.push(sent.bytes.clone());
                    }
                }
            }
        }
    }
}
