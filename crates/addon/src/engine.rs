//! The `Engine` class.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Task};
use napi_derive::napi;

use crate::config::{EngineConfig, EngineOptions};
use crate::error::{CodedError, Failure};
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
    pub fn open(options: EngineOptions, wake: Function<'_, (), ()>) -> Result<AsyncTask<OpenTask>> {
        let wake: Wake = wake
            .build_threadsafe_function()
            .weak::<true>()
            .callee_handled::<false>()
            .max_queue_size::<2>()
            .build()?;
        Ok(AsyncTask::new(OpenTask {
            options: options.into(),
            wake: Some(wake),
            failure: Failure::none(),
        }))
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike.
    #[napi(ts_return_type = "Promise<ApplyReport>")]
    pub fn apply(
        &self,
        config: EngineConfig,
    ) -> std::result::Result<AsyncTask<ApplyTask>, CodedError> {
        let config = ka_engine::EngineConfig::try_from(config)?;
        Ok(AsyncTask::new(ApplyTask {
            engine: Arc::clone(&self.inner),
            config: Some(config),
            failure: Failure::none(),
        }))
    }

    /// The present state of every instance and of the engine thread.
    #[napi(ts_return_type = "Promise<EngineSnapshot>")]
    pub fn snapshot(&self) -> AsyncTask<SnapshotTask> {
        AsyncTask::new(SnapshotTask {
            engine: Arc::clone(&self.inner),
            failure: Failure::none(),
        })
    }

    /// Takes the events that wait, oldest first; at most 4,096 a call.
    #[napi]
    pub fn drain(&self) -> Vec<EngineEvent> {
        self.inner
            .drain(DRAIN_LIMIT)
            .into_iter()
            .filter_map(crate::event::convert)
            .collect()
    }

    /// Resigns as every Master, removes every address of ours, ends the engine thread.
    ///
    /// It begins at once; the promise, as all of them, also waits for its turn among Node's worker threads.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop(&self) -> AsyncTask<StopTask> {
        self.inner.request_stop();
        AsyncTask::new(StopTask {
            engine: Arc::clone(&self.inner),
            failure: Failure::none(),
        })
    }

    /// The same while JavaScript waits, for `process.on('exit')`.
    ///
    /// Returns whether everything was released before `deadlineMs` had passed.
    #[napi]
    pub fn stop_now(&self, deadline_ms: u32) -> bool {
        self.inner
            .stop(Duration::from_millis(deadline_ms.into()))
            .is_ok()
    }
}

type Wake = ThreadsafeFunction<(), (), (), napi::Status, false, true, 2>;

/// `Engine.open`.
pub struct OpenTask {
    options: ka_engine::EngineOptions,
    wake: Option<Wake>,
    failure: Failure,
}

impl Task for OpenTask {
    type Output = ka_engine::Engine;
    type JsValue = Engine;

    fn compute(&mut self) -> Result<Self::Output> {
        let wake = self.wake.take();
        let opened = ka_engine::Engine::open(&self.options, move || {
            if let Some(wake) = &wake {
                // A full queue means that JavaScript has a wake-up to come already.
                wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }
        });
        self.failure.keep(opened)
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> Result<Self::JsValue> {
        Err(self.failure.reject(env, error))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<Self::JsValue> {
        let inner = Arc::new(output);
        // Runs when a worker is terminated, where no 'exit' handler does. It is there until then,
        // and must not keep an engine that JavaScript has forgotten.
        env.add_env_cleanup_hook(Arc::downgrade(&inner), |engine| {
            if let Some(engine) = engine.upgrade() {
                // Nobody is left to tell.
                let _ = engine.stop(Duration::from_millis(500));
            }
        })?;
        Ok(Engine { inner })
    }
}

/// `Engine.apply`.
pub struct ApplyTask {
    engine: Arc<ka_engine::Engine>,
    config: Option<ka_engine::EngineConfig>,
    failure: Failure,
}

impl Task for ApplyTask {
    type Output = ka_engine::ApplyReport;
    type JsValue = ApplyReport;

    fn compute(&mut self) -> Result<Self::Output> {
        let config = self.config.take().unwrap_or_default();
        self.failure.keep(self.engine.apply(config))
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> Result<Self::JsValue> {
        Err(self.failure.reject(env, error))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(output.into())
    }
}

/// `Engine.snapshot`.
pub struct SnapshotTask {
    engine: Arc<ka_engine::Engine>,
    failure: Failure,
}

impl Task for SnapshotTask {
    type Output = ka_engine::EngineSnapshot;
    type JsValue = EngineSnapshot;

    fn compute(&mut self) -> Result<Self::Output> {
        self.failure.keep(self.engine.snapshot())
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> Result<Self::JsValue> {
        Err(self.failure.reject(env, error))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(output.into())
    }
}

/// `Engine.stop`.
pub struct StopTask {
    engine: Arc<ka_engine::Engine>,
    failure: Failure,
}

impl Task for StopTask {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        self.failure.keep(self.engine.stop(STOP_TIMEOUT))
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> Result<Self::JsValue> {
        Err(self.failure.reject(env, error))
    }

    fn resolve(&mut self, _env: Env, (): ()) -> Result<()> {
        Ok(())
    }
}

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

/// Removes what an engine that was killed left in this network namespace.
///
/// Fails with `KA_ERR_ALREADY_RUNNING` while such an engine lives.
#[napi(ts_return_type = "Promise<ReleaseReport>")]
pub fn release(
    runtime_dir: Option<String>,
    instance_name: Option<String>,
) -> AsyncTask<ReleaseTask> {
    AsyncTask::new(ReleaseTask {
        directory: runtime_dir.map_or_else(
            || ka_engine::EngineOptions::default().runtime_dir,
            PathBuf::from,
        ),
        instance_name,
        failure: Failure::none(),
    })
}

/// `release`.
pub struct ReleaseTask {
    directory: PathBuf,
    instance_name: Option<String>,
    failure: Failure,
}

impl Task for ReleaseTask {
    type Output = ka_engine::ReleaseReport;
    type JsValue = ReleaseReport;

    fn compute(&mut self) -> Result<Self::Output> {
        self.failure.keep(ka_engine::release(
            &self.directory,
            self.instance_name.as_deref(),
        ))
    }

    fn reject(&mut self, env: Env, error: napi::Error) -> Result<Self::JsValue> {
        Err(self.failure.reject(env, error))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(ReleaseReport {
            released: output
                .released
                .iter()
                .map(|address| format!("{} on {}", address.address, address.interface))
                .collect(),
            failed: output
                .failed
                .iter()
                .map(|(address, reason)| {
                    format!("{} on {}: {reason}", address.address, address.interface)
                })
                .collect(),
        })
    }
}
