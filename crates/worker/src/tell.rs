//! What the thread tells its host.

use std::time::{Duration, Instant};

use ka_sys::Errno;

use crate::ending::Cause;
use crate::event::{Event, Outcome};
use crate::runs::{Owner, Run};
use crate::thread::Worker;
use crate::timers::Timer;

impl Worker {
    /// Whoever asked for a run does not wait for it any longer.
    pub(crate) fn give_up(&mut self, serial: u64, id: u32, errno: Option<Errno>, now: Instant) {
        let Some(run) = self.runs.at(serial) else {
            return;
        };
        run.owner = Owner::Nobody;
        let outcome = match run.ending.cause() {
            Some(Cause::Deadline) => Outcome::TimedOut,
            Some(Cause::Request) | None => Outcome::Aborted,
        };
        let event = Event::Finished {
            id,
            outcome,
            remains: Some(errno),
            output: run.take_kept(),
            started: run.started,
            ended: now,
        };
        self.singles.remove(&id);
        self.tell(event, Duration::ZERO, now);
    }

    /// At the end of the thread: those who still wait are told.
    pub(crate) fn give_up_all(&mut self) {
        let now = Instant::now();
        for (id, serial) in std::mem::take(&mut self.singles) {
            self.give_up(serial, id, None, now);
        }
    }

    pub(crate) fn finish(&mut self, mut run: Run, outcome: Outcome, now: Instant) {
        match run.owner {
            Owner::Nobody => {}
            Owner::Single(id) => {
                self.singles.remove(&id);
                let event = Event::Finished {
                    id,
                    outcome,
                    remains: None,
                    output: run.take_kept(),
                    started: run.started,
                    ended: now,
                };
                self.tell(event, Duration::ZERO, now);
            }
            Owner::Job(id) => {
                if let Some(job) = self.jobs.at(id) {
                    job.running = None;
                }
                if !run.is_told {
                    self.tell_job(id, outcome, run.started, now);
                }
            }
        }
    }

    /// A run that has no process.
    pub(crate) fn tell_single(&mut self, id: u32, outcome: Outcome, now: Instant) {
        let event = Event::Finished {
            id,
            outcome,
            remains: None,
            output: Vec::new(),
            started: now,
            ended: now,
        };
        self.tell(event, Duration::ZERO, now);
    }

    pub(crate) fn tell_job(&mut self, id: u32, outcome: Outcome, started: Instant, now: Instant) {
        let Some(job) = self.jobs.at(id) else { return };
        let wait = job.note(outcome);
        let event = Event::Scheduled {
            id,
            generation: job.spec.generation,
            outcome,
            started,
            ended: now,
            dropped: 0,
            skipped: job.take_skipped(),
        };
        self.tell(event, wait, now);
    }

    /// Tells an event after those before it, `wait` from now at the latest.
    pub(crate) fn tell(&mut self, event: Event, wait: Duration, now: Instant) {
        self.outbox.push(event);
        self.timers.set_earlier(Timer::Flush, now + wait);
    }

    /// Hands over what waits, when its time has come.
    pub(crate) fn flush(&mut self) {
        if self.timers.is_pending(Timer::Flush, Instant::now()) && self.stop_at.is_none() {
            return;
        }
        self.timers.cancel(Timer::Flush);
        self.shared.mailbox.hand_over(&mut self.outbox);
    }
}
