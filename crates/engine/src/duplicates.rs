//! IPv6 addresses that another host has: the kernel found out when it added them, and does not use them.

use std::net::IpAddr;
use std::sync::Arc;

use ka_netlink::{Address, AddressFlags};

use crate::event::EventKind;
use crate::objects::AddressKey;
use crate::thread::EngineThread;

impl EngineThread {
    /// Tells, once, that `address` is a duplicate, where it is one of ours or advertisements could come from it.
    pub(crate) fn note_duplicate(&mut self, key: AddressKey, address: &Address) {
        if !address.flags.contains(AddressFlags::DADFAILED) {
            // It was added again, or somebody changed it.
            self.duplicates.remove(&key);
            return;
        }
        let interface = self.interfaces.at(key.interface);
        let is_source = match key.address {
            IpAddr::V4(_) => false,
            IpAddr::V6(address) => {
                address.is_unicast_link_local() && !interface.instances.is_empty()
            }
        };
        let entry = self.objects.address(&key);
        if (entry.is_none() && !is_source) || !self.duplicates.insert(key) {
            return;
        }
        let instance = entry
            .and_then(|entry| entry.instances().next())
            .and_then(|id| self.instances[id.index()].as_ref())
            .map_or_else(
                || Arc::from(""),
                |instance| Arc::clone(&instance.config.name),
            );
        self.events.send(EventKind::AddressDuplicate {
            instance,
            interface: Arc::clone(&interface.name),
            address: key.address,
        });
    }
}
