//! Files that instances track.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ka_engine::{
    Engine, EngineConfig, EventKind, InitFile, InstanceConfig, Track, TrackerConfig, TrackerId,
    TrackerSource,
};
use ka_vrrp::{State, TrackerState, Weight};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{
    Directory, Peer, config, drain, eventually, in_namespace, open, router, status, wait_for,
};

const STOP: Duration = Duration::from_secs(30);

fn tracker(path: &Path, init: Option<InitFile>) -> TrackerConfig {
    TrackerConfig {
        id: TrackerId(1),
        generation: 1,
        name: "numbers".into(),
        source: TrackerSource::File {
            path: path.to_owned(),
            init,
        },
    }
}

/// An instance that tracks the file with this weight.
fn tracking(name: &str, vrid: u8, weight: i16, reverse: bool) -> InstanceConfig {
    InstanceConfig {
        tracks: vec![Track {
            tracker: TrackerId(1),
            weight: Weight { weight, reverse },
        }],
        ..router(name, vrid, &[])
    }
}

fn configuration(path: &Path, init: Option<InitFile>) -> EngineConfig {
    EngineConfig {
        trackers: vec![tracker(path, init)],
        ..config([
            tracking("weighed", 51, 2, false),
            tracking("reversed", 52, 1, true),
            tracking("judged", 53, 0, false),
        ])
    }
}

/// The priorities of the first two, and the state of the third.
fn seen(engine: &Engine) -> (u8, u8, State) {
    (
        status(engine, "weighed").priority,
        status(engine, "reversed").priority,
        status(engine, "judged").state,
    )
}

fn wait_until(engine: &Engine, weighed: u8, reversed: u8, judged: State) {
    let wanted = (weighed, reversed, judged);
    eventually(|| (seen(engine) == wanted).then_some(()));
}

struct Place {
    _own: Directory,
    directory: PathBuf,
    file: PathBuf,
}

