//! The worker with real programs.

use std::collections::HashSet;
use std::ffi::CString;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use ka_worker::{
    CONCURRENT_LIMIT, Event, JobSpec, KEPT_OCTETS, Outcome, Program, ProgramOptions, RunSpec,
    ScriptWorker, WorkerError, WorkerOptions,
};

/// Never reached: a limit for broken code.
const AMPLE: Duration = Duration::from_secs(60);

struct Host {
    worker: ScriptWorker,
    woken: Receiver<()>,
}

impl Host {
    fn open() -> Self {
        let (sender, woken) = sync_channel(1);
        let wake = move || {
            // One that is not taken yet is enough.
            let _ = sender.try_send(());
        };
        let worker = ScriptWorker::open(WorkerOptions::default(), wake, |body| body());
        Self {
            worker: worker.unwrap(),
            woken,
        }
    }

    /// Waits until so many events have come.
    fn events(&self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        let until = Instant::now() + AMPLE;
        while events.len() < count && Instant::now() < until {
            let _ = self.woken.recv_timeout(Duration::from_millis(100));
            events.extend(self.worker.drain(1000));
        }
        assert!(events.len() >= count, "only {events:?}");
        events
    }

    fn run(&self, script: &str, timeout: Duration) -> Event {
        self.worker.run(vec![run(1, script, timeout)]).unwrap();
        self.events(1).remove(0)
    }
}

fn shell(script: &str) -> Option<Arc<Program>> {
    let environment: Arc<[CString]> = [c"PATH=/usr/bin:/bin".to_owned()].into();
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    let options = ProgramOptions {
        captures: true,
        ..Default::default()
    };
    Program::new("sh".to_owned(), arguments, environment, options).map(Arc::new)
}

fn run(id: u32, script: &str, timeout: Duration) -> RunSpec {
    RunSpec {
        id,
        program: shell(script),
        timeout,
    }
}

fn job(id: u32, generation: u32, script: &str, interval: Duration, timeout: Duration) -> JobSpec {
    JobSpec {
        id,
        generation,
        program: shell(script),
        interval,
        timeout,
    }
}

fn finished(event: &Event) -> (u32, Outcome, &[u8]) {
    match event {
        Event::Finished {
            id,
            outcome,
            output,
            ..
        } => (*id, *outcome, output),
        other => panic!("{other:?}"),
    }
}

