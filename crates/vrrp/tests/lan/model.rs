//! What a router must do, read from keepalived's tables a second time and written down apart from
//! `ka-vrrp`: each advertisement, each change of state, and when a Backup takes over.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_vrrp::{
    Action, Cause, Faults, GroupStart, GroupStep, InitialState, Notice, RouterConfig, State,
    Tracking, VirtualRouter,
};
use ka_wire::{Family, Version};

use crate::packet::{Heard, Packet};

/// What a router does that others, or its host, see at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    Advertise(u8),
    Acquire,
    Release,
    /// The effective priority changes.
    Priority(u8),
    Tell(State, Cause),
}

impl Deed {
    pub(crate) const fn of(action: &Action) -> Option<Self> {
        Some(match *action {
            Action::Advertise { priority } => Self::Advertise(priority),
            Action::AcquireAddresses => Self::Acquire,
            Action::ReleaseAddresses => Self::Release,
            Action::Notify(Notice::EffectivePriorityChanged { to, .. }) => Self::Priority(to),
            Action::Notify(Notice::StateChanged { to, cause, .. }) => Self::Tell(to, cause),
            Action::AddressesChanged
            | Action::Announce { .. }
            | Action::AnnounceExtraInterfaces
            | Action::CancelAnnouncements
            | Action::Group(_)
            | Action::Notify(_) => return None,
        })
    }
}

/// Another owner, of a lower address, that a Master which owns the addresses has heard.
#[derive(Clone, Copy, Debug)]
struct Rival {
    since: Instant,
    interval: Duration,
    /// Advertisements in turn that this router sent meanwhile.
    in_turn: u32,
    window_end: Option<Instant>,
}

/// One router as it should be.
#[derive(Debug)]
pub(crate) struct Model {
    config: RouterConfig,
    state: State,
    told: State,
    effective: u8,
    /// Takeover of a Backup, next advertisement of a Master.
    due: Option<Instant>,
    /// Interval that a Backup counts in.
    interval: Duration,
    preempt_at: Option<Instant>,
    /// As Backup.
    master: Option<IpAddr>,
    last_sent: Option<Instant>,
    rival: Option<Rival>,
    link: bool,
    source: Option<IpAddr>,
    /// Others remove what it holds again and again.
    contested: bool,
    tracking: Tracking,
    /// Started, and not yet told what it tracks.
    awaits: bool,
    /// In a sync group.
    grouped: bool,
    hold: Option<Instant>,
    deeds: Vec<Deed>,
}

impl Model {
    pub(crate) fn new(config: &RouterConfig) -> Self {
        Self {
            config: config.clone(),
            state: State::Init,
            told: State::Init,
            effective: config.priority,
            due: None,
            interval: config.advertisement_interval,
            preempt_at: None,
            master: None,
            last_sent: None,
            rival: None,
            link: false,
            source: None,
            contested: false,
            tracking: Tracking::default(),
            awaits: false,
            grouped: false,
            hold: None,
            deeds: Vec::new(),
        }
    }

    /// Checks what `router` did, and is, after both were told the same.
    pub(crate) fn compare(&mut self, router: &VirtualRouter, done: &[Deed]) {
        assert_eq!(done, self.deeds, "done, and to be done");
        self.deeds.clear();
        assert_eq!(router.state(), self.state);
        assert_eq!(router.effective_priority(), self.effective);
        assert_eq!(router.master().map(|(source, _)| source), self.master);
        match self.state {
            // Announcements may be due before the next advertisement.
            State::Master => assert!(router.poll_timeout() <= self.due),
            _ => assert_eq!(router.poll_timeout(), self.due, "when it takes over"),
        }
    }

    pub(crate) fn start(
        &mut self,
        link: bool,
        source: Option<IpAddr>,
        hold: Option<Instant>,
        now: Instant,
    ) {
        if !matches!(self.state, State::Init | State::Stop) || self.awaits {
            return;
        }
        (self.link, self.source) = (link, source);
        self.hold = hold.filter(|end| *end > now);
        self.effective = self.priority();
        self.interval = self.config.advertisement_interval;
        if self.grouped {
            (self.state, self.awaits) = (State::Init, true);
        } else if self.faults().any() {
            self.fail();
        } else if self.tracking.awaited > 0 {
            (self.state, self.awaits) = (State::Init, true);
        } else {
            self.begin(now);
        }
    }

