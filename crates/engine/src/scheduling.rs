//! How the kernel schedules the engine thread, and what the thread changes of that by itself.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use ka_sys::schedule::{RealTime, Thread, set_affinity, set_nice, set_normal, set_round_robin};
use ka_sys::{Errno, SysError};

use crate::error::EngineError;
use crate::event::EventKind;
use crate::handle::{ANSWER_TIMEOUT, Engine, wait};
use crate::shared::Command;
use crate::thread::EngineThread;

/// Running this long without a pause ends real-time scheduling.
const RUNNING_LIMIT: Duration = Duration::from_secs(2);

/// How the kernel shall schedule the engine thread from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduling {
    /// SCHED_RR priority, where permitted; `None` = no real time.
    pub realtime_priority: Option<u8>,
    /// Nice value, which counts where there is no real time; that of the main thread when `None`.
    pub nice: Option<i8>,
    /// Processors that it may run on; those of the main thread when `None`.
    pub cpus: Option<Vec<u16>>,
    /// Processor time that the thread may take without a pause before it gives up real time.
    pub running_limit: Duration,
    /// When the thread raises its own real-time priority.
    pub raise: Option<Raise>,
    /// The memory of the process is locked: the thread makes its stack present.
    pub touch_stack: bool,
}

/// When and how far the thread raises its own real-time priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// By one, whenever a timer is served this late.
    pub after: Duration,
    /// Up to this.
    pub limit: u8,
}

impl Default for Scheduling {
    fn default() -> Self {
        Self {
            realtime_priority: Some(1),
            nice: None,
            cpus: None,
            running_limit: RUNNING_LIMIT,
            raise: None,
            touch_stack: false,
        }
    }
}

/// One of the things that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Real-time scheduling.
    RealtimePriority,
    /// The nice value.
    Nice,
    /// The processors.
    Cpus,
}

/// What the kernel did not grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulingRefusal {
    /// Which of the things that were asked for.
    pub setting: Setting,
    /// The error number.
    pub errno: Errno,
    /// What was attempted, and the kernel's reason.
    pub message: String,
}

impl SchedulingRefusal {
    fn new(setting: Setting, error: &SysError) -> Self {
        Self {
            setting,
            errno: error.errno().unwrap_or(Errno::IO),
            message: error.to_string(),
        }
    }
}

/// The thread's own view of how it is scheduled.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Its SCHED_RR priority now; 0 = none.
    priority: u8,
    running_limit: Duration,
    raise: Option<Raise>,
    /// Processor time since the last pause.
    ran: Duration,
    /// How late a timer was in this step.
    late: Duration,
}

impl Pace {
    /// Of a thread that has just been started, with the priority that it was granted.
    pub(crate) fn new(priority: Option<u8>) -> Self {
        Self {
            priority: priority.unwrap_or(0),
            running_limit: RUNNING_LIMIT,
            raise: None,
            ran: Duration::ZERO,
            late: Duration::ZERO,
        }
    }

    /// A timer was served this late.
    pub(crate) fn note_lateness(&mut self, late: Duration) {
        self.late = self.late.max(late);
    }

    /// The thread has let others run.
    pub(crate) fn pause(&mut self) {
        self.ran = Duration::ZERO;
    }
}

impl Engine {
    /// Has the kernel schedule the engine thread like this; what it refuses is as it was before.
    ///
    /// # Errors
    ///
    /// [`EngineError::Stopped`], [`EngineError::Busy`].
    pub fn schedule(&self, scheduling: Scheduling) -> Result<Vec<SchedulingRefusal>, EngineError> {
        let (reply, answer) = sync_channel(1);
        let scheduling = Box::new(scheduling);
        self.command(Command::Schedule { scheduling, reply })?;
        wait(&answer, ANSWER_TIMEOUT)
    }
}

impl EngineThread {
    /// Asks the kernel for `wanted`; what it refuses is as it was.
    pub(crate) fn schedule(&mut self, wanted: &Scheduling) -> Vec<SchedulingRefusal> {
        let mut refusals = Vec::new();
        if let Err(refusal) = self.set_priority(wanted.realtime_priority.unwrap_or(0)) {
            refusals.push(refusal);
        }
        if let Err(error) = set_nice(Thread::CALLING, wanted.nice) {
            refusals.push(SchedulingRefusal::new(Setting::Nice, &error));
        }
        if let Err(error) = set_affinity(Thread::CALLING, wanted.cpus.as_deref()) {
            refusals.push(SchedulingRefusal::new(Setting::Cpus, &error));
        }
        if wanted.touch_stack {
            ka_sys::memory::touch_stack();
        }
        self.pace.running_limit = wanted.running_limit;
        self.pace.raise = wanted.raise;
        refusals
    }

    /// Sets the real-time priority; 0 = none.
    fn set_priority(&mut self, priority: u8) -> Result<(), SchedulingRefusal> {
        let granted = match priority {
            0 if self.pace.priority == 0 => Ok(RealTime::Granted),
            0 => set_normal(Thread::CALLING).map(|()| RealTime::Granted),
            _ => set_round_robin(Thread::CALLING, priority),
        };
        match granted {
            Ok(RealTime::Granted) => {
                self.pace.priority = priority;
                self.status.realtime = priority > 0;
                Ok(())
            }
            Ok(RealTime::NotPermitted) => Err(SchedulingRefusal {
                setting: Setting::RealtimePriority,
                errno: Errno::PERM,
                message: format!("SCHED_RR priority {priority} is not permitted"),
            }),
            Err(error) => Err(SchedulingRefusal::new(Setting::RealtimePriority, &error)),
        }
    }

    /// Gives up real-time scheduling when the thread has run too long without a pause: `ran` more by now.
    pub(crate) fn watch_running_time(&mut self, ran: Duration) {
        self.pace.ran += ran;
        // It stays real-time when the kernel refuses; there is nothing else to do.
        if self.pace.priority > 0
            && self.pace.ran > self.pace.running_limit
            && self.set_priority(0).is_ok()
        {
            // It would be late by its own doing, and raise itself again.
            self.pace.raise = None;
            self.events.send(EventKind::Demoted);
        }
    }

    /// Raises the real-time priority where a timer of this step was late: by one, however many were.
    pub(crate) fn answer_lateness(&mut self) {
        let late = std::mem::take(&mut self.pace.late);
        let Some(raise) = self.pace.raise else {
            return;
        };
        if late < raise.after || self.pace.priority >= raise.limit {
            return;
        }
        let priority = self.pace.priority + 1;
        match self.set_priority(priority) {
            Ok(()) => self.events.send(EventKind::Raised { priority, late }),
            // It will not be permitted the next time either.
            Err(_) => self.pace.raise = None,
        }
    }
}
