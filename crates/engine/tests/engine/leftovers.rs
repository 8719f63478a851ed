//! One engine of a name, and what a dead one leaves.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ka_engine::{Engine, EngineError, EngineOptions, Fault, release};
use ka_sys::namespace::network_namespace_inode;
use ka_sys::record::RecordError;
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, add_marked, config, held, in_namespace, ip, open, options, owner, record,
    runtime_file, set, wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

/// Ends an engine, however long that takes: one that is dropped has half a second for it.
fn stop(engine: Engine) {
    engine.stop(STOP).unwrap();
}

fn named(directory: &Path, name: &str) -> EngineOptions {
    EngineOptions {
        instance_name: Some(name.to_owned()),
        ..options(directory)
    }
}

#[test]
fn a_second_engine_of_a_name_is_refused_and_other_names_run_beside_it() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("names");
        let first = open(&directory.0);
        let Err(EngineError::Record(RecordError::AlreadyRunning { path })) =
            Engine::open(&options(&directory.0), || {})
        else {
            panic!("a second engine must be refused");
        };
        assert_eq!(path, runtime_file(&directory.0).with_extension("lock"));
        let released = release(&directory.0, None);
        assert!(matches!(
            released,
            Err(EngineError::Record(RecordError::AlreadyRunning { .. }))
        ));

        let other = Engine::open(&named(&directory.0, "other"), || {}).unwrap();
        first
            .apply(config([owner("VI_1", 1, &["192.0.2.101"])]))
            .unwrap();
        other
            .apply(config([owner("VI_2", 2, &["192.0.2.102"])]))
            .unwrap();
        wait_held("left", &["192.0.2.101/32", "192.0.2.102/32"]);
        stop(first);
        wait_held("left", &["192.0.2.102/32"]);
        wait_for(&other, "VI_2", State::Master);
        stop(open(&directory.0));
        assert_eq!(held("left"), set(&["192.0.2.102/32"]));
    });
}

#[test]
fn after_a_stop_the_name_is_free_though_the_handle_lives() {
    in_namespace(|| {
        let directory = Directory::new("handle");
        let first = open(&directory.0);
        first.stop(STOP).unwrap();
        let _second = open(&directory.0);
        drop(first);
        assert!(Engine::open(&options(&directory.0), || {}).is_err());
    });
}

#[test]
fn a_start_sweeps_what_is_recorded_or_configured_and_carries_our_number() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("sweep");
        record(&directory.0, &["192.0.2.10", "192.0.2.11"]);
        add_marked("left", "192.0.2.10"); // recorded
        ip("address add 192.0.2.11/32 dev left"); // recorded, but somebody else's by now
        add_marked("left", "192.0.2.12"); // configured
        ip("address add 192.0.2.13/32 dev left"); // configured, somebody else's
        add_marked("left", "192.0.2.14"); // a live keepalived's
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.12", "192.0.2.13"]);
        instance.router.initial_state = Some(ka_vrrp::InitialState::Backup);
        instance.router.advertisement_interval = Duration::from_secs(10);
        engine.apply(config([instance])).unwrap();
        wait_for(&engine, "VI_1", State::Backup);
        assert_eq!(held("left"), set(&["192.0.2.14/32"]));
        let text = ip("-o -4 address show left");
        assert!(
            text.contains("192.0.2.11/32") && text.contains("192.0.2.13/32"),
            "{text}"
        );
        // What was swept is not swept again: it may be ours by now.
        add_marked("left", "192.0.2.12");
        engine.apply(config([])).unwrap();
        assert!(held("left").contains("192.0.2.12/32"));
        stop(engine);
        assert!(!runtime_file(&directory.0).exists());
    });
}

#[test]
fn the_file_tells_what_may_be_there_and_is_gone_after_a_stop() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("file");
        let engine = open(&directory.0);
        let file = runtime_file(&directory.0);
        assert!(!file.exists());
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        let recorded = |address: &str| fs::read_to_string(&file).unwrap().contains(address);
        assert!(recorded("192.0.2.100") && recorded("192.0.2.101"));
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        // An apply reports when the address is gone, so that the file may forget it.
        assert_eq!(held("left"), set(&["192.0.2.100/32"]));
        assert!(recorded("192.0.2.100") && !recorded("192.0.2.101"));
        stop(engine);
        assert!(held("left").is_empty());
        assert!(!file.exists());
    });
}

#[test]
fn release_removes_what_is_recorded_and_the_record() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("release");
        let nothing = release(&directory.0.join("missing"), None).unwrap();
        assert!(nothing.released.is_empty() && nothing.failed.is_empty());
        record(&directory.0, &["192.0.2.10", "192.0.2.11"]);
        add_marked("left", "192.0.2.10");
        add_marked("left", "192.0.2.14");
        let report = release(&directory.0, None).unwrap();
        let released: Vec<String> = report.released.iter().map(ToString::to_string).collect();
        assert_eq!(released, ["192.0.2.10 on left"]);
        assert!(report.failed.is_empty());
        assert_eq!(held("left"), set(&["192.0.2.14/32"]));
        assert!(!runtime_file(&directory.0).exists());
    });
}

#[test]
fn release_leaves_a_record_that_it_cannot_read_and_fails() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("unreadable");
        fs::create_dir_all(&directory.0).unwrap();
        let file = runtime_file(&directory.0);
        fs::write(&file, r#"{"layout":3}"#).unwrap();
        add_marked("left", "192.0.2.10");
        for _ in 0..2 {
            let Err(EngineError::Record(RecordError::Unusable { path, reason })) =
                release(&directory.0, None)
            else {
                panic!("what a record says that cannot be read is not nothing");
            };
            assert_eq!((path, reason.contains("newer")), (file.clone(), true));
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), r#"{"layout":3}"#);
        assert_eq!(held("left"), set(&["192.0.2.10/32"]));
    });
}

