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
pub mod timers;
pub mod tracking;

mod noticed;
mod owner;
mod remarks;

pub use action::{Action, Cause, Notice};
pub use config::{ConfigError, GarpConfig, InitialState, RouterConfig};
pub use receive::{ReceivedPacket, RejectReason, Rejection};
pub use router::VirtualRouter;
pub use state::{Faults, State};
pub use statistics::{AuthenticationExtensionErrors, Statistics};
pub use tracking::{Effect, TrackerState, Tracking, Weight};
