//! Attempts under way: how they begin, go on and end.

use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::client::ClientStep;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::Thread;
use crate::attempt::{self, Attempt, Progress};
use crate::outcome::{Outcome, ProbeResult, Refusal};
use crate::probe::Action;
use crate::slots::State;

/// A success after another one waits so long for others: nobody acts on it but to ask again, which allows for that.
const SUCCESS_WAIT: Duration = Duration::from_millis(100);
/// A failure after another one waits so long.
const FAILURE_WAIT: Duration = Duration::from_millis(20);

impl Thread {
    pub(super) fn begin(&mut self, place: u32, due: Instant) {
        let now = self.now;
        let lateness = now.saturating_duration_since(due);
        self.status.pending -= 1;
        self.status.attempts += 1;
        self.status.lateness.record(lateness);
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        slot.state = State::Idle;
        let mut begun = attempt::begin(&slot.probe, &mut slot.memory);
        if is_closed_to_pings(&begun) && matches!(slot.probe.action, Action::Ping) {
            // Another program may have put it back.
            self.open_ping_groups();
            let Some(slot) = self.slots.at(place) else {
                return;
            };
            begun = attempt::begin(&slot.probe, &mut slot.memory);
        }
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        let begun = match begun {
            Ok(begun) => begun,
            Err(refusal) => {
                self.tell(place, lateness, now, Outcome::NotStarted(refusal));
                return;
            }
        };
        let progress = match begun.progress {
            Progress::Ends(outcome) => return self.tell(place, lateness, now, outcome),
            Progress::HandsOver => {
                let outcome = Outcome::Connected(begun.socket);
                return self.tell(place, lateness, now, outcome);
            }
            Progress::Waits => Progress::Waits,
            Progress::Resumes => Progress::Resumes,
        };
        self.serial = self.serial.wrapping_add(1);
        // The event of the mailbox has the highest of both.
        self.serial %= u32::MAX;
        let (socket, phase) = (begun.socket, begun.phase);
        let attempt = Attempt::new(
            socket,
            phase,
            self.serial,
            lateness,
            slot.probe.timeout,
            now,
        );
        let data = u64::from(place) | u64::from(attempt.serial) << 32;
        let interest = attempt.interest();
        let watched = epoll::add(
            &self.epoll,
            &attempt.socket,
            EventData::new_u64(data),
            interest,
        );
        if let Err(errno) = watched {
            let refusal = Refusal {
                step: Some(ClientStep::Socket),
                errno,
            };
            return self.tell(place, lateness, now, Outcome::NotStarted(refusal));
        }
        slot.state = State::Running(Box::new(attempt));
        self.status.running += 1;
        self.take_progress(place, progress);
    }

    pub(super) fn go_on(&mut self, data: u64, ready: EventFlags) {
        let (place, serial) = (data as u32, (data >> 32) as u32);
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        // The event may be of a socket that was closed in this step.
        let State::Running(attempt) = &mut slot.state else {
            return;
        };
        if attempt.serial != serial {
            return;
        }
        let progress = attempt.go_on(&slot.probe, ready, &mut self.buffer, self.now);
        self.take_progress(place, progress);
    }

    pub(super) fn take_progress(&mut self, place: u32, progress: Progress) {
        match progress {
            Progress::Waits | Progress::Resumes => {
                if let Some(slot) = self.slots.at(place)
                    && let State::Running(attempt) = &slot.state
                {
                    self.wheel.set(place, attempt.due());
                }
            }
            Progress::HandsOver => self.end(place, None),
            Progress::Ends(outcome) => self.end(place, Some(outcome)),
        }
    }

    /// An attempt is over, with its connection as the outcome where there is none.
    fn end(&mut self, place: u32, outcome: Option<Outcome>) {
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        let State::Running(attempt) = std::mem::replace(&mut slot.state, State::Idle) else {
            return;
        };
        self.wheel.cancel(place);
        self.status.running -= 1;
        let Attempt {
            socket,
            lateness,
            began,
            ..
        } = *attempt;
        let outcome = outcome.unwrap_or_else(|| {
            // Whoever gets it watches it differently.
            let _ = epoll::delete(&self.epoll, &socket);
            Outcome::Connected(socket)
        });
        self.tell(place, lateness, began, outcome);
    }

    fn tell(&mut self, place: u32, lateness: Duration, began: Instant, outcome: Outcome) {
        let Some(slot) = self.slots.at(place) else {
            return;
        };
        let succeeded = outcome.is_success();
        // A connection is waited for.
        let is_repeat = slot.succeeded.replace(succeeded) == Some(succeeded)
            && !matches!(outcome, Outcome::Connected(_));
        let wait = match (is_repeat, succeeded) {
            (false, _) => Duration::ZERO,
            (true, true) => SUCCESS_WAIT,
            (true, false) => FAILURE_WAIT,
        };
        let result = ProbeResult {
            id: slot.probe.id,
            generation: slot.generation,
            lateness,
            duration: self.now.saturating_duration_since(began),
            ended: self.now,
            outcome,
        };
        slot.told_at = Some(self.outbox.push(result, slot.told_at));
        let at = self.now + wait;
        self.flush_at = Some(self.flush_at.map_or(at, |former| former.min(at)));
    }
}

fn is_closed_to_pings<T>(begun: &Result<T, Refusal>) -> bool {
    let refused = Some(ClientStep::Socket);
    begun
        .as_ref()
        .is_err_and(|refusal| refusal.step == refused && refusal.errno == Errno::ACCESS)
}
