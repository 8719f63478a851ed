//! The `ScriptWorker` class.

use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_engine::guard;
use ka_worker::{JobSpec, Program, ProgramOptions, RunSpec, WorkerError};
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Unknown};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error};
use napi_derive::napi;

use crate::call::Call;
use crate::engine::wake_up;
use crate::error::CodedError;
use crate::parse;
use crate::snapshot::Histogram;

/// Events handed over by one `drain()`.
const DRAIN_LIMIT: usize = 4096;

/// How a worker runs its programs.
#[napi(object, object_to_js = false)]
pub struct ScriptWorkerOptions {
    /// Collect ended children that nobody here has started: for a process that is pid 1 or a child subreaper.
    pub reap_orphans: bool,
    /// Bits that programs do not give to files they make, 0 to 0o777; those of this process when absent.
    pub umask: Option<f64>,
    /// Working directory of programs; that of this process when absent.
    pub directory: Option<String>,
}

/// Whom a program runs as.
#[napi(object, object_to_js = false)]
pub struct ScriptIdentity {
    /// User id.
    pub uid: f64,
    /// Group id.
    pub gid: f64,
    /// All supplementary group ids.
    pub groups: Vec<f64>,
}

/// A program.
#[napi(object, object_to_js = false)]
pub struct ScriptProgram {
    /// Absolute, or a name that is found in PATH of its environment.
    pub path: String,
    /// Each one word.
    pub args: Vec<String>,
    /// This process's own when absent.
    pub identity: Option<ScriptIdentity>,
    /// Keep the first 4,096 octets that it writes to standard output and error.
    pub capture_output: bool,
    /// Run the file that symbolic links lead to: `$0` of a script names that.
    pub resolve_links: bool,
}

/// A program to run once.
#[napi(object, object_to_js = false)]
pub struct ScriptRun {
    /// A 32-bit number that no other run under way has.
    pub id: f64,
    /// What to run.
    pub program: ScriptProgram,
    /// Microseconds from its start until it is ended.
    pub timeout_us: f64,
}

/// A program to run periodically.
#[napi(object, object_to_js = false)]
pub struct ScriptJob {
    /// A 32-bit number that no other periodic program has.
    pub id: f64,
    /// A 32-bit number that its results carry.
    pub generation: f64,
    /// What to run.
    pub program: ScriptProgram,
    /// Microseconds from one start to the next, at least 1,000.
    pub interval_us: f64,
    /// Microseconds from its start until it is ended.
    pub timeout_us: f64,
}

/// How a run ended.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "ScriptOutcome"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum ScriptOutcome {
    /// It exited with a status.
    Exited { code: i32 },
    /// A signal ended it.
    Signalled { signal: i32 },
    /// It was ended at its deadline.
    TimedOut,
    /// It was ended by `end()`, by a new list of periodic programs, or by `stop()`.
    Aborted,
    /// It never ran: what failed, and the system's error number.
    NotStarted {
        #[napi(
            ts_type = "'process' | 'processGroup' | 'groups' | 'gid' | 'uid' | 'parentDeath' | 'streams' | 'descriptors' | 'directory' | 'program'"
        )]
        step: String,
        errno: i32,
    },
    /// It ended, and something else in this process took its status.
    Unknown,
}

/// Something that the worker tells. Times are milliseconds before the call of `drain()`.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "ScriptEvent"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum ScriptEvent {
    /// A run is over, or was given up: then it `remains`, with the system's error number where it could not be signalled.
    Finished {
        id: u32,
        outcome: ScriptOutcome,
        remains: bool,
        errno: Option<i32>,
        output: Uint8Array,
        started_ago_ms: f64,
        ended_ago_ms: f64,
    },
    /// A run of a periodic program is over, or its deadline is. `dropped` results before it were taken by nobody in time;
    /// `skipped` runs were left out because the former one went on.
    Scheduled {
        id: u32,
        generation: u32,
        outcome: ScriptOutcome,
        dropped: u32,
        skipped: u32,
        started_ago_ms: f64,
        ended_ago_ms: f64,
    },
    /// A process does not end, after SIGKILL, or without a `pid` it hangs in its start; told again every ten seconds. `job` is the periodic program that cannot run
    /// meanwhile.
    Lingers {
        pid: Option<i32>,
        job: Option<u32>,
        errno: Option<i32>,
    },
}

