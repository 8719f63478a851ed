//! What a worker costs while nothing happens. Alone in its program: it looks at threads and descriptors of the process.

use std::fs::{read_dir, read_link, read_to_string};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ka_worker::{Program, ProgramOptions, RunSpec, ScriptWorker, WorkerOptions};
use rustix::process::{
    PidfdFlags, PidfdGetfdFlags, Signal, getpid, pidfd_getfd, pidfd_open, pidfd_send_signal,
};

/// Never reached: a limit for broken code.
const AMPLE: Duration = Duration::from_secs(60);

/// CPU time that the thread has used, in the kernel's ticks of a hundredth of a second.
fn worker_ticks() -> u64 {
    let tasks = read_dir("/proc/self/task").unwrap().flatten();
    let stats = tasks.filter_map(|task| read_to_string(task.path().join("stat")).ok());
    let stat = { stats }
        .find(|stat| stat.contains("(ka-scripts)"))
        .unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let times = fields.split_whitespace().skip(11).take(2);
    times.map(|field| field.parse::<u64>().unwrap()).sum()
}

/// Copies of the descriptors of processes, each the same open file: a child has such copies until it closes them.
fn copies_of_pidfds() -> Vec<OwnedFd> {
    let entries = read_dir("/proc/self/fd").unwrap().flatten();
    let numbers: Vec<i32> = entries
        .filter(|entry| read_link(entry.path()).is_ok_and(|it| it.ends_with("anon_inode:[pidfd]")))
        .map(|entry| entry.file_name().to_str().unwrap().parse().unwrap())
        .collect();
    let this = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    let copy = |fd| pidfd_getfd(&this, fd, PidfdGetfdFlags::empty()).unwrap();
    numbers.into_iter().map(copy).collect()
}

#[test]
fn a_process_that_has_ended_wakes_nobody_again_while_a_child_has_a_copy_of_its_descriptor() {
    let worker = ScriptWorker::open(WorkerOptions::default(), || {}, |body| body()).unwrap();
    let words = vec!["1000".to_owned()];
    let program = Program::new("sleep".into(), words, [].into(), ProgramOptions::default());
    let run = RunSpec {
        id: 1,
        program: program.map(Arc::new),
        timeout: AMPLE,
    };
    worker.run(vec![run]).unwrap();
    let until = Instant::now() + AMPLE;
    let mut copies = Vec::new();
    while copies.is_empty() && Instant::now() < until {
        copies = copies_of_pidfds();
    }
    assert_eq!(copies.len(), 1);
    // Not before there is a copy.
    pidfd_send_signal(&copies[0], Signal::KILL).unwrap();
    while worker.drain(1).is_empty() && Instant::now() < until {
        sleep(Duration::from_millis(10));
    }
    let before = worker_ticks();
    sleep(Duration::from_secs(1));
    // Without a pause it would be a hundred, or half of that on a busy machine.
    assert!(worker_ticks() - before < 5);
}
