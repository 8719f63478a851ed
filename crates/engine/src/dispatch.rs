//! To which instance a received packet goes.

use std::collections::HashMap;
use std::net::IpAddr;

use ka_vrrp::ReceivedPacket;

use crate::instance::InstanceId;
use crate::thread::EngineThread;

/// Instances with unicast peers, by their VRID and the address that they send from: what a peer sends
/// comes there. Several may share both, and then have different peers or interfaces.
#[derive(Debug, Default)]
pub(crate) struct UnicastReceivers(HashMap<(u8, IpAddr), Vec<InstanceId>>);

impl UnicastReceivers {
    fn insert(&mut self, vrid: u8, source: IpAddr, id: InstanceId) {
        self.0.entry((vrid, source)).or_default().push(id);
    }

    fn remove(&mut self, vrid: u8, source: IpAddr, id: InstanceId) {
        if let Some(ids) = self.0.get_mut(&(vrid, source)) {
            ids.retain(|&other| other != id);
            if ids.is_empty() {
                self.0.remove(&(vrid, source));
            }
        }
    }

    fn at(&self, vrid: u8, source: IpAddr) -> &[InstanceId] {
        self.0.get(&(vrid, source)).map_or(&[], Vec::as_slice)
    }
}

impl EngineThread {
    /// The instance that a packet for `vrid` concerns which arrived on the interface with `ifindex`.
    ///
    /// One to a group never concerns an instance with peers, nor one to a host an instance without, as
    /// in keepalived, whose sockets do not even see it.
    pub(crate) fn receiver_of(
        &self,
        vrid: u8,
        packet: &ReceivedPacket<'_>,
        ifindex: u32,
    ) -> Option<InstanceId> {
        let interface = self.interfaces.by_index(ifindex)?;
        if packet.destination.is_multicast() {
            return self
                .interfaces
                .at(interface)
                .router(vrid, packet.destination);
        }
        // With an interface of its own an instance hears what arrives there, without one everything.
        let hears = |instance: &crate::instance::Instance| {
            instance.interface == interface || instance.config.interface.is_none()
        };
        let known = |id: &&InstanceId| self.instances[id.index()].as_deref().is_some_and(hears);
        let at_source = self.unicast_receivers.at(vrid, packet.destination);
        let mut candidates = at_source.iter().filter(known);
        let first = *candidates.next()?;
        if candidates.next().is_none() {
            // From a stranger too: its checks decide.
            return Some(first);
        }
        let has_peer = |id: &&InstanceId| {
            let instance = self.instances[id.index()].as_deref();
            instance.is_some_and(|instance| instance.peers.contains(&packet.source))
        };
        at_source.iter().filter(known).find(has_peer).copied()
    }

    /// From now on `id` follows its interface and its source, and is found by what is sent to its group.
    pub(crate) fn enlist(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let interface = self.interfaces.at_mut(instance.interface);
        interface.instances.push(id);
        if !instance.is_unicast() {
            let key = (instance.config.router.vrid, instance.config.group);
            interface.routers.insert(key, id);
        }
        let watched = (None, instance.config.watched_source());
        self.host_addresses.rewatch(watched, instance.interface);
    }

    /// From now on nothing is sent to `id`.
    pub(crate) fn delist(&mut self, id: InstanceId) {
        self.set_source(id, None);
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let interface = self.interfaces.at_mut(instance.interface);
        interface.instances.retain(|&other| other != id);
        if !instance.is_unicast() {
            let key = (instance.config.router.vrid, instance.config.group);
            interface.routers.remove(&key);
        }
        let watched = (instance.config.watched_source(), None);
        self.host_addresses.rewatch(watched, instance.interface);
    }

    /// From now on `id` sends from `source`, and is sent to there if it has peers.
    pub(crate) fn set_source(&mut self, id: InstanceId, source: Option<IpAddr>) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.set_source(source);
        let listens_at = source.filter(|_| instance.is_unicast());
        let before = std::mem::replace(&mut instance.listens_at, listens_at);
        if before == listens_at {
            return;
        }
        let vrid = instance.config.router.vrid;
        if let Some(before) = before {
            self.unicast_receivers.remove(vrid, before, id);
        }
        if let Some(now) = listens_at {
            self.unicast_receivers.insert(vrid, now, id);
        }
    }
}
