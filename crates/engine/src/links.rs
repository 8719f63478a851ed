//! What the kernel says of links and addresses, passed on to the routers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::{Address, Event, MonitorProgress, ResyncProgress};

use crate::event::EventKind;
use crate::interfaces::{InterfaceId, LinkChange};
use crate::objects::{AddressKey, Doubt};
use crate::thread::EngineThread;

/// Age of a step from which on nothing more of the kernel is read in it.
const READ_BUDGET: Duration = Duration::from_micros(500);
/// A dump that failed, or that changes of the tables interrupted, is tried again after this long.
const RESYNC_RETRY: Duration = Duration::from_millis(200);

impl EngineThread {
    /// Reads what the kernel reports, or the dump that runs after an overrun.
    ///
    /// Not both: the kernel prepares parts of a dump ahead, so that an older part could bring
    /// back what a newer message removed. Messages that wait until the dump is over have the last word.
    pub(crate) fn read_kernel(&mut self, now: Instant) {
        if self.resyncing {
            self.continue_resync(now);
        } else {
            self.read_monitor(now);
        }
    }

    fn read_monitor(&mut self, now: Instant) {
        let mut events = Vec::new();
        let mut lost = false;
        while !lost && now.elapsed() < READ_BUDGET {
            match self.monitor.read(&mut |event| events.push(event)) {
                Ok(MonitorProgress::More) => {}
                Ok(MonitorProgress::Drained) => break,
                // After an error too: only a dump tells what was missed.
                Ok(MonitorProgress::Overrun) | Err(_) => lost = true,
            }
            for event in events.drain(..) {
                self.handle_event(event, now);
            }
        }
        // What was read before the loss is older than the dump.
        if lost {
            self.start_resync(now);
        }
    }

    /// Starts to read all links and addresses anew.
    pub(crate) fn start_resync(&mut self, now: Instant) {
        self.status.resynchronisations += 1;
        self.interfaces.begin_dump();
        self.host_addresses.begin_dump();
        self.all_addresses.begin_dump();
        self.objects.begin_dump();
        if let Some(monitored) = &mut self.monitored {
            monitored.begin_dump();
        }
        self.resyncing = self.resync.start().is_ok();
        self.resync_at = (!self.resyncing).then_some(now + RESYNC_RETRY);
    }

    fn continue_resync(&mut self, now: Instant) {
        let mut events = Vec::new();
        while now.elapsed() < READ_BUDGET {
            let progress = self.resync.read(&mut |event| events.push(event));
            for event in events.drain(..) {
                self.handle_event(event, now);
            }
            match progress {
                Ok(ResyncProgress::More) => {}
                Ok(ResyncProgress::Waiting) => return,
                Ok(ResyncProgress::Done) => {
                    self.resyncing = false;
                    self.end_resync(now);
                    return;
                }
                // Tables that never stand still, or an error that stays, must not keep the thread
                // busy. Meanwhile the messages have their say.
                Ok(ResyncProgress::Interrupted) | Err(_) => {
                    self.resyncing = false;
                    self.resync_at = Some(now + RESYNC_RETRY);
                    return;
                }
            }
        }
    }

    fn end_resync(&mut self, now: Instant) {
        let (vanished, readdressed) = self.interfaces.end_dump();
        for change in vanished {
            self.link_changed(&change, None);
        }
        for id in readdressed {
            self.touch(id);
        }
        for address in self.host_addresses.end_dump() {
            self.touch_source(address);
        }
        for address in self.all_addresses.end_dump() {
            self.address_tracked(address);
        }
        // The kernel may have taken some away with what is told of only now.
        self.objects.doubt_routing();
        for key in self.objects.end_dump() {
            self.objects.lost(&key, now);
        }
        self.monitor_dumped();
    }

