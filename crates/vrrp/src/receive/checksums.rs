//! What the checksums of other routers cover, and so what ours do.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_wire::{AdvertisementView, ChecksumRule, Family, Version};

use super::ReceivedPacket;
use crate::config::{ChecksumForms, RouterConfig};

/// Senders remembered of a multicast group.
const MULTICAST_SENDERS: usize = 4;

/// What is sent changes no more often than this: whoever can send packets decides how many there are.
const HOLD: Duration = Duration::from_secs(10);

/// What the checksums of other routers cover. Matters to VRRPv3 over IPv4 only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checksums {
    /// Others as last heard, the one heard longest ago first. Of a multicast group at most four, of unicast
    /// peers one each.
    heard: Vec<Heard>,
    /// What is sent to the group, once it was changed.
    to_group: Option<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    address: IpAddr,
    rule: ChecksumRule,
    /// What is sent to this unicast peer, once it was changed.
    sent: Option<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    rule: ChecksumRule,
    since: Instant,
}

impl Checksums {
    /// The form that the checksum has; `Ok(None)` where it is none of them and need not be, `Err` where it is wrong.
    pub(crate) fn check(
        &self,
        config: &RouterConfig,
        packet: &ReceivedPacket<'_>,
        view: &AdvertisementView<'_>,
    ) -> Result<Option<ChecksumRule>, ()> {
        let holds = |rule| view.verify_checksum(packet.source, packet.destination, rule);
        if !has_forms(config) {
            return holds(ChecksumRule::Standard).then_some(None).ok_or(());
        }
        let is_unicast = config.unicast.is_some();
        let old_unicast = is_unicast.then_some(config.checksum.old_unicast());
        let standard = Some(ChecksumRule::Standard);
        let bare = Some(ChecksumRule::NoPseudoHeader);
        let forms = match config.checksum.forms {
            ChecksumForms::Standard => [standard, old_unicast, None],
            ChecksumForms::StandardOnly => [standard, None, None],
            ChecksumForms::OldUnicast => [old_unicast.or(standard), None, None],
            ChecksumForms::NoPseudoHeader | ChecksumForms::FollowPeer => {
                [standard, bare, old_unicast]
            }
        };
        // As before is most likely, and settles it where two forms are the same number.
        let known = self.rule_of(packet.source);
        let known = known.filter(|known| forms.contains(&Some(*known)));
        let found = known.into_iter().chain(forms.into_iter().flatten());
        let found = found.into_iter().find(|rule| holds(*rule));
        match found {
            Some(rule) => Ok(Some(rule)),
            // keepalived accepts any checksum then.
            None if config.checksum.forms == ChecksumForms::NoPseudoHeader => Ok(None),
            None => Err(()),
        }
    }

    /// An advertisement of this form was accepted. Returns what was sent until now and what is from now on, where that changes.
    pub(crate) fn observe(
        &mut self,
        config: &RouterConfig,
        source: IpAddr,
        rule: ChecksumRule,
        now: Instant,
    ) -> Option<(ChecksumRule, ChecksumRule)> {
        let room = match &config.unicast {
            // Whoever is no peer is sent nothing.
            Some(unicast) if unicast.peer(source).is_none() => return None,
            Some(unicast) => unicast.peers.len(),
            None => MULTICAST_SENDERS,
        };
        let place = self.heard.iter().position(|heard| heard.address == source);
        let mut heard = match place {
            Some(place) => self.heard.remove(place),
            None => Heard {
                address: source,
                rule,
                sent: None,
            },
        };
        heard.rule = rule;
        if self.heard.len() >= room.max(1) {
            self.heard.remove(0);
        }
        let follows = match config.checksum.forms {
            ChecksumForms::Standard => config.unicast.is_some(),
            ChecksumForms::FollowPeer => true,
            ChecksumForms::StandardOnly
            | ChecksumForms::OldUnicast
            | ChecksumForms::NoPseudoHeader => false,
        };
        let sent = match config.unicast {
            Some(_) => &mut heard.sent,
            None => &mut self.to_group,
        };
        let before = sent.map_or(config.checksum.first(config.unicast.is_some()), |s| s.rule);
        let may_change = sent.is_none_or(|sent| now >= sent.since + HOLD);
        let changes = follows && before != rule && may_change;
        if changes {
            *sent = Some(Sent { rule, since: now });
        }
        self.heard.push(heard);
        changes.then_some((before, rule))
    }

    /// What an advertisement to `destination` has to cover.
    pub(crate) fn rule_towards(&self, config: &RouterConfig, destination: IpAddr) -> ChecksumRule {
        let sent = match config.unicast {
            None => self.to_group,
            Some(_) => {
                let mut heard = self.heard.iter();
                let heard = heard.find(|heard| heard.address == destination);
                heard.and_then(|heard| heard.sent)
            }
        };
        let first = config.checksum.first(config.unicast.is_some());
        sent.map_or(first, |sent| sent.rule)
    }

    /// The others and what their checksums cover, the one heard last first.
    pub(crate) fn heard(&self) -> impl Iterator<Item = (IpAddr, ChecksumRule)> {
        self.heard.iter().rev().map(|h| (h.address, h.rule))
    }

    /// Another configuration: with other forms, or where others are spoken to, all is open again.
    pub(crate) fn reconfigure(&mut self, old: &RouterConfig, new: &RouterConfig) {
        let is_unicast = (old.unicast.is_some(), new.unicast.is_some());
        if old.checksum != new.checksum
            || old.version != new.version
            || is_unicast.0 != is_unicast.1
        {
            *self = Self::default();
        }
        if let Some(unicast) = &new.unicast {
            self.heard
                .retain(|heard| unicast.peer(heard.address).is_some());
        }
    }

    fn rule_of(&self, source: IpAddr) -> Option<ChecksumRule> {
        let known = self.heard.iter().find(|heard| heard.address == source);
        known.map(|heard| heard.rule)
    }
}

/// Only VRRPv3 over IPv4 has more than one form.
fn has_forms(config: &RouterConfig) -> bool {
    (config.version, config.family) == (Version::V3, Family::V4)
}

#[cfg(test)]
#[path = "checksums/tests.rs"]
mod tests;
