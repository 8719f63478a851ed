//! Threads that start programs, one after the other; nearly always there is one.
//!
//! A start lasts until the program runs: for ever where its file system does not answer. Then another thread starts the
//! others, and nothing else waits.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ka_sys::spawn::{Child, Request, Spawner, Step, leave_signals_to_others, output_pipe};
use ka_sys::{Errno, SysError};
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::output::Output;
use crate::program::Program;
use crate::runs::Source;
use crate::shared::Shared;

/// Without a start for this long, while some wait, another thread helps.
pub(crate) const HELP_AFTER: Duration = Duration::from_millis(250);
/// A file that is open for writing cannot be run; a process of ours that has yet to run its own program may have a copy of
/// the descriptor with which the file was written. That is over in no time.
const BUSY_PAUSES_MS: [u64; 5] = [1, 2, 4, 8, 16];
/// Threads at most: so many starts may hang before the others do.
const MAX_LANES: usize = 16;

/// What programs are started with, all of them.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) umask: Option<u32>,
    pub(crate) directory: Option<CString>,
    /// What watches them.
    pub(crate) epoll: Arc<OwnedFd>,
}

/// A program to start.
#[derive(Debug)]
struct Order {
    serial: u64,
    program: Arc<Program>,
}

/// A start that is over.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) serial: u64,
    /// When it was begun.
    pub(crate) began: Instant,
    /// When its program ran, or could not: a deadline counts from there, for before it this process may have stood still as a whole.
    pub(crate) ran: Instant,
    pub(crate) result: Result<Process, (Step, Errno)>,
    /// Told once of each start; `false` for what is told after it.
    pub(crate) is_over: bool,
}

/// A process that has been started. The worker's epoll watches it from then on.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) child: Arc<Child>,
    pub(crate) output: Option<Output>,
}

/// What of a process is to be watched.
struct Watched {
    child: Arc<Child>,
    output: Option<Arc<OwnedFd>>,
}

impl Process {
    fn watched(&self) -> Watched {
        Watched {
            child: Arc::clone(&self.child),
            output: self.output.as_ref().map(Output::shared_fd),
        }
    }
}

impl Watched {
    /// A process whose end would not be noticed is ended at once, and that is an error.
    fn watch(&self, serial: u64, epoll: &OwnedFd) -> Result<(), Errno> {
        let output = self.output.as_ref();
        let watched = output
            .map_or(Ok(()), |output| Source::Output(serial).watch(epoll, output))
            .and_then(|()| Source::Process(serial).watch(epoll, &self.child.pidfd));
        if watched.is_err() {
            // Nobody else collects it: there it is, and it is soon over.
            let _ = kill_process_group(self.child.pid, Signal::KILL);
            let _ = waitid(WaitId::Pid(self.child.pid), WaitIdOptions::EXITED);
        }
        watched
    }
}

/// The threads. They end with this value, each after its start.
#[derive(Debug)]
pub(crate) struct Lanes {
    orders: Sender<Order>,
    /// For all of them: one that hangs in a start does not hold it.
    waiting: Arc<Mutex<Receiver<Order>>>,
    surroundings: Arc<Surroundings>,
    shared: Arc<Shared>,
    shield: fn(&mut dyn FnMut()),
    count: usize,
    outstanding: usize,
    /// When a start was over, or the first of those that wait was ordered.
    progressed: Instant,
}

impl Lanes {
    /// Starts the first thread.
    pub(crate) fn open(
        surroundings: Surroundings,
        shared: Arc<Shared>,
        shield: fn(&mut dyn FnMut()),
    ) -> Result<Self, SysError> {
        let (orders, waiting) = channel();
        let mut lanes = Self {
            orders,
            waiting: Arc::new(Mutex::new(waiting)),
            surroundings: Arc::new(surroundings),
            shared,
            shield,
            count: 0,
            outstanding: 0,
            progressed: Instant::now(),
        };
        lanes.add()?;
        Ok(lanes)
    }

