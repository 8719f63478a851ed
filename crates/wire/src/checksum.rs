//! The Internet checksum (RFC 1071) and the rules about what it covers.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What the checksum of a VRRPv3 advertisement over IPv4 covers beside the advertisement.
///
/// Other advertisements know one rule only: VRRPv2 over IPv4 never has a
/// pseudo-header, anything over IPv6 always has (the kernel computes and checks
/// that one, `IPV6_CHECKSUM`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChecksumRule {
    /// The pseudo-header of source, destination, protocol and length is covered.
    ///
    /// keepalived's rule unless told otherwise. RFC 5798 §5.2.8 could be read either
    /// way; RFC 9568 §5.2.8 settled on the pseudo-header over IPv6 only.
    #[default]
    Standard,
    /// No pseudo-header: RFC 9568, and keepalived's `v3_checksum_as_v2`.
    ///
    /// With that option keepalived accepts *any* checksum on receipt; a
    /// receiver that follows it does not verify at all.
    NoPseudoHeader,
    /// A pseudo-header with this destination, wherever the packet goes: keepalived's
    /// `old_unicast_checksum`, where unicast packets have the multicast group in it.
    Towards(Ipv4Addr),
}

/// A running one's complement sum of 16-bit words (RFC 1071).
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum {
    // 2^48 words fit before this could overflow.
    sum: u64,
}

impl Checksum {
    /// An empty sum.
    #[must_use]
    pub const fn new() -> Self {
        Self { sum: 0 }
    }

    /// The sum over the IPv4 pseudo-header (RFC 9293 §3.1); `length` is the octets
    /// of the upper-layer message.
    #[must_use]
    pub fn pseudo_header_v4(
        source: Ipv4Addr,
        destination: Ipv4Addr,
        protocol: u8,
        length: u16,
    ) -> Self {
        Self::new()
            .cover(&source.octets())
            .cover(&destination.octets())
            .cover(&[0, protocol])
            .cover(&length.to_be_bytes())
    }

    /// The sum over the IPv6 pseudo-header (RFC 8200 §8.1); `length` is the octets
    /// of the upper-layer message.
    #[must_use]
    pub fn pseudo_header_v6(
        source: Ipv6Addr,
        destination: Ipv6Addr,
        next_header: u8,
        length: u32,
    ) -> Self {
        Self::new()
            .cover(&source.octets())
            .cover(&destination.octets())
            .cover(&length.to_be_bytes())
            .cover(&[0, next_header])
    }

    /// Covers `octets` too; an odd last one counts as the high half of a word, so only
    /// the last call may be given an odd number.
    #[must_use]
    pub fn cover(mut self, octets: &[u8]) -> Self {
        let (words, odd) = octets.as_chunks::<2>();
        for word in words {
            self.sum += u64::from(u16::from_be_bytes(*word));
        }
        if let [octet] = odd {
            self.sum += u64::from(u16::from_be_bytes([*octet, 0]));
        }
        self
    }

    /// The checksum: the complement of the sum. Over octets that contain a
    /// correct checksum it is 0.
    #[must_use]
    pub fn finish(self) -> u16 {
        let mut sum = self.sum;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        let [.., high, low] = sum.to_be_bytes();
        !u16::from_be_bytes([high, low])
    }
}

/// The checksum after one covered word changed from `old` to `new` (RFC 1624, equation 3).
///
/// Equal to summing everything again, provided that some covered word is not 0.
#[must_use]
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = u64::from(!checksum) + u64::from(!old) + u64::from(new);
    Checksum { sum }.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_rfc_1071() {
        // §3: the sum of these octets is ddf2.
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Checksum::new().cover(&octets).finish(), !0xddf2);
        let (front, back) = octets.split_at(2);
        assert_eq!(Checksum::new().cover(front).cover(back).finish(), !0xddf2);
    }

    #[test]
    fn example_of_rfc_1624() {
        // §4: equation 3 gives 0, where RFC 1141's gave ffff.
        assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn an_odd_last_octet_is_the_high_half_of_a_word() {
        let odd = Checksum::new().cover(&[0x12, 0x34, 0x56]);
        let even = Checksum::new().cover(&[0x12, 0x34, 0x56, 0x00]);
        assert_eq!(odd.finish(), even.finish());
    }

    #[test]
    fn carries_are_folded_until_none_is_left() {
        assert_eq!(Checksum::new().finish(), 0xffff);
        // 131,070 = 1fffe, which folds to ffff.
        assert_eq!(Checksum::new().cover(&[0xff; 4]).finish(), 0);
        // 65,536 words of ffff: ffff0000 folds to ffff.
        let most = vec![0xff; 131_072];
        assert_eq!(Checksum::new().cover(&most).finish(), 0);
    }

    #[test]
    fn pseudo_headers_have_the_layout_of_their_rfcs() {
        let v4 = Checksum::pseudo_header_v4(
            Ipv4Addr::new(192, 0, 2, 1),
            Ipv4Addr::new(224, 0, 0, 18),
            112,
            0x0102,
        );
        let octets = [192, 0, 2, 1, 224, 0, 0, 18, 0, 112, 1, 2];
        assert_eq!(v4.finish(), Checksum::new().cover(&octets).finish());

        let source = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        let destination = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
        let v6 = Checksum::pseudo_header_v6(source, destination, 112, 0x0001_0203);
        let mut octets = [source.octets(), destination.octets()].concat();
        octets.extend([0, 1, 2, 3, 0, 0, 0, 112]);
        assert_eq!(v6.finish(), Checksum::new().cover(&octets).finish());
    }
}
