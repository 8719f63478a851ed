//! Processes that instances track.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ka_engine::{
    Engine, EngineConfig, EngineOptions, EventKind, ParameterMatch, ProcessConfig, ProcessEvents,
    ProcessMatch, Track, TrackerConfig, TrackerId, TrackerKind, TrackerSource,
};
use ka_sys::netlink::Received;
use ka_sys::process_events::{self, ProcessEvent, ProcessEventSocket};
use ka_vrrp::{State, TrackerState, Weight};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{
    Directory, Peer, config, drain, eventually, in_namespace, open, options, owner, router, status,
    wait_for,
};

const STOP: Duration = Duration::from_secs(30);

/// A socket for process events, where the kernel tells of them.
fn process_events() -> Option<Arc<OwnedFd>> {
    let socket = Arc::new(process_events::open().ok()?);
    let listener = ProcessEventSocket::listen(Arc::clone(&socket)).ok()?;
    for _ in 0..500 {
        match listener.receive().ok()? {
            (_, Some(ProcessEvent::Confirmed(0))) => return Some(socket),
            (Received::Drained, _) => std::thread::sleep(Duration::from_millis(2)),
            _ => {}
        }
    }
    None
}

/// Runs `test` in a network namespace, with a socket from the first one.
fn with_events(test: impl FnOnce(Arc<OwnedFd>) + Send + 'static) {
    match process_events() {
        Some(events) => _ = in_namespace(move || test(events)),
        // Not of `skip`: where tests run in a PID namespace of their own, as in many a container, no kernel tells of processes.
        None => println!("SKIPPED: the kernel does not tell of processes here"),
    }
}

fn open_with(directory: &Path, events: Arc<OwnedFd>) -> Engine {
    let options = EngineOptions {
        process_events: Some(events),
        ..options(directory)
    };
    Engine::open(&options, || {}).unwrap()
}

fn process(id: u32, name: &str) -> TrackerConfig {
    TrackerConfig {
        id: TrackerId(id),
        generation: 1,
        name: format!("p{id}").into(),
        source: TrackerSource::Process(ProcessConfig {
            command: ProcessMatch {
                name: name.to_owned(),
                full_command: false,
                parameters: Vec::new(),
                parameter_match: None,
            },
            quorum: 1,
            quorum_max: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
        }),
    }
}

fn change(tracker: &mut TrackerConfig, change: impl FnOnce(&mut ProcessConfig)) {
    let TrackerSource::Process(config) = &mut tracker.source else {
        panic!("{tracker:?} is none of processes");
    };
    change(config);
}

fn tracks(weights: &[(u32, i16)]) -> Vec<Track> {
    let track = |&(id, weight): &(u32, i16)| Track {
        tracker: TrackerId(id),
        weight: Weight {
            weight,
            reverse: false,
        },
    };
    weights.iter().map(track).collect()
}

/// A shell under a name of its own, of which a test can have several.
struct Program {
    _directory: Directory,
    path: PathBuf,
    name: String,
}

impl Program {
    fn new(name: &str) -> Self {
        let directory = Directory::new(&format!("program-{name}"));
        // The kernel keeps 15 octets.
        let name = format!("{name}-{}", std::process::id());
        let path = directory.0.join(&name);
        // Not by this process: a child that another test has just made could have a copy of the descriptor, and what is open
        // for writing cannot be run.
        let copied = Command::new("cp").arg("/bin/sh").arg(&path).status();
        assert!(copied.unwrap().success());
        // Nobody writes into it: whoever opens it waits.
        let fifo = path.with_extension("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        Self {
            _directory: directory,
            path,
            name,
        }
    }

    /// Runs it; what it reads are its commands.
    fn start(&self, arguments: &[&str]) -> Running {
        let child = Command::new(&self.path)
            .arg("-s")
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn();
        Running(child.unwrap())
    }

    /// The command that starts a child which runs the same program, until it is killed.
    fn fork(&self) -> String {
        let fifo = self.path.with_extension("fifo");
        format!("(read line < {}) & child=$!", fifo.display())
    }

    /// The words of its command line behind the first.
    fn words(words: &[&str]) -> Vec<String> {
        let all = std::iter::once(&"-s").chain(words);
        all.map(|&word| word.to_owned()).collect()
    }
}

struct Running(Child);

