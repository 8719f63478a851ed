//! The Node addon: the engine's values as JavaScript values, and nothing else.
//!
//! Every decision is taken below (`ka-engine`) or above (TypeScript). What may
//! take time runs on libuv's worker threads; the JavaScript thread never waits
//! here, [`engine::Engine::stop_now`] excepted, which exists to be waited for.

pub mod call;
pub mod config;
pub mod engine;
mod error;
pub mod event;
pub mod notice;
mod parse;
pub mod snapshot;
