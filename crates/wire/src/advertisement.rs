//! VRRP advertisements: a lenient reader ([`AdvertisementView`]), a strict value
//! ([`Advertisement`]) and an allocation-free writer ([`Outgoing`]).
//!
//! VRRPv2 (RFC 3768 §5.1):
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Auth Type   |   Adver Int   |          Checksum             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        IP Address (1 .. n)                    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     Authentication Data (1)                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     Authentication Data (2)                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The authentication data is there over IPv4 whatever the type. keepalived can be
//! made to speak VRRPv2 over IPv6, which no RFC defines; it is then absent.
//!
//! VRRPv3 (RFC 9568 §5.1), with 4 or 16 octets an address:
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Version| Type  | Virtual Rtr ID|   Priority    |  IPvX Addr Cnt|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |Reserve| Max Advertise Interval|          Checksum             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     IPvX Address(es) (1 .. n)                 |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The checksum covers, without the Ethernet padding that may follow:
//!
//! | Version, family | Pseudo-header | Advertisement |
//! |---|---|---|
//! | 2, IPv4 | no | header, addresses, authentication data |
//! | 3, IPv4 | yes ([`ChecksumRule`]), length 8 + 4 an address | header, addresses |
//! | any, IPv6 | yes, length of the whole IPv6 payload | the whole IPv6 payload |

mod outgoing;
mod view;

pub use outgoing::Outgoing;
pub use view::AdvertisementView;

use std::net::IpAddr;
use std::time::Duration;

use crate::authentication::{Authentication, DATA_LEN, Password};
use crate::checksum;
use crate::{ChecksumRule, EmitError, Family, KIND_ADVERTISEMENT, Version};

/// Octets of an advertisement before its addresses.
pub const HEADER_LEN: usize = 8;

const CHECKSUM_OFFSET: usize = 6;

/// Why octets are not a valid advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdvertisementError {
    /// Fewer than the eight octets of the header.
    #[error("read advertisement: {length} octets, the header alone has 8")]
    Truncated {
        /// Octets received.
        length: usize,
    },
    /// Neither VRRPv2 nor VRRPv3.
    #[error("read advertisement: VRRP version {version}")]
    Version {
        /// Version received.
        version: u8,
    },
    /// Not an advertisement.
    #[error("read advertisement: packet type {kind}")]
    Kind {
        /// Type received.
        kind: u8,
    },
    /// VRID 0 does not exist (RFC 9568 §5.2.3).
    #[error("read advertisement: virtual router identifier 0")]
    VirtualRouterId,
    /// An interval of 0 (RFC 9568 §5.2.7: 1 to 4095 centiseconds).
    #[error("read advertisement: interval 0")]
    Interval,
    /// The length does not follow from version, family and address count.
    #[error("read advertisement: {length} octets, expected {expected}")]
    Length {
        /// Octets received.
        length: usize,
        /// Octets that the address count asks for.
        expected: usize,
    },
    /// An authentication type that is neither none nor PASS: of AH (type 2) the header in front is needed
    /// to tell, see [`ah`](crate::ah).
    #[error("read advertisement: authentication type {kind}")]
    AuthenticationKind {
        /// Type received.
        kind: u8,
    },
    /// The checksum does not match, or the addresses of the IP header are of two families.
    #[error("read advertisement: checksum {checksum:#06x} is wrong")]
    Checksum {
        /// Checksum received.
        checksum: u16,
    },
}

/// A valid advertisement as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// VRRP version.
    pub version: Version,
    /// Virtual router identifier, 1 to 255.
    pub vrid: u8,
    /// Priority: 0 means that the Master resigns, 255 that it is the address owner.
    pub priority: u8,
    /// Max_Advertise_Interval: 1 to 255 s in steps of 1 s in VRRPv2, 0.01 to
    /// 40.95 s in steps of 10 ms in VRRPv3.
    pub max_advertise_interval: Duration,
    /// Authentication, [`Authentication::None`] except in VRRPv2 over IPv4.
    pub authentication: Authentication,
    /// Virtual addresses in the order sent, at most 255, of one family.
    pub addresses: Vec<IpAddr>,
}

