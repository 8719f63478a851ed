//! Events on their way from the engine thread to its host: a bounded ring, and what is merged when it is full.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crossbeam_queue::ArrayQueue;
use ka_vrrp::{Cause, State};

use super::{EngineEvent, EventKind};

/// Events that fit into the ring before events of one instance are merged.
pub const EVENT_CAPACITY: usize = 64 * 1024;

#[derive(Debug)]
struct Merged {
    at: SystemTime,
    instance: Arc<str>,
    from: State,
    to: State,
    cause: Cause,
    priority: u8,
    skipped: u32,
    untold: bool,
}

/// Changes of a sync group that wait.
#[derive(Debug)]
struct MergedGroup {
    at: SystemTime,
    from: State,
    to: State,
    skipped: u32,
}

impl MergedGroup {
    fn event(&self, group: &Arc<str>) -> EngineEvent {
        EngineEvent {
            at: self.at,
            kind: EventKind::GroupStateChanged {
                group: Arc::clone(group),
                from: self.from,
                to: self.to,
                skipped: self.skipped,
            },
        }
    }
}

impl From<Merged> for EngineEvent {
    fn from(merged: Merged) -> Self {
        Self {
            at: merged.at,
            kind: EventKind::StateChanged {
                instance: merged.instance,
                from: merged.from,
                to: merged.to,
                cause: merged.cause,
                priority: merged.priority,
                skipped: merged.skipped,
                untold: merged.untold,
            },
        }
    }
}

/// The ring between the engine thread (producer) and its host (consumer).
#[derive(Debug)]
pub(crate) struct EventRing {
    ring: ArrayQueue<EngineEvent>,
    /// Set while the producer holds merged events back for want of room.
    held_back: AtomicBool,
    /// What was held back when the producer ended; behind everything in `ring`.
    rest: Mutex<VecDeque<EngineEvent>>,
    /// The producer has ended: `rest` is complete.
    closed: AtomicBool,
}

impl EventRing {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            ring: ArrayQueue::new(capacity),
            held_back: AtomicBool::new(false),
            rest: Mutex::new(VecDeque::new()),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes up to `limit` events, oldest first.
    ///
    /// The second value tells that the producer holds events back and should be woken.
    pub(crate) fn take(&self, limit: usize) -> (Vec<EngineEvent>, bool) {
        // Asked first: once the producer has ended nothing more comes into the ring.
        let closed = self.closed.load(Ordering::Acquire);
        let mut events = Vec::with_capacity(self.ring.len().min(limit));
        while events.len() < limit {
            match self.ring.pop() {
                Some(event) => events.push(event),
                None => break,
            }
        }
        if events.len() < limit && closed {
            let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
            let room = rest.len().min(limit - events.len());
            events.extend(rest.drain(..room));
        }
        // Sequentially consistent, as is its other side: either this sees that something is
        // held back, or the producer sees the room made above.
        (events, self.held_back.load(Ordering::SeqCst))
    }
}

/// The producer's end: owned by the engine thread.
#[derive(Debug)]
pub(crate) struct EventSender {
    ring: Arc<EventRing>,
    merged: HashMap<Arc<str>, Merged>,
    /// Of sync groups: behind all that waits of instances.
    merged_groups: HashMap<Arc<str>, MergedGroup>,
    /// Signals that found the ring full: bit n - 1 for signal n.
    signals: u64,
    dropped: u64,
    /// Something was put into the ring since [`Self::take_wake`].
    wake: bool,
}

/// The bit of signal `signal` (1 to 64).
fn signal_bit(signal: i32) -> u64 {
    signal
        .checked_sub(1)
        .and_then(|bit| u32::try_from(bit).ok())
        .and_then(|bit| 1u64.checked_shl(bit))
        .unwrap_or(0)
}

impl EventSender {
    pub(crate) fn new(ring: Arc<EventRing>) -> Self {
        Self {
            ring,
            merged: HashMap::new(),
            merged_groups: HashMap::new(),
            signals: 0,
            dropped: 0,
            wake: false,
        }
    }

    /// Whether the host should be woken.
    pub(crate) fn take_wake(&mut self) -> bool {
        std::mem::take(&mut self.wake)
    }

