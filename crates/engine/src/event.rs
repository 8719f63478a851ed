//! What the engine tells its host, through a bounded ring.

mod ring;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ka_vrrp::{Cause, Notice, State, TrackerState};

use crate::config::TrackerKind;

pub use ring::EVENT_CAPACITY;
pub(crate) use ring::{EventRing, EventSender};

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
        /// Its sync group has this state already: whoever is notified of states is not of this one.
        untold: bool,
    },
    /// A sync group changed its state; behind what its members say of it, but at its start before it.
    GroupStateChanged {
        /// The group's name.
        group: Arc<str>,
        /// State before; of the first change when several were merged.
        from: State,
        /// State now.
        to: State,
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
        /// It came to be just now.
        appeared: bool,
        /// What its link is called now, where it only got another name.
        renamed_to: Option<Arc<str>>,
    },
    /// An advertisement came for a virtual router that there is none of here (only when that is asked for).
    /// Told once a minute of each.
    UnknownVrid {
        /// Interface name.
        interface: Arc<str>,
        /// The virtual router's identifier.
        vrid: u8,
        /// The sender.
        source: IpAddr,
    },
    /// Another host has an address of this host: IPv6 duplicate address detection failed, and the
    /// kernel does not use it.
    AddressDuplicate {
        /// First instance that holds the address; empty when it is not a virtual one.
        instance: Arc<str>,
        /// Interface name.
        interface: Arc<str>,
        /// The address.
        address: IpAddr,
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
    /// Somebody else removed a route or rule that an instance holds, or something of the
    /// configuration's own; it is added again.
    ObjectLost {
        /// First instance that holds it; empty where only the configuration does.
        instance: Arc<str>,
        /// `"address"`, `"route"` or `"rule"`.
        kind: &'static str,
        /// What it is, the way that iproute2 writes it.
        object: String,
    },
    /// The kernel refused a change of a route or rule; it stays wanted and is tried again.
    ObjectRefused {
        /// First instance that wants it; empty where only the configuration does, or nobody any more.
        instance: Arc<str>,
        /// `"route"` or `"rule"`.
        kind: &'static str,
        /// What it is, the way that iproute2 writes it.
        object: String,
        /// `"add"` or `"remove"`.
        operation: &'static str,
        /// Error number, 0 when no acknowledgement came.
        errno: i32,
        /// The kernel's reason.
        message: String,
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
    /// An interface, a file or processes that are tracked are otherwise than before, or are told of when a
    /// configuration comes.
    TrackerChanged {
        /// Its name.
        tracker: Arc<str>,
        /// What it is.
        kind: TrackerKind,
        /// How it is now.
        state: TrackerState,
        /// That is how a configuration found it.
        initial: bool,
    },
    /// What is tracked cannot be looked at, or holds what it should not.
    TrackerProblem(Problem),
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

/// What is wrong with something that is tracked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its name; empty when it concerns all of its kind.
    pub tracker: Arc<str>,
    /// What it is.
    pub kind: TrackerKind,
    /// What is wrong, and what comes of it: a sentence.
    pub message: String,
}

impl EventKind {
    /// The instance whose events keep their order with this one.
    fn instance(&self) -> Option<&Arc<str>> {
        match self {
            Self::StateChanged { instance, .. }
            | Self::Notice { instance, .. }
            | Self::AddressRefused { instance, .. }
            | Self::AddressLost { instance, .. }
            | Self::AddressDuplicate { instance, .. }
            | Self::ObjectLost { instance, .. }
            | Self::ObjectRefused { instance, .. }
            | Self::SendFailed { instance, .. } => Some(instance),
            Self::GroupStateChanged { .. }
            | Self::Signal { .. }
            | Self::LinkChanged { .. }
            | Self::UnknownVrid { .. }
            | Self::AddressChanged { .. }
            | Self::TrackerStale { .. }
            | Self::TrackerFresh { .. }
            | Self::TrackerChanged { .. }
            | Self::TrackerProblem(_)
            | Self::Demoted
            | Self::Raised { .. }
            | Self::Dropped { .. } => None,
        }
    }
}
