//! The authentication of VRRPv2 over IPv4 (RFC 2338 §5.3.6), as far as keepalived keeps it.

use std::fmt;

/// Octets of authentication data at the end of every VRRPv2 advertisement over IPv4.
pub const DATA_LEN: usize = 8;

/// How an advertisement is authenticated.
///
/// RFC 3768 took authentication out of VRRPv2, but kept the field and its eight
/// octets; keepalived still offers it (`auth_type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Type 0: the data is zero.
    #[default]
    None,
    /// Type 1: the data is the password, in the clear (`auth_type PASS`).
    Pass(Password),
}

impl Authentication {
    /// `auth_type PASS` with this password, see [`Password::new`].
    #[must_use]
    pub fn pass(password: impl AsRef<[u8]>) -> Self {
        Self::Pass(Password::new(password))
    }

    /// The authentication type on the wire: 0 or 1.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Pass(_) => 1,
        }
    }

    /// The eight octets of authentication data on the wire.
    #[must_use]
    pub const fn data(&self) -> [u8; DATA_LEN] {
        match self {
            Self::None => [0; DATA_LEN],
            Self::Pass(password) => password.octets(),
        }
    }
}

/// Eight octets of password. Comparison takes the same time wherever two
/// passwords differ, and `Debug` does not show them.
#[derive(Clone, Copy, Eq)]
pub struct Password([u8; DATA_LEN]);

impl Password {
    /// Takes the first eight octets of `password`, padded with zero octets when
    /// there are fewer.
    ///
    /// keepalived warns about what it cuts off; the caller knows the length and can.
    #[must_use]
    pub fn new(password: impl AsRef<[u8]>) -> Self {
        let mut octets = [0; DATA_LEN];
        for (octet, given) in octets.iter_mut().zip(password.as_ref()) {
            *octet = *given;
        }
        Self(octets)
    }

    /// The octets as sent.
    #[must_use]
    pub const fn octets(&self) -> [u8; DATA_LEN] {
        self.0
    }
}

impl From<[u8; DATA_LEN]> for Password {
    fn from(octets: [u8; DATA_LEN]) -> Self {
        Self(octets)
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        // One comparison of integers: comparing octets could end at the first difference.
        u64::from_ne_bytes(self.0) == u64::from_ne_bytes(other.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_padded_and_cut_to_eight_octets() {
        assert_eq!(Password::new("").octets(), [0; 8]);
        assert_eq!(Password::new("s3cret").octets(), *b"s3cret\0\0");
        assert_eq!(Password::new("12345678").octets(), *b"12345678");
        assert_eq!(Password::new("123456789").octets(), *b"12345678");
        assert_eq!(Password::from(*b"12345678"), Password::new(b"12345678"));
    }

    #[test]
    fn every_octet_of_a_password_counts() {
        let password = Password::new("12345678");
        for place in 0..DATA_LEN {
            let mut octets = password.octets();
            octets[place] ^= 1;
            assert_ne!(password, Password::from(octets));
        }
    }

    #[test]
    fn types_and_data_are_those_of_rfc_2338() {
        assert_eq!(Authentication::default(), Authentication::None);
        assert_eq!(Authentication::None.kind(), 0);
        assert_eq!(Authentication::None.data(), [0; 8]);
        assert_eq!(Authentication::pass("s3cret").kind(), 1);
        assert_eq!(Authentication::pass("s3cret").data(), *b"s3cret\0\0");
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let shown = format!("{:?}", Authentication::pass("s3cret"));
        assert_eq!(shown, "Pass(Password(..))");
    }
}
