//! Advertisements to unicast peers: one packet, a copy for each peer, a few at a time.
//!
//! An instance may have hundreds of peers, and sending to all of them takes longer than a step may.
//! So an advertisement for peers is queued with all that it needs: what becomes of its instance
//! meanwhile does not matter to it. All queued ones get their turn, so that none waits for a long one.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_sys::errno_text;
use ka_sys::raw::Outgoing;
use ka_wire::{ChecksumRule, DestinationError, EmitError, Family, Password, Version, ah};

use crate::instance::{Instance, InstanceId};
use crate::packet::Envelope;
use crate::thread::EngineThread;

/// Copies sent with one system call.
const SLICE: usize = 16;
/// Time of a step that goes to copies. The least is one slice each time that advertisements leave.
const BUDGET: Duration = Duration::from_micros(300);

/// An advertisement on its way to the peers of an instance.
#[derive(Debug)]
struct Copies {
    /// `None` when the instance is gone.
    id: Option<InstanceId>,
    /// More than one where routers differ in what their checksums cover.
    forms: Vec<Form>,
    /// Which of the forms each of the peers gets; empty: all get the first.
    form_of: Vec<usize>,
    /// Key and number of the authentication header, which covers the destination.
    authentication: Option<(Password, u32)>,
    peers: Arc<[IpAddr]>,
    /// 0: the routing table chooses.
    ifindex: u32,
    /// Whose turn it is, as an index of `peers`.
    next: usize,
    /// How many peers have yet to get it.
    left: usize,
    /// One of these could not be sent.
    failed: bool,
}

/// A packet from its IP header on, but for its destination.
#[derive(Debug)]
struct Form {
    rule: ChecksumRule,
    packet: Vec<u8>,
    /// The checksum covers the destination.
    covers_destination: bool,
}

impl Form {
    /// The octets of the copy for `peer`, appended to `copies`.
    fn copy(
        &self,
        peer: IpAddr,
        authentication: Option<&(Password, u32)>,
        copies: &mut Vec<u8>,
    ) -> Result<(), CopyError> {
        let start = copies.len();
        copies.extend_from_slice(&self.packet);
        let copy = &mut copies[start..];
        ka_wire::set_destination(copy, peer, self.covers_destination)?;
        if let Some((key, sequence)) = authentication {
            ah::seal(copy, key, *sequence)?;
        }
        Ok(())
    }
}

/// Why a packet could not be copied: it was not one of ours.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error(transparent)]
    Authentication(#[from] EmitError),
}

/// What has yet to be sent to peers: at most one advertisement of each instance that is there.
#[derive(Debug, Default)]
pub(crate) struct CopyQueue {
    waiting: VecDeque<Copies>,
    /// The copies of one slice, one behind the other.
    scratch: Vec<u8>,
    /// When the present step has spent its time on copies.
    until: Option<Instant>,
}

