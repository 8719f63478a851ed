//! What must hold of every router at every moment, whatever it was told.

use std::time::Instant;

use ka_vrrp::{Action, Notice, State, VirtualRouter};

/// Watches one router.
#[derive(Debug)]
pub(crate) struct Oracle {
    told: State,
    holds_addresses: bool,
    last_advertisement: Option<Instant>,
}

impl Oracle {
    pub(crate) const fn new() -> Self {
        Self {
            told: State::Init,
            holds_addresses: false,
            last_advertisement: None,
        }
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
            Action::AddressesChanged
            | Action::Announce { .. }
            | Action::AnnounceExtraInterfaces => {
                assert!(self.holds_addresses, "{action:?} without addresses");
            }
            Action::Notify(Notice::StateChanged { from, to, .. }) => {
                assert_eq!(from, self.told, "a state change was not told");
                assert_ne!(from, to, "no state change at all");
                self.told = to;
            }
            Action::CancelAnnouncements | Action::Group(_) | Action::Notify(_) => {}
        }
    }

    pub(crate) fn after(&self, router: &VirtualRouter, grouped: bool) {
        let state = router.state();
        // One that has heard a Master waits for it like others.
        let owner_about_to_start = state == State::Backup
            && router.config().is_owner()
            && router.master().is_none()
            && matches!(self.told, State::Init | State::Stop);
        let awaits_trackers = state == State::Init
            && (router.tracking().awaited > 0 || grouped)
            && matches!(self.told, State::Init | State::Stop);
        assert!(
            state == self.told || owner_about_to_start || awaits_trackers,
            "{state} was never told"
        );
        assert_eq!(self.holds_addresses, state == State::Master);
        assert_eq!(router.last_advertisement(), self.last_advertisement);
        let timed = matches!(state, State::Backup | State::Master);
        assert_eq!(router.poll_timeout().is_some(), timed, "a timer in {state}");
    }

    /// A Master that runs is never silent for longer than its interval.
    pub(crate) fn check_silence(&self, router: &VirtualRouter, now: Instant) {
        if router.state() == State::Master {
            let silence = self.last_advertisement.map(|last| now - last);
            assert!(
                silence <= Some(router.config().advertisement_interval),
                "a Master was silent for {silence:?}"
            );
        }
    }
}
