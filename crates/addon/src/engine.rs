//! The `Engine` class.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ka_engine::guard;
use napi::bindgen_prelude::{AsyncTask, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result};
use napi_derive::napi;

use crate::call::Call;
use crate::config::{EngineConfig, EngineOptions};
use crate::error::CodedError;
use crate::event::EngineEvent;
use crate::snapshot::EngineSnapshot;

/// Longest orderly stop; thousands of addresses take a fraction of a second.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Events handed over by one `drain()`.
const DRAIN_LIMIT: usize = 4096;

/// The engine thread and its handle. All methods but `drain` and `stopNow` are asynchronous.
///
/// Errors have one of the codes of `src/errors.ts`.
#[napi]
pub struct Engine {
    inner: Arc<ka_engine::Engine>,
}

#[napi]
impl Engine {
    /// Takes the instance lock and starts the engine thread.
    ///
    /// `wake` is called without arguments when events wait for `drain()`; it does not
    /// keep the process alive.
    #[napi(ts_return_type = "Promise<Engine>")]
    pub fn open(
        options: EngineOptions,
        wake: Function<'_, (), ()>,
    ) -> Result<AsyncTask<Call<ka_engine::Engine, Engine>>> {
        guard(|| {
            let wake: Wake = wake
                .build_threadsafe_function()
                .weak::<true>()
                .callee_handled::<false>()
                .max_queue_size::<2>()
                .build()?;
            let options = options.into();
            let open = move || {
                ka_engine::Engine::open(&options, move || {
                    // A full queue means that JavaScript has a wake-up to come already.
                    wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
                })
            };
            Ok(AsyncTask::new(Call::new(open, Self::new)))
        })
    }

    fn new(env: Env, opened: ka_engine::Engine) -> Result<Self> {
        let inner = Arc::new(opened);
        // Runs when a worker is terminated, where no 'exit' handler does. It is there until then,
        // and must not keep an engine that JavaScript has forgotten.
        env.add_env_cleanup_hook(Arc::downgrade(&inner), |engine| {
            if let Some(engine) = engine.upgrade() {
                // Nobody is left to tell.
                let _ = guard(|| engine.stop(Duration::from_millis(500)));
            }
        })?;
        Ok(Self { inner })
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike.
    #[napi(ts_return_type = "Promise<ApplyReport>")]
    pub fn apply(
        &self,
        config: EngineConfig,
    ) -> std::result::Result<AsyncTask<Call<ka_engine::ApplyReport, ApplyReport>>, CodedError> {
        guard(|| {
            let engine = Arc::clone(&self.inner);
            let config = config.try_into()?;
            let apply = move || engine.apply(config);
            Ok(AsyncTask::new(Call::new(apply, |_, report| {
                Ok(report.into())
            })))
        })
    }

    /// The present state of every instance and of the engine thread.
    #[napi(ts_return_type = "Promise<EngineSnapshot>")]
    pub fn snapshot(&self) -> AsyncTask<Call<ka_engine::EngineSnapshot, EngineSnapshot>> {
        let engine = Arc::clone(&self.inner);
        AsyncTask::new(Call::new(
            move || engine.snapshot(),
            |_, snapshot| Ok(snapshot.into()),
        ))
    }

    /// Takes the events that wait, oldest first; at most 4,096 a call.
    #[napi]
    pub fn drain(&self) -> Vec<EngineEvent> {
        guard(|| {
            let events = self.inner.drain(DRAIN_LIMIT).into_iter();
            events.filter_map(crate::event::convert).collect()
        })
    }

    /// Resigns as every Master, removes every address of ours, ends the engine thread.
    ///
    /// It begins at once; the promise, as all of them, also waits for its turn among Node's worker threads.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop(&self) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            self.inner.request_stop();
            let engine = Arc::clone(&self.inner);
            AsyncTask::new(Call::new(move || engine.stop(STOP_TIMEOUT), |_, ()| Ok(())))
        })
    }

    /// The same while JavaScript waits, for `process.on('exit')`.
    ///
    /// Returns whether everything was released before `deadlineMs` had passed.
    #[napi]
    pub fn stop_now(&self, deadline_ms: u32) -> bool {
        guard(|| {
            let deadline = Duration::from_millis(deadline_ms.into());
            self.inner.stop(deadline).is_ok()
        })
    }
}

type Wake = ThreadsafeFunction<(), (), (), napi::Status, false, true, 2>;

/// What an apply did.
#[napi(object, object_from_js = false)]
pub struct ApplyReport {
    /// Instances that are new.
    pub added: u32,
    /// Instances whose parameters changed.
    pub changed: u32,
    /// Instances that are as they were.
    pub unchanged: u32,
    /// Instances that are gone.
    pub removed: u32,
    /// What the kernel refused; it stays wanted and is retried.
    pub refusals: Vec<Refusal>,
}

/// An object that the kernel refused.
#[napi(object, object_from_js = false)]
pub struct Refusal {
    /// The instance that wants the object.
    pub instance: String,
    /// What was attempted, and the kernel's reason.
    pub reason: String,
}

impl From<ka_engine::ApplyReport> for ApplyReport {
    fn from(report: ka_engine::ApplyReport) -> Self {
        Self {
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            removed: report.removed,
            refusals: report
                .refusals
                .into_iter()
                .map(|refusal| Refusal {
                    instance: refusal.instance.to_string(),
                    reason: refusal.reason,
                })
                .collect(),
        }
    }
}

/// What `release()` did.
#[napi(object, object_from_js = false)]
pub struct ReleaseReport {
    /// Addresses that it removed, as `ADDRESS on INTERFACE`.
    pub released: Vec<String>,
    /// Addresses that it could not remove, with the kernel's reason.
    pub failed: Vec<String>,
}

impl From<ka_engine::ReleaseReport> for ReleaseReport {
    fn from(report: ka_engine::ReleaseReport) -> Self {
        let name =
            |left: &ka_engine::ReleasedAddress| format!("{} on {}", left.address, left.interface);
        Self {
            released: report.released.iter().map(name).collect(),
            failed: report
                .failed
                .iter()
                .map(|(address, reason)| format!("{}: {reason}", name(address)))
                .collect(),
        }
    }
}

/// Removes what an engine that was killed left in this network namespace.
///
/// Fails with `KA_ERR_ALREADY_RUNNING` while such an engine lives, with `KA_ERR_ENGINE` where its record cannot be used.
#[napi(ts_return_type = "Promise<ReleaseReport>")]
pub fn release(
    runtime_dir: Option<String>,
    instance_name: Option<String>,
) -> AsyncTask<Call<ka_engine::ReleaseReport, ReleaseReport>> {
    let directory = runtime_dir.map_or_else(
        || ka_engine::EngineOptions::default().runtime_dir,
        PathBuf::from,
    );
    AsyncTask::new(Call::new(
        move || ka_engine::release(&directory, instance_name.as_deref()),
        |_, report| Ok(report.into()),
    ))
}
