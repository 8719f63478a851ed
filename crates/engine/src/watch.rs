//! What of the tracked things is looked at outside the engine thread: files, whose file system may not
//! answer, and processes, of which there may be thousands.
//!
//! A thread of each kind, started when there is something to look at. A new configuration is prepared
//! before the engine thread gets it: what is known of its trackers goes with the plan, so that nobody
//! waits for it. The thread looks at both configurations until the engine thread says which one it has
//! taken up ([`Shared::applied`]), and then tells once more all it knows, so that nothing falls between.

mod count;
mod file;
mod file_system;
mod files;
mod init;
mod number;
mod process_counts;
mod process_info;
mod processes;
#[cfg(test)]
mod scratch;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use ka_vrrp::TrackerState;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;

use crate::config::{InitFile, TrackerId, TrackerKind, TrackerSource};
use crate::event::Problem;
use crate::plan::Plan;
use crate::shared::Shared;
use crate::trackers::{Tracker, TrackerResult};
use process_counts::ProcessSpec;
use processes::Wanted;

pub(crate) use count::ProcessCount;

/// A configuration does not wait longer for what is known of its trackers.
const PATIENCE: Duration = Duration::from_secs(5);

/// A tracker, as results name it.
#[derive(Clone, Debug)]
struct Name {
    id: TrackerId,
    generation: u32,
    name: Arc<str>,
}

impl Name {
    fn of(tracker: &Tracker) -> Self {
        Self {
            id: tracker.config.id,
            generation: tracker.config.generation,
            name: Arc::clone(&tracker.config.name),
        }
    }

    fn result(&self, state: TrackerState) -> TrackerResult {
        TrackerResult {
            tracker: self.id,
            generation: self.generation,
            state,
        }
    }
}

/// A file to look at.
#[derive(Clone, Debug)]
struct FileSpec {
    name: Name,
    path: PathBuf,
    init: Option<InitFile>,
}

/// The trackers of a new configuration, for the thread that looks at them.
struct Preparation<T> {
    epoch: u64,
    wanted: T,
    reply: SyncSender<Vec<(TrackerId, TrackerState)>>,
}

/// The way to one of the threads.
struct Thread<T> {
    requests: Sender<Preparation<T>>,
    wake: Arc<OwnedFd>,
}

impl<T> Thread<T> {
    /// Lets the thread look at what is wanted; what is known of it then. Without an answer in time nothing is.
    fn prepare(&self, epoch: u64, wanted: T) -> Option<Vec<(TrackerId, TrackerState)>> {
        let (reply, answer) = sync_channel(1);
        let preparation = Preparation {
            epoch,
            wanted,
            reply,
        };
        self.requests.send(preparation).ok()?;
        signal(&self.wake);
        answer.recv_timeout(PATIENCE).ok()
    }
}

/// The threads, for the host's side of the engine.
#[derive(Default)]
pub(crate) struct Watchers {
    /// Number of the configuration that was prepared last.
    epoch: u64,
    files: Option<Thread<Vec<FileSpec>>>,
    processes: Option<Thread<Wanted>>,
    /// A socket for process events that was opened where the kernel tells of processes.
    process_events: Option<Arc<OwnedFd>>,
}

impl Watchers {
    /// Nobody is looked at yet; `process_events` as in [`crate::EngineOptions`].
    pub(crate) fn new(process_events: Option<Arc<OwnedFd>>) -> Self {
        Self {
            process_events,
            ..Self::default()
        }
    }

    /// Lets the trackers of `plan` be looked at, and writes into it what is known of them.
    pub(crate) fn prepare(&mut self, shared: &Arc<Shared>, plan: &mut Plan) {
        self.epoch += 1;
        plan.epoch = self.epoch;
        let specs = file_specs(plan);
        if self.files.is_none() && !specs.is_empty() {
            self.files = start(shared, TrackerKind::File, files::watch);
        }
        if let Some(thread) = &self.files {
            let known = thread.prepare(self.epoch, specs);
            take(shared, plan, TrackerKind::File, known);
        }
        let specs = process_specs(plan);
        if self.processes.is_none() && !specs.is_empty() {
            let given = self.process_events.clone();
            self.processes = start(shared, TrackerKind::Process, |surroundings| {
                processes::watch(surroundings, given);
                Ok(())
            });
        }
        if let Some(thread) = &self.processes {
            let wanted = Wanted {
                specs,
                events: plan.process_events,
            };
            let known = thread.prepare(self.epoch, wanted);
            take(shared, plan, TrackerKind::Process, known);
        }
    }
}

