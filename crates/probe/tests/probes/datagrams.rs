//! UDP and ICMP.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use ka_probe::{Action, ClientStep, KEPT_OCTETS, Outcome, Reason, Stage, UdpReply};
use ka_sys::namespace::unshare_network;
use ka_sys::ping_groups::PingGroups;

use crate::host::{Host, LONG, LOOPBACK, SHORT, failure, probe};

fn udp(payload: &[u8], reply: Option<UdpReply>) -> Action {
    Action::Udp {
        payload: Arc::from(payload),
        reply,
    }
}

/// A server that answers the first datagram it gets with each of these.
fn answering(answers: Vec<Vec<u8>>) -> (SocketAddr, thread::JoinHandle<Vec<u8>>) {
    let socket = UdpSocket::bind(LOOPBACK).unwrap();
    let address = socket.local_addr().unwrap();
    let served = thread::spawn(move || {
        let mut buffer = [0; 2048];
        let (count, from) = socket.recv_from(&mut buffer).unwrap();
        for answer in answers {
            socket.send_to(&answer, from).unwrap();
        }
        buffer[..count].to_vec()
    });
    (address, served)
}

fn wanted(pattern: &[u8]) -> UdpReply {
    UdpReply {
        pattern: pattern.to_vec(),
        mask: Vec::new(),
        min_length: 1,
        max_length: 1000,
        ignores_others: false,
    }
}

fn reply(outcome: Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Success { reply: Some(reply) } => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn silence_is_success_unless_a_reply_is_wanted() {
    let host = Host::open();
    let socket = UdpSocket::bind(LOOPBACK).unwrap();
    let address = socket.local_addr().unwrap();
    let outcome = host.attempt(probe(1, address, SHORT, udp(b"ping", None)));
    assert!(
        matches!(outcome, Outcome::Success { reply: None }),
        "{outcome:?}"
    );
    let mut buffer = [0; 16];
    let (count, _) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"ping");
    let any = Some(UdpReply::default());
    let outcome = host.attempt(probe(1, address, SHORT, udp(b"ping", any)));
    assert_eq!(failure(outcome), (Stage::Reply, Reason::Timeout));
}

#[test]
fn a_port_that_is_unreachable_is_a_failure_whatever_is_wanted() {
    let host = Host::open();
    for (id, reply) in [None, Some(UdpReply::default())].into_iter().enumerate() {
        // Nobody else can have the port meanwhile, and a socket that is connected takes datagrams of its peer alone.
        let held = UdpSocket::bind(LOOPBACK).unwrap();
        let address = held.local_addr().unwrap();
        held.connect(address).unwrap();
        let outcome = host.attempt(probe(id as u32, address, LONG, udp(b"x", reply)));
        assert_eq!(failure(outcome), (Stage::Reply, Reason::Refused));
    }
}

#[test]
fn a_reply_is_told_in_part_and_has_to_match() {
    let host = Host::open();
    let (address, served) = answering(vec![vec![7; 900]]);
    let action = udp(b"question", Some(wanted(&[7, 7])));
    let outcome = host.attempt(probe(1, address, LONG, action));
    assert_eq!(reply(outcome), vec![7; KEPT_OCTETS]);
    assert_eq!(served.join().unwrap(), b"question");
    let (address, _) = answering(vec![b"no".to_vec(), b"yes".to_vec()]);
    let outcome = host.attempt(probe(1, address, LONG, udp(b"", Some(wanted(b"yes")))));
    assert_eq!(failure(outcome), (Stage::Mismatch, Reason::Mismatch));
}

#[test]
fn what_does_not_match_is_passed_over_where_that_is_wanted() {
    let host = Host::open();
    let mut answers = vec![b"no".to_vec(); 40];
    answers.push(b"yes, at last".to_vec());
    let (address, _) = answering(answers);
    let patient = UdpReply {
        ignores_others: true,
        ..wanted(b"yes")
    };
    let outcome = host.attempt(probe(1, address, LONG, udp(b"?", Some(patient.clone()))));
    assert_eq!(reply(outcome), b"yes, at last");
    let (address, _) = answering(vec![b"no".to_vec()]);
    let outcome = host.attempt(probe(1, address, SHORT, udp(b"?", Some(patient))));
    assert_eq!(failure(outcome), (Stage::Reply, Reason::Timeout));
}

#[test]
fn who_may_ping_is_in_the_end_as_somebody_else_has_set_it() {
    const RANGE: &str = "/proc/sys/net/ipv4/ping_group_range";
    let range = || fs::read_to_string(RANGE).unwrap().trim_end().to_owned();
    let in_own_namespace = thread::spawn(move || {
        // Only the superuser gets one, and may change it.
        if unshare_network().is_err() || fs::write(RANGE, "1 0").is_err() {
            return;
        }
        let host = Host::open();
        let target = "127.0.0.1:0".parse().unwrap();
        let _ = host.attempt(probe(1, target, SHORT, Action::Ping));
        assert_eq!(range(), "0\t0");
        fs::write(RANGE, "5 10").unwrap();
        let _ = host.again(1);
        assert_eq!(range(), "0\t10");
        host.prober.stop(LONG).unwrap();
        assert_eq!(range(), "5\t10");
    });
    in_own_namespace.join().unwrap();
}

#[test]
fn this_host_answers_an_echo_request_of_either_family() {
    let host = Host::open();
    for (id, address) in ["127.0.0.1:0", "[::1]:0"].into_iter().enumerate() {
        let id = id as u32;
        let outcome = host.attempt(probe(id, address.parse().unwrap(), LONG, Action::Ping));
        if let Outcome::NotStarted(refusal) = outcome {
            // Who may not change who may is told so.
            assert_eq!(refusal.step, Some(ClientStep::Socket));
            assert!(PingGroups::open().is_err(), "{refusal:?}");
            continue;
        }
        assert!(outcome.is_success(), "{outcome:?}");
        assert!(host.again(id).is_success());
    }
}
