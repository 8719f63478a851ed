//! Signed advertisements: who was heard with what, and what was sent last.

use std::net::IpAddr;
use std::time::SystemTime;

use ka_wire::trailer::{Sequence, TrailerView};

use super::rejection::Rejection;
use crate::config::{AntiReplay, AuthHmac, HmacMode, UnicastPeers};

/// Senders remembered of a multicast group: who is heard longest ago is forgotten first.
const MULTICAST_SENDERS: usize = 4;

/// What is known of signatures. Nobody without a key changes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signatures {
    last_sent: Option<Sequence>,
    /// Each sender with the sequence last accepted, the one heard longest ago first. Of a
    /// multicast group at most four, of unicast peers one each.
    heard: Vec<(IpAddr, Sequence)>,
}

impl Signatures {
    /// The sequence for the next advertisement sent at `utc`.
    pub(crate) fn next(&mut self, hmac: &AuthHmac, utc: SystemTime) -> Sequence {
        let clock = Sequence::at(utc);
        let next = match self.last_sent {
            None => clock,
            Some(last) if clock.is_after(last) => clock,
            // A clock set back by more than receivers forgive: going on would be stale for as long.
            Some(last)
                if hmac.anti_replay == AntiReplay::Time
                    && last.seconds_ahead_of(clock) > i32::from(hmac.time_window) =>
            {
                clock
            }
            Some(last) => last.next(),
        };
        self.last_sent = Some(next);
        next
    }

    /// Checks an advertisement from `source` received at `utc`, which has a trailer if `trailer` is.
    ///
    /// `Ok` is a difference of the clocks that should be told.
    pub(crate) fn check(
        &mut self,
        hmac: &AuthHmac,
        unicast: Option<&UnicastPeers>,
        trailer: Option<TrailerView<'_>>,
        source: IpAddr,
        utc: SystemTime,
    ) -> Result<Option<i32>, Rejection> {
        let Some(trailer) = trailer else {
            return match hmac.mode {
                HmacMode::Enforce => Err(Rejection::SignatureMissing),
                HmacMode::Permissive | HmacMode::ReceiveOnly => Ok(None),
            };
        };
        if unicast.is_some_and(|unicast| unicast.peer(source).is_none()) {
            return Err(Rejection::UnknownPeer);
        }
        if !trailer.is_well_formed() {
            return Err(Rejection::SignatureMalformed);
        }
        let (now, sequence) = (Sequence::at(utc), trailer.sequence());
        let skew = sequence.seconds_ahead_of(now);
        let window = hmac.time_window;
        let by_time = hmac.anti_replay == AntiReplay::Time;
        if by_time && skew.unsigned_abs() > u32::from(window) {
            return Err(Rejection::SignatureStale { skew, window });
        }
        let id = trailer.key_id();
        let Some(key) = hmac.key(id) else {
            return Err(Rejection::SignatureKeyUnknown { id });
        };
        if !trailer.verify(key, source) {
            return Err(Rejection::SignatureInvalid { id });
        }
        // Only now: a forged packet must not push a sender out of the table.
        let mark = self.mark(source).filter(|mark| {
            !by_time || mark.seconds_ahead_of(now).unsigned_abs() <= u32::from(window)
        });
        if mark.is_some_and(|mark| !sequence.is_after(mark)) {
            return Err(Rejection::SignatureReplayed);
        }
        let room = unicast.map_or(MULTICAST_SENDERS, |unicast| unicast.peers.len());
        self.remember(source, sequence, room);
        let is_far = by_time && skew.unsigned_abs() > u32::from(window / 2);
        Ok(is_far.then_some(skew))
    }

    /// Takes up another configuration. What is known stays as long as a key does: with other keys nothing
    /// that was ever sent can be sent again, and a sender may have been set up anew.
    pub(crate) fn reconfigure(
        &mut self,
        old: Option<&AuthHmac>,
        new: Option<&AuthHmac>,
        unicast: Option<&UnicastPeers>,
    ) {
        match (old, new) {
            (Some(old), Some(new)) if new.shares_key_with(old) => {}
            _ => self.heard.clear(),
        }
        if let Some(unicast) = unicast {
            self.heard
                .retain(|(address, _)| unicast.peer(*address).is_some());
        }
    }

    fn mark(&self, source: IpAddr) -> Option<Sequence> {
        let known = self.heard.iter().find(|(address, _)| *address == source);
        known.map(|(_, mark)| *mark)
    }

    fn remember(&mut self, source: IpAddr, mark: Sequence, room: usize) {
        self.heard.retain(|(address, _)| *address != source);
        if self.heard.len() >= room.max(1) {
            self.heard.remove(0);
        }
        self.heard.push((source, mark));
    }
}

#[cfg(test)]
#[path = "signatures/tests.rs"]
mod tests;
