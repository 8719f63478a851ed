//! The prober as its host sees it.

use std::collections::HashMap;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ka_mailbox::Mailbox;
use ka_sys::{Errno, SysError};

use crate::command::{Command, Definition};
use crate::error::ProbeError;
use crate::outcome::ProbeResult;
use crate::probe::Probe;
use crate::status::ProberStatus;
use crate::thread::Thread;

/// A thread that lives answers within its longest step.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// What the thread needs to notice that its time is up.
const END_LIMIT: Duration = Duration::from_secs(1);
/// Probes, or attempts, that one command has.
const AT_ONCE: usize = 512;

/// Which of the probes that had a number is the present one.
#[derive(Debug, Default)]
struct Generations {
    /// That of the last definition.
    last: u64,
    present: HashMap<u32, u64>,
}

/// The thread that probes servers. Dropping it ends the thread.
#[derive(Debug)]
pub struct Prober {
    mailbox: Arc<Mailbox<Command, ProbeResult>>,
    generations: Mutex<Generations>,
}

impl Prober {
    /// Starts the thread.
    ///
    /// `wake` is called from it when results wait, at most once until [`Self::drain`]; it must not block. The thread does everything
    /// inside `shield`, which must not return when that panics.
    ///
    /// # Errors
    /// [`ProbeError::Start`].
    pub fn open(
        wake: impl Fn() + Send + Sync + 'static,
        shield: fn(&mut dyn FnMut()),
    ) -> Result<Self, ProbeError> {
        let failed = |errno| ProbeError::Start(SysError::new("open", "eventfd", errno));
        let mailbox = Arc::new(Mailbox::new(Box::new(wake)).map_err(failed)?);
        let of_thread = Arc::clone(&mailbox);
        let (opened, answer) = sync_channel(1);
        let body = move || {
            shield(&mut || match Thread::open(Arc::clone(&of_thread)) {
                Ok(mut thread) => {
                    // The receiver waits below.
                    let _ = opened.send(Ok(()));
                    thread.run();
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            });
        };
        let refused = |error: std::io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            ProbeError::Start(SysError::new("start", "thread", errno))
        };
        let named = thread::Builder::new().name("ka-probes".to_owned());
        named.spawn(body).map_err(refused)?;
        let outcome = answer.recv_timeout(ANSWER_LIMIT);
        outcome
            .map_err(|_| ProbeError::NoAnswer)?
            .map_err(ProbeError::Start)?;
        Ok(Self {
            mailbox,
            generations: Mutex::default(),
        })
    }

    /// Adds probes. One that has the number of another takes its place: an attempt of that one is dropped, and no result of it is told
    /// any more.
    ///
    /// # Errors
    /// [`ProbeError::Stopped`].
    pub fn define(&self, probes: Vec<Probe>) -> Result<(), ProbeError> {
        self.check_alive()?;
        let mut generations = self.generations();
        let mut definitions = Vec::with_capacity(probes.len());
        for probe in probes {
            generations.last += 1;
            let generation = generations.last;
            generations.present.insert(probe.id, generation);
            definitions.push(Definition { generation, probe });
        }
        // Under the lock: commands are in the order of the generations.
        self.send_in_parts(definitions, Command::Define);
        Ok(())
    }

    /// Removes probes, with their attempts: no result of them is told any more. Nothing for numbers that no probe has.
    pub fn forget(&self, ids: Vec<u32>) {
        let mut generations = self.generations();
        for id in &ids {
            generations.present.remove(id);
        }
        self.send_in_parts(ids, Command::Forget);
    }

    /// Attempts probes, each once, so long from now. One that waits for its attempt gets the new time; one whose attempt is under way
    /// is left alone, and so is a number that no probe has.
    ///
    /// # Errors
    /// [`ProbeError::Stopped`].
    pub fn run(&self, attempts: &[(u32, Duration)]) -> Result<(), ProbeError> {
        self.check_alive()?;
        let now = Instant::now();
        let attempts = attempts.iter().map(|&(id, delay)| (id, now + delay));
        self.send_in_parts(attempts.collect(), Command::Run);
        Ok(())
    }

    /// In several commands where it is much: the thread looks at other things between them.
    fn send_in_parts<T>(&self, mut all: Vec<T>, command: fn(Vec<T>) -> Command) {
        while all.len() > AT_ONCE {
            let rest = all.split_off(AT_ONCE);
            self.mailbox
                .send(command(std::mem::replace(&mut all, rest)));
        }
        if !all.is_empty() {
            self.mailbox.send(command(all));
        }
    }

    /// Takes the results that wait, oldest first, at most `limit`; never waits.
    #[must_use]
    pub fn drain(&self, limit: usize) -> Vec<ProbeResult> {
        loop {
            let mut taken = self.mailbox.take(limit);
            let was_full = taken.len() == limit && limit > 0;
            let generations = self.generations();
            taken.retain(|result| generations.present.get(&result.id) == Some(&result.generation));
            // An empty one says that there are none.
            if !taken.is_empty() || !was_full {
                return taken;
            }
        }
    }

    /// How the prober fares.
    ///
    /// # Errors
    /// [`ProbeError::Stopped`], [`ProbeError::NoAnswer`].
    pub fn status(&self) -> Result<ProberStatus, ProbeError> {
        self.check_alive()?;
        let (sender, receiver) = sync_channel(1);
        self.mailbox.send(Command::Status(sender));
        receiver.recv_timeout(ANSWER_LIMIT).map_err(|_| {
            if self.mailbox.has_ended() {
                ProbeError::Stopped
            } else {
                ProbeError::NoAnswer
            }
        })
    }

    /// Begins to end the thread. What is under way is dropped.
    pub fn request_stop(&self) {
        self.mailbox.send(Command::Stop);
    }

    /// The same, and waits for it; results can be drained after that.
    ///
    /// # Errors
    /// [`ProbeError::NoAnswer`] when the thread does not end.
    pub fn stop(&self, limit: Duration) -> Result<(), ProbeError> {
        self.request_stop();
        if self.mailbox.wait_for_end(limit.max(END_LIMIT)) {
            Ok(())
        } else {
            Err(ProbeError::NoAnswer)
        }
    }

    /// The same, for a host that ends: whether the thread ended within `limit`.
    pub fn stop_now(&self, limit: Duration) -> bool {
        self.request_stop();
        self.mailbox.wait_for_end(limit)
    }

    fn check_alive(&self) -> Result<(), ProbeError> {
        if self.mailbox.has_ended() {
            Err(ProbeError::Stopped)
        } else {
            Ok(())
        }
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.request_stop();
    }
}
