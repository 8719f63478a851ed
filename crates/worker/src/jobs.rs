//! Programs that are run periodically.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::command::JobSpec;
use crate::event::Outcome;
use crate::phase::next_due;

/// Results of a script that are equal in a row before the next equal one may be told later: it changes nothing any more.
const SETTLED_AFTER: u32 = 10;
/// How much later at most; and not more than a twentieth of the script's interval.
const TOLD_LATER: Duration = Duration::from_millis(50);

/// A periodic program.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) spec: JobSpec,
    /// The run that goes on.
    pub(crate) running: Option<u64>,
    due: Instant,
    skipped: u32,
    last: Option<Outcome>,
    equal_in_a_row: u32,
}

impl Job {
    fn new(spec: JobSpec, now: Instant) -> Self {
        Self {
            spec,
            running: None,
            due: now,
            skipped: 0,
            last: None,
            equal_in_a_row: 0,
        }
    }

    /// The start that has come is used up; when the next one is due.
    pub(crate) fn pass_due(&mut self, now: Instant) -> Instant {
        self.due = next_due(self.due, self.spec.interval, now);
        self.due
    }

    /// A run was left out.
    pub(crate) fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }

    pub(crate) fn take_skipped(&mut self) -> u32 {
        std::mem::take(&mut self.skipped)
    }

    /// Notes a result; how long it may wait before it is told.
    pub(crate) fn note(&mut self, outcome: Outcome) -> Duration {
        if self.last == Some(outcome) {
            self.equal_in_a_row = self.equal_in_a_row.saturating_add(1);
        } else {
            self.last = Some(outcome);
            self.equal_in_a_row = 0;
        }
        if self.equal_in_a_row < SETTLED_AFTER {
            return Duration::ZERO;
        }
        TOLD_LATER.min(self.spec.interval / 20)
    }
}

/// What a new list of programs means.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Their first run is due now.
    pub(crate) added: Vec<u32>,
    /// These run no more; the run of one that goes on is to be ended.
    pub(crate) removed: Vec<(u32, Option<u64>)>,
}

/// All periodic programs, by their number.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: HashMap<u32, Job>,
}

impl Jobs {
    /// Takes a new list. Programs whose parameters are the same go on undisturbed, whatever their generation and environment.
    pub(crate) fn replace(&mut self, specs: Vec<JobSpec>, now: Instant) -> Changes {
        let mut former = std::mem::take(&mut self.jobs);
        let mut changes = Changes::default();
        for spec in specs {
            let id = spec.id;
            match former.remove(&id) {
                Some(mut job) if is_same(&job.spec, &spec) => {
                    job.spec = spec;
                    self.jobs.insert(id, job);
                }
                other => {
                    changes.removed.extend(other.map(|job| (id, job.running)));
                    self.jobs.insert(id, Job::new(spec, now));
                    changes.added.push(id);
                }
            }
        }
        let gone = former.into_iter().map(|(id, job)| (id, job.running));
        changes.removed.extend(gone);
        changes
    }

    pub(crate) fn at(&mut self, id: u32) -> Option<&mut Job> {
        self.jobs.get_mut(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }
}

fn is_same(former: &JobSpec, new: &JobSpec) -> bool {
    let program = match (&former.program, &new.program) {
        (Some(former), Some(new)) => {
            former.candidates == new.candidates
                && former.arguments == new.arguments
                && former.identity == new.identity
                && former.captures == new.captures
                && former.resolves_links == new.resolves_links
        }
        (None, None) => true,
        _ => false,
    };
    program && former.interval == new.interval && former.timeout == new.timeout
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::program::Program;

    fn spec(id: u32, generation: u32, path: &str) -> JobSpec {
        let program =
            Program::new(path.to_owned(), Vec::new(), [].into(), Default::default()).map(Arc::new);
        let interval = Duration::from_secs(1);
        JobSpec {
            id,
            generation,
            program,
            interval,
            timeout: interval,
        }
    }

    #[test]
    fn a_new_list_disturbs_only_what_changed() {
        let now = Instant::now();
        let mut jobs = Jobs::default();
        let changes = jobs.replace(
            vec![spec(1, 1, "/a"), spec(2, 1, "/b"), spec(3, 1, "/c")],
            now,
        );
        assert_eq!(changes.added, [1, 2, 3]);
        for id in 1..=3 {
            jobs.at(id).unwrap().running = Some(u64::from(id) * 10);
            jobs.at(id).unwrap().pass_due(now);
        }
        let changes = jobs.replace(
            vec![spec(1, 2, "/a"), spec(2, 2, "/other"), spec(4, 2, "/d")],
            now,
        );
        assert_eq!(changes.added, [2, 4]);
        assert_eq!(changes.removed, [(2, Some(20)), (3, Some(30))]);
        let same = jobs.at(1).unwrap();
        assert_eq!((same.spec.generation, same.running), (2, Some(10)));
        assert_eq!(same.pass_due(now), now + Duration::from_secs(2));
        assert_eq!(jobs.len(), 3);
    }

    #[test]
    fn only_a_result_that_has_long_been_the_same_may_wait() {
        let mut job = Job::new(spec(1, 1, "/a"), Instant::now());
        let waits: Vec<_> = (0..12).map(|_| job.note(Outcome::Exited(0))).collect();
        assert_eq!(waits[..10], [Duration::ZERO; 10]);
        assert_eq!(waits[10..], [Duration::from_millis(50); 2]);
        assert_eq!(job.note(Outcome::Exited(1)), Duration::ZERO);
        job.spec.interval = Duration::from_millis(10);
        let waits: Vec<_> = (0..12).map(|_| job.note(Outcome::Exited(1))).collect();
        assert_eq!(waits[11], Duration::from_micros(500));
    }
}
