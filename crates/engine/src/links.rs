//! What the kernel says of links and addresses, passed on to the routers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::{Address, Errno, Event, MonitorProgress, ResyncProgress};
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
/// Time for routers to follow their interfaces in one step.
const FOLLOW_BUDGET: Duration = Duration::from_micros(300);
/// A group that could not be joined is tried again after this long.
const JOIN_RETRY: Duration = Duration::from_secs(1);

/// Routers that have yet to learn how their interfaces are now.
#[derive(Debug, Default)]
pub(crate) struct Following {
    waiting: VecDeque<InterfaceId>,
    /// The one whose turn it is, and its routers that are left, the next one last.
    interface: Option<InterfaceId>,
    routers: Vec<InstanceId>,
}

impl Following {
    pub(crate) fn has_work(&self) -> bool {
        self.interface.is_some() || !self.waiting.is_empty()
    }
}

impl EngineThread {
    /// Starts the router of `id` with its interface as it is now.
    pub(crate) fn start(&mut self, id: InstanceId, now: Instant) {
        self.join(id, now);
        let source = self.source_of(id);
        let up = self.serves(id);
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
    fn join(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let index = self.interfaces.at(instance.interface).index;
        let Some(index) = index.filter(|_| index != instance.joined) else {
            return;
        };
        match self.memberships.join(index, instance.config.group) {
            Ok(()) => instance.joined = Some(index),
            // The kernel may not do the family there yet.
            Err(error) => {
                self.join_again_at = Some(now + JOIN_RETRY);
                let errno = error.errno().map_or(0, |errno| errno.raw_os_error());
                self.tell_unusable(id, errno, error.to_string());
            }
        }
    }

    /// Tries again to join the groups that could not be joined.
    pub(crate) fn join_again(&mut self) {
        self.join_again_at = None;
        let lacking = self.instances.iter().flatten().filter_map(|instance| {
            let index = self.interfaces.at(instance.interface).index;
            (index.is_some() && index != instance.joined).then_some(instance.interface)
        });
        let lacking: Vec<InterfaceId> = lacking.collect();
        for interface in lacking {
            self.touch(interface);
        }
    }

    /// Whether the interface of `id` serves it: it is up, the group is joined, and the
    /// advertisement fits. A router that is deaf or dumb must not become Master.
    pub(crate) fn serves(&mut self, id: InstanceId) -> bool {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return false;
        };
        let interface = self.interfaces.at(instance.interface);
        if !interface.up || instance.joined != interface.index {
            return false;
        }
        let length = instance.packet_len();
        let fits = interface.mtu == 0 || length <= interface.mtu as usize;
        if !fits {
            let reason = format!(
                "an advertisement of {length} octets does not fit the MTU {} of {}",
                interface.mtu, interface.name
            );
            self.tell_unusable(id, Errno::MSGSIZE.raw_os_error(), reason);
        }
        fits
    }

    /// Tells once, until something was sent, why `id` cannot use its interface.
    fn tell_unusable(&mut self, id: InstanceId, errno: i32, message: String) {
        if let Some(instance) = self.instances[id.index()].as_mut()
            && !std::mem::replace(&mut instance.send_failure_told, true)
        {
            self.events.send(EventKind::SendFailed {
                instance: Arc::clone(&instance.config.name),
                errno,
                message,
            });
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
            self.link_changed(&change);
        }
        for id in readdressed {
            self.touch(id);
        }
        for key in self.addresses.end_dump() {
            self.addresses.lost(key, now);
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
                    self.link_changed(&change);
                }
            }
            Event::LinkRemoved { index, .. } => {
                if let Some(change) = self.interfaces.link_removed(index) {
                    self.link_changed(&change);
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

    fn link_changed(&mut self, change: &LinkChange) {
        if let Some(old) = change.old_index {
            self.memberships.forget(old);
            let renamed = Some(old).filter(|_| change.renamed);
            self.addresses.interface_removed(change.id, renamed);
        }
        let interface = self.interfaces.at(change.id);
        if !interface.is_named() {
            return;
        }
        if change.is_news {
            self.events.send(EventKind::LinkChanged {
                interface: Arc::clone(&interface.name),
                up: interface.index.map(|_| interface.up),
            });
        }
        if change.appeared {
            self.addresses.requeue_interface(change.id);
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

    /// The routers of `interface` have yet to learn how it is now.
    pub(crate) fn touch(&mut self, interface: InterfaceId) {
        let state = self.interfaces.at_mut(interface);
        if state.instances.is_empty() {
            return;
        }
        let was_stale = std::mem::replace(&mut state.stale, true);
        let Following {
            waiting,
            interface: current,
            ..
        } = &mut self.following;
        // Of the one whose turn it is some routers have followed what was before.
        let again = *current == Some(interface) && !waiting.contains(&interface);
        if !was_stale || again {
            waiting.push_back(interface);
        }
    }

    /// Brings routers up to date with their interfaces, as many as the step has time for.
    ///
    /// What counts is how the interface is when the turn of a router comes, not what led there.
    pub(crate) fn follow_interfaces(&mut self, now: Instant) {
        let began = Instant::now();
        while let Some(id) = self.next_follower() {
            self.follow(id, now);
            if began.elapsed() > FOLLOW_BUDGET {
                break;
            }
        }
        self.flush_advertisements();
    }

    pub(crate) fn next_follower(&mut self) -> Option<InstanceId> {
        loop {
            if let Some(id) = self.following.routers.pop() {
                return Some(id);
            }
            if let Some(done) = self.following.interface.take() {
                self.interfaces.at_mut(done).stale = self.following.waiting.contains(&done);
            }
            let interface = self.following.waiting.pop_front()?;
            let instances = self.interfaces.at(interface).instances.iter();
            self.following.routers.extend(instances.rev());
            self.following.interface = Some(interface);
        }
    }

    /// Brings the router of `id` up to date with its interface.
    pub(crate) fn follow(&mut self, id: InstanceId, now: Instant) {
        self.join(id, now);
        let serves = self.serves(id);
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.handle_link(serves, now);
        }
        self.pump(id, now);
        self.update_source(id, now);
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
        self.addresses.seen(&key, prefix_len);
        let is_ours = self.addresses.is_ours(&key, prefix_len);
        self.monitor_added(address, is_ours);
        if !is_ours && self.interfaces.address_added(interface, address) {
            self.touch(interface);
        }
    }

    fn address_removed(&mut self, address: &Address, by_us: bool, now: Instant) {
        self.monitor_removed(address);
        let Some(interface) = self.interfaces.by_index(address.key.ifindex) else {
            return;
        };
        let key = AddressKey {
            interface,
            address: address.key.address,
        };
        if self.interfaces.address_removed(interface, address) {
            self.touch(interface);
        }
        self.addresses
            .removed(key, address.key.prefix_len, by_us, now);
    }
}
