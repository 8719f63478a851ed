//! Instances get, keep and lose their places in groups with each configuration.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Instant;

use ka_vrrp::SyncGroup;

use super::{Group, GroupId, Seat};
use crate::instance::InstanceId;
use crate::plan::PlannedGroup;
use crate::thread::EngineThread;

/// Groups looked at, and instances told, between two looks at the sockets.
const SLICE: usize = 16;
/// Members seated between two looks at the sockets, those of the last group apart.
const MEMBERS: usize = 256;

/// How far the groups of a configuration have their members.
pub(crate) struct Seating {
    /// The next one last.
    planned: Vec<PlannedGroup>,
    /// Next slot to look at for groups that are no longer wanted, once all planned ones are seated.
    next: usize,
    /// Instances that lost their seat.
    leavers: Vec<InstanceId>,
}

impl Seating {
    pub(crate) fn new(mut planned: Vec<PlannedGroup>) -> Self {
        planned.reverse();
        Self {
            planned,
            next: 0,
            leavers: Vec::new(),
        }
    }
}

impl EngineThread {
    /// Seats a slice of the members of groups; `false` once all are as planned.
    pub(crate) fn continue_seating(&mut self, seating: &mut Seating, now: Instant) -> bool {
        let mut room = MEMBERS;
        while let Some(planned) = seating.planned.pop() {
            let members = planned.members.len();
            if let Some(planned) = self.seat_group(planned, &mut seating.leavers, now) {
                seating.planned.push(planned);
                return true;
            }
            room = room.saturating_sub(members);
            if room == 0 {
                return true;
            }
        }
        let end = (seating.next + SLICE).min(self.groups.slots());
        for index in seating.next..end {
            self.dissolve_unwanted(index, &mut seating.leavers);
        }
        seating.next = end;
        if end < self.groups.slots() {
            return true;
        }
        for _ in 0..SLICE {
            let Some(id) = seating.leavers.pop() else {
                return false;
            };
            self.leave_group(id, now);
        }
        true
    }

    /// Seats the members of a planned group, which starts or goes on with them. Gives the plan back while the
    /// group of that name still moves.
    ///
    /// Who is in no group any more is added to `leavers`.
    fn seat_group(
        &mut self,
        planned: PlannedGroup,
        leavers: &mut Vec<InstanceId>,
        now: Instant,
    ) -> Option<PlannedGroup> {
        let ids = planned.members.iter();
        let ids = ids.filter_map(|identity| self.identities.get(identity).copied());
        let ids: Vec<InstanceId> = ids.collect();
        let known = self.groups.names.get(&planned.name).copied();
        if let Some(id) = known {
            if self
                .groups
                .get(id)
                .is_some_and(|group| group.machine.is_moving())
            {
                return Some(planned);
            }
            if self.is_seated(id, &ids) {
                self.keep_group(id);
                return None;
            }
        }
        let id = known.unwrap_or_else(|| self.free_group());
        let mut standings = Vec::with_capacity(ids.len());
        for (member, &instance) in ids.iter().enumerate() {
            if let Some(instance) = self.instances[instance.index()].as_mut() {
                instance.seat = Some(Seat { group: id, member });
                instance.router.join_group();
                standings.push(instance.router.standing());
            }
        }
        let before = self.groups.groups[id.0].take();
        let state = before.as_ref().map(|group| group.machine.state());
        if let Some(before) = &before {
            self.unseat(id, &before.members, &ids, leavers);
        }
        self.groups.groups[id.0] = Some(Box::new(Group {
            name: Arc::clone(&planned.name),
            members: ids,
            machine: SyncGroup::new(&standings, state),
            since: before.as_ref().map_or(now, |group| group.since),
            changed_at: before.as_ref().and_then(|group| group.changed_at),
            queued: before.is_some_and(|group| group.queued),
            is_wanted: true,
        }));
        self.groups.names.insert(planned.name, id);
        self.keep_group(id);
        if state.is_none() {
            // What a new group is comes before what its members are.
            self.tell_group_changes(id, now);
        }
        self.groups.queue(id);
        None
    }

    fn free_group(&mut self) -> GroupId {
        self.groups.free.pop().unwrap_or_else(|| {
            self.groups.groups.push(None);
            GroupId(self.groups.groups.len() - 1)
        })
    }

    fn keep_group(&mut self, id: GroupId) {
        self.groups.order.push(id);
        if let Some(group) = self.groups.get_mut(id) {
            group.is_wanted = true;
        }
    }

    /// Whether exactly `ids` are the members of a group, in this order.
    fn is_seated(&self, group: GroupId, ids: &[InstanceId]) -> bool {
        let same = |found: &Group| found.members == ids;
        let seated =
            |(member, &id): (usize, &InstanceId)| self.seat(id) == Some(Seat { group, member });
        self.groups.get(group).is_some_and(same) && ids.iter().enumerate().all(seated)
    }

    /// Takes their seats in `group` from those of `old` that are not among `new`.
    fn unseat(
        &mut self,
        group: GroupId,
        old: &[InstanceId],
        new: &[InstanceId],
        leavers: &mut Vec<InstanceId>,
    ) {
        for &id in old {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            let seat = instance.seat.filter(|seat| seat.group == group);
            if seat.is_some_and(|seat| new.get(seat.member) != Some(&id)) {
                instance.seat = None;
                leavers.push(id);
            }
        }
    }

    /// Dissolves the group in slot `index`, unless the configuration names it.
    fn dissolve_unwanted(&mut self, index: usize, leavers: &mut Vec<InstanceId>) {
        let id = GroupId(index);
        if self.groups.get(id).is_none_or(|group| group.is_wanted) {
            return;
        }
        let Some(group) = self.groups.groups[index].take() else {
            return;
        };
        self.unseat(id, &group.members, &[], leavers);
        if let Entry::Occupied(name) = self.groups.names.entry(group.name)
            && *name.get() == id
        {
            name.remove();
        }
        self.groups.moving.retain(|&other| other != id);
        self.groups.free.push(id);
    }

    /// An instance that lost its seat goes on alone, if it has no other one.
    fn leave_group(&mut self, id: InstanceId, now: Instant) {
        if let Some(instance) = self.instances[id.index()].as_mut()
            && instance.seat.is_none()
        {
            instance.router.leave_group(now);
            self.pump(id, now);
        }
    }
}
