//! The engine thread: sockets, timers and kernel objects of all virtual routers.
//!
//! It performs what the state machines of `ka-vrrp` decide, and is right
//! without its host: once a configuration is applied it fails over correctly
//! while the host is blocked. It never waits for the host, a file, a log or a
//! lock, and no step of its own takes longer than a millisecond.
//!
//! It does not read configuration files, run scripts, write logs, or know Node.

mod addresses;
mod announce;
mod apply;
mod config;
mod details;
mod ends;
mod error;
mod event;
#[cfg(feature = "fault-injection")]
mod fault;
mod guard;
mod handle;
mod instance;
mod interfaces;
mod kernel;
mod links;
mod monitored;
mod packets;
mod plan;
mod record;
mod routers;
mod runtime;
mod scheduling;
mod shared;
mod snapshot;
mod thread;
mod timers;
mod trackers;
mod wait;

pub use apply::{ApplyReport, Refusal};
pub use config::{
    EngineConfig, EngineOptions, InstanceConfig, Track, TrackerConfig, TrackerId, VirtualAddress,
};
pub use details::{InstanceDetails, InterfaceStatus};
pub use error::EngineError;
pub use event::{EVENT_CAPACITY, EngineEvent, EventKind};
#[cfg(feature = "fault-injection")]
pub use fault::{Fault, Hold};
pub use guard::guard;
pub use handle::Engine;
pub use ka_histogram::Histogram;
pub use runtime::{ReleaseReport, ReleasedAddress, release};
pub use scheduling::{Raise, Scheduling, SchedulingRefusal, Setting};
pub use snapshot::{EngineSnapshot, EngineStatus, InstanceStatus, TrackerStatus};
pub use trackers::TrackerResult;

/// The route protocol number that keepalived's addresses and routes carry, and
/// ours: `keepalived` in iproute2's rt_addrprotos and rt_protos.
pub const PROTOCOL_ID: u8 = 18;

/// Exit status after a panic of the engine or the death of the host's thread
/// (sysexits.h EX_SOFTWARE, which keepalived uses for internal errors).
pub const EXIT_INTERNAL: i32 = 70;