    pub(crate) fn send(&mut self, kind: EventKind) {
        let at = SystemTime::now();
        // What was held back is older.
        self.flush();
        match kind {
            EventKind::StateChanged {
                instance,
                from,
                to,
                cause,
                priority,
                skipped,
                untold,
            } => {
                if let Some(merged) = self.merged.get_mut(&instance) {
                    merged.at = at;
                    merged.to = to;
                    merged.cause = cause;
                    merged.priority = priority;
                    merged.skipped += 1;
                    merged.untold &= untold;
                    return;
                }
                let merged = Merged {
                    at,
                    instance,
                    from,
                    to,
                    cause,
                    priority,
                    skipped,
                    untold,
                };
                if let Err(merged) = self.push_merged(merged) {
                    self.ring.held_back.store(true, Ordering::SeqCst);
                    self.merged.insert(Arc::clone(&merged.instance), merged);
                }
            }
            EventKind::GroupStateChanged {
                group, from, to, ..
            } => {
                self.send_group(group, from, to, at);
            }
            EventKind::Signal { signal } => {
                if !self.push(EngineEvent { at, kind }) {
                    self.ring.held_back.store(true, Ordering::SeqCst);
                    self.signals |= signal_bit(signal);
                }
            }
            kind => {
                // It must not overtake a state change that waits.
                let waits = kind
                    .instance()
                    .is_some_and(|instance| self.merged.contains_key(instance));
                if waits || !self.push(EngineEvent { at, kind }) {
                    self.dropped += 1;
                    self.ring.held_back.store(true, Ordering::SeqCst);
                }
            }
        }
    }

    /// A change of a group never overtakes those of its members.
    fn send_group(&mut self, group: Arc<str>, from: State, to: State, at: SystemTime) {
        if let Some(merged) = self.merged_groups.get_mut(&group) {
            merged.at = at;
            merged.to = to;
            merged.skipped += 1;
            return;
        }
        let merged = MergedGroup {
            at,
            from,
            to,
            skipped: 0,
        };
        if !self.merged.is_empty() || !self.push(merged.event(&group)) {
            self.ring.held_back.store(true, Ordering::SeqCst);
            self.merged_groups.insert(group, merged);
        }
    }

    /// Moves changes of groups into the ring, once those of all instances are there.
    fn flush_groups(&mut self) {
        let names: Vec<Arc<str>> = self.merged_groups.keys().take(256).cloned().collect();
        for name in names {
            let waits = !self.merged.is_empty();
            let event = self.merged_groups.get(&name).map(|it| it.event(&name));
            let Some(event) = event.filter(|_| !waits) else {
                return;
            };
            if !self.push(event) {
                return;
            }
            self.merged_groups.remove(&name);
        }
    }

    /// Moves what was held back into the ring as far as there is room.
    pub(crate) fn flush(&mut self) {
        if !self.ring.held_back.load(Ordering::Relaxed) || self.ring.ring.is_full() {
            return;
        }
        for signal in 1..=64 {
            if self.signals & signal_bit(signal) != 0
                && self.push(EngineEvent {
                    at: SystemTime::now(),
                    kind: EventKind::Signal { signal },
                })
            {
                self.signals &= !signal_bit(signal);
            }
        }
        let names: Vec<Arc<str>> = self.merged.keys().take(256).cloned().collect();
        for name in names {
            let Some(merged) = self.merged.remove(&name) else {
                continue;
            };
            if let Err(merged) = self.push_merged(merged) {
                self.merged.insert(name, merged);
                break;
            }
        }
        self.flush_groups();
        if self.dropped > 0 {
            let count = self.dropped;
            if self.push(EngineEvent {
                at: SystemTime::now(),
                kind: EventKind::Dropped { count },
            }) {
                self.dropped = 0;
            }
        }
        if !self.holds_back() {
            self.ring.held_back.store(false, Ordering::SeqCst);
        }
    }

    fn holds_back(&self) -> bool {
        !self.merged.is_empty()
            || !self.merged_groups.is_empty()
            || self.signals != 0
            || self.dropped != 0
    }

    /// The producer ends: hands over what did not fit into the ring.
    pub(crate) fn close(&mut self) {
        let at = SystemTime::now();
        let signals = (1..=64).filter(|&signal| self.signals & signal_bit(signal) != 0);
        let signals = signals.map(|signal| EngineEvent {
            at,
            kind: EventKind::Signal { signal },
        });
        let changes = self.merged.drain().map(|(_, merged)| merged.into());
        let groups = self.merged_groups.drain();
        let groups = groups.map(|(name, merged)| merged.event(&name));
        let dropped = (self.dropped > 0).then_some(EngineEvent {
            at,
            kind: EventKind::Dropped {
                count: self.dropped,
            },
        });
        let rest = signals
            .chain(changes)
            .chain(groups)
            .chain(dropped)
            .collect();
        *self
            .ring
            .rest
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = rest;
        self.ring.closed.store(true, Ordering::Release);
    }

    fn push(&mut self, event: EngineEvent) -> bool {
        let pushed = self.ring.ring.push(event).is_ok();
        self.wake |= pushed;
        pushed
    }

    fn push_merged(&mut self, merged: Merged) -> Result<(), Merged> {
        if self.ring.ring.is_full() {
            return Err(merged);
        }
        // Only this thread pushes, so a ring that is not full has room.
        self.push(merged.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
