//! Master: advertises, and gives way to a better router (RFC 9568 §6.4.3).

use std::cmp::Ordering;
use std::time::Instant;

use super::VirtualRouter;
use crate::action::{Action, Cause, Notice};
use crate::config::OWNER_PRIORITY;
use crate::owner::{OwnerConflict, REDUCED_PRIORITY, Verdict};
use crate::receive::Accepted;
use crate::state::State;
use crate::sync_group::GroupWord;
use crate::timers;

impl VirtualRouter {
    /// An advertisement that passed the receive checks.
    pub(super) fn contest(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let source = advertisement.source;
        let priority = advertisement.priority;
        if priority == 0 {
            self.hear_rival(advertisement, now);
            self.statistics.priority_zero_received += 1;
            self.remark(Notice::PriorityZeroReceived {
                source,
                state: self.state,
            });
            self.answer(now);
            return;
        }
        self.contest_ownership(advertisement, now);
        self.hear_rival(advertisement, now);
        let ours = (self.effective_priority, self.source);
        match (priority, Some(source)).cmp(&ours) {
            Ordering::Greater => self.give_way(advertisement, now),
            Ordering::Less => self.insist(advertisement, now),
            Ordering::Equal => self.remark(Notice::OwnAddressReceived { source }),
        }
    }

    /// Adver_Timer and announcements may be due.
    pub(super) fn handle_master_timers(&mut self, now: Instant) {
        self.give_up_if_late(now);
        if self.state != State::Master {
            return;
        }
        if let Some(due) = self.timer.take_if(|due| *due <= now) {
            self.advertise(self.effective_priority, now);
            // Counted from when it was due, or the driver's lateness would add up from
            // one interval to the next; but a whole interval lost is not made up for.
            let interval = self.config.advertisement_interval;
            let next = due + interval;
            self.timer = Some(if next > now { next } else { now + interval });
            if let Some(conflict) = &mut self.owner_conflict {
                conflict.handle_own_advertisement(now);
            }
        }
        let due = self.garp.handle_timeout(&self.config.garp, now);
        if due.rounds > 0 {
            self.act(Action::Announce { rounds: due.rounds });
        }
        if due.extra_interfaces {
            self.act(Action::AnnounceExtraInterfaces);
        }
        self.settle_rivals(now);
    }

    /// `timer_expired_backup`: a Master that wakes so late that another router must have
    /// taken over leaves it in place, without resigning.
    pub(super) fn give_up_if_late(&mut self, now: Instant) {
        let (State::Master, Some(other), Some(last), Some(due)) = (
            self.state,
            self.config.timer_expired_backup,
            self.last_advertisement,
            self.timer,
        ) else {
            return;
        };
        let interval = self.config.advertisement_interval;
        if now < last + timers::taken_over_after(self.config.version, other, interval) {
            return;
        }
        let late = now.saturating_duration_since(due);
        self.release();
        self.become_backup(Cause::TimerExpired { late }, now);
        self.tell_group(GroupWord::LeftMaster);
    }

    /// Sends one advertisement. The caller sets the Adver_Timer.
    pub(super) fn advertise(&mut self, priority: u8, now: Instant) {
        self.statistics.advertisements_sent += 1;
        self.last_advertisement = Some(now);
        self.act(Action::Advertise { priority });
    }

    /// Sends an advertisement out of turn, which puts off the next one in turn.
    pub(super) fn answer(&mut self, now: Instant) {
        self.advertise(self.effective_priority, now);
        self.timer = Some(now + self.config.advertisement_interval);
    }

    /// Stops everything that only a Master does. The caller sets the timer of what comes next.
    pub(super) fn release(&mut self) {
        self.garp.cancel();
        self.owner_conflict = None;
        self.rivals.clear();
        self.statistics.released_master += 1;
        self.act(Action::CancelAnnouncements);
        self.act(Action::ReleaseAddresses);
    }

    /// The sender takes precedence. It is Master already, so there is no resigning.
    fn give_way(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let source = advertisement.source;
        let priority = advertisement.priority;
        self.notify(Notice::HigherPriorityAdvertisement {
            source,
            priority,
            ours: self.effective_priority,
        });
        if self.config.higher_prio_send_advert {
            self.advertise(self.effective_priority, now);
        }
        self.learn_interval(advertisement);
        self.release();
        self.master = Some((source, priority));
        self.become_backup(Cause::HigherPriorityAdvertisement, now);
        self.tell_group(GroupWord::LeftMaster);
    }

    /// Resigns, to be Master again as soon as a Backup may be.
    pub(super) fn step_down(&mut self, cause: Cause, now: Instant) {
        self.resign(now);
        self.release();
        self.become_backup(cause, now);
        self.timer = Some(self.after_hold(now) + self.skew_time());
    }

    /// The sender has to give way: it may just have come back from the other side of a
    /// partition, and hosts and switches may have learned its address.
    fn insist(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let answered = !self.config.lower_prio_no_advert;
        self.receiver.ah.contested();
        self.remark(Notice::LowerPriorityAdvertisement {
            source: advertisement.source,
            priority: advertisement.priority,
            ours: self.effective_priority,
            answered,
        });
        if answered {
            self.answer(now);
        }
        let rounds = self.garp.contested(&self.config.garp, now);
        if rounds > 0 {
            self.act(Action::Announce { rounds });
        }
        self.tell_group(GroupWord::Contested);
    }

    /// Watches another owner with a lower address, which is the one that should give way.
    fn contest_ownership(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let both_own = self.effective_priority == OWNER_PRIORITY
            && advertisement.priority == OWNER_PRIORITY
            && Some(advertisement.source) < self.source;
        if !both_own {
            return;
        }
        let source = advertisement.source;
        let interval = self
            .config
            .advertisement_interval
            .max(advertisement.interval);
        match OwnerConflict::handle_advertisement(&mut self.owner_conflict, interval, now) {
            Verdict::Report => self.notify(Notice::OwnerConflict { source }),
            Verdict::Wait => {}
            Verdict::Reduce => self.set_effective_priority(REDUCED_PRIORITY),
        }
    }
}
