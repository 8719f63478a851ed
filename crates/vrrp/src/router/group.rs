//! A router in a sync group: what it tells the group, and how it follows.

use std::time::Instant;

use super::VirtualRouter;
use crate::action::{Action, Cause};
use crate::state::State;
use crate::sync_group::{GroupStart, GroupStep, GroupWord, Health, Standing};

/// What a router keeps as a member of a sync group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Membership {
    /// The group is in Fault, whosever fault it is.
    fault: bool,
    /// What it last told the group.
    told: Health,
}

impl VirtualRouter {
    /// Makes the router a member of a sync group; otherwise nothing changes yet. One that is started later stays in
    /// [`State::Init`] until the group says how.
    pub fn join_group(&mut self) {
        if self.membership.is_none() {
            self.membership = Some(Membership {
                fault: false,
                told: self.health(),
            });
        }
    }

    /// The router is in no sync group any more, and goes on as it would alone.
    pub fn leave_group(&mut self, now: Instant) {
        if self.membership.take().is_some() {
            self.settle_faults(now);
        }
    }

    /// What a sync group has to know of the router when it is put together.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            state: self.state,
            health: self.health(),
            is_owner: self.config.is_owner(),
            starts_as_master: self.config.is_owner() && self.config.starts_as_master(),
        }
    }

    /// Does as its sync group says.
    pub fn follow_group(&mut self, step: GroupStep, now: Instant) {
        match step {
            GroupStep::Start(start) => self.start_in_group(start, now),
            GroupStep::Permit => {
                // Its own timer: as if it were alone.
                let cause = self.timeout_cause();
                self.follow_to_master(cause, now);
            }
            GroupStep::Master => self.follow_to_master(Cause::Group, now),
            GroupStep::Backup => self.follow_to_backup(now),
            GroupStep::Fault => self.follow_to_fault(now),
            GroupStep::Recover => self.recover_with_group(now),
            GroupStep::FaultAndRecover => {
                self.follow_to_fault(now);
                self.recover_with_group(now);
            }
            GroupStep::StepDown => {
                if self.state == State::Master {
                    self.step_down(Cause::Group, now);
                }
            }
            GroupStep::Announce => {
                if self.state == State::Master {
                    let rounds = self.garp.contested(&self.config.garp, now);
                    if rounds > 0 {
                        self.act(Action::Announce { rounds });
                    }
                }
            }
        }
    }

    /// Whether it is in a sync group.
    pub(super) const fn is_grouped(&self) -> bool {
        self.membership.is_some()
    }

    /// Whether its sync group is in Fault.
    pub(super) fn has_group_fault(&self) -> bool {
        self.membership.is_some_and(|membership| membership.fault)
    }

    /// Tells its sync group, if it is in one.
    pub(super) fn tell_group(&mut self, word: GroupWord) {
        if self.is_grouped() {
            self.act(Action::Group(word));
        }
    }

    /// A member whose timer ran out asks its group, and waits as long again. `false`: there is no group to ask.
    pub(super) fn asks_group(&mut self, now: Instant) -> bool {
        if !self.is_grouped() {
            return false;
        }
        self.timer = Some(now + self.master_down_interval());
        self.tell_group(GroupWord::WantsMaster);
        true
    }

    /// Enters Fault for what it lacks itself; leaves it only with the group.
    pub(super) fn settle_in_group(&mut self, now: Instant) {
        if self.health().faulty && matches!(self.state, State::Backup | State::Master) {
            if self.state == State::Master {
                self.resign_in_fault(now);
            }
            self.become_faulty(now);
        }
        self.report_health();
    }

    /// Tells the group what it lacks, where that is another thing now.
    pub(super) fn report_health(&mut self) {
        let health = self.health();
        let state = self.state;
        let Some(membership) = &mut self.membership else {
            return;
        };
        if state == State::Stop {
            return;
        }
        if state == State::Fault {
            membership.fault = true;
        }
        if std::mem::replace(&mut membership.told, health) != health {
            self.tell_group(GroupWord::Health(health));
        }
    }

    fn health(&self) -> Health {
        Health {
            faulty: self.own_faults().any(),
            awaits: self.tracking.awaited > 0,
        }
    }

    fn set_group_fault(&mut self, fault: bool) {
        if let Some(membership) = &mut self.membership {
            membership.fault = fault;
        }
    }

    fn start_in_group(&mut self, start: GroupStart, now: Instant) {
        if self.state != State::Init {
            return;
        }
        self.set_group_fault(false);
        self.awaits_trackers = false;
        match start {
            GroupStart::AtOnce if self.standing().starts_as_master => self.await_ownership(now),
            GroupStart::Shortly if self.config.is_owner() => {
                self.become_backup(Cause::Start, now);
                let wait = self.config.advertisement_interval + self.skew_time();
                self.timer = Some(self.after_hold(now) + wait);
            }
            // Only owners hear anything else.
            GroupStart::AtOnce | GroupStart::Shortly | GroupStart::Patiently => {
                self.become_backup(Cause::Start, now);
            }
        }
    }

    fn follow_to_master(&mut self, cause: Cause, now: Instant) {
        if self.state == State::Backup {
            self.set_group_fault(false);
            self.become_master(cause, now);
        }
    }

    /// A Backup whose group gives up waits from now on: its timer may have run since long before.
    fn follow_to_backup(&mut self, now: Instant) {
        match self.state {
            State::Master => {
                self.release();
                self.become_backup(Cause::Group, now);
            }
            State::Backup if self.told == State::Backup => {
                self.timer = Some(self.after_hold(now) + self.master_down_interval());
            }
            State::Backup | State::Init => self.start_in_backup(now),
            State::Fault | State::Stop => {}
        }
        self.set_group_fault(false);
    }

    /// One that was to become Master at once is Backup like the others.
    fn start_in_backup(&mut self, now: Instant) {
        self.awaits_trackers = false;
        self.become_backup(Cause::Start, now);
    }

    fn follow_to_fault(&mut self, now: Instant) {
        self.set_group_fault(true);
        match self.state {
            State::Master => {
                self.resign(now);
                self.become_faulty(now);
            }
            State::Backup | State::Init => self.become_faulty(now),
            State::Fault | State::Stop => {}
        }
    }

    fn recover_with_group(&mut self, now: Instant) {
        self.set_group_fault(false);
        if matches!(self.state, State::Fault | State::Init) {
            self.awaits_trackers = false;
            self.reset_interval();
            self.become_backup(Cause::FaultsCleared, now);
        }
    }
}
