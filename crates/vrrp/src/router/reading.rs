//! What can be read of a virtual router.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::VirtualRouter;
use crate::config::RouterConfig;
use crate::state::{Faults, State};
use crate::statistics::Statistics;
use crate::timers;

impl VirtualRouter {
    /// State now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What is missing. Only [`Self::start`] makes it matter.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults {
            group: self.has_group_fault() && !self.own_faults().any(),
            ..self.own_faults()
        }
    }

    /// What is missing of its own, whatever its sync group says.
    pub(super) fn own_faults(&self) -> Faults {
        Faults {
            link_down: !self.link_up && !self.config.dont_track_primary,
            no_source: self.source.is_none(),
            source_lost: self.source_lost,
            objects: self.objects_lost,
            no_peers: self
                .config
                .unicast
                .as_ref()
                .is_some_and(|unicast| unicast.peers.is_empty()),
            unusable_source: match self.source {
                None => self.unusable_source,
                Some(_) => None,
            },
            trackers: self.tracking.faults,
            group: false,
        }
    }

    /// Configuration in use.
    #[must_use]
    pub const fn config(&self) -> &RouterConfig {
        &self.config
    }

    /// Counters.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The counters, which start at 0 again.
    pub fn take_statistics(&mut self) -> Statistics {
        std::mem::take(&mut self.statistics)
    }

    /// Address that advertisements are sent from.
    #[must_use]
    pub const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// As Backup the Master's address and priority, once heard.
    #[must_use]
    pub const fn master(&self) -> Option<(IpAddr, u8)> {
        self.master
    }

    /// Master_Adver_Interval: as Backup in VRRPv3 the Master's, else the configured one.
    #[must_use]
    pub const fn master_adver_interval(&self) -> Duration {
        self.master_adver_interval
    }

    /// Skew_Time in use. An address owner's is that of 255 even when it gave way.
    #[must_use]
    pub fn skew_time(&self) -> Duration {
        timers::skew_time(
            self.config.version,
            self.timer_priority(),
            self.master_adver_interval,
        )
    }

    /// Master_Down_Interval in use (RFC 9568: Active_Down_Interval).
    #[must_use]
    pub fn master_down_interval(&self) -> Duration {
        timers::master_down_interval(
            self.config.version,
            self.timer_priority(),
            self.master_adver_interval,
            self.config.down_timer_adverts,
        )
    }

    /// When the Master_Down_Timer of a Backup or the Adver_Timer of a Master runs out; `None` in other states.
    #[must_use]
    pub const fn timer(&self) -> Option<Instant> {
        self.timer
    }

    /// When the last advertisement was sent.
    #[must_use]
    pub const fn last_advertisement(&self) -> Option<Instant> {
        self.last_advertisement
    }

    /// When the state last changed.
    #[must_use]
    pub const fn last_transition(&self) -> Option<Instant> {
        self.last_transition
    }
}