    pub(crate) fn stop(&mut self) {
        if self.state == State::Master {
            self.deeds.extend([Deed::Advertise(0), Deed::Release]);
        }
        self.enter(State::Stop, None, Cause::Stop);
    }

    pub(crate) fn set_link(&mut self, link: bool, now: Instant) {
        self.link = link;
        self.settle(now);
    }

    pub(crate) fn set_source(&mut self, source: Option<IpAddr>, now: Instant) {
        self.source = source;
        self.settle(now);
    }

    /// Others removed something that it holds.
    pub(crate) fn lose_object(&mut self, now: Instant) {
        if self.state == State::Master {
            self.step_down(Cause::LostObject, now);
        }
    }

    fn step_down(&mut self, cause: Cause, now: Instant) {
        self.deeds.extend([Deed::Advertise(0), Deed::Release]);
        self.become_backup(cause, now);
        self.last_sent = Some(now);
        self.due = Some(self.end_of_hold(now) + self.skew());
    }

    pub(crate) fn set_contested(&mut self, contested: bool, now: Instant) {
        self.contested = contested;
        self.settle(now);
    }

    /// What is tracked comes to something else.
    pub(crate) fn track(&mut self, tracking: Tracking, now: Instant) {
        if tracking == self.tracking {
            return;
        }
        let old_down = self.down();
        self.tracking = tracking;
        if self.config.priority < 255 {
            self.set_effective(self.priority());
        }
        if self.state == State::Backup && self.down() != old_down {
            let moved = |due: Instant| now.max(due + self.down() - old_down);
            self.due = self.due.map(moved);
        }
        self.settle(now);
    }

    /// A reload ends the start-up delay at another time: what is left is counted to that.
    pub(crate) fn set_hold(&mut self, hold: Option<Instant>, now: Instant) {
        let Some(old) = self.hold.filter(|end| *end > now) else {
            return;
        };
        let new = hold.unwrap_or(now).max(now);
        self.hold = Some(new);
        self.due = self.due.map(|due| new + (due - old));
    }

    pub(crate) fn reconfigure(&mut self, config: &RouterConfig, tracking: Tracking, now: Instant) {
        if *config == self.config {
            self.track(tracking, now);
            return;
        }
        self.give_up_if_too_late(now);
        let old_down = self.down();
        let old = std::mem::replace(&mut self.config, config.clone());
        self.tracking = tracking;
        if (old.priority, config.priority) != (255, 255) {
            self.effective = self.priority();
            self.rival = None;
        }
        let v3_before_and_after = (old.version, config.version) == (Version::V3, Version::V3);
        if self.master.is_none() || !v3_before_and_after {
            self.interval = config.advertisement_interval;
        }
        if (old.preempt_mode, old.preempt_delay) != (config.preempt_mode, config.preempt_delay) {
            self.preempt_at = None;
        }
        match self.state {
            State::Stop => {}
            State::Init | State::Fault => self.settle(now),
            // Without resigning.
            State::Backup | State::Master if self.faults().any() => self.fail(),
            State::Backup if self.told != State::Backup && self.grouped => {
                self.become_backup(Cause::Start, now);
            }
            State::Backup if self.told != State::Backup => self.begin(now),
            State::Backup if self.down() == old_down => {}
            State::Backup => self.due = Some(self.end_of_hold(now) + self.down()),
            State::Master => self.advertise(now),
        }
    }

