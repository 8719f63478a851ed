//! What is particular to routes: the kernel takes them away with an address or an interface, and
//! does not always say so.

use std::collections::HashMap;
use std::sync::Arc;

use ka_netlink::{RouteKey, RouteSlot};

use super::{ObjectKey, ObjectTable, Presence};
use crate::interfaces::InterfaceId;

/// The routes among the objects.
#[derive(Debug, Default)]
pub(super) struct Routing {
    by_slot: HashMap<RouteSlot, Vec<Arc<RouteKey<InterfaceId>>>>,
    /// Interfaces whose routes are to be looked at again, once nothing else waits.
    doubts: HashMap<InterfaceId, Doubt>,
    /// Everything that is no address is.
    all_in_doubt: bool,
}

/// Which routes of an interface are to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    /// Those that were refused, as there is an address more now.
    Missing,
    /// All: the kernel may have taken any of them away.
    All,
}

impl Routing {
    pub(super) fn added(&mut self, key: &ObjectKey) {
        if let ObjectKey::Route(key) = key {
            let routes = self.by_slot.entry(key.slot).or_default();
            routes.push(Arc::clone(key));
        }
    }

    pub(super) fn removed(&mut self, key: &ObjectKey) {
        if let ObjectKey::Route(key) = key
            && let Some(routes) = self.by_slot.get_mut(&key.slot)
        {
            routes.retain(|route| route != key);
            if routes.is_empty() {
                self.by_slot.remove(&key.slot);
            }
        }
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.all_in_doubt || !self.doubts.is_empty()
    }
}

impl ObjectTable {
    /// Routes that take the same place in the kernel's tables.
    pub(crate) fn routes_at(&self, slot: &RouteSlot) -> &[Arc<RouteKey<InterfaceId>>] {
        self.routing.by_slot.get(slot).map_or(&[], Vec::as_slice)
    }

    /// The routes of `interface`, and those that name none, are looked at again.
    pub(crate) fn doubt_routes(&mut self, interface: InterfaceId, doubt: Doubt) {
        if !self.routing.by_slot.is_empty() {
            let known = self.routing.doubts.entry(interface).or_insert(doubt);
            *known = doubt.max(*known);
        }
    }

    /// All routes and rules are looked at again: messages about them were lost.
    pub(crate) fn doubt_routing(&mut self) {
        self.routing.all_in_doubt = true;
    }

    /// Queues what is in doubt once nothing else waits. The kernel's answer to another addition tells
    /// whether it is there.
    pub(crate) fn look_again(&mut self) {
        if !self.queue.is_empty() || !self.routing.is_in_doubt() {
            return;
        }
        let all = std::mem::take(&mut self.routing.all_in_doubt);
        let doubts = std::mem::take(&mut self.routing.doubts);
        let mut keys = Vec::new();
        for (key, entry) in &mut self.entries {
            let doubt = match key {
                ObjectKey::Address(_) => continue,
                _ if all => Doubt::All,
                ObjectKey::Rule(_) => continue,
                ObjectKey::Route(route) => {
                    let named = route.interfaces().filter_map(|id| doubts.get(id)).max();
                    let any = route.interfaces().next().is_none();
                    match named.or_else(|| doubts.values().max().filter(|_| any)) {
                        Some(doubt) => *doubt,
                        None => continue,
                    }
                }
            };
            if entry.holders.is_empty() {
                continue;
            }
            if doubt == Doubt::All {
                entry.presence = match entry.presence {
                    Presence::Ours => Presence::Doubtful,
                    Presence::Foreign => Presence::Absent,
                    other => other,
                };
                // Nobody else took it from us; where somebody did, a message says so.
                entry.lost_by_us = !all;
            }
            if !entry.presence.is_there() {
                keys.push(key.clone());
            }
        }
        for key in &keys {
            self.enqueue(key);
        }
    }
}
