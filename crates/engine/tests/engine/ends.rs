//! The ends of the process: each in a process of its own, whose Master must resign.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ka_engine::{EXIT_INTERNAL, Engine, EngineError, EngineOptions, Fault};
use ka_sys::record::RecordError;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    Directory, Listener, Peer, config, drain, eventually, finish, held, in_namespace,
    is_second_process, options, owner, second_process, wait_held,
};

const DIRECTORY: &str = "KA_TEST_DIRECTORY";
const FAILED: &str = "ka-native: the engine failed; resigned\n";
const DEAD_HOST: &str = "ka-native: the JavaScript thread does not answer; resigned\n";

/// The second process: an engine that is Master, until `end`.
fn be_master(
    adapt: impl FnOnce(&mut EngineOptions),
    wake: impl Fn() + Send + 'static,
    end: impl FnOnce(&Engine),
) -> ! {
    let directory = std::env::var_os(DIRECTORY).expect("the first process says where");
    let mut options = options(Path::new(&directory));
    adapt(&mut options);
    let engine = Engine::open(&options, wake).expect("an engine can be opened");
    engine
        .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
        .expect("the configuration is good");
    wait_held("left", &["192.0.2.100/32"]);
    end(&engine);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// The first process: starts test `name` again and sees it resign.
fn watch(name: &str, interfere: impl FnOnce(&Child) + Send + 'static, check: fn(&Output)) {
    let name = name.to_owned();
    in_namespace(move || {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new(&name);
        let child = start(&name, &directory, &mut listener);
        interfere(&child);
        listener.wait_for(51, 0);
        check(&finish(child));
        assert!(held("left").is_empty());
    });
}

fn start(name: &str, directory: &Directory, listener: &mut Listener) -> Child {
    let variable = [(DIRECTORY, OsStr::new(directory.0.as_path()))];
    let child = second_process(&format!("ends::{name}"), &variable);
    listener.wait_for(51, 255);
    child
}

fn ended_with(output: &Output, sentence: &str) {
    assert_eq!(output.status.code(), Some(EXIT_INTERNAL), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), sentence);
}

#[test]
fn a_panic_of_the_engine_thread_resigns() {
    if is_second_process() {
        be_master(
            |_| {},
            || {},
            |engine| engine.inject(Fault::Panic).expect("it runs"),
        );
    }
    watch(
        "a_panic_of_the_engine_thread_resigns",
        |_| {},
        |output| {
            ended_with(output, FAILED);
        },
    );
}

/// Leaves no room in the pipe that standard error is.
fn fill_stderr() {
    let stderr = rustix::stdio::stderr();
    let flags = fcntl_getfl(stderr).expect("standard error is open");
    fcntl_setfl(stderr, flags | OFlags::NONBLOCK).expect("a pipe can be non-blocking");
    while rustix::io::write(stderr, b"x").is_ok() {}
    fcntl_setfl(stderr, flags).expect("and blocking again");
}

#[test]
fn a_panic_resigns_though_nobody_reads_standard_error() {
    if is_second_process() {
        be_master(
            |_| {},
            || {},
            |engine| {
                fill_stderr();
                engine.inject(Fault::Panic).expect("it runs");
            },
        );
    }
    watch(
        "a_panic_resigns_though_nobody_reads_standard_error",
        |_| {},
        |output| assert_eq!(output.status.code(), Some(EXIT_INTERNAL), "{output:?}"),
    );
}

#[test]
fn a_panic_of_the_wake_up_resigns() {
    if is_second_process() {
        static ARMED: AtomicBool = AtomicBool::new(false);
        let beat = |options: &mut EngineOptions| {
            options.heartbeat_limit = Some(Duration::from_secs(60));
        };
        let wake = || assert!(!ARMED.load(Ordering::Acquire), "the host's mistake");
        be_master(beat, wake, |engine| {
            ARMED.store(true, Ordering::Release);
            // The next beat wakes again.
            drain(engine);
        });
    }
    watch(
        "a_panic_of_the_wake_up_resigns",
        |_| {},
        |output| {
            ended_with(output, FAILED);
        },
    );
}

#[test]
fn a_panic_of_the_host_in_a_call_resigns() {
    if is_second_process() {
        be_master(
            |_| {},
            || {},
            |_| ka_engine::guard(|| panic!("the addon's mistake")),
        );
    }
    watch(
        "a_panic_of_the_host_in_a_call_resigns",
        |_| {},
        |output| {
            ended_with(output, FAILED);
        },
    );
}

