//! Sync groups: their members follow in small slices, between which packets and timers have their turn.
//!
//! The member that makes a group move does so at once. Its advertisement is what holds back the same group
//! of another host, which needs all of its members; so a mass takeover is decided by one packet for each group.

mod seating;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::{GroupStep, GroupWord, State, SyncGroup};

use crate::ends::Resigning;
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::snapshot::GroupStatus;
use crate::thread::EngineThread;

pub(crate) use seating::Seating;

/// Time for members to follow in one step of the thread.
const FOLLOW_BUDGET: Duration = Duration::from_micros(200);
/// Advertisements that members leave in the outbox before they are sent.
const SEND_AT: usize = 16;

/// Index of a group; reused after the group is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupId(usize);

/// The place of an instance in a sync group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    group: GroupId,
    member: usize,
}

/// One sync group with what the engine keeps beside it.
#[derive(Debug)]
struct Group {
    name: Arc<str>,
    /// In the order of the configuration. One whose [`Seat`] is another is gone.
    members: Vec<InstanceId>,
    machine: SyncGroup,
    /// When the state last changed, and the same by the clock of the host, once it has.
    since: Instant,
    changed_at: Option<SystemTime>,
    /// It waits among those that move.
    queued: bool,
    /// The configuration names it.
    is_wanted: bool,
}

/// All sync groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: Vec<Option<Box<Group>>>,
    free: Vec<GroupId>,
    names: HashMap<Arc<str>, GroupId>,
    /// In the order of the configuration.
    order: Vec<GroupId>,
    /// Those whose members have yet to follow, or which have a change to tell.
    moving: VecDeque<GroupId>,
}

impl Groups {
    /// Whether members have yet to follow.
    pub(crate) fn has_work(&self) -> bool {
        !self.moving.is_empty()
    }

    /// How many slots there are, used or not.
    pub(crate) const fn slots(&self) -> usize {
        self.groups.len()
    }

    /// How many groups there are.
    pub(crate) const fn len(&self) -> usize {
        self.order.len()
    }

    fn get(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(id.0)?.as_deref()
    }

    fn get_mut(&mut self, id: GroupId) -> Option<&mut Group> {
        self.groups.get_mut(id.0)?.as_deref_mut()
    }

    fn queue(&mut self, id: GroupId) {
        if let Some(group) = self.groups.get_mut(id.0).and_then(Option::as_deref_mut)
            && !std::mem::replace(&mut group.queued, true)
        {
            self.moving.push_back(id);
        }
    }

    /// What `seat` has to do before it is told anything else.
    fn take_step(&mut self, seat: Seat) -> Option<GroupStep> {
        self.get_mut(seat.group)?.machine.take_step(seat.member)
    }

    /// Whether the group of `seat` tells of this change of a member's state.
    pub(crate) fn suppresses(&self, seat: Option<Seat>, from: State, to: State) -> bool {
        let group = seat.and_then(|seat| self.get(seat.group));
        group.is_some_and(|group| group.machine.suppresses(from, to))
    }

    /// A new configuration comes: until it names them, no group is wanted.
    pub(crate) fn begin_configuration(&mut self) {
        self.order.clear();
        for group in self.groups.iter_mut().flatten() {
            group.is_wanted = false;
        }
    }
}

impl EngineThread {
    /// A member says something to its group: does what follows for itself now, and for the others soon.
    pub(crate) fn tell_group(&mut self, id: InstanceId, word: GroupWord, now: Instant) {
        let seat = self.seat(id);
        // Before it has a seat, its state is read when it gets one.
        let Some(seat) = seat else { return };
        let Some(group) = self.groups.get_mut(seat.group) else {
            return;
        };
        group.machine.hear(seat.member, word);
        self.groups.queue(seat.group);
        self.take_own_step(id, now);
    }

    /// Lets a member catch up with its group, before anything else is told to it.
    pub(crate) fn catch_up(&mut self, id: InstanceId, now: Instant) {
        if self.take_own_step(id, now) {
            self.pump(id, now);
        }
    }

    fn take_own_step(&mut self, id: InstanceId, now: Instant) -> bool {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return false;
        };
        let Some(step) = instance.seat.and_then(|seat| self.groups.take_step(seat)) else {
            return false;
        };
        instance.router.follow_group(step, now);
        true
    }

    fn seat(&self, id: InstanceId) -> Option<Seat> {
        self.instances[id.index()].as_ref()?.seat
    }

    /// Lets members follow, as far as the time of one step goes; `false` when there is none.
    pub(crate) fn follow_groups(&mut self, now: Instant) -> bool {
        if !self.groups.has_work() || self.resigning != Resigning::No {
            return false;
        }
        let began = Instant::now();
        while let Some(&id) = self.groups.moving.front() {
            if !self.follow_group(id, now) {
                self.groups.moving.pop_front();
                if let Some(group) = self.groups.get_mut(id) {
                    group.queued = false;
                }
            }
            if self.outbox.len() >= SEND_AT {
                self.flush_advertisements();
            }
            if began.elapsed() > FOLLOW_BUDGET {
                break;
            }
        }
        true
    }

    /// Lets one member follow; `false` when all have, and it is told.
    fn follow_group(&mut self, id: GroupId, now: Instant) -> bool {
        let Some(group) = self.groups.get_mut(id) else {
            return false;
        };
        let Some((member, step)) = group.machine.next_step() else {
            self.tell_group_changes(id, now);
            return false;
        };
        let seat = Some(Seat { group: id, member });
        let instance = group.members.get(member).copied();
        // It may be in another group by now, or gone.
        if let Some(instance) = instance.filter(|&instance| self.seat(instance) == seat) {
            if let Some(entry) = self.instances[instance.index()].as_mut() {
                entry.router.follow_group(step, now);
            }
            self.pump(instance, now);
        }
        true
    }

    fn tell_group_changes(&mut self, id: GroupId, now: Instant) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let was = group.machine.state();
        while let Some(change) = group.machine.poll_change() {
            self.events.send(EventKind::GroupStateChanged {
                group: Arc::clone(&group.name),
                from: change.from,
                to: change.to,
                skipped: 0,
            });
        }
        if group.machine.state() != was || group.changed_at.is_none() {
            group.since = now;
            group.changed_at = Some(SystemTime::now());
        }
    }

    /// Stops the group in slot `index`, whose members are stopped.
    pub(crate) fn stop_group(&mut self, index: usize, now: Instant) {
        let id = GroupId(index);
        if let Some(group) = self.groups.get_mut(id) {
            group.machine.stop();
            self.tell_group_changes(id, now);
        }
    }

    /// The group at `place` in the configuration.
    pub(crate) fn describe_group(&self, place: usize, now: Instant) -> Option<GroupStatus> {
        let group = self.groups.get(*self.groups.order.get(place)?)?;
        let name = |id: &InstanceId| {
            let instance = self.instances[id.index()].as_ref()?;
            Some(Arc::clone(&instance.config.name))
        };
        Some(GroupStatus {
            name: Arc::clone(&group.name),
            state: group.machine.state(),
            in_state_for: now.saturating_duration_since(group.since),
            changed_at: group.changed_at,
            members: group.members.iter().filter_map(name).collect(),
        })
    }
}
