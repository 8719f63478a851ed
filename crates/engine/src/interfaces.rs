//! The interfaces that the configuration names, by what the kernel last said.
//!
//! Level-triggered: an interface's state is what the latest message or dump
//! says, so a lost message costs time, never a wrong state that stays.

mod sources;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::Link;

use crate::debounce::Debounce;
use crate::instance::InstanceId;
use sources::SourceAddress;

/// `net.ipv6.conf.*.forwarding` is read again after this long.
const FORWARDING_MAX_AGE: Duration = Duration::from_secs(5);

/// Index of an [`Interface`] in [`Interfaces`]; stays valid when the link is recreated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InterfaceId(u32);

/// One named interface, whether it exists or not. One without a name stands for none: it is always
/// up, never has an index, and is that of instances which leave the way to the routing table.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) name: Arc<str>,
    /// The kernel's index; `None` while no link has this name.
    pub(crate) index: Option<u32>,
    /// Whether it counts as up.
    pub(crate) up: bool,
    /// IFF_UP and IFF_RUNNING: what counts unless that has to last first.
    pub(crate) carrier: bool,
    /// Where changes count only after a while.
    pub(crate) debounce: Option<Box<Debounce>>,
    pub(crate) mac: Option<[u8; 6]>,
    pub(crate) noarp: bool,
    /// Octets of the largest packet; 0 when unknown.
    pub(crate) mtu: u32,
    /// What else the kernel says of the link, for whoever asks.
    pub(crate) facts: LinkFacts,
    /// It changed, and its routers are yet to be told.
    pub(crate) stale: bool,
    /// Addresses of the interface that are not ours and that advertisements could
    /// come from, in the kernel's order.
    addresses: Vec<SourceAddress>,
    /// Instances whose advertisements run here.
    pub(crate) instances: Vec<InstanceId>,
    /// Receivers of advertisements by VRID and group.
    pub(crate) routers: HashMap<(u8, IpAddr), InstanceId>,
    forwarding: Option<(Instant, bool)>,
    /// The configuration names it or did; its slot is never given to another.
    named: bool,
    seen: u64,
}

/// What the kernel says of a link and nothing here depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkFacts {
    /// IFF_UP.
    pub(crate) admin_up: bool,
    /// IFF_RUNNING.
    pub(crate) running: bool,
    pub(crate) loopback: bool,
    pub(crate) multicast: bool,
    /// ARPHRD_*.
    pub(crate) link_type: u16,
}

impl Interface {
    fn new(name: Arc<str>, named: bool, seen: u64) -> Self {
        Self {
            name,
            index: None,
            up: false,
            carrier: false,
            debounce: None,
            mac: None,
            noarp: false,
            mtu: 0,
            facts: LinkFacts::default(),
            stale: false,
            addresses: Vec::new(),
            instances: Vec::new(),
            routers: HashMap::new(),
            forwarding: None,
            named,
            seen,
        }
    }

    /// The addresses that advertisements could come from, in the kernel's order.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(|known| known.address)
    }

    /// Whether the configuration names it.
    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    /// Whether it stands for none.
    pub(crate) fn is_none(&self) -> bool {
        self.name.is_empty()
    }

    /// The instance that a packet for `vrid`, sent to `group`, concerns.
    pub(crate) fn router(&self, vrid: u8, group: IpAddr) -> Option<InstanceId> {
        self.routers.get(&(vrid, group)).copied()
    }

    /// Whether this host forwards IPv6 packets that arrive here (RFC 4861, Router flag).
    pub(crate) fn forwards_ipv6(&mut self, now: Instant) -> bool {
        if let Some((read, forwarding)) = self.forwarding
            && now.saturating_duration_since(read) < FORWARDING_MAX_AGE
        {
            return forwarding;
        }
        // procfs: answered from kernel memory, never from a disk.
        let path = format!("/proc/sys/net/ipv6/conf/{}/forwarding", self.name);
        let forwarding = std::fs::read(path).is_ok_and(|value| value.first() == Some(&b'1'));
        self.forwarding = Some((now, forwarding));
        forwarding
    }
}

/// All interfaces of the network namespace, and those that the configuration names
/// though they do not exist.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    list: Vec<Interface>,
    by_name: HashMap<Arc<str>, InterfaceId>,
    by_index: HashMap<u32, InterfaceId>,
    /// Slots of interfaces that vanished and that nobody names.
    free: Vec<InterfaceId>,
    /// Number of the dump being compared with.
    epoch: u64,
}

/// What a link message meant for an interface.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkChange {
    pub(crate) id: InterfaceId,
    /// The index it had, when that is no longer valid.
    pub(crate) old_index: Option<u32>,
    /// The link goes on with that index under another name.
    pub(crate) renamed: bool,
    /// It got an index.
    pub(crate) appeared: bool,
    /// It went up or down, came or vanished.
    pub(crate) is_news: bool,
    /// Its MTU changed: below the least that IP needs the kernel forgets memberships.
    pub(crate) resized: bool,
}

impl Interfaces {
    /// The interface called `name`, which the configuration names.
    pub(crate) fn intern(&mut self, name: &Arc<str>) -> InterfaceId {
        let id = self.slot(name);
        self.list[id.0 as usize].named = true;
        id
    }

    /// The interface of instances that have none.
    pub(crate) fn none(&mut self) -> InterfaceId {
        let id = self.slot("");
        self.list[id.0 as usize].up = true;
        id
    }

