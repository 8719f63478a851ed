//! Gratuitous ARPs and unsolicited neighbor advertisements, a few at a time.
//!
//! Every instance that has something to announce gets one round in turn, so that
//! after a takeover of thousands each address is announced once before any is
//! announced twice. Where a limit is set, the addresses wait for their turns with the
//! [`Pacer`], and the rounds of their instance go on without them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use ka_sys::packet::Frame;
use ka_wire::{arp, ndisc};

use crate::instance::{Instance, InstanceId};
use crate::objects::{AddressKey, Presence, User};
use crate::pacing::Pacer;
use crate::thread::EngineThread;

/// Frames sent in one step.
const SLICE: usize = 16;
/// Addresses looked at in one step, which may wait elsewhere or be gone.
const LOOKED_AT: usize = 256;

/// Instances that have announcements to send, and the frames of the present slice.
#[derive(Debug, Default)]
pub(crate) struct Announcer {
    /// Those whose first round is to come.
    first: VecDeque<Turn>,
    /// Those with further rounds. They wait while addresses are being settled: an address
    /// that is not there yet matters more than one that is announced a second time.
    again: VecDeque<Turn>,
    frames: Vec<(u32, Bytes)>,
    /// Of the last turn that was queued.
    ticket: u64,
    /// Announcements that have to keep their distance.
    pub(crate) pacer: Pacer,
}

/// A place in a queue. It is void unless the instance has this ticket: announcements may have been
/// cancelled since, and another instance may have the same id.
#[derive(Clone, Copy, Debug)]
struct Turn {
    id: InstanceId,
    ticket: u64,
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

