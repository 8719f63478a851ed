//! The thread: takes what it is asked for, brings the kernel there in batches, and looks whether it stays so.

mod apply;
mod leave;
mod look;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use ka_netlink::ChangeError;
use ka_netlink::ipvs::{IpvsChange, IpvsSocket, MAX_BATCH};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::audit::Audit;
use crate::config::FlushOnStop;
use crate::daemons::{self, Daemons};
use crate::event::{Event, Refused, Repaired};
use crate::kernel::Kernel;
use crate::runtime::Runtime;
use crate::shared::{Command, Shared};
use crate::table::{Step, Table};
use crate::timeouts::TimeoutState;
use apply::PendingApply;
use look::Look;

/// Commands taken before the next batch.
const COMMANDS_AT_ONCE: usize = 1024;

pub(crate) struct IpvsThread {
    shared: Arc<Shared>,
    kernel: Kernel,
    table: Table,
    timeouts: TimeoutState,
    daemons: Daemons,
    audit: Audit,
    /// The lock and the record; gone at the end.
    runtime: Option<Runtime>,
    release_on_stop: bool,
    flush_on_stop: FlushOnStop,
    has_applied: bool,
    /// Of batches of changes that are not carried out: the command, and the number that the host knows.
    numbers: VecDeque<(u64, u64)>,
    applies: VecDeque<PendingApply>,
    /// Looks that others asked for.
    looks: VecDeque<Look>,
    has_news: bool,
}

impl IpvsThread {
    pub(crate) fn new(
        shared: Arc<Shared>,
        socket: IpvsSocket,
        runtime: Runtime,
        release_on_stop: bool,
    ) -> Self {
        Self {
            shared,
            kernel: Kernel::new(socket),
            table: Table::default(),
            timeouts: TimeoutState::default(),
            daemons: Daemons::default(),
            audit: Audit::new(Instant::now()),
            runtime: Some(runtime),
            release_on_stop,
            flush_on_stop: FlushOnStop::Off,
            has_applied: false,
            numbers: VecDeque::new(),
            applies: VecDeque::new(),
            looks: VecDeque::new(),
            has_news: false,
        }
    }

    /// Runs until asked to stop, and leaves.
    pub(crate) fn run(&mut self) {
        // Signals of the process are nobody's business here; without that they are only handled later.
        let _ = ka_sys::spawn::leave_signals_to_others();
        while !self.shared.is_stop_requested() {
            self.take_commands();
            let now = Instant::now();
            self.table.retry(now);
            let mut works = self.settle(now);
            works |= self.settle_timeouts(now);
            works |= self.settle_daemons(now);
            self.answer();
            works |= self.continue_look();
            if !works {
                works = self.continue_audit(now);
            }
            if std::mem::take(&mut self.has_news) {
                self.shared.tell_host();
            }
            if !works {
                self.wait();
            }
        }
        let left = self.leave();
        // Another process may have them before the end is told.
        self.runtime = None;
        self.applies.clear();
        self.looks.clear();
        self.shared.end(left);
    }

    fn take_commands(&mut self) {
        for _ in 0..COMMANDS_AT_ONCE {
            match self.shared.next_command() {
                None => return,
                Some(Command::Apply { config, reply }) => self.begin_apply(*config, reply),
                Some(Command::Reserve { config, reply }) => {
                    // Who asked may have gone.
                    let _ = reply.try_send(self.reserve(&config).map(|_| ()));
                }
                Some(Command::Change { batch, number }) => {
                    self.table.take(batch);
                    self.numbers.push_back((self.table.ticket(), number));
                }
                Some(Command::Snapshot(reply)) => self.looks.push_back(Look::new(reply)),
                Some(Command::Connections { service, reply }) => {
                    // Who asked may have gone.
                    let _ = reply.try_send(self.connections(service));
                }
            }
        }
    }

    /// Does a batch of what has to be done; whether there was any.
    fn settle(&mut self, now: Instant) -> bool {
        if self.table.has_doubts() {
            self.resolve_doubts();
            return true;
        }
        let mut steps: Vec<Step> = Vec::with_capacity(MAX_BATCH);
        self.table.plan(MAX_BATCH, now, &mut steps);
        let changes = steps.iter().filter_map(|step| self.table.change(step));
        let changes: Vec<IpvsChange> = changes.collect();
        debug_assert_eq!(changes.len(), steps.len(), "what is planned has a content");
        let results = self.kernel.ask(&changes);
        for ((step, change), result) in steps.iter().zip(&changes).zip(&results) {
            if let Some(refused) = self.table.outcome(step, change, result, now) {
                self.tell_refused(refused);
            }
        }
        self.table.end_batch(now);
        !steps.is_empty()
    }

    fn settle_timeouts(&mut self, now: Instant) -> bool {
        let Some(change) = self.timeouts.change() else {
            return false;
        };
        if self.timeouts.attempts.waits(now) {
            return false;
        }
        match self.kernel.ask_one(change) {
            Ok(()) => self.timeouts.done(),
            Err(error) => {
                if let Some(refused) = self.timeouts.attempts.refused(&change, &error, now) {
                    self.tell_refused(refused);
                }
            }
        }
        true
    }

    fn settle_daemons(&mut self, now: Instant) -> bool {
        let mut works = false;
        while let Some(change) = self.daemons.next(&self.shared.roles, now) {
            works = true;
            let mut result = self.kernel.ask_one(change);
            // The kernel says nothing of the end of one that has not run yet.
            if result == Err(ChangeError::Unacknowledged)
                && let Ok(found) = self.kernel.daemons()
                && daemons::is_done(&change, &found)
            {
                result = Ok(());
            }
            if let Some(refused) = self.daemons.outcome(&change, &result, now) {
                self.tell_refused(refused);
            }
        }
        works
    }

    /// Says what is carried out.
    fn answer(&mut self) {
        let settled = self.table.settled();
        while let Some(&(ticket, number)) = self.numbers.front()
            && ticket <= settled
        {
            self.numbers.pop_front();
            self.tell(Event::Applied { number });
        }
        while self.applies.front().is_some_and(|it| it.ticket <= settled)
            && let Some(apply) = self.applies.pop_front()
        {
            self.end_apply(apply);
        }
    }

    fn tell(&mut self, event: Event) {
        self.shared.tell(event);
        self.has_news = true;
    }

    fn tell_refused(&mut self, refused: Refused) {
        self.tell(Event::Refused(refused));
    }

    fn tell_repaired(&mut self, repaired: Repaired) {
        self.kernel.status.repairs += 1;
        self.tell(Event::Repaired(repaired));
    }

    /// Waits for something to do.
    fn wait(&self) {
        if self.shared.has_commands() || self.shared.is_stop_requested() {
            return;
        }
        let now = Instant::now();
        let audit = self.has_applied.then(|| self.audit.next_at());
        let timeouts = self.timeouts.attempts.retry_at();
        let timeouts = timeouts.filter(|_| self.timeouts.change().is_some());
        let daemons = self.daemons.next_retry(now);
        let times = [self.table.next_retry(), audit, timeouts, daemons];
        let limit = times
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.saturating_duration_since(now));
        let limit = limit.map(|limit| Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: limit.subsec_nanos().into(),
        });
        let mut wake = [PollFd::new(&self.shared.wake, PollFlags::IN)];
        // However it ends, the next round looks at everything.
        let _ = poll(&mut wake, limit.as_ref());
        let _ = rustix::io::read(&self.shared.wake, &mut [0; 8]);
    }
}
