use ka_vrrp::Weight;

use super::*;

const FIRST: TrackerId = TrackerId(1);
const SECOND: TrackerId = TrackerId(2);
const UP: TrackerState = TrackerState::Up;
const DOWN: TrackerState = TrackerState::Down;

fn config(id: TrackerId, generation: u32, initial: TrackerState) -> TrackerConfig {
    TrackerConfig {
        id,
        generation,
        name: format!("script {}", id.0).into(),
        source: TrackerSource::Reported {
            initial,
            stale_after: None,
        },
    }
}

fn silent(id: TrackerId, generation: u32, initial: TrackerState, after: Duration) -> TrackerConfig {
    TrackerConfig {
        source: TrackerSource::Reported {
            initial,
            stale_after: Some(after),
        },
        ..config(id, generation, initial)
    }
}

fn configure(trackers: &mut Trackers, configs: impl IntoIterator<Item = TrackerConfig>) {
    let planned = configs.into_iter();
    let mut planned = planned
        .map(|config| (config.id, Tracker::new(config, 4)))
        .collect();
    trackers.configure(&mut planned);
}

fn track(tracker: TrackerId, weight: i16) -> Track {
    Track {
        tracker,
        weight: Weight {
            weight,
            reverse: false,
        },
    }
}

fn instance(index: usize) -> InstanceId {
    InstanceId::new(index)
}

fn result(tracker: TrackerId, generation: u32, state: TrackerState) -> TrackerResult {
    TrackerResult {
        tracker,
        generation,
        state,
    }
}

/// What is left to do, but for what is nothing.
fn steps(trackers: &mut Trackers) -> Vec<Step> {
    let steps = std::iter::from_fn(|| trackers.next());
    steps.filter(|step| *step != Step::Nothing).collect()
}

fn state_of(trackers: &Trackers, id: TrackerId) -> TrackerState {
    trackers.trackers[&id].state
}

/// One tracker that two instances track.
fn tracked_by_two() -> Trackers {
    let mut trackers = Trackers::default();
    configure(&mut trackers, [config(FIRST, 1, UP)]);
    for index in [0, 1] {
        trackers.subscribe(instance(index), &[track(FIRST, 0)]);
    }
    trackers
}

#[test]
fn a_change_is_told_to_all_before_the_next_one_is_looked_at() {
    let mut trackers = tracked_by_two();
    assert_eq!(trackers.next(), None);
    let results = [DOWN, DOWN, UP].map(|state| result(FIRST, 1, state));
    trackers.refill(results.into());
    let mut told = Vec::new();
    while let Some(step) = trackers.next() {
        if let Step::Tell(id) = step {
            told.push((id.index(), state_of(&trackers, FIRST)));
        }
    }
    assert_eq!(told, [(1, DOWN), (0, DOWN), (1, UP), (0, UP)]);
    assert!(!trackers.has_work());
    assert_eq!(trackers.dropped(), 0);
}

#[test]
fn what_comes_too_late_is_dropped_and_counted() {
    let mut trackers = tracked_by_two();
    let late = [result(FIRST, 0, DOWN), result(SECOND, 1, DOWN)];
    trackers.refill(late.into());
    assert_eq!(steps(&mut trackers), []);
    assert_eq!(state_of(&trackers, FIRST), UP);
    assert_eq!(trackers.dropped(), 2);
}

#[test]
fn a_reload_keeps_what_is_known_of_the_same_generation() {
    let mut trackers = tracked_by_two();
    trackers.refill(vec![result(FIRST, 1, DOWN)]);
    assert_eq!(steps(&mut trackers).len(), 2);
    configure(&mut trackers, [config(FIRST, 1, UP), config(SECOND, 7, UP)]);
    assert_eq!(state_of(&trackers, FIRST), DOWN);
    let tracks = [track(FIRST, 0), track(SECOND, 10)];
    let tracking = trackers.tracking(&tracks);
    assert_eq!((tracking.faults, tracking.priority), (1, 10));
    configure(&mut trackers, [config(FIRST, 2, TrackerState::Unknown)]);
    assert_eq!(state_of(&trackers, FIRST), TrackerState::Unknown);
    // Instances that are still to go track what the configuration does not name any more.
    assert_eq!(trackers.tracking(&tracks[1..]).priority, 10);
    trackers.retain();
    assert_eq!((trackers.len(), trackers.iter().count()), (1, 1));
    // Who tracked it still does.
    trackers.refill(vec![result(FIRST, 2, UP)]);
    let told = [1, 0].map(|index| Step::Tell(instance(index)));
    assert_eq!(steps(&mut trackers), told);
}