#[test]
fn a_start_keeps_a_record_that_it_cannot_read_aside_and_says_so() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("aside");
        fs::create_dir_all(&directory.0).unwrap();
        let file = runtime_file(&directory.0);
        let aside = file.with_extension("json.bad");
        fs::write(&aside, "an older one").unwrap();
        fs::write(&file, "half").unwrap();
        // One that applies nothing has nothing to do with it.
        stop(open(&directory.0));
        assert_eq!(fs::read_to_string(&file).unwrap(), "half");
        let engine = open(&directory.0);
        let report = engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        let told: Vec<&str> = report.refusals.iter().map(|r| r.reason.as_str()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("damaged") && told[0].contains(aside.to_str().unwrap()));
        assert_eq!(fs::read_to_string(&aside).unwrap(), "half");
        wait_held("left", &["192.0.2.100/32"]);
        // Once.
        assert!(engine.apply(config([])).unwrap().refusals.is_empty());
        stop(engine);
        assert!(aside.exists() && !file.exists());
    });
}

#[test]
fn an_engine_that_applied_nothing_leaves_what_the_one_before_it_recorded() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("unapplied");
        record(&directory.0, &["192.0.2.10"]);
        add_marked("left", "192.0.2.10");
        let engine = open(&directory.0);
        let mut unusable = owner("VI_1", 51, &["192.0.2.100"]);
        unusable.interface = Some("missing".into());
        engine.apply(config([unusable])).unwrap_err();
        stop(engine);
        assert_eq!(release(&directory.0, None).unwrap().released.len(), 1);
        assert!(held("left").is_empty());
    });
}

#[test]
fn release_fails_where_its_directory_cannot_be_looked_at() {
    in_namespace(|| {
        let directory = Directory::new("no-directory");
        let file = directory.0.join("file");
        fs::write(&file, "").unwrap();
        let released = release(&file.join("below"), None);
        assert!(
            matches!(released, Err(EngineError::Record(RecordError::File { .. }))),
            "{released:?}"
        );
    });
}

#[test]
fn release_without_a_name_takes_what_every_dead_engine_left_and_nothing_of_one_that_lives() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("every");
        let living = Engine::open(&named(&directory.0, "living"), || {}).unwrap();
        living
            .apply(config([owner("VI_1", 1, &["192.0.2.101"])]))
            .unwrap();
        wait_held("left", &["192.0.2.101/32"]);
        let nothing = release(&directory.0, None).unwrap();
        assert!(nothing.released.is_empty() && nothing.failed.is_empty());
        let lives = release(&directory.0, Some("living"));
        assert!(matches!(
            lives,
            Err(EngineError::Record(RecordError::AlreadyRunning { .. }))
        ));

        record(&directory.0, &["192.0.2.10"]);
        let inode = network_namespace_inode().unwrap();
        let file = |name: &str| directory.0.join(format!("{inode}{name}.json"));
        for (name, address) in [(".a.b", "192.0.2.11"), ("7", "192.0.2.12")] {
            record(&directory.0, &["192.0.2.10"]);
            let text = fs::read_to_string(runtime_file(&directory.0)).unwrap();
            fs::write(file(name), text.replace("192.0.2.10", address)).unwrap();
        }
        for address in ["192.0.2.10", "192.0.2.11", "192.0.2.12"] {
            add_marked("left", address);
        }
        let report = release(&directory.0, None).unwrap();
        let released: Vec<String> = report.released.iter().map(ToString::to_string).collect();
        assert_eq!(released, ["192.0.2.10 on left", "192.0.2.11 on left"]);
        // Of another namespace.
        assert_eq!(held("left"), set(&["192.0.2.101/32", "192.0.2.12/32"]));
        assert!(file("7").exists() && file(".living").exists());
        assert!(!file("").exists() && !file(".a.b").exists());
    });
}

#[test]
fn without_room_for_the_file_nothing_changes() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("full");
        let engine = open(&directory.0);
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        // A directory in its place refuses the new file, whoever runs this.
        let obstacle = runtime_file(&directory.0).with_extension("json.new");
        fs::create_dir(&obstacle).unwrap();
        let both = || {
            config([
                owner("VI_1", 51, &["192.0.2.100"]),
                owner("VI_2", 52, &["192.0.2.102"]),
            ])
        };
        let refused = engine.apply(both());
        assert!(
            matches!(
                refused,
                Err(EngineError::Record(RecordError::File {
                    operation: "write",
                    ..
                }))
            ),
            "{refused:?}"
        );
        assert_eq!(engine.snapshot().unwrap().instances.len(), 1);
        assert_eq!(held("left"), set(&["192.0.2.100/32"]));
        fs::remove_dir(&obstacle).unwrap();
        assert_eq!(engine.apply(both()).unwrap().added, 1);
    });
}

#[test]
fn a_stop_that_cannot_remove_an_address_says_so_and_keeps_the_record() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("refused");
        let engine = open(&directory.0);
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        engine.inject(Fault::LosePrivileges).unwrap();
        for _ in 0..2 {
            let stopped = engine.stop(STOP);
            let error = stopped.expect_err("the address is still there");
            assert!(matches!(error, EngineError::NotReleased { .. }), "{error}");
            assert!(
                error.to_string().ends_with(": 192.0.2.100 on left"),
                "{error}"
            );
        }
        assert_eq!(held("left"), set(&["192.0.2.100/32"]));
        let report = release(&directory.0, None).unwrap();
        assert_eq!(report.released.len(), 1);
        assert!(held("left").is_empty());
    });
}
