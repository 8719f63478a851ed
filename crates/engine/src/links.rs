//! What the kernel says of links and addresses, passed on to the routers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::{Address, Event, MonitorProgress, ResyncProgress};
use ka_wire::Family;

use crate::addresses::AddressKey;
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::interfaces::{InterfaceId, LinkChange};
use crate::thread::EngineThread;

/// Age of a step from which on nothing more of the kernel is read in it.
const READ_BUDGET: Duration = Duration::from_micros(500);
/// A dump that failed, or that changes of the tables interrupted, is tried again after this long.
const RESYNC_RETRY: Duration = Duration::from_millis(200);

impl EngineThread {
    /// Starts the router of `id` with its interface as it is now.
    pub(crate) fn start(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let source = self.source_of(id);
        let up = self.interfaces.at(instance.interface).up;
        let hold_until = self.hold_until.filter(|&at| at > now);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.set_source(source);
        instance.router.start(up, source, hold_until, now);
        self.pump(id, now);
    }

    /// Tells an instance when the start-up delay ends now.
    pub(crate) fn update_hold(&mut self, id: InstanceId, now: Instant) {
        let hold_until = self.hold_until;
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.set_hold(hold_until, now);
            self.pump(id, now);
        }
    }

    fn source_of(&self, id: InstanceId) -> Option<std::net::IpAddr> {
        let instance = self.instances[id.index()].as_ref()?;
        let family: Family = instance.config.router.family;
        instance
            .config
            .source
            .or_else(|| self.interfaces.at(instance.interface).source(family))
    }

    /// Joins the group of `id` on its interface, if that exists and it has not yet.
    pub(crate) fn join(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let index = self.interfaces.at(instance.interface).index;
        let Some(index) = index.filter(|_| index != instance.joined) else {
            return;
        };
        match self.memberships.join(index, instance.config.group) {
            Ok(()) => instance.joined = Some(index),
            // The kernel may not do the family there yet: tried again when the link changes.
            Err(error) => self.events.send(EventKind::SendFailed {
                instance: Arc::clone(&instance.config.name),
                errno: error.errno().map_or(0, |errno| errno.raw_os_error()),
                message: error.to_string(),
            }),
        }
    }

    /// Tells the router of `id` its present source address.
    pub(crate) fn update_source(&mut self, id: InstanceId, now: Instant) {
        let source = self.source_of(id);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        if instance.source() == source {
            return;
        }
        instance.router.handle_source(source, now);
        self.pump(id, now);
        // A resignation still leaves from the address that was lost.
        self.flush_advertisements();
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.set_source(source);
        }
    }

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
        self.addresses.begin_dump();
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
            self.link_changed(&change, now);
        }
        for id in readdressed {
            self.update_sources(id, now);
        }
        for key in self.addresses.end_dump() {
            self.addresses.lost(key, now);
        }
    }

    fn handle_event(&mut self, event: Event, now: Instant) {
        match event {
            Event::LinkChanged(link) => {
                for change in self.interfaces.link_changed(&link).into_iter().flatten() {
                    self.link_changed(&change, now);
                }
            }
            Event::LinkRemoved { index, .. } => {
                if let Some(change) = self.interfaces.link_removed(index) {
                    self.link_changed(&change, now);
                }
            }
            Event::AddressAdded(address) => self.address_added(&address, now),
            Event::AddressRemoved(address) => self.address_removed(&address, now),
        }
    }

    fn link_changed(&mut self, change: &LinkChange, now: Instant) {
        if let Some(old) = change.old_index {
            self.memberships.forget(old);
            self.addresses.interface_removed(change.id);
        }
        let interface = self.interfaces.at(change.id);
        if !interface.is_named() {
            return;
        }
        let up = interface.up;
        let exists = interface.index.is_some();
        if change.is_news {
            self.events.send(EventKind::LinkChanged {
                interface: Arc::clone(&interface.name),
                up: exists.then_some(up),
            });
        }
        let instances = interface.instances.clone();
        if change.appeared {
            self.addresses.requeue_interface(change.id);
        }
        for id in instances {
            if let Some(instance) = self.instances[id.index()].as_mut() {
                if change.old_index.is_some() {
                    instance.joined = None;
                }
                instance.router.handle_link(up, now);
            }
            self.join(id);
            self.pump(id, now);
            self.update_source(id, now);
        }
        self.flush_advertisements();
    }

    fn update_sources(&mut self, interface: InterfaceId, now: Instant) {
        for id in self.interfaces.at(interface).instances.clone() {
            self.update_source(id, now);
        }
    }

    /// Takes in an address that the kernel says is there.
    pub(crate) fn address_added(&mut self, address: &Address, now: Instant) {
        let Some(interface) = self.interfaces.by_index(address.key.ifindex) else {
            return;
        };
        let key = AddressKey {
            interface,
            address: address.key.address,
        };
        let prefix_len = address.key.prefix_len;
        self.addresses.seen(&key, prefix_len);
        if !self.addresses.is_ours(&key, prefix_len)
            && self.interfaces.address_added(interface, address)
        {
            self.update_sources(interface, now);
        }
    }

    fn address_removed(&mut self, address: &Address, now: Instant) {
        let Some(interface) = self.interfaces.by_index(address.key.ifindex) else {
            return;
        };
        let key = AddressKey {
            interface,
            address: address.key.address,
        };
        if self.interfaces.address_removed(interface, address) {
            self.update_sources(interface, now);
        }
        self.addresses.removed(key, address.key.prefix_len, now);
    }
}
