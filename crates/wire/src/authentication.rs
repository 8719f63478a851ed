//! The authentication of VRRPv2 over IPv4 (RFC 2338 §5.3.6), as far as keepalived keeps it.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Octets of authentication data at the end of every VRRPv2 advertisement over IPv4.
pub const DATA_LEN: usize = 8;

/// How an advertisement is authenticated.
///
/// RFC 3768 took authentication out of VRRPv2, but kept the field and its eight
/// octets; keepalived still offers it (`auth_type`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Type 0: the data is zero.
    #[default]
    None,
    /// Type 1: the data is the password, in the clear (`auth_type PASS`).
    Pass(Password),
    /// Type 2: the data is zero, and the password is the key of the [`ah`](crate::ah) in front of
    /// the advertisement (`auth_type AH`).
    Ah(Password),
}

impl Authentication {
    /// `auth_type PASS` with this password, see [`Password::new`].
    #[must_use]
    pub fn pass(password: impl AsRef<[u8]>) -> Self {
        Self::Pass(Password::new(password))
    }

    /// `auth_type AH` with this password, see [`Password::new`].
    #[must_use]
    pub fn ah(password: impl AsRef<[u8]>) -> Self {
        Self::Ah(Password::new(password))
    }

    /// The authentication type on the wire: 0, 1 or 2.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Pass(_) => 1,
            Self::Ah(_) => 2,
        }
    }

    /// The eight octets of authentication data on the wire.
    #[must_use]
    pub const fn data(&self) -> [u8; DATA_LEN] {
        match self {
            Self::None | Self::Ah(_) => [0; DATA_LEN],
            Self::Pass(password) => password.octets(),
        }
    }

    /// The key of the authentication header, where there is one.
    #[must_use]
    pub const fn ah_key(&self) -> Option<&Password> {
        match self {
            Self::Ah(password) => Some(password),
            Self::None | Self::Pass(_) => None,
        }
    }
}

/// Eight octets of password. Comparison takes the same time wherever two
/// passwords differ, `Debug` does not show them, and they are wiped when dropped.
#[derive(Clone, Eq)]
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
        self.0.ct_eq(&other.0).into()
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
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
        assert_eq!(Authentication::ah("s3cret").kind(), 2);
        assert_eq!(Authentication::ah("s3cret").data(), [0; 8]);
    }

    #[test]
    fn only_ah_has_a_key() {
        let key = Password::new("s3cret");
        assert_eq!(Authentication::ah("s3cret").ah_key(), Some(&key));
        assert_eq!(Authentication::pass("s3cret").ah_key(), None);
        assert_eq!(Authentication::None.ah_key(), None);
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let shown = format!("{:?}", Authentication::pass("s3cret"));
        assert_eq!(shown, "Pass(Password(..))");
        let shown = format!("{:?}", Authentication::ah("s3cret"));
        assert_eq!(shown, "Ah(Password(..))");
    }
}
