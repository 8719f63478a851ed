//! Start, stop, and what the router cannot do without.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_wire::Family;

use super::VirtualRouter;
use crate::action::{Cause, Notice};
use crate::state::{State, UnusableSource};
use crate::sync_group::GroupWord;

/// keepalived's timer for an address owner that need not wait.
const AT_ONCE: Duration = Duration::from_micros(1);

impl VirtualRouter {
    /// Starts a router that is new or stopped; otherwise does nothing.
    ///
    /// With a fault it waits in [`State::Fault`]. Without one, but with a tracker that may turn out to
    /// be one, it stays in [`State::Init`] until that is known, and is then Backup, or in Fault. An address owner without `state BACKUP`
    /// becomes Master at once; any other router is Backup for a whole
    /// Master_Down_Interval, also with `state MASTER`.
    ///
    /// `hold_until` is the end of `vrrp_startup_delay`: until then packets are dropped, a
    /// Backup's timer does not run, and an owner waits one advertisement interval more.
    pub fn start(
        &mut self,
        link_up: bool,
        source: Option<IpAddr>,
        hold_until: Option<Instant>,
        now: Instant,
    ) {
        if !matches!(self.state, State::Init | State::Stop) || self.awaits_trackers {
            return;
        }
        self.link_up = link_up;
        self.source = source;
        self.hold_until = hold_until.filter(|end| now < *end);
        self.effective_priority = self.tracked_priority();
        self.master_adver_interval = self.config.advertisement_interval;
        self.sender = None;
        if self.is_grouped() {
            // The group starts when all its members are there.
            self.set_state(State::Init, now);
            self.awaits_trackers = true;
            self.report_health();
        } else if self.faults().any() {
            self.become_faulty(now);
        } else if self.tracking.awaited > 0 {
            self.set_state(State::Init, now);
            self.awaits_trackers = true;
        } else {
            self.start_without_fault(now);
        }
    }

    /// Starts, or starts over when the configuration changes before anything was told.
    pub(super) fn start_without_fault(&mut self, now: Instant) {
        if self.is_grouped() {
            self.become_backup(Cause::Start, now);
            self.tell_group(GroupWord::LeftMaster);
        } else if self.config.is_owner() && self.config.starts_as_master() {
            self.await_ownership(now);
        } else {
            self.become_backup(Cause::Start, now);
        }
    }

    /// The interface went up or down (`IFF_UP` and `IFF_RUNNING`). Saying the same again does nothing.
    pub fn handle_link(&mut self, up: bool, now: Instant) {
        self.link_up = up;
        self.settle_faults(now);
    }

    /// What could be the address to send from, but cannot be used. Said before [`Self::handle_source`], it
    /// is told with the fault; alone it changes nothing.
    pub const fn set_unusable_source(&mut self, unusable: Option<UnusableSource>) {
        self.unusable_source = unusable;
    }

    /// The address to send from changed, came or went. Saying the same again does nothing.
    pub fn handle_source(&mut self, source: Option<IpAddr>, now: Instant) {
        self.source = source;
        self.settle_faults(now);
    }

    /// The address to send from is no address of this host any more, or is one again. An instance
    /// that is new has it. Saying the same again does nothing.
    pub fn handle_source_lost(&mut self, lost: bool, now: Instant) {
        self.source_lost = lost;
        self.settle_faults(now);
    }

    /// Resigns if Master, and stops for good. In [`State::Stop`] does nothing.
    pub fn stop(&mut self, now: Instant) {
        if self.state == State::Stop {
            return;
        }
        if self.state == State::Master {
            self.resign(now);
            self.release();
        }
        self.timer = None;
        self.master = None;
        self.awaits_trackers = false;
        self.set_state(State::Stop, now);
        self.tell(Cause::Stop);
    }

    /// Enters or leaves Fault as the faults say.
    pub(super) fn settle_faults(&mut self, now: Instant) {
        if self.is_grouped() {
            return self.settle_in_group(now);
        }
        let faulty = self.faults().any();
        match self.state {
            State::Backup => {
                if faulty {
                    self.become_faulty(now);
                }
            }
            State::Master => {
                if faulty {
                    self.resign_in_fault(now);
                    self.become_faulty(now);
                }
            }
            State::Fault => {
                if !faulty && self.tracking.awaited == 0 {
                    self.reset_interval();
                    self.become_backup(Cause::FaultsCleared, now);
                }
            }
            State::Init if self.awaits_trackers => {
                if faulty {
                    self.become_faulty(now);
                } else if self.tracking.awaited == 0 {
                    self.awaits_trackers = false;
                    self.become_backup(Cause::FaultsCleared, now);
                }
            }
            State::Init | State::Stop => {}
        }
    }

    /// Enters Fault without resigning.
    pub(super) fn become_faulty(&mut self, now: Instant) {
        if self.state == State::Master {
            self.release();
        }
        self.timer = None;
        self.master = None;
        self.awaits_trackers = false;
        self.set_state(State::Fault, now);
        self.tell(Cause::Fault {
            faults: self.faults(),
        });
    }

    /// keepalived resigns twice on a fault of its own. The first time it looks whether
    /// IPv6 has an address to send from.
    pub(super) fn resign_in_fault(&mut self, now: Instant) {
        if self.config.family == Family::V4 || self.source.is_some() {
            self.advertise(0, now);
        }
        self.resign(now);
    }

    pub(super) fn resign(&mut self, now: Instant) {
        self.advertise(0, now);
        self.statistics.priority_zero_sent += 1;
        self.notify(Notice::PriorityZeroSent);
    }

    /// Backup in name only, which is told to nobody.
    pub(super) fn await_ownership(&mut self, now: Instant) {
        self.set_state(State::Backup, now);
        self.preempt_at = None;
        let at_once = now + AT_ONCE;
        let interval = self.config.advertisement_interval;
        let due = self.hold_until.map(|end| at_once.max(end + interval));
        self.timer = Some(due.unwrap_or(at_once));
    }
}