    fn slot(&mut self, name: &str) -> InterfaceId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let name: Arc<str> = Arc::from(name);
        let interface = Interface::new(Arc::clone(&name), false, self.epoch);
        let id = match self.free.pop() {
            Some(id) => {
                self.list[id.0 as usize] = interface;
                id
            }
            None => {
                self.list.push(interface);
                InterfaceId(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX))
            }
        };
        self.by_name.insert(name, id);
        id
    }

    pub(crate) fn at(&self, id: InterfaceId) -> &Interface {
        &self.list[id.0 as usize]
    }

    pub(crate) fn at_mut(&mut self, id: InterfaceId) -> &mut Interface {
        &mut self.list[id.0 as usize]
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<InterfaceId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn by_index(&self, index: u32) -> Option<InterfaceId> {
        self.by_index.get(&index).copied()
    }

    /// How many there are, slots of vanished ones too.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The one in slot `index`, unless that is free.
    pub(crate) fn in_slot(&self, index: usize) -> Option<&Interface> {
        let interface = self.list.get(index);
        interface.filter(|interface| interface.named || interface.index.is_some())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = InterfaceId> + use<> {
        (0..u32::try_from(self.list.len()).unwrap_or(u32::MAX)).map(InterfaceId)
    }

    /// The interface whose link, as `link` says, has another name now.
    pub(crate) fn renamed_by(&self, link: &Link) -> Option<InterfaceId> {
        let id = self.by_index(link.index)?;
        (*self.at(id).name != *link.name.as_str()).then_some(id)
    }

    /// Takes in a link as the kernel describes it. The first change is that of an
    /// interface which lost its link to a rename.
    pub(crate) fn link_changed(&mut self, link: &Link) -> [Option<LinkChange>; 2] {
        let id = self.slot(link.name.as_str());
        let renamed = match self.by_index.get(&link.index).copied() {
            Some(other) if other != id => self.detach(other),
            _ => None,
        };
        let renamed = renamed.map(|change| LinkChange {
            renamed: true,
            ..change
        });
        let epoch = self.epoch;
        let interface = &mut self.list[id.0 as usize];
        interface.seen = epoch;
        let old_index = interface.index.filter(|&index| index != link.index);
        let appeared = interface.index != Some(link.index);
        interface.carrier = link.up && link.running;
        let up = match &mut interface.debounce {
            None => interface.carrier,
            Some(debounce) => {
                if appeared {
                    debounce.forget();
                }
                debounce.observe(interface.carrier, interface.up, Instant::now())
            }
        };
        let is_news = appeared || interface.up != up;
        let resized = !appeared && interface.mtu != link.mtu;
        let unchanged = !is_news
            && !resized
            && interface.mac == link.mac
            && interface.noarp == link.noarp
            && interface.facts.multicast == link.multicast;
        interface.up = up;
        interface.mtu = link.mtu;
        interface.mac = link.mac;
        interface.noarp = link.noarp;
        interface.facts = LinkFacts {
            admin_up: link.up,
            running: link.running,
            loopback: link.loopback,
            multicast: link.multicast,
            link_type: link.link_type,
        };
        if appeared {
            interface.index = Some(link.index);
            if old_index.is_some() {
                interface.addresses.clear();
            }
            if let Some(old) = old_index {
                self.by_index.remove(&old);
            }
            self.by_index.insert(link.index, id);
        }
        let change = (!unchanged).then_some(LinkChange {
            id,
            old_index,
            renamed: false,
            appeared,
            is_news,
            resized,
        });
        [renamed, change]
    }

    /// Takes in that the link with `index` is gone.
    pub(crate) fn link_removed(&mut self, index: u32) -> Option<LinkChange> {
        let id = self.by_index.get(&index).copied()?;
        self.detach(id)
    }

    fn detach(&mut self, id: InterfaceId) -> Option<LinkChange> {
        let interface = &mut self.list[id.0 as usize];
        let old_index = interface.index.take()?;
        (interface.up, interface.carrier) = (false, false);
        if let Some(debounce) = &mut interface.debounce {
            debounce.forget();
        }
        interface.facts = LinkFacts::default();
        interface.addresses.clear();
        self.by_index.remove(&old_index);
        if !interface.named {
            let name = Arc::clone(&interface.name);
            self.by_name.remove(&name);
            self.free.push(id);
            return None;
        }
        Some(LinkChange {
            id,
            old_index: Some(old_index),
            renamed: false,
            appeared: false,
            is_news: true,
            resized: false,
        })
    }

    /// Starts comparing with a dump.
    pub(crate) fn begin_dump(&mut self) {
        self.epoch += 1;
    }

    /// Ends the comparison: what the dump did not hold is gone. Tells which
    /// interfaces lost their link, and which lost addresses.
    pub(crate) fn end_dump(&mut self) -> (Vec<LinkChange>, Vec<InterfaceId>) {
        let mut vanished = Vec::new();
        let mut readdressed = Vec::new();
        for id in self.ids() {
            let epoch = self.epoch;
            let interface = &mut self.list[id.0 as usize];
            if interface.seen != epoch && interface.index.is_some() {
                vanished.extend(self.detach(id));
                continue;
            }
            let before = interface.addresses.len();
            interface.addresses.retain(|known| known.seen == epoch);
            if interface.addresses.len() != before {
                readdressed.push(id);
            }
        }
        (vanished, readdressed)
    }
}

#[cfg(test)]
mod tests;
