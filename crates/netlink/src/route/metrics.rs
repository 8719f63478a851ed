//! What TCP and others take for granted on a route (RTA_METRICS).

use crate::message::{Attribute, AttributeWriter};

const RTAX_LOCK: u16 = 1;
const RTAX_CC_ALGO: u16 = 16;
/// One more than the highest number of a metric.
const COUNT: usize = 18;

/// A metric that is a number: the kernel's RTAX numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Metric {
    /// The longest packet of the path.
    Mtu = 2,
    /// The largest window to advertise.
    Window = 3,
    /// The time to the destination and back, in eighths of a millisecond.
    Rtt = 4,
    /// How much that varies, in fourths of a millisecond.
    RttVar = 5,
    /// The slow-start threshold.
    SsThresh = 6,
    /// The limit of the congestion window.
    Cwnd = 7,
    /// The largest segment to advertise.
    AdvMss = 8,
    /// How far packets overtake each other.
    Reordering = 9,
    /// The hop limit of packets.
    HopLimit = 10,
    /// The congestion window at first.
    InitCwnd = 11,
    /// The kernel's RTAX_FEATURE bits; 1 is ECN.
    Features = 12,
    /// The shortest timeout of a retransmission, in milliseconds.
    RtoMin = 13,
    /// The receive window at first.
    InitRwnd = 14,
    /// Acknowledge at once.
    QuickAck = 15,
    /// TCP Fast Open without a cookie.
    FastOpenNoCookie = 17,
}

/// The metrics of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RouteMetrics {
    numbers: [Option<u32>; COUNT],
    /// The kernel must leave the metric alone: bit 2 for number 2, and so on.
    locked: u32,
    congestion_control: Option<Box<str>>,
}

impl RouteMetrics {
    /// Sets `metric`, which the kernel may adjust unless it is `locked`.
    pub fn set(&mut self, metric: Metric, value: u32, locked: bool) {
        if let Some(place) = self.numbers.get_mut(metric as usize) {
            *place = Some(value);
            self.lock(metric as u16, locked);
        }
    }

    /// Sets the algorithm of congestion control by its name.
    pub fn set_congestion_control(&mut self, name: &str, locked: bool) {
        self.congestion_control = Some(name.into());
        self.lock(RTAX_CC_ALGO, locked);
    }

    /// The value of `metric`, where it has one.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<u32> {
        self.numbers.get(metric as usize).copied().flatten()
    }

    /// Whether the kernel must leave `metric` alone.
    #[must_use]
    pub const fn is_locked(&self, metric: Metric) -> bool {
        self.locked & (1 << metric as u32) != 0
    }

    /// The algorithm of congestion control.
    #[must_use]
    pub fn congestion_control(&self) -> Option<&str> {
        self.congestion_control.as_deref()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn lock(&mut self, number: u16, locked: bool) {
        if locked {
            self.locked |= 1 << number;
        } else {
            self.locked &= !(1 << number);
        }
    }

    /// Appends what RTA_METRICS holds.
    pub(super) fn encode(&self, attributes: &mut AttributeWriter<'_>) {
        for (number, value) in (0..).zip(&self.numbers) {
            if let Some(value) = value {
                attributes.u32(number, *value);
            }
        }
        if let Some(name) = &self.congestion_control {
            attributes.text(RTAX_CC_ALGO, name);
        }
        if self.locked != 0 {
            attributes.u32(RTAX_LOCK, self.locked);
        }
    }

    /// Reads RTA_METRICS; metrics that are unknown are passed over.
    pub(super) fn parse(value: &Attribute<'_>) -> Self {
        let mut metrics = Self::default();
        for attribute in value.nested() {
            match attribute.kind {
                RTAX_LOCK => metrics.locked = attribute.u32().unwrap_or(0),
                RTAX_CC_ALGO => {
                    let name = str::from_utf8(attribute.text()).ok();
                    metrics.congestion_control = name.map(Into::into);
                }
                number => {
                    if let Some(place) = metrics.numbers.get_mut(usize::from(number)) {
                        *place = attribute.u32();
                    }
                }
            }
        }
        metrics
    }
}
