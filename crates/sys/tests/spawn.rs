//! Programs that are started, by what they see of themselves.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;

use ka_sys::Errno;
use ka_sys::spawn::{Identity, OutputEnd, Request, SpawnError, Spawner, Step, output_pipe};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};

fn words(words: &[&str]) -> Vec<CString> {
    words
        .iter()
        .map(|word| CString::new(*word).unwrap())
        .collect()
}

/// What a program is started with.
struct Start<'a> {
    candidates: &'a [&'a str],
    arguments: &'a [&'a str],
    identity: Option<Identity>,
}

impl Start<'_> {
    fn spawn(&self, output: Option<&OutputEnd>) -> Result<ka_sys::spawn::Child, SpawnError> {
        let (candidates, arguments) = (words(self.candidates), words(self.arguments));
        let request = Request {
            candidates: &candidates,
            arguments: &arguments,
            environment: &words(&["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GIVEN=yes"]),
            identity: self.identity.as_ref(),
            output,
            umask: Some(0o027),
            directory: Some(c"/"),
        };
        Spawner::new().unwrap().spawn(&request)
    }

    /// What it writes, and its exit status.
    fn output(&self) -> (String, Option<i32>) {
        let (reader, writer) = output_pipe().unwrap();
        let child = self.spawn(Some(&writer)).unwrap();
        drop(writer);
        rustix::io::ioctl_fionbio(&reader, false).unwrap();
        let mut text = String::new();
        File::from(reader).read_to_string(&mut text).unwrap();
        wait_until_readable(&child.pidfd);
        let status = waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED).unwrap();
        (text, status.and_then(|status| status.exit_status()))
    }
}

fn wait_until_readable(fd: &OwnedFd) {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    let limit = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    assert_eq!(poll(&mut fds, Some(&limit)), Ok(1));
}

fn shell(script: &str) -> (String, Option<i32>) {
    let arguments = ["sh", "-c", script];
    let candidates = ["/no/such/directory/sh", "/bin/sh"];
    Start {
        candidates: &candidates,
        arguments: &arguments,
        identity: None,
    }
    .output()
}

#[test]
fn a_program_has_what_it_was_given_and_nothing_else() {
    // Whoever started this test may have left files open for everybody: so does the test.
    let open = File::open("/proc/self/status").unwrap();
    fcntl_setfd(&open, FdFlags::empty()).unwrap();
    let (text, code) = shell(
        "echo $GIVEN; umask; pwd; for fd in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || printf \"$fd \"; done; readlink /proc/$$/fd/0; \
         while read -r key value; do case $key in SigBlk:|SigIgn:) echo $key $value;; esac; done < /proc/$$/status; exit 7",
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["yes", "0027", "/"]);
    // 10 and up are the shell's own. It blocks signals while it starts a program, and so starts none for them.
    assert_eq!(lines[3], "0 1 2 /dev/null");
    let none = "0000000000000000";
    assert_eq!(
        lines[4..],
        [format!("SigBlk: {none}"), format!("SigIgn: {none}")]
    );
    assert_eq!(code, Some(7));
    drop(open);
}

#[test]
fn a_program_leads_a_group_of_its_own_in_our_session() {
    let (text, _) = shell("cut -d' ' -f4-6 /proc/$$/stat; echo $$");
    let numbers: Vec<i32> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    // 0 where the leader of our session is in an outer PID namespace, which getsid(2) of rustix does not take.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let session = stat.split_whitespace().nth(5).unwrap().parse().unwrap();
    let own = std::process::id() as i32;
    assert_eq!(numbers, [own, numbers[3], session, numbers[3]]);
}

#[test]
fn the_reason_of_a_failure_comes_back_and_nothing_is_left() {
    let failed = |candidates: &[&str]| {
        let start = Start {
            candidates,
            arguments: &["x"],
            identity: None,
        };
        let SpawnError { step, errno, .. } = start.spawn(None).unwrap_err();
        (step, errno)
    };
    assert_eq!(failed(&["/no/such/program"]), (Step::Program, Errno::NOENT));
    assert_eq!(failed(&[]), (Step::Program, Errno::NOENT));
    assert_eq!(
        failed(&["/etc/passwd", "/no/such"]),
        (Step::Program, Errno::ACCESS)
    );
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    assert_eq!(children, "");
}

#[test]
fn a_file_that_the_kernel_cannot_execute_is_run_by_the_shell() {
    let path = std::env::temp_dir().join(format!("ka-sys-spawn-{}", std::process::id()));
    let name = path.to_str().unwrap();
    // Another program writes it: of a file that this process had open for writing, a child that another test has just made
    // could have a copy still, and then it cannot be run.
    let written = shell(&format!(
        "echo 'echo \"$0 $# $1\"' > {name} && chmod 755 {name}"
    ));
    assert_eq!(written, (String::new(), Some(0)));
    let start = Start {
        candidates: &[name],
        arguments: &[name, "two words"],
        identity: None,
    };
    let output = start.output();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(output, (format!("{name} 1 two words\n"), Some(0)));
}

#[test]
fn a_program_of_another_account_has_its_ids_alone() {
    let identity = Identity {
        uid: 65_534,
        gid: 7,
        groups: vec![7, 9],
    };
    let start = Start {
        candidates: &["/bin/sh"],
        arguments: &[
            "sh",
            "-c",
            "grep -E '^(Uid|Gid|Groups):' /proc/$$/status | tr '\\t' ' '",
        ],
        identity: Some(identity),
    };
    if !rustix::process::geteuid().is_root() {
        let error = start.spawn(None).unwrap_err();
        assert_eq!((error.step, error.errno), (Step::Groups, Errno::PERM));
        return;
    }
    let (text, _) = start.output();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "Uid: 65534 65534 65534 65534",
            "Gid: 7 7 7 7",
            "Groups: 7 9"
        ]
    );
}

#[test]
fn a_program_ends_with_the_thread_that_started_it() {
    let starter = thread::spawn(|| {
        let start = Start {
            candidates: &["/bin/sleep"],
            arguments: &["sleep", "1000"],
            identity: None,
        };
        start.spawn(None).unwrap()
    });
    let child = starter.join().unwrap();
    wait_until_readable(&child.pidfd);
    let status = waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED)
        .unwrap()
        .unwrap();
    assert_eq!(status.terminating_signal(), Some(Signal::TERM.as_raw()));
}

#[test]
fn starts_leave_no_descriptor_and_no_child() {
    let mut spawner = Spawner::new().unwrap();
    let (candidates, arguments) = (words(&["/bin/true"]), words(&["true"]));
    let request = Request {
        candidates: &candidates,
        arguments: &arguments,
        environment: &[],
        identity: None,
        output: None,
        umask: None,
        directory: None,
    };
    // Other tests may open some too, if they run in this process.
    let highest = File::open("/dev/null").unwrap().as_raw_fd() + 100;
    for _ in 0..200 {
        let child = spawner.spawn(&request).unwrap();
        let status = waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED)
            .unwrap()
            .unwrap();
        assert_eq!(status.exit_status(), Some(0));
    }
    assert!(File::open("/dev/null").unwrap().as_raw_fd() < highest);
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    assert_eq!(children, "");
}
