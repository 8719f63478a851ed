//! What must hold of every router at every moment, worked out apart from the router.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_vrrp::{Action, Cause, Notice, RouterConfig, State, VirtualRouter};
use ka_wire::Version;

use crate::packet::Packet;

/// What a router was just told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Input {
    Start,
    Stop,
    Packet { source: IpAddr, priority: u8 },
    Timeout,
    Interface,
    Reconfigure,
}

/// Watches one router.
#[derive(Debug)]
pub(crate) struct Oracle {
    config: RouterConfig,
    address: IpAddr,
    input: Input,
    /// State and effective priority before the input.
    before: (State, u8),
    told: State,
    holds_addresses: bool,
    faulty: bool,
    last_advertisement: Option<Instant>,
    /// Before this a Backup that heard what it heard must not take over.
    takeover_allowed: Option<Instant>,
    deaf_until: Option<Instant>,
}

impl Oracle {
    pub(crate) fn new(config: &RouterConfig, address: IpAddr) -> Self {
        Self {
            config: config.clone(),
            address,
            input: Input::Start,
            before: (State::Init, config.priority),
            told: State::Init,
            holds_addresses: false,
            faulty: false,
            last_advertisement: None,
            takeover_allowed: None,
            deaf_until: None,
        }
    }

    /// The router is started with a start-up delay.
    pub(crate) fn hold(&mut self, until: Option<Instant>) {
        self.deaf_until = until;
    }

    pub(crate) fn reconfigure(&mut self, config: &RouterConfig) {
        self.config = config.clone();
        // How long to wait has changed in a way that this oracle does not follow.
        self.takeover_allowed = None;
    }

    pub(crate) fn before(
        &mut self,
        router: &VirtualRouter,
        input: Input,
        (link, source): (bool, bool),
    ) {
        self.input = input;
        self.before = (router.state(), router.effective_priority());
        self.faulty = !source || !link && !self.config.dont_track_primary;
    }

    /// What hearing `packet` means for a Backup: until when it must wait at least. `None` when the
    /// packet changes nothing about that.
    pub(crate) fn hear(
        &self,
        router: &VirtualRouter,
        packet: &Packet,
        now: Instant,
    ) -> Option<Instant> {
        if self.deaf_until.is_some_and(|end| now < end) {
            return None;
        }
        let config = &self.config;
        let interval = match config.version {
            Version::V2 => config.advertisement_interval,
            Version::V3 => {
                let field = u16::from_be_bytes([packet.payload[4], packet.payload[5]]) & 0xfff;
                Duration::from_millis(u64::from(field) * 10)
            }
        };
        // An owner that gave way may become owner again on this very packet.
        let ours = match config.priority {
            255 => 255,
            _ => router.effective_priority(),
        };
        match packet.priority() {
            0 => Some(now),
            priority if priority >= ours || !config.preempt_mode => {
                Some(now + self.patience(interval))
            }
            _ if config.preempt_delay.is_zero() => None,
            // Accepted or not: this oracle does not follow the delay.
            _ => self
                .takeover_allowed
                .map(|allowed| allowed.min(now + self.patience(interval))),
        }
    }

    /// A Backup heard a good packet.
    pub(crate) fn allow_takeover(&mut self, at: Instant) {
        if self.told == State::Backup {
            self.takeover_allowed = Some(at);
        }
    }

    /// RFC 9568 §6.1 in floating point.
    fn patience(&self, interval: Duration) -> Duration {
        let config = &self.config;
        let skewed = match config.version {
            Version::V2 => Duration::from_secs(1),
            Version::V3 => interval,
        };
        let skew = skewed.mul_f64(f64::from(256 - u16::from(config.priority)) / 256.0);
        let exact = interval * u32::from(config.down_timer_adverts) + skew;
        // The router works in whole microseconds.
        exact.saturating_sub(Duration::from_micros(1))
    }

