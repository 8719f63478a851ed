//! Interfaces that instances track: up or down, as the kernel last said.

use std::collections::{HashMap, VecDeque};

use ka_vrrp::TrackerState;

use crate::config::{TrackerId, TrackerSource};
use crate::interfaces::InterfaceId;
use crate::plan::Plan;
use crate::thread::EngineThread;

/// Which interfaces are tracked, and which of them have news.
///
/// What counts is how an interface is when its turn comes, not what led there: so there is at most one
/// entry for each tracker, however often an interface goes up and down.
#[derive(Debug, Default)]
pub(super) struct FollowedInterfaces {
    trackers: HashMap<InterfaceId, Vec<TrackerId>>,
    waiting: VecDeque<TrackerId>,
    /// Of those that wait, how they are now.
    states: HashMap<TrackerId, TrackerState>,
}

impl FollowedInterfaces {
    pub(super) fn has_news(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next one that may have changed, and how it is now.
    pub(super) fn next(&mut self) -> Option<(TrackerId, TrackerState)> {
        let id = self.waiting.pop_front()?;
        Some((id, self.states.remove(&id)?))
    }

    pub(super) fn note(&mut self, interface: InterfaceId, state: TrackerState) {
        for id in self.trackers.get(&interface).into_iter().flatten() {
            if self.states.insert(*id, state).is_none() {
                self.waiting.push_back(*id);
            }
        }
    }
}

impl EngineThread {
    /// Looks how the interfaces are that `plan` tracks, and follows them from now on.
    pub(crate) fn follow_tracked_interfaces(&mut self, plan: &mut Plan) {
        let mut followed = FollowedInterfaces::default();
        for (id, tracker) in &mut plan.trackers {
            let TrackerSource::Interface { name } = &tracker.config.source else {
                continue;
            };
            let interface = self.interfaces.intern(name);
            tracker.state = self.interface_state(interface);
            tracker.is_known = true;
            followed.trackers.entry(interface).or_default().push(*id);
        }
        self.trackers.followed = followed;
    }

    /// Whoever tracks `interface` has yet to learn how it is now.
    pub(crate) fn interface_tracked(&mut self, interface: InterfaceId) {
        let state = self.interface_state(interface);
        self.trackers.followed.note(interface, state);
    }

    fn interface_state(&self, interface: InterfaceId) -> TrackerState {
        match self.interfaces.at(interface).up {
            true => TrackerState::Up,
            false => TrackerState::Down,
        }
    }
}
