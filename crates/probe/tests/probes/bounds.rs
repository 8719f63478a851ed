//! Many probes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ka_probe::{Action, Outcome, Reason, Stage};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::host::{Host, LONG, failure, probe, refusing, silent};

#[test]
fn ten_thousand_probes_are_each_attempted_once_in_the_order_of_their_times() {
    const PROBES: u32 = 10_000;
    let host = Host::open();
    // It answers at once, whatever the load.
    let target = refusing();
    let probes = (0..PROBES).map(|id| probe(id, target, LONG, Action::Tcp));
    host.prober.define(probes.collect()).unwrap();
    // Spread over two seconds, in an order that is none.
    let delay = |id: u32| Duration::from_micros(u64::from(id * 7919 % PROBES) * 200);
    let attempts: Vec<_> = (0..PROBES).map(|id| (id, delay(id))).collect();
    host.prober.run(&attempts).unwrap();
    let results = host.results(PROBES as usize);
    let mut seen: HashMap<u32, u32> = HashMap::new();
    for result in &results {
        *seen.entry(result.id).or_default() += 1;
    }
    assert!(seen.len() == PROBES as usize && seen.values().all(|&count| count == 1));
    // None is told before one whose time was a second earlier.
    let mut latest = Duration::ZERO;
    for result in &results {
        let due = delay(result.id);
        assert!(
            due + Duration::from_secs(1) > latest,
            "{due:?} after {latest:?}"
        );
        latest = latest.max(due);
    }
    let status = host.prober.status().unwrap();
    assert_eq!(
        (status.attempts, status.running, status.pending),
        (10_000, 0, 0)
    );
    assert_eq!(status.lateness.count(), 10_000);
}

#[test]
fn attempts_beyond_the_limit_of_descriptors_wait_for_a_place() {
    // The limit is that of the process, and looked at when a prober is opened.
    let before = getrlimit(Resource::Nofile);
    let lowered = Rlimit {
        current: Some(600),
        ..before
    };
    setrlimit(Resource::Nofile, lowered).unwrap();
    let host = Host::open();
    setrlimit(Resource::Nofile, before).unwrap();
    let silent = Arc::new(silent());
    let timeout = Duration::from_millis(300);
    let probes = (0..1000).map(|id| probe(id, silent.address, timeout, Action::Tcp));
    host.prober.define(probes.collect()).unwrap();
    let attempts: Vec<_> = (0..1000).map(|id| (id, Duration::ZERO)).collect();
    host.prober.run(&attempts).unwrap();
    let mut most = 0;
    loop {
        let status = host.prober.status().unwrap();
        most = most.max(status.running);
        if status.attempts == 1000 {
            break;
        }
    }
    assert!(most <= 600 - 256, "{most} at once");
    for result in host.results(1000) {
        match result.outcome {
            Outcome::NotStarted(refusal) => panic!("{refusal:?}"),
            outcome => assert_eq!(failure(outcome), (Stage::Connect, Reason::Timeout)),
        }
    }
}
