//! What instances track, as the host reports it: scripts now, and whatever else comes to be up or down.
//!
//! A change is passed on to the instances one after the other, a slice in each step, and the next one
//! waits for that: what happened in order takes effect in order.

mod mailbox;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_vrrp::{TrackerState, Tracking};

use crate::config::{Track, TrackerConfig, TrackerId};
use crate::ends::{HEARTBEAT, Resigning};
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::thread::EngineThread;

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
    /// It counts as failed because nothing was heard of it for too long.
    pub(crate) is_stale: bool,
    /// The beat at which it was last heard of.
    heard: u64,
    /// The configuration names it.
    is_wanted: bool,
    /// Who tracks it.
    instances: Vec<InstanceId>,
}

impl Tracker {
    /// One that nobody tracks yet, with room for those who will.
    pub(crate) fn new(config: TrackerConfig, instances: usize) -> Self {
        Self {
            state: config.initial,
            is_stale: false,
            heard: 0,
            is_wanted: true,
            instances: Vec::with_capacity(instances),
            config,
        }
    }

    /// How many beats it may be silent; `None`: for ever.
    fn patience(&self) -> Option<u64> {
        let limit = self.config.stale_after?.as_nanos();
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
}

impl Trackers {
    /// Takes up those of a new configuration. Those that it does not name stay until [`Self::retain`],
    /// for the instances that are still to go.
    ///
    /// One of the same generation keeps what is known of it.
    pub(crate) fn configure(&mut self, planned: &mut HashMap<TrackerId, Tracker>) {
        for tracker in self.trackers.values_mut() {
            tracker.is_wanted = false;
        }
        for (id, mut new) in planned.drain() {
            new.heard = self.beats;
            if let Some(old) = self.trackers.get_mut(&id) {
                new.instances.append(&mut old.instances);
                if old.config.generation == new.config.generation {
                    new.state = old.state;
                    new.is_stale = old.is_stale;
                    new.heard = old.heard;
                }
            }
            self.trackers.insert(id, new);
        }
        let mut wanted = self.trackers.values().filter(|tracker| tracker.is_wanted);
        self.age = wanted.any(|tracker| tracker.config.stale_after.is_some());
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
        self.changed.is_some() || !self.stale.is_empty() || self.next < self.results.len()
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
        if tracker.state != result.state {
            tracker.state = result.state;
            self.changed = Some((result.tracker, tracker.instances.len()));
        }
        match std::mem::take(&mut tracker.is_stale) {
            true => Step::Fresh(Arc::clone(&tracker.config.name)),
            false => Step::Nothing,
        }
    }

    fn fail(&mut self, id: TrackerId) -> Step {
        let Some(tracker) = self.trackers.get_mut(&id) else {
            return Step::Nothing;
        };
        if tracker.state != TrackerState::Down {
            tracker.state = TrackerState::Down;
            self.changed = Some((id, tracker.instances.len()));
        }
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

    fn next_change(&mut self, now: Instant) -> bool {
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
        }
        true
    }

    /// Tells the router of `id` what it tracks comes to now.
    pub(crate) fn update_tracking(&mut self, id: InstanceId, now: Instant) {
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
        self.trackers.has_work() || self.shared.results.any()
    }
}

#[cfg(test)]
mod tests;
