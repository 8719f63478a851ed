//! What the engine tells its host, through a bounded ring.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

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
        /// First instance that wants the address.
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
    /// Advertisements of an instance cannot be sent; told once until one can.
    SendFailed {
        /// The instance's name.
        instance: Arc<str>,
        /// Error number.
        errno: i32,
        /// The kernel's reason.
        message: String,
    },
    /// The engine thread gave up real-time scheduling, having run too long without a pause.
    Demoted,
    /// Events other than state changes were lost because the ring was full.
    Dropped {
        /// How many.
        count: u64,
    },
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

/// The ring between the engine thread (producer) and its host (consumer).
#[derive(Debug)]
pub(crate) struct EventRing {
    ring: ArrayQueue<EngineEvent>,
    /// Set while the producer holds merged events back for want of room.
    held_back: AtomicBool,
}

impl EventRing {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            ring: ArrayQueue::new(capacity),
            held_back: AtomicBool::new(false),
        }
    }

    /// Takes up to `limit` events, oldest first.
    ///
    /// The second value tells that the producer holds events back and should be woken.
    pub(crate) fn take(&self, limit: usize) -> (Vec<EngineEvent>, bool) {
        let mut events = Vec::with_capacity(self.ring.len().min(limit));
        while events.len() < limit {
            match self.ring.pop() {
                Some(event) => events.push(event),
                None => break,
            }
        }
        (events, self.held_back.load(Ordering::Acquire))
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
                    self.ring.held_back.store(true, Ordering::Release);
                    self.merged.insert(Arc::clone(&merged.instance), merged);
                }
            }
            EventKind::Signal { signal } => {
                if !self.push(EngineEvent { at, kind }) {
                    self.ring.held_back.store(true, Ordering::Release);
                    self.signals |= signal_bit(signal);
                }
            }
            kind => {
                if !self.push(EngineEvent { at, kind }) {
                    self.dropped += 1;
                    self.ring.held_back.store(true, Ordering::Release);
                }
            }
        }
    }

    /// Moves what was held back into the ring as far as there is room.
    pub(crate) fn flush(&mut self) {
        if !self.ring.held_back.load(Ordering::Relaxed) {
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
        let held_back = !self.merged.is_empty() || self.signals != 0 || self.dropped != 0;
        self.ring.held_back.store(held_back, Ordering::Release);
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
        let Merged {
            at,
            instance,
            from,
            to,
            cause,
            priority,
            skipped,
        } = merged;
        // Only this thread pushes, so a ring that is not full has room.
        self.push(EngineEvent {
            at,
            kind: EventKind::StateChanged {
                instance,
                from,
                to,
                cause,
                priority,
                skipped,
            },
        });
        Ok(())
    }
}
