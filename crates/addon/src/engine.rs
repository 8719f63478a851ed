//! The `Engine` class.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ka_engine::{EngineError, guard};
use ka_sys::record::RecordError;
use napi::bindgen_prelude::{AsyncTask, ClassInstance, Function, ToNapiValue, TypeName, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, ValueType};
use napi_derive::napi;

use crate::call::Call;
use crate::description::Description;
use crate::error::{CodedError, coded};
use crate::event::EngineEvent;
use crate::ipvs::{self, Ipvs};
use crate::parse;
use crate::snapshot::EngineSnapshot;

/// Longest orderly stop; thousands of addresses take a fraction of a second.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Events handed over by one `drain()`.
const DRAIN_LIMIT: usize = 4096;

/// The engine thread and its handle. All methods but `setTrack`, `drain` and `stopNow` are asynchronous.
///
/// Every error has one of the codes of `src/errors.ts`; an argument that is none is `KA_ERR_USAGE`, and
/// `KA_ERR_CONFIG_UNUSABLE` in `apply`. Asynchronous methods reject and do not throw, with two exceptions: what a
/// getter of an argument throws is thrown on, and so is Node's own error when `this` is no engine.
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
    #[napi(
        ts_args_type = "options: EngineOptions, wake: () => void",
        ts_return_type = "Promise<Engine>"
    )]
    pub fn open(
        options: Unknown<'_>,
        wake: Unknown<'_>,
    ) -> AsyncTask<Call<ka_engine::Engine, Engine>> {
        guard(|| {
            let arguments = parse::options(options).and_then(|options| {
                let wake = wake_up(wake).map_err(parse::usage)?;
                Ok((options, wake))
            });
            let open = |(options, wake): (ka_engine::EngineOptions, Wake)| {
                ka_engine::Engine::open(&options, move || {
                    // A full queue means that JavaScript has a wake-up to come already.
                    wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
                })
            };
            AsyncTask::new(Call::new(arguments, open, Self::new))
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

    /// A call of this engine.
    pub(crate) fn call<Argument: Send + 'static, Output, JsValue>(
        &self,
        argument: std::result::Result<Argument, CodedError>,
        work: fn(&ka_engine::Engine, Argument) -> std::result::Result<Output, EngineError>,
        convert: fn(Env, Output) -> Result<JsValue>,
    ) -> AsyncTask<Call<Output, JsValue>>
    where
        Output: Send + 'static,
        JsValue: ToNapiValue + TypeName,
    {
        let engine = Arc::clone(&self.inner);
        let work = move |argument| work(&engine, argument);
        AsyncTask::new(Call::new(argument, work, convert))
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike.
    #[napi(
        ts_args_type = "config: EngineConfig",
        ts_return_type = "Promise<ApplyReport>"
    )]
    pub fn apply(
        &self,
        config: Unknown<'_>,
    ) -> AsyncTask<Call<ka_engine::ApplyReport, ApplyReport>> {
        guard(|| {
            self.call(
                parse::config(config),
                ka_engine::Engine::apply,
                |_, report| Ok(report.into()),
            )
        })
    }

    /// The present state of every instance and of the engine thread.
    #[napi(ts_return_type = "Promise<EngineSnapshot>")]
    pub fn snapshot(&self) -> AsyncTask<Call<ka_engine::EngineSnapshot, EngineSnapshot>> {
        self.call(
            Ok(()),
            |engine, ()| engine.snapshot(),
            |_, snapshot| Ok(snapshot.into()),
        )
    }

    /// The same with everything there is to know of instances and interfaces, to be taken in parts.
    ///
    /// `zero`: the counters of each instance start at 0 again when they are read, so that none is lost.
    #[napi(
        ts_args_type = "zero: boolean",
        ts_return_type = "Promise<Description>"
    )]
    pub fn describe(
        &self,
        zero: Unknown<'_>,
    ) -> AsyncTask<Call<ka_engine::EngineSnapshot, Description>> {
        guard(|| {
            self.call(
                parse::argument("zero", zero).map_err(parse::usage),
                ka_engine::Engine::describe,
                |_, snapshot| Ok(snapshot.into()),
            )
        })
    }

    /// Tells what trackers say, in order; many at once cost little more than one.
    ///
    /// It takes effect soon, and is not waited for. What is about a tracker or a generation that the configuration in
    /// effect does not have is dropped, and counted in the snapshot.
    #[napi(ts_args_type = "results: Array<TrackerResult>")]
    pub fn set_track(&self, results: Unknown<'_>) -> std::result::Result<(), CodedError> {
        guard(|| {
            self.inner.set_track(&parse::results(results)?);
            Ok(())
        })
    }

    /// From now on says there which role sync daemons have that follow instances (`InstanceConfig.syncDaemon`), whether or not
    /// JavaScript runs. In place of the one before, if there was any.
    #[napi(ts_args_type = "ipvs: Ipvs")]
    pub fn follow_with(&self, ipvs: Unknown<'_>) -> std::result::Result<(), CodedError> {
        guard(|| {
            let ipvs: ClassInstance<'_, Ipvs> =
                parse::argument("ipvs", ipvs).map_err(parse::usage)?;
            let followed = self.inner.follow_with(ipvs.sync_roles());
            followed.map_err(|error| coded(&error))
        })
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
    /// It begins at once; the promise, as all of them, also waits for its turn among Node's worker threads. It rejects
    /// with `KA_ERR_NOT_RELEASED` when the kernel refused to remove an address: the engine has ended, and the address
    /// stays until the next start or `release()`.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop(&self) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            self.inner.request_stop();
            self.call(
                Ok(()),
                |engine, ()| engine.stop(STOP_TIMEOUT),
                |_, ()| Ok(()),
            )
        })
    }

    /// The same while JavaScript waits, for `process.on('exit')`.
    ///
    /// Returns whether everything was released before `deadlineMs`, an integer, had passed.
    #[napi(ts_args_type = "deadlineMs: number")]
    pub fn stop_now(&self, deadline_ms: Unknown<'_>) -> std::result::Result<bool, CodedError> {
        guard(|| {
            let deadline = parse::milliseconds("deadlineMs", deadline_ms)?;
            Ok(self.inner.stop(deadline).is_ok())
        })
    }
}

