//! The host's end of the engine.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ka_ipvs::SyncRoles;
use ka_netlink::RouteSocket;
use ka_sys::SysError;
use ka_sys::capability::{self, Capability};

use crate::apply::{ApplyReport, Refusal};
use crate::config::{EngineConfig, EngineOptions};
use crate::error::EngineError;
use crate::event::{EVENT_CAPACITY, EngineEvent};
use crate::guard::{enlist, guard, install_panic_hook};
use crate::plan::Plan;
use crate::promote;
use crate::record::{self, Records};
use crate::runtime::{ReleaseReport, Runtime};
use crate::shared::{Command, Ending, Shared};
use crate::snapshot::{EngineSnapshot, Wanted};
use crate::spawn::{spawn, spawn_wake_up};
use crate::trackers::TrackerResult;
use crate::watch::Watchers;

/// The engine thread answers within milliseconds, or has no processor.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Time to resign when the process is about to end.
const RESIGN_DEADLINE: Duration = Duration::from_millis(500);

/// A running engine. Dropping it stops it, giving it half a second.
///
/// Every method may block for some milliseconds, [`Engine::drain`] excepted: a host
/// that must not block calls them on another thread. They may be called from any thread.
pub struct Engine {
    shared: Arc<Shared>,
    host: Mutex<HostSide>,
    /// Held by the one that takes a snapshot.
    snapshot: Mutex<()>,
}

