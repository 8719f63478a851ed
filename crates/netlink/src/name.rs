//! Names of interfaces and labels of addresses.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name in octets: the kernel's IFNAMSIZ less the final NUL.
const MAX_OCTETS: usize = 15;

/// A text of 1 to 15 octets, the kernel's usual length of names, in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortText {
    octets: [u8; MAX_OCTETS],
    length: u8,
}

impl ShortText {
    /// `None` for a text that is empty or longer.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_OCTETS {
            return None;
        }
        let mut octets = [0; MAX_OCTETS];
        let mut length = 0;
        for (to, from) in octets.iter_mut().zip(text.bytes()) {
            *to = from;
            length += 1;
        }
        Some(Self { octets, length })
    }

    /// A text as the kernel sent it, which ends before its first NUL. Octets that are not UTF-8,
    /// which no configuration could name, become `?`.
    pub(crate) fn from_kernel(octets: &[u8]) -> Option<Self> {
        let end = octets.iter().position(|octet| *octet == 0);
        let octets = octets.get(..end.unwrap_or(octets.len()))?;
        match str::from_utf8(octets) {
            Ok(text) => Self::new(text),
            Err(_) => {
                let ascii = |octet: &u8| match octet.is_ascii() {
                    true => char::from(*octet),
                    false => '?',
                };
                Self::new(&octets.iter().map(ascii).collect::<String>())
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        let octets = self.octets.get(..self.length.into()).unwrap_or_default();
        // Only whole strings are copied in.
        str::from_utf8(octets).unwrap_or_default()
    }
}

/// The name of an interface, or a label of an IPv4 address, which has the same
/// form: 1 to 15 octets without `/` and white space.
///
/// It is held in place, so that reading thousands of addresses allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName(ShortText);

/// Why a text is no interface name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    #[error("an interface name is not empty")]
    Empty,
    /// It has more than 15 octets.
    #[error("an interface name has at most 15 octets")]
    TooLong,
    /// It holds `/`, white space or a NUL, or is `.` or `..`.
    #[error("an interface name holds no '/', white space or NUL and is not '.' or '..'")]
    Forbidden,
}

impl InterfaceName {
    /// Checks `name` by the kernel's rule (`dev_valid_name`).
    ///
    /// A colon is allowed, since labels such as `eth0:1` hold one.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(name: &str) -> Result<Self, NameError> {
        let forbidden = |c: char| c == '/' || c == '\0' || c.is_ascii_whitespace() || c == '\x0b';
        match name {
            "" => Err(NameError::Empty),
            "." | ".." => Err(NameError::Forbidden),
            _ if name.len() > MAX_OCTETS => Err(NameError::TooLong),
            _ if name.contains(forbidden) => Err(NameError::Forbidden),
            _ => ShortText::new(name).map(Self).ok_or(NameError::TooLong),
        }
    }

    /// A name as the kernel sent it. Octets that are not UTF-8, which no
    /// configuration could name, become `?`.
    pub(crate) fn from_kernel(octets: &[u8]) -> Option<Self> {
        ShortText::from_kernel(octets).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What every name does that is checked by a `new` of its own and holds a [`ShortText`].
macro_rules! checked_name {
    ($name:ident, $error:ident) => {
        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $error;

            fn try_from(name: &str) -> Result<Self, $error> {
                Self::new(name)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                Self::new(&name).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use checked_name;

checked_name!(InterfaceName, NameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_rule_of_the_kernel() {
        for good in ["e", "eth0.100", "fifteen-octets.", "left:1", "...", "å"] {
            assert_eq!(InterfaceName::new(good).unwrap(), good);
        }
        for (bad, why) in [
            ("", NameError::Empty),
            ("sixteen-octets..", NameError::TooLong),
            (".", NameError::Forbidden),
            ("..", NameError::Forbidden),
            ("a/b", NameError::Forbidden),
            ("a b", NameError::Forbidden),
            ("a\u{b}b", NameError::Forbidden),
            ("a\0", NameError::Forbidden),
        ] {
            assert_eq!(InterfaceName::new(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_name_of_the_kernel_ends_at_its_nul() {
        let read = |octets: &[u8]| InterfaceName::from_kernel(octets).map(|n| n.to_string());
        assert_eq!(read(b"eth0\0").as_deref(), Some("eth0"));
        assert_eq!(read(b"eth0\0\0old").as_deref(), Some("eth0"));
        assert_eq!(read(b"eth0").as_deref(), Some("eth0"));
        assert_eq!(read(b"e\xff0\0").as_deref(), Some("e?0"));
        assert_eq!(read(b"\0"), None);
        assert_eq!(read(b"sixteen-octets..\0"), None);
    }
}
