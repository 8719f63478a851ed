//! What the engine tells its host, through a bounded ring.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crossbeam_queue::ArrayQueue;
use ka_vrrp::{Cause, Notice, State};

/// Events that fit into the ring before events of one instance are merged.
pub const EVENT_CAPACITY: usize = 64 * 1024;

/// One event and when it happened.
#[derive(Clone, Debug)]
pub struct EngineEvent {
    /// Wall-clock time of the event.
    pub at: SystemTime,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// An instance changed its state.
    StateChanged {
        /// The instance's name.
        instance: Arc<str>,
        /// State before; of the first change when several were merged.
        from: State,
        /// State now.
        to: State,
        /// Why (the latest change).
        cause: Cause,
        /// Effective priority at the change.
        priority: u8,
        /// Changes merged into this one because the ring was full.
        skipped: u32,
    },
    /// Something an operator may want to read of one instance.
    Notice {
        /// The instance's name.
        instance: Arc<str>,
        /// What the state machine reports.
        notice: Notice,
    },
    /// A signal arrived (only when the engine watches signals).
    Signal {
        /// Its number.
        signal: i32,
    },
    /// An interface that instances use went up or down, came or vanished.
    LinkChanged {
        /// Interface name.
        interface: Arc<str>,
        /// `None` when the interface does not exist.
        up: Option<bool>,
    },
    /// The kernel refused an address operation; it stays wanted and is retried.
    AddressRefused {
        /// First instance that wants the address; empty when none does any more.
        instance: Arc<str>,
        /// Interface name.
        interface: Arc<str>,
        /// The address.
        address: IpAddr,
        /// `"add"` or `"remove"`.
        operation: &'static str,
        /// Error number, 0 when no acknowledgement came.
        errno: i32,
        /// The kernel's reason.
        message: String,
    },
    /// Somebody else removed an address that an instance holds; it is added again.
    AddressLost {
        /// First instance that holds the address.
        instance: Arc<str>,
        /// Interface name.
        interface: Arc<str>,
        /// The address.
        address: IpAddr,
    },
    /// An address that is not ours came or went (only when that is asked for).
    AddressChanged {
        /// Interface name.
        interface: Arc<str>,
        /// The address.
        address: IpAddr,
        /// Whether it is there now.
        added: bool,
    },
    /// Advertisements of an instance cannot be sent; told once until one can.
    SendFailed {
        /// The instance's name.
        instance: Arc<str>,
        /// Error number.
        errno: i32,
        /// The kernel's reason.
        message: String,
    },
    /// A tracker has not been heard of for so long that it counts as failed.
    TrackerStale {
        /// Its name.
        tracker: Arc<str>,
    },
    /// A tracker that counted as failed for want of results is heard of again.
    TrackerFresh {
        /// Its name.
        tracker: Arc<str>,
    },
    /// The engine thread gave up real-time scheduling, having run too long without a pause.
    Demoted,
    /// The engine thread raised its real-time priority, as a timer was served late.
    Raised {
        /// The SCHED_RR priority now.
        priority: u8,
        /// How late the timer was.
        late: Duration,
    },
    /// Events other than state changes were lost because the ring was full.
    Dropped {
        /// How many.
        count: u64,
    },
}

impl EventKind {
    /// The instance whose events keep their order with this one.
    fn instance(&self) -> Option<&Arc<str>> {
        match self {
            Self::StateChanged { instance, .. }
            | Self::Notice { instance, .. }
            | Self::AddressRefused { instance, .. }
            | Self::AddressLost { instance, .. }
            | Self::SendFailed { instance, .. } => Some(instance),
            Self::Signal { .. }
            | Self::LinkChanged { .. }
            | Self::AddressChanged { .. }
            | Self::TrackerStale { .. }
            | Self::TrackerFresh { .. }
            | Self::Demoted
            | Self::Raised { .. }
            | Self::Dropped { .. } => None,
        }
    }
}

#[derive(Debug)]
struct Merged {
    at: SystemTime,
    instance: Arc<str>,
    from: State,
    to: State,
    cause: Cause,
    priority: u8,
    skipped: u32,
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
            } => {
                if let Some(merged) = self.merged.get_mut(&instance) {
                    merged.at = at;
                    merged.to = to;
                    merged.cause = cause;
                    merged.priority = priority;
                    merged.skipped += 1;
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
                };
                if let Err(merged) = self.push_merged(merged) {
                    self.ring.held_back.store(true, Ordering::SeqCst);
                    self.merged.insert(Arc::clone(&merged.instance), merged);
                }
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
        !self.merged.is_empty() || self.signals != 0 || self.dropped != 0
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
        let dropped = (self.dropped > 0).then_some(EngineEvent {
            at,
            kind: EventKind::Dropped {
                count: self.dropped,
            },
        });
        let rest = signals.chain(changes).chain(dropped).collect();
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