/// What only the host's threads touch, one at a time.
struct HostSide {
    /// The lock and the runtime file; gone with the engine thread, so that another
    /// engine may start while this handle still exists.
    runtime: Option<Runtime>,
    swept: bool,
    /// Addresses stay at the stop, and so does their record.
    keeps: bool,
    /// What an engine before this one left and the sweep could not remove.
    leftovers: Records,
    /// Who looks at what is tracked.
    watchers: Watchers,
    /// What is to be told of its record, with the next report.
    told: Option<String>,
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
    /// [`EngineError::Record`], [`EngineError::MissingCapability`], or what a system call said. Nothing is left behind.
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
        let failed = |errno| SysError::new("open", "eventfd", errno);
        let shared = Arc::new(Shared::new(EVENT_CAPACITY).map_err(failed)?);
        spawn_wake_up(Arc::clone(&shared), wake)?;
        let (opened_sender, opened) = sync_channel(1);
        let thread = {
            // Dropped when the thread ends, or when it cannot be started.
            let ending = Ending(Arc::clone(&shared));
            let options = options.clone();
            // The lock is held as long as the thread runs, whatever becomes of the handle.
            let lock = runtime.file.lock();
            spawn("ka-engine", move || {
                crate::ends::main(&options, &ending.0, &opened_sender);
                drop(lock);
            })?
        };
        match opened.recv() {
            Ok(Ok(())) => {
                enlist(&shared);
                Ok(Self {
                    shared,
                    host: Mutex::new(HostSide {
                        runtime: Some(runtime),
                        swept: false,
                        keeps: !options.release_on_stop,
                        leftovers: Records::new(),
                        watchers: Watchers::new(options.process_events.clone()),
                        told: None,
                        thread: Some(thread),
                    }),
                    snapshot: Mutex::new(()),
                })
            }
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
    /// [`EngineError`]; nothing has changed then, but for what the sweep removed. After
    /// [`EngineError::Busy`] it may still take effect.
    pub fn apply(&self, config: EngineConfig) -> Result<ApplyReport, EngineError> {
        self.with_host(|host| self.apply_to(host, config))
    }

    fn apply_to(
        &self,
        host: &mut HostSide,
        config: EngineConfig,
    ) -> Result<ApplyReport, EngineError> {
        let HostSide {
            runtime,
            swept,
            leftovers,
            watchers,
            told,
            ..
        } = host;
        let runtime = runtime.as_mut().ok_or(EngineError::Stopped)?;
        let mut route = RouteSocket::open()?;
        let links = route.links()?;
        let mut wanted = record::of(&config);
        let promoted = promote::wanted(&config);
        wanted.extend(promote::records(&promoted, runtime));
        let mut plan = Plan::new(config, |name| {
            links.iter().any(|link| link.name.as_str() == name)
        })?;
        if !*swept {
            let report = runtime.sweep(&mut route, &links, &wanted)?;
            leftovers.extend(report.failed.into_iter().map(|(left, _)| left));
            *told = runtime.file.put_aside()?;
            *swept = true;
        }
        // Before the first address can be added, the file says that it may be there.
        runtime.add(&wanted)?;
        let mut refusals = promote::set_all(&promoted);
        watchers.prepare(&self.shared, &mut plan);
        let (reply, answer) = sync_channel(1);
        let plan = Box::new(plan);
        self.command(Command::Apply { plan, reply })?;
        let mut outcome = wait(&answer, ANSWER_TIMEOUT)?;
        outcome
            .report
            .refusals
            .extend(told.take().map(|reason| Refusal {
                instance: Arc::from(""),
                reason,
            }));
        outcome.report.refusals.append(&mut refusals);
        // What is not wanted any more is set back; what cannot be stays recorded.
        let mut set_back = ReleaseReport::default();
        runtime.sweep_promotions(&wanted, &mut set_back);
        wanted.extend(set_back.failed.into_iter().map(|(left, _)| left));
        wanted.extend(leftovers.iter().cloned());
        wanted.extend(outcome.leaving);
        // The configuration is in effect, and what the file holds now is more than that: it does
        // no harm if it stays.
        let _ = runtime.file.replace(wanted);
        Ok(outcome.report)
    }

    /// The engine's present state.
    ///
    /// # Errors
    ///
    /// [`EngineError::Stopped`], [`EngineError::Busy`].
    pub fn snapshot(&self) -> Result<EngineSnapshot, EngineError> {
        self.take_snapshot(Wanted::default())
    }

    /// The same with everything there is to know, interfaces too.
    ///
    /// `zero`: the counters of each instance start at 0 again when they are read, so that none is lost.
    ///
    /// # Errors
    ///
    /// As [`Engine::snapshot`]. After [`EngineError::Busy`] counters may have been read for nobody.
    pub fn describe(&self, zero: bool) -> Result<EngineSnapshot, EngineError> {
        self.take_snapshot(Wanted {
            details: true,
            zero,
        })
    }

    fn take_snapshot(&self, wanted: Wanted) -> Result<EngineSnapshot, EngineError> {
        let _one_at_a_time = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = Box::<EngineSnapshot>::default();
        room.instances
            .reserve(self.shared.instances.load(Ordering::Relaxed));
        if wanted.details {
            room.details
                .reserve(self.shared.instances.load(Ordering::Relaxed));
            room.addresses_held
                .reserve(self.shared.addresses.load(Ordering::Relaxed));
            room.interfaces
                .reserve(self.shared.interfaces.load(Ordering::Relaxed));
        }
        room.trackers
            .reserve(self.shared.trackers.load(Ordering::Relaxed));
        let (reply, answer) = sync_channel(1);
        self.command(Command::Snapshot {
            room,
            wanted,
            reply,
        })?;
        Ok(*wait(&answer, ANSWER_TIMEOUT)?)
    }

    /// Tells what trackers report, in order. It takes effect soon, and is not waited for.
    ///
    /// Results of a tracker or a generation that the configuration in effect does not have are dropped
    /// and counted, and so are all after the end.
    pub fn set_track(&self, results: &[TrackerResult]) {
        if results.is_empty() || self.shared.ended.load(Ordering::Acquire) {
            return;
        }
        self.shared.results.add(results);
        self.shared.wake_engine();
    }

    /// From now on says by `roles` which role IPVS sync daemons have that follow instances, without ever waiting. In place of
    /// former ones.
    ///
    /// # Errors
    ///
    /// [`EngineError::Stopped`], [`EngineError::Busy`].
    pub fn follow_with(&self, roles: SyncRoles) -> Result<(), EngineError> {
        self.command(Command::Follow(roles))
    }

    /// Takes up to `limit` events, oldest first, without waiting.
    #[must_use]
    pub fn drain(&self, limit: usize) -> Vec<EngineEvent> {
        self.shared.host_awake();
        let (events, held_back) = self.shared.events.take(limit);
        if held_back {
            self.shared.wake_engine();
        }
        if events.len() == limit {
            // There may be more, which the engine thread does not tell again.
            self.shared.wake_host();
        }
        events
    }

    /// Lets the engine begin to resign, without waiting for it: a [`Engine::stop`] is to follow.
    pub fn request_stop(&self) {
        self.shared.request_stop();
    }

    /// Resigns as every Master, removes every address of ours, ends the engine thread.
    ///
    /// # Errors
    ///
    /// [`EngineError::Busy`] when that takes longer than `deadline`; it goes on meanwhile.
    /// [`EngineError::NotReleased`] when addresses could not be removed, at every further call too.
    pub fn stop(&self, deadline: Duration) -> Result<(), EngineError> {
        let until = Instant::now() + deadline;
        self.request_stop();
        if !self.shared.wait_for_end(deadline) {
            return Err(EngineError::Busy);
        }
        // Without it an apply is at the disk or asks the kernel: it puts away when it is through.
        if let Some(mut host) = self.host_until(until) {
            self.put_away(&mut host)?;
        }
        match self.shared.left_behind() {
            None => Ok(()),
            Some(addresses) => Err(EngineError::NotReleased { addresses }),
        }
    }

    /// Frees the name and brings the runtime file up to date, once: the engine thread has ended.
    fn put_away(&self, host: &mut HostSide) -> Result<(), EngineError> {
        let Some(thread) = host.thread.take() else {
            return Ok(());
        };
        // The thread's own panic ended the process before it could be joined.
        let _ = thread.join();
        // What could not be removed stays recorded, for the next start or `release`; so does what
        // the engine before this one left, where nothing was applied.
        let runtime = host.runtime.take();
        if let Some(mut runtime) = runtime
            && host.swept
            && !host.keeps
            && self.shared.left_behind().is_none()
        {
            let mut set_back = ReleaseReport::default();
            runtime.sweep_promotions(&Records::new(), &mut set_back);
            let failed = set_back.failed.into_iter().map(|(left, _)| left);
            host.leftovers.extend(failed);
            match host.leftovers.is_empty() {
                true => runtime.file.clear()?,
                false => runtime.file.replace(std::mem::take(&mut host.leftovers))?,
            }
        }
        Ok(())
    }

    pub(crate) fn command(&self, command: Command) -> Result<(), EngineError> {
        if self.shared.ended.load(Ordering::Acquire) {
            return Err(EngineError::Stopped);
        }
        self.shared
            .command(command)
            .map_err(|_| EngineError::Busy)?;
        // If it ended meanwhile nobody answers, unless the sender of the answer is dropped here.
        if self.shared.ended.load(Ordering::SeqCst) {
            self.shared.discard_commands();
        }
        Ok(())
    }

    /// Makes the engine thread fail in the given way, for tests of what happens then.
    ///
    /// # Errors
    ///
    /// [`EngineError::Stopped`], [`EngineError::Busy`].
    #[cfg(feature = "fault-injection")]
    pub fn inject(&self, fault: crate::Fault) -> Result<(), EngineError> {
        if let crate::Fault::SlowDisk(_) = fault {
            self.with_host(|_| fault.strike());
            return Ok(());
        }
        self.command(Command::Fail(fault))
    }

    /// Runs `body`, and then what a stop left that did not wait for it.
    fn with_host<T>(&self, body: impl FnOnce(&mut HostSide) -> T) -> T {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        let result = body(&mut host);
        if self.shared.ended.load(Ordering::Acquire) {
            // Nobody is left to tell; what stays in the file, the next start sweeps.
            let _ = self.put_away(&mut host);
        }
        result
    }

    /// The host's side, unless it is in use until then.
    fn host_until(&self, until: Instant) -> Option<MutexGuard<'_, HostSide>> {
        loop {
            match self.host.try_lock() {
                Ok(host) => return Some(host),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // There is nobody left to tell; the runtime file keeps what stays.
        let _ = guard(|| self.stop(RESIGN_DEADLINE));
    }
}

/// Waits for the engine thread's answer, which comes unless the thread ends.
pub(crate) fn wait<T>(answer: &Receiver<T>, limit: Duration) -> Result<T, EngineError> {
    answer.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => EngineError::Busy,
        RecvTimeoutError::Disconnected => EngineError::Stopped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_does_not_come_in_time_is_no_end_of_the_engine() {
        let (reply, answer) = sync_channel::<()>(1);
        let waited = wait(&answer, Duration::from_millis(1));
        assert!(matches!(waited, Err(EngineError::Busy)), "{waited:?}");
        drop(reply);
        let waited = wait(&answer, Duration::from_secs(60));
        assert!(matches!(waited, Err(EngineError::Stopped)), "{waited:?}");
    }
}