fn place(name: &str) -> Place {
    let own = Directory::new(name);
    let directory = own.0.join("numbers");
    fs::create_dir(&directory).unwrap();
    Place {
        file: directory.join("file"),
        directory,
        _own: own,
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn problems(engine: &Engine) -> Vec<String> {
    let events = drain(engine).into_iter();
    let told = events.filter_map(|event| match event {
        EventKind::TrackerProblem(problem) => Some(problem.message),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_number_in_a_file_counts_as_soon_as_it_is_written() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let runtime = Directory::new("files-counts");
        let place = place("files-count");
        write(&place.file, "5");
        let engine = open(&runtime.0);
        engine.apply(configuration(&place.file, None)).unwrap();
        // Nobody waits for what was known before.
        assert_eq!(seen(&engine), (110, 95, State::Fault));
        write(&place.file, "0x10 and more");
        wait_until(&engine, 132, 84, State::Fault);
        write(&place.file, "0");
        wait_until(&engine, 100, 100, State::Master);
        write(&place.file, "-2147483648");
        eventually(|| (status(&engine, "weighed").state == State::Fault).then_some(()));
        eventually(|| (status(&engine, "reversed").priority == 254).then_some(()));
        // What comes by a rename is read, and what is gone is 0.
        let other = place.directory.join("other");
        write(&other, "7\n");
        fs::rename(&other, &place.file).unwrap();
        wait_until(&engine, 114, 93, State::Fault);
        fs::remove_file(&place.file).unwrap();
        wait_until(&engine, 100, 100, State::Master);
        write(&other, "3");
        fs::hard_link(&other, &place.file).unwrap();
        wait_until(&engine, 106, 97, State::Fault);
        fs::rename(&place.file, &other).unwrap();
        let snapshot = eventually(|| {
            let snapshot = engine.snapshot().unwrap();
            (snapshot.trackers[0].state == TrackerState::Number(3)).then_some(snapshot)
        });
        // Two names of one file: the rename does nothing.
        assert!(snapshot.trackers[0].changes >= 6);
        assert!(problems(&engine).is_empty());
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_directory_that_vanishes_and_comes_back_is_followed() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let runtime = Directory::new("files-directories");
        let place = place("files-directory");
        let engine = open(&runtime.0);
        let deep = place.directory.join("a/b/file");
        engine.apply(configuration(&deep, None)).unwrap();
        wait_until(&engine, 100, 100, State::Master);
        fs::create_dir_all(deep.parent().unwrap()).unwrap();
        write(&deep, "5");
        wait_until(&engine, 110, 95, State::Fault);
        let away = place.directory.join("away");
        fs::rename(place.directory.join("a/b"), &away).unwrap();
        wait_until(&engine, 100, 100, State::Master);
        // What is written there now is another file.
        write(&away.join("file"), "9");
        fs::create_dir(deep.parent().unwrap()).unwrap();
        write(&deep, "6");
        wait_until(&engine, 112, 94, State::Fault);
        fs::remove_dir_all(place.directory.join("a")).unwrap();
        wait_until(&engine, 100, 100, State::Master);
        fs::create_dir(place.directory.join("a")).unwrap();
        fs::rename(&away, place.directory.join("a/b")).unwrap();
        wait_until(&engine, 118, 91, State::Fault);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn what_is_no_number_changes_nothing_and_is_told_once() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let runtime = Directory::new("files-no-numbers");
        let place = place("files-no-number");
        write(&place.file, "5");
        let engine = open(&runtime.0);
        engine.apply(configuration(&place.file, None)).unwrap();
        let path = place.file.display();
        for _ in 0..2 {
            // Over what is there: the file is never empty, which would count as 0.
            let file = fs::OpenOptions::new().write(true).open(&place.file);
            file.unwrap().write_all(b"3000000000").unwrap();
        }
        let mut told = Vec::new();
        eventually(|| {
            told.extend(problems(&engine));
            (!told.is_empty()).then_some(())
        });
        assert_eq!(seen(&engine).0, 110);
        write(&place.file, "1");
        wait_until(&engine, 102, 99, State::Fault);
        told.extend(problems(&engine));
        assert_eq!(
            told,
            [format!(
                "Invalid number 3000000000 read from {path} - ignoring"
            )]
        );
        // A FIFO would be waited for.
        fs::remove_file(&place.file).unwrap();
        mknodat(CWD, &place.file, FileType::Fifo, Mode::RWXU, 0).unwrap();
        wait_until(&engine, 100, 100, State::Master);
        let told = eventually(|| problems(&engine).pop());
        let expected = format!("tracked file numbers: {path} is no regular file, and counts as 0");
        assert_eq!(told, expected);
        // Only the beginning of a huge file is read.
        fs::remove_file(&place.file).unwrap();
        let other = place.directory.join("other");
        write(&other, "4");
        let huge = fs::OpenOptions::new().write(true).open(&other).unwrap();
        huge.set_len(1 << 40).unwrap();
        drop(huge);
        fs::rename(&other, &place.file).unwrap();
        wait_until(&engine, 108, 96, State::Fault);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_link_is_followed_also_when_another_link_decides_where_it_leads() {
    in_namespace(|| {
        use std::os::unix::fs::symlink;
        let _peer = Peer::connect();
        let runtime = Directory::new("files-links");
        let place = place("files-link");
        for (name, text) in [("first", "1"), ("second", "2")] {
            fs::create_dir(place.directory.join(name)).unwrap();
            write(&place.directory.join(name).join("file"), text);
        }
        symlink("first", place.directory.join("now")).unwrap();
        symlink("now/file", &place.file).unwrap();
        let engine = open(&runtime.0);
        engine.apply(configuration(&place.file, None)).unwrap();
        assert_eq!(seen(&engine).0, 102);
        symlink("second", place.directory.join("next")).unwrap();
        fs::rename(place.directory.join("next"), place.directory.join("now")).unwrap();
        wait_until(&engine, 104, 98, State::Fault);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_file_system_whose_changes_nobody_tells_is_refused() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let runtime = Directory::new("files-proc");
        let engine = open(&runtime.0);
        let path = Path::new("/proc/sys/net/ipv4/ip_default_ttl");
        let init = InitFile {
            value: 3,
            overwrite: true,
        };
        let before = fs::read_to_string(path).unwrap();
        engine.apply(configuration(path, Some(init))).unwrap();
        assert_eq!(seen(&engine).0, 100);
        let told = eventually(|| problems(&engine).pop());
        assert_eq!(
            told,
            format!(
                "tracked file numbers: {} cannot be tracked: \
                 changes on a file system of type proc are not told",
                path.display()
            )
        );
        assert_eq!(fs::read_to_string(path).unwrap(), before);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_reload_reads_files_anew_and_goes_on_watching() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let runtime = Directory::new("files-reloads");
        let place = place("files-reload");
        let engine = open(&runtime.0);
        let init = Some(InitFile {
            value: 5,
            overwrite: false,
        });
        engine.apply(configuration(&place.file, init)).unwrap();
        assert_eq!(seen(&engine), (110, 95, State::Fault));
        assert_eq!(fs::read_to_string(&place.file).unwrap(), "5\n");
        let other = place.directory.join("other");
        write(&other, "8");
        let moved = |generation| {
            let mut config = configuration(&other, None);
            config.trackers[0].generation = generation;
            config
        };
        engine.apply(moved(2)).unwrap();
        assert_eq!(seen(&engine), (116, 92, State::Fault));
        write(&place.file, "1");
        write(&other, "9");
        wait_until(&engine, 118, 91, State::Fault);
        for generation in 2..20 {
            write(&other, &generation.to_string());
            engine.apply(moved(generation)).unwrap();
            assert_eq!(i32::from(seen(&engine).0), 100 + 2 * generation as i32);
        }
        write(&other, "0");
        wait_for(&engine, "judged", State::Master);
        // Nothing tracks it any more.
        engine.apply(config([router("weighed", 51, &[])])).unwrap();
        write(&other, "7");
        assert_eq!(engine.snapshot().unwrap().trackers.len(), 0);
        engine.stop(STOP).unwrap();
    });
}
