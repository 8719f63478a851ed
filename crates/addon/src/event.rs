//! Events as JavaScript sees them.

use std::time::{SystemTime, UNIX_EPOCH};

use ka_vrrp::State;
use napi_derive::napi;

use crate::notice::Notice;

/// One event and when it happened.
#[napi(object, object_from_js = false)]
pub struct EngineEvent {
    /// Milliseconds since the Unix epoch, with fractions.
    pub at_ms: f64,
    /// What happened.
    pub event: EventKind,
}

/// What happened. The `instance` of an `addressRefused` is empty when none wants the address any more.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "EventKind"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum EventKind {
    /// An instance changed its state. `skipped` changes were merged into this one
    /// because nobody took events.
    StateChanged {
        instance: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        from: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        to: String,
        cause: Cause,
        priority: u8,
        skipped: u32,
    },
    /// Something an operator may want to read of one instance.
    Notice { instance: String, notice: Notice },
    /// A signal arrived.
    Signal { signal: i32 },
    /// An interface of the configuration went up or down; `up` is absent when it does not exist.
    LinkChanged { interface: String, up: Option<bool> },
    /// The kernel refused an address operation; it stays wanted and is retried. No instance may
    /// want the address any more: `instance` is empty then.
    AddressRefused {
        instance: String,
        interface: String,
        address: String,
        operation: String,
        errno: i32,
        message: String,
    },
    /// Somebody else removed an address that an instance holds; it is added again.
    AddressLost {
        instance: String,
        interface: String,
        address: String,
    },
    /// An address that is not ours came or went.
    AddressChanged {
        interface: String,
        address: String,
        added: bool,
    },
    /// Advertisements of an instance cannot be sent; told once until one can.
    SendFailed {
        instance: String,
        errno: i32,
        message: String,
    },
    /// Nothing was heard of a tracker for so long that it counts as failed.
    TrackerStale { tracker: String },
    /// A tracker that counted as failed for want of results is heard of again.
    TrackerFresh { tracker: String },
    /// The engine thread gave up real-time scheduling, having run too long without a pause.
    Demoted,
    /// The engine thread raised its real-time priority to `priority`, as a timer was served `late_ms` late.
    Raised { priority: u8, late_ms: f64 },
    /// Events other than state changes were lost because nobody took them.
    Dropped { count: f64 },
}

/// Why a state changed.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "Cause"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum Cause {
    /// The router was started.
    Start,
    /// An address owner need not wait.
    AddressOwner,
    /// No advertisement came for the master-down interval.
    MasterDownTimer,
    /// A better router advertises.
    HigherPriorityAdvertisement,
    /// This Master woke so late that another must have taken over.
    TimerExpired { late_ms: f64 },
    /// Something is missing. `trackers`: so many trackers are a fault; absent when none is.
    Fault {
        link_down: bool,
        no_source: bool,
        trackers: Option<u16>,
    },
    /// Nothing is missing any more.
    FaultsCleared,
    /// The router was stopped.
    Stop,
}

impl From<ka_vrrp::Cause> for Cause {
    fn from(cause: ka_vrrp::Cause) -> Self {
        match cause {
            ka_vrrp::Cause::Start => Self::Start,
            ka_vrrp::Cause::AddressOwner => Self::AddressOwner,
            ka_vrrp::Cause::MasterDownTimer => Self::MasterDownTimer,
            ka_vrrp::Cause::HigherPriorityAdvertisement => Self::HigherPriorityAdvertisement,
            ka_vrrp::Cause::TimerExpired { late } => Self::TimerExpired {
                late_ms: late.as_secs_f64() * 1000.0,
            },
            ka_vrrp::Cause::Fault { faults } => Self::Fault {
                link_down: faults.link_down,
                no_source: faults.no_source,
                trackers: Some(faults.trackers).filter(|&trackers| trackers > 0),
            },
            ka_vrrp::Cause::FaultsCleared => Self::FaultsCleared,
            ka_vrrp::Cause::Stop => Self::Stop,
        }
    }
}

/// The state's name as notify scripts get it.
pub(crate) fn state(state: State) -> String {
    state.name().to_owned()
}

/// The event for JavaScript; `None` for a change of state disguised as a notice,
/// which the engine does not send.
pub(crate) fn convert(event: ka_engine::EngineEvent) -> Option<EngineEvent> {
    Some(EngineEvent {
        at_ms: milliseconds(event.at),
        event: kind(event.kind)?,
    })
}

fn kind(kind: ka_engine::EventKind) -> Option<EventKind> {
    Some(match kind {
        ka_engine::EventKind::StateChanged {
            instance,
            from,
            to,
            cause,
            priority,
            skipped,
        } => EventKind::StateChanged {
            instance: instance.to_string(),
            from: state(from),
            to: state(to),
            cause: cause.into(),
            priority,
            skipped,
        },
        ka_engine::EventKind::Notice { instance, notice } => EventKind::Notice {
            instance: instance.to_string(),
            notice: crate::notice::convert(notice)?,
        },
        ka_engine::EventKind::Signal { signal } => EventKind::Signal { signal },
        ka_engine::EventKind::LinkChanged { interface, up } => EventKind::LinkChanged {
            interface: interface.to_string(),
            up,
        },
        ka_engine::EventKind::AddressRefused {
            instance,
            interface,
            address,
            operation,
            errno,
            message,
        } => EventKind::AddressRefused {
            instance: instance.to_string(),
            interface: interface.to_string(),
            address: address.to_string(),
            operation: operation.to_owned(),
            errno,
            message,
        },
        ka_engine::EventKind::AddressLost {
            instance,
            interface,
            address,
        } => EventKind::AddressLost {
            instance: instance.to_string(),
            interface: interface.to_string(),
            address: address.to_string(),
        },
        ka_engine::EventKind::AddressChanged {
            interface,
            address,
            added,
        } => EventKind::AddressChanged {
            interface: interface.to_string(),
            address: address.to_string(),
            added,
        },
        ka_engine::EventKind::SendFailed {
            instance,
            errno,
            message,
        } => EventKind::SendFailed {
            instance: instance.to_string(),
            errno,
            message,
        },
        ka_engine::EventKind::TrackerStale { tracker } => EventKind::TrackerStale {
            tracker: tracker.to_string(),
        },
        ka_engine::EventKind::TrackerFresh { tracker } => EventKind::TrackerFresh {
            tracker: tracker.to_string(),
        },
        ka_engine::EventKind::Demoted => EventKind::Demoted,
        ka_engine::EventKind::Raised { priority, late } => EventKind::Raised {
            priority,
            late_ms: late.as_secs_f64() * 1000.0,
        },
        ka_engine::EventKind::Dropped { count } => EventKind::Dropped {
            count: count as f64,
        },
    })
}

fn milliseconds(at: SystemTime) -> f64 {
    // A clock before 1970 reads as 1970.
    at.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1000.0
}
