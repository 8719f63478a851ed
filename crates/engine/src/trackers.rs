//! What is tracked: what the host reports, interfaces, addresses, files and processes.
//!
//! A change is passed on to the instances one after the other, a slice in each step, and the next one
//! waits for that: what happened in order takes effect in order.

mod followed;
mod mailbox;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_vrrp::{TrackerState, Tracking};

use crate::config::{Track, TrackerConfig, TrackerId, TrackerKind, TrackerSource};
use crate::ends::{HEARTBEAT, Resigning};
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::thread::EngineThread;
use crate::watch::ProcessCount;

use followed::Followed;
pub(crate) use mailbox::Mailbox;

/// Time for passing on results in one step of the thread.
const TRACK_BUDGET: Duration = Duration::from_micros(250);

/// What the host says of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackerResult {
    /// The tracker.
    pub tracker: TrackerId,
    /// The generation of its configuration that this is a result of. One of another is dropped.
    pub generation: u32,
    /// What it says now.
    pub state: TrackerState,
}

/// One tracker.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) config: TrackerConfig,
    pub(crate) state: TrackerState,
    /// How often its state changed since the engine knows it.
    pub(crate) changes: u64,
    /// Of processes, how many there are.
    pub(crate) processes: Option<Arc<ProcessCount>>,
    /// It counts as failed because nothing was heard of it for too long.
    pub(crate) is_stale: bool,
    /// The beat at which it was last heard of.
    heard: u64,
    /// It was looked at for the configuration that it comes with.
    pub(crate) is_known: bool,
    /// The configuration names it.
    is_wanted: bool,
    /// Who tracks it.
    instances: Vec<InstanceId>,
}

impl Tracker {
    /// One that nobody tracks yet, with room for those who will.
    pub(crate) fn new(config: TrackerConfig, instances: usize) -> Self {
        let state = match &config.source {
            TrackerSource::Reported { initial, .. } => *initial,
            TrackerSource::File { .. } => TrackerState::Number(0),
            // Until it is looked at.
            TrackerSource::Interface { .. }
            | TrackerSource::Address { .. }
            | TrackerSource::Process(_) => TrackerState::Down,
        };
        Self {
            state,
            changes: 0,
            processes: None,
            is_stale: false,
            heard: 0,
            is_known: false,
            is_wanted: true,
            instances: Vec::with_capacity(instances),
            config,
        }
    }

    /// Whether the host says what is known of it.
    fn is_reported(&self) -> bool {
        self.config.source.kind() == TrackerKind::Reported
    }

    /// How many beats it may be silent; `None`: for ever.
    fn patience(&self) -> Option<u64> {
        let TrackerSource::Reported { stale_after, .. } = &self.config.source else {
            return None;
        };
        let limit = (*stale_after)?.as_nanos();
        u64::try_from(limit.div_ceil(HEARTBEAT.as_nanos())).ok()
    }
}

/// What a look at the table comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// This instance has yet to learn of a change.
    Tell(InstanceId),
    /// A tracker has not been heard of for so long that it counts as failed.
    Stale(Arc<str>),
    /// A tracker that counted as failed is heard of again.
    Fresh(Arc<str>),
    /// One that the engine itself looks at is otherwise than before.
    Changed(Arc<str>, TrackerKind, TrackerState),
    /// A result that changes nothing for any instance.
    Nothing,
}

/// All trackers, and what of their results is still to be passed on.
#[derive(Debug, Default)]
pub(crate) struct Trackers {
    trackers: HashMap<TrackerId, Tracker>,
    /// Beats of the engine thread: a process that was stopped as a whole missed none.
    beats: u64,
    results: Vec<TrackerResult>,
    /// The next of the results.
    next: usize,
    /// A tracker that changed, and how many of its instances, the first ones, have yet to learn.
    changed: Option<(TrackerId, usize)>,
    /// Trackers that just became stale.
    stale: Vec<TrackerId>,
    /// Results that came too late.
    dropped: u64,
    /// Some tracker may become stale.
    age: bool,
    followed: Followed,
}

