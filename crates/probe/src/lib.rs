//! The thread that probes servers: each probe is attempted when it is asked for, and its result told.
//!
//! It keeps times while its host is blocked, and no server, however it answers, holds another one's probe up. How often a server is
//! probed, what a result means for it, and what of TLS, SMTP and DNS is to be said, is decided above; sockets are in `ka-sys`.

mod answer;
mod attempt;
mod command;
mod datagram;
mod echo;
mod error;
mod handle;
pub mod http;
mod judge;
mod outbox;
mod outcome;
mod places;
mod probe;
mod slots;
mod status;
mod stream;
mod thread;
mod wheel;

pub use answer::{KEPT_OCTETS, UdpReply};
pub use error::ProbeError;
pub use handle::Prober;
pub use judge::{Expectation, Feed, HttpAnswer, Judge};
pub use ka_histogram::Histogram;
pub use ka_sys::client::ClientStep;
pub use outcome::{Failure, Outcome, ProbeResult, Reason, Refusal, Stage};
pub use probe::{Action, Probe, Source};
pub use status::ProberStatus;
