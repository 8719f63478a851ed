//! Processes that run.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::spawn::Child;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::ending::{Cause, Ending};
use crate::event::Outcome;
use crate::lanes::Process;
use crate::output::{Output, Progress};

/// Runs that were asked for once and go on at the same time.
pub const CONCURRENT_LIMIT: usize = 256;
/// Runs that wait for their turn. More are refused.
pub const QUEUE_LIMIT: usize = 4096;

/// Whom a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Somebody who asked for this run.
    Single(u32),
    /// A periodic script.
    Job(u32),
    /// Nobody any more: it is ended and collected.
    Nobody,
}

/// A process that runs, or whose end has not been noticed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) owner: Owner,
    pub(crate) ending: Ending,
    /// When it was to start.
    pub(crate) due: Instant,
    /// Counted from its start.
    pub(crate) timeout: Duration,
    pub(crate) started: Instant,
    /// Its deadline has come before its start.
    pub(crate) start_is_late: bool,
    /// What its owner is told has been told.
    pub(crate) is_told: bool,
    /// `None`: it is being started.
    child: Option<Arc<Child>>,
    output: Option<Output>,
    kept: Vec<u8>,
}

impl Run {
    pub(crate) fn pid(&self) -> Option<i32> {
        let child = self.child.as_ref()?;
        Some(child.pid.as_raw_nonzero().get())
    }

    /// Signals its process group; the reason where that is not permitted. A group that is gone needs no signal.
    pub(crate) fn signal(&self, signal: Signal) -> Option<Errno> {
        match kill_process_group(self.child.as_ref()?.pid, signal) {
            Ok(()) | Err(Errno::SRCH) => None,
            Err(errno) => Some(errno),
        }
    }

    /// How it ended, given how the process did.
    pub(crate) fn outcome(&self, of_process: Outcome) -> Outcome {
        match self.ending.cause() {
            None => of_process,
            Some(Cause::Deadline) => Outcome::TimedOut,
            Some(Cause::Request) => Outcome::Aborted,
        }
    }

    /// The first octets that it wrote.
    pub(crate) fn take_kept(&mut self) -> Vec<u8> {
        match self.output.take() {
            Some(output) => output.into_kept(),
            None => std::mem::take(&mut self.kept),
        }
    }
}

/// What a descriptor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Commands wait.
    Wake,
    /// The process of a run has ended.
    Process(u64),
    /// A run has written something.
    Output(u64),
}

impl Source {
    fn data(self) -> EventData {
        EventData::new_u64(match self {
            Self::Wake => 0,
            Self::Process(serial) => serial << 1,
            Self::Output(serial) => serial << 1 | 1,
        })
    }

    /// Has a descriptor watched for something to read.
    pub(crate) fn watch(self, epoll: &OwnedFd, fd: impl AsFd) -> Result<(), Errno> {
        epoll::add(epoll, fd, self.data(), EventFlags::IN)
    }

    pub(crate) fn of(data: EventData) -> Self {
        match data.u64() {
            0 => Self::Wake,
            data if data & 1 == 0 => Self::Process(data >> 1),
            data => Self::Output(data >> 1),
        }
    }
}

/// All processes of the worker.
#[derive(Debug)]
pub(crate) struct Runs {
    /// By a number that is never used again: an event may come late.
    runs: HashMap<u64, Run>,
    next: u64,
    pub(crate) epoll: Arc<OwnedFd>,
    buffer: Box<[u8; 16 * 1024]>,
}

impl Runs {
    pub(crate) fn new(epoll: Arc<OwnedFd>) -> Self {
        Self {
            runs: HashMap::new(),
            next: 1,
            epoll,
            buffer: Box::new([0; 16 * 1024]),
        }
    }

    /// Makes room for a run that has no process yet. `deadline` holds until it has one.
    pub(crate) fn reserve(
        &mut self,
        owner: Owner,
        due: Instant,
        timeout: Duration,
        deadline: Instant,
    ) -> u64 {
        let serial = self.next;
        self.next += 1;
        let run = Run {
            owner,
            ending: Ending::new(deadline),
            due,
            timeout,
            started: due,
            start_is_late: false,
            is_told: false,
            child: None,
            output: None,
            kept: Vec::new(),
        };
        self.runs.insert(serial, run);
        serial
    }

    /// The process of a run is there, and watched.
    pub(crate) fn arrive(&mut self, serial: u64, process: Process) {
        // It stays until its process has been collected.
        if let Some(run) = self.runs.get_mut(&serial) {
            run.child = Some(process.child);
            run.output = process.output;
        }
    }

    pub(crate) fn remove(&mut self, serial: u64) -> Option<Run> {
        self.runs.remove(&serial)
    }

    pub(crate) fn at(&mut self, serial: u64) -> Option<&mut Run> {
        self.runs.get_mut(&serial)
    }

    pub(crate) fn serials(&self) -> Vec<u64> {
        self.runs.keys().copied().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether all that is left has been given up.
    pub(crate) fn are_given_up(&self) -> bool {
        self.runs.values().all(|run| run.ending.is_given_up())
    }

    pub(crate) fn has_pid(&self, pid: i32) -> bool {
        self.runs.values().any(|run| run.pid() == Some(pid))
    }

    /// Takes a run whose process has ended, with how it ended.
    pub(crate) fn collect(&mut self, serial: u64) -> Option<(Run, Outcome)> {
        let run = self.runs.get_mut(&serial)?;
        let pid = run.child.as_ref()?.pid;
        if run.ending.cause().is_some() {
            // One that ended itself at SIGTERM may leave children behind. While it is not collected, the number of
            // its group is nobody else's.
            run.signal(Signal::KILL);
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let of_process = match waitid(WaitId::Pid(pid), options) {
            Ok(None) => return None,
            Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Outcome::Exited(code),
                (None, Some(signal)) => Outcome::Signalled(signal),
                (None, None) => Outcome::Unknown,
            },
            Err(_) => Outcome::Unknown,
        };
        let mut run = self.runs.remove(&serial)?;
        // To close them is not enough: a process that has yet to run its program has copies of them.
        if let Some(child) = &run.child {
            let _ = epoll::delete(&self.epoll, &child.pidfd);
        }
        if let Some(output) = run.output.as_mut() {
            // It is not there while it rests.
            let _ = epoll::delete(&self.epoll, output.fd());
            output.read(&mut self.buffer[..]);
        }
        let outcome = run.outcome(of_process);
        Some((run, outcome))
    }

    /// Reads what a run has written; `true` when it is to be read again a moment later.
    pub(crate) fn read_output(&mut self, serial: u64) -> bool {
        let Some(run) = self.runs.get_mut(&serial) else {
            return false;
        };
        let Some(output) = run.output.as_mut() else {
            return false;
        };
        let progress = output.read(&mut self.buffer[..]);
        if progress != Progress::Empty {
            // It is in the set as long as it is read from there.
            let _ = epoll::delete(&self.epoll, output.fd());
        }
        if progress == Progress::Ended {
            run.kept = run.take_kept();
        }
        progress == Progress::Flooded
    }

    /// Reads a run's output again.
    pub(crate) fn resume_output(&mut self, serial: u64) {
        let output = self.runs.get(&serial).and_then(|run| run.output.as_ref());
        if let Some(output) = output {
            // Without memory for it, the script is held up once the pipe is full, until its deadline.
            let _ = Source::Output(serial).watch(&self.epoll, output.fd());
        }
    }
}
