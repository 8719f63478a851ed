//! The thread: waits, goes on with what is ready, keeps times, begins what is due.

mod attempts;

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_mailbox::{Mailbox, Waiting};
use ka_sys::ping_groups::PingGroups;
use ka_sys::spawn::leave_signals_to_others;
use ka_sys::{SysError, schedule};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event as Ready, EventData, EventFlags};

use crate::attempt::BUFFER;
use crate::command::{Command, Definition};
use crate::outbox::Outbox;
use crate::outcome::ProbeResult;
use crate::places;
use crate::probe::Action;
use crate::slots::{Slots, State};
use crate::status::ProberStatus;
use crate::wheel::Wheel;

/// Sockets looked at before the next look at times.
const READY_AT_ONCE: usize = 128;
/// Times kept before the next look at sockets.
const TIMES_AT_ONCE: usize = 64;
/// Commands taken before the next look at either.
const COMMANDS_AT_ONCE: usize = 16;
/// Times are looked at no more often: those of a few milliseconds share one wake-up.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// Up to so much later in turn, so that the thread is in step with nothing else on this host: the kernel's tick, which counts processor
/// time, would always find it at work, or never.
const LOOK_SPREAD_US: u32 = 1024;
/// Results that wait are handed over at once when they are so many.
const HANDED_OVER_AT: usize = 1024;
/// The event of the mailbox, which no socket has.
const WAKE: u64 = u64::MAX;

/// The thread that probes.
#[derive(Debug)]
pub(crate) struct Thread {
    mailbox: Arc<Mailbox<Command, ProbeResult>>,
    epoll: OwnedFd,
    slots: Slots,
    wheel: Wheel,
    /// Places of probes that wait until fewer attempts are under way.
    queue: VecDeque<u32>,
    /// Attempts that may be under way.
    limit: usize,
    outbox: Outbox,
    /// When results are handed over.
    flush_at: Option<Instant>,
    status: ProberStatus,
    buffer: Box<[u8]>,
    serial: u32,
    /// Steps so far.
    looks: u32,
    ping_groups: Option<PingGroups>,
    /// The time of this step.
    now: Instant,
    has_commands: bool,
    must_stop: bool,
}

