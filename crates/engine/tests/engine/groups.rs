//! Sync groups: instances that change their state together.

use std::time::Duration;

use ka_engine::{
    Engine, EngineConfig, EventKind, GroupConfig, GroupStatus, InstanceConfig, Track,
    TrackerConfig, TrackerId, TrackerResult, TrackerSource,
};
use ka_vrrp::{State, TrackerState, Weight};

use crate::support::{
    Directory, Peer, config, drain, eventually, in_namespace, open, owner, router, status,
    wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

fn group(name: &str, members: &[&str]) -> GroupConfig {
    GroupConfig {
        name: name.into(),
        members: members.iter().map(|&member| member.into()).collect(),
    }
}

fn grouped(
    groups: impl IntoIterator<Item = GroupConfig>,
    instances: impl IntoIterator<Item = InstanceConfig>,
) -> EngineConfig {
    EngineConfig {
        groups: groups.into_iter().collect(),
        ..config(instances)
    }
}

/// The trackers 1 to `count`, which are well, as the instances of these numbers track them.
fn tracked(mut config: EngineConfig) -> EngineConfig {
    for (number, instance) in (1..).zip(&mut config.instances) {
        config.trackers.push(TrackerConfig {
            id: TrackerId(number),
            generation: 1,
            name: format!("t{number}").into(),
            source: reported(TrackerState::Up),
        });
        instance.tracks.push(Track {
            tracker: TrackerId(number),
            weight: Weight {
                weight: 0,
                reverse: false,
            },
        });
    }
    config
}

fn reported(initial: TrackerState) -> TrackerSource {
    TrackerSource::Reported {
        initial,
        stale_after: None,
    }
}

fn result(tracker: u32, state: TrackerState) -> TrackerResult {
    TrackerResult {
        tracker: TrackerId(tracker),
        generation: 1,
        state,
    }
}

fn group_status(engine: &Engine, name: &str) -> GroupStatus {
    let snapshot = engine.snapshot().expect("a running engine");
    let mut groups = snapshot.groups.into_iter();
    groups
        .find(|group| &*group.name == name)
        .unwrap_or_else(|| panic!("no group {name}"))
}

fn wait_for_group(engine: &Engine, name: &str, state: State) -> GroupStatus {
    eventually(|| Some(group_status(engine, name)).filter(|group| group.state == state))
}

/// Changes of instances and groups as `NAME STATE`, until the last of these. What has happened behind it by now is passed over.
fn told_until(engine: &Engine, last: &str) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    eventually(|| {
        told.extend(drain(engine).iter().filter_map(|event| match event {
            EventKind::StateChanged {
                instance,
                to,
                untold: false,
                ..
            } => Some(format!("{instance} {to}")),
            EventKind::StateChanged { instance, to, .. } => Some(format!("{instance} {to} untold")),
            EventKind::GroupStateChanged { group, to, .. } => Some(format!("{group} {to}")),
            _ => None,
        }));
        let found = told.iter().position(|told| told == last)?;
        told.truncate(found + 1);
        Some(())
    });
    told
}

fn three() -> [InstanceConfig; 3] {
    [
        router("a", 1, &["192.0.2.101"]),
        router("b", 2, &["192.0.2.102"]),
        router("c", 3, &["192.0.2.103"]),
    ]
}

const ALL: [&str; 3] = ["192.0.2.101/32", "192.0.2.102/32", "192.0.2.103/32"];

