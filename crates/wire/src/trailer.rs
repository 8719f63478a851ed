//! The trailer behind an authenticated advertisement, of either version and family: keepalived's
//! `auth_hmac`.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Type (1)    |    Key ID     |           Reserved            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        Seconds, UTC                           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |      Fraction of 1/65536      |            Counter            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |        First 16 octets of HMAC-SHA256 (RFC 4868)              |
//! |                              ...                              |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The HMAC covers a pseudo-header of 20 octets (IP version, VRRP version, VRID, 0, source address in 16 octets),
//! the advertisement with its checksum zeroed, and the trailer with the HMAC zeroed. Neither destination nor
//! IP header are covered: every unicast copy of an advertisement has the same trailer.

use std::fmt;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::EmitError;
use crate::advertisement::HEADER_LEN;

/// Octets of the trailer.
pub const LEN: usize = 28;

/// The one type of trailer there is: HMAC-SHA256, cut to 128 bits.
pub const KIND: u8 = 1;

const MAC_LEN: usize = 16;
const START_LEN: usize = LEN - MAC_LEN;

/// The key of a trailer: 32 to 64 octets. Comparison takes the same time wherever two
/// keys of one length differ, `Debug` does not show them, and they are wiped when dropped.
#[derive(Clone, Eq)]
pub struct Key(Zeroizing<Vec<u8>>);

/// A key that has too few or too many octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key of {length} octets, 32 to 64 are possible")]
pub struct KeyLengthError {
    /// Octets given.
    pub length: usize,
}

impl Key {
    /// Takes the octets of a key.
    ///
    /// # Errors
    ///
    /// [`KeyLengthError`] unless there are 32 to 64.
    pub fn new(octets: &[u8]) -> Result<Self, KeyLengthError> {
        let length = octets.len();
        if (32..=64).contains(&length) {
            Ok(Self(Zeroizing::new(octets.to_vec())))
        } else {
            Err(KeyLengthError { length })
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

/// When an advertisement was signed, and which of that moment it is: seconds, fraction and counter as one
/// number, which grows with each advertisement.
///
/// Like serial numbers (RFC 1982) it is compared by difference, so that the seconds may wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(u64);

impl Sequence {
    /// The first of the moment `utc`, in steps of 1/65536 s. Before 1970 it is that of 1970.
    #[must_use]
    pub fn at(utc: SystemTime) -> Self {
        let since = utc.duration_since(UNIX_EPOCH).unwrap_or_default();
        let fraction = u64::from(since.subsec_nanos()) * 65_536 / 1_000_000_000;
        // The seconds wrap in 2106, as their 32 bits on the wire do.
        Self(since.as_secs() << 32 | fraction << 16)
    }

    /// The number as 64 bits: seconds, fraction, counter.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The next one; its counter may carry into the fraction.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Whether this comes after `other`.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        self.0.wrapping_sub(other.0).cast_signed() > 0
    }

    /// How many seconds this is ahead of `other`, in whole seconds of each; negative when behind.
    #[must_use]
    pub const fn seconds_ahead_of(self, other: Self) -> i32 {
        self.seconds().wrapping_sub(other.seconds()).cast_signed()
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

/// What it takes to sign an advertisement.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    /// Names the key to receivers, 1 to 255.
    pub key_id: u8,
    /// The key.
    pub key: &'a Key,
    /// Greater than in all advertisements signed before.
    pub sequence: Sequence,
}

impl Signature<'_> {
    /// Writes the trailer to the last 28 octets of `message`, behind the advertisement that is in front
    /// of them; what its checksum is does not matter.
    ///
    /// # Errors
    ///
    /// [`EmitError::BufferTooSmall`], and nothing changes, when `message` has no room for both.
    pub fn seal(&self, message: &mut [u8], source: IpAddr) -> Result<(), EmitError> {
        let too_small = EmitError::BufferTooSmall {
            needed: HEADER_LEN + LEN,
            available: message.len(),
        };
        let (advertisement, trailer) = message.split_last_chunk_mut::<LEN>().ok_or(too_small)?;
        if advertisement.len() < HEADER_LEN {
            return Err(too_small);
        }
        let [a, b, c, d, e, f, g, h] = self.sequence.number().to_be_bytes();
        let start = [KIND, self.key_id, 0, 0, a, b, c, d, e, f, g, h];
        let mac = mac(self.key, source, advertisement, &start);
        for (octet, new) in trailer.iter_mut().zip(start.iter().chain(&mac)) {
            *octet = *new;
        }
        Ok(())
    }
}

/// A reader over an advertisement with a trailer.
#[derive(Clone, Copy)]
pub struct TrailerView<'a> {
    advertisement: &'a [u8],
    start: &'a [u8; START_LEN],
    mac: &'a [u8; MAC_LEN],
}

impl<'a> TrailerView<'a> {
    /// Takes the last 28 octets of `message` for a trailer; `None` when no header of
    /// an advertisement is in front of them.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Option<Self> {
        let (advertisement, trailer) = message.split_last_chunk::<LEN>()?;
        let (start, _) = trailer.split_first_chunk()?;
        let (_, mac) = trailer.split_last_chunk()?;
        (advertisement.len() >= HEADER_LEN).then_some(Self {
            advertisement,
            start,
            mac,
        })
    }

    /// The octets in front of the trailer.
    #[must_use]
    pub const fn advertisement(&self) -> &'a [u8] {
        self.advertisement
    }

    /// Whether it is of the known type, and its reserved field is 0.
    #[must_use]
    pub const fn is_well_formed(&self) -> bool {
        matches!(self.start, [KIND, _, 0, 0, ..])
    }

    /// The number of the key.
    #[must_use]
    pub const fn key_id(&self) -> u8 {
        let [_, id, ..] = *self.start;
        id
    }

    /// When it was signed.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        let [_, _, _, _, a, b, c, d, e, f, g, h] = *self.start;
        Sequence::from_number(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Whether `key` made it for this advertisement of `source`. Takes the same time wherever two
    /// values differ.
    #[must_use]
    pub fn verify(&self, key: &Key, source: IpAddr) -> bool {
        let computed = mac(key, source, self.advertisement, self.start);
        computed.ct_eq(self.mac).into()
    }
}

impl fmt::Debug for TrailerView<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TrailerView")
            .field("start", self.start)
            .finish_non_exhaustive()
    }
}

fn mac(key: &Key, source: IpAddr, advertisement: &[u8], start: &[u8; START_LEN]) -> [u8; MAC_LEN] {
    let mut mac = [0; MAC_LEN];
    let Some(([first, vrid, middle @ .., _, _], addresses)) =
        advertisement.split_first_chunk::<HEADER_LEN>()
    else {
        return mac;
    };
    let mut address = [0; 16];
    let family = match source {
        IpAddr::V4(source) => {
            for (octet, own) in address.iter_mut().zip(source.octets()) {
                *octet = own;
            }
            4
        }
        IpAddr::V6(source) => {
            address = source.octets();
            6
        }
    };
    // HMAC takes keys of any length.
    if let Ok(hmac) = Hmac::<Sha256>::new_from_slice(&key.0) {
        let full = hmac
            .chain_update([family, first >> 4, *vrid, 0])
            .chain_update(address)
            .chain_update([*first, *vrid])
            .chain_update(middle)
            .chain_update([0; 2])
            .chain_update(addresses)
            .chain_update(start)
            .chain_update([0; MAC_LEN])
            .finalize()
            .into_bytes();
        for (octet, computed) in mac.iter_mut().zip(full) {
            *octet = computed;
        }
    }
    mac
}

#[cfg(test)]
#[path = "trailer/tests.rs"]
mod tests;