impl Trackers {
    /// Takes up those of a new configuration. Those that it does not name stay until [`Self::retain`],
    /// for the instances that are still to go.
    ///
    /// One of the same generation keeps what the host reported of it. What the engine looks at itself was
    /// looked at for this; where that was not to be had in time, it is as before.
    pub(crate) fn configure(&mut self, planned: &mut HashMap<TrackerId, Tracker>) {
        for tracker in self.trackers.values_mut() {
            tracker.is_wanted = false;
        }
        for (id, mut new) in planned.drain() {
            new.heard = self.beats;
            if let Some(old) = self.trackers.get_mut(&id) {
                new.instances.append(&mut old.instances);
                new.changes = old.changes;
                if old.config.generation == new.config.generation && !new.is_known {
                    new.state = old.state;
                    new.is_stale = old.is_stale;
                    new.heard = old.heard;
                }
            }
            self.trackers.insert(id, new);
        }
        let mut wanted = self.trackers.values().filter(|tracker| tracker.is_wanted);
        self.age = wanted.any(|tracker| tracker.patience().is_some());
    }

    /// Forgets those that the configuration does not name.
    pub(crate) fn retain(&mut self) {
        self.trackers.retain(|_, tracker| tracker.is_wanted);
    }

    /// What `tracks` come to now.
    pub(crate) fn tracking(&self, tracks: &[Track]) -> Tracking {
        let effects = tracks.iter().map(|track| {
            let tracker = self.trackers.get(&track.tracker);
            let state = tracker.map_or(TrackerState::Unknown, |tracker| tracker.state);
            track.weight.effect(state)
        });
        effects.collect()
    }

    /// From now on `id` learns of changes of what it tracks.
    pub(crate) fn subscribe(&mut self, id: InstanceId, tracks: &[Track]) {
        for track in tracks {
            if let Some(tracker) = self.trackers.get_mut(&track.tracker) {
                tracker.instances.push(id);
            }
        }
    }

    /// `id` does not track this any more.
    pub(crate) fn unsubscribe(&mut self, id: InstanceId, tracks: &[Track]) {
        for track in tracks {
            if let Some(tracker) = self.trackers.get_mut(&track.tracker) {
                // Nobody is left out by what that moves: see next().
                tracker.instances.retain(|&other| other != id);
            }
        }
    }

    /// Whether anything is to be passed on.
    pub(crate) fn has_work(&self) -> bool {
        self.changed.is_some()
            || !self.stale.is_empty()
            || self.followed.has_news()
            || self.next < self.results.len()
    }

    /// The next thing to do, `None` when there is none.
    pub(crate) fn next(&mut self) -> Option<Step> {
        if let Some((id, left)) = self.changed {
            let instances = self.trackers.get(&id).map(|tracker| &tracker.instances);
            // From the last to the first: one that is gone moves only those that have had their turn,
            // and one that is new knows.
            let instance = instances.and_then(|all| all[..left.min(all.len())].split_last());
            self.changed = instance.map(|(_, rest)| (id, rest.len()));
            return Some(instance.map_or(Step::Nothing, |(&instance, _)| Step::Tell(instance)));
        }
        if let Some(id) = self.stale.pop() {
            return Some(self.fail(id));
        }
        if let Some((id, state)) = self.followed.next() {
            return Some(self.change(id, state));
        }
        let result = *self.results.get(self.next)?;
        self.next += 1;
        Some(self.take(result))
    }

    fn take(&mut self, result: TrackerResult) -> Step {
        let tracker = self.trackers.get_mut(&result.tracker);
        let Some(tracker) = tracker.filter(|it| it.config.generation == result.generation) else {
            self.dropped += 1;
            return Step::Nothing;
        };
        tracker.heard = self.beats;
        let was_stale = std::mem::take(&mut tracker.is_stale);
        let fresh = was_stale.then(|| Step::Fresh(Arc::clone(&tracker.config.name)));
        let changed = self.change(result.tracker, result.state);
        fresh.unwrap_or(changed)
    }

    /// From now on `id` is in `state`.
    fn change(&mut self, id: TrackerId, state: TrackerState) -> Step {
        let Some(tracker) = self.trackers.get_mut(&id) else {
            return Step::Nothing;
        };
        if tracker.state == state {
            return Step::Nothing;
        }
        tracker.state = state;
        tracker.changes += 1;
        self.changed = Some((id, tracker.instances.len()));
        let kind = tracker.config.source.kind();
        match kind {
            TrackerKind::Reported => Step::Nothing,
            _ => Step::Changed(Arc::clone(&tracker.config.name), kind, state),
        }
    }

