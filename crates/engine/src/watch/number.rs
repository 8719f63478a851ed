//! The number at the beginning of a file, as strtol(3) with base 0 reads it.

/// A number that does not fit into 32 bits, as keepalived names it: nearest to it that fits into 64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutOfRange(pub(super) i64);

/// The number that `text` begins with; 0 where it begins with none.
///
/// White space may come first, then a sign, then 0x for hexadecimal or 0 for octal digits. What comes
/// behind is not looked at.
pub(super) fn parse(text: &[u8]) -> Result<i32, OutOfRange> {
    let text = text.trim_ascii_start();
    // A vertical tab is white space for C.
    let text = match text.split_first() {
        Some((0x0b, rest)) => return parse(rest),
        _ => text,
    };
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', first, ..] if first.is_ascii_hexdigit() => (16, &digits[2..]),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let mut value: i64 = 0;
    for octet in digits {
        let Some(digit) = char::from(*octet).to_digit(base) else {
            break;
        };
        let digit = if negative {
            -i64::from(digit)
        } else {
            digit.into()
        };
        value = value.saturating_mul(base.into()).saturating_add(digit);
    }
    i32::try_from(value).map_err(|_| OutOfRange(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> i32 {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_are_those_of_strtol() {
        for (text, expected) in [
            ("", 0),
            ("abc", 0),
            ("-", 0),
            ("5", 5),
            ("5\n", 5),
            (" \t\n\u{b}\u{c}\r+12", 12),
            ("-3", -3),
            ("- 3", 0),
            ("010", 8),
            ("08", 0),
            ("0x10xyz", 16),
            ("0X1F", 31),
            ("-0x5 7", -5),
            ("0x", 0),
            ("0xg", 0),
            ("0b11", 0),
            ("12abc", 12),
            ("2147483647", i32::MAX),
            ("-2147483648", i32::MIN),
            ("\x0007", 0),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_number() {
        let nearest = |text: &str| parse(text.as_bytes()).unwrap_err().0;
        assert_eq!(nearest("2147483648"), 2_147_483_648);
        assert_eq!(nearest("-2147483649"), -2_147_483_649);
        assert_eq!(nearest("0x80000000"), 2_147_483_648);
        assert_eq!(nearest("99999999999999999999"), i64::MAX);
        assert_eq!(nearest("-99999999999999999999"), i64::MIN);
        assert_eq!(nearest(&"7".repeat(4096)), i64::MAX);
    }
}
