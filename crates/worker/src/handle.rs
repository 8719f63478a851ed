//! The worker as its host sees it.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use ka_sys::{Errno, SysError};

use crate::command::{Command, JobSpec, RunSpec};
use crate::error::WorkerError;
use crate::event::Event;
use crate::shared::Shared;
use crate::status::WorkerStatus;
use crate::thread::Worker;

/// A thread that lives answers within its longest step.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// What the thread needs to notice that its time is up.
const END_LIMIT: Duration = Duration::from_secs(1);

/// How the worker runs its programs.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// Collect ended children that nobody here has started: for a process that is pid 1 or a child subreaper.
    pub reap_orphans: bool,
    /// The process's own where there is none.
    pub umask: Option<u32>,
    /// Working directory; the process's own where there is none.
    pub directory: Option<CString>,
}

/// The thread that runs programs. Dropping it ends the thread, and with it, by SIGTERM, what it started.
#[derive(Debug)]
pub struct ScriptWorker {
    shared: Arc<Shared>,
}

impl ScriptWorker {
    /// Starts the thread.
    ///
    /// `wake` is called from it when events wait, at most once until [`Self::drain`]; it must not block. The thread does
    /// everything inside `shield`, which must not return when that panics: nobody would collect the children.
    ///
    /// # Errors
    /// [`WorkerError::Start`].
    pub fn open(
        options: WorkerOptions,
        wake: impl Fn() + Send + Sync + 'static,
        shield: fn(&mut dyn FnMut()),
    ) -> Result<Self, WorkerError> {
        let failed = |errno| WorkerError::Start(SysError::new("open", "eventfd", errno));
        let shared = Arc::new(Shared::new(Box::new(wake)).map_err(failed)?);
        let of_thread = Arc::clone(&shared);
        // Children get their signal when the thread that started them ends: it opens what it needs itself.
        let (opened, answer) = sync_channel(1);
        let body = move || {
            let mut worker = None;
            shield(
                &mut || match Worker::open(&options, Arc::clone(&of_thread), shield) {
                    Ok(made) => {
                        worker = Some(made);
                        // The receiver waits below.
                        let _ = opened.send(Ok(()));
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                },
            );
            if let Some(mut worker) = worker {
                shield(&mut || worker.run());
            }
        };
        let refused = |error: std::io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            WorkerError::Start(SysError::new("start", "thread", errno))
        };
        let named = thread::Builder::new().name("ka-scripts".to_owned());
        named.spawn(body).map_err(refused)?;
        let outcome = answer.recv_timeout(ANSWER_LIMIT);
        outcome
            .map_err(|_| WorkerError::NoAnswer)?
            .map_err(WorkerError::Start)?;
        Ok(Self { shared })
    }

    /// Runs programs, each once, in this order as far as their number allows. An [`Event::Finished`] follows for each.
    ///
    /// # Errors
    /// [`WorkerError::Stopped`].
    pub fn run(&self, batch: Vec<RunSpec>) -> Result<(), WorkerError> {
        let asked = Instant::now();
        self.check_alive()?;
        for spec in batch {
            self.shared.mailbox.send(Command::Run { spec, asked });
        }
        Ok(())
    }

    /// Ends a run that was asked for; nothing where it is over.
    pub fn end(&self, id: u32) {
        self.shared.mailbox.send(Command::End(id));
    }

    /// Makes these the programs that are run periodically, all of them.
    ///
    /// # Errors
    /// [`WorkerError::Stopped`].
    pub fn schedule(&self, jobs: Vec<JobSpec>) -> Result<(), WorkerError> {
        self.check_alive()?;
        self.shared.mailbox.send(Command::Schedule(jobs));
        Ok(())
    }

    /// Takes the events that wait, oldest first, at most `limit`; never waits.
    #[must_use]
    pub fn drain(&self, limit: usize) -> Vec<Event> {
        self.shared.mailbox.take(limit)
    }

    /// How the worker fares.
    ///
    /// # Errors
    /// [`WorkerError::Stopped`], [`WorkerError::NoAnswer`].
    pub fn status(&self) -> Result<WorkerStatus, WorkerError> {
        self.check_alive()?;
        let (sender, receiver) = sync_channel(1);
        self.shared.mailbox.send(Command::Status(sender));
        receiver.recv_timeout(ANSWER_LIMIT).map_err(|_| {
            if self.shared.mailbox.has_ended() {
                WorkerError::Stopped
            } else {
                WorkerError::NoAnswer
            }
        })
    }

    /// Begins to end every program, and the thread when they have ended, or when `limit` has passed.
    pub fn request_stop(&self, limit: Duration) {
        self.shared.mailbox.send(Command::Stop {
            deadline: Instant::now() + limit,
        });
    }

    /// The same, and waits for it; events can be drained after that.
    ///
    /// # Errors
    /// [`WorkerError::NoAnswer`] when the thread does not end.
    pub fn stop(&self, limit: Duration) -> Result<(), WorkerError> {
        self.request_stop(limit);
        if self.shared.mailbox.wait_for_end(limit + END_LIMIT) {
            Ok(())
        } else {
            Err(WorkerError::NoAnswer)
        }
    }

    fn check_alive(&self) -> Result<(), WorkerError> {
        if self.shared.mailbox.has_ended() {
            Err(WorkerError::Stopped)
        } else {
            Ok(())
        }
    }
}

impl Drop for ScriptWorker {
    fn drop(&mut self) {
        self.request_stop(Duration::ZERO);
    }
}
