//! Interfaces and addresses that are tracked: up or down, as the kernel last said.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use ka_vrrp::TrackerState;

use crate::config::{TrackerId, TrackerSource};
use crate::interfaces::InterfaceId;
use crate::plan::Plan;
use crate::thread::EngineThread;

/// Which interfaces and addresses are tracked, and which of them have news.
#[derive(Debug, Default)]
pub(super) struct Followed {
    interfaces: HashMap<InterfaceId, Vec<TrackerId>>,
    addresses: HashMap<IpAddr, Vec<TrackerId>>,
    news: News,
}

/// What counts is how one is when its turn comes, not what led there: so there is at most one
/// entry for each tracker, however often an interface goes up and down.
#[derive(Debug, Default)]
struct News {
    waiting: VecDeque<TrackerId>,
    /// Of those that wait, how they are now.
    states: HashMap<TrackerId, TrackerState>,
}

impl Followed {
    pub(super) fn has_news(&self) -> bool {
        !self.news.waiting.is_empty()
    }

    /// The next one that may have changed, and how it is now.
    pub(super) fn next(&mut self) -> Option<(TrackerId, TrackerState)> {
        let id = self.news.waiting.pop_front()?;
        Some((id, self.news.states.remove(&id)?))
    }

    fn note_interface(&mut self, interface: InterfaceId, state: TrackerState) {
        self.news.add(self.interfaces.get(&interface), state);
    }

    fn note_address(&mut self, address: IpAddr, state: TrackerState) {
        self.news.add(self.addresses.get(&address), state);
    }
}

impl News {
    fn add(&mut self, trackers: Option<&Vec<TrackerId>>, state: TrackerState) {
        for id in trackers.into_iter().flatten() {
            if self.states.insert(*id, state).is_none() {
                self.waiting.push_back(*id);
            }
        }
    }
}

impl EngineThread {
    /// Looks how the interfaces and addresses are that `plan` tracks, and follows them from now on.
    pub(crate) fn follow_tracked(&mut self, plan: &mut Plan) {
        let mut followed = Followed::default();
        for (id, tracker) in &mut plan.trackers {
            match &tracker.config.source {
                TrackerSource::Interface { name } => {
                    let interface = self.interfaces.intern(name);
                    tracker.state = self.interface_state(interface);
                    followed.interfaces.entry(interface).or_default().push(*id);
                }
                TrackerSource::Address { address } => {
                    tracker.state = self.address_state(*address);
                    followed.addresses.entry(*address).or_default().push(*id);
                }
                _ => continue,
            }
            tracker.is_known = true;
        }
        self.trackers.followed = followed;
    }

    /// Whoever tracks `interface` has yet to learn how it is now.
    pub(crate) fn interface_tracked(&mut self, interface: InterfaceId) {
        let state = self.interface_state(interface);
        self.trackers.followed.note_interface(interface, state);
    }

    /// Whoever tracks `address` has yet to learn whether it is there now.
    pub(crate) fn address_tracked(&mut self, address: IpAddr) {
        let state = self.address_state(address);
        self.trackers.followed.note_address(address, state);
    }

    fn interface_state(&self, interface: InterfaceId) -> TrackerState {
        up_if(self.interfaces.at(interface).up)
    }

    fn address_state(&self, address: IpAddr) -> TrackerState {
        up_if(self.all_addresses.has(address))
    }
}

const fn up_if(is_up: bool) -> TrackerState {
    if is_up {
        TrackerState::Up
    } else {
        TrackerState::Down
    }
}
