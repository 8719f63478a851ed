//! Where packets come from.

use std::ffi::CString;
use std::net::{IpAddr, TcpListener};

use ka_probe::{Action, ClientStep, Outcome, Probe, Source};
use ka_sys::Errno;

use crate::host::{Host, LONG, LOOPBACK, probe, refusing};

fn from(probe: Probe, source: Source) -> Probe {
    Probe { source, ..probe }
}

fn refusal(outcome: Outcome) -> (Option<ClientStep>, Errno) {
    match outcome {
        Outcome::NotStarted(refusal) => (refusal.step, refusal.errno),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_port_to_come_from_serves_one_attempt_after_another() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let source = Source {
        address: Some("127.0.0.7".parse().unwrap()),
        port: refusing().port(),
        ..Source::default()
    };
    let address = listener.local_addr().unwrap();
    let bound = from(probe(1, address, LONG, Action::Tcp), source.clone());
    for round in 0..3 {
        let outcome = if round == 0 {
            host.attempt(bound.clone())
        } else {
            host.again(1)
        };
        assert!(outcome.is_success(), "{outcome:?}");
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(
            (Some(peer.ip()), peer.port()),
            (source.address, source.port)
        );
    }
}

#[test]
fn an_address_alone_leaves_the_port_to_the_kernel() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let address: IpAddr = "127.0.0.8".parse().unwrap();
    let source = Source {
        address: Some(address),
        ..Source::default()
    };
    let target = listener.local_addr().unwrap();
    let outcome = host.attempt(from(probe(1, target, LONG, Action::Tcp), source));
    assert!(outcome.is_success(), "{outcome:?}");
    assert_eq!(listener.accept().unwrap().1.ip(), address);
}

#[test]
fn an_interface_and_a_mark_are_set_where_that_is_permitted() {
    let host = Host::open();
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let target = listener.local_addr().unwrap();
    let source = Source {
        interface: CString::new("lo").ok(),
        mark: Some(0x8000_0001),
        ..Source::default()
    };
    match host.attempt(from(probe(1, target, LONG, Action::Tcp), source)) {
        Outcome::NotStarted(refusal) => assert_eq!(refusal.errno, Errno::PERM),
        outcome => assert!(outcome.is_success(), "{outcome:?}"),
    }
}

#[test]
fn what_cannot_be_set_says_nothing_about_the_server() {
    let host = Host::open();
    let source = Source {
        address: Some("192.0.2.1".parse().unwrap()),
        ..Source::default()
    };
    let outcome = host.attempt(from(probe(1, refusing(), LONG, Action::Tcp), source));
    let expected = (Some(ClientStep::Bind), Errno::ADDRNOTAVAIL);
    assert_eq!(refusal(outcome), expected);
    let source = Source {
        interface: CString::new("no-such-link").ok(),
        ..Source::default()
    };
    let outcome = host.attempt(from(probe(1, refusing(), LONG, Action::Tcp), source));
    let (step, errno) = refusal(outcome);
    assert_eq!(step, Some(ClientStep::Interface));
    assert!(matches!(errno, Errno::NODEV | Errno::PERM), "{errno}");
}
