//! A request over TCP and its answer, with a judge that takes anything up to a mark.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ka_probe::{Action, Expectation, Failure, Feed, HttpAnswer, Judge, Outcome, Reason, Stage};

use crate::host::{Host, LONG, LOOPBACK, PATIENT, SHORT, failure, probe};

/// Counts octets; an exclamation mark ends the answer.
#[derive(Debug, Default)]
struct Counter {
    length: u64,
}

impl Judge for Counter {
    fn feed(&mut self, octets: &[u8]) -> Feed {
        self.length += octets.len() as u64;
        if octets.contains(&b'!') {
            Feed::Done
        } else {
            Feed::More
        }
    }

    fn stage(&self) -> Stage {
        if self.length == 0 {
            Stage::Reply
        } else {
            Stage::Body
        }
    }

    fn end(self: Box<Self>) -> Result<HttpAnswer, Failure> {
        if self.length == 0 {
            return Err(Failure::new(Stage::Reply, Reason::NoData));
        }
        Ok(HttpAnswer {
            status: 200,
            length: self.length,
            content_length: None,
            digest: None,
        })
    }
}

#[derive(Debug)]
struct Counted;

impl Expectation for Counted {
    fn judge(&self) -> Box<dyn Judge> {
        Box::new(Counter::default())
    }
}

fn request(octets: usize) -> Action {
    Action::Http {
        request: vec![b'q'; octets].into(),
        expectation: Arc::new(Counted),
    }
}

/// A server for one connection after another.
fn serving(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            serve(connection.unwrap());
        }
    });
    address
}

fn read(connection: &mut TcpStream, octets: usize) {
    let mut request = vec![0; octets];
    connection.read_exact(&mut request).unwrap();
}

fn length(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Answered(answer) => answer.length,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_is_read_to_its_end_whatever_its_length() {
    let host = Host::open();
    for (id, octets) in [1usize, 70_000, 3_000_000].into_iter().enumerate() {
        let address = serving(move |mut connection| {
            read(&mut connection, 5);
            connection.write_all(&vec![b'a'; octets]).unwrap();
        });
        let outcome = host.attempt(probe(id as u32, address, LONG, request(5)));
        assert_eq!(length(outcome), octets as u64);
    }
}

#[test]
fn a_request_that_the_server_takes_slowly_is_sent_whole() {
    let host = Host::open();
    let octets = 8_000_000;
    let address = serving(move |mut connection| {
        read(&mut connection, octets);
        connection.write_all(b"taken").unwrap();
    });
    let outcome = host.attempt(probe(1, address, LONG, request(octets)));
    assert_eq!(length(outcome), 5);
}

#[test]
fn an_answer_whose_verdict_is_certain_is_not_waited_for() {
    let host = Host::open();
    let address = serving(|mut connection| {
        read(&mut connection, 5);
        connection.write_all(b"enough!").unwrap();
        // It is closed by the other side, after what is not said any more.
        while connection.write_all(b"more").is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
    });
    let outcome = host.attempt(probe(1, address, LONG, request(5)));
    assert!(length(outcome) >= 7);
}

#[test]
fn a_server_that_says_nothing_or_stops_fails_where_it_stands() {
    let host = Host::open();
    let silent = serving(|connection| {
        // Open as long as the other side has it open.
        let _ = (&connection).read_to_end(&mut Vec::new());
    });
    let outcome = host.attempt(probe(1, silent, SHORT, request(5)));
    assert_eq!(failure(outcome), (Stage::Reply, Reason::Timeout));
    let stops = serving(|mut connection| {
        read(&mut connection, 5);
        connection.write_all(b"a part").unwrap();
        let _ = connection.read_to_end(&mut Vec::new());
    });
    let outcome = host.attempt(probe(1, stops, PATIENT, request(5)));
    assert_eq!(failure(outcome), (Stage::Body, Reason::Timeout));
}

#[test]
fn a_server_that_closes_or_resets_is_told_from_one_that_is_silent() {
    let host = Host::open();
    let closes = serving(|mut connection| read(&mut connection, 5));
    let outcome = host.attempt(probe(1, closes, LONG, request(5)));
    assert_eq!(failure(outcome), (Stage::Reply, Reason::NoData));
    let resets = serving(|mut connection| {
        read(&mut connection, 1);
        // What it has not read makes the kernel reset the connection.
    });
    let outcome = host.attempt(probe(1, resets, LONG, request(5)));
    assert_eq!(failure(outcome), (Stage::Reply, Reason::Reset));
}

#[test]
fn an_endless_answer_ends_at_the_limit_of_all_steps_however_fast_or_slow_it_comes() {
    let host = Host::open();
    let floods = serving(|mut connection| while connection.write_all(&[b'a'; 65_536]).is_ok() {});
    let drips = serving(|mut connection| {
        while connection.write_all(b"a").is_ok() {
            thread::sleep(SHORT / 10);
        }
    });
    let good = serving(|mut connection| {
        read(&mut connection, 5);
        connection.write_all(b"fine").unwrap();
    });
    let endless = |limit| {
        vec![
            probe(1, floods, limit, request(5)),
            probe(2, drips, limit, request(5)),
        ]
    };
    host.prober.define(endless(LONG)).unwrap();
    host.prober
        .define(vec![probe(3, good, LONG, request(5))])
        .unwrap();
    let attempts: Vec<_> = (1..=3).map(|id| (id, Duration::ZERO)).collect();
    host.prober.run(&attempts).unwrap();
    // The one that is good is told before those that go on.
    let mut results = host.results(1);
    assert_eq!((results.len(), results[0].id), (1, 3));
    assert_eq!(length(results.remove(0).outcome), 4);
    // Those end, too: the drops are further apart than a step may take, or are too many.
    host.prober.define(endless(SHORT)).unwrap();
    host.prober.run(&attempts[..2]).unwrap();
    let mut ids: Vec<_> = host.results(2).iter().map(|result| result.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
}