    pub(crate) fn time_passed(&mut self, now: Instant) {
        self.give_up_if_too_late(now);
        let Some(due) = self.due.filter(|due| *due <= now) else {
            return;
        };
        let interval = self.config.advertisement_interval;
        if self.state == State::Master {
            self.advertise(now);
            // In turn, or a whole interval later if that turn is lost, too.
            self.due = Some(
                Some(due + interval)
                    .filter(|due| *due > now)
                    .unwrap_or(now + interval),
            );
            if let Some(rival) = &mut self.rival {
                rival.in_turn += 1;
                if rival.in_turn == 2 {
                    rival.window_end = Some(now + rival.interval * 12 / 10);
                }
            }
            return;
        }
        if self.grouped {
            // The group decides; until it does the wait begins anew.
            self.due = Some(now + self.down());
            return;
        }
        self.take_over(self.own_cause(), now);
    }

    /// As if its own timer had run out.
    fn own_cause(&self) -> Cause {
        match self.told {
            State::Backup => Cause::MasterDownTimer,
            _ => Cause::AddressOwner,
        }
    }

    fn take_over(&mut self, cause: Cause, now: Instant) {
        let interval = self.config.advertisement_interval;
        self.advertise(now);
        if self.config.priority == 255 {
            self.set_effective(255);
        }
        self.deeds.push(Deed::Acquire);
        self.interval = interval;
        (self.master, self.preempt_at, self.rival) = (None, None, None);
        self.enter(State::Master, Some(now + interval), cause);
    }

    pub(crate) fn hear(&mut self, packet: &Packet, now: Instant) {
        let listens = matches!(self.state, State::Backup | State::Master);
        let ours = Family::from(packet.source) == self.config.family
            && packet
                .payload
                .get(1)
                .is_none_or(|vrid| *vrid == self.config.vrid);
        if !listens || !ours || self.hold.is_some_and(|end| end > now) {
            return;
        }
        self.give_up_if_too_late(now);
        let ignored = self.config.owner_ignore_adverts && self.effective == 255;
        let Some(heard) = packet.heard_by(&self.config).filter(|_| !ignored) else {
            return;
        };
        match (self.state, heard.priority) {
            (State::Master, 0) => self.advertise(now),
            (State::Master, _) => self.contest(&heard, now),
            _ => self.listen(&heard, now),
        }
    }

    fn listen(&mut self, heard: &Heard, now: Instant) {
        let same_owner = heard.priority == 255 && self.master == Some(heard.source);
        if self.config.priority == 255 && !same_owner {
            self.set_effective(255);
        }
        if heard.priority == 0 {
            self.due = Some(now + self.skew());
            return;
        }
        let delay = self.config.preempt_delay;
        let better_or_equal = heard.priority >= self.effective;
        let delayed = delay > Duration::ZERO && self.preempt_at.is_none_or(|end| end > now);
        if !better_or_equal && self.config.preempt_mode && !delayed {
            return;
        }
        self.learn(heard);
        self.master = Some(heard.source);
        self.due = Some(now + self.down());
        if better_or_equal {
            self.preempt_at = None;
        } else if delay > Duration::ZERO && self.preempt_at.is_none() {
            self.preempt_at = Some(now + delay);
        }
        self.tell(Cause::Start);
    }

    fn contest(&mut self, heard: &Heard, now: Instant) {
        self.look_at_rival(heard, now);
        let theirs = (heard.priority, Some(heard.source));
        let ours = (self.effective, self.source);
        if theirs > ours {
            if self.config.higher_prio_send_advert {
                self.advertise(now);
            }
            self.learn(heard);
            self.deeds.push(Deed::Release);
            self.become_backup(Cause::HigherPriorityAdvertisement, now);
            self.master = Some(heard.source);
        } else if theirs < ours && !self.config.lower_prio_no_advert {
            self.advertise(now);
        }
    }

    /// An owner with a lower address has two advertisements of ours to give way, and after that
    /// 1.2 intervals in which it must be silent; or 4.5 intervals in which there was no turn.
    fn look_at_rival(&mut self, heard: &Heard, now: Instant) {
        let both_own = (self.effective, heard.priority) == (255, 255);
        if !both_own || Some(heard.source) >= self.source {
            return;
        }
        let new = Rival {
            since: now,
            interval: heard.interval.max(self.config.advertisement_interval),
            in_turn: 0,
            window_end: None,
        };
        let rival = self.rival.get_or_insert(new);
        let stays = match rival.window_end {
            Some(end) => now <= end,
            None => now >= rival.since + rival.interval * 45 / 10,
        };
        if stays {
            self.set_effective(254);
        } else if rival.window_end.is_some() {
            *rival = new;
        }
    }

