//! What a panic does, on whatever thread: every engine of the process resigns, and the process
//! ends.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::Instant;

use crate::EXIT_INTERNAL;
use crate::ends::{FAILED, RELEASE_LIMIT, say};
use crate::shared::Shared;

/// The engines of this process, those that are gone among them.
static ENGINES: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

thread_local! {
    /// This thread runs something under [`guard`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body`, a call of the host into the engine or on its behalf.
///
/// Where it panics, every engine of the process resigns and the process ends with
/// [`EXIT_INTERNAL`]: unwinding into a host that is written in another language ends it too,
/// with the addresses in place.
pub fn guard<T>(body: impl FnOnce() -> T) -> T {
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    GUARDED.set(outer);
    match result {
        Ok(value) => value,
        Err(_) => resign_and_end(FAILED),
    }
}

/// Makes the engine one of those that resign.
pub(crate) fn enlist(shared: &Arc<Shared>) {
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    engines.retain(|engine| engine.strong_count() > 0);
    engines.push(Arc::downgrade(shared));
}

/// Every engine resigns, `sentence` says why, then the process ends without running anything else
/// of it: the host's threads are not to be trusted.
pub(crate) fn resign_and_end(sentence: &str) -> ! {
    let engines: Vec<Arc<Shared>> = {
        let engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.iter().filter_map(Weak::upgrade).collect()
    };
    for engine in &engines {
        engine.must_release.store(true, Ordering::Release);
        engine.request_stop();
    }
    let until = Instant::now() + RELEASE_LIMIT;
    for engine in &engines {
        engine.wait_for_end(until.saturating_duration_since(Instant::now()));
    }
    say(sentence);
    ka_sys::process::exit_now(EXIT_INTERNAL)
}

/// Keeps a panic of our threads, and of a guarded one, quiet until the engines have resigned:
/// standard error may be a pipe that nobody reads, and a backtrace takes long and may allocate
/// what is broken.
pub(crate) fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_own_thread = std::thread::current()
                .name()
                .is_some_and(|name| name.starts_with("ka-"));
            if !is_own_thread && !GUARDED.get() {
                former(info);
            }
        }));
    });
}
