//! Advertisements for virtual routers that there are none of here (`log_unknown_vrids`).
//!
//! Without the option the kernel drops them before they take room in a buffer. With it, whoever can
//! send to this host decides how many there are, but not how much is told of them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::EventKind;
use crate::interfaces::InterfaceId;
use crate::thread::EngineThread;

/// Each VRID of an interface and family is told of once in this time.
const PERIOD: Duration = Duration::from_secs(60);
/// So many of them in all.
const LIMIT: usize = 100;

/// What was told in the present period.
#[derive(Debug, Default)]
pub(crate) struct Unknown {
    pub(crate) is_told: bool,
    since: Option<Instant>,
    known: HashSet<(InterfaceId, u8, bool)>,
}

impl Unknown {
    /// Whether a packet for `vrid` of the family that `source` has is to be told of.
    fn is_news(&mut self, interface: InterfaceId, vrid: u8, source: IpAddr, now: Instant) -> bool {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= PERIOD;
        if self.since.is_none_or(is_over) {
            self.since = Some(now);
            self.known.clear();
        }
        self.known.len() < LIMIT && self.known.insert((interface, vrid, source.is_ipv6()))
    }
}

impl EngineThread {
    /// A packet for `vrid` concerns no instance.
    pub(crate) fn tell_unknown(&mut self, ifindex: u32, vrid: u8, source: IpAddr, now: Instant) {
        if !self.unknown.is_told {
            return;
        }
        let Some(id) = self.interfaces.by_index(ifindex) else {
            return;
        };
        let interface = self.interfaces.at(id);
        // Other interfaces are nobody's business here: a group may be joined there by others.
        if !interface.instances.is_empty() && self.unknown.is_news(id, vrid, source, now) {
            self.events.send(EventKind::UnknownVrid {
                interface: Arc::clone(&interface.name),
                vrid,
                source,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::Interfaces;

    #[test]
    fn each_vrid_is_told_once_in_a_period_and_not_more_than_so_many() {
        let mut interfaces = Interfaces::default();
        let [first, second] = ["eth0", "eth1"].map(|name| interfaces.intern(&Arc::from(name)));
        let (v4, v6) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([0; 16]));
        let start = Instant::now();
        let mut unknown = Unknown::default();
        assert!(unknown.is_news(first, 9, v4, start));
        assert!(!unknown.is_news(first, 9, v4, start));
        assert!(unknown.is_news(first, 9, v6, start));
        assert!(unknown.is_news(second, 9, v4, start));
        let told = (0..=255).filter(|vrid| unknown.is_news(first, *vrid, v4, start));
        assert_eq!(told.count(), LIMIT - 3);
        assert!(!unknown.is_news(first, 9, v4, start + PERIOD - Duration::from_millis(1)));
        assert!(unknown.is_news(first, 9, v4, start + PERIOD));
    }
}
