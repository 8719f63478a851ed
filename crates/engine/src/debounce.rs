//! Interfaces whose changes count only after a while (`interface_up_down_delays`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_vrrp::VirtualRouter;

use crate::event::EventKind;
use crate::interfaces::InterfaceId;
use crate::thread::EngineThread;

/// How long an interface must be down, or up again, before that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceDelays {
    /// Its name.
    pub interface: Arc<str>,
    /// How long it must be down.
    pub down: Duration,
    /// How long it must be up.
    pub up: Duration,
}

/// What an interface is taken to be while its delays run.
///
/// They are for an interface that comes and goes: the first time that it is up counts at once, as does that it
/// vanishes.
#[derive(Debug)]
pub(crate) struct Debounce {
    down: Duration,
    up: Duration,
    /// No delay is longer: other routers would have taken over before.
    limit: Duration,
    has_been_up: bool,
    /// When what the kernel says ceased to be what counts.
    since: Option<Instant>,
    /// When the one becomes the other.
    due: Option<Instant>,
}

impl Debounce {
    /// Without a delay, of an interface that counts as `up`.
    fn new(up: bool) -> Self {
        Self {
            down: Duration::ZERO,
            up: Duration::ZERO,
            limit: Duration::MAX,
            has_been_up: up,
            since: None,
            due: None,
        }
    }

    /// Delays are not longer than `limit` from now on, the one that runs neither.
    fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
        if let (Some(since), Some(due)) = (self.since, self.due)
            && let Some(sooner) = since.checked_add(limit)
        {
            self.due = Some(due.min(sooner));
        }
    }

    /// The kernel says that the interface is `up`; until now `counted` counted. Returns what counts now.
    pub(crate) fn observe(&mut self, up: bool, counted: bool, now: Instant) -> bool {
        if up == counted {
            (self.since, self.due) = (None, None);
        } else if self.has_been_up {
            let since = *self.since.get_or_insert(now);
            let delay = if up { self.up } else { self.down };
            let due = *self.due.get_or_insert(since + delay.min(self.limit));
            if due > now {
                return counted;
            }
            (self.since, self.due) = (None, None);
        }
        self.has_been_up |= up;
        up
    }

    /// The link is gone: another one of that name is a new one.
    pub(crate) fn forget(&mut self) {
        self.has_been_up = false;
        (self.since, self.due) = (None, None);
    }
}

/// Longest delay with which a router, as Backup, still notices that its interface is down before it would
/// take over: a bit less than all but one of the intervals that it waits.
fn longest_delay(router: &VirtualRouter) -> Duration {
    let interval = router.master_adver_interval();
    let adverts = router.config().down_timer_adverts.saturating_sub(1);
    let least = interval * u32::from(adverts);
    least
        .saturating_sub(interval / 256)
        .saturating_sub(Duration::from_micros(1))
}

impl EngineThread {
    /// Takes up the delays of a configuration.
    pub(crate) fn set_delays(&mut self, delays: &[InterfaceDelays], now: Instant) {
        let before = std::mem::take(&mut self.debounced);
        for delays in delays {
            let id = self.interfaces.intern(&delays.interface);
            let interface = self.interfaces.at_mut(id);
            let up = interface.up;
            let debounce = interface
                .debounce
                .get_or_insert_with(|| Box::new(Debounce::new(up)));
            (debounce.down, debounce.up) = (delays.down, delays.up);
            if !self.debounced.contains(&id) {
                self.debounced.push(id);
            }
        }
        for id in before {
            if !self.debounced.contains(&id) {
                self.interfaces.at_mut(id).debounce = None;
                self.settle_link(id, now);
            }
        }
    }

    /// A router on `interface` waits for another interval than before.
    pub(crate) fn limit_delays(&mut self, interface: InterfaceId) {
        if self.interfaces.at(interface).debounce.is_none() {
            return;
        }
        let routers = self.interfaces.at(interface).instances.iter();
        let limits = routers.filter_map(|id| {
            let instance = self.instances[id.index()].as_ref()?;
            Some(longest_delay(&instance.router))
        });
        let limit = limits.min().unwrap_or(Duration::MAX);
        if let Some(debounce) = &mut self.interfaces.at_mut(interface).debounce {
            debounce.set_limit(limit);
        }
    }

    /// The same for all interfaces with delays: their routers were configured.
    pub(crate) fn limit_all_delays(&mut self) {
        for id in self.debounced.clone() {
            self.limit_delays(id);
        }
    }

