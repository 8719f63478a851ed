//! The state machines: their timers, and what they want done.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::{Action, Notice, State};

use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::thread::EngineThread;

/// Timers fired between two looks at the sockets.
const TIMERS_PER_STEP: usize = 16;
/// A Master's advertisement may leave this much early, together with others.
const ADVERTISE_AHEAD: Duration = Duration::from_micros(800);
/// A Backup waits this long for the packets before its timer to be read.
const LISTEN_FIRST: Duration = Duration::from_millis(50);

impl EngineThread {
    /// Serves the timers that are due.
    pub(crate) fn fire_timers(&mut self, now: Instant) {
        for _ in 0..TIMERS_PER_STEP {
            let Some((deadline, id)) = self.timers.earliest() else {
                return;
            };
            let Some(instance) = self.instances[id.index()].as_mut() else {
                self.timers.set(id, None);
                continue;
            };
            if self.interfaces.at(instance.interface).stale {
                // Its link may be down by now: it must not act as if it were not.
                self.follow(id, now);
            }
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            let is_master = instance.router.state() == State::Master;
            let ahead = ADVERTISE_AHEAD.min(instance.router.config().advertisement_interval / 16);
            if deadline > now + if is_master { ahead } else { Duration::ZERO } {
                return;
            }
            // The router's own deadline: the one in the heap may have been put off below.
            let deadline = instance.router.poll_timeout().unwrap_or(deadline);
            let late = now.saturating_duration_since(deadline);
            if !is_master && deadline > self.heard_until && late < LISTEN_FIRST {
                // What arrived before the deadline is not all read yet: the Master may be alive.
                self.timers.set(id, Some(now + Duration::from_micros(200)));
                continue;
            }
            self.status.lateness.record(late);
            self.pace.note_lateness(late);
            // On time is on the dot: the interval does not grow by each wake-up's lateness.
            let at = if late < ADVERTISE_AHEAD {
                deadline
            } else {
                now
            };
            self.catch_up(id, now);
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            instance.router.handle_timeout(at);
            self.pump(id, now);
        }
    }

    /// Performs what the router of `id` wants done, and notes its next deadline.
    pub(crate) fn pump(&mut self, id: InstanceId, now: Instant) {
        loop {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                return;
            };
            let Some(action) = instance.router.poll_action() else {
                let deadline = instance.router.poll_timeout();
                self.timers.set(id, deadline);
                return;
            };
            match action {
                Action::Advertise { .. }
                | Action::ReleaseAddresses
                | Action::Notify(Notice::PriorityZeroSent)
                    if self.leaves_all() => {}
                Action::Advertise { priority } => self.outbox.push((id, priority)),
                Action::AcquireAddresses => self.acquire_objects(id),
                Action::ReleaseAddresses => self.release_objects(id),
                Action::AddressesChanged => {} // the engine compares all addresses itself, excluded ones too
                Action::Announce { rounds } => self.queue_announcement(id, rounds),
                Action::AnnounceExtraInterfaces => self.announce_extra_interfaces(id, now),
                Action::CancelAnnouncements => self.cancel_announcements(id),
                Action::Group(word) => self.tell_group(id, word, now),
                Action::Notify(notice) => self.tell(id, notice, now),
            }
        }
    }

    fn tell(&mut self, id: InstanceId, notice: Notice, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let name = Arc::clone(&instance.config.name);
        match notice {
            Notice::StateChanged { from, to, cause } => {
                let untold = self.groups.suppresses(instance.seat, from, to);
                instance.since = now;
                instance.changed_at = Some(SystemTime::now());
                self.say_sync_role(id);
                let Some(instance) = self.instances[id.index()].as_mut() else {
                    return;
                };
                let is_back = (from, to) == (State::Fault, State::Backup);
                if is_back && instance.is_unicast() {
                    self.announce_source(id, now);
                }
                let Some(instance) = self.instances[id.index()].as_ref() else {
                    return;
                };
                self.events.send(EventKind::StateChanged {
                    instance: name,
                    from,
                    to,
                    cause,
                    priority: instance.router.effective_priority(),
                    skipped: 0,
                    untold,
                });
            }
            notice => {
                let is_interval = matches!(
                    notice,
                    Notice::IntervalLearned { .. } | Notice::IntervalReset { .. }
                );
                if is_interval {
                    let interface = instance.interface;
                    self.limit_delays(interface);
                }
                self.events.send(EventKind::Notice {
                    instance: name,
                    notice,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
