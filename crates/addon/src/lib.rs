//! The Node addon: the values of the engine and the script worker as JavaScript values, and nothing else.
//!
//! Every decision is taken below (`ka-engine`, `ka-worker`) or above (TypeScript). What may
//! take time runs on libuv's worker threads; the JavaScript thread never waits
//! here, [`engine::Engine::stop_now`] excepted, which exists to be waited for.

pub mod call;
pub mod cause;
pub mod config;
pub mod description;
pub mod engine;
mod error;
pub mod event;
pub mod http_response;
pub mod ipvs;
pub mod namespace;
pub mod notice;
pub mod pacing;
mod parse;
pub mod pid_file;
pub mod probe;
pub mod prober;
pub mod routing;
pub mod scheduling;
pub mod scripts;
pub mod snapshot;
pub mod trackers;
pub mod unix;
