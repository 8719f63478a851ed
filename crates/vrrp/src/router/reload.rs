//! A new configuration for a running router.

use std::time::Instant;

use ka_wire::Version;

use super::VirtualRouter;
use crate::action::Action;
use crate::config::RouterConfig;
use crate::state::State;
use crate::tracking::Tracking;

impl VirtualRouter {
    /// Replaces the configuration by one of the same identity (VRID and family), and with it what its
    /// trackers come to.
    ///
    /// An equal one changes nothing and no timer; then it is [`Self::handle_tracking`]. Otherwise a Master stays Master and
    /// advertises at once with the new values; a Backup waits a whole
    /// Master_Down_Interval again if that is another one now, where keepalived always does. An
    /// address owner about to become Master still is, unless it is none any more.
    /// No state is told, unless `dont_track_primary` came or went on an interface that is down, or a
    /// tracker is a fault: a Master is then faulty without resigning, as in keepalived.
    ///
    /// A Master that woke late first does what `timer_expired_backup` says, as configured until now.
    ///
    /// keepalived forgets at a reload which Master it heard and its interval. This router does not:
    /// with a short interval of its own it would take over from a Master with a long one.
    pub fn reconfigure(&mut self, config: RouterConfig, tracking: Tracking, now: Instant) {
        if config == self.config {
            self.handle_tracking(tracking, now);
            return;
        }
        self.give_up_if_late(now);
        let down_interval = self.master_down_interval();
        let old = std::mem::replace(&mut self.config, config);
        self.receiver.reconfigure(&old, &self.config);
        self.tracking = tracking;
        self.noticed.clear();
        if !(old.is_owner() && self.config.is_owner()) {
            self.effective_priority = self.tracked_priority();
            self.owner_conflict = None;
        }
        let learned = self.master.is_some() && self.config.version == Version::V3;
        if !learned || old.version != self.config.version {
            self.master_adver_interval = self.config.advertisement_interval;
        }
        let preemption = |config: &RouterConfig| (config.preempt_mode, config.preempt_delay);
        if preemption(&old) != preemption(&self.config) {
            self.preempt_at = None;
        }
        match self.state {
            State::Stop => {}
            State::Init | State::Fault => self.settle_faults(now),
            State::Backup | State::Master if self.faults().any() => self.become_faulty(now),
            // An owner about to become Master, or that was: nobody was told of it yet.
            State::Backup if self.told != State::Backup => self.start_without_fault(now),
            State::Backup => {
                if self.master_down_interval() != down_interval {
                    self.timer = Some(self.after_hold(now) + self.master_down_interval());
                }
            }
            State::Master => self.continue_as_master(&old, now),
        }
        self.report_health();
    }

    /// A reload ends `vrrp_startup_delay` at another time. A delay that is over stays so: who listens
    /// already would miss the Master. [`Self::poll_timeout`] may change.
    pub fn set_hold(&mut self, hold_until: Option<Instant>, now: Instant) {
        let Some(old) = self.hold_until.filter(|end| now < *end) else {
            return;
        };
        let end = hold_until.map_or(now, |end| end.max(now));
        self.hold_until = Some(end);
        // Only a Backup's timer runs meanwhile, and it counts from the end of the delay.
        let moved = |timer: Instant| end + timer.saturating_duration_since(old);
        self.timer = self.timer.map(moved);
    }

    fn continue_as_master(&mut self, old: &RouterConfig, now: Instant) {
        self.answer(now);
        if self.config.garp != old.garp {
            self.garp.restart_refresh(&self.config.garp, now);
        }
        if self.config.addresses == old.addresses {
            return;
        }
        self.act(Action::AddressesChanged);
        let known = |address| old.addresses.contains(address);
        if !self.config.addresses.iter().all(known) {
            let rounds = self.garp.block(&self.config.garp, now);
            self.act(Action::Announce { rounds });
        }
    }
}
