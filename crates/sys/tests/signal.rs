//! Signals: caught, taken, restored; and the process that aborts.
//!
//! Handlers are of the whole process, so each of these tests plays in one of its own.

mod support;

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::thread;
use std::time::Duration;

use ka_sys::SysError;
use ka_sys::signal::{SignalWatch, acknowledge_abort, is_abort, watched_signals};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, setrlimit};
use support::{DEADLINE, eventually, finish, is_second_process, second_process};

/// Runs `part` in a process of its own and returns how that ended, or in that
/// process does not return.
fn in_second_process(name: &str, part: fn()) -> Output {
    if is_second_process() {
        // Aborts leave no file behind.
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(Resource::Core, none).unwrap();
        part();
        std::process::exit(0);
    }
    finish(second_process(name, &[]))
}

fn succeeds(name: &str, part: fn()) {
    let output = in_second_process(name, part);
    assert!(output.status.success(), "{output:?}");
}

/// Runs `part`, which is to end with SIGABRT, and returns whether it resigned before.
fn aborts(name: &str, part: fn()) -> bool {
    ends_with(libc::SIGABRT, name, part)
}

/// Runs `part`, which is to end with `signal`, and returns whether it resigned before.
fn ends_with(signal: i32, name: &str, part: fn()) -> bool {
    let output = in_second_process(name, part);
    assert_eq!(output.status.signal(), Some(signal), "{output:?}");
    String::from_utf8_lossy(&output.stdout).contains("resigned")
}

fn is_readable(watch: &SignalWatch) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(watch.fd(), PollFlags::IN)];
    poll(&mut fds, Some(&Default::default())).unwrap() == 1
}

fn send(signal: i32) {
    // SAFETY: the call takes two numbers; the process is this one.
    assert_eq!(unsafe { libc::kill(libc::getpid(), signal) }, 0);
}

/// The handler of `signal`, as a number.
fn handler(signal: i32) -> usize {
    // SAFETY: a sigaction of zeros is a valid value, which the call overwrites.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the pointers are null or valid for the call.
    let result = unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
    assert_eq!(result, 0);
    action.sa_sigaction
}

#[test]
fn every_signal_wakes_and_is_taken_once() {
    succeeds("every_signal_wakes_and_is_taken_once", || {
        let mut watch = SignalWatch::install().unwrap();
        assert!(!is_readable(&watch));
        // All but the last, which end the process.
        for signal in &watched_signals()[..8] {
            send(*signal);
            eventually(|| is_readable(&watch).then_some(()));
            assert_eq!(watch.take().collect::<Vec<_>>(), [*signal]);
            assert!(!is_readable(&watch));
            assert_eq!(watch.take().next(), None);
        }
        for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGTERM] {
            // To this thread, whose handler is through when the call returns: that of another thread might run between two looks.
            // SAFETY: the call takes a number.
            assert_eq!(unsafe { libc::raise(signal) }, 0);
        }
        assert!(is_readable(&watch));
        assert_eq!(
            watch.take().collect::<Vec<_>>(),
            [libc::SIGHUP, libc::SIGTERM]
        );
    });
}

#[test]
fn there_is_one_watch_and_it_restores_what_it_replaced() {
    succeeds(
        "there_is_one_watch_and_it_restores_what_it_replaced",
        || {
            // SAFETY: SIG_IGN is a valid disposition.
            unsafe { libc::signal(libc::SIGUSR1, libc::SIG_IGN) };
            for _ in 0..2 {
                let watch = SignalWatch::install().unwrap();
                assert_ne!(handler(libc::SIGUSR1), libc::SIG_IGN);
                assert_ne!(handler(libc::SIGTERM), libc::SIG_DFL);
                let second = SignalWatch::install();
                assert!(matches!(second, Err(SysError::SignalsInstalled)));
                drop(watch);
                assert_eq!(handler(libc::SIGUSR1), libc::SIG_IGN);
                assert_eq!(handler(libc::SIGTERM), libc::SIG_DFL);
                assert_eq!(handler(libc::SIGABRT), libc::SIG_DFL);
                // A dump that is asked for too late does not end the process.
                assert_eq!(handler(libc::SIGRTMIN() + 2), libc::SIG_IGN);
            }
            // A handler that came after ours is not ours to replace.
            let watch = SignalWatch::install().unwrap();
            // SAFETY: as above.
            unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
            drop(watch);
            assert_eq!(handler(libc::SIGUSR2), libc::SIG_IGN);
        },
    );
}

/// Starts a thread that answers an abort as the engine does, or hears it and does
/// not; returns when it is ready.
fn start_responder(acknowledges: bool) {
    let mut watch = SignalWatch::install().unwrap();
    let (ready, is_ready) = std::sync::mpsc::channel();
    thread::spawn(move || {
        watch.answer_aborts();
        ready.send(()).unwrap();
        loop {
            let mut fds = [PollFd::from_borrowed_fd(watch.fd(), PollFlags::IN)];
            // An interrupted poll is tried again.
            let _ = poll(&mut fds, None);
            if watch.take().any(is_abort) && acknowledges {
                // Several looks of the handler, but well within its patience.
                thread::sleep(Duration::from_millis(50));
                let mut output = std::io::stdout();
                output.write_all(b"resigned\n").unwrap();
                output.flush().unwrap();
                acknowledge_abort();
            }
        }
    });
    is_ready.recv().unwrap();
}

#[test]
fn a_process_that_aborts_resigns_first() {
    let name = "a_process_that_aborts_resigns_first";
    assert!(aborts(name, || {
        start_responder(true);
        std::process::abort();
    }));
}

/// As V8 does when a check of its own fails.
#[test]
fn a_process_that_traps_resigns_first() {
    assert!(ends_with(
        libc::SIGTRAP,
        "a_process_that_traps_resigns_first",
        || {
            start_responder(true);
            // SAFETY: raise takes a number, and the signal is this thread's own, as that of the instruction is.
            unsafe { libc::raise(libc::SIGTRAP) };
            thread::sleep(DEADLINE);
        }
    ));
}

#[test]
fn an_abort_from_outside_resigns_and_ends_the_process() {
    let name = "an_abort_from_outside_resigns_and_ends_the_process";
    assert!(aborts(name, || {
        start_responder(true);
        send(libc::SIGABRT);
        thread::sleep(DEADLINE);
    }));
}

#[test]
fn an_abort_does_not_wait_for_ever() {
    assert!(!aborts("an_abort_does_not_wait_for_ever", || {
        start_responder(false);
        std::process::abort();
    }));
}

#[test]
fn a_responder_that_aborts_does_not_wait_for_itself() {
    let name = "a_responder_that_aborts_does_not_wait_for_itself";
    assert!(!aborts(name, || {
        let watch = SignalWatch::install().unwrap();
        watch.answer_aborts();
        std::process::abort();
    }));
}

#[test]
fn an_abort_without_a_responder_ends_the_process() {
    let name = "an_abort_without_a_responder_ends_the_process";
    assert!(!aborts(name, || {
        let _watch = SignalWatch::install().unwrap();
        std::process::abort();
    }));
}