/// Processes to look for, each with a count that whoever asks can read.
fn process_specs(plan: &mut Plan) -> Vec<ProcessSpec> {
    let mut specs = Vec::new();
    for tracker in plan.trackers.values_mut() {
        if let TrackerSource::Process(config) = &tracker.config.source {
            let count = Arc::<ProcessCount>::default();
            specs.push(ProcessSpec {
                name: Name::of(tracker),
                config: config.clone(),
                count: Arc::clone(&count),
            });
            tracker.processes = Some(count);
        }
    }
    // As the host counts them, which is the order of the configuration.
    specs.sort_unstable_by_key(|spec| spec.name.id);
    specs
}

fn file_specs(plan: &Plan) -> Vec<FileSpec> {
    let specs = plan.trackers.values().filter_map(|tracker| {
        let TrackerSource::File { path, init } = &tracker.config.source else {
            return None;
        };
        Some(FileSpec {
            name: Name::of(tracker),
            path: path.clone(),
            init: *init,
        })
    });
    specs.collect()
}

/// Writes into the plan what is known of its trackers.
fn take(
    shared: &Shared,
    plan: &mut Plan,
    kind: TrackerKind,
    known: Option<Vec<(TrackerId, TrackerState)>>,
) {
    let Some(known) = known else {
        let kind_name = kind.name();
        shared.tell_problem(Problem {
            tracker: Arc::from(""),
            kind,
            message: format!(
                "what is tracked ({kind_name}) could not be looked at within {} s; it counts when it was",
                PATIENCE.as_secs()
            ),
        });
        return;
    };
    let known: HashMap<TrackerId, TrackerState> = known.into_iter().collect();
    for (id, tracker) in &mut plan.trackers {
        if let Some(state) = known.get(id) {
            tracker.state = *state;
            tracker.is_known = true;
        }
    }
}

/// What a thread needs of its surroundings.
struct Surroundings<T> {
    shared: Arc<Shared>,
    requests: Receiver<Preparation<T>>,
    wake: Arc<OwnedFd>,
}

impl<T> Surroundings<T> {
    /// Notes that the thread is awake.
    fn awake(&self) {
        let mut count = [0; 8];
        // Empty when something else woke it.
        let _ = rustix::io::read(&self.wake, &mut count);
    }

    /// Whether nobody wants to know anything any more.
    fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire)
    }

    /// Whether the engine thread has taken up configuration `epoch`.
    fn has_applied(&self, epoch: u64) -> bool {
        self.shared.applied.load(Ordering::Acquire) == epoch
    }

    /// Tells the engine thread.
    fn tell(&self, results: &[TrackerResult], problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.shared.tell_problem(problem);
        }
        if !results.is_empty() {
            self.shared.results.add(results);
        }
        self.shared.wake_engine();
    }
}

/// Starts the thread that looks at trackers of `kind`; `None` where that fails, which is told.
fn start<T: Send + 'static>(
    shared: &Arc<Shared>,
    kind: TrackerKind,
    body: impl FnOnce(Surroundings<T>) -> Result<(), String> + Send + 'static,
) -> Option<Thread<T>> {
    let failed = |reason: String| {
        shared.tell_problem(Problem {
            tracker: Arc::from(""),
            kind,
            message: format!(
                "what is tracked ({}) cannot be looked at: {reason}",
                kind.name()
            ),
        });
    };
    let wake = match eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
        Ok(wake) => Arc::new(wake),
        Err(errno) => {
            failed(errno.to_string());
            return None;
        }
    };
    let (requests, receiver) = channel();
    let surroundings = Surroundings {
        shared: Arc::clone(shared),
        requests: receiver,
        wake: Arc::clone(&wake),
    };
    shared.add_watcher(Arc::clone(&wake));
    let told = Arc::clone(shared);
    let spawned = Builder::new()
        .name(format!("ka-{}", kind.name()))
        .spawn(move || {
            if let Err(reason) = body(surroundings) {
                told.tell_problem(Problem {
                    tracker: Arc::from(""),
                    kind,
                    message: format!(
                        "what is tracked ({}) is not looked at any more: {reason}",
                        kind.name()
                    ),
                });
                told.wake_engine();
            }
        });
    match spawned {
        Ok(_) => Some(Thread { requests, wake }),
        Err(error) => {
            failed(error.to_string());
            None
        }
    }
}

/// Adds one to an eventfd, which fails only when whoever waits for it is awake already.
fn signal(wake: &OwnedFd) {
    let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
}
