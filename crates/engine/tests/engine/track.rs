//! What instances track.

use std::time::Duration;

use ka_engine::{
    Engine, EngineConfig, EventKind, InstanceConfig, Track, TrackerConfig, TrackerId,
    TrackerResult, TrackerSource,
};
use ka_vrrp::{Notice, State, TrackerState, Weight};

use crate::support::{
    Directory, Peer, changes, config, drain, eventually, in_namespace, open, owner, router, status,
    wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);
const UP: TrackerState = TrackerState::Up;
const DOWN: TrackerState = TrackerState::Down;
const UNKNOWN: TrackerState = TrackerState::Unknown;

fn tracker(id: u32, initial: TrackerState) -> TrackerConfig {
    TrackerConfig {
        id: TrackerId(id),
        generation: 1,
        name: format!("t{id}").into(),
        source: TrackerSource::Reported {
            initial,
            stale_after: None,
        },
    }
}

/// `instance`, tracking `trackers` with these weights.
fn tracking(instance: InstanceConfig, trackers: &[(u32, i16)]) -> InstanceConfig {
    let track = |&(id, weight): &(u32, i16)| Track {
        tracker: TrackerId(id),
        weight: Weight {
            weight,
            reverse: false,
        },
    };
    InstanceConfig {
        tracks: trackers.iter().map(track).collect(),
        ..instance
    }
}

fn with_trackers(
    trackers: impl IntoIterator<Item = TrackerConfig>,
    instances: impl IntoIterator<Item = InstanceConfig>,
) -> EngineConfig {
    EngineConfig {
        trackers: trackers.into_iter().collect(),
        ..config(instances)
    }
}

fn result(tracker: u32, generation: u32, state: TrackerState) -> TrackerResult {
    TrackerResult {
        tracker: TrackerId(tracker),
        generation,
        state,
    }
}

/// Events until there is one that `is_last` holds for.
fn until(engine: &Engine, is_last: impl Fn(&EventKind) -> bool) -> Vec<EventKind> {
    let mut events = Vec::new();
    eventually(|| {
        events.extend(drain(engine));
        events.iter().any(&is_last).then_some(())
    });
    events
}

fn is_change(event: &EventKind, name: &str, state: State) -> bool {
    matches!(event, EventKind::StateChanged { instance, to, .. } if (&**instance, *to) == (name, state))
}

