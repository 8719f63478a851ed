//! The virtual router: its state, its timers and what it answers to events.

mod authentication;
mod backup;
mod fault;
mod group;
mod lost;
mod master;
mod reading;
mod reload;
mod rival;
mod track;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_wire::Family;

use crate::action::{Action, Cause, Notice};
use crate::config::RouterConfig;
use crate::garp::GarpSchedule;
use crate::noticed::{Noticed, Once};
use crate::owner::OwnerConflict;
use crate::receive::{self, Accepted, ReceivedPacket, Receiver, Rejection};
use crate::remarks::Remarks;
use crate::rival::Rivals;
use crate::state::{State, UnusableSource};
use crate::statistics::Statistics;
use crate::tracking::Tracking;

/// One virtual router (RFC 9568 §6): no socket, no clock, no thread.
///
/// The driver calls a `handle_*` method, drains [`Self::poll_action`], then
/// sleeps until [`Self::poll_timeout`]. Same calls, same actions. `now` may go back by less
/// than a millisecond from one call to the next: a timer that is run a little early or late is told
/// its own time, so that neither adds up.
///
/// Waking late, the driver hands over the packets that wait before it calls
/// [`Self::handle_timeout`]: a Backup that slept must not take over from a Master that it could
/// have heard.
///
/// The queue of actions is bounded: whatever the input, one call adds at most
/// [`Self::MAX_ACTIONS`], because no transition leads to itself and each adds a
/// fixed number. A driver that drains after each call never holds more. Packets
/// cause at most 20 notices a second, apart from changes of state.
#[derive(Debug)]
pub struct VirtualRouter {
    config: RouterConfig,
    statistics: Statistics,
    actions: VecDeque<Action>,
    garp: GarpSchedule,
    owner_conflict: Option<OwnerConflict>,
    rivals: Rivals,
    /// Master_Down_Timer as Backup, Adver_Timer as Master.
    timer: Option<Instant>,
    /// End of `vrrp_startup_delay`.
    hold_until: Option<Instant>,
    /// Backup: when a Master of lower priority is no longer left in place.
    preempt_at: Option<Instant>,
    last_advertisement: Option<Instant>,
    last_transition: Option<Instant>,
    /// Master_Adver_Interval.
    master_adver_interval: Duration,
    source: Option<IpAddr>,
    source_lost: bool,
    /// Others remove what it holds again and again.
    objects_lost: bool,
    /// What could be the source were it usable.
    unusable_source: Option<UnusableSource>,
    /// Backup: the Master and its priority.
    master: Option<(IpAddr, u8)>,
    /// Sender of the last advertisement that was not rejected.
    sender: Option<IpAddr>,
    receiver: Receiver,
    noticed: Noticed,
    remarks: Remarks,
    state: State,
    /// The last state told by [`Notice::StateChanged`].
    told: State,
    effective_priority: u8,
    link_up: bool,
    tracking: Tracking,
    /// Started, and still in [`State::Init`]: a tracker has no result yet that may be a fault, or the
    /// sync group has not started yet.
    awaits_trackers: bool,
    /// Of a sync group.
    membership: Option<group::Membership>,
}

impl VirtualRouter {
    /// Most actions that one call adds.
    pub const MAX_ACTIONS: usize = 16;

