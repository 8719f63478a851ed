//! How the kernel treats this process and its threads.

use std::time::Duration;

use ka_engine::{Setting, guard};
use ka_sys::schedule::{RealTime, Thread, set_affinity, set_nice, set_normal, set_round_robin};
use ka_sys::{Errno, SysError, errno_name};
use napi::bindgen_prelude::{AsyncTask, Unknown};
use napi_derive::napi;

use crate::call::Call;
use crate::engine::Engine;
use crate::error::{CodedError, coded_call};
use crate::parse;

/// How the kernel shall schedule a thread. What is absent is as it is for the main thread, and real time is off.
#[napi(object, object_to_js = false)]
pub struct ThreadScheduling {
    /// SCHED_RR priority, 1 to 99, where permitted; 0 = none.
    pub realtime_priority: f64,
    /// Nice value, -20 to 19, which counts where there is no real time.
    pub nice: Option<f64>,
    /// Numbers of the processors that the thread may run on, 0 to 8,191.
    pub cpus: Option<Vec<f64>>,
}

/// How the kernel shall schedule the engine thread, and what the thread changes of that by itself.
#[napi(object, object_to_js = false)]
pub struct EngineScheduling {
    /// SCHED_RR priority, 1 to 99, where permitted; 0 = none.
    pub realtime_priority: f64,
    /// Nice value, -20 to 19, which counts where there is no real time.
    pub nice: Option<f64>,
    /// Numbers of the processors that the thread may run on, 0 to 8,191.
    pub cpus: Option<Vec<f64>>,
    /// Processor time in microseconds that the thread may take without a pause before it gives up real time; 2 s when absent.
    pub running_limit_us: Option<f64>,
    /// Priority up to which the thread raises itself, by one whenever a timer is served late; it does not when absent or 0.
    pub raise_limit: Option<f64>,
    /// How late that is, in microseconds; 1 s when absent.
    pub raise_after_us: Option<f64>,
    /// The memory of the process is locked: the thread makes its stack present.
    pub touch_stack: bool,
}

/// What the kernel did not grant; it is as it was before.
#[napi(object, object_from_js = false)]
pub struct SchedulingRefusal {
    /// Which of the things that were asked for.
    #[napi(ts_type = "'realtimePriority' | 'nice' | 'cpus'")]
    pub setting: String,
    /// Symbol of the system's error: `EPERM` and `EACCES` for want of CAP_SYS_NICE.
    pub code: String,
    /// What was attempted, and the kernel's reason.
    pub message: String,
}

impl SchedulingRefusal {
    fn new(setting: Setting, errno: Option<Errno>, message: String) -> Self {
        let setting = match setting {
            Setting::RealtimePriority => "realtimePriority",
            Setting::Nice => "nice",
            Setting::Cpus => "cpus",
        };
        Self {
            setting: setting.to_owned(),
            code: errno.map_or("UNKNOWN", errno_name).to_owned(),
            message,
        }
    }
}

#[napi]
impl Engine {
    /// Has the kernel schedule the engine thread like this from now on; resolves with what it refused.
    #[napi(
        ts_args_type = "scheduling: EngineScheduling",
        ts_return_type = "Promise<Array<SchedulingRefusal>>"
    )]
    pub fn schedule(
        &self,
        scheduling: Unknown<'_>,
    ) -> AsyncTask<Call<Vec<ka_engine::SchedulingRefusal>, Vec<SchedulingRefusal>>> {
        guard(|| {
            self.call(
                engine_scheduling(scheduling).map_err(parse::usage),
                ka_engine::Engine::schedule,
                |_, refusals| {
                    let refusals = refusals.into_iter();
                    Ok(refusals
                        .map(|refusal| {
                            SchedulingRefusal::new(
                                refusal.setting,
                                Some(refusal.errno),
                                refusal.message,
                            )
                        })
                        .collect())
                },
            )
        })
    }
}

/// Has the kernel schedule every thread of this process that is called `name` like this; what it refused. Threads and processes
/// that such a thread starts later have its nice value and processors, but no real time.
#[napi(ts_args_type = "name: string, scheduling: ThreadScheduling")]
pub fn schedule_threads(
    name: Unknown<'_>,
    scheduling: Unknown<'_>,
) -> Result<Vec<SchedulingRefusal>, CodedError> {
    guard(|| {
        let name: String = parse::argument("name", name).map_err(parse::usage)?;
        let (priority, nice, cpus) = thread_scheduling(scheduling).map_err(parse::usage)?;
        let threads = Thread::named(&name).map_err(|error| coded_call(&error))?;
        let mut refusals = Vec::new();
        for thread in threads {
            let results = [
                set_priority(thread, priority),
                refused(Setting::Nice, set_nice(thread, nice)),
                refused(Setting::Cpus, set_affinity(thread, cpus.as_deref())),
            ];
            refusals.extend(results.into_iter().flatten());
        }
        Ok(refusals)
    })
}

