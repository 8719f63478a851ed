//! What a Master holds, and others remove.

use std::time::Instant;

use super::VirtualRouter;
use crate::action::Cause;
use crate::state::State;
use crate::sync_group::GroupWord;

impl VirtualRouter {
    /// Others removed an address, a route or a rule of a Master: it resigns, and is Master again after the
    /// skew time unless another router is faster, as keepalived does. The Masters of its sync
    /// group go with it. In any other state does nothing.
    ///
    /// What it holds is released and acquired, so that the driver need not add it again.
    pub fn handle_lost_object(&mut self, now: Instant) {
        if self.state == State::Master {
            self.step_down(Cause::LostObject, now);
            self.tell_group(GroupWord::LostObject);
        }
    }

    /// Others remove what it holds so often that it cannot serve, or do no longer. Saying the same again
    /// does nothing.
    pub fn handle_objects_lost(&mut self, lost: bool, now: Instant) {
        self.objects_lost = lost;
        self.settle_faults(now);
    }
}