/// How the worker fares, since its start.
#[napi(object, object_from_js = false)]
pub struct ScriptWorkerStatus {
    /// Processes that run now.
    pub running: u32,
    /// Runs that wait for their turn.
    pub queued: u32,
    /// Periodic programs.
    pub jobs: u32,
    /// Processes started.
    pub started: f64,
    /// Periodic runs left out, because the former one went on.
    pub skipped: f64,
    /// Periodic results that nobody took in time.
    pub dropped: f64,
    /// Ended children of nobody here that were collected.
    pub orphans: f64,
    /// From the time a run was due, or asked for, to its start.
    pub start_lateness: Histogram,
    /// From a deadline to the SIGTERM for it.
    pub deadline_lateness: Histogram,
}

/// The thread that runs programs: it starts them, ends those that are late, and says how each ended, whether or not JavaScript
/// runs.
///
/// Every error has one of the codes of `src/errors.ts`; an argument that is none is `KA_ERR_USAGE`.
#[napi]
pub struct ScriptWorker {
    inner: Arc<ka_worker::ScriptWorker>,
}

#[napi]
impl ScriptWorker {
    /// Starts the thread.
    ///
    /// `wake` is called without arguments when events wait for `drain()`; it does not keep the process alive. Programs get
    /// SIGTERM when the thread ends, with the process at the latest.
    #[napi(ts_args_type = "options: ScriptWorkerOptions, wake: () => void")]
    pub fn open(
        env: Env,
        options: Unknown<'_>,
        wake: Unknown<'_>,
    ) -> Result<ScriptWorker, CodedError> {
        guard(|| {
            let options = parse::script_worker_options(options)?;
            let wake = wake_up(wake).map_err(parse::usage)?;
            let call = move || {
                // A full queue means that JavaScript has a wake-up to come already.
                wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            };
            let shield = |body: &mut dyn FnMut()| guard(body);
            let opened = ka_worker::ScriptWorker::open(options, call, shield);
            let inner = Arc::new(opened.map_err(|error| coded(&error))?);
            // Runs when a worker is terminated: what it started ends with the thread.
            let hook = env.add_env_cleanup_hook(Arc::downgrade(&inner), |worker| {
                if let Some(worker) = worker.upgrade() {
                    worker.request_stop(Duration::ZERO);
                }
            });
            hook.map_err(|error| Error::new("KA_ERR_ENGINE", error.reason.clone()))?;
            Ok(Self { inner })
        })
    }

