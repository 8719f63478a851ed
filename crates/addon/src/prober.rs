//! The `Prober` class.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_engine::guard;
use ka_probe::ProbeError;
use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint32Array, Unknown};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error};
use napi_derive::napi;

use crate::call::Call;
use crate::engine::wake_up;
use crate::error::CodedError;
use crate::parse;
use crate::probe::{ProbeResult, ProberStatus, attempts, probe};

/// Results handed over by one `drain()`.
const DRAIN_LIMIT: usize = 4096;
/// What the thread gets to put back who may ping, when Node's environment ends without `stop()`.
const END_LIMIT: Duration = Duration::from_millis(100);

/// The thread that probes servers: it attempts each probe when it is asked for, and says what came of it, whether or not JavaScript
/// runs.
///
/// Every error has one of the codes of `src/errors.ts`; an argument that is none is `KA_ERR_USAGE`.
#[napi]
pub struct Prober {
    inner: Arc<ka_probe::Prober>,
}

#[napi]
impl Prober {
    /// Starts the thread.
    ///
    /// `wake` is called without arguments when results wait for `drain()`; it does not keep the process alive.
    #[napi(ts_args_type = "wake: () => void")]
    pub fn open(env: Env, wake: Unknown<'_>) -> Result<Prober, CodedError> {
        guard(|| {
            let wake = wake_up(wake).map_err(parse::usage)?;
            let call = move || {
                // A full queue means that JavaScript has a wake-up to come already.
                wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            };
            let shield = |body: &mut dyn FnMut()| guard(body);
            let opened = ka_probe::Prober::open(call, shield);
            let inner = Arc::new(opened.map_err(|error| coded(&error))?);
            let hook = env.add_env_cleanup_hook(Arc::downgrade(&inner), |prober| {
                if let Some(prober) = prober.upgrade() {
                    prober.stop_now(END_LIMIT);
                }
            });
            hook.map_err(|error| Error::new("KA_ERR_ENGINE", error.reason.clone()))?;
            Ok(Self { inner })
        })
    }

    /// Adds probes. One with the `id` of another takes its place: an attempt of that one is dropped, and no result of it is told any
    /// more. Where one of them cannot be used, none is added.
    ///
    /// Throws `KA_ERR_CONFIG_UNUSABLE` for a pattern that is none.
    #[napi(ts_args_type = "probes: ReadonlyArray<Probe>")]
    pub fn define(&self, probes: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let probes = parse::argument::<Vec<Unknown<'_>>>("probes", probes);
            let probes = probes.map_err(parse::usage)?.into_iter().enumerate();
            let probes = probes.map(|(index, value)| probe(index, value));
            let probes = probes.collect::<Result<_, _>>()?;
            self.inner.define(probes).map_err(|error| coded(&error))
        })
    }

    /// Removes probes with their attempts: no result of them is told any more. Nothing for numbers that no probe has.
    #[napi(ts_args_type = "ids: ReadonlyArray<number>")]
    pub fn forget(&self, ids: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let ids = parse::argument::<Vec<f64>>("ids", ids).map_err(parse::usage)?;
            let ids = ids
                .into_iter()
                .map(|id| parse::integer("ids", id, 0..=u32::MAX));
            let ids = ids.collect::<Result<_, _>>().map_err(parse::usage)?;
            self.inner.forget(ids);
            Ok(())
        })
    }

    /// Attempts the probes `ids`, each once, `delaysUs` microseconds from now. One that waits for its attempt gets the new time; one
    /// whose attempt is under way is left alone.
    #[napi(ts_args_type = "ids: Uint32Array, delaysUs: Float64Array")]
    pub fn run(&self, ids: Unknown<'_>, delays_us: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let ids = parse::argument::<Uint32Array>("ids", ids).map_err(parse::usage)?;
            let delays =
                parse::argument::<Float64Array>("delaysUs", delays_us).map_err(parse::usage)?;
            let attempts = attempts(&ids, &delays).map_err(parse::usage)?;
            self.inner.run(&attempts).map_err(|error| coded(&error))
        })
    }

    /// Takes the results that wait, oldest first; at most 4,096 a call. A descriptor in one of them is the caller's.
    #[napi]
    pub fn drain(&self) -> Vec<ProbeResult> {
        guard(|| {
            let results = self.inner.drain(DRAIN_LIMIT).into_iter();
            let now = Instant::now();
            results
                .map(|result| ProbeResult::new(result, now))
                .collect()
        })
    }

    /// How the prober fares.
    #[napi(ts_return_type = "Promise<ProberStatus>")]
    pub fn status(&self) -> AsyncTask<Call<ka_probe::ProberStatus, ProberStatus>> {
        guard(|| {
            let prober = Arc::clone(&self.inner);
            let work = move |()| prober.status().map_err(|error| coded(&error));
            AsyncTask::new(Call::coded(Ok(()), work, |_, status| Ok((&status).into())))
        })
    }

    /// Ends the thread, and drops what is under way. Results can be drained after that.
    #[napi(ts_args_type = "limitMs: number", ts_return_type = "Promise<void>")]
    pub fn stop(&self, limit_ms: Unknown<'_>) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            let prober = Arc::clone(&self.inner);
            let limit = parse::milliseconds("limitMs", limit_ms);
            if limit.is_ok() {
                // At once: the promise waits for its turn among Node's worker threads.
                prober.request_stop();
            }
            let work = move |limit| prober.stop(limit).map_err(|error| coded(&error));
            AsyncTask::new(Call::coded(limit, work, |_, ()| Ok(())))
        })
    }

    /// The same, and waits for it: for a process that ends. Returns whether the thread has ended in time.
    #[napi(ts_args_type = "deadlineMs: number")]
    pub fn stop_now(&self, deadline_ms: Unknown<'_>) -> Result<bool, CodedError> {
        guard(|| {
            let deadline = parse::milliseconds("deadlineMs", deadline_ms)?;
            Ok(self.inner.stop_now(deadline))
        })
    }
}

fn coded(error: &ProbeError) -> CodedError {
    let code = match error {
        ProbeError::Stopped => "KA_ERR_STOPPED",
        _ => "KA_ERR_ENGINE",
    };
    Error::new(code, error.to_string())
}