    fn fail(&mut self, id: TrackerId) -> Step {
        self.change(id, TrackerState::Down);
        let Some(tracker) = self.trackers.get_mut(&id) else {
            return Step::Nothing;
        };
        tracker.is_stale = true;
        Step::Stale(Arc::clone(&tracker.config.name))
    }

    /// Takes new results, once those before them are passed on; gives back what held them.
    fn refill(&mut self, results: Vec<TrackerResult>) -> Vec<TrackerResult> {
        self.next = 0;
        let mut spent = std::mem::replace(&mut self.results, results);
        spent.clear();
        spent
    }

    /// A beat of the engine thread: looks who has been silent for too long.
    pub(crate) fn beat(&mut self) {
        self.beats += 1;
        for (id, tracker) in &self.trackers {
            let silent = self.beats - tracker.heard;
            if !tracker.is_stale && tracker.patience().is_some_and(|limit| silent > limit) {
                self.stale.push(*id);
            }
        }
    }

    /// Whether any tracker may become stale.
    pub(crate) const fn may_become_stale(&self) -> bool {
        self.age
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.trackers.len()
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tracker> {
        self.trackers.values()
    }

    /// Those of the configuration that the engine looks at itself, in no order.
    fn wanted(&self) -> impl Iterator<Item = &Tracker> {
        let all = self.trackers.values();
        all.filter(|tracker| tracker.is_wanted && !tracker.is_reported())
    }

    /// Results that came too late.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl EngineThread {
    /// Passes results on to the instances that they concern; `false` when there are none.
    pub(crate) fn continue_tracking(&mut self, now: Instant) -> bool {
        let began = Instant::now();
        let mut worked = false;
        while self.next_change(now) {
            worked = true;
            if began.elapsed() > TRACK_BUDGET {
                break;
            }
        }
        worked
    }

    /// Tells how a new configuration found what the engine looks at itself, before instances act on it.
    pub(crate) fn tell_trackers(&mut self) {
        let mut found: Vec<&Tracker> = self.trackers.wanted().collect();
        found.sort_unstable_by_key(|tracker| tracker.config.id);
        for tracker in found {
            self.events.send(EventKind::TrackerChanged {
                tracker: Arc::clone(&tracker.config.name),
                kind: tracker.config.source.kind(),
                state: tracker.state,
                initial: true,
            });
        }
    }

    fn next_change(&mut self, now: Instant) -> bool {
        if let Some(problem) = self.shared.next_problem() {
            self.events.send(EventKind::TrackerProblem(problem));
            return true;
        }
        if !self.trackers.has_work() {
            let Some(results) = self.shared.results.take() else {
                return false;
            };
            let spent = self.trackers.refill(results);
            self.shared.results.give_back(spent);
        }
        match self.trackers.next() {
            None => return false,
            Some(Step::Nothing) => {}
            Some(Step::Tell(id)) => self.update_tracking(id, now),
            Some(Step::Stale(tracker)) => self.events.send(EventKind::TrackerStale { tracker }),
            Some(Step::Fresh(tracker)) => self.events.send(EventKind::TrackerFresh { tracker }),
            Some(Step::Changed(tracker, kind, state)) => {
                self.events.send(EventKind::TrackerChanged {
                    tracker,
                    kind,
                    state,
                    initial: false,
                });
            }
        }
        true
    }

    /// Tells the router of `id` what it tracks comes to now.
    pub(crate) fn update_tracking(&mut self, id: InstanceId, now: Instant) {
        self.catch_up(id, now);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let tracking = self.trackers.tracking(&instance.config.tracks);
        instance.router.handle_tracking(tracking, now);
        self.pump(id, now);
    }

    /// A beat of the thread: trackers age by it.
    ///
    /// Who waits to be heard is not silent; and who resigns looks at nothing any more.
    pub(crate) fn age_trackers(&mut self) {
        if !self.has_results() && self.resigning == Resigning::No {
            self.trackers.beat();
        }
    }

    /// Whether results wait, here or with the host.
    pub(crate) fn has_results(&self) -> bool {
        self.trackers.has_work() || self.shared.results.any() || self.shared.has_problems()
    }
}

#[cfg(test)]
mod tests;
