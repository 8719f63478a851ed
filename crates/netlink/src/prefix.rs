//! Prefixes: destinations and sources of routes and rules.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ka_sys::IpFamily;
use serde::{Deserialize, Serialize};

/// The first bits of addresses, all others being zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The first `length` bits of `address`, at most all of them; the others are dropped.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let length = length.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Self {
                    address: Ipv4Addr::from_bits(address.to_bits() & mask).into(),
                    length,
                }
            }
            IpAddr::V6(address) => {
                let length = length.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Self {
                    address: Ipv6Addr::from_bits(address.to_bits() & mask).into(),
                    length,
                }
            }
        }
    }

    /// The prefix that holds every address of `family`.
    #[must_use]
    pub const fn any(family: IpFamily) -> Self {
        Self {
            address: match family {
                IpFamily::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                IpFamily::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            },
            length: 0,
        }
    }

    /// Its first address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits it has.
    #[must_use]
    pub const fn length(&self) -> u8 {
        self.length
    }

    /// Of which addresses it holds the first bits.
    #[must_use]
    pub fn family(&self) -> IpFamily {
        IpFamily::of(self.address)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_behind_the_prefix_are_dropped() {
        let prefix = |text: &str, length| Prefix::new(text.parse().unwrap(), length).to_string();
        assert_eq!(prefix("192.0.2.129", 25), "192.0.2.128/25");
        assert_eq!(prefix("192.0.2.129", 0), "0.0.0.0/0");
        assert_eq!(prefix("192.0.2.129", 99), "192.0.2.129/32");
        assert_eq!(prefix("2001:db8::1", 32), "2001:db8::/32");
        assert_eq!(prefix("2001:db8::1", 0), "::/0");
        assert_eq!(prefix("2001:db8::1", 255), "2001:db8::1/128");
        assert_eq!(Prefix::any(IpFamily::V6).to_string(), "::/0");
    }
}
