//! Probes that come, change and go.

use std::net::TcpListener;
use std::time::Duration;

use ka_probe::{Action, Outcome, ProbeError};

use crate::host::{Host, LONG, LOOPBACK, failure, probe, refusing, silent};

/// How many of so many attempts have not ended.
fn under_way(host: &Host, attempts: u64) -> u64 {
    let status = host.prober.status().unwrap();
    attempts - status.attempts + status.running as u64
}

#[test]
fn an_attempt_of_a_probe_that_is_replaced_or_forgotten_is_never_told() {
    let host = Host::open();
    let silent = silent();
    let of = |id| probe(id, silent.address, LONG, Action::Tcp);
    host.prober.define(vec![of(1), of(2), of(3)]).unwrap();
    let attempts: Vec<_> = (1..=3).map(|id| (id, Duration::ZERO)).collect();
    host.prober.run(&attempts).unwrap();
    while host.prober.status().unwrap().running < 3 {}
    host.prober
        .define(vec![probe(1, refusing(), LONG, Action::Tcp)])
        .unwrap();
    host.prober.forget(vec![2, 99]);
    let status = host.prober.status().unwrap();
    assert_eq!((status.defined, status.running, status.pending), (2, 1, 0));
    assert!(matches!(host.again(1), Outcome::Failed(_)));
    assert!(host.prober.drain(10).is_empty());
}

#[test]
fn a_result_that_waits_is_not_told_once_its_probe_is_another_one() {
    let host = Host::open();
    let refused = |id| probe(id, refusing(), LONG, Action::Tcp);
    host.prober.define(vec![refused(1), refused(2)]).unwrap();
    host.prober
        .run(&[(1, Duration::ZERO), (2, Duration::ZERO)])
        .unwrap();
    while host.prober.status().unwrap().attempts < 2 {}
    host.prober.forget(vec![1]);
    host.prober.define(vec![refused(2)]).unwrap();
    assert!(host.prober.drain(10).is_empty());
    host.again(2);
}

#[test]
fn an_attempt_that_waits_gets_its_latest_time_and_is_made_once() {
    let host = Host::open();
    host.prober
        .define(vec![probe(1, refusing(), LONG, Action::Tcp)])
        .unwrap();
    host.prober.run(&[(1, LONG)]).unwrap();
    host.prober.run(&[(1, LONG), (7, Duration::ZERO)]).unwrap();
    assert_eq!(host.prober.status().unwrap().pending, 1);
    let outcome = host.again(1);
    assert_eq!(failure(outcome).0, ka_probe::Stage::Connect);
    let status = host.prober.status().unwrap();
    assert_eq!((status.attempts, status.pending), (1, 0));
}

#[test]
fn results_that_nobody_takes_leave_the_latest_of_each_probe() {
    const PROBES: u32 = 6000;
    let host = Host::open();
    let target = refusing();
    let probes = (0..PROBES).map(|id| probe(id, target, LONG, Action::Tcp));
    host.prober.define(probes.collect()).unwrap();
    let attempts: Vec<_> = (0..PROBES).map(|id| (id, Duration::ZERO)).collect();
    for round in 1..=3 {
        host.prober.run(&attempts).unwrap();
        // One that is under way is not attempted once more.
        while under_way(&host, u64::from(PROBES) * round) > 0 {}
    }
    let dropped = host.prober.status().unwrap().dropped;
    let results = host.results(3 * PROBES as usize - dropped as usize);
    assert!(dropped > 0 && results.len() as u64 + dropped == u64::from(3 * PROBES));
    // One that is told is told again when it has something new.
    host.again(5);
}

#[test]
fn after_a_stop_it_takes_nothing_more_and_keeps_no_connection() {
    let host = Host::open();
    let silent = silent();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let good = listener.local_addr().unwrap();
    let probes = vec![
        probe(1, silent.address, LONG, Action::Tcp),
        probe(2, good, LONG, Action::Tcp),
    ];
    host.prober.define(probes).unwrap();
    host.prober
        .run(&[(1, Duration::ZERO), (2, Duration::ZERO)])
        .unwrap();
    while under_way(&host, 2) > 1 {}
    host.prober.stop(LONG).unwrap();
    // What was done by then can be taken.
    let ids: Vec<_> = host
        .prober
        .drain(10)
        .iter()
        .map(|result| result.id)
        .collect();
    assert_eq!(ids, [2]);
    let refused = [
        host.prober.define(Vec::new()).unwrap_err(),
        host.prober.run(&[]).unwrap_err(),
        host.prober.status().unwrap_err(),
    ];
    assert!(
        refused
            .iter()
            .all(|error| matches!(error, ProbeError::Stopped))
    );
    assert!(host.prober.stop_now(Duration::ZERO));
}