    /// Runs programs, each once, with `environment` (`NAME=VALUE`): at most 256 at a time, 4,096 wait. A `finished` follows for each.
    #[napi(ts_args_type = "batch: Array<ScriptRun>, environment: Array<string>")]
    pub fn run(&self, batch: Unknown<'_>, environment: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let runs = parse::argument::<Vec<ScriptRun>>("batch", batch).map_err(parse::usage)?;
            let environment = variables(environment)?;
            let runs = runs.into_iter().map(|run| run_spec(run, &environment));
            let runs = runs.collect::<Result<_, _>>().map_err(parse::usage)?;
            self.inner.run(runs).map_err(|error| coded(&error))
        })
    }

    /// Ends a run: SIGTERM to its process group, SIGKILL two seconds later. Nothing where it is over.
    #[napi(ts_args_type = "id: number")]
    pub fn end(&self, id: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let id =
                parse::argument("id", id).and_then(|id| parse::integer("id", id, 0..=u32::MAX));
            self.inner.end(id.map_err(parse::usage)?);
            Ok(())
        })
    }

    /// Makes these the programs that are run periodically, with `environment` (`NAME=VALUE`). The first run comes at once; programs
    /// whose parameters are the same go on undisturbed.
    #[napi(ts_args_type = "jobs: Array<ScriptJob>, environment: Array<string>")]
    pub fn schedule(&self, jobs: Unknown<'_>, environment: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let jobs = parse::argument::<Vec<ScriptJob>>("jobs", jobs).map_err(parse::usage)?;
            let environment = variables(environment)?;
            let jobs = jobs.into_iter().map(|job| job_spec(job, &environment));
            let jobs = jobs.collect::<Result<_, _>>().map_err(parse::usage)?;
            self.inner.schedule(jobs).map_err(|error| coded(&error))
        })
    }

    /// Takes the events that wait, oldest first; at most 4,096 a call.
    #[napi]
    pub fn drain(&self) -> Vec<ScriptEvent> {
        guard(|| {
            let events = self.inner.drain(DRAIN_LIMIT).into_iter();
            let now = Instant::now();
            events.map(|event| script_event(event, now)).collect()
        })
    }

    /// How the worker fares.
    #[napi(ts_return_type = "Promise<ScriptWorkerStatus>")]
    pub fn status(&self) -> AsyncTask<Call<ka_worker::WorkerStatus, ScriptWorkerStatus>> {
        guard(|| {
            let worker = Arc::clone(&self.inner);
            let work = move |()| worker.status().map_err(|error| coded(&error));
            AsyncTask::new(Call::coded(Ok(()), work, |_, status| Ok((&status).into())))
        })
    }

    /// Ends every program as `end()` does, and the thread when they have ended, or when `limitMs` has passed. Events can be drained
    /// after that.
    #[napi(ts_args_type = "limitMs: number", ts_return_type = "Promise<void>")]
    pub fn stop(&self, limit_ms: Unknown<'_>) -> AsyncTask<Call<(), ()>> {
        guard(|| {
            let worker = Arc::clone(&self.inner);
            let limit = parse::milliseconds("limitMs", limit_ms);
            if let Ok(limit) = limit {
                // At once: the promise waits for its turn among Node's worker threads.
                worker.request_stop(limit);
            }
            let work = move |limit| worker.stop(limit).map_err(|error| coded(&error));
            AsyncTask::new(Call::coded(limit, work, |_, ()| Ok(())))
        })
    }
}

fn coded(error: &WorkerError) -> CodedError {
    let code = match error {
        WorkerError::Stopped => "KA_ERR_STOPPED",
        _ => "KA_ERR_ENGINE",
    };
    Error::new(code, error.to_string())
}

fn variables(environment: Unknown<'_>) -> Result<Arc<[CString]>, CodedError> {
    let words = parse::argument::<Vec<String>>("environment", environment);
    let words = words.map_err(parse::usage)?.into_iter().map(CString::new);
    let no_text = |_| parse::usage("environment: a text holds a NUL".to_owned());
    words.collect::<Result<_, _>>().map_err(no_text)
}

fn program(
    program: ScriptProgram,
    environment: &Arc<[CString]>,
) -> Result<Option<Arc<Program>>, String> {
    let ScriptProgram {
        path,
        args,
        identity,
        capture_output,
        resolve_links,
    } = program;
    let identity = identity.map(self::identity).transpose()?;
    Ok(Program::new(
        path,
        args,
        Arc::clone(environment),
        ProgramOptions {
            identity,
            captures: capture_output,
            resolves_links: resolve_links,
        },
    )
    .map(Arc::new))
}

fn identity(identity: ScriptIdentity) -> Result<ka_worker::Identity, String> {
    // The highest number means "no change" to the kernel.
    let id = |field, value| parse::integer(field, value, 0..=u32::MAX - 1);
    Ok(ka_worker::Identity {
        uid: id("uid", identity.uid)?,
        gid: id("gid", identity.gid)?,
        groups: identity
            .groups
            .into_iter()
            .map(|group| id("groups", group))
            .collect::<Result<_, _>>()?,
    })
}

