//! Sync groups: virtual routers that change their state together (keepalived.conf(5), VRRP
//! synchronization group(s)).
//!
//! A router in a group tells it a [`GroupWord`] now and then ([`Action::Group`](crate::Action::Group)); the group
//! answers with a [`GroupStep`] for each member that has to do something
//! ([`VirtualRouter::follow_group`](crate::VirtualRouter::follow_group)). What the members come to is
//! counted, so that a word costs the same whatever the size of the group, unless the group moves.
//!
//! A group may be large, so the steps of a move are taken one by one. Two rules make that look like one moment:
//! the driver takes the step of a member *before* it tells that member anything else, and the state of the group
//! changes behind the last step.

mod word;

use crate::state::State;

pub use word::{GroupChange, GroupStart, GroupStep, GroupWord, Health, Standing};

#[derive(Clone, Copy, Debug, Default)]
struct Member {
    health: Health,
    /// Its timer ran out, and the others were not ready.
    wants: bool,
    /// It was not started yet, or was in Fault, when the group was put together.
    held: bool,
    step: Option<GroupStep>,
}

/// Where a group is going, and whether anybody is told of it.
#[derive(Clone, Copy, Debug)]
struct Goal {
    state: State,
    told: bool,
}

/// One sync group: no router, no clock. Members are numbered in the order of the configuration.
#[derive(Debug)]
pub struct SyncGroup {
    members: Vec<Member>,
    state: State,
    /// Set while members have yet to follow.
    goal: Option<Goal>,
    change: Option<GroupChange>,
    faulty: usize,
    awaiting: usize,
    wanting: usize,
    held: usize,
    /// The members are announcing their addresses again.
    announces: bool,
    /// Steps that wait, and the first member that may have one.
    steps: usize,
    next: usize,
}

impl SyncGroup {
    /// Puts a group together of routers as they are now; `before` is the state of a group of that name.
    ///
    /// A new group says its state before its members say theirs, and is Master at once if all members are, or may
    /// be. Members of a group that goes on follow its state; one that is Master by itself gives that up.
    #[must_use]
    pub fn new(standings: &[Standing], before: Option<State>) -> Self {
        let members = standings.iter().map(|standing| Member {
            health: standing.health,
            wants: false,
            held: matches!(standing.state, State::Init | State::Fault),
            step: None,
        });
        let members: Vec<Member> = members.collect();
        let count = |is: fn(&Member) -> bool| members.iter().filter(|member| is(member)).count();
        let mut group = Self {
            faulty: count(|member| member.health.faulty),
            awaiting: count(|member| member.health.awaits),
            wanting: 0,
            held: count(|member| member.held),
            members,
            state: before.unwrap_or(State::Init),
            goal: None,
            change: None,
            announces: false,
            steps: 0,
            next: 0,
        };
        group.assemble(standings, before.filter(|state| *state != State::Init));
        group
    }

