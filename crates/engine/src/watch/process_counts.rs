//! How many processes there are of each kind that is looked for, and whether they are as many as there shall be.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ka_vrrp::TrackerState;

use super::process_info::ProcessInfo;
use super::{Name, ProcessCount};
use crate::config::ProcessConfig;

/// Processes that are kept in mind at once: as many as quorums can ask for, and as many again.
const MAX_PROCESSES: usize = 128 * 1024;

/// Processes to look for.
#[derive(Clone, Debug)]
pub(super) struct ProcessSpec {
    pub(super) name: Name,
    pub(super) config: ProcessConfig,
    pub(super) count: Arc<ProcessCount>,
}

/// What led to another number of processes: how soon it counts depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// One became another program, or changed its name: that counts at once.
    Changed,
    /// One has a child.
    Forked,
    /// One ended.
    Ended,
}

/// The processes of one tracker.
#[derive(Debug)]
struct Counted {
    spec: ProcessSpec,
    count: u32,
    /// There are as many as there shall be, as far as that counts yet.
    is_right: bool,
    /// When the opposite counts.
    turns_at: Option<Instant>,
}

impl Counted {
    fn shall_be(&self) -> bool {
        let ProcessConfig {
            quorum, quorum_max, ..
        } = self.spec.config;
        // `quorum_max 0` asks for none at all.
        let least = if quorum_max == Some(0) { 0 } else { quorum };
        self.count >= least && quorum_max.is_none_or(|most| self.count <= most)
    }

    /// The number is another one. `true` when that counts at once.
    fn recount(&mut self, reason: Reason, now: Instant) -> bool {
        let config = &self.spec.config;
        let delay = match reason {
            Reason::Changed => Duration::ZERO,
            Reason::Forked => config.fork_delay,
            Reason::Ended => config.terminate_delay,
        };
        if self.shall_be() == self.is_right {
            self.turns_at = None;
            return false;
        }
        let at = now.checked_add(delay);
        // What began earlier ends earlier.
        self.turns_at = match (self.turns_at, at) {
            (Some(before), Some(at)) => Some(before.min(at)),
            (before, at) => at.or(before),
        };
        self.turn(now)
    }

    /// Whether the opposite of before counts from now on.
    fn turn(&mut self, now: Instant) -> bool {
        if self.turns_at.is_none_or(|at| at > now) {
            return false;
        }
        self.turns_at = None;
        self.is_right = !self.is_right;
        true
    }

    fn publish(&self) {
        let count = &self.spec.count;
        count.current.store(self.count, Ordering::Relaxed);
        let waits = self.turns_at.is_some();
        count
            .gaining
            .store(waits && !self.is_right, Ordering::Relaxed);
        count
            .losing
            .store(waits && self.is_right, Ordering::Relaxed);
    }

    const fn state(&self) -> TrackerState {
        match self.is_right {
            true => TrackerState::Up,
            false => TrackerState::Down,
        }
    }
}

/// The processes of one configuration.
#[derive(Debug, Default)]
pub(super) struct ProcessCounts {
    counted: Vec<Counted>,
    /// Which trackers each process counts for. Others are not here.
    processes: HashMap<u32, Box<[usize]>>,
    /// There are more than are kept in mind.
    pub(super) is_full: bool,
}