    /// When [`Self::settle_delays`] has something to do.
    pub(crate) fn delays_end_at(&self) -> Option<Instant> {
        let debounced = self.debounced.iter();
        let due = |id: &InterfaceId| self.interfaces.at(*id).debounce.as_ref()?.due;
        debounced.filter_map(due).min()
    }

    /// Lets changes count whose time has come.
    pub(crate) fn settle_delays(&mut self, now: Instant) {
        if self.delays_end_at().is_none_or(|at| at > now) {
            return;
        }
        for id in self.debounced.clone() {
            self.settle_link(id, now);
        }
    }

    fn settle_link(&mut self, id: InterfaceId, now: Instant) {
        let interface = self.interfaces.at_mut(id);
        let up = match &mut interface.debounce {
            Some(debounce) => debounce.observe(interface.carrier, interface.up, now),
            None => interface.carrier,
        };
        if std::mem::replace(&mut interface.up, up) != up {
            self.events.send(EventKind::LinkChanged {
                interface: Arc::clone(&interface.name),
                up: interface.index.map(|_| up),
                appeared: false,
                renamed_to: None,
            });
            self.interface_tracked(id);
            self.touch(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    struct Bench {
        start: Instant,
        debounce: Debounce,
        counted: bool,
    }

    impl Bench {
        fn new(down: u32, up: u32) -> Self {
            let mut debounce = Debounce::new(false);
            (debounce.down, debounce.up) = (MS * down, MS * up);
            Self {
                start: Instant::now(),
                debounce,
                counted: false,
            }
        }

        /// The kernel says `up` at `at` milliseconds: what counts, and when that may change.
        fn says(&mut self, up: bool, at: u32) -> (bool, Option<u128>) {
            let now = self.start + MS * at;
            self.counted = self.debounce.observe(up, self.counted, now);
            let due = self.debounce.due.map(|due| (due - self.start).as_millis());
            (self.counted, due)
        }
    }

    #[test]
    fn the_first_time_up_counts_at_once_and_later_changes_when_they_last() {
        let mut bench = Bench::new(100, 50);
        assert_eq!(bench.says(false, 0), (false, None));
        assert_eq!(bench.says(true, 10), (true, None));
        assert_eq!(bench.says(false, 20), (true, Some(120)));
        // Said again, it is still the same.
        assert_eq!(bench.says(false, 60), (true, Some(120)));
        assert_eq!(bench.says(true, 90), (true, None));
        assert_eq!(bench.says(false, 95), (true, Some(195)));
        assert_eq!(bench.says(false, 195), (false, None));
        assert_eq!(bench.says(true, 200), (false, Some(250)));
        assert_eq!(bench.says(false, 220), (false, None));
        assert_eq!(bench.says(true, 230), (false, Some(280)));
        assert_eq!(bench.says(true, 280), (true, None));
    }

    #[test]
    fn one_without_a_delay_counts_at_once() {
        let mut bench = Bench::new(100, 0);
        bench.says(true, 0);
        bench.says(false, 1);
        assert_eq!(bench.says(false, 101), (false, None));
        assert_eq!(bench.says(true, 102), (true, None));
    }

    #[test]
    fn a_new_link_is_up_for_the_first_time_again() {
        let mut bench = Bench::new(100, 100);
        bench.says(true, 0);
        bench.says(false, 1);
        bench.debounce.forget();
        bench.counted = false;
        assert_eq!(bench.says(true, 2), (true, None));
    }

    #[test]
    fn a_shorter_limit_holds_for_a_delay_that_runs() {
        let mut bench = Bench::new(100, 100);
        bench.says(true, 0);
        assert_eq!(bench.says(false, 10), (true, Some(110)));
        bench.debounce.set_limit(MS * 40);
        assert_eq!(bench.says(false, 20), (true, Some(50)));
        // A longer one does not bring back what is over.
        bench.debounce.set_limit(Duration::MAX);
        assert_eq!(bench.debounce.due, Some(bench.start + MS * 50));
        assert_eq!(bench.says(true, 30), (true, None));
        assert_eq!(bench.says(false, 40), (true, Some(140)));
    }

    #[test]
    fn the_longest_delay_ends_before_a_backup_would_take_over() {
        let mut config = ka_vrrp::RouterConfig::new(1, ka_wire::Family::V4);
        let delay = |config: &ka_vrrp::RouterConfig| {
            longest_delay(&VirtualRouter::new(config.clone())).as_micros()
        };
        assert_eq!(delay(&config), 2_000_000 - 3_908);
        config.down_timer_adverts = 1;
        assert_eq!(delay(&config), 0);
    }
}
