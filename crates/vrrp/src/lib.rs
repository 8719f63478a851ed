//! The VRRP state machine (RFC 9568 §6, RFC 3768 §6) as keepalived runs it.
//!
//! A [`VirtualRouter`] is told what happens (time passed, a packet arrived, the link
//! went down) and answers with [`Action`]s; `ka-engine` performs them.
//! The same calls give the same actions, which is what the virtual LAN in
//! `tests/lan` rests on.
//!
//! This crate opens no socket, reads no clock, starts no thread (its
//! `clippy.toml` forbids them) and does not write packets: bytes are read through `ka-wire`.
//! It knows neither instance names nor interfaces nor the kernel.
//!
//! Where keepalived and the RFCs disagree, it does as keepalived, and the comment
//! names both.

pub mod action;
pub mod config;
pub mod garp;
pub mod receive;
pub mod router;
pub mod state;
pub mod statistics;
pub mod sync_group;
pub mod timers;
pub mod tracking;

mod noticed;
mod owner;
mod remarks;
mod rival;

pub use action::{Action, Cause, Notice};
pub use config::{
    AntiReplay, AuthHmac, ChecksumForms, ChecksumPolicy, ConfigError, GarpConfig, HmacKey,
    HmacMode, InitialState, Peer, RouterConfig, UnicastPeers,
};
pub use receive::{AuthenticationFailure, ReceivedPacket, RejectReason, Rejection};
pub use rival::RivalReason;
pub use router::VirtualRouter;
pub use state::{Faults, SourceFlaw, State, UnusableSource};
pub use statistics::{AuthenticationExtensionErrors, Statistics};
pub use sync_group::{GroupChange, GroupStart, GroupStep, GroupWord, Health, Standing, SyncGroup};
pub use tracking::{Effect, TrackerState, Tracking, Weight};
