//! How much one item of a pattern may look at.

use super::PatternOptions;

/// Letters behind which braces hold a name or a code: `\x{2019}` is one character.
const NAMED: &[u8] = b"xogkpPN";

/// The largest number of a repetition: `a{30000}` looks at so many octets and may fail then, without having gone anywhere.
pub(super) fn longest_repeat(pattern: &[u8], options: PatternOptions) -> usize {
    let mut longest = 0;
    let mut rest = pattern;
    while let Some((octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'{' => longest = longest.max(repeat(rest).unwrap_or_default()),
            b'\\' => {
                rest = rest.get(1..).unwrap_or_default();
                let is_named = behind.first().is_some_and(|it| NAMED.contains(it));
                if is_named && !options.takes_codes_for_letters() {
                    rest = rest.strip_prefix(b"{").unwrap_or(rest);
                }
            }
            _ => {}
        }
    }
    longest
}

/// The larger number of `3}`, `3,5}`, `,5}`, also with blanks; `None` where it is no repetition.
fn repeat(behind: &[u8]) -> Option<usize> {
    let end = behind.iter().position(|&octet| octet == b'}')?;
    let inner = behind.get(..end)?;
    let mut numbers = inner.split(|&octet| octet == b',');
    numbers.try_fold(0, |longest, text| Some(longest.max(number(text)?)))
}

fn number(text: &[u8]) -> Option<usize> {
    text.trim_ascii().iter().try_fold(0usize, |number, octet| {
        let digit = octet.is_ascii_digit().then(|| usize::from(octet - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_repetition_is_found() {
        let plain = PatternOptions::default();
        for (pattern, longest) in [
            (&b"a{3}b{2,5}c{,4}"[..], 5),
            (b"[^b]{ 30000 }", 30_000),
            (b"a{ 2 , 40 }", 40),
            (b"a{7,}", 7),
            (b"\\x{2019}\\p{12}", 0),
            (b"\\\\x{9}", 9),
            (b"\\{8}{\"code\":200}{12345", 0),
            (b"a{99999999999999999999999}", usize::MAX),
            (b"\\", 0),
        ] {
            let text = String::from_utf8_lossy(pattern);
            assert_eq!(longest_repeat(pattern, plain), longest, "{text}");
        }
        let javascript = plain.with("alt_bsux").unwrap();
        assert_eq!(longest_repeat(b"\\x{2019}", javascript), 2019);
    }
}