pub(crate) type Wake = ThreadsafeFunction<(), (), (), napi::Status, false, true, 2>;

pub(crate) fn wake_up(function: Unknown<'_>) -> std::result::Result<Wake, String> {
    match function.get_type() {
        Ok(ValueType::Function) => parse::argument::<Function<'_, (), ()>>("wake", function)?
            .build_threadsafe_function()
            .weak::<true>()
            .callee_handled::<false>()
            .max_queue_size::<2>()
            .build()
            .map_err(|error| format!("wake: {}", error.reason)),
        _ => Err("wake is not a function".to_owned()),
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
    /// What the kernel refused meanwhile: it stays wanted and is retried. And that the record of an engine before
    /// this one cannot be used. What was refused before this call, and still is, is not told again.
    pub refusals: Vec<Refusal>,
}

/// What could not be done.
#[napi(object, object_from_js = false)]
pub struct Refusal {
    /// The instance that wants it; empty when it concerns none.
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
    /// What it removed: addresses as `ADDRESS on INTERFACE`, and routes, rules, settings and what is of IPVS by that word.
    pub released: Vec<String>,
    /// What it could not remove, with the kernel's reason.
    pub failed: Vec<String>,
}

impl ReleaseReport {
    fn add<Left: std::fmt::Display>(&mut self, released: &[Left], failed: &[(Left, String)]) {
        self.released
            .extend(released.iter().map(ToString::to_string));
        let failed = failed.iter();
        self.failed
            .extend(failed.map(|(left, reason)| format!("{left}: {reason}")));
    }
}

/// Of the engine and of IPVS, each by its own record.
fn release_all(
    directory: Option<String>,
    name: Option<&str>,
) -> std::result::Result<ReleaseReport, CodedError> {
    let default = || ka_engine::EngineOptions::default().runtime_dir;
    let directory = directory.map_or_else(default, PathBuf::from);
    let engine = ka_engine::release(&directory, name);
    let ipvs = ka_ipvs::release(&directory, name);
    let mut report = ReleaseReport {
        released: Vec::new(),
        failed: Vec::new(),
    };
    let ipvs = ipvs.map_err(|error| ipvs::coded(&error))?;
    report.add(&ipvs.released, &ipvs.failed);
    match engine {
        Ok(engine) => report.add(&engine.released, &engine.failed),
        // There was something else to do.
        Err(EngineError::Record(RecordError::AlreadyRunning { .. }))
            if !report.released.is_empty() => {}
        Err(error) => return Err(coded(&error)),
    }
    Ok(report)
}

/// Removes what engines that were killed left in this network namespace, and what was left of IPVS: the one of the given name, or
/// without one every engine that is dead.
///
/// Rejects with `KA_ERR_ALREADY_RUNNING` while the engine of that name lives, or without one the engine that has none, if there
/// was nothing else to do; with `KA_ERR_ENGINE` where a record cannot be used.
#[napi(
    ts_args_type = "runtimeDir?: string | undefined | null, instanceName?: string | undefined | null",
    ts_return_type = "Promise<ReleaseReport>"
)]
pub fn release(
    runtime_dir: Unknown<'_>,
    instance_name: Unknown<'_>,
) -> AsyncTask<Call<ReleaseReport, ReleaseReport>> {
    guard(|| {
        let directory = parse::argument::<Option<String>>("runtimeDir", runtime_dir);
        let name = parse::argument::<Option<String>>("instanceName", instance_name);
        let arguments = directory.and_then(|directory| Ok((directory, name?)));
        let release = |(directory, name): (Option<String>, Option<String>)| {
            release_all(directory, name.as_deref())
        };
        AsyncTask::new(Call::coded(
            arguments.map_err(parse::usage),
            release,
            |_, report| Ok(report),
        ))
    })
}
