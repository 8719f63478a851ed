//! Which addresses this host has, for instances that need one of them to send from.
//!
//! Addresses that the engine itself holds are none of these: they come and go with it.

use std::collections::HashMap;
use std::net::IpAddr;

use ka_netlink::{Address, AddressFlags};

use crate::interfaces::InterfaceId;

/// The addresses of the host by what the kernel last said, and who asks for some of them.
#[derive(Debug, Default)]
pub(crate) struct HostAddresses {
    present: HashMap<IpAddr, Vec<Place>>,
    /// The interfaces whose instances depend on an address, and how many do.
    watched: HashMap<IpAddr, HashMap<InterfaceId, usize>>,
    /// Number of the dump being compared with.
    epoch: u64,
}

/// An address on a link. IPv4 may have it there twice, with different prefixes.
#[derive(Debug)]
struct Place {
    ifindex: u32,
    prefix_len: u8,
    /// Neither looked for by the kernel nor found to be another host's.
    usable: bool,
    seen: u64,
}

impl HostAddresses {
    /// Whether the host has `address`, for good.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.link_of(address).is_some()
    }

    /// Index of a link that carries `address`.
    pub(crate) fn link_of(&self, address: IpAddr) -> Option<u32> {
        let mut places = self.present.get(&address)?.iter();
        places.find(|place| place.usable).map(|place| place.ifindex)
    }

    /// Takes in an address; `true` when the host has it now and had it not, or the other way round.
    pub(crate) fn added(&mut self, added: &Address) -> bool {
        let had = self.has(added.key.address);
        let usable = !added.flags.contains(AddressFlags::DADFAILED)
            && (!added.flags.contains(AddressFlags::TENTATIVE)
                || added.flags.contains(AddressFlags::OPTIMISTIC));
        let seen = self.epoch;
        let places = self.present.entry(added.key.address).or_default();
        let known = places.iter_mut().find(|place| is(place, added));
        match known {
            Some(place) => {
                place.usable = usable;
                place.seen = seen;
            }
            None => places.push(Place {
                ifindex: added.key.ifindex,
                prefix_len: added.key.prefix_len,
                usable,
                seen,
            }),
        }
        self.has(added.key.address) != had
    }

    /// Takes in that an address is gone; `true` when the host has it no more.
    pub(crate) fn removed(&mut self, removed: &Address) -> bool {
        self.keep(removed.key.address, |place| !is(place, removed))
    }

    /// Takes in that a link is gone; tells which addresses the host has no more.
    pub(crate) fn link_removed(&mut self, ifindex: u32) -> Vec<IpAddr> {
        self.keep_all(|place| place.ifindex != ifindex)
    }

    /// Starts comparing with a dump.
    pub(crate) fn begin_dump(&mut self) {
        self.epoch += 1;
    }

    /// Ends the comparison; tells which addresses the host has no more.
    pub(crate) fn end_dump(&mut self) -> Vec<IpAddr> {
        let epoch = self.epoch;
        self.keep_all(|place| place.seen == epoch)
    }

    fn keep_all(&mut self, keep: impl Fn(&Place) -> bool) -> Vec<IpAddr> {
        let concerned = self
            .present
            .iter()
            .filter(|(_, places)| !places.iter().all(&keep));
        let mut concerned: Vec<IpAddr> = concerned.map(|(address, _)| *address).collect();
        concerned.retain(|address| self.keep(*address, &keep));
        concerned
    }

    fn keep(&mut self, address: IpAddr, keep: impl Fn(&Place) -> bool) -> bool {
        let had = self.has(address);
        if let Some(places) = self.present.get_mut(&address) {
            places.retain(keep);
            if places.is_empty() {
                self.present.remove(&address);
            }
        }
        had && !self.has(address)
    }

    /// An instance of `interface` depended on the first address and depends on the second one.
    pub(crate) fn rewatch(
        &mut self,
        (old, new): (Option<IpAddr>, Option<IpAddr>),
        interface: InterfaceId,
    ) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.unwatch(old, interface);
        }
        if let Some(new) = new {
            self.watch(new, interface);
        }
    }

    fn watch(&mut self, address: IpAddr, interface: InterfaceId) {
        let interfaces = self.watched.entry(address).or_default();
        *interfaces.entry(interface).or_default() += 1;
    }

    fn unwatch(&mut self, address: IpAddr, interface: InterfaceId) {
        let Some(interfaces) = self.watched.get_mut(&address) else {
            return;
        };
        if let Some(count) = interfaces.get_mut(&interface) {
            *count -= 1;
            if *count == 0 {
                interfaces.remove(&interface);
            }
        }
        if interfaces.is_empty() {
            self.watched.remove(&address);
        }
    }

    /// The interfaces whose instances depend on `address`.
    pub(crate) fn watchers(&self, address: IpAddr) -> Vec<InterfaceId> {
        self.watched
            .get(&address)
            .map(|interfaces| interfaces.keys().copied().collect())
            .unwrap_or_default()
    }
}

fn is(place: &Place, address: &Address) -> bool {
    (place.ifindex, place.prefix_len) == (address.key.ifindex, address.key.prefix_len)
}

#[cfg(test)]
mod tests;
