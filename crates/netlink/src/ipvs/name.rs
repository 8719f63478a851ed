//! Names of schedulers and of persistence engines.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::{ShortText, checked_name};

/// The name of a scheduler (`wlc`) or of a persistence engine (`sip`): 1 to 15 octets without a
/// NUL (IP_VS_SCHEDNAME_MAXLEN, IP_VS_PENAME_MAXLEN). Whether the kernel knows it, it alone can say.
///
/// It is held in place, so that a change of IPVS allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpvsName(ShortText);

/// Why a text is no name of a scheduler or of a persistence engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IpvsNameError {
    /// It is empty.
    #[error("a name of IPVS is not empty")]
    Empty,
    /// It has more than 15 octets.
    #[error("a name of IPVS has at most 15 octets")]
    TooLong,
    /// It holds a NUL.
    #[error("a name of IPVS holds no NUL")]
    Nul,
}

impl IpvsName {
    /// Checks the length of `name`.
    ///
    /// # Errors
    /// [`IpvsNameError`].
    pub fn new(name: &str) -> Result<Self, IpvsNameError> {
        match name {
            "" => Err(IpvsNameError::Empty),
            _ if name.contains('\0') => Err(IpvsNameError::Nul),
            _ => ShortText::new(name).map(Self).ok_or(IpvsNameError::TooLong),
        }
    }

    /// A name as the kernel sent it.
    pub(super) fn from_kernel(octets: &[u8]) -> Option<Self> {
        ShortText::from_kernel(octets).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

checked_name!(IpvsName, IpvsNameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_room_in_the_structures_of_the_kernel() {
        for good in ["rr", "wlc", "fifteen-octets.", "a b"] {
            assert_eq!(IpvsName::new(good).unwrap(), good);
        }
        for (bad, why) in [
            ("", IpvsNameError::Empty),
            ("sixteen-octets..", IpvsNameError::TooLong),
            ("rr\0", IpvsNameError::Nul),
        ] {
            assert_eq!(IpvsName::new(bad), Err(why), "{bad:?}");
        }
    }
}
