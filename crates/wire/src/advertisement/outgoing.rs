//! Writing an advertisement.

use std::net::IpAddr;
use std::time::Duration;

use super::view::pseudo_header;
use super::{CHECKSUM_OFFSET, HEADER_LEN, trailer_len};
use crate::emit::Writer;
use crate::trailer::{self, Signature};
use crate::{Authentication, ChecksumRule, EmitError, Family, KIND_ADVERTISEMENT, Version};

/// An advertisement to write, borrowing its addresses.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// VRRP version.
    pub version: Version,
    /// Virtual router identifier, 1 to 255.
    pub vrid: u8,
    /// Priority: 0 resigns, 255 is the address owner's.
    pub priority: u8,
    /// Max_Advertise_Interval: 1 to 255 s in steps of 1 s in VRRPv2, 0.01 to
    /// 40.95 s in steps of 10 ms in VRRPv3.
    pub max_advertise_interval: Duration,
    /// Authentication, [`Authentication::None`] except in VRRPv2 over IPv4. The header of
    /// [`ah`](crate::ah) comes in front of what is written here.
    pub authentication: &'a Authentication,
    /// Signs the advertisement in a trailer (`auth_hmac`).
    pub signature: Option<Signature<'a>>,
    /// Virtual addresses in the order to send, at most 255, of `source`'s family.
    pub addresses: &'a [IpAddr],
    /// What the checksum of VRRPv3 over IPv4 covers.
    pub checksum_rule: ChecksumRule,
    /// Source address in the IP header; its family is the advertisement's.
    pub source: IpAddr,
    /// Destination address in the IP header.
    pub destination: IpAddr,
}

impl Outgoing<'_> {
    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let signature = match self.signature {
            Some(_) => trailer::LEN,
            None => 0,
        };
        self.advertisement_len() + signature
    }

    fn advertisement_len(&self) -> usize {
        let family = Family::from(self.source);
        HEADER_LEN + self.addresses.len() * family.address_len() + trailer_len(family, self.version)
    }

    /// Writes the advertisement to the front of `buffer` and returns its length.
    ///
    /// # Errors
    ///
    /// [`EmitError::MixedFamilies`], [`EmitError::TooManyAddresses`],
    /// [`EmitError::VirtualRouterId`], [`EmitError::Interval`] and
    /// [`EmitError::Authentication`] for a value that the packet cannot carry,
    /// [`EmitError::BufferTooSmall`] when `buffer` is shorter than
    /// [`Self::encoded_len`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, EmitError> {
        let family = Family::from(self.source);
        let foreign = std::iter::once(&self.destination)
            .chain(self.addresses)
            .find(|address| Family::from(**address) != family);
        if let Some(&address) = foreign {
            return Err(EmitError::MixedFamilies { address });
        }
        let count = self.addresses.len();
        let count = u8::try_from(count).map_err(|_| EmitError::TooManyAddresses { count })?;
        if self.vrid == 0 {
            return Err(EmitError::VirtualRouterId);
        }
        let (type_or_high, interval_low) = self.interval_octets()?;
        if *self.authentication != Authentication::None
            && (family, self.version) != (Family::V4, Version::V2)
        {
            return Err(EmitError::Authentication);
        }

        let length = self.encoded_len();
        let mut writer = Writer::new(buffer, length)?;
        writer.put(&[
            self.version.number() << 4 | KIND_ADVERTISEMENT,
            self.vrid,
            self.priority,
            count,
            type_or_high,
            interval_low,
            0,
            0,
        ])?;
        for address in self.addresses {
            writer.put_address(address)?;
        }
        if trailer_len(family, self.version) != 0 {
            writer.put(&self.authentication.data())?;
        }

        let packet = buffer.get_mut(..length).unwrap_or_default();
        if let Some(signature) = self.signature {
            signature.seal(packet, self.source)?;
        }
        // Over IPv6 the kernel of the receiver checks the payload to its end.
        let covered = match family {
            Family::V4 => self.advertisement_len(),
            Family::V6 => length,
        };
        let checksum = pseudo_header(
            self.version,
            self.source,
            self.destination,
            self.checksum_rule,
            covered,
        )
        .unwrap_or_default()
        .cover(packet.get(..covered).unwrap_or_default())
        .finish();
        if let Some(field) = packet.get_mut(CHECKSUM_OFFSET..HEADER_LEN) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
        Ok(length)
    }

    /// Octets 4 and 5: authentication type and seconds, or 12 bits of centiseconds.
    fn interval_octets(&self) -> Result<(u8, u8), EmitError> {
        let interval = self.max_advertise_interval;
        let (unit, limit) = match self.version {
            Version::V2 => (Duration::from_secs(1), 255),
            Version::V3 => (Duration::from_millis(10), 4095),
        };
        let units = interval.as_nanos() / unit.as_nanos();
        let units = u16::try_from(units)
            .ok()
            .filter(|&units| (1..=limit).contains(&units) && unit * u32::from(units) == interval)
            .ok_or(EmitError::Interval { interval })?;
        let [high, low] = units.to_be_bytes();
        Ok(match self.version {
            Version::V2 => (self.authentication.kind(), low),
            Version::V3 => (high, low),
        })
    }
}
