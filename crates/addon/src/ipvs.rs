//! The `Ipvs` class.

pub mod config;
pub mod event;
pub mod snapshot;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use ka_engine::guard;
use ka_ipvs::IpvsError;
use ka_sys::SysError;
use ka_sys::record::RecordError;
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error, Result};
use napi_derive::napi;

use crate::call::Call;
use crate::engine::{Wake, wake_up};
use crate::error::{CodedError, INVALID_CONFIG};
use crate::parse;
use event::IpvsEvent;
use snapshot::{IpvsConnections, IpvsSnapshot};

/// Longest orderly stop: tens of thousands of services take some seconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(120);
/// Given when a worker is terminated, where no 'exit' handler runs.
const CLEANUP_TIMEOUT: Duration = Duration::from_millis(500);
/// Events handed over by one `drain()`.
const DRAIN_LIMIT: usize = 4096;

/// The thread that programs IPVS, and its handle. All methods but `change`, `drain` and `stopNow` are asynchronous.
///
/// Every error has one of the codes of `src/errors.ts`; an argument that is none is `KA_ERR_USAGE`, and
/// `KA_ERR_CONFIG_UNUSABLE` in `apply`.
#[napi]
pub struct Ipvs {
    inner: Arc<ka_ipvs::Ipvs>,
}

#[napi]
impl Ipvs {
    /// Takes the lock, asks the kernel for IPVS, and starts the thread.
    ///
    /// `wake` is called without arguments when events wait for `drain()`; it does not keep the process alive.
    #[napi(
        ts_args_type = "options: IpvsOptions, wake: () => void",
        ts_return_type = "Promise<Ipvs>"
    )]
    pub fn open(options: Unknown<'_>, wake: Unknown<'_>) -> AsyncTask<Call<ka_ipvs::Ipvs, Ipvs>> {
        guard(|| {
            let arguments = config::options(options).and_then(|options| {
                let wake = wake_up(wake).map_err(parse::usage)?;
                Ok((options, wake))
            });
            let open = |(options, wake): (ka_ipvs::IpvsOptions, Wake)| {
                let wake = move || {
                    // A full queue means that JavaScript has a wake-up to come already.
                    wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
                };
                let shield = |body: &mut dyn FnMut()| guard(body);
                ka_ipvs::Ipvs::open(&options, wake, shield).map_err(|error| coded(&error))
            };
            AsyncTask::new(Call::coded(arguments, open, Self::new))
        })
    }

    fn new(env: Env, opened: ka_ipvs::Ipvs) -> Result<Self> {
        let inner = Arc::new(opened);
        env.add_env_cleanup_hook(Arc::downgrade(&inner), |ipvs| {
            if let Some(ipvs) = ipvs.upgrade() {
                // Nobody is left to tell.
                let _ = guard(|| ipvs.stop(CLEANUP_TIMEOUT));
            }
        })?;
        Ok(Self { inner })
    }

    /// By which the engine says which role sync daemons have.
    pub(crate) fn sync_roles(&self) -> ka_ipvs::SyncRoles {
        self.inner.sync_roles()
    }

    fn call<Argument: Send + 'static, Output: Send + 'static, JsValue>(
        &self,
        argument: std::result::Result<Argument, CodedError>,
        work: fn(&ka_ipvs::Ipvs, Argument) -> std::result::Result<Output, IpvsError>,
        convert: fn(Env, Output) -> Result<JsValue>,
    ) -> AsyncTask<Call<Output, JsValue>>
    where
        JsValue: napi::bindgen_prelude::ToNapiValue + napi::bindgen_prelude::TypeName,
    {
        let ipvs = Arc::clone(&self.inner);
        let work = move |argument| work(&ipvs, argument).map_err(|error| coded(&error));
        AsyncTask::new(Call::coded(argument, work, convert))
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike. What is there as it is wanted is left
    /// alone. Resolves when that is done; what the kernel refuses is an event, stays wanted and is tried again.
    #[napi(
        ts_args_type = "config: IpvsConfig",
        ts_return_type = "Promise<IpvsReport>"
    )]
    pub fn apply(
        &self,
        env: Env,
        config: Unknown<'_>,
    ) -> AsyncTask<Call<ka_ipvs::IpvsReport, IpvsReport>> {
        guard(|| {
            self.call(
                config::config(env, config),
                ka_ipvs::Ipvs::apply,
                |_, report| Ok(report.into()),
            )
        })
    }

    /// Records what `apply` would make of `config`, so that it does not fail for want of room on the disk. Nothing else changes.
    #[napi(ts_args_type = "config: IpvsConfig", ts_return_type = "Promise<void>")]
    pub fn reserve(&self, env: Env, config: Unknown<'_>) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            self.call(
                config::config(env, config),
                ka_ipvs::Ipvs::reserve,
                |_, ()| Ok(()),
            )
        })
    }

    /// Changes destinations of services that are wanted, in order; returns the number with which the event `applied` says that it
    /// is done. Of several changes of one destination that wait the last one counts. What is about a service or, but for
    /// `setDestination`, a destination that is not wanted changes nothing.
    #[napi(ts_args_type = "batch: Array<IpvsChange>")]
    pub fn change(&self, batch: Unknown<'_>) -> std::result::Result<f64, CodedError> {
        guard(|| {
            let number = self.inner.change(config::changes(batch)?);
            Ok(number.map_err(|error| coded(&error))? as f64)
        })
    }

    /// Takes the events that wait, oldest first; at most 4,096 a call.
    #[napi]
    pub fn drain(&self) -> Vec<IpvsEvent> {
        guard(|| {
            let events = self.inner.drain(DRAIN_LIMIT).into_iter();
            events.map(Into::into).collect()
        })
    }

    /// What is there, and what shall be, from fresh dumps.
    #[napi(ts_return_type = "Promise<IpvsSnapshot>")]
    pub fn snapshot(&self) -> AsyncTask<Call<ka_ipvs::IpvsSnapshot, IpvsSnapshot>> {
        self.call(
            Ok(()),
            |ipvs, ()| ipvs.snapshot(),
            |_, snapshot| Ok(snapshot.into()),
        )
    }

    /// The connections of the destinations of one service that the kernel has, fresh; none of a service that is not wanted.
    #[napi(
        ts_args_type = "service: number",
        ts_return_type = "Promise<Array<IpvsConnections>>"
    )]
    pub fn connections(
        &self,
        service: Unknown<'_>,
    ) -> AsyncTask<Call<Vec<ka_ipvs::DestinationState>, Vec<IpvsConnections>>> {
        guard(|| {
            let service = parse::argument("service", service)
                .and_then(|service| parse::integer("service", service, 0..=u32::MAX))
                .map_err(parse::usage);
            self.call(service, ka_ipvs::Ipvs::connections, |_, states| {
                Ok(states.iter().filter_map(snapshot::connections).collect())
            })
        })
    }

    /// Removes all services of ours, sets back what was set, ends the thread; with `release: false` all stays.
    ///
    /// It begins at once. Rejects with `KA_ERR_NOT_RELEASED` when the kernel refused to remove something: the thread has ended,
    /// and it stays until the next start or `release()`.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop(&self) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            self.inner.request_stop();
            self.call(Ok(()), |ipvs, ()| ipvs.stop(STOP_TIMEOUT), |_, ()| Ok(()))
        })
    }

    /// The same while JavaScript waits, for `process.on('exit')`.
    ///
    /// Returns whether everything was removed before `deadlineMs`, an integer, had passed.
    #[napi(ts_args_type = "deadlineMs: number")]
    pub fn stop_now(&self, deadline_ms: Unknown<'_>) -> std::result::Result<bool, CodedError> {
        guard(|| {
            let deadline = parse::milliseconds("deadlineMs", deadline_ms)?;
            Ok(self.inner.stop(deadline).is_ok())
        })
    }
}