fn scheduled(event: &Event) -> (u32, u32, Outcome) {
    match event {
        Event::Scheduled {
            id,
            generation,
            outcome,
            ..
        } => (*id, *generation, *outcome),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_ends_with_its_status_and_what_it_wrote() {
    let host = Host::open();
    let event = host.run("echo out; echo err >&2; exit 3", AMPLE);
    assert_eq!(
        finished(&event),
        (1, Outcome::Exited(3), &b"out\nerr\n"[..])
    );
    let event = host.run("kill -USR1 $$", AMPLE);
    assert_eq!(finished(&event), (1, Outcome::Signalled(10), &b""[..]));
}

#[test]
fn a_flood_of_output_neither_blocks_the_program_nor_is_kept() {
    let host = Host::open();
    let event = host.run("head -c 2000000 /dev/zero", AMPLE);
    let (_, outcome, output) = finished(&event);
    assert_eq!((outcome, output.len()), (Outcome::Exited(0), KEPT_OCTETS));
}

#[test]
fn a_deadline_ends_the_whole_group_and_one_that_never_ends_is_killed() {
    let host = Host::open();
    let event = host.run(
        "trap '' TERM; sleep 1000 & sleep 1000; sleep 1000",
        Duration::from_millis(300),
    );
    assert_eq!(finished(&event).1, Outcome::TimedOut);
    let status = host.worker.status().unwrap();
    assert_eq!((status.running, status.deadline_lateness.count()), (0, 1));
}

#[test]
fn many_runs_are_all_told_and_only_so_many_go_on_at_once() {
    let host = Host::open();
    let count = 2 * CONCURRENT_LIMIT as u32;
    let batch = (0..count).map(|id| run(id, "sleep 0.3", AMPLE)).collect();
    host.worker.run(batch).unwrap();
    let mut most = 0;
    let mut seen = HashSet::new();
    while seen.len() < count as usize {
        most = most.max(host.worker.status().unwrap().running);
        for event in host.worker.drain(1000) {
            let (id, outcome, _) = finished(&event);
            assert_eq!(outcome, Outcome::Exited(0));
            assert!(seen.insert(id));
        }
        let _ = host.woken.recv_timeout(Duration::from_millis(50));
    }
    assert!(most <= CONCURRENT_LIMIT, "{most}");
    let status = host.worker.status().unwrap();
    assert_eq!(
        (status.started, status.running, status.queued),
        (u64::from(count), 0, 0)
    );
}

#[test]
fn a_periodic_program_runs_at_once_and_again_and_is_left_out_while_it_runs() {
    let host = Host::open();
    let interval = Duration::from_millis(100);
    let slow = job(1, 7, "sleep 0.35", interval, AMPLE);
    let quick = job(2, 7, "exit 1", interval, AMPLE);
    host.worker.schedule(vec![slow, quick]).unwrap();
    let events = host.events(12);
    let of = |wanted: u32| {
        events
            .iter()
            .map(scheduled)
            .filter(move |(id, ..)| *id == wanted)
    };
    assert!(of(1).count() > 0 && of(2).count() > of(1).count());
    assert!(of(1).all(|(_, generation, outcome)| (generation, outcome) == (7, Outcome::Exited(0))));
    assert!(of(2).all(|(_, _, outcome)| outcome == Outcome::Exited(1)));
    assert!(host.worker.status().unwrap().skipped > 0);
}

#[test]
fn a_periodic_program_fails_at_its_deadline_although_it_does_not_end() {
    let host = Host::open();
    let stubborn = "trap '' TERM; while :; do sleep 0.1; done";
    let timeout = Duration::from_millis(200);
    host.worker
        .schedule(vec![job(1, 1, stubborn, timeout, timeout)])
        .unwrap();
    // It still has two seconds to end when that is told, unless the shell had no time to ignore the signal, or this test none to
    // look: then the next run, once it is gone, fails in the same way.
    let until = Instant::now() + AMPLE;
    let mut told = 0;
    let goes_on = |told| {
        let status = host.worker.status().unwrap();
        (status.started, status.running) == (told, 1)
    };
    loop {
        for event in host.events(1) {
            assert_eq!(scheduled(&event), (1, 1, Outcome::TimedOut));
            told += 1;
        }
        if goes_on(told) {
            break;
        }
        assert!(Instant::now() < until, "none was told while it went on");
    }
    // The next run, once it is gone.
    assert_eq!(scheduled(&host.events(1)[0]), (1, 1, Outcome::TimedOut));
}

#[test]
fn what_did_not_change_goes_on_and_what_is_gone_is_ended_untold() {
    let host = Host::open();
    let interval = Duration::from_secs(100);
    let end = std::env::temp_dir().join(format!("ka-worker-end-{}", std::process::id()));
    let path = end.to_str().unwrap();
    let list = |generation| {
        let until_told = format!("while [ ! -e {path} ]; do sleep 0.05; done");
        let kept = job(1, generation, &until_told, interval, AMPLE);
        let changed = format!("sleep 1000; echo {generation}");
        vec![kept, job(2, generation, &changed, interval, AMPLE)]
    };
    let started = Instant::now();
    let wait_for_starts = |count| {
        while host.worker.status().unwrap().started < count {
            assert!(started.elapsed() < AMPLE);
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    host.worker.schedule(list(1)).unwrap();
    wait_for_starts(2);
    host.worker.schedule(list(2)).unwrap();
    // What changed runs again.
    wait_for_starts(3);
    std::fs::write(&end, "").unwrap();
    let event = host.events(1).remove(0);
    std::fs::remove_file(&end).unwrap();
    assert_eq!(scheduled(&event), (1, 2, Outcome::Exited(0)));
    host.worker.schedule(Vec::new()).unwrap();
    while host.worker.status().unwrap().running > 0 {
        assert!(started.elapsed() < AMPLE);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(host.worker.drain(1000).is_empty());
    assert_eq!(host.worker.status().unwrap().started, 3);
}

#[test]
fn a_stop_ends_everything_and_tells_who_waits() {
    let host = Host::open();
    let count = CONCURRENT_LIMIT as u32 + 10;
    let batch = (0..count).map(|id| run(id, "sleep 1000", AMPLE)).collect();
    host.worker.run(batch).unwrap();
    host.worker.stop(AMPLE).unwrap();
    let mut told = host.worker.drain(10_000);
    assert!(
        told.iter()
            .all(|event| finished(event).1 == Outcome::Aborted)
    );
    told.dedup_by_key(|event| finished(event).0);
    assert_eq!(told.len(), count as usize);
    assert!(matches!(
        host.worker.run(Vec::new()),
        Err(WorkerError::Stopped)
    ));
    assert!(matches!(host.worker.status(), Err(WorkerError::Stopped)));
}

#[test]
fn a_stop_does_not_wait_longer_than_it_may() {
    let host = Host::open();
    let ready = std::env::temp_dir().join(format!("ka-worker-{}", std::process::id()));
    let path = ready.to_str().unwrap();
    let stubborn = format!("trap '' TERM; : > {path}; while :; do sleep 0.1; done");
    host.worker.run(vec![run(1, &stubborn, AMPLE)]).unwrap();
    let asked = Instant::now();
    while !ready.exists() {
        assert!(asked.elapsed() < AMPLE);
        std::thread::sleep(Duration::from_millis(10));
    }
    std::fs::remove_file(&ready).unwrap();
    while let Err(error) = host.worker.stop(Duration::from_millis(100)) {
        // On a machine that stands still the thread, too, is late.
        assert!(matches!(error, WorkerError::NoAnswer), "{error}");
        assert!(asked.elapsed() < AMPLE);
    }
    let events = host.worker.drain(10);
    assert!(matches!(
        events[..],
        [Event::Finished {
            outcome: Outcome::Aborted,
            remains: Some(None),
            ..
        }]
    ));
}

#[test]
fn nobody_who_takes_results_costs_no_memory_without_bound() {
    let host = Host::open();
    let interval = Duration::from_millis(1);
    let files: Vec<_> = (0..4)
        .map(|id| std::env::temp_dir().join(format!("ka-worker-{}-{id}", std::process::id())))
        .collect();
    let jobs = (0..).zip(&files).map(|(id, file)| {
        let notes = format!("echo >> {}", file.display());
        job(id, 1, &notes, interval, AMPLE)
    });
    host.worker.schedule(jobs.collect()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    // Who runs a second time was told of before that.
    let asked = Instant::now();
    for file in &files {
        while std::fs::metadata(file).map_or(0, |file| file.len()) < 2 {
            assert!(asked.elapsed() < AMPLE);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    host.worker.schedule(Vec::new()).unwrap();
    let events = host.events(4);
    // In the order in which they ended.
    let ended: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Scheduled { ended, .. } => *ended,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(ended.is_sorted());
    // The last ones to run may write again until they are gone.
    while host.worker.status().unwrap().running > 0 {
        assert!(asked.elapsed() < AMPLE);
        std::thread::sleep(Duration::from_millis(10));
    }
    for file in files {
        std::fs::remove_file(file).unwrap();
    }
}
