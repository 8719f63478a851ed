//! The engine thread: sockets, timers and kernel objects of all virtual routers.
//!
//! It performs what the state machines of `ka-vrrp` decide, and is right
//! without its host: once a configuration is applied it fails over correctly
//! while the host is blocked. It never waits for the host, a file, a log or a
//! lock, and no step of its own takes longer than a millisecond.
//!
//! It does not read configuration files, run scripts, write logs, or know Node.

mod announce;
mod announce_source;
mod apply;
mod buffers;
mod config;
mod contested;
mod copies;
mod debounce;
mod details;
mod dispatch;
mod duplicates;
mod ends;
mod error;
mod event;
#[cfg(feature = "fault-injection")]
mod fault;
mod following;
mod groups;
mod guard;
mod handle;
mod host_addresses;
mod instance;
mod interfaces;
mod kernel;
mod links;
mod listening;
mod monitored;
mod objects;
mod pacing;
mod packet;
mod packets;
mod plan;
mod promote;
mod record;
mod routers;
mod routing;
mod runtime;
mod scheduling;
mod shared;
mod snapshot;
mod spawn;
mod statics;
mod sync_daemons;
mod thread;
mod timers;
mod tracker_config;
mod trackers;
mod unknown;
mod wait;
mod watch;

pub use apply::{ApplyReport, Refusal};
pub use buffers::ReceiveBuffers;
pub use config::{
    EngineConfig, EngineOptions, GroupConfig, InitFile, InstanceConfig, ParameterMatch,
    ProcessConfig, ProcessEvents, ProcessMatch, StaticObjects, Track, TrackerConfig, TrackerId,
    TrackerKind, TrackerSource, UnicastConfig, VirtualAddress, VirtualRoute, VirtualRule,
};
pub use debounce::InterfaceDelays;
pub use details::{InstanceDetails, InterfaceStatus};
pub use error::EngineError;
pub use event::{EVENT_CAPACITY, EngineEvent, EventKind, Problem};
#[cfg(feature = "fault-injection")]
pub use fault::{Fault, Hold};
pub use guard::guard;
pub use handle::Engine;
pub use ka_histogram::Histogram;
pub use pacing::{GarpGroup, GarpPacing};
pub use record::Leftover;
pub use runtime::{ReleaseReport, release};
pub use scheduling::{Raise, Scheduling, SchedulingRefusal, Setting};
pub use snapshot::{
    EngineSnapshot, EngineStatus, GroupStatus, InstanceStatus, ProcessStatus, TrackerStatus,
};
pub use trackers::TrackerResult;

/// The route protocol number that keepalived's addresses and routes carry, and
/// ours: `keepalived` in iproute2's rt_addrprotos and rt_protos.
pub const PROTOCOL_ID: u8 = 18;

/// Exit status after a panic of the engine or the death of the host's thread
/// (sysexits.h EX_SOFTWARE, which keepalived uses for internal errors).
pub const EXIT_INTERNAL: i32 = 70;
