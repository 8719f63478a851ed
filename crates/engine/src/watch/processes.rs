//! The thread that counts processes: once through /proc, and from then on by what the kernel tells of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_sys::netlink::Received;
use ka_sys::process_events::{self, ProcessEvent, ProcessEventSocket};
use ka_sys::{Errno, errno_text};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;

use super::process_counts::{ProcessCounts, ProcessSpec};
use super::process_info::{self, ProcessInfo};
use super::{Preparation, Surroundings};
use crate::config::{ProcessEvents, TrackerKind};
use crate::event::Problem;
use crate::trackers::TrackerResult;

/// The kernel confirms at once that it tells of processes, or never.
const CONFIRMATION: Duration = Duration::from_secs(1);
/// Where events were lost, processes are counted anew after this: not for each that is lost.
const COUNT_AGAIN: Duration = Duration::from_millis(250);
/// Events between two looks at what else there is to do.
const EVENTS: usize = 1024;

/// Processes to look for, and how.
pub(super) struct Wanted {
    pub(super) specs: Vec<ProcessSpec>,
    pub(super) events: ProcessEvents,
}

/// Counts processes until the engine ends; `given` is a socket made where the kernel tells of them.
pub(super) fn watch(surroundings: Surroundings<Wanted>, given: Option<Arc<OwnedFd>>) {
    Processes {
        surroundings,
        given,
        socket: None,
        settings: ProcessEvents::default(),
        confirmed_by: None,
        count_at: None,
        active: ProcessCounts::default(),
        pending: None,
        told_full: false,
    }
    .run();
}

/// Processes of a configuration that the engine thread has yet to take up.
struct Pending {
    epoch: u64,
    counts: ProcessCounts,
}

struct Processes {
    surroundings: Surroundings<Wanted>,
    given: Option<Arc<OwnedFd>>,
    socket: Option<ProcessEventSocket>,
    settings: ProcessEvents,
    /// Until then the kernel has to say that it tells of processes.
    confirmed_by: Option<Instant>,
    /// When processes are to be counted anew.
    count_at: Option<Instant>,
    /// Those of the configuration in effect.
    active: ProcessCounts,
    pending: Option<Pending>,
    told_full: bool,
}

impl Processes {
    fn run(&mut self) {
        loop {
            self.wait();
            self.surroundings.awake();
            if self.surroundings.has_ended() {
                return;
            }
            while let Ok(preparation) = self.surroundings.requests.try_recv() {
                self.prepare(preparation);
            }
            self.commit();
            self.read_events();
            let now = Instant::now();
            if self.count_at.is_some_and(|at| at <= now) {
                self.count_at = None;
                self.count_anew();
            }
            if self.confirmed_by.is_some_and(|at| at <= now) {
                self.confirmed_by = None;
                self.tell_unheard(
                    "the kernel does not confirm it: this is not its first PID namespace",
                );
            }
            self.turn(now);
        }
    }

