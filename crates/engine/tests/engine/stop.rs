//! What a stop waits for, and what not.

use std::thread;
use std::time::{Duration, Instant};

use ka_engine::{EngineError, Fault};

use crate::support::{Directory, Peer, config, drain, held, in_namespace, open, owner, wait_held};

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