impl Running {
    fn say(&mut self, command: &str) {
        let input = self.0.stdin.as_mut().unwrap();
        writeln!(input, "{command}").unwrap();
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

fn count(engine: &Engine, id: u32) -> u32 {
    let snapshot = engine.snapshot().unwrap();
    let mut trackers = snapshot.trackers.iter();
    let tracker = trackers
        .find(|tracker| tracker.id == TrackerId(id))
        .unwrap();
    tracker.processes.unwrap().current
}

fn wait_for_priority(engine: &Engine, name: &str, priority: u8) {
    eventually(|| (status(engine, name).priority == priority).then_some(()));
}

#[test]
fn processes_count_from_when_they_run_until_they_end() {
    with_events(|events| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("processes");
        let program = Program::new("kap1");
        let engine = open_with(&directory.0, events);
        let mut judged = owner("judged", 51, &["192.0.2.100"]);
        judged.tracks = tracks(&[(1, 0)]);
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = tracks(&[(1, 10), (2, 20), (3, 40), (4, 80)]);
        let mut several = process(2, &program.name);
        change(&mut several, |config| {
            config.quorum = 2;
            config.quorum_max = Some(2);
        });
        let command = |id, words: &[&str], rule| {
            let mut tracker = process(id, program.path.to_str().unwrap());
            change(&mut tracker, |config| {
                config.command.full_command = true;
                config.command.parameters = Program::words(words);
                config.command.parameter_match = Some(rule);
            });
            tracker
        };
        let trackers = [
            process(1, &program.name),
            several,
            command(3, &["one", "two"], ParameterMatch::Exact),
            command(4, &["one", "t"], ParameterMatch::Initial),
        ];
        let running = program.start(&["one"]);
        let configuration = EngineConfig {
            trackers: trackers.into(),
            ..config([judged, weighed])
        };
        engine.apply(configuration.clone()).unwrap();
        // What ran before is known.
        assert_eq!(status(&engine, "weighed").priority, 110);
        wait_for(&engine, "judged", State::Master);
        listener.wait_for(51, 255);
        let second = program.start(&["one", "two"]);
        wait_for_priority(&engine, "weighed", 250);
        let third = program.start(&["one", "three"]);
        wait_for_priority(&engine, "weighed", 230);
        assert_eq!((count(&engine, 1), count(&engine, 3)), (3, 1));
        second.end();
        wait_for_priority(&engine, "weighed", 210);
        third.end();
        wait_for_priority(&engine, "weighed", 110);
        running.end();
        listener.wait_for(51, 0);
        wait_for(&engine, "judged", State::Fault);
        wait_for_priority(&engine, "weighed", 100);
        // A reload counts anew, and goes on counting.
        let running = program.start(&[]);
        wait_for(&engine, "judged", State::Master);
        assert_eq!(engine.apply(configuration).unwrap().unchanged, 2);
        assert_eq!(status(&engine, "weighed").priority, 110);
        running.end();
        wait_for(&engine, "judged", State::Fault);
        let problems = drain(&engine);
        let problems: Vec<&EventKind> = problems
            .iter()
            .filter(|event| matches!(event, EventKind::TrackerProblem(_)))
            .collect();
        assert!(problems.is_empty(), "{problems:?}");
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn forks_other_programs_and_other_names_count() {
    with_events(|events| {
        let _peer = Peer::connect();
        let directory = Directory::new("process-forks");
        let program = Program::new("kap2");
        let engine = open_with(&directory.0, events);
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = tracks(&[(1, 10), (2, 20)]);
        let mut two = process(1, &program.name);
        change(&mut two, |config| config.quorum = 2);
        let configuration = EngineConfig {
            trackers: vec![two, process(2, "kap2-renamed")],
            process_events: ProcessEvents {
                receive_buffer: 1 << 20,
                force: true,
            },
            ..config([weighed])
        };
        engine.apply(configuration).unwrap();
        let mut running = program.start(&[]);
        eventually(|| (count(&engine, 1) == 1).then_some(()));
        running.say(&program.fork());
        wait_for_priority(&engine, "weighed", 110);
        running.say("printf kap2-renamed > /proc/$$/comm");
        wait_for_priority(&engine, "weighed", 120);
        running.say(&format!("printf {} > /proc/$$/comm", program.name));
        wait_for_priority(&engine, "weighed", 110);
        running.say("kill $child; wait");
        wait_for_priority(&engine, "weighed", 100);
        running.say("exec sleep 1000");
        eventually(|| (count(&engine, 1) == 0).then_some(()));
        running.0.kill().unwrap();
        running.end();
        let told = drain(&engine).into_iter();
        let told = told.filter_map(|event| match event {
            EventKind::TrackerChanged {
                tracker,
                kind: TrackerKind::Process,
                state,
                initial: false,
            } => Some((tracker.to_string(), state == TrackerState::Up)),
            _ => None,
        });
        let told: Vec<(String, bool)> = told.collect();
        let told: Vec<(&str, bool)> = told.iter().map(|(name, up)| (&**name, *up)).collect();
        let expected = [
            ("p1", true),
            ("p1", false),
            ("p2", true),
            ("p2", false),
            ("p1", true),
            ("p1", false),
        ];
        assert_eq!(told, expected);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_loss_counts_when_it_has_lasted_as_long_as_it_shall() {
    with_events(|events| {
        let _peer = Peer::connect();
        let directory = Directory::new("process-delays");
        let program = Program::new("kap3");
        let engine = open_with(&directory.0, events);
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = tracks(&[(1, 10)]);
        let mut patient = process(1, &program.name);
        change(&mut patient, |config| {
            config.terminate_delay = Duration::from_secs(8)
        });
        let configuration = EngineConfig {
            trackers: vec![patient],
            ..config([weighed])
        };
        engine.apply(configuration).unwrap();
        let first = program.start(&[]);
        wait_for_priority(&engine, "weighed", 110);
        first.end();
        eventually(|| {
            let snapshot = engine.snapshot().unwrap();
            let processes = snapshot.trackers[0].processes.unwrap();
            (processes.losing && processes.current == 0).then_some(())
        });
        let again = program.start(&[]);
        eventually(|| (count(&engine, 1) == 1).then_some(()));
        let snapshot = engine.snapshot().unwrap();
        assert!(!snapshot.trackers[0].processes.unwrap().losing);
        assert_eq!(status(&engine, "weighed").priority, 110);
        again.end();
        wait_for_priority(&engine, "weighed", 100);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_storm_of_processes_leaves_the_right_count() {
    with_events(|events| {
        let _peer = Peer::connect();
        let directory = Directory::new("process-storms");
        let program = Program::new("kap4");
        let engine = open_with(&directory.0, events);
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = tracks(&[(1, 10)]);
        let configuration = EngineConfig {
            trackers: vec![process(1, &program.name)],
            // So little that events are lost.
            process_events: ProcessEvents {
                receive_buffer: 1,
                force: false,
            },
            ..config([weighed])
        };
        engine.apply(configuration).unwrap();
        let mut running = program.start(&[]);
        running.say("i=0; while [ $i -lt 3000 ]; do (:) & i=$((i+1)); done; wait");
        running.say(&program.fork());
        eventually(|| (count(&engine, 1) == 2).then_some(()));
        assert_eq!(status(&engine, "weighed").priority, 110);
        running.say("kill $child; wait");
        eventually(|| (count(&engine, 1) == 1).then_some(()));
        running.end();
        wait_for_priority(&engine, "weighed", 100);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn where_the_kernel_tells_of_no_processes_that_is_said_and_they_are_counted_once() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("process-unheard");
        let program = Program::new("kap5");
        let running = program.start(&[]);
        let engine = open(&directory.0);
        let mut weighed = router("weighed", 52, &[]);
        weighed.tracks = tracks(&[(1, 10)]);
        let configuration = EngineConfig {
            trackers: vec![process(1, &program.name)],
            ..config([weighed])
        };
        engine.apply(configuration.clone()).unwrap();
        assert_eq!(status(&engine, "weighed").priority, 110);
        let told = eventually(|| {
            drain(&engine).into_iter().find_map(|event| match event {
                EventKind::TrackerProblem(problem) => Some(problem.message),
                _ => None,
            })
        });
        let start = "Failed to set process event listen - errno 111 - Connection refused";
        assert!(told.starts_with(start), "{told}");
        running.end();
        assert_eq!(status(&engine, "weighed").priority, 110);
        engine.apply(configuration).unwrap();
        assert_eq!(status(&engine, "weighed").priority, 100);
        engine.stop(STOP).unwrap();
    });
}
