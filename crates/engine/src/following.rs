//! Routers follow their interfaces: whether these are up, their groups joined, and where packets can come from.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::Errno;
use ka_vrrp::UnusableSource;
use ka_wire::Family;

use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;
use crate::thread::EngineThread;

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
        let unusable = self.unusable_source_of(id);
        let up = self.serves(id);
        let lost = self.lost_source(id);
        let hold_until = self.hold_until.filter(|&at| at > now);
        self.set_source(id, source);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.router.handle_source_lost(lost, now);
        instance.router.set_unusable_source(unusable);
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

    /// Whether `id` depends on an address that this host does not have.
    fn lost_source(&self, id: InstanceId) -> bool {
        let instance = self.instances[id.index()].as_ref();
        let watched = instance.and_then(|instance| instance.config.watched_source());
        watched.is_some_and(|source| !self.host_addresses.has(source))
    }

    /// An address of the interface of `id` that could be its source, but cannot be used.
    fn unusable_source_of(&self, id: InstanceId) -> Option<UnusableSource> {
        let instance = self.instances[id.index()].as_ref()?;
        let family: Family = instance.config.router.family;
        self.interfaces
            .at(instance.interface)
            .unusable_source(family)
    }

    /// Joins the group of `id` on its interface, if that exists and it has not yet.
    fn join(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let index = self.interfaces.at(instance.interface).index;
        let lacks = !instance.is_unicast() && index != instance.joined;
        let Some(index) = index.filter(|_| lacks) else {
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
            let lacks = index.is_some() && index != instance.joined;
            (lacks && !instance.is_unicast()).then_some(instance.interface)
        });
        let lacking: Vec<InterfaceId> = lacking.collect();
        for interface in lacking {
            self.touch(interface);
        }
    }

    /// Whether the interface of `id` serves it: it is up; unless it sends to peers, the group is joined
    /// there, and multicast carried; and the advertisement fits. A router that is deaf or dumb must not become Master.
    pub(crate) fn serves(&mut self, id: InstanceId) -> bool {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return false;
        };
        let interface = self.interfaces.at(instance.interface);
        let joined = instance.is_unicast() || instance.joined == interface.index;
        if !interface.up || !joined {
            return false;
        }
        if !instance.is_unicast() && !interface.facts.multicast {
            let reason = format!("{} carries no multicast", interface.name);
            self.tell_unusable(id, Errno::OPNOTSUPP.raw_os_error(), reason);
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
        let unusable = self.unusable_source_of(id);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.router.set_unusable_source(unusable);
        if instance.source() == source {
            return;
        }
        instance.router.handle_source(source, now);
        self.pump(id, now);
        // A resignation still leaves from the address that was lost.
        self.flush_advertisements();
        self.set_source(id, source);
    }

    /// The instances that depend on `address` have yet to learn whether this host has it.
    pub(crate) fn touch_source(&mut self, address: std::net::IpAddr) {
        for interface in self.host_addresses.watchers(address) {
            self.touch(interface);
        }
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
        let lost = self.lost_source(id);
        self.catch_up(id, now);
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.handle_link(serves, now);
            instance.router.handle_source_lost(lost, now);
        }
        self.pump(id, now);
        self.update_source(id, now);
    }
}
