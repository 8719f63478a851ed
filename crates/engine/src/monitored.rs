//! Addresses of the host that are not ours, told as they come and go.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ka_netlink::Address;

use crate::event::EventKind;
use crate::thread::EngineThread;

/// An address that is there: index of the interface, address, prefix length.
type Key = (u32, IpAddr, u8);

/// What was told. The kernel says of an address that it is there whenever anything about it changes.
#[derive(Debug, Default)]
pub(crate) struct Monitored {
    /// With the dump, or the time since it, in which the address was last seen.
    known: HashMap<Key, u64>,
    dump: u64,
}

impl Monitored {
    /// Whether the address is news.
    fn added(&mut self, key: Key) -> bool {
        self.known.insert(key, self.dump).is_none()
    }

    /// Whether the address had been told of.
    fn removed(&mut self, key: Key) -> bool {
        self.known.remove(&key).is_some()
    }

    /// Everything that is there is about to be seen anew.
    pub(crate) fn begin_dump(&mut self) {
        self.dump += 1;
    }

    /// Takes out what the dump did not show.
    fn end_dump(&mut self) -> Vec<Key> {
        let dump = self.dump;
        let gone = self.known.extract_if(|_, seen| *seen < dump);
        gone.map(|(key, _)| key).collect()
    }
}

impl EngineThread {
    /// Tells of an address that is there, if that is asked for and it is not ours.
    pub(crate) fn monitor_added(&mut self, address: &Address, is_ours: bool) {
        let key = monitored(address);
        if let Some(monitored) = &mut self.monitored
            && !is_ours
            && monitored.added(key)
        {
            self.tell_address(key, true);
        }
    }

    /// Tells of an address that is gone, if it was told that it is there.
    pub(crate) fn monitor_removed(&mut self, address: &Address) {
        let key = monitored(address);
        if let Some(monitored) = &mut self.monitored
            && monitored.removed(key)
        {
            self.tell_address(key, false);
        }
    }

    /// Tells of the addresses that vanished while nobody listened.
    pub(crate) fn monitor_dumped(&mut self) {
        let gone = self.monitored.as_mut().map(Monitored::end_dump);
        for key in gone.into_iter().flatten() {
            self.tell_address(key, false);
        }
    }

    fn tell_address(&mut self, (index, address, _): Key, added: bool) {
        let interface = self.interfaces.by_index(index).map_or_else(
            || Arc::from(format!("interface {index}")),
            |id| Arc::clone(&self.interfaces.at(id).name),
        );
        self.events.send(EventKind::AddressChanged {
            interface,
            address,
            added,
        });
    }
}

fn monitored(address: &Address) -> Key {
    let key = &address.key;
    (key.ifindex, key.address, key.prefix_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_news_once_and_gone_once() {
        let key = |last| (2, IpAddr::from([192, 0, 2, last]), 24);
        let mut monitored = Monitored::default();
        assert!(monitored.added(key(1)));
        assert!(!monitored.added(key(1)));
        assert!(monitored.added(key(2)));
        assert!(monitored.removed(key(1)));
        assert!(!monitored.removed(key(1)));
        monitored.begin_dump();
        assert!(monitored.added(key(3)));
        assert_eq!(monitored.end_dump(), [key(2)]);
        assert!(!monitored.added(key(3)));
        assert!(monitored.end_dump().is_empty());
    }
}
