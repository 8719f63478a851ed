//! What has to come back by UDP.

/// Octets of an answer that are told.
pub const KEPT_OCTETS: usize = 512;

/// What a datagram that comes back has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UdpReply {
    /// Octets it begins with, as far as it is long; none: any datagram is right.
    pub pattern: Vec<u8>,
    /// The bits of the pattern that count; those beyond it all do.
    pub mask: Vec<u8>,
    /// The least number of octets, where there is a pattern.
    pub min_length: usize,
    /// The greatest number of octets, where there is a pattern.
    pub max_length: usize,
    /// A datagram that is not right is passed over; else it is a failure.
    pub ignores_others: bool,
}

impl UdpReply {
    /// Whether a datagram is right.
    pub(crate) fn matches(&self, datagram: &[u8]) -> bool {
        let masks = self.mask.iter().copied().chain(std::iter::repeat(0xff));
        let mut octets = self.pattern.iter().zip(masks).zip(datagram);
        self.pattern.is_empty()
            || ((self.min_length..=self.max_length).contains(&datagram.len())
                && octets.all(|((&wanted, mask), &came)| (wanted ^ came) & mask == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(pattern: &[u8], mask: &[u8]) -> UdpReply {
        UdpReply {
            pattern: pattern.to_vec(),
            mask: mask.to_vec(),
            min_length: 2,
            max_length: 4,
            ignores_others: false,
        }
    }

    #[test]
    fn a_reply_matches_under_its_mask_and_within_its_lengths() {
        let wanted = reply(&[0x12, 0x30, 0x55], &[0xff, 0xf0]);
        assert!(wanted.matches(&[0x12, 0x3f, 0x55, 9]));
        assert!(!wanted.matches(&[0x12, 0x3f, 0x54]));
        assert!(!wanted.matches(&[0x12, 0x4f, 0x55]));
        // One that is shorter than the pattern can match.
        assert!(wanted.matches(&[0x12, 0x3f]));
        assert!(!wanted.matches(&[0x12]));
        assert!(!wanted.matches(&[0x12, 0x30, 0x55, 0, 0]));
    }

    #[test]
    fn without_a_pattern_any_datagram_is_right() {
        assert!(reply(&[], &[]).matches(&[]));
        assert!(reply(&[], &[]).matches(&[0; 100]));
    }
}
