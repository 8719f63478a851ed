//! How a process is brought to its end: asked, forced, given up (vrrp.md §7, Scripts).

use std::time::{Duration, Instant};

use rustix::process::Signal;

/// From SIGTERM to SIGKILL.
pub(crate) const KILL_AFTER: Duration = Duration::from_secs(2);
/// From SIGKILL to giving up.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_secs(2);
/// Between two attempts after that.
pub(crate) const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Why a process is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Deadline,
    Request,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Signal(Signal),
    /// It cannot be ended: say so. It is signalled once more.
    GiveUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    Asked,
    Killed,
    GivenUp,
}

/// Where a process is on its way to the end.
#[derive(Debug)]
pub(crate) struct Ending {
    stage: Stage,
    cause: Option<Cause>,
    due: Instant,
}

impl Ending {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self {
            stage: Stage::Running,
            cause: None,
            due: deadline,
        }
    }

    /// Sets the deadline of one that is not being ended.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        if self.stage == Stage::Running {
            self.due = deadline;
        }
    }

    /// When [`Self::advance`] has something to do.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Why it is being ended, if it is.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.cause
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.stage == Stage::GivenUp
    }

    /// Begins to end it; nothing when that is under way.
    pub(crate) fn begin(&mut self, cause: Cause, now: Instant) -> Option<Action> {
        if self.cause.is_some() {
            return None;
        }
        self.cause = Some(cause);
        self.stage = Stage::Asked;
        self.due = now + KILL_AFTER;
        Some(Action::Signal(Signal::TERM))
    }

    /// What follows when [`Self::due`] has come.
    pub(crate) fn advance(&mut self, now: Instant) -> Option<Action> {
        if now < self.due {
            return None;
        }
        match self.stage {
            Stage::Running => self.begin(Cause::Deadline, now),
            Stage::Asked => {
                self.stage = Stage::Killed;
                self.due = now + GIVE_UP_AFTER;
                Some(Action::Signal(Signal::KILL))
            }
            Stage::Killed | Stage::GivenUp => {
                self.stage = Stage::GivenUp;
                self.due = now + TRY_AGAIN_AFTER;
                Some(Action::GiveUp)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_asks_forces_gives_up_and_tries_again() {
        let start = Instant::now();
        let mut ending = Ending::new(start + Duration::from_secs(1));
        let mut seen = Vec::new();
        for tenth in 0..300u64 {
            let now = start + Duration::from_millis(100 * tenth);
            if let Some(action) = ending.advance(now) {
                seen.push((tenth, action));
            }
        }
        assert_eq!(
            seen,
            [
                (10, Action::Signal(Signal::TERM)),
                (30, Action::Signal(Signal::KILL)),
                (50, Action::GiveUp),
                (150, Action::GiveUp),
                (250, Action::GiveUp),
            ]
        );
        assert_eq!(ending.cause(), Some(Cause::Deadline));
        assert!(ending.is_given_up());
    }

    #[test]
    fn a_request_does_not_begin_anew_what_the_deadline_began() {
        let start = Instant::now();
        let mut ending = Ending::new(start + Duration::from_secs(1));
        let late = start + Duration::from_secs(1);
        assert_eq!(ending.advance(late), Some(Action::Signal(Signal::TERM)));
        assert_eq!(ending.begin(Cause::Request, late), None);
        assert_eq!(ending.cause(), Some(Cause::Deadline));
        assert_eq!(ending.due(), late + KILL_AFTER);
    }

    #[test]
    fn a_request_comes_before_the_deadline() {
        let start = Instant::now();
        let mut ending = Ending::new(start + Duration::from_secs(9));
        assert_eq!(
            ending.begin(Cause::Request, start),
            Some(Action::Signal(Signal::TERM))
        );
        assert_eq!(ending.advance(start + Duration::from_secs(1)), None);
        assert_eq!(
            ending.advance(start + KILL_AFTER),
            Some(Action::Signal(Signal::KILL))
        );
    }
}
