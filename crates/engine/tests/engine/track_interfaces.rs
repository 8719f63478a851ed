//! Interfaces that instances track.

use std::time::Duration;

use ka_engine::{
    EngineConfig, EventKind, Track, TrackerConfig, TrackerId, TrackerKind, TrackerSource,
};
use ka_vrrp::{State, TrackerState, Weight};

use crate::support::{
    Directory, Peer, config, drain, eventually, in_namespace, ip, open, owner, router, status,
    wait_for,
};

const STOP: Duration = Duration::from_secs(30);

fn tracker(id: u32, name: &str) -> TrackerConfig {
    TrackerConfig {
        id: TrackerId(id),
        generation: 1,
        name: name.into(),
        source: TrackerSource::Interface { name: name.into() },
    }
}

fn track(id: u32, weight: i16, reverse: bool) -> Track {
    Track {
        tracker: TrackerId(id),
        weight: Weight { weight, reverse },
    }
}

#[test]
fn an_interface_counts_while_it_is_up_whatever_becomes_of_it() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        ip("link add other type veth peer name end");
        ip("link set end up");
        let directory = Directory::new("track-interfaces");
        let engine = open(&directory.0);
        let mut judged = owner("judged", 51, &["192.0.2.100"]);
        judged.tracks = vec![track(1, 0, false)];
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = vec![track(1, 20, false), track(2, -30, false)];
        let mut reversed = router("reversed", 53, &[]);
        reversed.tracks = vec![track(1, -20, true)];
        let configuration = EngineConfig {
            trackers: vec![tracker(1, "other"), tracker(2, "missing")],
            ..config([judged, weighed, reversed])
        };
        engine.apply(configuration.clone()).unwrap();
        // What is down, and what does not exist, is known from the start.
        let priority = |name| status(&engine, name).priority;
        let state = |name| status(&engine, name).state;
        assert_eq!(state("judged"), State::Fault);
        assert_eq!((priority("weighed"), priority("reversed")), (70, 120));
        ip("link set other up");
        wait_for(&engine, "judged", State::Master);
        listener.wait_for(51, 255);
        eventually(|| ((priority("weighed"), priority("reversed")) == (90, 100)).then_some(()));
        ip("link set end down");
        listener.wait_for(51, 0);
        wait_for(&engine, "judged", State::Fault);
        eventually(|| (priority("weighed") == 70).then_some(()));
        ip("link set end up");
        wait_for(&engine, "judged", State::Master);
        // It vanishes, and comes again under the name that is tracked.
        ip("link delete other");
        wait_for(&engine, "judged", State::Fault);
        ip("link add late type veth peer name end");
        ip("link set end up");
        ip("link set late up");
        ip("link set late name other");
        wait_for(&engine, "judged", State::Master);
        eventually(|| (priority("weighed") == 90).then_some(()));
        ip("link set other name missing");
        wait_for(&engine, "judged", State::Fault);
        eventually(|| (priority("weighed") == 100).then_some(()));
        let told = drain(&engine).into_iter();
        let told = told.filter_map(|event| match event {
            EventKind::TrackerChanged {
                tracker,
                kind: TrackerKind::Interface,
                state,
                initial: false,
            } => Some((tracker.to_string(), state)),
            _ => None,
        });
        let told: Vec<(String, TrackerState)> = told.collect();
        assert!(
            told.contains(&("missing".to_owned(), TrackerState::Up)),
            "{told:?}"
        );
        // A reload knows how it is.
        let report = engine.apply(configuration).unwrap();
        assert_eq!(report.unchanged, 3);
        assert_eq!((state("judged"), priority("weighed")), (State::Fault, 100));
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn an_interface_that_flaps_leaves_everybody_with_how_it_is() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("link add other type veth peer name end");
        ip("link set end up");
        let directory = Directory::new("track-flaps");
        let engine = open(&directory.0);
        let instance = |vrid: u8| {
            let mut instance = router(&format!("VI_{vrid}"), vrid, &[]);
            instance.tracks = vec![track(1, 20, false)];
            instance
        };
        let configuration = EngineConfig {
            trackers: vec![tracker(1, "other")],
            ..config((1..=200).map(instance))
        };
        engine.apply(configuration).unwrap();
        for turn in 0..41 {
            ip(&format!("link set other {}", ["up", "down"][turn % 2]));
        }
        let all = |priority: u8| {
            let snapshot = engine.snapshot().unwrap();
            let mut instances = snapshot.instances.iter();
            instances.all(|instance| instance.priority == priority)
        };
        eventually(|| all(120).then_some(()));
        ip("link set other down");
        eventually(|| all(100).then_some(()));
        engine.stop(STOP).unwrap();
    });
}
