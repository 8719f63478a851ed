//! Events as JavaScript sees them.

use std::time::{SystemTime, UNIX_EPOCH};

use ka_vrrp::State;
use napi_derive::napi;

use crate::cause::Cause;
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
    /// because nobody took events. `untold`: its sync group has this state already, so that notifications leave it out.
    StateChanged {
        instance: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        from: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        to: String,
        cause: Cause,
        priority: u8,
        skipped: u32,
        #[napi(ts_type = "true")]
        untold: Option<bool>,
    },
    /// A sync group changed its state; behind what its members say of it, but at its start before it.
    GroupStateChanged {
        group: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        from: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        to: String,
        skipped: u32,
    },
    /// Something an operator may want to read of one instance.
    Notice { instance: String, notice: Notice },
    /// A signal arrived.
    Signal { signal: i32 },
    /// An interface of the configuration went up or down; `up` is absent when it does not exist; `appeared`: it came
    /// to be just now. `renamedTo` is what its link is called now, where it only got another name.
    LinkChanged {
        interface: String,
        up: Option<bool>,
        #[napi(ts_type = "true")]
        appeared: Option<bool>,
        renamed_to: Option<String>,
    },
    /// An advertisement of `source` came for a virtual router that there is none of here.
    UnknownVrid {
        interface: String,
        vrid: u8,
        source: String,
    },
    /// Another host has an IPv6 address of this host. `instance` is empty when it is not a virtual one.
    AddressDuplicate {
        instance: String,
        interface: String,
        address: String,
    },
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
    /// Somebody else removed a route or rule that an instance holds, or something static (`instance` is empty
    /// then); it is added again.
    ObjectLost {
        instance: String,
        #[napi(ts_type = "'address' | 'route' | 'rule'")]
        kind: String,
        object: String,
    },
    /// The kernel refused a change of a route or rule; it stays wanted and is tried again. `instance` is
    /// empty for static ones, and when no instance wants it any more.
    ObjectRefused {
        instance: String,
        #[napi(ts_type = "'address' | 'route' | 'rule'")]
        kind: String,
        object: String,
        operation: String,
        errno: i32,
        message: String,
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
    /// An interface, a file or processes that are tracked are otherwise than before, or `initial`: are told of when a
    /// configuration comes. `number` is what a file holds.
    TrackerChanged {
        tracker: String,
        #[napi(ts_type = "'interface' | 'address' | 'file' | 'process'")]
        kind: String,
        #[napi(ts_type = "'unknown' | 'up' | 'down' | 'number'")]
        state: String,
        number: Option<i32>,
        initial: bool,
    },
    /// What is tracked cannot be looked at, or holds what it should not, as a sentence. `tracker` is empty where it concerns all of a kind.
    TrackerProblem {
        tracker: String,
        #[napi(ts_type = "'interface' | 'address' | 'file' | 'process'")]
        kind: String,
        message: String,
    },
    /// The engine thread gave up real-time scheduling, having run too long without a pause.
    Demoted,
    /// The engine thread raised its real-time priority to `priority`, as a timer was served `late_ms` late.
    Raised { priority: u8, late_ms: f64 },
    /// Events other than state changes were lost because nobody took them.
    Dropped { count: f64 },
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
            untold,
        } => EventKind::StateChanged {
            instance: instance.to_string(),
            from: state(from),
            to: state(to),
            cause: cause.into(),
            priority,
            skipped,
            untold: untold.then_some(true),
        },
        ka_engine::EventKind::GroupStateChanged {
            group,
            from,
            to,
            skipped,
        } => EventKind::GroupStateChanged {
            group: group.to_string(),
            from: state(from),
            to: state(to),
            skipped,
        },
        ka_engine::EventKind::Notice { instance, notice } => EventKind::Notice {
            instance: instance.to_string(),
            notice: crate::notice::convert(notice)?,
        },
        ka_engine::EventKind::Signal { signal } => EventKind::Signal { signal },
        ka_engine::EventKind::LinkChanged {
            interface,
            up,
            appeared,
            renamed_to,
        } => EventKind::LinkChanged {
            interface: interface.to_string(),
            up,
            appeared: appeared.then_some(true),
            renamed_to: renamed_to.map(|name| name.to_string()),
        },
        ka_engine::EventKind::UnknownVrid {
            interface,
            vrid,
            source,
        } => EventKind::UnknownVrid {
            interface: interface.to_string(),
            vrid,
            source: source.to_string(),
        },
        ka_engine::EventKind::AddressDuplicate {
            instance,
            interface,
            address,
        } => EventKind::AddressDuplicate {
            instance: instance.to_string(),
            interface: interface.to_string(),
            address: address.to_string(),
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
        ka_engine::EventKind::ObjectLost {
            instance,
            kind,
            object,
        } => EventKind::ObjectLost {
            instance: instance.to_string(),
            kind: kind.to_owned(),
            object,
        },
        ka_engine::EventKind::ObjectRefused {
            instance,
            kind,
            object,
            operation,
            errno,
            message,
        } => EventKind::ObjectRefused {
            instance: instance.to_string(),
            kind: kind.to_owned(),
            object,
            operation: operation.to_owned(),
            errno,
            message,
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
        ka_engine::EventKind::TrackerChanged {
            tracker,
            kind,
            state,
            initial,
        } => EventKind::TrackerChanged {
            tracker: tracker.to_string(),
            kind: kind.name().to_owned(),
            state: state.name().to_owned(),
            number: crate::snapshot::number(state),
            initial,
        },
        ka_engine::EventKind::TrackerProblem(problem) => EventKind::TrackerProblem {
            tracker: problem.tracker.to_string(),
            kind: problem.kind.name().to_owned(),
            message: problem.message,
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

/// Milliseconds since the Unix epoch, with fractions.
pub(crate) fn milliseconds(at: SystemTime) -> f64 {
    // A clock before 1970 reads as 1970.
    at.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1000.0
}