#[test]
fn members_become_master_together_fail_together_and_come_back_together() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("together");
        let engine = open(&directory.0);
        let mut instances = three();
        // Each waits as long again for the others, and follows in their order unless it comes to that.
        for instance in &mut instances {
            instance.router.advertisement_interval = Duration::from_secs(1);
        }
        // It is the last one that may become Master.
        instances[1].router.priority = 50;
        engine
            .apply(tracked(grouped([group("G", &["c", "a", "b"])], instances)))
            .unwrap();
        assert_eq!(
            told_until(&engine, "G MASTER"),
            [
                "G BACKUP", "c BACKUP", "a BACKUP", "b BACKUP", "b MASTER", "c MASTER", "a MASTER",
                "G MASTER"
            ]
        );
        wait_held("left", &ALL);
        let now = group_status(&engine, "G");
        assert_eq!(now.members, ["c".into(), "a".into(), "b".into()]);
        assert!(now.changed_at.is_some());

        engine.set_track(&[result(1, TrackerState::Down)]);
        assert_eq!(
            told_until(&engine, "G FAULT"),
            ["a FAULT", "c FAULT", "b FAULT", "G FAULT"]
        );
        // Of its own fault one resigns twice, dragged along once.
        let resigned = [(1, 2), (3, 1), (2, 1)];
        for (vrid, times) in resigned {
            for _ in 0..times {
                listener.wait_for(vrid, 0);
            }
        }
        wait_held("left", &[]);
        assert_eq!(status(&engine, "b").statistics.priority_zero_sent, 1);

        engine.set_track(&[result(2, TrackerState::Down), result(1, TrackerState::Up)]);
        eventually(|| (status(&engine, "b").tracker_faults == 1).then_some(()));
        wait_for(&engine, "a", State::Fault);
        engine.set_track(&[result(2, TrackerState::Up)]);
        assert_eq!(
            told_until(&engine, "G BACKUP"),
            ["b BACKUP", "c BACKUP", "a BACKUP", "G BACKUP"]
        );
        wait_held("left", &ALL);
        wait_for_group(&engine, "G", State::Master);
        drain(&engine);
        engine.stop(STOP).unwrap();
        assert_eq!(
            told_until(&engine, "G STOP"),
            ["a STOP", "b STOP", "c STOP", "G STOP"]
        );
        wait_held("left", &[]);
    });
}

