//! HTTP from the request to the verdict, against servers on loopback that behave in every way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ka_probe::http::{BODY_LIMIT, HEADER_LIMIT, HttpExpectation};
use ka_probe::{Action, Outcome, Probe, Prober, Reason, Source, Stage};

/// For a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of a probe whose server is expected to answer.
const GENEROUS: Duration = Duration::from_secs(20);
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: x\r\n\r\n";

/// A server that reads the request of each connection and then does what it is told.
fn server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = vec![0; REQUEST.len()];
            connection.read_exact(&mut request).unwrap();
            assert_eq!(request, REQUEST);
            answer(&mut connection);
        }
    });
    address
}

/// Stays with the connection until the other side leaves it.
fn stay(connection: &mut TcpStream) {
    let _ = connection.read(&mut [0]);
}

fn probe(target: SocketAddr, timeout: Duration, expectation: HttpExpectation) -> Outcome {
    let prober = Prober::open(|| (), |body| body()).unwrap();
    prober
        .define(vec![Probe {
            id: 1,
            target,
            source: Source::default(),
            timeout,
            action: Action::Http {
                request: REQUEST.into(),
                expectation: Arc::new(expectation),
            },
        }])
        .unwrap();
    prober.run(&[(1, Duration::ZERO)]).unwrap();
    let start = Instant::now();
    let outcome = loop {
        if let Some(result) = prober.drain(1).pop() {
            break result.outcome;
        }
        assert!(start.elapsed() < PATIENCE, "no result");
        thread::sleep(Duration::from_millis(2));
    };
    prober.stop(PATIENCE).unwrap();
    outcome
}

fn failure(outcome: Outcome) -> (Stage, Reason, String) {
    match outcome {
        Outcome::Failed(failure) => (
            failure.stage,
            failure.reason,
            failure.detail.unwrap_or_default(),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_answer_is_complete_though_the_server_keeps_the_connection() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        stay(connection);
    });
    match probe(target, GENEROUS, HttpExpectation::default()) {
        Outcome::Answered(answer) => {
            assert_eq!(
                (answer.status, answer.length, answer.content_length),
                (200, 2, Some(2))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_in_small_parts_is_read_to_the_end_of_the_connection() {
    let target = server(|connection| {
        for octet in b"HTTP/1.0 200 OK\r\nX: y\r\n\r\nhello" {
            let _ = connection.write_all(&[*octet]);
        }
    });
    match probe(target, GENEROUS, HttpExpectation::default()) {
        Outcome::Answered(answer) => assert_eq!((answer.status, answer.length), (200, 5)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_status_fails_at_once() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n");
        stay(connection);
    });
    let failure = failure(probe(target, GENEROUS, HttpExpectation::default()));
    assert_eq!(
        failure,
        (Stage::Status, Reason::Mismatch, "status 503".to_owned())
    );
}

#[test]
fn another_digest_fails_and_is_told() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.0 200 OK\r\n\r\nhello world\n");
    });
    let expectation = HttpExpectation {
        digest: Some([0; 16]),
        ..HttpExpectation::default()
    };
    let (stage, reason, detail) = failure(probe(target, GENEROUS, expectation));
    assert_eq!((stage, reason), (Stage::Digest, Reason::Mismatch));
    assert_eq!(detail, "digest 6f5902ac237024bdd0c176cb93063dc4");
}

#[test]
fn an_endless_body_is_given_up() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let part = [b'x'; 64 * 1024];
        let mut sent = 0;
        while connection.write_all(&part).is_ok() {
            sent += part.len() as u64;
            assert!(sent < 4 * BODY_LIMIT, "nobody gives up");
        }
    });
    let (stage, reason, _) = failure(probe(target, GENEROUS, HttpExpectation::default()));
    assert_eq!((stage, reason), (Stage::Body, Reason::TooLong));
}

#[test]
fn an_endless_header_is_given_up() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n");
        let mut sent = 0;
        while connection
            .write_all(b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
            .is_ok()
        {
            sent += 34;
            // What the kernel holds for a reader that is gone is some megabytes.
            assert!(sent < 1024 * HEADER_LIMIT, "nobody gives up");
        }
    });
    let (stage, reason, _) = failure(probe(target, GENEROUS, HttpExpectation::default()));
    assert_eq!((stage, reason), (Stage::Header, Reason::TooLong));
}

#[test]
fn silence_is_a_timeout_where_it_begins() {
    // The server has so long for its part.
    let limit = Duration::from_secs(5);
    let parts: [(&'static [u8], Stage); 3] = [
        (b"", Stage::Reply),
        (b"HTTP/1.1 200 OK\r\n", Stage::Header),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            Stage::Body,
        ),
    ];
    let attempt = |(part, expected): (&'static [u8], Stage)| {
        let target = server(move |connection| {
            let _ = connection.write_all(part);
            stay(connection);
        });
        let (stage, reason, _) = failure(probe(target, limit, HttpExpectation::default()));
        assert_eq!((stage, reason), (expected, Reason::Timeout));
    };
    thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || attempt(part));
        }
    });
}

#[test]
fn a_slow_answer_has_the_time_anew_for_each_of_its_parts() {
    let target = server(|connection| {
        for octet in b"HTTP/1.1 204\r\n\r\n" {
            thread::sleep(Duration::from_millis(450));
            let _ = connection.write_all(&[*octet]);
        }
    });
    // Together they take longer than that.
    match probe(target, Duration::from_secs(6), HttpExpectation::default()) {
        Outcome::Answered(answer) => assert_eq!(answer.status, 204),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_that_is_reset_fails() {
    let target = server(|connection| {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\n");
        let _ = rustix::net::sockopt::set_socket_linger(&*connection, Some(Duration::ZERO));
    });
    let (stage, reason, _) = failure(probe(target, GENEROUS, HttpExpectation::default()));
    // Whether the octets before it are read is a matter of time.
    assert!(matches!(stage, Stage::Reply | Stage::Header), "{stage:?}");
    assert_eq!(reason, Reason::Reset);
}

#[test]
fn a_connection_that_ends_without_an_answer_fails() {
    let target = server(|_| {});
    let (stage, reason, _) = failure(probe(target, GENEROUS, HttpExpectation::default()));
    assert_eq!((stage, reason), (Stage::Reply, Reason::NoData));
}

#[test]
fn garbage_fails() {
    let target = server(|connection| {
        let _ = connection.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
        stay(connection);
    });
    let (stage, reason, _) = failure(probe(target, GENEROUS, HttpExpectation::default()));
    assert_eq!((stage, reason), (Stage::Status, Reason::Malformed));
}