    fn wait(&self) {
        let turns = [
            self.active.next_turn(),
            self.pending
                .as_ref()
                .and_then(|pending| pending.counts.next_turn()),
            self.count_at,
            self.confirmed_by,
        ];
        let timeout = turns.into_iter().flatten().min().map(|at| {
            let left = at.saturating_duration_since(Instant::now());
            Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            }
        });
        let wake = PollFd::new(&self.surroundings.wake, PollFlags::IN);
        // Interrupted: everything is looked at, and waited for again.
        let _ = match &self.socket {
            Some(socket) => poll(
                &mut [wake, PollFd::new(socket, PollFlags::IN)],
                timeout.as_ref(),
            ),
            None => poll(&mut [wake], timeout.as_ref()),
        };
    }

    fn prepare(&mut self, preparation: Preparation<Wanted>) {
        let Preparation {
            epoch,
            wanted: Wanted { specs, events },
            reply,
        } = preparation;
        let mut counts = ProcessCounts::new(specs);
        if counts.is_empty() {
            self.socket = None;
            self.confirmed_by = None;
        } else {
            // First, so that nothing falls between.
            self.listen();
            self.set_buffer(events);
            scan(&mut counts, &mut Vec::new());
            counts.settle();
        }
        let known = counts.states(0..counts.len());
        let known = known.map(|(name, state)| (name.id, state)).collect();
        // Who asked may have given up.
        let _ = reply.try_send(known);
        self.pending = Some(Pending { epoch, counts });
    }

    fn listen(&mut self) {
        if self.socket.is_some() {
            return;
        }
        let socket = match &self.given {
            Some(given) => Ok(Arc::clone(given)),
            None => process_events::open().map(Arc::new),
        };
        match socket.and_then(ProcessEventSocket::listen) {
            Ok(socket) => {
                self.socket = Some(socket);
                self.settings = ProcessEvents::default();
                self.confirmed_by = Some(Instant::now() + CONFIRMATION);
            }
            Err(error) => {
                let errno = error.errno().unwrap_or(Errno::IO);
                self.refused(errno);
            }
        }
    }

    /// keepalived's sentence, and what comes of it.
    fn refused(&mut self, errno: Errno) {
        self.socket = None;
        let (number, text) = (errno.raw_os_error(), errno_text(errno));
        self.tell_unheard(&format!(
            "Failed to set process event listen - errno {number} - {text}"
        ));
    }

    fn tell_unheard(&mut self, reason: &str) {
        let message = format!(
            "{reason}: tracked processes are counted at the start and at a reload only. The kernel tells of them in its \
             first network namespace, to a daemon that `net_namespace` takes into another one too"
        );
        self.tell(message);
    }

    fn tell(&self, message: String) {
        let problem = Problem {
            tracker: Arc::from(""),
            kind: TrackerKind::Process,
            message,
        };
        self.surroundings.tell(&[], [problem]);
    }

    fn set_buffer(&mut self, settings: ProcessEvents) {
        let Some(socket) = &self.socket else {
            return;
        };
        if settings == self.settings || settings.receive_buffer == 0 {
            return;
        }
        match socket.set_receive_buffer(settings.receive_buffer, settings.force) {
            Ok(()) => self.settings = settings,
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// Takes up what the engine thread has taken up, and tells all that is known of it.
    fn commit(&mut self) {
        let has_applied = |pending: &mut Pending| self.surroundings.has_applied(pending.epoch);
        let Some(pending) = self.pending.take_if(has_applied) else {
            return;
        };
        self.active = pending.counts;
        let states = self.active.states(0..self.active.len());
        let results: Vec<TrackerResult> = states.map(|(name, state)| name.result(state)).collect();
        self.surroundings.tell(&results, []);
    }

    fn read_events(&mut self) {
        let mut results = Vec::new();
        for _ in 0..EVENTS {
            let Some(socket) = &self.socket else {
                break;
            };
            match socket.receive() {
                Ok((Received::Drained, _)) => break,
                Ok((_, Some(event))) => self.handle(event, &mut results),
                Ok((Received::Overrun, None)) => self.lost(),
                Ok((_, None)) => {}
                Err(error) => {
                    self.refused(error.errno().unwrap_or(Errno::IO));
                    break;
                }
            }
        }
        if !results.is_empty() {
            self.surroundings.tell(&results, []);
        }
    }

    fn lost(&mut self) {
        self.count_at
            .get_or_insert_with(|| Instant::now() + COUNT_AGAIN);
    }

    fn handle(&mut self, event: ProcessEvent, results: &mut Vec<TrackerResult>) {
        let now = Instant::now();
        match event {
            ProcessEvent::Confirmed(0) => self.confirmed_by = None,
            ProcessEvent::Confirmed(errno) => {
                self.confirmed_by = None;
                let errno = i32::try_from(errno).unwrap_or_default();
                self.refused(Errno::from_raw_os_error(errno));
            }
            ProcessEvent::Forked { parent, child } => {
                self.each(results, |counts, news| {
                    counts.forked(parent, child, now, news)
                });
            }
            ProcessEvent::Changed(pid) => {
                let pending = self.pending.as_ref();
                let commands = self.active.needs_commands()
                    || pending.is_some_and(|pending| pending.counts.needs_commands());
                let info = ProcessInfo::read(pid, commands);
                self.each(results, |counts, news| {
                    counts.changed(pid, info.as_ref(), now, news);
                });
            }
            ProcessEvent::Ended(pid) => {
                self.each(results, |counts, news| counts.changed(pid, None, now, news));
            }
        }
    }

    /// Lets both configurations learn of something; what changed in the one in effect becomes results.
    fn each(
        &mut self,
        results: &mut Vec<TrackerResult>,
        mut learn: impl FnMut(&mut ProcessCounts, &mut Vec<usize>),
    ) {
        let mut news = Vec::new();
        learn(&mut self.active, &mut news);
        if !news.is_empty() {
            let states = self.active.states(news);
            results.extend(states.map(|(name, state)| name.result(state)));
        }
        if let Some(pending) = &mut self.pending {
            learn(&mut pending.counts, &mut Vec::new());
        }
        if self.active.is_full && !self.told_full {
            self.told_full = true;
            self.tell("there are more tracked processes than can be counted".to_owned());
        }
    }

    /// Counts all processes again: what happened to some was lost.
    fn count_anew(&mut self) {
        let mut results = Vec::new();
        self.each(&mut results, |counts, news| {
            let there = scan(counts, news);
            if let Some(there) = there {
                counts.retain(|pid| there.contains(&pid), Instant::now(), news);
            }
        });
        if !results.is_empty() {
            self.surroundings.tell(&results, []);
        }
    }

    /// What has lasted long enough counts.
    fn turn(&mut self, now: Instant) {
        let mut results = Vec::new();
        self.each(&mut results, |counts, news| counts.turn(now, news));
        if !results.is_empty() {
            self.surroundings.tell(&results, []);
        }
    }
}

/// Counts all processes there are; their numbers.
fn scan(counts: &mut ProcessCounts, news: &mut Vec<usize>) -> Option<HashSet<u32>> {
    let commands = counts.needs_commands();
    let mut there = HashSet::new();
    for pid in process_info::all().ok()? {
        let Some(info) = ProcessInfo::read(pid, commands) else {
            continue;
        };
        if counts.is_wanted(&info) && process_info::is_over(pid) {
            continue;
        }
        there.insert(pid);
        counts.changed(pid, Some(&info), Instant::now(), news);
    }
    Some(there)
}