fn run_spec(run: ScriptRun, environment: &Arc<[CString]>) -> Result<RunSpec, String> {
    Ok(RunSpec {
        id: parse::integer("id", run.id, 0..=u32::MAX)?,
        program: program(run.program, environment)?,
        timeout: parse::microseconds("timeoutUs", run.timeout_us, 0)?,
    })
}

fn job_spec(job: ScriptJob, environment: &Arc<[CString]>) -> Result<JobSpec, String> {
    Ok(JobSpec {
        id: parse::integer("id", job.id, 0..=u32::MAX)?,
        generation: parse::integer("generation", job.generation, 0..=u32::MAX)?,
        program: program(job.program, environment)?,
        interval: parse::microseconds("intervalUs", job.interval_us, 1000)?,
        timeout: parse::microseconds("timeoutUs", job.timeout_us, 0)?,
    })
}

fn script_event(event: ka_worker::Event, now: Instant) -> ScriptEvent {
    let ago = |at: Instant| now.saturating_duration_since(at).as_secs_f64() * 1e3;
    match event {
        ka_worker::Event::Finished {
            id,
            outcome,
            remains,
            output,
            started,
            ended,
        } => ScriptEvent::Finished {
            id,
            outcome: script_outcome(outcome),
            remains: remains.is_some(),
            errno: remains.flatten().map(|errno| errno.raw_os_error()),
            output: output.into(),
            started_ago_ms: ago(started),
            ended_ago_ms: ago(ended),
        },
        ka_worker::Event::Scheduled {
            id,
            generation,
            outcome,
            started,
            ended,
            dropped,
            skipped,
        } => ScriptEvent::Scheduled {
            id,
            generation,
            outcome: script_outcome(outcome),
            dropped,
            skipped,
            started_ago_ms: ago(started),
            ended_ago_ms: ago(ended),
        },
        ka_worker::Event::Lingers { pid, job, errno } => ScriptEvent::Lingers {
            pid,
            job,
            errno: errno.map(|errno| errno.raw_os_error()),
        },
    }
}

fn script_outcome(outcome: ka_worker::Outcome) -> ScriptOutcome {
    match outcome {
        ka_worker::Outcome::Exited(code) => ScriptOutcome::Exited { code },
        ka_worker::Outcome::Signalled(signal) => ScriptOutcome::Signalled { signal },
        ka_worker::Outcome::TimedOut => ScriptOutcome::TimedOut,
        ka_worker::Outcome::Aborted => ScriptOutcome::Aborted,
        ka_worker::Outcome::NotStarted { step, errno } => ScriptOutcome::NotStarted {
            step: step_name(step).to_owned(),
            errno: errno.raw_os_error(),
        },
        ka_worker::Outcome::Unknown => ScriptOutcome::Unknown,
    }
}

fn step_name(step: ka_worker::Step) -> &'static str {
    match step {
        ka_worker::Step::Process => "process",
        ka_worker::Step::ProcessGroup => "processGroup",
        ka_worker::Step::Groups => "groups",
        ka_worker::Step::Gid => "gid",
        ka_worker::Step::Uid => "uid",
        ka_worker::Step::ParentDeath => "parentDeath",
        ka_worker::Step::Streams => "streams",
        ka_worker::Step::Descriptors => "descriptors",
        ka_worker::Step::Directory => "directory",
        ka_worker::Step::Program => "program",
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<&ka_worker::WorkerStatus> for ScriptWorkerStatus {
    fn from(status: &ka_worker::WorkerStatus) -> Self {
        Self {
            running: count(status.running),
            queued: count(status.queued),
            jobs: count(status.jobs),
            started: status.started as f64,
            skipped: status.skipped as f64,
            dropped: status.dropped as f64,
            orphans: status.orphans as f64,
            start_lateness: (&status.start_lateness).into(),
            deadline_lateness: (&status.deadline_lateness).into(),
        }
    }
}

/// What programs get of this process's scheduling and limits is what it had when it loaded the addon.
#[napi(module_exports)]
pub fn remember_start(_exports: napi::bindgen_prelude::Object<'_>) -> napi::Result<()> {
    ka_sys::spawn::remember_start();
    Ok(())
}
