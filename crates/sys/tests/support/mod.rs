//! What tests of sockets share: a network namespace of their own, `ip`, deadlines,
//! and a second process. The tests of `ka-netlink` use this file too.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]
#![allow(clippy::print_stdout, reason = "skipped tests say so")]

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ka_sys::capability::{Capability, effective};

/// For what takes milliseconds on an idle machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Runs `test` on a thread in a new network namespace, which ends with it.
///
/// Where the process may not make one the test is skipped, which fails in CI; returns
/// whether it ran.
pub fn in_namespace(test: impl FnOnce() + Send + 'static) -> bool {
    let thread = std::thread::spawn(move || {
        let privileges = effective().expect("a thread may read its own");
        for needed in [Capability::NetAdmin, Capability::NetRaw] {
            if !privileges.contains(needed) {
                skip(needed.name(), "not effective");
                return false;
            }
        }
        if let Err(error) = ka_sys::namespace::unshare_network() {
            skip("CAP_SYS_ADMIN", &error.to_string());
            return false;
        }
        test();
        true
    });
    match thread.join() {
        Ok(ran) => ran,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Says that a test is skipped for want of `privilege`; fails where CI promises it.
pub fn skip(privilege: &str, reason: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "needs {privilege}, which CI provides: {reason}"
    );
    println!("SKIPPED: needs {privilege} ({reason})");
}

/// Runs `ip` with the words of `arguments` in the namespace of this thread.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .expect("ip(8) of iproute2 is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {error}");
    String::from_utf8(output.stdout).expect("ip prints UTF-8")
}

/// The index of interface `name` in the namespace of this thread.
pub fn index(name: &str) -> u32 {
    let line = ip(&format!("-o link show dev {name}"));
    let (number, _) = line.split_once(':').expect("a line starts with the index");
    number.parse().expect("an index is a number")
}

/// Makes two connected interfaces `left` and `right`, both up, and returns their indexes.
pub fn veth() -> (u32, u32) {
    ip("link add left type veth peer name right");
    for end in ["left", "right"] {
        ip(&format!("link set {end} addrgenmode none"));
        ip(&format!("link set {end} up"));
    }
    // Carrier is reported a moment later, the state after that, and nothing is sent before it.
    eventually(|| {
        let state = ip("-o link show");
        (state.matches("state UP").count() >= 2).then_some(())
    });
    (index("left"), index("right"))
}

/// Calls `attempt` until it returns something, at most [`DEADLINE`] long.
pub fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "it did not happen in {DEADLINE:?}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

const ROLE: &str = "KA_TEST_ROLE";

/// Whether this process is the second one that [`second_process`] started.
pub fn is_second_process() -> bool {
    std::env::var_os(ROLE).is_some()
}

/// Starts the test `name` of this binary once more, in a process of its own, where
/// [`is_second_process`] tells it to play the other part, with `variables` in its
/// environment.
pub fn second_process(name: &str, variables: &[(&str, &OsStr)]) -> Child {
    Command::new(std::env::current_exe().expect("the test binary has a path"))
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(ROLE, "second")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test binary starts")
}

/// Waits for the end of a second process; kills it at the deadline.
pub fn finish(mut child: Child) -> Output {
    let deadline = Instant::now() + DEADLINE;
    while child
        .try_wait()
        .expect("a child can be waited for")
        .is_none()
    {
        if Instant::now() >= deadline {
            child.kill().expect("a child can be killed");
            let output = child.wait_with_output().expect("its output can be read");
            panic!("the second process did not end: {output:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().expect("its output can be read")
}

/// A directory of this test alone, removed at the end.
pub struct Directory(pub std::path::PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ka-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A test that failed already must not panic again.
        let _ = fs::remove_dir_all(&self.0);
    }
}