    /// State of the group.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has no members.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether members have yet to follow.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        self.steps > 0
    }

    /// Whether a member that goes from one state to another is not told of: the group has that state already, and
    /// the member has told one before.
    #[must_use]
    pub fn suppresses(&self, from: State, to: State) -> bool {
        from != State::Init && self.state == to
    }

    /// Takes the step that waits for `member`: before the member is told anything else.
    pub fn take_step(&mut self, member: usize) -> Option<GroupStep> {
        let member = self.members.get_mut(member)?;
        let step = member.step.take()?;
        if step != GroupStep::Announce && std::mem::take(&mut member.held) {
            self.held -= 1;
        }
        self.steps -= 1;
        self.announces &= self.steps > 0;
        Some(step)
    }

    /// Takes the next step in order, and whose it is.
    pub fn next_step(&mut self) -> Option<(usize, GroupStep)> {
        if self.steps == 0 {
            return None;
        }
        let rest = self.members.get(self.next..)?;
        let waits = |member: &Member| member.step.is_some();
        let member = match rest.iter().position(waits) {
            Some(offset) => self.next + offset,
            // A word came meanwhile of one that had its turn.
            None => self.members.iter().position(waits)?,
        };
        self.next = member + 1;
        Some((member, self.take_step(member)?))
    }

    /// The change to tell once every member has followed.
    ///
    /// Asked for when what the members had to say is told.
    pub fn poll_change(&mut self) -> Option<GroupChange> {
        if let Some(change) = self.change.take() {
            return Some(change);
        }
        let Goal { state, told } = self.goal.filter(|_| self.steps == 0)?;
        self.goal = None;
        let from = std::mem::replace(&mut self.state, state);
        (told && from != state).then_some(GroupChange { from, to: state })
    }

    /// A member says something. Steps may wait then, one for itself first.
    pub fn hear(&mut self, member: usize, word: GroupWord) {
        if member >= self.members.len() || self.state == State::Stop {
            return;
        }
        match word {
            GroupWord::Health(health) => self.note_health(member, health),
            GroupWord::WantsMaster => self.ask(member),
            GroupWord::Hears { is_better } => self.note_master(member, is_better),
            GroupWord::LeftMaster if self.heading() == State::Master => {
                self.move_others(member, GroupStep::Backup, State::Backup, true);
            }
            GroupWord::LostObject if self.heading() == State::Master => {
                self.move_others(member, GroupStep::StepDown, State::Backup, false);
            }
            // Once at a time: packets may come faster than members follow.
            GroupWord::Contested if !self.announces => {
                self.announces = true;
                for other in (0..self.members.len()).filter(|other| *other != member) {
                    self.put(other, GroupStep::Announce);
                }
            }
            GroupWord::LeftMaster | GroupWord::LostObject | GroupWord::Contested => {}
        }
    }

    /// All members were stopped, for good.
    pub fn stop(&mut self) {
        if self.state == State::Stop {
            return;
        }
        for member in &mut self.members {
            member.step = None;
        }
        self.steps = 0;
        self.goal = Some(Goal {
            state: State::Stop,
            told: true,
        });
    }

    /// The state that the group has, or will have in a moment.
    fn heading(&self) -> State {
        self.goal.map_or(self.state, |goal| goal.state)
    }

    fn assemble(&mut self, standings: &[Standing], before: Option<State>) {
        let all = |is: fn(&Standing) -> bool| standings.iter().all(is);
        let any = |state: State| standings.iter().any(|standing| standing.state == state);
        // Whoever has a fault keeps it until its trackers have results.
        if self.faulty > 0 || (self.awaiting > 0 && any(State::Fault)) {
            self.begin(before, State::Fault);
            self.put_all(GroupStep::Fault);
        } else if self.awaiting > 0 && all(|it| it.state == State::Init) {
            // All wait for what some wait for.
        } else if before.is_none() && all(|it| it.state == State::Init) {
            let start = match (all(|it| it.is_owner), all(|it| it.starts_as_master)) {
                (true, true) => GroupStart::AtOnce,
                (true, false) => GroupStart::Shortly,
                (false, _) => GroupStart::Patiently,
            };
            if start == GroupStart::AtOnce {
                // keepalived tells nobody of it.
                self.state = State::Master;
            } else {
                self.begin(before, State::Backup);
            }
            self.put_all(GroupStep::Start(start));
        } else {
            let is_master = match before {
                Some(state) => state == State::Master,
                None => all(|it| it.state == State::Master),
            };
            let state = if is_master {
                State::Master
            } else {
                State::Backup
            };
            self.begin(before, state);
            for (member, standing) in standings.iter().enumerate() {
                match standing.state {
                    // Who runs goes on; who would start waits, and keeps the group from being Master.
                    State::Init if self.awaiting > 0 => {}
                    State::Init => self.put(member, GroupStep::Start(GroupStart::Patiently)),
                    State::Fault => self.put(member, GroupStep::Recover),
                    State::Master if !is_master => self.put(member, GroupStep::Backup),
                    State::Master | State::Backup | State::Stop => {}
                }
            }
        }
    }

    /// The state of a new group is told at once, that of one that goes on behind its members.
    fn begin(&mut self, before: Option<State>, state: State) {
        if before.is_some() {
            self.goal = Some(Goal { state, told: true });
            return;
        }
        let from = std::mem::replace(&mut self.state, state);
        self.change = Some(GroupChange { from, to: state });
    }

    fn note_health(&mut self, member: usize, health: Health) {
        let Some(entry) = self.members.get_mut(member) else {
            return;
        };
        let old = std::mem::replace(&mut entry.health, health);
        let count = |total: usize, was: bool, is: bool| total + usize::from(is) - usize::from(was);
        self.faulty = count(self.faulty, old.faulty, health.faulty);
        self.awaiting = count(self.awaiting, old.awaits, health.awaits);
        let fails = !old.faulty && health.faulty && self.faulty == 1;
        let recovers = old != health && self.faulty == 0 && self.awaiting == 0;
        if fails {
            self.move_others(member, GroupStep::Fault, State::Fault, true);
            // Who was not started has to be, to say so.
            if self.members.get(member).is_some_and(|entry| entry.held) {
                self.put(member, GroupStep::Fault);
            }
        } else if recovers && matches!(self.heading(), State::Init | State::Fault) {
            self.move_others(member, GroupStep::Recover, State::Backup, true);
            self.put(member, GroupStep::Recover);
        } else if recovers && self.held > 0 {
            for held in 0..self.members.len() {
                if self.members.get(held).is_some_and(|member| member.held) {
                    self.put(held, GroupStep::Recover);
                }
            }
        }
    }

    /// A member may become Master if the group is, or if all others want it, too.
    fn ask(&mut self, member: usize) {
        if self.heading() == State::Master {
            self.put(member, GroupStep::Permit);
            return;
        }
        self.set_wants(member, true);
        if self.wanting == self.members.len() {
            self.move_others(member, GroupStep::Master, State::Master, true);
            self.put(member, GroupStep::Permit);
        }
    }

    /// A member hears a Master, so it has no reason to become one; unless its group is Master.
    ///
    /// That happens where a reload puts routers into groups: one of them may be Master here, one there. Such a
    /// group is Master as a whole in a moment, or it is not any more. Of two machines that disagree so in
    /// more than one virtual router both may give way; then there is an election, but never a split that stays.
    fn note_master(&mut self, member: usize, is_better: bool) {
        self.set_wants(member, false);
        match (self.heading(), is_better) {
            (State::Master, true) => {
                self.move_others(member, GroupStep::Backup, State::Backup, true);
            }
            (State::Master, false) => self.put(member, GroupStep::Permit),
            _ => {}
        }
    }

    fn set_wants(&mut self, member: usize, wants: bool) {
        let Some(entry) = self.members.get_mut(member) else {
            return;
        };
        match (std::mem::replace(&mut entry.wants, wants), wants) {
            (false, true) => self.wanting += 1,
            (true, false) => self.wanting -= 1,
            _ => {}
        }
    }

    /// Moves every member but `cause`, which has moved by itself or has another step.
    fn move_others(&mut self, cause: usize, step: GroupStep, state: State, told: bool) {
        self.goal = Some(Goal { state, told });
        for member in 0..self.members.len() {
            self.set_wants(member, false);
            if member != cause {
                self.put(member, step);
            } else if let Some(entry) = self.members.get_mut(member) {
                // What it has yet to follow is overtaken.
                self.steps -= usize::from(entry.step.take().is_some());
            }
        }
        self.next = 0;
    }

    fn put_all(&mut self, step: GroupStep) {
        for member in 0..self.members.len() {
            self.put(member, step);
        }
    }

    /// Gives a member its next step. One that it did not take yet is replaced, but for a fault that it has to
    /// have had.
    fn put(&mut self, member: usize, step: GroupStep) {
        let Some(entry) = self.members.get_mut(member) else {
            return;
        };
        let step = match (entry.step, step) {
            (Some(waiting), GroupStep::Announce) => waiting,
            (Some(GroupStep::Fault | GroupStep::FaultAndRecover), GroupStep::Recover) => {
                GroupStep::FaultAndRecover
            }
            (_, step) => step,
        };
        self.next = self.next.min(member);
        if entry.step.replace(step).is_none() {
            self.steps += 1;
        }
    }
}

#[cfg(test)]
#[path = "sync_group/tests.rs"]
mod tests;