#[test]
fn a_weight_changes_the_priority_on_the_wire_and_a_failure_without_one_resigns() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("weights");
        let engine = open(&directory.0);
        let instance = router("VI_1", 51, &["192.0.2.100"]);
        let instance = tracking(instance, &[(1, -30), (2, 0), (3, 20)]);
        let trackers = [tracker(1, UP), tracker(2, UP), tracker(3, UNKNOWN)];
        engine.apply(with_trackers(trackers, [instance])).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        listener.wait_for(51, 100);
        engine.set_track(&[result(1, 1, DOWN)]);
        listener.wait_for(51, 70);
        engine.set_track(&[result(1, 1, DOWN), result(3, 1, UP)]);
        listener.wait_for(51, 90);
        let now = status(&engine, "VI_1");
        let priorities = (now.base_priority, now.priority, now.total_priority);
        assert_eq!(priorities, (100, 90, 90));
        wait_held("left", &["192.0.2.100/32"]);
        engine.set_track(&[result(2, 1, DOWN)]);
        listener.wait_for(51, 0);
        listener.wait_for(51, 0);
        wait_held("left", &[]);
        assert_eq!(wait_for(&engine, "VI_1", State::Fault).tracker_faults, 1);
        engine.set_track(&[result(2, 1, UP), result(1, 1, UP)]);
        listener.wait_for(51, 120);
        wait_held("left", &["192.0.2.100/32"]);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn an_instance_waits_for_a_first_result_without_a_word() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("awaits");
        let engine = open(&directory.0);
        let instances = [
            tracking(owner("waits", 51, &["192.0.2.100"]), &[(1, 0), (2, 0)]),
            tracking(router("weighs", 52, &["192.0.2.101"]), &[(1, 10)]),
        ];
        let trackers = [tracker(1, UNKNOWN), tracker(2, UNKNOWN)];
        engine.apply(with_trackers(trackers, instances)).unwrap();
        wait_for(&engine, "weighs", State::Master);
        engine.set_track(&[result(1, 1, UP)]);
        let is_weighed = |now: &ka_engine::InstanceStatus| now.priority == 110;
        eventually(|| Some(status(&engine, "weighs")).filter(is_weighed));
        let now = status(&engine, "waits");
        assert_eq!((now.state, now.trackers_awaited), (State::Init, 1));
        let told = changes(&drain(&engine));
        assert!(
            !told.iter().any(|told| told.starts_with("waits")),
            "{told:?}"
        );
        engine.set_track(&[result(2, 1, UP)]);
        let events = until(&engine, |event| is_change(event, "waits", State::Master));
        assert_eq!(
            changes(&events),
            ["waits INIT BACKUP", "waits BACKUP MASTER"]
        );
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn what_happened_in_order_takes_effect_in_order_for_every_instance() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("in-order");
        let engine = open(&directory.0);
        let instance = |index: u8| {
            let mut instance = router(&format!("VI_{index}"), index, &[]);
            // None becomes Master while this goes on.
            instance.router.advertisement_interval = Duration::from_secs(40);
            tracking(instance, &[(1, 0), (2, -5)])
        };
        let trackers = [tracker(1, UP), tracker(2, UP)];
        engine
            .apply(with_trackers(trackers, (1..=250).map(instance)))
            .unwrap();
        drain(&engine);
        let results = [
            result(1, 1, DOWN),
            result(2, 1, DOWN),
            result(1, 1, UP),
            result(2, 1, UP),
            result(1, 1, DOWN),
        ];
        engine.set_track(&results);
        let mut events = Vec::new();
        eventually(|| {
            events.extend(drain(&engine));
            let faults = changes(&events);
            let is_last = |change: &&String| change.ends_with("FAULT");
            (faults.iter().filter(is_last).count() == 500).then_some(())
        });
        for index in 1..=250 {
            let name = format!("VI_{index}");
            let told = events.iter().filter_map(|event| match event {
                EventKind::StateChanged { instance, to, .. } if **instance == *name => {
                    Some(to.to_string())
                }
                EventKind::Notice {
                    instance,
                    notice: Notice::EffectivePriorityChanged { to, .. },
                } if **instance == *name => Some(to.to_string()),
                _ => None,
            });
            let told: Vec<String> = told.collect();
            assert_eq!(told, ["FAULT", "95", "BACKUP", "100", "FAULT"], "{name}");
        }
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_reload_keeps_results_and_drops_late_ones() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("generations");
        let engine = open(&directory.0);
        let instance = |weight| tracking(owner("VI_1", 51, &["192.0.2.100"]), &[(1, weight)]);
        engine
            .apply(with_trackers([tracker(1, UP)], [instance(0)]))
            .unwrap();
        listener.wait_for(51, 255);
        let newer = TrackerConfig {
            generation: 2,
            ..tracker(1, UP)
        };
        // Another instance tracks it newly, and knows the result at once.
        let second = tracking(router("VI_2", 52, &["192.0.2.102"]), &[(1, 10)]);
        let report = engine
            .apply(with_trackers(
                [newer, tracker(2, UNKNOWN)],
                [instance(0), second],
            ))
            .unwrap();
        assert_eq!((report.unchanged, report.added), (1, 1));
        assert_eq!(status(&engine, "VI_2").priority, 110);
        engine.set_track(&[result(1, 1, DOWN), result(9, 1, DOWN), result(2, 1, UP)]);
        let snapshot = eventually(|| {
            let snapshot = engine.snapshot().unwrap();
            let mut trackers = snapshot.trackers.iter();
            let heard = trackers.any(|it| it.id == TrackerId(2) && it.state == UP);
            heard.then_some(snapshot)
        });
        assert_eq!(snapshot.engine.tracker_results_dropped, 2);
        assert_eq!(snapshot.trackers.len(), 2);
        assert_eq!(status(&engine, "VI_1").state, State::Master);
        // What the line says of the same result changes.
        engine
            .apply(with_trackers([tracker(1, DOWN)], [instance(0)]))
            .unwrap();
        assert_eq!(status(&engine, "VI_1").state, State::Fault);
        let report = engine
            .apply(with_trackers([tracker(1, DOWN)], [instance(-10)]))
            .unwrap();
        assert_eq!(report.changed, 1);
        wait_for(&engine, "VI_1", State::Master);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_tracker_that_falls_silent_counts_as_failed_and_says_so() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("stale");
        let engine = open(&directory.0);
        let instance = tracking(owner("VI_1", 51, &["192.0.2.100"]), &[(1, 0), (2, 0)]);
        let silent = TrackerConfig {
            source: TrackerSource::Reported {
                initial: UP,
                stale_after: Some(Duration::from_secs(1)),
            },
            ..tracker(1, UP)
        };
        engine
            .apply(with_trackers([silent, tracker(2, UP)], [instance]))
            .unwrap();
        let events = until(&engine, |event| is_change(event, "VI_1", State::Fault));
        let stale: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                EventKind::TrackerStale { tracker } => Some(&**tracker),
                _ => None,
            })
            .collect();
        assert_eq!(stale, ["t1"]);
        let snapshot = engine.snapshot().unwrap();
        let mut trackers = snapshot.trackers.iter();
        assert!(trackers.any(|it| it.is_stale && it.state == DOWN));
        engine.set_track(&[result(1, 1, UP)]);
        let events = until(&engine, |event| is_change(event, "VI_1", State::Backup));
        let is_fresh = |event: &EventKind| matches!(event, EventKind::TrackerFresh { .. });
        assert!(events.iter().any(is_fresh), "{events:?}");
        engine.stop(STOP).unwrap();
    });
}
