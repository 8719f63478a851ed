//! Address family and protocol version, which together fix an advertisement's layout.

use std::net::IpAddr;

use crate::{GROUP_V4, GROUP_V6};

/// IP version that carries an advertisement, and of the addresses in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Octets of one address: 4 or 16.
    #[must_use]
    pub const fn address_len(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }

    /// Octets of the IP header without options or extension headers: 20 or 40.
    #[must_use]
    pub const fn ip_header_len(self) -> usize {
        match self {
            Self::V4 => crate::ipv4::HEADER_LEN,
            Self::V6 => crate::ipv6::HEADER_LEN,
        }
    }

    /// Multicast group that advertisements go to unless configured otherwise.
    #[must_use]
    pub const fn group(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(GROUP_V4),
            Self::V6 => IpAddr::V6(GROUP_V6),
        }
    }
}

impl From<IpAddr> for Family {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// VRRP version, the upper half of an advertisement's first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// VRRPv2 (RFC 3768), with the authentication fields of RFC 2338.
    V2,
    /// VRRPv3 (RFC 9568).
    V3,
}

impl Version {
    /// The number on the wire: 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// The version with this number, if it is one of ours.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_groups_follow_the_family() {
        let v4 = Family::from(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(
            (v4, v4.address_len(), v4.ip_header_len()),
            (Family::V4, 4, 20)
        );
        assert_eq!(v4.group().to_string(), "224.0.0.18");
        let v6 = Family::from(IpAddr::from([0_u16; 8]));
        assert_eq!(
            (v6, v6.address_len(), v6.ip_header_len()),
            (Family::V6, 16, 40)
        );
        assert_eq!(v6.group().to_string(), "ff02::12");
    }

    #[test]
    fn versions_are_2_and_3() {
        for number in 0..=255 {
            let version = Version::from_number(number);
            assert_eq!(version.is_some(), number == 2 || number == 3);
            assert!(version.is_none_or(|version| version.number() == number));
        }
    }
}