impl CopyQueue {
    pub(crate) fn has_work(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A step begins, which may spend some time here.
    pub(crate) fn renew(&mut self, now: Instant) {
        self.until = Some(now + BUDGET);
    }

    /// The instance is gone, and its slot may be another one's soon. What it said last is still sent.
    pub(crate) fn orphan(&mut self, id: InstanceId) {
        for copies in &mut self.waiting {
            if copies.id == Some(id) {
                copies.id = None;
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Queues an advertisement. What of an earlier one of the same instance is left gives way to it,
    /// and the peers whose turn was next get it first: with too many of them for the interval none starves.
    fn push(&mut self, mut new: Copies) {
        let earlier = self.waiting.iter_mut().find(|old| old.id == new.id);
        match earlier {
            Some(old) => {
                if old.peers == new.peers {
                    new.next = old.next;
                }
                new.failed = old.failed;
                *old = new;
            }
            None => self.waiting.push_back(new),
        }
    }
}

impl EngineThread {
    /// Queues the prepared packet of `id` for all its peers.
    pub(crate) fn queue_copies(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let interface = self.interfaces.at(instance.interface);
        let ifindex = match interface.index {
            Some(index) => index,
            None if interface.is_none() => 0,
            // There is nothing to send on.
            None => return,
        };
        let Some(envelope) = instance.envelope().filter(|_| !instance.peers.is_empty()) else {
            return;
        };
        let (forms, form_of) = forms(instance, &envelope);
        let key = instance.router.config().authentication.ah_key();
        self.copies.push(Copies {
            id: Some(id),
            forms,
            form_of,
            authentication: key.cloned().zip(envelope.ah_sequence),
            peers: Arc::clone(&instance.peers),
            ifindex,
            next: 0,
            left: instance.peers.len(),
            failed: false,
        });
    }

    /// Sends copies for as long as the step has time for them, one slice at least.
    pub(crate) fn send_copies(&mut self) {
        while self.send_slice() {
            if self
                .copies
                .until
                .is_none_or(|until| Instant::now() >= until)
            {
                break;
            }
        }
    }

    /// Sends all copies: there will be no other step.
    pub(crate) fn finish_copies(&mut self) {
        while self.send_slice() {}
    }

    /// Sends to a few peers of the one whose turn it is; `false` when nothing waits.
    fn send_slice(&mut self) -> bool {
        let Some(mut copies) = self.copies.waiting.pop_front() else {
            return false;
        };
        let count = copies.left.min(SLICE);
        let length = copies.forms[0].packet.len();
        let mut scratch = std::mem::take(&mut self.copies.scratch);
        scratch.clear();
        let mut destinations = [None; SLICE];
        for destination in &mut destinations[..count] {
            let peer = copies.peers[copies.next];
            let form = copies.form_of.get(copies.next).copied().unwrap_or(0);
            copies.next = (copies.next + 1) % copies.peers.len();
            let authentication = copies.authentication.as_ref();
            let copied = copies.forms[form].copy(peer, authentication, &mut scratch);
            *destination = copied.is_ok().then_some(peer);
        }
        copies.left -= count;
        let outgoing: Vec<Outgoing<'_>> = scratch
            .chunks_exact(length)
            .zip(&destinations)
            .filter_map(|(packet, destination)| {
                Some(Outgoing {
                    packet,
                    destination: (*destination)?,
                    ifindex: copies.ifindex,
                })
            })
            .collect();
        let mut results = std::mem::take(&mut self.send_results);
        results.clear();
        let family = usize::from(copies.peers[0].is_ipv6());
        self.senders[family].send(&outgoing, &mut results);
        for (sent, result) in outgoing.iter().zip(&results) {
            match result {
                Ok(()) => self.status.advertisements_sent += 1,
                Err(errno) => {
                    copies.failed = true;
                    if let Some(id) = copies.id {
                        let message = format!("to {}: {}", sent.destination, errno_text(*errno));
                        self.note_send(id, Err((errno.raw_os_error(), message)));
                    }
                }
            }
        }
        drop(outgoing);
        self.send_results = results;
        self.copies.scratch = scratch;
        if copies.left > 0 {
            self.copies.waiting.push_back(copies);
        } else if let Some(id) = copies.id.filter(|_| !copies.failed) {
            self.note_send(id, Ok(()));
        }
        true
    }
}

/// The prepared packet of `instance` in every form that its peers understand, and who gets which.
fn forms(instance: &Instance, envelope: &Envelope) -> (Vec<Form>, Vec<usize>) {
    let config = instance.router.config();
    let form = |rule, packet| Form {
        rule,
        packet,
        covers_destination: match (config.family, config.version) {
            (Family::V6, _) => true,
            (Family::V4, version) => (version, rule) == (Version::V3, ChecksumRule::Standard),
        },
    };
    let mut forms = vec![form(envelope.rule, instance.packet().to_vec())];
    let rules = instance.peers.iter();
    let rules = rules.map(|peer| instance.router.checksum_rule(*peer));
    if rules.clone().all(|rule| rule == envelope.rule) {
        return (forms, Vec::new());
    }
    let mut form_of = Vec::with_capacity(instance.peers.len());
    for rule in rules {
        let known = forms.iter().position(|form| form.rule == rule);
        form_of.push(known.unwrap_or_else(|| {
            let mut packet = Vec::with_capacity(instance.packet().len());
            let envelope = Envelope { rule, ..*envelope };
            match envelope.encode(config, &mut packet) {
                Ok(()) => forms.push(form(rule, packet)),
                // It was encoded a moment ago, and the rule is nothing that could be wrong.
                Err(_) => return 0,
            }
            forms.len() - 1
        }));
    }
    (forms, form_of)
}

#[cfg(test)]
mod tests;
