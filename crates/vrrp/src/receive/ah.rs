//! The sequence numbers of authentication headers.

use ka_wire::Password;
use ka_wire::ah::AhView;

use super::rejection::AuthenticationFailure;

/// The last sequence number that is sent; after it they start over.
const LAST: u32 = 0xffff_fffe;

/// The sequence number of the last authentication header sent or received: keepalived has one
/// counter for both, so that whoever takes over goes on where the Master before ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AhSequence(u32);

impl AhSequence {
    /// The number for the next packet sent.
    ///
    /// keepalived stops at the last one until it becomes Master again, so that all others drop what it sends.
    /// This one starts over: they drop that too, but who takes over starts over as well, and both hear each other again.
    pub(crate) const fn next(&mut self) -> u32 {
        self.0 = if self.0 >= LAST { 1 } else { self.0 + 1 };
        self.0
    }

    /// Becoming Master: where no numbers are left they start over.
    pub(crate) const fn become_master(&mut self) {
        if self.0 >= LAST {
            self.0 = 0;
        }
    }

    /// As Master, an inferior one was heard: the answer is two beyond what it sent, as keepalived's is.
    pub(crate) const fn contested(&mut self) {
        self.0 = self.0.saturating_add(1);
    }

    /// Checks a received header. Its number is the last one then.
    pub(crate) fn check(
        &mut self,
        header: &AhView<'_>,
        source: std::net::IpAddr,
        key: &Password,
    ) -> Result<(), AuthenticationFailure> {
        if !header.verify(key) {
            return Err(AuthenticationFailure::IntegrityCheckValue);
        }
        if header.spi() != source {
            return Err(AuthenticationFailure::SecurityParametersIndex);
        }
        let (received, last) = (header.sequence(), self.0);
        if received <= last {
            return Err(AuthenticationFailure::SequenceNumber { received, last });
        }
        self.0 = received;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_start_at_1_and_start_over_after_the_last() {
        let mut sequence = AhSequence::default();
        assert_eq!([sequence.next(), sequence.next()], [1, 2]);
        sequence.0 = LAST - 1;
        assert_eq!([sequence.next(), sequence.next()], [LAST, 1]);
    }

    #[test]
    fn whoever_becomes_master_with_no_number_left_starts_over() {
        for (last, next) in [(7, 8), (LAST - 1, LAST), (LAST, 1), (u32::MAX, 1)] {
            let mut sequence = AhSequence(last);
            sequence.become_master();
            assert_eq!(sequence.next(), next);
        }
    }

    #[test]
    fn the_answer_to_an_inferior_master_is_two_beyond_its_number() {
        let mut sequence = AhSequence(6);
        sequence.contested();
        assert_eq!(sequence.next(), 8);
        let mut sequence = AhSequence(u32::MAX);
        sequence.contested();
        assert_eq!(sequence.next(), 1);
    }
}