fn set_priority(thread: Thread, priority: Option<u8>) -> Option<SchedulingRefusal> {
    match priority {
        None => refused(Setting::RealtimePriority, set_normal(thread)),
        Some(priority) => match set_round_robin(thread, priority) {
            Ok(RealTime::Granted) => None,
            Ok(RealTime::NotPermitted) => Some(SchedulingRefusal::new(
                Setting::RealtimePriority,
                Some(Errno::PERM),
                format!("SCHED_RR priority {priority} is not permitted"),
            )),
            Err(error) => refused(Setting::RealtimePriority, Err(error)),
        },
    }
}

/// The refusal that a result is, but for a thread that has ended meanwhile.
fn refused(setting: Setting, result: Result<(), SysError>) -> Option<SchedulingRefusal> {
    let error = result.err()?;
    let errno = error.errno();
    (errno != Some(Errno::SRCH)).then(|| SchedulingRefusal::new(setting, errno, error.to_string()))
}

/// Keeps what the process has mapped now from being swapped out, or no longer does.
///
/// Throws with the symbol of the system's error: `EPERM` or `ENOMEM` for want of CAP_IPC_LOCK.
#[napi(ts_args_type = "locked: boolean")]
pub fn lock_memory(locked: Unknown<'_>) -> Result<(), CodedError> {
    guard(|| {
        let locked: bool = parse::argument("locked", locked).map_err(parse::usage)?;
        let result = match locked {
            true => ka_sys::memory::lock(),
            false => ka_sys::memory::unlock(),
        };
        result.map_err(|error| coded_call(&error))
    })
}

/// Lets the process write a core file of any size when it ends by a signal.
///
/// Throws with the symbol of the system's error: `EPERM` for want of CAP_SYS_RESOURCE, where they may be as large as the limit that is there.
#[napi]
pub fn allow_core_files() -> Result<(), CodedError> {
    guard(|| ka_sys::process::allow_core_files().map_err(|error| coded_call(&error)))
}

/// Names the calling thread, which for the main thread is the name of the process (`ps`, `pidof`); the system keeps 15 octets.
///
/// Throws with the symbol of the system's error: `EINVAL` for a name with a NUL character.
#[napi(ts_args_type = "name: string")]
pub fn name_thread(name: Unknown<'_>) -> Result<(), CodedError> {
    guard(|| {
        let name: String = parse::argument("name", name).map_err(parse::usage)?;
        ka_sys::schedule::name_thread(&name).map_err(|error| coded_call(&error))
    })
}

type Wanted = (Option<u8>, Option<i8>, Option<Vec<u16>>);

fn thread_scheduling(value: Unknown<'_>) -> Result<Wanted, String> {
    let scheduling: ThreadScheduling = parse::object("scheduling", value)?;
    wanted(
        scheduling.realtime_priority,
        scheduling.nice,
        scheduling.cpus,
    )
}

fn engine_scheduling(value: Unknown<'_>) -> Result<ka_engine::Scheduling, String> {
    let scheduling: EngineScheduling = parse::object("scheduling", value)?;
    let defaults = ka_engine::Scheduling::default();
    let (realtime_priority, nice, cpus) = wanted(
        scheduling.realtime_priority,
        scheduling.nice,
        scheduling.cpus,
    )?;
    let microseconds = |field, value: Option<f64>| {
        let value = value.map(|value| parse::integer(field, value, 1..=u32::MAX));
        let value = value.transpose()?;
        Ok::<_, String>(value.map(|value| Duration::from_micros(value.into())))
    };
    let after = microseconds("raiseAfterUs", scheduling.raise_after_us)?;
    let limit = match scheduling.raise_limit {
        None => 0,
        Some(limit) => parse::integer("raiseLimit", limit, 0..=99u8)?,
    };
    Ok(ka_engine::Scheduling {
        realtime_priority,
        nice,
        cpus,
        running_limit: microseconds("runningLimitUs", scheduling.running_limit_us)?
            .unwrap_or(defaults.running_limit),
        raise: (limit > 0).then_some(ka_engine::Raise {
            after: after.unwrap_or(Duration::from_secs(1)),
            limit,
        }),
        touch_stack: scheduling.touch_stack,
    })
}

fn wanted(priority: f64, nice: Option<f64>, cpus: Option<Vec<f64>>) -> Result<Wanted, String> {
    let priority = parse::integer("realtimePriority", priority, 0..=99u8)?;
    let nice = nice
        .map(|nice| match nice {
            -20.0..=19.0 if nice.fract() == 0.0 => Ok(nice as i8),
            _ => Err(format!("nice {nice} is not an integer from -20 to 19")),
        })
        .transpose()?;
    let cpus = cpus.map(|cpus| {
        let cpus = cpus.into_iter();
        cpus.map(|cpu| parse::integer("cpus", cpu, 0..=8191u16))
            .collect::<Result<Vec<u16>, String>>()
    });
    Ok((
        Some(priority).filter(|&priority| priority > 0),
        nice,
        cpus.transpose()?,
    ))
}
