//! Another Master is heard: told, counted, and made up for once it is gone.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::VirtualRouter;
use crate::action::{Action, Notice};
use crate::config::OWNER_PRIORITY;
use crate::receive::Accepted;
use crate::rival::RivalReason;

impl VirtualRouter {
    /// The other Master that a Master is in conflict with: the one heard last, until it was silent for as long
    /// as a Backup waits.
    #[must_use]
    pub fn rival(&self) -> Option<IpAddr> {
        self.rivals.latest()
    }

    /// A Master heard `advertisement`, which nobody but another Master sends.
    pub(super) fn hear_rival(&mut self, advertisement: &Accepted<'_>, now: Instant) {
        let Accepted {
            source,
            priority,
            interval,
            ..
        } = *advertisement;
        let reason = self.rivalry(source, priority);
        self.note_rival(source, priority, reason, interval, now);
    }

    /// An address owner heard another Master and does not listen to it (`owner_ignore_adverts`). Hosts do.
    pub(super) fn ignore_rival(&mut self, source: IpAddr, priority: u8, now: Instant) {
        let reason = self.rivalry(source, priority);
        self.note_rival(source, priority, reason, Duration::ZERO, now);
    }

    fn rivalry(&self, source: IpAddr, priority: u8) -> RivalReason {
        let ours = self.effective_priority;
        if priority == 0 {
            return RivalReason::Resigned;
        }
        let address = Some(source).cmp(&self.source);
        match (priority.cmp(&ours), address) {
            (Ordering::Less, _) => RivalReason::LowerPriority,
            (Ordering::Greater, _) => RivalReason::HigherPriority,
            (Ordering::Equal, Ordering::Equal) => RivalReason::OwnAddress,
            (Ordering::Equal, _) if ours == OWNER_PRIORITY => RivalReason::AddressOwner,
            (Ordering::Equal, Ordering::Less) => RivalReason::LowerAddress,
            (Ordering::Equal, Ordering::Greater) => RivalReason::HigherAddress,
        }
    }

    fn note_rival(
        &mut self,
        source: IpAddr,
        priority: u8,
        reason: RivalReason,
        interval: Duration,
        now: Instant,
    ) {
        let ours = self.config.advertisement_interval;
        let adverts = u32::from(self.config.down_timer_adverts);
        let silence = ours.max(interval).saturating_mul(adverts);
        let garp = &self.config.garp;
        // One that has to give way is answered with a block, and with another when that is long over.
        let is_answered = matches!(
            reason,
            RivalReason::LowerPriority | RivalReason::LowerAddress
        ) || reason == RivalReason::AddressOwner && Some(source) < self.source;
        let is_announced_late =
            is_answered && garp.lower_prio_repeat > 0 && !garp.lower_prio_delay.is_zero();
        let settled_at = now.checked_add(silence).unwrap_or(now);
        self.statistics.rival_advertisements += 1;
        if self.rivals.hear(source, !is_announced_late, settled_at) {
            self.statistics.rivals += 1;
            self.remark(Notice::RivalMaster {
                source,
                priority,
                ours: self.effective_priority,
                reason,
            });
        }
    }

    /// The conflict may be over. keepalived announces nothing then unless `garp_lower_prio_*` says so, and
    /// nothing at all where it never answered the rival.
    pub(super) fn settle_rivals(&mut self, now: Instant) {
        let Some(settled) = self.rivals.handle_timeout(now) else {
            return;
        };
        let rounds = match settled.needs_healing {
            true => self.config.garp.lower_prio_repeat.max(1),
            false => 0,
        };
        self.notify(Notice::RivalGone {
            source: settled.source,
            rounds,
        });
        if rounds > 0 {
            self.act(Action::Announce { rounds });
        }
    }
}