    /// `timer_expired_backup`: so late that a router of that priority must have taken over.
    fn give_up_if_too_late(&mut self, now: Instant) {
        let (State::Master, Some(other), Some(last), Some(due)) = (
            self.state,
            self.config.timer_expired_backup,
            self.last_sent,
            self.due,
        ) else {
            return;
        };
        let interval = self.config.advertisement_interval;
        if now >= last + interval * 3 + self.skew_of(other, interval) {
            self.deeds.push(Deed::Release);
            let late = now.saturating_duration_since(due);
            self.become_backup(Cause::TimerExpired { late }, now);
        }
    }

    /// Reacts to what the interface lacks, or lacks no more.
    fn settle(&mut self, now: Instant) {
        let faulty = self.faults().any();
        match self.state {
            State::Master if faulty => {
                // IPv6 resigns a first time only if it can.
                let first = self.config.family == Family::V4 || self.source.is_some();
                for _ in 0..1 + u8::from(first) {
                    self.deeds.push(Deed::Advertise(0));
                }
                self.last_sent = Some(now);
                self.fail();
            }
            State::Backup if faulty => self.fail(),
            // With its group only.
            _ if self.grouped => {}
            State::Init if self.awaits && faulty => self.fail(),
            State::Init if self.awaits && self.tracking.awaited == 0 => {
                self.become_backup(Cause::FaultsCleared, now);
            }
            State::Fault if !faulty && self.tracking.awaited == 0 => {
                self.interval = self.config.advertisement_interval;
                self.become_backup(Cause::FaultsCleared, now);
            }
            _ => {}
        }
    }

    fn faults(&self) -> Faults {
        Faults {
            link_down: !self.link && !self.config.dont_track_primary,
            no_source: self.source.is_none(),
            objects: self.contested,
            trackers: self.tracking.faults,
            ..Faults::NONE
        }
    }

    fn fail(&mut self) {
        if self.state == State::Master {
            self.deeds.push(Deed::Release);
        }
        let faults = self.faults();
        self.enter(State::Fault, None, Cause::Fault { faults });
    }

    pub(crate) const fn is_grouped(&self) -> bool {
        self.grouped
    }

    pub(crate) fn join(&mut self) {
        self.grouped = true;
    }

    pub(crate) fn leave(&mut self, now: Instant) {
        self.grouped = false;
        self.settle(now);
    }

    /// What a sync group makes a member do, whatever the reason.
    pub(crate) fn follow(&mut self, step: GroupStep, now: Instant) {
        let is_master = self.state == State::Master;
        let waits = matches!(self.state, State::Init | State::Fault);
        match step {
            GroupStep::Start(_) if self.state != State::Init => {}
            GroupStep::Start(GroupStart::AtOnce) => {
                self.awaits = false;
                self.begin(now);
            }
            GroupStep::Start(start) => {
                self.become_backup(Cause::Start, now);
                if start == GroupStart::Shortly && self.config.priority == 255 {
                    // 1.0039 s with an interval of a second.
                    let interval = self.config.advertisement_interval;
                    let wait = interval + self.skew_of(255, self.interval);
                    self.due = Some(self.end_of_hold(now) + wait);
                }
            }
            GroupStep::Permit | GroupStep::Master if self.state != State::Backup => {}
            GroupStep::Permit => self.take_over(self.own_cause(), now),
            GroupStep::Master => self.take_over(Cause::Group, now),
            GroupStep::Backup if is_master => {
                self.deeds.push(Deed::Release);
                self.become_backup(Cause::Group, now);
            }
            GroupStep::Backup if self.state == State::Backup && self.told == State::Backup => {
                self.due = Some(self.end_of_hold(now) + self.down());
            }
            GroupStep::Backup if matches!(self.state, State::Backup | State::Init) => {
                self.become_backup(Cause::Start, now);
            }
            GroupStep::Fault if !matches!(self.state, State::Fault | State::Stop) => {
                if is_master {
                    self.deeds.extend([Deed::Advertise(0), Deed::Release]);
                    self.last_sent = Some(now);
                }
                let mut faults = self.faults();
                faults.group = !faults.any();
                self.enter(State::Fault, None, Cause::Fault { faults });
            }
            GroupStep::Recover if waits => {
                self.interval = self.config.advertisement_interval;
                self.become_backup(Cause::FaultsCleared, now);
            }
            GroupStep::FaultAndRecover => {
                self.follow(GroupStep::Fault, now);
                self.follow(GroupStep::Recover, now);
            }
            GroupStep::StepDown if is_master => self.step_down(Cause::Group, now),
            GroupStep::Backup
            | GroupStep::Fault
            | GroupStep::Recover
            | GroupStep::StepDown
            | GroupStep::Announce => {}
        }
    }

