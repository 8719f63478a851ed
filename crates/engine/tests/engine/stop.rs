//! What a stop waits for, and what not.

use std::thread;
use std::time::{Duration, Instant};

use ka_engine::{Engine, EngineError, EngineOptions, Fault};

use crate::support::{
    Directory, Heard, Peer, changes, config, drain, held, in_namespace, open, options, owner,
    wait_held,
};

#[test]
fn a_stop_keeps_its_deadline_while_an_apply_waits_for_the_disk() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("slow-disk");
        let engine = open(&directory.0);
        let master = || config([owner("VI_1", 51, &["192.0.2.100"])]);
        engine.apply(master()).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        drain(&engine);
        thread::scope(|scope| {
            scope.spawn(|| engine.inject(Fault::SlowDisk(Duration::from_secs(10))));
            // It has the disk by then.
            thread::sleep(Duration::from_millis(500));
            let start = Instant::now();
            engine.stop(Duration::from_secs(2)).unwrap();
            assert!(start.elapsed() < Duration::from_secs(8));
            assert!(held("left").is_empty());
        });
        // The disk answered: the name is free although nobody stopped again.
        assert!(matches!(engine.apply(master()), Err(EngineError::Stopped)));
        let _second = open(&directory.0);
    });
}

#[test]
fn a_stop_that_releases_nothing_leaves_addresses_and_record_to_the_next_start() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("kept");
        let keeping = EngineOptions {
            release_on_stop: false,
            ..options(&directory.0)
        };
        let engine = Engine::open(&keeping, || {}).unwrap();
        let master = || config([owner("VI_1", 51, &["192.0.2.100"])]);
        engine.apply(master()).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        listener.wait_for(51, 255);
        drain(&engine);
        engine.stop(Duration::from_secs(30)).unwrap();
        assert_eq!(changes(&drain(&engine)), ["VI_1 MASTER STOP"]);
        let resigned = |heard: &Heard| heard.priority == 0;
        assert!(!listener.heard().iter().any(resigned));
        wait_held("left", &["192.0.2.100/32"]);
        // What stays is recorded: it is removed where it is not configured any more.
        let next = open(&directory.0);
        next.apply(config([owner("VI_1", 51, &["192.0.2.101"])]))
            .unwrap();
        wait_held("left", &["192.0.2.101/32"]);
        next.stop(Duration::from_secs(30)).unwrap();
        wait_held("left", &[]);
    });
}
