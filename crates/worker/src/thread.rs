//! The thread: waits, notes what ended, keeps deadlines, starts what is due.

use std::collections::{HashMap, VecDeque};
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_mailbox::Waiting;
use ka_sys::spawn::{Step, leave_signals_to_others};
use ka_sys::{Errno, SysError, schedule};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event as Ready};
use rustix::process::Signal;

use crate::command::{Command, JobSpec, RunSpec};
use crate::ending::{Action, Cause};
use crate::event::{Event, Outcome};
use crate::handle::WorkerOptions;
use crate::jobs::Jobs;
use crate::lanes::{HELP_AFTER, Lanes, Surroundings};
use crate::orphans::{LOOK_EVERY, Orphans};
use crate::outbox::Outbox;
use crate::runs::{CONCURRENT_LIMIT, Owner, QUEUE_LIMIT, Runs, Source};
use crate::shared::Shared;
use crate::status::WorkerStatus;
use crate::timers::{Timer, Timers};

/// Events looked at before the next look at deadlines.
const READY_AT_ONCE: usize = 64;
/// A program that writes more than is read at once is read again after this: it costs no more than that.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The worker thread.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lanes: Lanes,
    pub(crate) runs: Runs,
    pub(crate) jobs: Jobs,
    /// The runs of those who asked, by their number.
    pub(crate) singles: HashMap<u32, u64>,
    pub(crate) queue: VecDeque<(RunSpec, Instant)>,
    pub(crate) timers: Timers,
    /// Apart from the others: deadlines come first.
    pub(crate) starts: Timers,
    pub(crate) outbox: Outbox,
    orphans: Orphans,
    pub(crate) status: WorkerStatus,
    /// When the thread ends at the latest.
    pub(crate) stop_at: Option<Instant>,
}

impl Worker {
    pub(crate) fn open(
        options: &WorkerOptions,
        shared: Arc<Shared>,
        shield: fn(&mut dyn FnMut()),
    ) -> Result<Self, SysError> {
        leave_signals_to_others()?;
        schedule::name_thread("ka-scripts")?;
        let failed = |errno| SysError::new("open", "epoll", errno);
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(failed)?;
        let epoll = Arc::new(epoll);
        let surroundings = Surroundings {
            umask: options.umask,
            directory: options.directory.clone(),
            epoll: Arc::clone(&epoll),
        };
        let lanes = Lanes::open(surroundings, Arc::clone(&shared), shield)?;
        let runs = Runs::new(epoll);
        Source::Wake
            .watch(&runs.epoll, &shared.mailbox)
            .map_err(failed)?;
        let mut timers = Timers::default();
        if options.reap_orphans {
            timers.set(Timer::Orphans, Instant::now() + LOOK_EVERY);
        }
        Ok(Self {
            shared,
            lanes,
            runs,
            jobs: Jobs::default(),
            singles: HashMap::new(),
            queue: VecDeque::new(),
            timers,
            starts: Timers::default(),
            outbox: Outbox::default(),
            orphans: Orphans::default(),
            status: WorkerStatus::default(),
            stop_at: None,
        })
    }

    /// Runs until it is stopped.
    pub(crate) fn run(&mut self) {
        while !self.has_stopped() {
            self.wait();
            self.take_commands();
            self.keep_deadlines();
            self.start_due();
            self.flush();
        }
        self.give_up_all();
        self.flush();
        let rest = std::iter::from_fn(|| self.outbox.pop()).collect();
        self.shared.mailbox.end(rest);
    }

    fn has_stopped(&self) -> bool {
        self.stop_at.is_some_and(|at| {
            self.runs.len() == 0 || self.runs.are_given_up() || Instant::now() >= at
        })
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.queue.is_empty() && self.singles.len() < CONCURRENT_LIMIT
    }

    /// Waits, and takes note of what ended or was written: before any deadline, which may have been met.
    fn wait(&mut self) {
        let now = Instant::now();
        let times = [self.timers.earliest(), self.starts.earliest(), self.stop_at];
        let timeout = match times.into_iter().flatten().min() {
            _ if self.has_work() => Some(Duration::ZERO),
            at => at.map(|at| at.saturating_duration_since(now)),
        };
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut buffer = [MaybeUninit::<Ready>::uninit(); READY_AT_ONCE];
        // Interrupted: what has come is found at the next wait.
        let ready = epoll::wait(&*self.runs.epoll, &mut buffer[..], timeout.as_ref());
        let Ok((ready, _)) = ready else { return };
        // Processes that have ended were started before.
        self.take_started();
        let now = Instant::now();
        for event in ready {
            match Source::of(event.data) {
                Source::Wake => self.shared.mailbox.clear_wake(),
                Source::Output(serial) => {
                    if self.runs.read_output(serial) {
                        self.timers
                            .set(Timer::Output(serial), now + READ_AGAIN_AFTER);
                    }
                }
                Source::Process(serial) => {
                    self.note_end(serial, now);
                }
            }
        }
    }

    /// Takes note of a run's end; whether it has ended.
    fn note_end(&mut self, serial: u64, now: Instant) -> bool {
        let Some((run, outcome)) = self.runs.collect(serial) else {
            return false;
        };
        self.timers.cancel(Timer::Run(serial));
        self.timers.cancel(Timer::Output(serial));
        self.finish(run, outcome, now);
        true
    }