    fn add(&mut self) -> Result<(), SysError> {
        // Children get their signal when the thread that started them ends, which is this one: it ends with the worker.
        let mut spawner = Spawner::new()?;
        let (waiting, shared) = (Arc::clone(&self.waiting), Arc::clone(&self.shared));
        let (surroundings, shield) = (Arc::clone(&self.surroundings), self.shield);
        let body = move || {
            shield(&mut || {
                // It is only about who handles signals of the process.
                let _ = leave_signals_to_others();
                loop {
                    let order = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok(Order { serial, program }) = order else {
                        break;
                    };
                    let began = Instant::now();
                    let result = start(&mut spawner, &program, &surroundings);
                    let ran = Instant::now();
                    let watched = result.as_ref().ok().map(Process::watched);
                    shared.tell_started(Started {
                        serial,
                        began,
                        ran,
                        result,
                        is_over: true,
                    });
                    // Only now: the worker is woken when the process has ended, and is to know it then.
                    let watched = watched.map(|watched| watched.watch(serial, &surroundings.epoll));
                    if let Some(Err(errno)) = watched {
                        shared.tell_started(Started {
                            serial,
                            began,
                            ran,
                            result: Err((Step::Process, errno)),
                            is_over: false,
                        });
                    }
                }
            });
        };
        let refused = |error: std::io::Error| {
            SysError::new(
                "start",
                "thread",
                Errno::from_io_error(&error).unwrap_or(Errno::AGAIN),
            )
        };
        let named = thread::Builder::new().name(format!("ka-spawn-{}", self.count));
        named.spawn(body).map_err(refused)?;
        self.count += 1;
        Ok(())
    }

    /// Starts a program when those before it have been started; [`Shared::next_started`] tells.
    pub(crate) fn order(&mut self, serial: u64, program: Arc<Program>, now: Instant) {
        if self.outstanding == 0 {
            self.progressed = now;
        }
        self.outstanding += 1;
        // The receiver lives as long as this value.
        let _ = self.orders.send(Order { serial, program });
    }

    /// A start is over; whether none is left.
    pub(crate) fn note(&mut self, now: Instant) -> bool {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.progressed = now;
        self.outstanding == 0
    }

    /// Gets help where starts hang; whether to look again.
    pub(crate) fn help(&mut self, now: Instant) -> bool {
        let hangs = now.saturating_duration_since(self.progressed) >= HELP_AFTER;
        if self.outstanding > 0 && hangs && self.count < MAX_LANES && self.add().is_ok() {
            self.progressed = now;
        }
        self.outstanding > 0
    }
}

fn start(
    spawner: &mut Spawner,
    program: &Program,
    surroundings: &Surroundings,
) -> Result<Process, (Step, Errno)> {
    let pipe = if program.captures {
        let failed = |error: SysError| (Step::Streams, error.errno().unwrap_or(Errno::MFILE));
        Some(output_pipe().map_err(failed)?)
    } else {
        None
    };
    let files = program.files();
    let request = Request {
        candidates: &files,
        arguments: &program.arguments,
        environment: &program.environment,
        identity: program.identity.as_ref(),
        output: pipe.as_ref().map(|(_, writer)| writer),
        umask: surroundings.umask,
        directory: surroundings.directory.as_deref(),
    };
    let mut pauses = BUSY_PAUSES_MS.into_iter().map(Duration::from_millis);
    let child = loop {
        match spawner.spawn(&request) {
            Ok(child) => break child,
            Err(error) => match pauses.next() {
                Some(pause) if error.errno == Errno::TXTBSY => thread::sleep(pause),
                _ => return Err((error.step, error.errno)),
            },
        }
    };
    // The writing end goes here: it is the child's alone.
    let output = pipe.map(|(reader, _)| Output::new(reader));
    Ok(Process {
        child: Arc::new(child),
        output,
    })
}
