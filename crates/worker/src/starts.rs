//! How the thread has programs started.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::spawn::Step;
use rustix::process::Signal;

use crate::command::RunSpec;
use crate::event::Outcome;
use crate::lanes::{HELP_AFTER, Started};
use crate::program::Program;
use crate::runs::Owner;
use crate::thread::Worker;
use crate::timers::Timer;

/// A program that has not been started by its deadline counts as late after this long: the deadline is counted from its start, and
/// others may be started before it.
const START_GRACE: Duration = Duration::from_secs(1);

/// A program that can never be started: one of its words holds a NUL.
const REFUSED: Outcome = Outcome::NotStarted {
    step: Step::Program,
    errno: Errno::INVAL,
};

impl Worker {
    /// Has everything started that is due.
    pub(crate) fn start_due(&mut self) {
        let now = Instant::now();
        while let Some((at, Timer::Job(id))) = self.starts.take_due(now) {
            self.start_job(id, at, now);
        }
        while self.has_work()
            && let Some((spec, asked)) = self.queue.pop_front()
        {
            self.start_single(spec, asked, now);
        }
    }

    fn start_job(&mut self, id: u32, due: Instant, now: Instant) {
        let Some(job) = self.jobs.at(id) else { return };
        self.starts.set(Timer::Job(id), job.pass_due(now));
        if job.running.is_some() {
            job.skip();
            self.status.skipped += 1;
            return;
        }
        let Some(program) = job.spec.program.as_ref().map(Arc::clone) else {
            self.tell_job(id, REFUSED, now, now);
            return;
        };
        let timeout = job.spec.timeout;
        let serial = self.order(Owner::Job(id), due, timeout, program, now);
        if let Some(job) = self.jobs.at(id) {
            job.running = Some(serial);
        }
    }

    fn start_single(&mut self, spec: RunSpec, asked: Instant, now: Instant) {
        let RunSpec {
            id,
            program,
            timeout,
        } = spec;
        let Some(program) = program else {
            self.tell_single(id, REFUSED, now);
            return;
        };
        let serial = self.order(Owner::Single(id), asked, timeout, program, now);
        self.singles.insert(id, serial);
    }

    /// The number of the run.
    fn order(
        &mut self,
        owner: Owner,
        due: Instant,
        timeout: Duration,
        program: Arc<Program>,
        now: Instant,
    ) -> u64 {
        // At the earliest: it counts from the start.
        let deadline = now + timeout;
        let serial = self.runs.reserve(owner, due, timeout, deadline);
        self.timers.set(Timer::Run(serial), deadline);
        self.lanes.order(serial, program, now);
        self.timers.set_earlier(Timer::Lanes, now + HELP_AFTER);
        serial
    }

    /// Has the thread woken when a start is over: it is to be ended then.
    pub(crate) fn await_starts(&mut self) {
        self.shared.awaits_starts.store(true, Ordering::SeqCst);
        // Those before that woke nobody.
        self.take_started();
    }

    /// Gives a run whose deadline has come before its start the time that a start may be late: once, and counted from now, so that it
    /// has it also where this process stood still as a whole. Whether it did.
    pub(crate) fn wait_for_start(&mut self, serial: u64, now: Instant) -> bool {
        let Some(run) = self.runs.at(serial) else {
            return false;
        };
        let is_waited_for = run.pid().is_none() && run.ending.cause().is_none();
        if !is_waited_for || std::mem::replace(&mut run.start_is_late, true) {
            return false;
        }
        run.ending.set_deadline(now + START_GRACE);
        self.timers.set(Timer::Run(serial), run.ending.due());
        true
    }

    /// Takes note of the starts that are over.
    pub(crate) fn take_started(&mut self) {
        while let Some(started) = self.shared.next_started() {
            let now = Instant::now();
            if started.is_over && self.lanes.note(now) {
                self.shared.awaits_starts.store(false, Ordering::SeqCst);
            }
            self.take_one_started(started, now);
        }
    }

    fn take_one_started(&mut self, started: Started, now: Instant) {
        let Started {
            serial,
            began,
            ran,
            result,
            ..
        } = started;
        match result {
            Ok(process) => self.runs.arrive(serial, process),
            Err((step, errno)) => {
                self.timers.cancel(Timer::Run(serial));
                if let Some(mut run) = self.runs.remove(serial) {
                    run.started = began;
                    let outcome = run.outcome(Outcome::NotStarted { step, errno });
                    self.finish(run, outcome, now);
                }
                return;
            }
        }
        let Some(run) = self.runs.at(serial) else {
            return;
        };
        run.started = began;
        self.status
            .count_start(began.saturating_duration_since(run.due));
        if run.ending.cause().is_some() {
            // It was to end before it began.
            run.signal(Signal::KILL);
        } else {
            let deadline = ran + run.timeout;
            run.ending.set_deadline(deadline);
            self.timers.set(Timer::Run(serial), deadline);
        }
    }
}