impl Advertisement {
    /// Reads an advertisement and insists on every field.
    ///
    /// `payload` is what follows the IP header, without Ethernet padding;
    /// `source` and `destination` are the addresses in that header. The four
    /// reserved bits of VRRPv3 are ignored (RFC 9568 §5.2.6).
    ///
    /// # Errors
    ///
    /// The [`AdvertisementError`] of the first check that fails, in the order
    /// of its variants.
    pub fn parse(
        payload: &[u8],
        source: IpAddr,
        destination: IpAddr,
        rule: ChecksumRule,
    ) -> Result<Self, AdvertisementError> {
        let family = Family::from(source);
        let view = AdvertisementView::new(payload)?;
        let version = Version::from_number(view.version()).ok_or(AdvertisementError::Version {
            version: view.version(),
        })?;
        if view.kind() != KIND_ADVERTISEMENT {
            return Err(AdvertisementError::Kind { kind: view.kind() });
        }
        if view.vrid() == 0 {
            return Err(AdvertisementError::VirtualRouterId);
        }
        let max_advertise_interval = view.max_advertise_interval(version);
        if max_advertise_interval.is_zero() {
            return Err(AdvertisementError::Interval);
        }
        let expected = view.expected_len(family, version);
        if payload.len() != expected {
            return Err(AdvertisementError::Length {
                length: payload.len(),
                expected,
            });
        }
        let authentication = match (version, view.auth_type()) {
            (Version::V3, _) | (Version::V2, 0) => Authentication::None,
            (Version::V2, kind @ 1) => match (family, view.auth_data()) {
                (Family::V4, Some(data)) => Authentication::Pass(Password::from(data)),
                _ => return Err(AdvertisementError::AuthenticationKind { kind }),
            },
            (Version::V2, kind) => return Err(AdvertisementError::AuthenticationKind { kind }),
        };
        if !view.verify_checksum(source, destination, rule) {
            return Err(AdvertisementError::Checksum {
                checksum: view.checksum(),
            });
        }
        Ok(Self {
            version,
            vrid: view.vrid(),
            priority: view.priority(),
            max_advertise_interval,
            authentication,
            addresses: view.addresses(family).collect(),
        })
    }

    /// Writes the advertisement to the front of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// As [`Outgoing::emit`].
    pub fn emit(
        &self,
        source: IpAddr,
        destination: IpAddr,
        rule: ChecksumRule,
        buffer: &mut [u8],
    ) -> Result<usize, EmitError> {
        Outgoing {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            max_advertise_interval: self.max_advertise_interval,
            authentication: &self.authentication,
            signature: None,
            addresses: &self.addresses,
            checksum_rule: rule,
            source,
            destination,
        }
        .emit(buffer)
    }
}

/// Changes the priority of an encoded advertisement and adjusts its checksum.
///
/// `advertisement` starts at the VRRP header. No checksum rule is needed: the change of
/// one word changes the checksum alike under all of them (RFC 1624).
///
/// # Errors
///
/// [`AdvertisementError::Truncated`], and nothing changes, when the header is incomplete.
pub fn set_priority(advertisement: &mut [u8], priority: u8) -> Result<(), AdvertisementError> {
    let length = advertisement.len();
    let header = advertisement
        .first_chunk_mut::<HEADER_LEN>()
        .ok_or(AdvertisementError::Truncated { length })?;
    let [_, _, old, count, _, _, high, low] = *header;
    let checksum = checksum::update(
        u16::from_be_bytes([high, low]),
        u16::from_be_bytes([old, count]),
        u16::from_be_bytes([priority, count]),
    );
    header[2] = priority;
    [header[6], header[7]] = checksum.to_be_bytes();
    Ok(())
}

/// Octets that follow the addresses.
const fn trailer_len(family: Family, version: Version) -> usize {
    match (family, version) {
        (Family::V4, Version::V2) => DATA_LEN,
        (Family::V6, _) | (_, Version::V3) => 0,
    }
}

#[cfg(test)]
mod tests;
