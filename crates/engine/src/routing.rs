//! Routes and rules that the kernel says somebody else removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_netlink::{MonitorProgress, Removal, Route, Rule};

use crate::objects::{Object, ObjectKey};
use crate::thread::EngineThread;

/// Age of a step from which on nothing more of these is read in it.
const READ_BUDGET: Duration = Duration::from_micros(300);

impl EngineThread {
    /// Reads what others removed.
    pub(crate) fn read_removals(&mut self, now: Instant) {
        let mut removals = Vec::new();
        while now.elapsed() < READ_BUDGET {
            let progress = self.removals.read(&mut |removal| removals.push(removal));
            for removal in removals.drain(..) {
                match removal {
                    Removal::Route(route) => self.route_removed(&route, now),
                    Removal::Rule(rule) => self.rule_removed(&rule, now),
                }
            }
            match progress {
                Ok(MonitorProgress::More) => {}
                Ok(MonitorProgress::Drained) => return,
                // The kernel is asked for each of ours: others may have a million.
                Ok(MonitorProgress::Overrun) | Err(_) => {
                    self.objects.doubt_routing();
                    return;
                }
            }
        }
    }

    fn route_removed(&mut self, route: &Route, now: Instant) {
        let routes = self.objects.routes_at(&route.slot()).iter();
        let same = routes.filter(|key| {
            key.with_interfaces(|&id| self.interfaces.at(id).index)
                .is_some_and(|key| key.covers(route))
        });
        let same: Vec<ObjectKey> = same.map(|key| ObjectKey::Route(Arc::clone(key))).collect();
        for key in &same {
            self.objects.went(key, false, now);
        }
    }

    fn rule_removed(&mut self, rule: &Rule, now: Instant) {
        let key = ObjectKey::rule(rule);
        let is_held = self.objects.get(&key).is_some_and(|entry| {
            matches!(entry.held(), Object::Rule(held) if held.rule.protocol == rule.protocol)
        });
        if is_held {
            self.objects.went(&key, false, now);
        }
    }
}
