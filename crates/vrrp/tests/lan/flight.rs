//! Packets in flight.

use std::cmp::Ordering;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::packet::Packet;

/// How packets fare between any two hosts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Shortest time in flight.
    pub(crate) delay: Duration,
    /// Random time on top.
    pub(crate) jitter: Duration,
    /// Part of packets lost, 0 to 1.
    pub(crate) loss: f64,
    /// Part of packets that arrive twice, 0 to 1.
    pub(crate) duplication: f64,
    /// Part of packets that arrive damaged, 0 to 1.
    pub(crate) damage: f64,
}

/// A packet on its way to one host.
pub(crate) struct Flight {
    pub(crate) arrival: Instant,
    pub(crate) number: u64,
    pub(crate) to: usize,
    pub(crate) packet: Rc<Packet>,
}

impl Flight {
    /// Packets that arrive together are delivered in the order sent.
    fn order(&self) -> (Instant, u64) {
        (self.arrival, self.number)
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}
