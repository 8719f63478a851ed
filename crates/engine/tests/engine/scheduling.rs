//! How the kernel schedules the engine thread, and what the thread changes of that.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ka_engine::{Engine, EventKind, Raise, Scheduling};
use ka_sys::Errno;

use crate::support::{Directory, Peer, config, drain, eventually, in_namespace, open, router};

const SCHED_OTHER: u32 = 0;
const SCHED_RR: u32 = 2;

/// Policy, real-time priority and nice value of the one engine thread of this network namespace, and its processors.
fn scheduled() -> (u32, u32, i32, String) {
    let namespace = fs::read_link("/proc/thread-self/ns/net").unwrap();
    let is_ours = |task: &Path| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "ka-engine\n")
            && fs::read_link(task.join("ns/net")).is_ok_and(|other| other == namespace)
    };
    let task = fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|task| is_ours(task))
        .unwrap();
    let stat = fs::read_to_string(task.join("stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split_whitespace().collect();
    let status = fs::read_to_string(task.join("status")).unwrap();
    let cpus = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    (
        fields[38].parse().unwrap(),
        fields[37].parse().unwrap(),
        fields[16].parse().unwrap(),
        cpus.unwrap().to_owned(),
    )
}

/// An engine whose router has a timer every 10 ms.
fn ticking(directory: &Directory) -> (Engine, Peer) {
    let peer = Peer::connect();
    let engine = open(&directory.0);
    let mut instance = router("VI_1", 51, &["192.0.2.100"]);
    instance.router.advertisement_interval = Duration::from_millis(10);
    engine.apply(config([instance])).unwrap();
    (engine, peer)
}

fn wait_for(engine: &Engine, wanted: impl Fn(&EventKind) -> bool) -> EventKind {
    eventually(|| drain(engine).into_iter().find(|event| wanted(event)))
}

#[test]
fn the_thread_is_scheduled_as_it_is_told_and_as_the_others_again() {
    in_namespace(|| {
        let directory = Directory::new("scheduled");
        let (engine, _peer) = ticking(&directory);
        let before = scheduled();
        assert_eq!(before.0, SCHED_OTHER);
        let wanted = Scheduling {
            realtime_priority: Some(3),
            nice: Some(-5),
            cpus: Some(vec![0]),
            touch_stack: true,
            ..Scheduling::default()
        };
        assert_eq!(engine.schedule(wanted.clone()).unwrap(), []);
        assert_eq!(scheduled(), (SCHED_RR, 3, -5, "0".to_owned()));
        let refused = Scheduling {
            cpus: Some(vec![1023]),
            ..wanted
        };
        let refusals = engine.schedule(refused).unwrap();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert_eq!(refusals[0].errno, Errno::INVAL);
        assert_eq!(
            refusals[0].message,
            "run on processors [1023]: Invalid argument"
        );
        assert_eq!(scheduled(), (SCHED_RR, 3, -5, "0".to_owned()));
        let none = Scheduling {
            realtime_priority: None,
            ..Scheduling::default()
        };
        assert_eq!(engine.schedule(none).unwrap(), []);
        assert_eq!(scheduled(), before);
    });
}

#[test]
fn a_thread_that_runs_too_long_gives_up_real_time_until_it_is_told_again() {
    in_namespace(|| {
        let directory = Directory::new("demoted");
        let (engine, _peer) = ticking(&directory);
        let strict = Scheduling {
            running_limit: Duration::from_nanos(1),
            // It is late by its own doing then: that must not raise it again.
            raise: Some(Raise {
                after: Duration::ZERO,
                limit: 9,
            }),
            ..Scheduling::default()
        };
        assert_eq!(engine.schedule(strict).unwrap(), []);
        wait_for(&engine, |event| matches!(event, EventKind::Demoted));
        assert_eq!(scheduled().0, SCHED_OTHER);
        assert!(!engine.snapshot().unwrap().engine.realtime);
        assert_eq!(engine.schedule(Scheduling::default()).unwrap(), []);
        let (policy, priority, ..) = scheduled();
        assert_eq!((policy, priority), (SCHED_RR, 1));
        assert!(engine.snapshot().unwrap().engine.realtime);
    });
}

#[test]
fn a_thread_that_is_late_raises_itself_step_by_step_to_the_limit() {
    in_namespace(|| {
        let directory = Directory::new("raised");
        let (engine, _peer) = ticking(&directory);
        let raising = Scheduling {
            realtime_priority: None,
            raise: Some(Raise {
                after: Duration::ZERO,
                limit: 3,
            }),
            ..Scheduling::default()
        };
        assert_eq!(engine.schedule(raising).unwrap(), []);
        let mut raised = Vec::new();
        eventually(|| {
            raised.extend(drain(&engine).iter().filter_map(|event| match event {
                EventKind::Raised { priority, .. } => Some(*priority),
                _ => None,
            }));
            (raised.len() >= 3).then_some(())
        });
        assert_eq!(raised, [1, 2, 3]);
        // Timers go on to be late by so little.
        let sent = engine.snapshot().unwrap().engine.advertisements_sent;
        eventually(|| {
            let now = engine.snapshot().unwrap().engine.advertisements_sent;
            (now > sent + 5).then_some(())
        });
        let (policy, priority, ..) = scheduled();
        assert_eq!((policy, priority), (SCHED_RR, 3));
        assert!(
            !drain(&engine)
                .iter()
                .any(|event| matches!(event, EventKind::Raised { .. }))
        );
    });
}