#[test]
fn two_hosts_give_a_group_back_and_forth_as_a_whole() {
    in_namespace(|| {
        let peer = Peer::connect();
        let here = Directory::new("here");
        let there = Directory::new("there");
        let engine = open(&here.0);
        let plan = |interface: &str, priority| {
            let mut instances = three();
            for instance in &mut instances {
                instance.interface = Some(interface.into());
                instance.addresses[0].interface = interface.into();
                instance.router.priority = priority;
            }
            tracked(grouped([group("G", &["a", "b", "c"])], instances))
        };
        engine.apply(plan("left", 100)).unwrap();
        wait_held("left", &ALL);
        let better = peer.run(|| {
            let engine = open(&there.0);
            engine.apply(plan("right", 200)).unwrap();
            engine
        });
        wait_for_group(&better, "G", State::Master);
        wait_for_group(&engine, "G", State::Backup);
        wait_held("left", &[]);
        peer.run(|| wait_held("right", &ALL));
        // One of three is enough.
        better.set_track(&[result(2, TrackerState::Down)]);
        wait_for_group(&engine, "G", State::Master);
        wait_held("left", &ALL);
        peer.run(|| wait_held("right", &[]));
        better.set_track(&[result(2, TrackerState::Up)]);
        wait_for_group(&better, "G", State::Master);
        wait_held("left", &[]);
        wait_for(&engine, "c", State::Backup);
        better.stop(STOP).unwrap();
        wait_held("left", &ALL);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_member_that_awaits_a_result_keeps_its_group_silent() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("silent");
        let engine = open(&directory.0);
        let instances = [
            owner("a", 1, &["192.0.2.101"]),
            router("b", 2, &["192.0.2.102"]),
            router("alone", 9, &["192.0.2.109"]),
        ];
        let mut config = tracked(grouped([group("G", &["a", "b"])], instances));
        config.trackers[1].source = reported(TrackerState::Unknown);
        engine.apply(config).unwrap();
        let told = told_until(&engine, "alone MASTER");
        assert_eq!(told, ["alone BACKUP", "alone MASTER"]);
        assert_eq!(group_status(&engine, "G").state, State::Init);
        assert_eq!(status(&engine, "a").state, State::Init);
        engine.set_track(&[result(2, TrackerState::Up)]);
        assert_eq!(
            told_until(&engine, "G BACKUP"),
            ["b BACKUP", "a BACKUP", "G BACKUP"]
        );
        wait_for_group(&engine, "G", State::Master);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn owners_that_are_alone_in_their_group_are_master_at_once() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("owners");
        let engine = open(&directory.0);
        let instances = [
            owner("a", 1, &["192.0.2.101"]),
            owner("b", 2, &["192.0.2.102"]),
        ];
        engine
            .apply(grouped([group("G", &["a", "b"])], instances))
            .unwrap();
        let mut told = told_until(&engine, "b MASTER");
        told.sort_unstable();
        assert_eq!(told, ["a MASTER", "b MASTER"]);
        assert_eq!(group_status(&engine, "G").state, State::Master);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn groups_and_members_come_and_go_with_a_reload() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("reloads");
        let engine = open(&directory.0);
        let apply = |groups: &[GroupConfig], instances: Vec<InstanceConfig>| {
            engine
                .apply(tracked(grouped(groups.to_vec(), instances)))
                .unwrap()
        };
        apply(&[group("G", &["a", "b"])], three().to_vec());
        wait_for_group(&engine, "G", State::Master);
        wait_for(&engine, "c", State::Master);
        drain(&engine);

        // The same again: nothing happens.
        let report = apply(&[group("G", &["a", "b"])], three().to_vec());
        assert_eq!((report.unchanged, report.changed), (3, 0));
        // Another order, and a name of its own for a member: still nothing to tell.
        let mut renamed = three();
        renamed[0].name = "A".into();
        apply(&[group("G", &["b", "A"])], renamed.to_vec());
        assert_eq!(group_status(&engine, "G").members, ["b".into(), "A".into()]);
        // A Master more is welcome, and a new instance will be one.
        let mut four = renamed.to_vec();
        four.push(router("d", 4, &["192.0.2.104"]));
        apply(&[group("G", &["b", "A", "c", "d"])], four.clone());
        let told = told_until(&engine, "d MASTER untold");
        assert_eq!(told, ["d BACKUP", "d MASTER untold"]);
        assert_eq!(group_status(&engine, "G").state, State::Master);

        engine.set_track(&[result(4, TrackerState::Down)]);
        wait_for_group(&engine, "G", State::Fault);
        wait_for(&engine, "c", State::Fault);
        drain(&engine);
        // Without the faulty one the others can go on; those that are alone now, too.
        apply(&[group("G", &["b", "A"])], four.clone());
        wait_for_group(&engine, "G", State::Master);
        wait_for(&engine, "c", State::Master);
        wait_for(&engine, "d", State::Fault);
        // Another group of the same instances.
        apply(&[group("H", &["A", "d"]), group("I", &["b"])], four.clone());
        let snapshot = engine.snapshot().unwrap();
        let groups = snapshot
            .groups
            .iter()
            .map(|group| (&*group.name, group.state));
        let groups: Vec<_> = groups.collect();
        assert_eq!(groups, [("H", State::Fault), ("I", State::Master)]);
        wait_for(&engine, "A", State::Fault);
        // The faulty one goes altogether.
        four.pop();
        apply(&[group("H", &["A"]), group("I", &["b"])], four.clone());
        wait_for_group(&engine, "H", State::Master);
        apply(&[], four);
        assert!(engine.snapshot().unwrap().groups.is_empty());
        wait_held("left", &ALL);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_large_group_follows_as_a_whole_and_others_are_not_held_up() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("large");
        let engine = open(&directory.0);
        let name = |number: usize| format!("m{number}");
        let mut instances: Vec<InstanceConfig> = (1..=200)
            .map(|number| {
                router(
                    &name(number),
                    u8::try_from(number).unwrap(),
                    &[&format!("198.51.100.{number}")],
                )
            })
            .collect();
        instances.push(owner("other", 255, &["192.0.2.200"]));
        let members: Vec<String> = (1..=200).map(name).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        engine
            .apply(tracked(grouped([group("G", &members)], instances)))
            .unwrap();
        for _ in 0..3 {
            wait_for_group(&engine, "G", State::Master);
            let masters = || {
                let snapshot = engine.snapshot().unwrap();
                snapshot
                    .instances
                    .iter()
                    .filter(|it| it.state == State::Master)
                    .count()
            };
            assert_eq!(masters(), 201);
            engine.set_track(&[result(77, TrackerState::Down)]);
            wait_for_group(&engine, "G", State::Fault);
            assert_eq!(masters(), 1);
            engine.set_track(&[result(77, TrackerState::Up)]);
        }
        engine.stop(STOP).unwrap();
    });
}