#[test]
fn a_panic_at_the_end_of_the_engine_thread_ends_the_process() {
    if is_second_process() {
        be_master(
            |_| {},
            || {},
            |engine| {
                engine.inject(Fault::PanicAtEnd).expect("it runs");
                // The process ends before this returns.
                let _ = engine.stop(Duration::from_secs(30));
            },
        );
    }
    watch(
        "a_panic_at_the_end_of_the_engine_thread_ends_the_process",
        |_| {},
        |output| {
            ended_with(output, FAILED);
        },
    );
}

#[test]
fn a_panic_of_one_engine_lets_the_others_of_the_process_resign() {
    if is_second_process() {
        be_master(
            |_| {},
            || {},
            |engine| {
                let directory = std::env::var_os(DIRECTORY).expect("the first process says where");
                let mut options = options(Path::new(&directory));
                options.instance_name = Some("other".to_owned());
                let other = Engine::open(&options, || {}).expect("another name");
                other
                    .apply(config([owner("VI_2", 52, &["192.0.2.102"])]))
                    .expect("the configuration is good");
                wait_held("left", &["192.0.2.100/32", "192.0.2.102/32"]);
                engine.inject(Fault::Panic).expect("it runs");
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            },
        );
    }
    watch(
        "a_panic_of_one_engine_lets_the_others_of_the_process_resign",
        |_| {},
        |output| {
            ended_with(output, FAILED);
        },
    );
}

#[test]
fn a_host_that_never_answers_is_dead() {
    if is_second_process() {
        let limit = |options: &mut EngineOptions| {
            options.heartbeat_limit = Some(Duration::from_secs(2));
        };
        be_master(limit, || {}, |_| {});
    }
    watch(
        "a_host_that_never_answers_is_dead",
        |_| {},
        |output| {
            ended_with(output, DEAD_HOST);
        },
    );
}

#[test]
fn a_host_that_answers_lives() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("answers");
        let mut options = options(&directory.0);
        options.heartbeat_limit = Some(Duration::from_secs(2));
        let (wake, woken) = std::sync::mpsc::channel();
        let wake = move || {
            // The last wake-up comes when the test is over.
            let _ = wake.send(());
        };
        let engine = Engine::open(&options, wake).unwrap();
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        // Six wake-ups are more seconds than the limit has; were one missed, this would end
        // the process.
        for _ in 0..6 {
            woken.recv_timeout(Duration::from_secs(30)).unwrap();
            drain(&engine);
        }
        assert_eq!(held("left").len(), 1);
    });
}

#[test]
fn an_abort_of_any_thread_resigns_first() {
    if is_second_process() {
        be_master(
            |options| options.signals = true,
            || {},
            |_| std::process::abort(),
        );
    }
    watch(
        "an_abort_of_any_thread_resigns_first",
        |_| {},
        |output| {
            assert_eq!(output.status.signal(), Some(6), "{output:?}");
        },
    );
}

#[test]
fn a_termination_resigns_while_the_host_does_nothing() {
    if is_second_process() {
        be_master(|options| options.signals = true, || {}, |_| {});
    }
    let name = "a_termination_resigns_while_the_host_does_nothing";
    in_namespace(move || {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new(name);
        let mut child = start(name, &directory, &mut listener);
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM).unwrap();
        listener.wait_for(51, 0);
        wait_held("left", &[]);
        // It is up to the host to end.
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        finish(child);
    });
}

#[test]
fn a_kill_leaves_what_release_removes() {
    if is_second_process() {
        be_master(|_| {}, || {}, |_| {});
    }
    let name = "a_kill_leaves_what_release_removes";
    in_namespace(move || {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new(name);
        let mut child = start(name, &directory, &mut listener);
        wait_held("left", &["192.0.2.100/32"]);
        child.kill().unwrap();
        finish(child);
        wait_held("left", &["192.0.2.100/32"]);
        // The lock goes with the last reference to its file, which may outlive the process for a moment: whoever
        // reads /proc/PID/fd has one too.
        let report = eventually(|| match ka_engine::release(&directory.0, None) {
            Err(EngineError::Record(RecordError::AlreadyRunning { .. })) => None,
            released => Some(released.unwrap()),
        });
        assert_eq!(report.released.len(), 1);
        assert!(held("left").is_empty());
    });
}

#[test]
fn a_panic_resigns_though_a_stop_would_not() {
    if is_second_process() {
        be_master(
            |options| options.release_on_stop = false,
            || {},
            |_| ka_engine::guard(|| panic!("injected")),
        );
    }
    watch(
        "a_panic_resigns_though_a_stop_would_not",
        |_| {},
        |output| ended_with(output, FAILED),
    );
}
