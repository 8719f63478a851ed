//! How fast announcements leave: where a limit is set, one frame per interval, the addresses taking turns.
//!
//! Interfaces with a limit of their own, or one that they share, are a lane. No lane waits for
//! another one, nor does anything but announcements wait for a lane.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::interfaces::InterfaceId;
use crate::objects::AddressKey;

/// Least time between two announcements of a kind on an interface (`vrrp_garp_interval`,
/// `vrrp_gna_interval`, `garp_group`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GarpPacing {
    /// Between two gratuitous ARPs on an interface that is in no group; zero: no limit.
    pub garp_interval: Duration,
    /// The same for unsolicited neighbor advertisements.
    pub gna_interval: Duration,
    /// Interfaces with limits of their own.
    pub groups: Vec<GarpGroup>,
}

/// Interfaces that share their limits. Those of all other interfaces do not count for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GarpGroup {
    /// Their names. An interface is in the first group that names it.
    pub interfaces: Vec<Arc<str>>,
    /// Least time between two gratuitous ARPs on any of them; zero: no limit.
    pub garp_interval: Duration,
    /// The same for unsolicited neighbor advertisements.
    pub gna_interval: Duration,
}

/// Index of a [`Lane`].
type LaneId = usize;

/// Takes what is on an interface without a limit.
const UNLIMITED: LaneId = 0;

/// One limit and what waits for it.
#[derive(Debug, Default)]
struct Lane {
    interval: Duration,
    /// When the next frame may leave.
    free_at: Option<Instant>,
    /// Its entry in [`Pacer::due`] that counts.
    scheduled: Option<Instant>,
    /// By the order of their turns.
    queue: BTreeMap<u64, AddressKey>,
    /// Frames left of each, and its turn.
    pending: HashMap<AddressKey, (u64, u32)>,
}

/// All limits. What waits is bounded by the addresses that there are.
#[derive(Debug)]
pub(crate) struct Pacer {
    config: GarpPacing,
    lanes: Vec<Lane>,
    /// The lanes of groups, for gratuitous ARPs and for neighbor advertisements.
    groups: Vec<[LaneId; 2]>,
    by_interface: HashMap<InterfaceId, [LaneId; 2]>,
    due: BinaryHeap<Reverse<(Instant, LaneId)>>,
    turn: u64,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            config: GarpPacing::default(),
            lanes: vec![Lane::default()],
            groups: Vec::new(),
            by_interface: HashMap::new(),
            due: BinaryHeap::new(),
            turn: 0,
        }
    }
}

impl Pacer {
    /// Other limits from now on. What waits goes on waiting, for those.
    pub(crate) fn configure<'a>(
        &mut self,
        config: &GarpPacing,
        name: impl Fn(InterfaceId) -> &'a Arc<str>,
        now: Instant,
    ) {
        if self.config == *config {
            return;
        }
        let old = std::mem::replace(
            self,
            Self {
                config: config.clone(),
                turn: self.turn,
                ..Self::default()
            },
        );
        for group in &config.groups {
            let lanes =
                [group.garp_interval, group.gna_interval].map(|interval| self.add(interval));
            self.groups.push(lanes);
        }
        for lane in old.lanes {
            for key in lane.queue.values() {
                let lane_of_now = self.lane_of(*key, name(key.interface));
                let count = lane.pending.get(key).map_or(1, |&(_, count)| count);
                self.want_on(lane_of_now, *key, count, now);
            }
        }
    }

    fn add(&mut self, interval: Duration) -> LaneId {
        if interval.is_zero() {
            return UNLIMITED;
        }
        self.lanes.push(Lane {
            interval,
            ..Lane::default()
        });
        self.lanes.len() - 1
    }

    fn lane_of(&mut self, key: AddressKey, name: &Arc<str>) -> LaneId {
        let kind = usize::from(key.address.is_ipv6());
        if let Some(lanes) = self.by_interface.get(&key.interface) {
            return lanes[kind];
        }
        let mut groups = self.config.groups.iter();
        let lanes = match groups.position(|group| group.interfaces.contains(name)) {
            Some(group) => self.groups[group],
            None => [self.config.garp_interval, self.config.gna_interval]
                .map(|interval| self.add(interval)),
        };
        self.by_interface.insert(key.interface, lanes);
        lanes[kind]
    }

    /// Whether announcements of `key`, on the interface called `name`, are limited.
    pub(crate) fn limits(&mut self, key: AddressKey, name: &Arc<str>) -> bool {
        self.lane_of(key, name) != UNLIMITED
    }

    /// Wants `count` announcements of `key`. Those that wait already are among them.
    pub(crate) fn want(&mut self, key: AddressKey, name: &Arc<str>, count: u32, now: Instant) {
        let lane = self.lane_of(key, name);
        self.want_on(lane, key, count, now);
    }

    fn want_on(&mut self, id: LaneId, key: AddressKey, count: u32, now: Instant) {
        if count == 0 {
            return;
        }
        let lane = &mut self.lanes[id];
        match lane.pending.get_mut(&key) {
            Some((_, pending)) => *pending = count.max(*pending),
            None => {
                self.turn += 1;
                lane.pending.insert(key, (self.turn, count));
                lane.queue.insert(self.turn, key);
            }
        }
        self.schedule(id, now);
    }

    fn schedule(&mut self, id: LaneId, now: Instant) {
        let lane = &mut self.lanes[id];
        if lane.scheduled.is_none() && !lane.queue.is_empty() {
            let at = lane.free_at.map_or(now, |free| free.max(now));
            lane.scheduled = Some(at);
            self.due.push(Reverse((at, id)));
        }
    }

    /// Wants no announcement of `key` any more.
    pub(crate) fn cancel(&mut self, key: AddressKey) {
        let kind = usize::from(key.address.is_ipv6());
        let lane = self.by_interface.get(&key.interface);
        for id in [UNLIMITED].into_iter().chain(lane.map(|lanes| lanes[kind])) {
            let lane = &mut self.lanes[id];
            if let Some((turn, _)) = lane.pending.remove(&key) {
                lane.queue.remove(&turn);
            }
        }
    }

    /// When [`Self::next`] has something to return.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due.peek().map(|&Reverse((at, _))| at)
    }

    /// An address that may be announced at `now`. The caller says what became of it: with
    /// [`Self::done`], before it asks for another one.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(LaneId, AddressKey)> {
        while let Some(&Reverse((at, id))) = self.due.peek()
            && at <= now
        {
            self.due.pop();
            let lane = &mut self.lanes[id];
            if lane.scheduled != Some(at) {
                continue;
            }
            lane.scheduled = None;
            if let Some((_, &key)) = lane.queue.first_key_value() {
                return Some((id, key));
            }
        }
        None
    }

    /// What [`Self::next`] returned was announced, or is given up, which takes no time of the lane.
    pub(crate) fn done(&mut self, id: LaneId, key: AddressKey, announced: bool, now: Instant) {
        let lane = &mut self.lanes[id];
        if let Some((turn, count)) = lane.pending.remove(&key) {
            lane.queue.remove(&turn);
            if announced && count > 1 {
                self.turn += 1;
                lane.pending.insert(key, (self.turn, count - 1));
                lane.queue.insert(self.turn, key);
            }
        }
        if announced {
            // What a late step missed is not made up for.
            lane.free_at = Some(now + lane.interval);
        }
        self.schedule(id, now);
    }
}

#[cfg(test)]
mod tests;
