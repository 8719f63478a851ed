//! What a router tracks: its priority and its faults follow.

use std::time::Instant;

use super::VirtualRouter;
use crate::action::Notice;
use crate::config::MAX_PRIORITY;
use crate::state::State;
use crate::tracking::Tracking;

impl VirtualRouter {
    /// What the router tracks comes to `tracking` from now on. Saying the same again does nothing.
    ///
    /// A changed priority is told, and moves the timer of a Backup by as much as it moves the
    /// Master_Down_Interval. A fault takes effect at once: a Master resigns. What is awaited holds up a
    /// router that starts or leaves a fault, and no other: a reload may let a Master track something new.
    pub fn handle_tracking(&mut self, tracking: Tracking, now: Instant) {
        if tracking == self.tracking {
            return;
        }
        self.tracking = tracking;
        if !self.config.is_owner() {
            let before = self.master_down_interval();
            self.set_effective_priority(self.tracked_priority());
            let after = self.master_down_interval();
            if self.state == State::Backup && after != before {
                // One that would have run out before does so now.
                self.timer = self.timer.map(|due| (due + after - before).max(now));
            }
        }
        self.settle_faults(now);
    }

    /// Priority that takes part in the election: the configured one with what trackers add to it, or
    /// 254 for an address owner that gave way to another one.
    #[must_use]
    pub const fn effective_priority(&self) -> u8 {
        self.effective_priority
    }

    /// What the router tracks comes to this.
    #[must_use]
    pub const fn tracking(&self) -> Tracking {
        self.tracking
    }

    /// The configured priority with what trackers add to it, beyond all limits of a priority.
    ///
    /// It means nothing for an address owner, whose priority stays 255.
    #[must_use]
    pub fn total_priority(&self) -> i32 {
        i32::from(self.config.priority).saturating_add(self.tracking.priority)
    }

    pub(super) fn set_effective_priority(&mut self, priority: u8) {
        let from = std::mem::replace(&mut self.effective_priority, priority);
        if from != priority {
            self.notify(Notice::EffectivePriorityChanged { from, to: priority });
        }
    }

    /// Priority of a router that does not give way to another owner.
    pub(super) fn tracked_priority(&self) -> u8 {
        if self.config.is_owner() {
            return self.config.priority;
        }
        let total = self.total_priority().clamp(1, MAX_PRIORITY.into());
        u8::try_from(total).unwrap_or(MAX_PRIORITY)
    }
}