    fn take_commands(&mut self) {
        while let Some(command) = self.shared.mailbox.next_command() {
            let now = Instant::now();
            match command {
                Command::Run { spec, asked } => self.accept(spec, asked, now),
                Command::End(id) => self.end_single(id, now),
                Command::Schedule(specs) => self.schedule(specs, now),
                Command::Status(reply) => {
                    let mut status = self.status.clone();
                    status.running = self.runs.len();
                    status.queued = self.queue.len();
                    status.jobs = self.jobs.len();
                    status.dropped = self.outbox.dropped();
                    // Whoever asked may have stopped waiting.
                    let _ = reply.try_send(status);
                }
                Command::Stop { deadline } => self.begin_stop(deadline, now),
            }
        }
    }

    fn accept(&mut self, spec: RunSpec, asked: Instant, now: Instant) {
        if self.stop_at.is_some() {
            self.tell_single(spec.id, Outcome::Aborted, now);
        } else if self.queue.len() >= QUEUE_LIMIT {
            let (step, errno) = (Step::Process, Errno::AGAIN);
            self.tell_single(spec.id, Outcome::NotStarted { step, errno }, now);
        } else {
            self.queue.push_back((spec, asked));
        }
    }

    fn end_single(&mut self, id: u32, now: Instant) {
        if let Some(&serial) = self.singles.get(&id) {
            self.begin_end(serial, now);
        } else if let Some(at) = self.queue.iter().position(|(spec, _)| spec.id == id) {
            self.queue.remove(at);
            self.tell_single(id, Outcome::Aborted, now);
        }
    }

    fn schedule(&mut self, specs: Vec<JobSpec>, now: Instant) {
        if self.stop_at.is_some() {
            return;
        }
        let changes = self.jobs.replace(specs, now);
        for (id, running) in changes.removed {
            self.starts.cancel(Timer::Job(id));
            if let Some(serial) = running {
                self.abandon(serial, now);
            }
        }
        for id in changes.added {
            self.starts.set(Timer::Job(id), now);
        }
    }

    /// Ends a run that nobody waits for any more.
    fn abandon(&mut self, serial: u64, now: Instant) {
        if let Some(run) = self.runs.at(serial) {
            run.owner = Owner::Nobody;
        }
        self.begin_end(serial, now);
    }

    fn begin_stop(&mut self, deadline: Instant, now: Instant) {
        self.schedule(Vec::new(), now);
        // A second request may shorten the time.
        self.stop_at = Some(self.stop_at.map_or(deadline, |former| former.min(deadline)));
        for (spec, _) in std::mem::take(&mut self.queue) {
            self.tell_single(spec.id, Outcome::Aborted, now);
        }
        for serial in self.runs.serials() {
            self.begin_end(serial, now);
        }
    }

    fn begin_end(&mut self, serial: u64, now: Instant) {
        if self.runs.at(serial).is_some_and(|run| run.pid().is_none()) {
            self.await_starts();
        }
        if let Some(run) = self.runs.at(serial)
            && let Some(action) = run.ending.begin(Cause::Request, now)
        {
            self.act(serial, action, now);
        }
    }

    fn keep_deadlines(&mut self) {
        let now = Instant::now();
        while let Some((_, timer)) = self.timers.take_due(now) {
            match timer {
                Timer::Run(serial) => self.advance(serial, now),
                Timer::Output(serial) => self.runs.resume_output(serial),
                Timer::Orphans => {
                    let runs = &self.runs;
                    self.status.orphans += self.orphans.look(|pid| runs.has_pid(pid));
                    self.timers.set(Timer::Orphans, now + LOOK_EVERY);
                }
                Timer::Lanes => {
                    if self.lanes.help(now) {
                        self.timers.set(Timer::Lanes, now + HELP_AFTER);
                    }
                }
                // Whatever waits is handed over below; starts have timers of their own.
                Timer::Flush | Timer::Job(_) => {}
            }
        }
    }

    fn advance(&mut self, serial: u64, now: Instant) {
        if self.runs.at(serial).is_some_and(|run| run.pid().is_none()) {
            // Its deadline counts from its start, of which there may be news.
            self.await_starts();
            if self.wait_for_start(serial, now) {
                return;
            }
        }
        let Some(run) = self.runs.at(serial) else {
            return;
        };
        let (due, was_running) = (run.ending.due(), run.ending.cause().is_none());
        // Its process may have ended unseen, where this one stood still as a whole while it was being started.
        if was_running && now >= due && self.note_end(serial, now) {
            return;
        }
        let Some(run) = self.runs.at(serial) else {
            return;
        };
        let Some(action) = run.ending.advance(now) else {
            self.timers.set(Timer::Run(serial), due);
            return;
        };
        if was_running {
            self.status
                .deadline_lateness
                .record(now.saturating_duration_since(due));
        }
        self.act(serial, action, now);
    }

    /// Signals a run, and tells what has become certain by that.
    fn act(&mut self, serial: u64, action: Action, now: Instant) {
        let Some(run) = self.runs.at(serial) else {
            return;
        };
        let (owner, pid, started) = (run.owner, run.pid(), run.started);
        self.timers.set(Timer::Run(serial), run.ending.due());
        match action {
            Action::Signal(signal) => {
                run.signal(signal);
                // A deadline is a failure, however the process takes it.
                if let Owner::Job(id) = owner
                    && run.ending.cause() == Some(Cause::Deadline)
                    && !std::mem::replace(&mut run.is_told, true)
                {
                    self.tell_job(id, Outcome::TimedOut, started, now);
                }
            }
            Action::GiveUp => {
                let errno = run.signal(Signal::KILL);
                let job = match owner {
                    Owner::Job(id) => Some(id),
                    Owner::Single(_) | Owner::Nobody => None,
                };
                if let Owner::Single(id) = owner {
                    self.give_up(serial, id, errno, now);
                }
                self.tell(Event::Lingers { pid, job, errno }, Duration::ZERO, now);
            }
        }
    }
}
