//! Facts of `HTTP_GET` by name; where the judge is kinder than keepalived, the name says so.

use proptest::prelude::*;

use super::super::expectation::{PatternRule, StatusRange};
use super::super::header::HEADER_LIMIT;
use super::*;
use std::sync::Arc;

use ka_sys::pattern::PatternOptions;

/// MD5 of `hello world\n`.
const HELLO: &str = "6f5902ac237024bdd0c176cb93063dc4";
/// MD5 of nothing.
const NOTHING: &str = "d41d8cd98f00b204e9800998ecf8427e";

fn any_good_status() -> HttpExpectation {
    HttpExpectation::default()
}

fn expecting(change: impl FnOnce(&mut HttpExpectation)) -> HttpExpectation {
    let mut expectation = HttpExpectation::default();
    change(&mut expectation);
    expectation
}

fn rule(text: &str) -> PatternRule {
    PatternRule::new(text, PatternOptions::default()).unwrap()
}

fn hex(text: &str) -> [u8; 16] {
    std::array::from_fn(|index| {
        let digits = text.get(2 * index..2 * index + 2).unwrap();
        u8::from_str_radix(digits, 16).unwrap()
    })
}

/// The verdict over octets that come at once, while the connection stays.
fn open(expectation: &HttpExpectation, octets: &[u8]) -> Option<Verdict> {
    HttpResponse::new(expectation.clone()).feed(octets)
}

/// The verdict over octets that come at once, after which the connection ends.
fn closed(expectation: &HttpExpectation, octets: &[u8]) -> Verdict {
    let mut response = HttpResponse::new(expectation.clone());
    response.feed(octets).unwrap_or_else(|| response.end())
}