#[test]
fn nobody_is_left_out_when_instances_come_and_go_meanwhile() {
    let mut trackers = tracked_by_two();
    for index in [2, 3, 4] {
        trackers.subscribe(instance(index), &[track(FIRST, 0)]);
    }
    trackers.refill(vec![result(FIRST, 1, DOWN)]);
    assert_eq!(trackers.next(), Some(Step::Nothing));
    assert_eq!(trackers.next(), Some(Step::Tell(instance(4))));
    assert_eq!(trackers.next(), Some(Step::Tell(instance(3))));
    for gone in [0, 4] {
        trackers.unsubscribe(instance(gone), &[track(FIRST, 0)]);
    }
    trackers.subscribe(instance(5), &[track(FIRST, 0)]);
    let rest = steps(&mut trackers);
    for left in [1, 2] {
        assert!(rest.contains(&Step::Tell(instance(left))), "{rest:?}");
    }
}

#[test]
fn silence_beyond_the_limit_counts_as_failure_until_it_ends() {
    let mut trackers = Trackers::default();
    let silent = |id, generation| silent(id, generation, UP, Duration::from_millis(2500));
    configure(&mut trackers, [silent(FIRST, 1), config(SECOND, 1, UP)]);
    assert!(trackers.may_become_stale());
    trackers.subscribe(instance(0), &[track(FIRST, 0), track(SECOND, 0)]);
    for _ in 0..3 {
        trackers.beat();
        assert_eq!(steps(&mut trackers), []);
    }
    // A result as before starts the wait anew.
    trackers.refill(vec![result(FIRST, 1, UP)]);
    assert_eq!(steps(&mut trackers), []);
    for _ in 0..3 {
        trackers.beat();
        assert_eq!(steps(&mut trackers), []);
    }
    trackers.beat();
    let stale = Step::Stale("script 1".into());
    let told = Step::Tell(instance(0));
    assert_eq!(steps(&mut trackers), [stale, told]);
    assert_eq!(trackers.tracking(&[track(FIRST, 0)]).faults, 1);
    assert!(trackers.trackers[&FIRST].is_stale);
    for _ in 0..10 {
        trackers.beat();
        assert_eq!(steps(&mut trackers), [], "it is said once");
    }
    // A reload does not forget it.
    configure(&mut trackers, [silent(FIRST, 1), config(SECOND, 1, UP)]);
    assert_eq!(trackers.tracking(&[track(FIRST, 0)]).faults, 1);
    trackers.refill(vec![result(FIRST, 1, UP)]);
    let fresh = Step::Fresh("script 1".into());
    let told = Step::Tell(instance(0));
    assert_eq!(steps(&mut trackers), [fresh, told]);
    assert_eq!(trackers.tracking(&[track(FIRST, 0)]).faults, 0);
    configure(&mut trackers, [config(FIRST, 2, UP)]);
    assert!(!trackers.may_become_stale());
}

#[test]
fn a_tracker_that_never_had_a_result_may_become_stale_too() {
    let mut trackers = Trackers::default();
    let silent = silent(FIRST, 1, TrackerState::Unknown, Duration::from_secs(1));
    configure(&mut trackers, [silent]);
    trackers.subscribe(instance(0), &[track(FIRST, 0)]);
    assert_eq!(trackers.tracking(&[track(FIRST, 0)]).awaited, 1);
    trackers.beat();
    trackers.beat();
    assert_eq!(steps(&mut trackers).len(), 2);
    let tracking = trackers.tracking(&[track(FIRST, 0)]);
    assert_eq!((tracking.awaited, tracking.faults), (0, 1));
}

#[test]
fn what_could_not_be_looked_at_in_time_is_as_before() {
    let file = |known: Option<i32>| {
        let config = TrackerConfig {
            source: TrackerSource::File {
                path: "/numbers".into(),
                init: None,
            },
            ..config(FIRST, 1, UP)
        };
        let mut tracker = Tracker::new(config, 1);
        if let Some(number) = known {
            tracker.state = TrackerState::Number(number);
            tracker.is_known = true;
        }
        HashMap::from([(FIRST, tracker)])
    };
    let mut trackers = Trackers::default();
    trackers.configure(&mut file(Some(5)));
    assert_eq!(state_of(&trackers, FIRST), TrackerState::Number(5));
    trackers.configure(&mut file(None));
    assert_eq!(state_of(&trackers, FIRST), TrackerState::Number(5));
    trackers.configure(&mut file(Some(0)));
    assert_eq!(state_of(&trackers, FIRST), TrackerState::Number(0));
}