    fn handle_event(&mut self, event: Event, now: Instant) {
        match event {
            Event::LinkChanged(link) => {
                if let Some(id) = self.interfaces.renamed_by(&link) {
                    self.leave(id, now);
                }
                for change in self.interfaces.link_changed(&link).into_iter().flatten() {
                    let name = change.renamed.then(|| Arc::from(link.name.as_str()));
                    self.link_changed(&change, name);
                }
            }
            Event::LinkRemoved { index, .. } => {
                for address in self.host_addresses.link_removed(index) {
                    self.touch_source(address);
                }
                for address in self.all_addresses.link_removed(index) {
                    self.address_tracked(address);
                }
                if let Some(change) = self.interfaces.link_removed(index) {
                    self.link_changed(&change, None);
                }
            }
            Event::AddressAdded(address) => self.address_added(&address),
            Event::AddressRemoved { address, requester } => {
                self.address_removed(&address, requester == self.route_port, now);
            }
        }
    }

    /// Resigns on an interface while it can still be spoken on: it is about to be called otherwise,
    /// which for its routers is as if it were gone.
    fn leave(&mut self, interface: InterfaceId, now: Instant) {
        for id in self.interfaces.at(interface).instances.clone() {
            if let Some(instance) = self.instances[id.index()].as_mut() {
                instance.router.handle_link(false, now);
            }
            self.pump(id, now);
        }
        self.flush_advertisements();
    }

    fn link_changed(&mut self, change: &LinkChange, renamed_to: Option<Arc<str>>) {
        if let Some(old) = change.old_index {
            self.memberships.forget(old);
            let interfaces = &self.interfaces;
            self.objects
                .interface_removed(change.id, old, change.renamed, |id| interfaces.at(id).index);
        }
        // With the link the kernel takes routes away, of IPv4 without a word.
        self.objects.doubt_routes(change.id, Doubt::All);
        let interface = self.interfaces.at(change.id);
        if !interface.is_named() {
            return;
        }
        if change.is_news {
            self.events.send(EventKind::LinkChanged {
                interface: Arc::clone(&interface.name),
                up: interface.index.map(|_| interface.up),
                appeared: change.appeared,
                renamed_to,
            });
            self.interface_tracked(change.id);
        }
        let interface = self.interfaces.at(change.id);
        if change.appeared {
            self.promote_again(change.id);
            self.objects.requeue_interface(change.id);
        }
        if change.resized
            && let Some(index) = interface.index
        {
            self.memberships.forget(index);
        }
        if change.old_index.is_some() || change.resized {
            for id in &interface.instances {
                if let Some(instance) = self.instances[id.index()].as_mut() {
                    instance.joined = None;
                }
            }
        }
        self.touch(change.id);
    }

    /// Takes in an address that the kernel says is there.
    pub(crate) fn address_added(&mut self, address: &Address) {
        let Some(interface) = self.interfaces.by_index(address.key.ifindex) else {
            return;
        };
        let key = AddressKey {
            interface,
            address: address.key.address,
        };
        let prefix_len = address.key.prefix_len;
        self.objects.seen(&key, prefix_len);
        if self.all_addresses.added(address) {
            self.address_tracked(key.address);
        }
        self.monitor_added(address, self.objects.is_ours(&key, prefix_len));
        self.note_duplicate(key, address);
        let is_virtual = self.is_virtual(&key, prefix_len);
        if !is_virtual && self.host_addresses.added(address) {
            self.touch_source(address.key.address);
        }
        if !is_virtual && self.interfaces.address_added(interface, address) {
            self.touch(interface);
        }
    }

    fn address_removed(&mut self, address: &Address, by_us: bool, now: Instant) {
        self.monitor_removed(address);
        if self.all_addresses.removed(address) {
            self.address_tracked(address.key.address);
        }
        if self.host_addresses.removed(address) {
            self.touch_source(address.key.address);
        }
        let Some(interface) = self.interfaces.by_index(address.key.ifindex) else {
            return;
        };
        let key = AddressKey {
            interface,
            address: address.key.address,
        };
        self.duplicates.remove(&key);
        if self.interfaces.address_removed(interface, address) {
            self.touch(interface);
        }
        self.objects
            .removed(key, address.key.prefix_len, by_us, now);
        // With the last address of an interface, and with the source of a route, routes go.
        self.objects.doubt_routes(interface, Doubt::All);
    }
}