impl ProcessCounts {
    /// Counts of nothing yet.
    pub(super) fn new(specs: Vec<ProcessSpec>) -> Self {
        let counted = specs.into_iter().map(|spec| Counted {
            spec,
            count: 0,
            is_right: false,
            turns_at: None,
        });
        Self {
            counted: counted.collect(),
            processes: HashMap::new(),
            is_full: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// Whether anybody wants to know command lines.
    pub(super) fn needs_commands(&self) -> bool {
        let mut all = self.counted.iter();
        all.any(|counted| counted.spec.config.command.full_command)
    }

    /// Whether a process counts for any tracker.
    pub(super) fn is_wanted(&self, info: &ProcessInfo) -> bool {
        let mut all = self.counted.iter();
        all.any(|counted| info.is(&counted.spec.config.command))
    }

    /// Process `pid` is what `info` says now; `None`: it is gone.
    pub(super) fn changed(
        &mut self,
        pid: u32,
        info: Option<&ProcessInfo>,
        now: Instant,
        news: &mut Vec<usize>,
    ) {
        let matches = |(index, counted): (usize, &Counted)| {
            info.is_some_and(|info| info.is(&counted.spec.config.command))
                .then_some(index)
        };
        let matching: Vec<usize> = self
            .counted
            .iter()
            .enumerate()
            .filter_map(matches)
            .collect();
        let reason = match info {
            Some(_) => Reason::Changed,
            None => Reason::Ended,
        };
        self.assign(pid, matching.into(), reason, now, news);
    }

    /// Process `parent` has a child, which is what it is.
    pub(super) fn forked(&mut self, parent: u32, child: u32, now: Instant, news: &mut Vec<usize>) {
        // A process that is known has said already what it is: it may have become another one since.
        if let Some(matching) = self.processes.get(&parent)
            && !self.processes.contains_key(&child)
        {
            self.assign(child, matching.clone(), Reason::Forked, now, news);
        }
    }

    fn assign(
        &mut self,
        pid: u32,
        matching: Box<[usize]>,
        reason: Reason,
        now: Instant,
        news: &mut Vec<usize>,
    ) {
        let before = self.processes.remove(&pid).unwrap_or_default();
        let has_room = self.processes.len() < MAX_PROCESSES;
        self.is_full |= !has_room;
        let after = if has_room { matching } else { Box::default() };
        let changes = before
            .iter()
            .filter(|index| !after.contains(index))
            .map(|index| (*index, -1))
            .chain(
                after
                    .iter()
                    .filter(|index| !before.contains(index))
                    .map(|index| (*index, 1)),
            );
        for (index, change) in changes {
            let counted = &mut self.counted[index];
            counted.count = counted.count.saturating_add_signed(change);
            if counted.recount(reason, now) {
                news.push(index);
            }
            counted.publish();
        }
        if !after.is_empty() {
            self.processes.insert(pid, after);
        }
    }

    /// What is there now is all there is: those that `exists` does not hold for are gone.
    pub(super) fn retain(
        &mut self,
        exists: impl Fn(u32) -> bool,
        now: Instant,
        news: &mut Vec<usize>,
    ) {
        let gone: Vec<u32> = self
            .processes
            .keys()
            .copied()
            .filter(|pid| !exists(*pid))
            .collect();
        for pid in gone {
            self.changed(pid, None, now, news);
        }
    }

    /// What there is counts as it is, without any delay: at a start.
    pub(super) fn settle(&mut self) {
        for counted in &mut self.counted {
            counted.is_right = counted.shall_be();
            counted.turns_at = None;
            counted.publish();
        }
    }

    /// When something counts next.
    pub(super) fn next_turn(&self) -> Option<Instant> {
        let all = self.counted.iter();
        all.filter_map(|counted| counted.turns_at).min()
    }

    /// What has lasted long enough counts.
    pub(super) fn turn(&mut self, now: Instant, news: &mut Vec<usize>) {
        for (index, counted) in self.counted.iter_mut().enumerate() {
            if counted.turn(now) {
                news.push(index);
                counted.publish();
            }
        }
    }

    /// The trackers at `indices` as they are now, or all.
    pub(super) fn states(
        &self,
        indices: impl IntoIterator<Item = usize>,
    ) -> impl Iterator<Item = (&Name, TrackerState)> {
        let all = indices.into_iter();
        all.filter_map(|index| self.counted.get(index))
            .map(|counted| (&counted.spec.name, counted.state()))
    }

    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }
}

#[cfg(test)]
mod tests;
