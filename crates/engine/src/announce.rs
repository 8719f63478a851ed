//! Gratuitous ARPs and unsolicited neighbor advertisements, a few at a time.
//!
//! Every instance that has something to announce gets one round in turn, so that
//! after a takeover of thousands each address is announced once before any is
//! announced twice.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use ka_sys::packet::Frame;
use ka_wire::{arp, ndisc};

use crate::instance::InstanceId;
use crate::thread::EngineThread;

/// Frames sent in one step.
const SLICE: usize = 16;

/// Instances that have announcements to send, and the frames of the present slice.
#[derive(Debug, Default)]
pub(crate) struct Announcer {
    /// Those whose first round is to come.
    first: VecDeque<InstanceId>,
    /// Those with further rounds. They wait while addresses are being settled: an address
    /// that is not there yet matters more than one that is announced a second time.
    again: VecDeque<InstanceId>,
    frames: Vec<(u32, Bytes)>,
}

/// One frame, in the memory of the longest.
#[derive(Debug)]
struct Bytes {
    octets: [u8; ndisc::FRAME_LEN],
    length: usize,
}

impl Bytes {
    fn new<const N: usize>(frame: [u8; N]) -> Self {
        let mut octets = [0; ndisc::FRAME_LEN];
        octets[..N].copy_from_slice(&frame);
        Self { octets, length: N }
    }
}

impl Announcer {
    pub(crate) fn has_work(&self) -> bool {
        !self.first.is_empty() || !self.again.is_empty()
    }
}

impl EngineThread {
    /// Wants `rounds` rounds for all addresses of `id`, once these are there.
    pub(crate) fn queue_announcement(&mut self, id: InstanceId, rounds: u32) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        // Blocks that overlap do not add up: the longer one serves for both.
        instance.rounds = instance.rounds.max(rounds);
        self.start_announcement(id);
    }

    /// Queues the announcements of `id` if it has any and waits for no address.
    pub(crate) fn start_announcement(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        if instance.rounds > 0 && instance.unsettled == 0 && !instance.announcing {
            instance.announcing = true;
            instance.cursor = 0;
            self.announcer.first.push_back(id);
        }
    }

    /// Drops what `id` has not announced yet.
    pub(crate) fn cancel_announcements(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.rounds = 0;
        }
    }

    /// Sends one slice; `false` when nothing waits.
    pub(crate) fn announce(&mut self, now: Instant) -> bool {
        if self.next_announcement().is_none() {
            return false;
        }
        let mut frames = std::mem::take(&mut self.announcer.frames);
        while frames.len() < SLICE {
            let Some((id, is_first)) = self.next_announcement() else {
                break;
            };
            let before = frames.len();
            let ended = self.collect_round(id, &mut frames, now);
            if let Some(instance) = self.instances[id.index()].as_mut() {
                instance.announced |= frames.len() > before;
            }
            if ended {
                let queue = match is_first {
                    true => &mut self.announcer.first,
                    false => &mut self.announcer.again,
                };
                queue.pop_front();
                self.end_round(id);
            }
        }
        let borrowed: Vec<Frame<'_>> = frames
            .iter()
            .map(|(ifindex, frame)| Frame {
                bytes: &frame.octets[..frame.length],
                ifindex: *ifindex,
            })
            .collect();
        self.send_results.clear();
        // An announcement that is lost is repeated by the schedule; the state machine
        // sends several for that reason.
        self.frames.send(&borrowed, &mut self.send_results);
        drop(borrowed);
        frames.clear();
        self.announcer.frames = frames;
        true
    }

    /// Whose turn it is, and whether for the first time.
    fn next_announcement(&self) -> Option<(InstanceId, bool)> {
        let first = self.announcer.first.front().map(|&id| (id, true));
        first.or_else(|| {
            let again = self.announcer.again.front().map(|&id| (id, false));
            again.filter(|_| self.addresses.is_settled())
        })
    }

    /// Adds frames of the present round of `id`; `true` when the round is complete.
    fn collect_round(
        &mut self,
        id: InstanceId,
        frames: &mut Vec<(u32, Bytes)>,
        now: Instant,
    ) -> bool {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return true;
        };
        if instance.rounds == 0 {
            return true;
        }
        while frames.len() < SLICE {
            let Some(key) = instance.addresses.get(instance.cursor) else {
                return true;
            };
            instance.cursor += 1;
            let present = self
                .addresses
                .get(key)
                .is_some_and(|entry| entry.presence.is_there() && entry.users.contains(&id));
            let interface = self.interfaces.at_mut(key.interface);
            let (Some(index), Some(mac), false) = (interface.index, interface.mac, interface.noarp)
            else {
                continue;
            };
            if !present {
                continue;
            }
            let frame = match key.address {
                IpAddr::V4(address) => Bytes::new(arp::gratuitous(mac, address)),
                IpAddr::V6(address) => {
                    let router = interface.forwards_ipv6(now);
                    Bytes::new(ndisc::unsolicited_advertisement(mac, address, router))
                }
            };
            frames.push((index, frame));
        }
        instance.cursor >= instance.addresses.len()
    }

    fn end_round(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.cursor = 0;
        instance.rounds = match std::mem::take(&mut instance.announced) {
            true => instance.rounds.saturating_sub(1),
            // There is nothing to announce, and there would not be in the next round.
            false => 0,
        };
        instance.announcing = instance.rounds > 0;
        if instance.announcing {
            self.announcer.again.push_back(id);
        }
    }
}