impl Thread {
    pub(crate) fn open(mailbox: Arc<Mailbox<Command, ProbeResult>>) -> Result<Self, SysError> {
        leave_signals_to_others()?;
        schedule::name_thread("ka-probes")?;
        let failed = |errno| SysError::new("open", "epoll", errno);
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(failed)?;
        // Each write is an event: it need not be read.
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &*mailbox, EventData::new_u64(WAKE), flags).map_err(failed)?;
        let now = Instant::now();
        Ok(Self {
            mailbox,
            epoll,
            slots: Slots::default(),
            wheel: Wheel::new(now),
            queue: VecDeque::new(),
            limit: places::limit(),
            outbox: Outbox::default(),
            flush_at: None,
            status: ProberStatus::default(),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            serial: 0,
            looks: 0,
            ping_groups: None,
            now,
            has_commands: false,
            must_stop: false,
        })
    }

    /// Runs until it is stopped. What is under way then is dropped.
    pub(crate) fn run(&mut self) {
        while !self.must_stop {
            self.wait();
            self.take_commands();
            self.keep_times();
            self.use_places();
            self.flush();
        }
        if let Some(groups) = self.ping_groups.take() {
            // Nobody could do anything about it.
            let _ = groups.restore();
        }
        self.slots = Slots::default();
        let rest = std::iter::from_fn(|| self.outbox.pop()).collect();
        self.mailbox.end(rest);
    }

    /// How long there is nothing to do.
    fn pause(&self) -> Option<Duration> {
        let can_begin = !self.queue.is_empty() && self.status.running < self.limit;
        if self.has_commands || can_begin || self.wheel.has_due() {
            return Some(Duration::ZERO);
        }
        // Steps of a size that is prime to the spread.
        let spread = self.looks.wrapping_mul(389) % LOOK_SPREAD_US;
        let soonest = self.now + LOOK_EVERY + Duration::from_micros(spread.into());
        let look = self.wheel.next().map(|at| at.max(soonest));
        let earliest = [look, self.flush_at].into_iter().flatten().min()?;
        Some(earliest.saturating_duration_since(Instant::now()))
    }

    /// Waits, and goes on with sockets that are ready: before any deadline, which they may have met.
    fn wait(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        let timeout = self.pause().map(|pause| Timespec {
            tv_sec: i64::try_from(pause.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: pause.subsec_nanos().into(),
        });
        let mut buffer = [MaybeUninit::<Ready>::uninit(); READY_AT_ONCE];
        // Interrupted: what has come is found at the next wait.
        let ready = epoll::wait(&self.epoll, &mut buffer[..], timeout.as_ref());
        self.now = Instant::now();
        let Ok((ready, _)) = ready else { return };
        for event in ready {
            let data = event.data.u64();
            // Commands are looked for in any case.
            if data != WAKE {
                self.go_on(data, event.flags);
            }
        }
    }

    fn take_commands(&mut self) {
        self.has_commands = true;
        for _ in 0..COMMANDS_AT_ONCE {
            let Some(command) = self.mailbox.next_command() else {
                self.has_commands = false;
                return;
            };
            match command {
                Command::Define(definitions) => {
                    for definition in definitions {
                        self.define(definition);
                    }
                }
                Command::Forget(ids) => {
                    for id in ids {
                        self.forget(id);
                    }
                }
                Command::Run(attempts) => {
                    for (id, due) in attempts {
                        self.ask(id, due);
                    }
                }
                Command::Status(reply) => {
                    let mut status = self.status.clone();
                    status.defined = self.slots.len();
                    status.dropped = self.outbox.dropped();
                    // Whoever asked may have stopped waiting.
                    let _ = reply.try_send(status);
                }
                Command::Stop => self.must_stop = true,
            }
        }
    }

    fn define(&mut self, definition: Definition) {
        self.forget(definition.probe.id);
        if matches!(definition.probe.action, Action::Ping) {
            self.open_ping_groups();
        }
        self.slots.add(definition);
    }

    /// Lets this process send echo requests. Where that fails, attempts say why.
    fn open_ping_groups(&mut self) {
        if let Ok(Some(groups)) = PingGroups::open() {
            // Whatever was found before: what somebody else has set since is what is put back.
            self.ping_groups = Some(groups);
        }
    }

    fn forget(&mut self, id: u32) {
        let Some((place, slot)) = self.slots.remove(id) else {
            return;
        };
        self.wheel.cancel(place);
        if let Some(position) = slot.told_at {
            self.outbox.withdraw(position);
        }
        match slot.state {
            State::Idle => {}
            State::Pending { .. } | State::Queued { .. } => self.status.pending -= 1,
            State::Running(_) => self.status.running -= 1,
        }
    }

    fn ask(&mut self, id: u32, due: Instant) {
        let Some(place) = self.slots.place_of(id) else {
            return;
        };
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        match slot.state {
            State::Running(_) => return,
            State::Queued { .. } => {}
            State::Pending { .. } => slot.state = State::Pending { due },
            State::Idle => {
                slot.state = State::Pending { due };
                self.status.pending += 1;
            }
        }
        if matches!(slot.state, State::Pending { .. }) {
            if due <= self.now {
                self.wheel.set_due(place);
            } else {
                self.wheel.set(place, due);
            }
        }
    }

    fn keep_times(&mut self) {
        self.wheel.advance(self.now);
        for _ in 0..TIMES_AT_ONCE {
            let Some(place) = self.wheel.take_due() else {
                return;
            };
            let Some(slot) = self.slots.at(place) else {
                continue;
            };
            match &mut slot.state {
                State::Pending { due } => {
                    let due = *due;
                    if self.status.running < self.limit {
                        self.begin(place, due);
                    } else {
                        slot.state = State::Queued { due };
                        self.queue.push_back(place);
                    }
                }
                State::Running(attempt) => {
                    let progress = attempt.advance(&slot.probe, &mut self.buffer, self.now);
                    self.take_progress(place, progress);
                }
                State::Idle | State::Queued { .. } => {}
            }
        }
    }

    /// Begins attempts that waited for a place.
    fn use_places(&mut self) {
        for _ in 0..TIMES_AT_ONCE {
            if self.status.running >= self.limit {
                return;
            }
            let Some(place) = self.queue.pop_front() else {
                return;
            };
            if let Some(slot) = self.slots.at(place)
                && let State::Queued { due } = slot.state
            {
                self.begin(place, due);
            }
        }
    }

    /// Hands over what waits, when its time has come.
    fn flush(&mut self) {
        let must_wait = self.flush_at.is_some_and(|at| at > self.now);
        if must_wait && self.outbox.len() < HANDED_OVER_AT {
            return;
        }
        // What there was no room for is tried again whenever the host has taken some.
        self.flush_at = None;
        self.mailbox.hand_over(&mut self.outbox);
    }
}
