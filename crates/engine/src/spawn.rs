//! The threads of the engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};

use ka_sys::{Errno, SysError};

use crate::error::EngineError;
use crate::guard::guard;
use crate::shared::Shared;

/// Starts a thread of the engine.
pub(crate) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, EngineError> {
    Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            SysError::new("start", format!("thread {name}"), errno).into()
        })
}

/// Calls `wake` on a thread of its own: whatever lock that takes, the engine thread does not.
pub(crate) fn spawn_wake_up(
    shared: Arc<Shared>,
    wake: impl Fn() + Send + 'static,
) -> Result<(), EngineError> {
    spawn("ka-wake", move || {
        let mut count = [0; 8];
        loop {
            // A blocking read; it fails with EINTR at most.
            let _ = rustix::io::read(&shared.host_wake, &mut count);
            // Asked before: the wake-up after the end is still to come otherwise.
            let ended = shared.ended.load(Ordering::Acquire);
            guard(&wake);
            if ended {
                return;
            }
        }
    })
    .map(drop)
}
