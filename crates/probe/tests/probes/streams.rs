//! TCP connections.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use ka_probe::{Action, Outcome, Reason, Stage};

use crate::host::{Host, LONG, LOOPBACK, SHORT, failure, probe, refusing, silent};

#[test]
fn a_server_that_listens_is_up_and_gets_no_octet() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let address = listener.local_addr().unwrap();
    let outcome = host.attempt(probe(1, address, LONG, Action::Tcp));
    assert!(
        matches!(outcome, Outcome::Success { reply: None }),
        "{outcome:?}"
    );
    let (mut connection, _) = listener.accept().unwrap();
    let mut octets = Vec::new();
    assert_eq!(connection.read_to_end(&mut octets).unwrap(), 0);
    assert!(host.again(1).is_success());
}

#[test]
fn a_server_over_ipv6_is_probed_likewise() {
    let host = Host::open();
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let address = listener.local_addr().unwrap();
    assert!(
        host.attempt(probe(1, address, LONG, Action::Tcp))
            .is_success()
    );
}

#[test]
fn nobody_listening_is_a_refusal() {
    let host = Host::open();
    for round in 0..40 {
        // With and without a look at once.
        let outcome = host.attempt(probe(round % 2, refusing(), LONG, Action::Tcp));
        assert_eq!(failure(outcome), (Stage::Connect, Reason::Refused));
    }
}

#[test]
fn a_server_that_is_silent_fails_after_its_time_and_delays_no_other() {
    let host = Host::open();
    let silent = silent();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let good = listener.local_addr().unwrap();
    let mut probes: Vec<_> = (0..20)
        .map(|id| probe(id, silent.address, LONG, Action::Tcp))
        .collect();
    probes.push(probe(100, silent.address, SHORT, Action::Tcp));
    probes.push(probe(101, good, LONG, Action::Tcp));
    let attempts: Vec<_> = probes
        .iter()
        .map(|probe| (probe.id, Duration::ZERO))
        .collect();
    host.prober.define(probes).unwrap();
    host.prober.run(&attempts).unwrap();
    let mut results = host.results(2);
    results.sort_by_key(|result| result.id);
    let ids: Vec<_> = results.iter().map(|result| result.id).collect();
    assert_eq!(ids, [100, 101]);
    assert!(results[1].outcome.is_success());
    let late = results.remove(0);
    assert!(late.duration >= SHORT);
    assert_eq!(failure(late.outcome), (Stage::Connect, Reason::Timeout));
    assert_eq!(host.prober.status().unwrap().running, 20);
}

#[test]
fn a_connection_is_handed_over_as_it_is() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let address = listener.local_addr().unwrap();
    let outcome = host.attempt(probe(1, address, LONG, Action::Connect));
    let Outcome::Connected(connection) = outcome else {
        panic!("{outcome:?}");
    };
    let mut ours = TcpStream::from(connection);
    let (mut theirs, _) = listener.accept().unwrap();
    theirs.write_all(b"hello").unwrap();
    drop(theirs);
    ours.set_nonblocking(false).unwrap();
    let mut text = String::new();
    ours.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn a_connection_that_nobody_takes_is_closed() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let address = listener.local_addr().unwrap();
    host.prober
        .define(vec![probe(1, address, LONG, Action::Connect)])
        .unwrap();
    host.prober.run(&[(1, Duration::ZERO)]).unwrap();
    let (mut theirs, _) = listener.accept().unwrap();
    host.prober.forget(vec![1]);
    host.prober.stop(LONG).unwrap();
    // One that was handed over when it was forgotten is closed when it is looked at.
    assert!(host.prober.drain(10).is_empty());
    assert_eq!(theirs.read(&mut [0; 8]).unwrap(), 0);
}
