use super::*;

const WORK: u64 = 2_000_000;

fn pattern(text: &str, options: &[&str]) -> Pattern {
    let start = PatternOptions::default();
    let options = options.iter().try_fold(start, |all, name| all.with(name));
    Pattern::compile(text.as_bytes(), options.unwrap()).unwrap()
}

fn find(text: &str, options: &[&str], subject: &[u8]) -> Option<usize> {
    pattern(text, options).find(subject, 0, None, WORK).unwrap()
}

#[test]
fn a_match_is_found_where_it_starts() {
    assert_eq!(find("b+c", &[], b"aabbcc"), Some(2));
    assert_eq!(find("b+d", &[], b"aabbcc"), None);
    assert_eq!(find("", &[], b""), Some(0));
    assert_eq!(find("a", &[], b""), None);
}

#[test]
fn every_option_is_known_by_its_name() {
    let all = PatternOptions::NAMES.map(|name| PatternOptions::default().with(name).unwrap());
    let bits = all.iter().fold(0, |bits, option| bits | option.0);
    assert_eq!(bits.count_ones(), 24);
    assert_eq!(PatternOptions::default().with("jit"), None);
}

#[test]
fn options_change_what_matches() {
    assert_eq!(find("ABC", &["caseless"], b"xabc"), Some(1));
    assert_eq!(find("a.b", &[], b"a\nb"), None);
    assert_eq!(find("a.b", &["dotall"], b"a\nb"), Some(0));
    assert_eq!(find("b$", &[], b"b\n"), Some(0));
    assert_eq!(find("b$", &["dollar_endonly"], b"b\n"), None);
    assert_eq!(find("^b", &["multiline"], b"a\nb"), Some(2));
    assert_eq!(find("b", &["firstline"], b"a\nb"), None);
    assert_eq!(find("[]a", &["allow_empty_class"], b"]a"), None);
    assert_eq!(find(r"(b)?\1a", &["match_unset_backref"], b"a"), Some(0));
    assert_eq!(find("a b", &["extended"], b"ab"), Some(0));
    assert_eq!(find("^.$", &["utf"], "ü".as_bytes()), Some(0));
    assert_eq!(find("^.$", &[], "ü".as_bytes()), None);
}

#[test]
fn a_text_that_is_no_utf8_is_no_error() {
    assert_eq!(find("ok", &["utf"], b"\xff\xfeok\xc3"), Some(2));
}

#[test]
fn offsets_bound_where_a_match_starts() {
    let pattern = pattern("b", &[]);
    assert_eq!(pattern.find(b"abab", 2, None, WORK), Ok(Some(3)));
    assert_eq!(pattern.find(b"aaab", 0, Some(3), WORK), Ok(Some(3)));
    assert_eq!(pattern.find(b"aaab", 0, Some(2), WORK), Ok(None));
    assert_eq!(pattern.find(b"ab", 3, None, WORK), Ok(None));
    assert_eq!(pattern.find(b"ab", 1, Some(0), WORK), Ok(None));
}

#[test]
fn a_pattern_that_is_none_is_refused_with_its_place() {
    let error = Pattern::compile(b"a(b", PatternOptions::default()).unwrap_err();
    assert_eq!(error.offset, 3);
    assert!(error.message.contains("parenthes"), "{error}");
}

#[test]
fn a_pattern_that_grows_exponentially_is_given_up() {
    let text = [b'a'; 4096];
    let evil = pattern("(a+)+$|(?:a|aa)+b", &[]);
    assert_eq!(
        evil.find(&[&text[..], b"c"].concat(), 0, None, WORK),
        Err(MatchError::TooMuchWork)
    );
}

#[test]
fn a_pattern_that_passes_over_the_whole_text_from_each_of_its_octets_is_given_up() {
    let text = vec![b'a'; 1 << 20];
    let evil = pattern("a*+[bc]", &["no_start_optimize"]);
    assert_eq!(
        evil.find(&text, 0, None, WORK),
        Err(MatchError::TooMuchWork)
    );
}

#[test]
fn what_one_item_looks_at_before_it_fails_counts() {
    let mut text = vec![b'a'; 1 << 20];
    for octet in text.iter_mut().step_by(29_999) {
        *octet = b'b';
    }
    for repeat in ["[^b]{30000}", "[^b]{ 30000 }"] {
        let repeat = pattern(repeat, &["no_start_optimize"]);
        let result = repeat.find(&text, 0, None, WORK);
        assert_eq!(result, Err(MatchError::TooMuchWork));
    }
    let reference = pattern(r"(a+)\1c", &["no_start_optimize"]);
    let result = reference.find(&text, 0, None, WORK);
    assert_eq!(result, Err(MatchError::TooMuchWork));
    let text = b"(abc)(abc)";
    let found = pattern(r"(\w{3})\W+\1", &[]).find(text, 0, None, WORK);
    assert_eq!(found, Ok(Some(1)));
}

#[test]
fn a_large_text_is_within_the_budget_of_an_ordinary_pattern() {
    let mut text = vec![b'x'; 1 << 20];
    text.extend_from_slice(b"status: ok");
    assert_eq!(find("status: (ok|fine)", &[], &text), Some(1 << 20));
    assert_eq!(find("(?s).*status", &[], &text), Some(0));
}

#[test]
fn a_code_in_braces_is_no_repetition() {
    let mut text = vec![b'x'; 1 << 18];
    text.extend_from_slice("\u{2019}".as_bytes());
    let found = pattern(r"\x{2019}", &["utf", "no_start_optimize"]).find(&text, 0, None, WORK);
    assert_eq!(found, Ok(Some(1 << 18)));
}

#[test]
fn recursion_is_bounded() {
    let text = vec![b'('; 1 << 20];
    let nested = pattern(r"\((?R)*\)", &["no_start_optimize"]);
    let result = nested.find(&text, 0, None, u64::MAX);
    assert!(matches!(result, Err(MatchError::TooMuchWork)), "{result:?}");
}