    /// When announcements that have to keep their distance may leave.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.pacer.poll_timeout()
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
        instance.paced = instance.paced.max(rounds);
        self.start_announcement(id);
    }

    /// Queues the announcements of `id` if it has any and waits for no address.
    pub(crate) fn start_announcement(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        if instance.rounds > 0 && instance.unsettled == 0 && instance.ticket.is_none() {
            instance.cursor = 0;
            self.announcer.ticket += 1;
            let ticket = self.announcer.ticket;
            instance.ticket = Some(ticket);
            self.announcer.first.push_back(Turn { id, ticket });
        }
    }

    /// Drops what `id` has not announced yet.
    pub(crate) fn cancel_announcements(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.rounds = 0;
            instance.ticket = None;
            (instance.paced, instance.pacing) = (0, 0);
            for key in instance.addresses() {
                let entry = self.objects.address(key);
                // Another instance may hold it too.
                if entry.is_none_or(|entry| entry.instances().all(|user| user == id)) {
                    self.announcer.pacer.cancel(*key);
                }
            }
        }
    }

    /// Wants one announcement on each interface other than that of `id` that carries addresses of it.
    pub(crate) fn announce_extra_interfaces(&mut self, id: InstanceId, now: Instant) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let mut known = vec![instance.interface];
        for key in instance.addresses() {
            if known.contains(&key.interface) || !self.is_announced_by(key, id) {
                continue;
            }
            known.push(key.interface);
            let name = &self.interfaces.at(key.interface).name;
            self.announcer.pacer.want(*key, name, 1, now);
        }
    }

    /// Whether `id` holds `key`, and it is there as far as anybody knows.
    fn is_announced_by(&self, key: &AddressKey, id: InstanceId) -> bool {
        // One that the kernel may have lost is on its way back.
        self.objects.address(key).is_some_and(|entry| {
            entry.presence != Presence::Absent && entry.is_wanted_by(User::Instance(id))
        })
    }

    /// Sends one slice; `false` when nothing waits.
    pub(crate) fn announce(&mut self, now: Instant) -> bool {
        let is_paced = self
            .announcer
            .pacer
            .poll_timeout()
            .is_some_and(|at| at <= now);
        if !is_paced && self.next_turn().is_none() {
            return false;
        }
        let mut frames = std::mem::take(&mut self.announcer.frames);
        let mut looked_at = 0;
        self.collect_paced(&mut frames, now);
        while frames.len() < SLICE && looked_at < LOOKED_AT {
            let Some((turn, is_first)) = self.next_turn() else {
                break;
            };
            let before = frames.len();
            looked_at += 1;
            let ended = self.collect_round(turn, &mut frames, &mut looked_at, now);
            if let Some(instance) = self.instances[turn.id.index()].as_mut() {
                instance.announced |= frames.len() > before;
            }
            if ended {
                let queue = match is_first {
                    true => &mut self.announcer.first,
                    false => &mut self.announcer.again,
                };
                queue.pop_front();
                self.end_round(turn);
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
    fn next_turn(&self) -> Option<(Turn, bool)> {
        let first = self.announcer.first.front().map(|&turn| (turn, true));
        first.or_else(|| {
            let again = self.announcer.again.front().map(|&turn| (turn, false));
            again.filter(|_| self.objects.is_settled())
        })
    }

    /// The instance whose turn it is; `None` when the turn is void.
    fn announcing(&mut self, turn: Turn) -> Option<&mut Instance> {
        let instance = self.instances[turn.id.index()].as_deref_mut()?;
        (instance.ticket == Some(turn.ticket)).then_some(instance)
    }

    /// Adds frames of the present round; `true` when the round is complete.
    fn collect_round(
        &mut self,
        turn: Turn,
        frames: &mut Vec<(u32, Bytes)>,
        looked_at: &mut usize,
        now: Instant,
    ) -> bool {
        let Some(instance) = self.announcing(turn) else {
            return true;
        };
        if instance.cursor == 0 {
            instance.pacing = instance.pacing.max(std::mem::take(&mut instance.paced));
        }
        let pacing = instance.pacing;
        while frames.len() < SLICE && *looked_at < LOOKED_AT {
            let Some(instance) = self.announcing(turn) else {
                return true;
            };
            let Some(&key) = instance.addresses().get(instance.cursor) else {
                return true;
            };
            instance.cursor += 1;
            *looked_at += 1;
            if !self.is_announced_by(&key, turn.id) {
                continue;
            }
            let name = &self.interfaces.at(key.interface).name;
            if self.announcer.pacer.limits(key, name) {
                self.announcer.pacer.want(key, name, pacing, now);
            } else {
                frames.extend(self.announcement(&key, now));
            }
        }
        let instance = self.announcing(turn);
        instance.is_none_or(|instance| instance.cursor >= instance.addresses().len())
    }

    /// Adds frames that have kept their distance.
    fn collect_paced(&mut self, frames: &mut Vec<(u32, Bytes)>, now: Instant) {
        for _ in 0..LOOKED_AT {
            if frames.len() >= SLICE {
                break;
            }
            let Some((lane, key)) = self.announcer.pacer.next(now) else {
                break;
            };
            let is_there = self.objects.address(&key).is_some_and(|entry| {
                entry.presence != Presence::Absent && entry.instances().next().is_some()
            });
            let frame = match is_there {
                true => self.announcement(&key, now),
                false => None,
            };
            let announced = frame.is_some();
            frames.extend(frame);
            self.announcer.pacer.done(lane, key, announced, now);
        }
    }

    /// The frame that announces `key`, where its interface can carry one.
    fn announcement(&mut self, key: &AddressKey, now: Instant) -> Option<(u32, Bytes)> {
        let interface = self.interfaces.at_mut(key.interface);
        let (Some(index), Some(mac), false) = (interface.index, interface.mac, interface.noarp)
        else {
            return None;
        };
        let frame = match key.address {
            IpAddr::V4(address) => Bytes::new(arp::gratuitous(mac, address)),
            IpAddr::V6(address) => {
                let router = interface.forwards_ipv6(now);
                Bytes::new(ndisc::unsolicited_advertisement(mac, address, router))
            }
        };
        Some((index, frame))
    }

    fn end_round(&mut self, turn: Turn) {
        let Some(instance) = self.announcing(turn) else {
            return;
        };
        instance.cursor = 0;
        instance.pacing = 0;
        if std::mem::take(&mut instance.announced) {
            instance.rounds = instance.rounds.saturating_sub(1);
        } else if instance.unsettled == 0 {
            // There is nothing to announce, and there would not be in the next round.
            instance.rounds = 0;
        }
        if instance.paced > 0 {
            // Asked for while the round was under way.
            instance.rounds = instance.rounds.max(1);
        }
        if instance.rounds > 0 && instance.unsettled == 0 {
            self.announcer.again.push_back(turn);
        } else {
            // If rounds are left: once the addresses are there.
            instance.ticket = None;
        }
    }
}
