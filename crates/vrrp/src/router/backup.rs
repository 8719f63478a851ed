//! Backup: listens, and takes over when there is nothing to hear (RFC 9568 §6.4.2).

use std::time::Instant;

use super::VirtualRouter;
use crate::action::{Action, Cause, Notice};
use crate::config::OWNER_PRIORITY;
use crate::receive::Accepted;
use crate::state::State;
use crate::sync_group::GroupWord;

impl VirtualRouter {
    /// Becomes Backup. What a Master held was released before.
    pub(super) fn become_backup(&mut self, cause: Cause, now: Instant) {
        self.set_state(State::Backup, now);
        self.preempt_at = None;
        self.timer = Some(self.after_hold(now) + self.master_down_interval());
        self.tell(cause);
    }

    /// An advertisement that passed the receive checks.
    pub(super) fn hear(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let source = advertisement.source;
        let priority = advertisement.priority;
        self.recover_ownership(advertisement);
        if priority == 0 {
            self.statistics.priority_zero_received += 1;
            self.remark(Notice::PriorityZeroReceived {
                source,
                state: self.state,
            });
            self.timer = Some(now + self.skew_time());
            return;
        }
        // Equal priorities are not told apart by address here, as in RFC 9568 §6.4.2: who
        // is Master stays Master.
        let at_least_ours = priority >= self.effective_priority;
        if !(at_least_ours || !self.config.preempt_mode || self.leaves_master_in_place(now)) {
            // The timer keeps its remaining time and runs out.
            self.remark(Notice::LowerPriorityDiscarded { source, priority });
            return;
        }
        self.learn_interval(advertisement);
        self.master = Some((source, priority));
        self.timer = Some(now + self.master_down_interval());
        if at_least_ours {
            if self.preempt_at.take().is_some() {
                self.remark(Notice::PreemptDelayStopped);
            }
        } else if self.preempt_at.is_none() && !self.config.preempt_delay.is_zero() {
            let delay = self.config.preempt_delay;
            self.preempt_at = Some(now + delay);
            self.remark(Notice::PreemptDelayStarted { delay });
        }
        // An owner that was about to become Master waits like any other router now.
        let word = if self.tell(Cause::Start) {
            GroupWord::LeftMaster
        } else {
            let is_better = (priority, Some(source)) > (self.effective_priority, self.source);
            GroupWord::Hears { is_better }
        };
        self.tell_group(word);
    }

    /// The Master_Down_Timer may have run out.
    pub(super) fn handle_master_down_timer(&mut self, now: Instant) {
        if self.timer.is_none_or(|due| now < due) {
            return;
        }
        if !self.asks_group(now) {
            let cause = self.timeout_cause();
            self.become_master(cause, now);
        }
    }

    /// An owner that just started never told anybody that it was Backup.
    pub(super) const fn timeout_cause(&self) -> Cause {
        match self.told {
            State::Init | State::Stop => Cause::AddressOwner,
            State::Backup | State::Master | State::Fault => Cause::MasterDownTimer,
        }
    }

    /// Advertisement first, so that no other router takes over while this one is busy
    /// with addresses.
    pub(super) fn become_master(&mut self, cause: Cause, now: Instant) {
        self.receiver.ah.become_master();
        self.advertise(self.effective_priority, now);
        self.timer = Some(now + self.config.advertisement_interval);
        self.reset_interval();
        if self.config.is_owner() {
            // The advertisement above still said 254 if that is what won.
            self.set_effective_priority(OWNER_PRIORITY);
        }
        self.act(Action::AcquireAddresses);
        let rounds = self.garp.start(&self.config.garp, now);
        self.act(Action::Announce { rounds });
        self.statistics.became_master += 1;
        self.master = None;
        self.set_state(State::Master, now);
        self.tell(cause);
    }

    /// Whether `preempt_delay` has not started yet or still runs.
    fn leaves_master_in_place(&self, now: Instant) -> bool {
        !self.config.preempt_delay.is_zero() && self.preempt_at.is_none_or(|end| now < end)
    }

    /// An owner that gave way to another one is owner again as soon as it hears anything
    /// else than that one.
    fn recover_ownership(&mut self, advertisement: &Accepted<'_>) {
        let same_sender = self
            .master
            .is_some_and(|(master, _)| master == advertisement.source);
        if self.config.is_owner() && !(same_sender && advertisement.priority == OWNER_PRIORITY) {
            self.set_effective_priority(OWNER_PRIORITY);
        }
    }
}