/// What an apply did to services.
#[napi(object, object_from_js = false)]
pub struct IpvsReport {
    /// Services that are new.
    pub added: u32,
    /// Services that are wanted otherwise than before, themselves or their destinations.
    pub changed: u32,
    /// Services that are wanted as before.
    pub unchanged: u32,
    /// Services that are gone.
    pub removed: u32,
    /// Changes that the kernel was asked for meanwhile.
    pub messages: f64,
    /// That the record of a process before this one cannot be used.
    pub told: Option<String>,
}

impl From<ka_ipvs::IpvsReport> for IpvsReport {
    fn from(report: ka_ipvs::IpvsReport) -> Self {
        Self {
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            removed: report.removed,
            messages: report.messages as f64,
            told: report.told,
        }
    }
}

/// An error under its code.
pub(crate) fn coded(error: &IpvsError) -> CodedError {
    let is_denied = |error: &SysError| {
        let errno = error.errno();
        errno.is_some_and(|it| [ka_sys::Errno::PERM, ka_sys::Errno::ACCESS].contains(&it))
    };
    let code = match error {
        IpvsError::Record(RecordError::AlreadyRunning { .. }) => "KA_ERR_ALREADY_RUNNING",
        IpvsError::MissingCapability { .. } => "KA_ERR_PERMISSION",
        IpvsError::Namespace { source, .. } if is_denied(source) => "KA_ERR_PERMISSION",
        IpvsError::Namespace { .. } => "KA_ERR_NETWORK_NAMESPACE",
        IpvsError::InvalidConfig(_) | IpvsError::InvalidService { .. } => INVALID_CONFIG,
        IpvsError::InvalidChange(_) => crate::error::USAGE,
        IpvsError::NotReleased(_) => "KA_ERR_NOT_RELEASED",
        IpvsError::Stopped => "KA_ERR_STOPPED",
        _ => "KA_ERR_ENGINE",
    };
    Error::new(code, error.to_string())
}