fn good(verdict: Option<Verdict>) -> HttpAnswer {
    match verdict {
        Some(Verdict::Good(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

/// The body must be `hello world\n`.
fn hello() -> HttpExpectation {
    expecting(|it| it.digest = Some(hex(HELLO)))
}

/// The digest of the body, whatever it is.
fn digest(verdict: Verdict) -> [u8; 16] {
    let answer = match verdict {
        Verdict::Good(answer) => Some(answer),
        Verdict::Bad(failure) => failure.answer,
    };
    answer.and_then(|answer| answer.digest).unwrap()
}

fn flaw(verdict: Verdict) -> Flaw {
    match verdict {
        Verdict::Bad(failure) => failure.flaw,
        Verdict::Good(answer) => panic!("{answer:?}"),
    }
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let answer = b"HTTP/1.0 200 OK\r\n\r\nhello world\n";
    assert_eq!(open(&hello(), answer), None);
    let answer = good(Some(closed(&hello(), answer)));
    assert_eq!(
        (answer.status, answer.length, answer.content_length),
        (200, 12, None)
    );
}

#[test]
fn an_answer_is_complete_with_its_length_on_a_connection_that_stays() {
    let octets = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhello world\n";
    let answer = good(open(&hello(), octets));
    assert_eq!((answer.length, answer.content_length), (12, Some(12)));
    assert!(!answer.is_short());
}

#[test]
fn the_digest_covers_no_more_than_the_length_says() {
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\nand more";
    let answer = good(open(&hello(), octets));
    assert_eq!(answer.length, 12);
}

#[test]
fn a_body_shorter_than_its_length_is_no_failure_and_is_told() {
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello world\n";
    let answer = good(Some(closed(&hello(), octets)));
    assert!(answer.is_short());
}

#[test]
fn the_digest_covers_chunks_as_they_come() {
    let chunks = b"c\r\nhello world\n\r\n0\r\n\r\n";
    let header = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let verdict = open(&hello(), &[&header[..], chunks].concat());
    let raw = closed(
        &hello(),
        &[&b"HTTP/1.1 200 OK\r\n\r\n"[..], chunks].concat(),
    );
    assert_eq!(digest(verdict.unwrap()), digest(raw));
}

#[test]
fn a_body_that_is_said_to_be_chunks_and_is_none_ends_with_the_connection() {
    let octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello world\n";
    assert_eq!(open(&hello(), octets), None);
    assert_eq!(good(Some(closed(&hello(), octets))).length, 12);
}

#[test]
fn answers_without_a_body_are_complete_with_their_header() {
    let octets = b"HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!(good(open(&any_good_status(), octets)).length, 0);
    let not_modified = expecting(|it| it.statuses = Arc::new([StatusRange { from: 304, to: 304 }]));
    let octets = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n";
    assert!(!good(open(&not_modified, octets)).is_short());
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(good(open(&any_good_status(), octets)).length, 0);
}

#[test]
fn a_status_without_a_reason_is_taken_where_keepalived_fails() {
    assert_eq!(
        good(open(&any_good_status(), b"HTTP/1.1 204\r\n\r\n")).status,
        204
    );
}

#[test]
fn lines_that_end_with_a_line_feed_are_taken_where_keepalived_waits() {
    let octets = b"HTTP/1.1 200 OK\nContent-Length: 12\n\nhello world\n";
    assert_eq!(good(open(&hello(), octets)).length, 12);
}

#[test]
fn a_header_larger_than_4095_octets_is_taken_where_keepalived_fails() {
    let field = format!("Set-Cookie: {}\r\n", "x".repeat(20_000));
    let octets = format!("HTTP/1.1 200 OK\r\n{field}Content-Length: 0\r\n\r\n");
    assert_eq!(
        good(open(&any_good_status(), octets.as_bytes())).status,
        200
    );
}

#[test]
fn interim_answers_are_skipped_where_keepalived_takes_them_for_the_answer() {
    let octets = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut response = HttpResponse::new(any_good_status());
    assert_eq!(good(response.feed(octets)).status, 200);
    assert_eq!(response.header_length(), octets.len());
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(HEADER_LIMIT / 25 + 1);
    let verdict = open(&any_good_status(), endless.as_bytes());
    assert_eq!(flaw(verdict.unwrap()), Flaw::HeaderTooLong);
    let octets = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    assert_eq!(
        flaw(open(&any_good_status(), octets).unwrap()),
        Flaw::Status
    );
}

#[test]
fn a_status_outside_the_ranges_fails_before_the_body_has_come() {
    let octets = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000\r\n\r\n";
    let Some(Verdict::Bad(failure)) = open(&any_good_status(), octets) else {
        panic!("no failure");
    };
    assert_eq!(failure.flaw, Flaw::Status);
    assert_eq!(failure.to_string(), "status 503");
}

#[test]
fn a_redirect_is_followed_by_nobody_and_good_only_where_it_is_listed() {
    let octets = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(
        flaw(open(&any_good_status(), octets).unwrap()),
        Flaw::Status
    );
    let ranges = vec![
        StatusRange { from: 200, to: 204 },
        StatusRange { from: 302, to: 302 },
    ];
    let listed = expecting(|it| it.statuses = ranges.into());
    assert_eq!(good(open(&listed, octets)).status, 302);
}

#[test]
fn what_is_no_answer_fails() {
    let good = any_good_status();
    assert_eq!(flaw(closed(&good, b"")), Flaw::NoData);
    assert_eq!(flaw(closed(&good, b"HTTP/1.1 200 OK\r\n")), Flaw::HeaderCut);
    assert_eq!(flaw(closed(&good, b"garbage\r\n\r\n")), Flaw::NoStatus);
    assert_eq!(flaw(closed(&good, b"\r\n\r\n\r\n")), Flaw::NoStatus);
    assert_eq!(flaw(closed(&good, &[0; 100])), Flaw::HeaderCut);
}

#[test]
fn a_digest_must_be_that_of_the_body() {
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n";
    let right = expecting(|it| it.digest = Some(hex(HELLO)));
    assert_eq!(good(open(&right, octets)).digest, Some(hex(HELLO)));
    let wrong = expecting(|it| it.digest = Some(hex(NOTHING)));
    let Some(Verdict::Bad(failure)) = open(&wrong, octets) else {
        panic!("no failure");
    };
    assert_eq!(failure.flaw, Flaw::Digest);
    assert_eq!(failure.to_string(), format!("digest {HELLO}"));
}

#[test]
fn a_pattern_is_looked_for_in_the_body() {
    let octets = b"HTTP/1.1 200 fine\r\nX: fine\r\nContent-Length: 12\r\n\r\nhello world\n";
    let expect = |rule| expecting(|it| it.pattern = Some(Arc::new(rule)));
    assert_eq!(good(open(&expect(rule("w.r")), octets)).length, 12);
    let verdict = open(&expect(rule("fine")), octets);
    assert_eq!(flaw(verdict.unwrap()), Flaw::Pattern);
    assert_eq!(
        good(open(&expect(rule("fine").negated()), octets)).length,
        12
    );
    let verdict = open(&expect(rule("w.r").negated()), octets);
    assert_eq!(flaw(verdict.unwrap()), Flaw::Pattern);
}

#[test]
fn a_pattern_may_come_in_parts() {
    let rule = expecting(|it| it.pattern = Some(Arc::new(rule("hello world"))));
    let mut response = HttpResponse::new(rule);
    for part in ["HTTP/1.1 200 OK\r\n\r\nhel", "lo wor"] {
        assert_eq!(response.feed(part.as_bytes()), None);
    }
    assert_eq!(response.feed(b"ld"), None);
    assert_eq!(good(Some(response.end())).length, 11);
}

#[test]
fn offsets_bound_where_the_match_starts() {
    let octets = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n";
    let verdict = |first, last| {
        let rule = rule("o").within(first, last);
        open(&expecting(|it| it.pattern = Some(Arc::new(rule))), octets).unwrap()
    };
    assert!(matches!(verdict(4, Some(5)), Verdict::Good(_)));
    assert!(matches!(verdict(5, None), Verdict::Good(_)));
    assert_eq!(flaw(verdict(5, Some(6))), Flaw::Pattern);
    assert_eq!(flaw(verdict(8, None)), Flaw::Pattern);
    assert_eq!(flaw(verdict(1000, None)), Flaw::Pattern);
}

#[test]
fn a_pattern_that_runs_away_is_a_failure_of_its_own() {
    let body = "a".repeat(5000);
    let octets = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{body}");
    for rule in [rule("(a+)+b|(a|aa)+$x"), rule("(a+)+b|(a|aa)+$x").negated()] {
        let verdict = open(
            &expecting(|it| it.pattern = Some(Arc::new(rule))),
            octets.as_bytes(),
        );
        assert!(matches!(flaw(verdict.unwrap()), Flaw::PatternFailed(_)));
    }
}

#[test]
fn an_endless_body_is_given_up_at_the_limit_and_not_kept() {
    let rule = expecting(|it| it.pattern = Some(Arc::new(rule("y"))));
    let mut response = HttpResponse::new(rule);
    assert_eq!(response.feed(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    let part = vec![b'x'; 1024 * 1024];
    let mut fed = 0;
    let verdict = loop {
        if let Some(verdict) = response.feed(&part) {
            break verdict;
        }
        fed += part.len() as u64;
        if let Phase::Body { body, .. } = &response.phase {
            assert!(body.kept().len() <= super::super::PATTERN_LIMIT);
        }
    };
    assert_eq!(fed, BODY_LIMIT);
    assert_eq!(flaw(verdict), Flaw::BodyTooLong);
}

#[test]
fn a_verdict_stays() {
    let mut response = HttpResponse::new(any_good_status());
    let verdict = response.feed(b"HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(response.feed(b"HTTP/1.1 500 Oops\r\n\r\n"), verdict);
    assert_eq!(Some(response.end()), verdict);
}

/// Octets that get further than random ones.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("HTTP/1.1 200 OK".to_owned()),
        Just("HTTP/1.1 100 Continue".to_owned()),
        Just("HTTP/1.1 204".to_owned()),
        (0..1000u16).prop_map(|status| format!("HTTP/1.0 {status} x")),
        "[ -~]{0,20}",
    ];
    let field = prop_oneof![
        (0..40u64).prop_map(|length| format!("Content-Length: {length}")),
        Just("Transfer-Encoding: chunked".to_owned()),
        "[ -~]{0,30}",
    ];
    let end = prop_oneof![Just("\r\n"), Just("\n"), Just("\r")];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        prop::collection::vec(0..20usize, 0..4).prop_map(|sizes| {
            let mut body = Vec::new();
            for size in sizes {
                body.extend(format!("{size:x}\r\n{}\r\n", "x".repeat(size)).into_bytes());
            }
            body.extend(b"0\r\n\r\n");
            body
        }),
    ];
    let header = (line, prop::collection::vec(field, 0..4), end);
    prop::collection::vec((header, body), 1..3).prop_map(|answers| {
        let mut octets = Vec::new();
        for ((line, fields, end), body) in answers {
            for line in std::iter::once(line).chain(fields) {
                octets.extend(line.into_bytes());
                octets.extend(end.as_bytes());
            }
            octets.extend(end.as_bytes());
            octets.extend(body);
        }
        octets
    })
}

proptest! {
    #[test]
    fn how_octets_are_cut_changes_no_verdict(
        octets in answers(),
        cuts in prop::collection::vec(1..40usize, 0..20),
    ) {
        let expectation = expecting(|it| {
            it.statuses = Arc::new([StatusRange { from: 100, to: 599 }]);
            it.pattern = Some(Arc::new(rule("[a-m]")));
        });
        let whole = closed(&expectation, &octets);
        let mut response = HttpResponse::new(expectation);
        let mut rest = &octets[..];
        for cut in cuts {
            let (part, behind) = rest.split_at(cut.min(rest.len()));
            response.feed(part);
            rest = behind;
        }
        response.feed(rest);
        prop_assert_eq!(response.end(), whole);
    }

    #[test]
    fn nothing_that_comes_is_a_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        closed(&any_good_status(), &octets);
    }

    #[test]
    fn what_another_reader_takes_for_an_answer_has_the_same_status_and_length(octets in answers()) {
        let mut fields = [httparse::EMPTY_HEADER; 8];
        let mut other = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(used)) = other.parse(&octets) else {
            return Ok(());
        };
        let status = other.code.unwrap_or_default();
        prop_assume!(!(100..200).contains(&status) && octets.first() == Some(&b'H'));
        let expectation = expecting(|it| it.statuses = Arc::new([StatusRange { from: 0, to: 999 }]));
        let mut response = HttpResponse::new(expectation);
        response.feed(&octets[..used]);
        prop_assert_eq!(response.answer().map(|answer| answer.status), Some(status));
    }

    #[test]
    fn the_digest_is_that_of_the_octets_behind_the_header(body in prop::collection::vec(any::<u8>(), 0..2000)) {
        use md5::Digest as _;
        let octets = [&b"HTTP/1.0 200 OK\r\n\r\n"[..], &body].concat();
        let expected: [u8; 16] = md5::Md5::digest(&body).into();
        prop_assert_eq!(digest(closed(&hello(), &octets)), expected);
    }
}
