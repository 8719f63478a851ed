//! What a server answers to a request: fed whole, and cut where the first octets say. How it is cut must not change the verdict.

#![no_main]

use ka_probe::http::{
    HttpExpectation, HttpResponse, PatternOptions, PatternRule, StatusRange, Verdict,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [choice, first, second, octets @ ..] = input else {
        return;
    };
    let expectation = expectation(*choice);
    let whole = judge(&expectation, &[octets]);
    let cut = usize::from(*first).min(octets.len());
    let (start, rest) = octets.split_at(cut);
    let (middle, end) = rest.split_at(usize::from(*second).min(rest.len()));
    assert_eq!(whole, judge(&expectation, &[start, middle, end]));
    let single: Vec<&[u8]> = octets.chunks(1).collect();
    assert_eq!(whole, judge(&expectation, &single));
});

fn expectation(choice: u8) -> HttpExpectation {
    let mut expectation = HttpExpectation {
        digest: (choice & 1 != 0).then_some([0; 16]),
        ..HttpExpectation::default()
    };
    if choice & 2 != 0 {
        expectation.statuses = [StatusRange { from: 0, to: 999 }].into();
    }
    if choice & 4 != 0 {
        let rule = PatternRule::new("(a+)+b|[^x]*+y", PatternOptions::default());
        let rule = rule
            .expect("it is a pattern")
            .within(usize::from(choice >> 4), None);
        expectation.pattern = Some(rule.into());
    }
    expectation
}

fn judge(expectation: &HttpExpectation, parts: &[&[u8]]) -> Verdict {
    let mut response = HttpResponse::new(expectation.clone());
    let mut early = None;
    for part in parts {
        let verdict = response.feed(part);
        if early.is_some() {
            assert_eq!(early, verdict);
        }
        early = verdict;
    }
    let last = response.end();
    assert!(early.is_none_or(|early| early == last));
    last
}