    pub(crate) fn check(&mut self, action: Action, now: Instant) {
        match action {
            Action::Advertise { .. } => self.last_advertisement = Some(now),
            Action::AcquireAddresses => {
                assert!(!self.holds_addresses, "acquired twice");
                self.holds_addresses = true;
            }
            Action::ReleaseAddresses => {
                assert!(self.holds_addresses, "released without having acquired");
                self.holds_addresses = false;
            }
            Action::AddressesChanged | Action::Announce { .. } => {
                assert!(self.holds_addresses, "{action:?} without addresses");
            }
            Action::Notify(Notice::StateChanged { from, to, cause }) => {
                assert_eq!(from, self.told, "a state change was not told");
                assert_ne!(from, to, "no state change at all");
                self.check_cause(from, to, cause, now);
                self.told = to;
                if to == State::Backup {
                    let interval = match cause {
                        Cause::HigherPriorityAdvertisement => None,
                        _ => Some(self.config.advertisement_interval),
                    };
                    self.takeover_allowed = interval.map(|interval| now + self.patience(interval));
                }
            }
            Action::CancelAnnouncements | Action::Notify(_) => {}
        }
    }

    /// Every change of state is explained by what the router was told.
    fn check_cause(&self, from: State, to: State, cause: Cause, now: Instant) {
        let idle = matches!(from, State::Init | State::Stop);
        let explained = match cause {
            Cause::Start => {
                // An owner about to start may hear another one, or be one no more after a reload.
                let told = match self.input {
                    Input::Start | Input::Reconfigure => true,
                    Input::Packet { priority, .. } => priority == 255,
                    Input::Stop | Input::Timeout | Input::Interface => false,
                };
                idle && to == State::Backup && told
            }
            Cause::AddressOwner => {
                let owner = self.config.priority == 255;
                idle && to == State::Master && owner && self.input == Input::Timeout
            }
            Cause::MasterDownTimer => {
                let allowed = self.takeover_allowed.is_none_or(|allowed| now >= allowed);
                from == State::Backup
                    && to == State::Master
                    && self.input == Input::Timeout
                    && allowed
            }
            Cause::HigherPriorityAdvertisement => {
                // An owner may reduce its priority on this very packet.
                let reduced = self.before.1 == 255 && self.config.priority == 255;
                let better = match self.input {
                    Input::Packet { source, priority } => {
                        (priority, source) > (self.before.1, self.address)
                            || reduced && priority == 255
                    }
                    _ => false,
                };
                from == State::Master && to == State::Backup && better
            }
            Cause::TimerExpired { .. } => {
                let silence = self.last_advertisement.map(|last| now - last);
                from == State::Master
                    && to == State::Backup
                    && self.config.timer_expired_backup.is_some()
                    && matches!(
                        self.input,
                        Input::Timeout | Input::Packet { .. } | Input::Reconfigure
                    )
                    && silence > Some(self.config.advertisement_interval * 3)
            }
            Cause::Fault { faults } => {
                let told = matches!(
                    self.input,
                    Input::Start | Input::Interface | Input::Reconfigure
                );
                to == State::Fault && told && self.faulty && faults.any()
            }
            Cause::FaultsCleared => {
                let told = matches!(self.input, Input::Interface | Input::Reconfigure);
                from == State::Fault && to == State::Backup && told && !self.faulty
            }
            Cause::Stop => to == State::Stop && self.input == Input::Stop,
        };
        assert!(
            explained,
            "{from} to {to} by {cause:?} is not explained by {:?}",
            self.input
        );
    }

    pub(crate) fn after(&self, router: &VirtualRouter, now: Instant) {
        let state = router.state();
        // One that has heard a Master waits for it like others.
        let owner_about_to_start = state == State::Backup
            && router.config().is_owner()
            && router.master().is_none()
            && matches!(self.told, State::Init | State::Stop);
        assert!(
            state == self.told || owner_about_to_start,
            "{state} was never told"
        );
        assert_eq!(self.holds_addresses, state == State::Master);
        assert_eq!(router.last_advertisement(), self.last_advertisement);
        let timed = matches!(state, State::Backup | State::Master);
        assert_eq!(router.poll_timeout().is_some(), timed, "{state} at {now:?}");
    }

    pub(crate) fn check_silence(&self, router: &VirtualRouter, now: Instant) {
        if router.state() == State::Master {
            let silence = self.last_advertisement.map(|last| now - last);
            assert!(
                silence <= Some(self.config.advertisement_interval),
                "a Master was silent for {silence:?}"
            );
        }
    }
}