    /// Starts without a fault: an owner need not wait, unless it is told to.
    fn begin(&mut self, now: Instant) {
        if self.config.priority == 255 && self.config.initial_state != Some(InitialState::Backup) {
            let after_hold = self
                .hold
                .map(|end| end + self.config.advertisement_interval);
            let at_once = now + Duration::from_micros(1);
            self.state = State::Backup;
            self.due = Some(after_hold.unwrap_or(at_once).max(at_once));
        } else {
            self.become_backup(Cause::Start, now);
        }
    }

    fn become_backup(&mut self, cause: Cause, now: Instant) {
        (self.master, self.preempt_at) = (None, None);
        let due = self.end_of_hold(now) + self.down();
        self.enter(State::Backup, Some(due), cause);
    }

    fn enter(&mut self, state: State, due: Option<Instant>, cause: Cause) {
        if state != State::Backup {
            self.master = None;
        }
        if state != State::Master {
            self.rival = None;
        }
        (self.state, self.due, self.awaits) = (state, due, false);
        self.tell(cause);
    }

    fn tell(&mut self, cause: Cause) {
        if self.told != self.state {
            self.told = self.state;
            self.deeds.push(Deed::Tell(self.state, cause));
        }
    }

    fn advertise(&mut self, now: Instant) {
        self.deeds.push(Deed::Advertise(self.effective));
        self.last_sent = Some(now);
        self.due = Some(now + self.config.advertisement_interval);
    }

    fn set_effective(&mut self, priority: u8) {
        if self.effective != priority {
            self.effective = priority;
            self.deeds.push(Deed::Priority(priority));
        }
    }

    fn learn(&mut self, heard: &Heard) {
        if heard.interval > Duration::ZERO {
            self.interval = heard.interval;
        }
    }

    fn end_of_hold(&self, now: Instant) -> Instant {
        self.hold.unwrap_or(now).max(now)
    }

    fn down(&self) -> Duration {
        self.interval * u32::from(self.config.down_timer_adverts) + self.skew()
    }

    /// An owner's is that of 255 even when it gave way.
    fn skew(&self) -> Duration {
        let priority = match self.config.priority {
            255 => 255,
            _ => self.effective,
        };
        self.skew_of(priority, self.interval)
    }

    /// What is configured and tracked comes to this, within the limits.
    fn priority(&self) -> u8 {
        match self.config.priority {
            255 => 255,
            base => (i64::from(base) + i64::from(self.tracking.priority))
                .clamp(1, 254)
                .try_into()
                .expect("within the limits"),
        }
    }

    /// RFC 3768 §6.1 and RFC 9568 §6.1, in whole microseconds.
    fn skew_of(&self, priority: u8, interval: Duration) -> Duration {
        let unit = match self.config.version {
            Version::V2 => Duration::from_secs(1),
            Version::V3 => interval,
        };
        let share = unit.as_micros() * (256 - u128::from(priority)) / 256;
        Duration::from_micros(u64::try_from(share).expect("a short time"))
    }
}