    /// A virtual router in [`State::Init`]. `config` has passed [`RouterConfig::validate`].
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        Self {
            statistics: Statistics::default(),
            actions: VecDeque::new(),
            garp: GarpSchedule::default(),
            owner_conflict: None,
            rivals: Rivals::default(),
            timer: None,
            hold_until: None,
            preempt_at: None,
            last_advertisement: None,
            last_transition: None,
            master_adver_interval: config.advertisement_interval,
            source: None,
            source_lost: false,
            objects_lost: false,
            unusable_source: None,
            master: None,
            sender: None,
            receiver: Receiver::default(),
            noticed: Noticed::default(),
            remarks: Remarks::default(),
            state: State::Init,
            told: State::Init,
            effective_priority: config.priority,
            link_up: false,
            tracking: Tracking::default(),
            awaits_trackers: false,
            membership: None,
            config,
        }
    }

    /// A VRRP packet for this router's interface and VRID arrived: applies the receive
    /// checks in keepalived's order, counts, and acts on what passes.
    ///
    /// Silently dropped: packets for another VRID or family, during the start-up delay, and in
    /// any state but Backup and Master. A rejected packet moves no timer.
    pub fn handle_packet(&mut self, packet: &ReceivedPacket<'_>, now: Instant) {
        let listening = matches!(self.state, State::Backup | State::Master);
        let foreign = Family::from(packet.source) != self.config.family
            || packet
                .payload
                .get(1)
                .is_some_and(|vrid| *vrid != self.config.vrid);
        if !listening || foreign || self.hold_until.is_some_and(|end| now < end) {
            return;
        }
        self.give_up_if_late(now);
        self.remarks.renew(now);
        let owner_ignores = self.config.owner_ignore_adverts
            && self.effective_priority == crate::config::OWNER_PRIORITY;
        match self.receiver.check(&self.config, owner_ignores, packet) {
            Err(rejection) => {
                self.reject(packet.source, rejection);
                if rejection == Rejection::OwnerIgnoresAdvertisements && self.state == State::Master
                {
                    // It passed all checks but this one, so that there is a priority.
                    let priority = packet.payload.get(2).copied().unwrap_or(0);
                    self.ignore_rival(packet.source, priority, now);
                }
            }
            Ok(advertisement) => {
                self.statistics.advertisements_received += 1;
                if let Err(rejection) = receive::check_peer(&self.config, packet) {
                    self.compare_addresses(&advertisement);
                    return self.reject(packet.source, rejection);
                }
                self.note_differences(&advertisement);
                self.note_sender(&advertisement, now);
                match self.state {
                    State::Backup => self.hear(&advertisement, now),
                    State::Master => self.contest(&advertisement, now),
                    State::Init | State::Fault | State::Stop => {}
                }
            }
        }
    }

    /// Time passed: does whatever [`Self::poll_timeout`] announced for `now` or before.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Backup => self.handle_master_down_timer(now),
            State::Master => self.handle_master_timers(now),
            State::Init | State::Fault | State::Stop => {}
        }
    }

    /// When [`Self::handle_timeout`] has something to do; `None` as long as only other events matter.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [
            self.timer,
            self.garp.poll_timeout(),
            self.rivals.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next action to perform, until `None`.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    const fn timer_priority(&self) -> u8 {
        if self.config.is_owner() {
            self.config.priority
        } else {
            self.effective_priority
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn notify(&mut self, notice: Notice) {
        self.act(Action::Notify(notice));
    }

    /// Says something that the next packet may be a reason to say again.
    fn remark(&mut self, notice: Notice) {
        if self.remarks.take() {
            self.notify(notice);
        }
    }

    /// Says something once, until the state or the Master changes.
    fn remark_once(&mut self, once: Once, notice: Notice) {
        if self.remarks.any_left() && self.noticed.first(once) {
            self.remark(notice);
        }
    }

    fn set_state(&mut self, state: State, now: Instant) {
        self.state = state;
        self.last_transition = Some(now);
        self.noticed.clear();
    }

    /// Tells the state unless it is the one told before: an owner that is about to become Master
    /// is Backup without a word. This is the last thing that a transition does. `false`: it was told before.
    fn tell(&mut self, cause: Cause) -> bool {
        let from = std::mem::replace(&mut self.told, self.state);
        if from != self.state {
            self.notify(Notice::StateChanged {
                from,
                to: self.state,
                cause,
            });
        }
        from != self.state
    }

    /// keepalived says who sent a packet before it checks it, each time that changes. Here
    /// the sender of rejected packets is said once: with a wrong password on one
    /// of two routers it would be said twice in each interval for ever.
    fn reject(&mut self, source: IpAddr, rejection: Rejection) {
        let reason = rejection.reason();
        self.statistics.count_rejected(reason);
        if self.sender != Some(source) {
            let changed = Notice::MasterChanged {
                previous: self.sender,
                current: source,
            };
            self.remark_once(Once::RejectedSender, changed);
        }
        let rejected = Notice::AdvertisementRejected { source, rejection };
        self.remark_once(Once::Rejected(reason), rejected);
    }

    /// Says and counts what about a good advertisement is not as configured here.
    fn note_differences(&mut self, advertisement: &Accepted<'_>) {
        let source = advertisement.source;
        if self.sender != Some(source) {
            let previous = self.sender.replace(source);
            self.noticed.clear();
            self.remark(Notice::MasterChanged {
                previous,
                current: source,
            });
        }
        let ours = self.config.advertisement_interval;
        let received = advertisement.interval;
        // VRRPv2 was rejected for that.
        if received != ours {
            let mismatch = Notice::IntervalMismatch {
                source,
                ours,
                received,
            };
            self.remark_once(Once::Interval, mismatch);
        }
        self.compare_addresses(advertisement);
    }

    /// RFC 9568 §7.1 lets a receiver check the addresses; like keepalived this one
    /// accepts the advertisement whatever comes out.
    fn compare_addresses(&mut self, advertisement: &Accepted<'_>) {
        let source = advertisement.source;
        let received = advertisement.address_count();
        if usize::from(received) != self.config.addresses.len() {
            self.statistics.address_list_errors += 1;
            let mismatch = Notice::AddressCountMismatch {
                source,
                expected: self.config.addresses.len().try_into().unwrap_or(u8::MAX),
                received,
            };
            self.remark_once(Once::AddressCount, mismatch);
            return;
        }
        // Of a Backup only: a Master knows no other.
        let same_master = self.master.is_some_and(|(master, _)| master == source);
        if self.config.skip_check_adv_addr && same_master {
            return;
        }
        if let Some(address) = advertisement.missing_address(&self.config.addresses) {
            self.statistics.address_list_errors += 1;
            let missing = Notice::AddressMissing { source, address };
            self.remark_once(Once::AddressMissing, missing);
        }
    }

    /// Takes over the sender's interval (RFC 9568 §6.4.2). In VRRPv2 it was checked to be ours.
    ///
    /// 0 is not an interval, but nothing in keepalived's checks rejects it; learned, it would
    /// make the Master_Down_Timer run out at once.
    fn learn_interval(&mut self, advertisement: &Accepted<'_>) {
        let current = advertisement.interval;
        if current.is_zero() {
            return;
        }
        let previous = std::mem::replace(&mut self.master_adver_interval, current);
        if previous != current {
            self.remark(Notice::IntervalLearned { previous, current });
        }
    }

    fn reset_interval(&mut self) {
        let current = self.config.advertisement_interval;
        let previous = std::mem::replace(&mut self.master_adver_interval, current);
        if previous != current {
            self.notify(Notice::IntervalReset { previous, current });
        }
    }

    /// `now`, or the end of the start-up delay while that lasts.
    fn after_hold(&self, now: Instant) -> Instant {
        self.hold_until.map_or(now, |end| end.max(now))
    }
}

#[cfg(test)]
#[path = "router/tests.rs"]
mod tests;
