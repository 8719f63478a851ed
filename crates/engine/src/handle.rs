//! The host's end of the engine.

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use ka_netlink::RouteSocket;
use ka_sys::capability::{self, Capability};

use crate::apply::{ApplyReport, Plan};
use crate::config::{EngineConfig, EngineOptions};
use crate::ends::end_process;
use crate::error::EngineError;
use crate::event::{EVENT_CAPACITY, EngineEvent};
use crate::runtime::{Record, Runtime};
use crate::shared::{Command, Shared};
use crate::snapshot::EngineSnapshot;

/// The engine thread answers within milliseconds; this long means that it never will.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Time to resign when the process is about to end.
const RESIGN_DEADLINE: Duration = Duration::from_millis(500);

/// A running engine. Dropping it stops it, giving it half a second.
///
/// Every method may block for some milliseconds, [`Engine::drain`] excepted: a host
/// that must not block calls them on another thread. They may be called from any thread.
pub struct Engine {
    shared: Arc<Shared>,
    host: Mutex<HostSide>,
    /// Disconnected when the engine thread has ended.
    ended: Mutex<Receiver<()>>,
}

/// What only the host's threads touch, one at a time.
struct HostSide {
    /// The lock and the runtime file; gone with the engine thread, so that another
    /// engine may start while this handle still exists.
    runtime: Option<Runtime>,
    swept: bool,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Takes the instance lock and starts the engine thread, with nothing to do yet.
    ///
    /// `wake` is called on a thread of its own when events wait for [`Engine::drain`],
    /// once until they are drained.
    ///
    /// # Errors
    ///
    /// [`EngineError::AlreadyRunning`], [`EngineError::MissingCapability`],
    /// [`EngineError::RuntimeFile`], or what a system call said. Nothing is left behind.
    pub fn open(
        options: &EngineOptions,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, EngineError> {
        install_panic_hook();
        let capabilities = capability::effective()?;
        for capability in [Capability::NetAdmin, Capability::NetRaw] {
            if !capabilities.contains(capability) {
                return Err(EngineError::MissingCapability {
                    capability: capability.name(),
                });
            }
        }
        let runtime = Runtime::open(&options.runtime_dir, options.instance_name.as_deref())?;
        let shared =
            Arc::new(
                Shared::new(EVENT_CAPACITY).map_err(|errno| EngineError::RuntimeFile {
                    operation: "open",
                    path: "eventfd".into(),
                    source: errno.into(),
                })?,
            );
        spawn_wake_up(Arc::clone(&shared), wake)?;
        let (opened_sender, opened) = sync_channel(1);
        let (ended_sender, ended) = sync_channel::<()>(1);
        let thread = {
            let shared = Arc::clone(&shared);
            let options = options.clone();
            spawn("ka-engine", move || {
                // Dropped when the thread ends, however that comes about.
                let _ended = ended_sender;
                crate::ends::main(&options, &shared, &opened_sender);
                shared.ended.store(true, Ordering::Release);
                // One more wake-up: for the last events, and to end the wake-up thread.
                shared.host_awake();
                shared.wake_host();
            })?
        };
        match opened.recv() {
            Ok(Ok(())) => Ok(Self {
                shared,
                host: Mutex::new(HostSide {
                    runtime: Some(runtime),
                    swept: false,
                    thread: Some(thread),
                }),
                ended: Mutex::new(ended),
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(EngineError::Stopped),
        }
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike.
    ///
    /// Everything is checked before the first change. Instances that stay the same
    /// keep their state, timers and counters. The first apply sweeps what an engine
    /// before this one left behind.
    ///
    /// # Errors
    ///
    /// [`EngineError`]; nothing has changed then, but for what the sweep removed.
    pub fn apply(&self, config: EngineConfig) -> Result<ApplyReport, EngineError> {
        let mut host = self.host();
        let HostSide { runtime, swept, .. } = &mut *host;
        let runtime = runtime.as_mut().ok_or(EngineError::Stopped)?;
        let mut route = RouteSocket::open()?;
        let links = route.links()?;
        let wanted = records(&config);
        let plan = Plan::new(config, |name| {
            links.iter().any(|link| link.name.as_str() == name)
        })?;
        if !*swept {
            runtime.sweep(&mut route, &links, &wanted)?;
            *swept = true;
        }
        // Before the first address can be added, the file says that it may be there.
        runtime.add(&wanted)?;
        let (reply, answer) = sync_channel(1);
        let plan = Box::new(plan);
        self.command(Command::Apply { plan, reply })?;
        let outcome = self.answer(&answer)?;
        runtime.replace(wanted)?;
        Ok(outcome.report)
    }

    /// The engine's present state.
    ///
    /// # Errors
    ///
    /// [`EngineError::Stopped`], [`EngineError::Busy`].
    pub fn snapshot(&self) -> Result<EngineSnapshot, EngineError> {
        let _one_at_a_time = self.host();
        let mut room = Box::<EngineSnapshot>::default();
        room.instances
            .reserve(self.shared.instances.load(Ordering::Relaxed));
        let (reply, answer) = sync_channel(1);
        self.command(Command::Snapshot { room, reply })?;
        Ok(*self.answer(&answer)?)
    }

    /// Takes up to `limit` events, oldest first, without waiting.
    #[must_use]
    pub fn drain(&self, limit: usize) -> Vec<EngineEvent> {
        self.shared.host_awake();
        let (events, held_back) = self.shared.events.take(limit);
        if held_back {
            self.shared.wake_engine();
        }
        events
    }

    /// Resigns as every Master, removes every address of ours, ends the engine thread.
    ///
    /// # Errors
    ///
    /// [`EngineError::Busy`] when that takes longer than `deadline`; it goes on meanwhile.
    pub fn stop(&self, deadline: Duration) -> Result<(), EngineError> {
        self.shared.stop_requested.store(true, Ordering::Release);
        self.shared.wake_engine();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.recv_timeout(deadline) {
            Err(RecvTimeoutError::Timeout) => return Err(EngineError::Busy),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        }
        drop(ended);
        let mut host = self.host();
        if let Some(thread) = host.thread.take() {
            // The thread's own panic ended the process before it could be joined.
            let _ = thread.join();
            // What could not be removed stays recorded, for the next start or `release`.
            let runtime = host.runtime.take();
            if let Some(mut runtime) = runtime
                && self.shared.released.load(Ordering::Acquire)
            {
                runtime.clear()?;
            }
        }
        Ok(())
    }

    fn command(&self, command: Command) -> Result<(), EngineError> {
        if self.shared.ended.load(Ordering::Acquire) {
            return Err(EngineError::Stopped);
        }
        self.shared.command(command).map_err(|_| EngineError::Busy)
    }

    fn answer<T>(&self, answer: &Receiver<T>) -> Result<T, EngineError> {
        answer
            .recv_timeout(ANSWER_TIMEOUT)
            .map_err(|_| EngineError::Stopped)
    }

    fn host(&self) -> MutexGuard<'_, HostSide> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // There is nobody left to tell; the runtime file keeps what stays.
        let _ = self.stop(RESIGN_DEADLINE);
    }
}

fn records(config: &EngineConfig) -> BTreeSet<Record> {
    config
        .instances
        .iter()
        .flat_map(|instance| &instance.addresses)
        .map(|address| Record {
            interface: address.interface.to_string(),
            address: address.address,
        })
        .collect()
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, EngineError> {
    Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|source| EngineError::RuntimeFile {
            operation: "start thread",
            path: name.into(),
            source,
        })
}

/// Calls `wake` on a thread of its own: whatever lock that takes, the engine thread does not.
fn spawn_wake_up(shared: Arc<Shared>, wake: impl Fn() + Send + 'static) -> Result<(), EngineError> {
    spawn("ka-wake", move || {
        let mut count = [0; 8];
        while !shared.ended.load(Ordering::Acquire) {
            // A blocking read; it fails with EINTR at most.
            let _ = rustix::io::read(&shared.host_wake, &mut count);
            if catch_unwind(AssertUnwindSafe(&wake)).is_err() {
                resign_and_end(&shared);
            }
        }
    })
    .map(drop)
}

/// A thread of ours panicked: the engine resigns, then the process ends.
fn resign_and_end(shared: &Shared) -> ! {
    shared.stop_requested.store(true, Ordering::Release);
    shared.wake_engine();
    let deadline = Instant::now() + RESIGN_DEADLINE;
    while !shared.ended.load(Ordering::Acquire) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    end_process("ka-native: a thread failed; resigned\n")
}

/// Makes a panic of our threads write one line. What follows (resigning) is worth more
/// than a backtrace, which takes long and may allocate what is broken.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_ours = std::thread::current()
                .name()
                .is_some_and(|name| name.starts_with("ka-"));
            if is_ours {
                // Nobody is left to tell that it could not be written.
                let _ =
                    rustix::io::write(rustix::stdio::stderr(), b"ka-native: panic in the engine\n");
            } else {
                former(info);
            }
        }));
    });
}
