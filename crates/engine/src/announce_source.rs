//! The source address of an instance with unicast peers, announced when it is back.

use std::net::IpAddr;
use std::time::Instant;

use ka_sys::packet::Frame;
use ka_wire::{arp, ndisc};

use crate::instance::InstanceId;
use crate::thread::EngineThread;

impl EngineThread {
    /// Tells the link where the source address of `id` is, once: what peers and routers had in
    /// their tables may be gone or wrong after a fault, and what they send would not arrive.
    ///
    /// Only where this host has the address for good, on a link that has such announcements.
    pub(crate) fn announce_source(&mut self, id: InstanceId, now: Instant) {
        let source = self.instances[id.index()]
            .as_ref()
            .and_then(|instance| instance.source());
        let place = source.and_then(|source| {
            let index = self.host_addresses.link_of(source)?;
            Some((source, index, self.interfaces.by_index(index)?))
        });
        let Some((source, ifindex, interface)) = place else {
            return;
        };
        let interface = self.interfaces.at_mut(interface);
        let (Some(mac), false) = (interface.mac, interface.noarp) else {
            return;
        };
        match source {
            IpAddr::V4(address) => self.announce_once(&arp::gratuitous(mac, address), ifindex),
            IpAddr::V6(address) => {
                let router = interface.forwards_ipv6(now);
                let frame = ndisc::unsolicited_advertisement(mac, address, router);
                self.announce_once(&frame, ifindex);
            }
        }
    }

    /// One that is lost costs time only: what is looked for is found by asking.
    fn announce_once(&mut self, bytes: &[u8], ifindex: u32) {
        let mut results = std::mem::take(&mut self.send_results);
        results.clear();
        self.frames.send(&[Frame { bytes, ifindex }], &mut results);
        self.send_results = results;
    }
}
