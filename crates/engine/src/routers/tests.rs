//! The thread's own steps, with times of the test's choosing.

#[path = "../../../sys/tests/support/mod.rs"]
mod support;

use std::sync::mpsc::sync_channel;

use ka_vrrp::RouterConfig;
use ka_wire::Family;
use support::{DEADLINE, in_namespace, ip, veth};

use super::*;
use crate::config::{
    EngineConfig, EngineOptions, InstanceConfig, TrackerConfig, TrackerId, TrackerSource,
};
use crate::ends::HEARTBEAT;
use crate::plan::Plan;
use crate::shared::Shared;

fn first() -> InstanceId {
    InstanceId::new(0)
}

/// A thread that nobody runs, with one router of `priority` and no address on `left`.
fn thread_with(priority: u8, master_repeat: u32) -> EngineThread {
    veth();
    ip("address add 192.0.2.1/24 dev left");
    let mut router = RouterConfig::new(51, Family::V4);
    router.priority = priority;
    router.garp.master_repeat = master_repeat;
    let instance = InstanceConfig {
        name: "VI_1".into(),
        interface: Some("left".into()),
        dynamic_interface: false,
        source: None,
        track_source: false,
        unicast: None,
        group: [224, 0, 0, 18].into(),
        router,
        addresses: Vec::new(),
        routes: Vec::new(),
        rules: Vec::new(),
        resign_on_loss: false,
        promote_secondaries: false,
        sync_daemon: None,
        tracks: Vec::new(),
    };
    let config = EngineConfig {
        instances: vec![instance],
        ..EngineConfig::default()
    };
    let options = EngineOptions {
        realtime_priority: None,
        ..EngineOptions::default()
    };
    let shared = Arc::new(Shared::new(16).unwrap());
    let mut thread = EngineThread::open(&options, shared).unwrap();
    let (reply, answer) = sync_channel(1);
    thread.begin_apply(
        Box::new(Plan::new(config, |_| true).unwrap()),
        reply,
        Instant::now(),
    );
    while thread.apply.is_some() {
        thread.continue_apply(Instant::now());
    }
    assert_eq!(answer.recv().unwrap().report.added, 1);
    thread
}

fn state(thread: &EngineThread) -> State {
    thread.instances[first().index()]
        .as_ref()
        .unwrap()
        .router
        .state()
}

#[test]
fn a_backup_waits_for_unread_packets_but_not_for_ever() {
    in_namespace(|| {
        let mut thread = thread_with(100, 1);
        let (due, _) = thread.timers.earliest().unwrap();
        // More arrives than can be read: nothing that came before the deadline is known to be all.
        thread.heard_until = due - Duration::from_millis(1);
        let mut now = due;
        while now < due + LISTEN_FIRST {
            thread.fire_timers(now);
            assert_eq!(state(&thread), State::Backup);
            now += Duration::from_millis(1);
        }
        thread.fire_timers(now);
        assert_eq!(state(&thread), State::Master);
    });
}

#[test]
fn a_backup_that_has_heard_everything_takes_over_when_it_is_time() {
    in_namespace(|| {
        let mut thread = thread_with(100, 1);
        let (due, _) = thread.timers.earliest().unwrap();
        thread.heard_until = due;
        thread.fire_timers(due - Duration::from_micros(1));
        assert_eq!(state(&thread), State::Backup);
        thread.fire_timers(due);
        assert_eq!(state(&thread), State::Master);
    });
}

#[test]
fn rounds_without_anything_to_announce_take_no_time() {
    in_namespace(|| {
        let start = Instant::now();
        let mut thread = thread_with(255, u32::MAX);
        let (due, _) = thread.timers.earliest().unwrap();
        thread.heard_until = due;
        thread.fire_timers(due);
        assert_eq!(state(&thread), State::Master);
        assert!(thread.announcer.has_work());
        thread.announce(due);
        assert!(!thread.announcer.has_work());
        assert!(start.elapsed() < DEADLINE);
    });
}

#[test]
fn a_process_that_was_stopped_for_hours_has_missed_no_result() {
    in_namespace(|| {
        let mut thread = thread_with(100, 1);
        let limit = Duration::from_secs(10);
        let config = TrackerConfig {
            id: TrackerId(1),
            generation: 1,
            name: "script".into(),
            source: TrackerSource::Reported {
                initial: ka_vrrp::TrackerState::Up,
                stale_after: Some(limit),
            },
        };
        let mut planned = [(config.id, crate::trackers::Tracker::new(config, 0))].into();
        thread.trackers.configure(&mut planned);
        let mut now = Instant::now();
        for _ in 0..3 {
            now += Duration::from_secs(3600);
            thread.beat(now);
            assert!(!thread.continue_tracking(now));
        }
        // Awake it counts.
        for _ in 0..7 {
            now += HEARTBEAT;
            thread.beat(now);
            assert!(!thread.continue_tracking(now));
        }
        thread.beat(now + HEARTBEAT);
        assert!(thread.continue_tracking(now));
    });
}

#[test]
fn a_change_of_an_interface_that_comes_while_its_routers_follow_another_is_followed_too() {
    in_namespace(|| {
        let mut thread = thread_with(100, 1);
        let interface = thread.instances[0].as_ref().unwrap().interface;
        let is_stale = |thread: &EngineThread| thread.interfaces.at(interface).stale;
        while thread.next_follower().is_some() {}
        thread.touch(interface);
        assert_eq!(thread.next_follower(), Some(first()));
        // The step has no more time, and the next one begins with news.
        thread.touch(interface);
        thread.touch(interface);
        assert_eq!(thread.next_follower(), Some(first()));
        assert!(is_stale(&thread));
        assert_eq!(thread.next_follower(), None);
        assert!(!is_stale(&thread));
        assert!(!thread.following.has_work());
        thread.touch(interface);
        assert_eq!(thread.next_follower(), Some(first()));
    });
}
