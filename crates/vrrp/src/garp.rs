//! When to announce the addresses: gratuitous ARP (IPv4, RFC 5944 §4.6) and unsolicited neighbor
//! advertisements (IPv6, RFC 4861 §7.2.6).

use std::time::{Duration, Instant};

use crate::config::GarpConfig;

/// The announcements that a Master still has to make.
///
/// How fast the messages of one block leave is not decided here (`vrrp_garp_interval`).
#[derive(Clone, Copy, Debug, Default)]
pub struct GarpSchedule {
    second_block: Option<Instant>,
    /// The next block for a lower-priority advertisement, and the last.
    lower_priority_blocks: Option<(Instant, Instant)>,
    refresh: Option<Instant>,
    extra_interfaces: Option<Instant>,
}

/// What is to be announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Rounds of all addresses.
    pub rounds: u32,
    /// One announcement on each extra interface.
    pub extra_interfaces: bool,
}

impl GarpSchedule {
    /// Starts over on becoming Master and returns the rounds to send now.
    #[must_use]
    pub fn start(&mut self, config: &GarpConfig, now: Instant) -> u32 {
        *self = Self::default();
        let rounds = self.block(config, now);
        self.restart_refresh(config, now);
        rounds
    }

    /// Schedules the second block anew and returns the rounds of the first, to send now.
    #[must_use]
    pub fn block(&mut self, config: &GarpConfig, now: Instant) -> u32 {
        self.second_block = (!config.master_delay.is_zero()).then(|| now + config.master_delay);
        config.master_repeat
    }

    /// Schedules the first refresh, and the first announcement on extra interfaces, each of which comes
    /// one period after the second block.
    pub fn restart_refresh(&mut self, config: &GarpConfig, now: Instant) {
        self.refresh = (!config.master_refresh.is_zero())
            .then(|| now + config.master_delay + config.master_refresh);
        self.extra_interfaces = (!config.extra_interfaces.is_zero())
            .then(|| now + config.master_delay + config.extra_interfaces);
    }

    /// Another router advertised with lower priority, so that hosts may have learned its
    /// address: returns the rounds to send now, possibly 0.
    ///
    /// keepalived schedules a second block for each such advertisement. Here a stream of them
    /// takes no memory: of the blocks scheduled only the next and the last are kept, so
    /// there is one within the delay of the first, and one a whole delay after the last.
    #[must_use]
    pub fn contested(&mut self, config: &GarpConfig, now: Instant) -> u32 {
        if config.lower_prio_repeat > 0 && !config.lower_prio_delay.is_zero() {
            let last = now + config.lower_prio_delay;
            let next = self.lower_priority_blocks.map_or(last, |(next, _)| next);
            self.lower_priority_blocks = Some((next, last));
        }
        config.lower_prio_repeat
    }

    /// No announcement is due any more.
    pub fn cancel(&mut self) {
        *self = Self::default();
    }

    /// When [`Self::handle_timeout`] has something to return.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let lower_priority_block = self.lower_priority_blocks.map(|(next, _)| next);
        let periods = [self.refresh, self.extra_interfaces];
        [self.second_block, lower_priority_block]
            .into_iter()
            .chain(periods)
            .flatten()
            .min()
    }

    /// What to send at `now`, all that is due together.
    ///
    /// Refreshes missed by a late call are not made up for.
    #[must_use]
    pub fn handle_timeout(&mut self, config: &GarpConfig, now: Instant) -> Due {
        let mut rounds: u32 = 0;
        if take_due(&mut self.second_block, now).is_some() {
            rounds = rounds.saturating_add(config.master_repeat);
        }
        if let Some((_, last)) = self.lower_priority_blocks.take_if(|(next, _)| *next <= now) {
            rounds = rounds.saturating_add(config.lower_prio_repeat);
            self.lower_priority_blocks = (last > now).then_some((last, last));
        }
        if let Some(due) = take_due(&mut self.refresh, now) {
            rounds = rounds.saturating_add(config.master_refresh_repeat);
            self.refresh = Some(next_of(due, config.master_refresh, now));
        }
        let extra_interfaces = take_due(&mut self.extra_interfaces, now);
        if let Some(due) = extra_interfaces {
            self.extra_interfaces = Some(next_of(due, config.extra_interfaces, now));
        }
        Due {
            rounds,
            extra_interfaces: extra_interfaces.is_some(),
        }
    }
}

fn next_of(due: Instant, period: Duration, now: Instant) -> Instant {
    let next = due + period;
    if next > now { next } else { now + period }
}

fn take_due(deadline: &mut Option<Instant>, now: Instant) -> Option<Instant> {
    deadline.take_if(|due| *due <= now)
}

#[cfg(test)]
#[path = "garp/tests.rs"]
mod tests;
