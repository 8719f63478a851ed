//! Giving an encoded packet another destination.

use std::net::IpAddr;

use crate::{advertisement, checksum, ipv4, ipv6};

/// Why a packet cannot be given another destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// Not an IP header, without options, of the destination's family, and a VRRP header.
    #[error("change destination to {destination}: the packet is too short or of the other family")]
    Unfit {
        /// The destination asked for.
        destination: IpAddr,
    },
}

/// Changes the destination of `packet`, which starts with its IP header, as advertisements to several
/// unicast peers differ in nothing else.
///
/// `covered` says whether the VRRP checksum covers the destination, and is thus to be adjusted
/// (RFC 1624): over IPv6 always, over IPv4 in VRRPv3 by [`ChecksumRule`](crate::ChecksumRule), and never
/// behind an authentication header. The checksum of an IPv4 header is the kernel's to fill in.
///
/// # Errors
///
/// [`DestinationError::Unfit`], and nothing changes.
pub fn set_destination(
    packet: &mut [u8],
    destination: IpAddr,
    covered: bool,
) -> Result<(), DestinationError> {
    let changed = match destination {
        IpAddr::V4(address) => change(packet, 4, ipv4::HEADER_LEN, address.octets(), covered),
        IpAddr::V6(address) => change(packet, 6, ipv6::HEADER_LEN, address.octets(), covered),
    };
    changed.ok_or(DestinationError::Unfit { destination })
}

/// In either family the destination is what the header ends with.
fn change<const N: usize>(
    packet: &mut [u8],
    version: u8,
    header_len: usize,
    new: [u8; N],
    covered: bool,
) -> Option<()> {
    if packet.first()? >> 4 != version {
        return None;
    }
    let (header, payload) = packet.split_at_mut_checked(header_len)?;
    let vrrp = payload.first_chunk_mut::<{ advertisement::HEADER_LEN }>()?;
    let old = header.last_chunk_mut::<N>()?;
    if covered {
        let [.., high, low] = vrrp;
        let mut sum = u16::from_be_bytes([*high, *low]);
        let (before, _) = old.as_chunks::<2>();
        let (after, _) = new.as_chunks::<2>();
        for (before, after) in before.iter().zip(after) {
            sum = checksum::update(sum, u16::from_be_bytes(*before), u16::from_be_bytes(*after));
        }
        [*high, *low] = sum.to_be_bytes();
    }
    *old = new;
    Some(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    use super::*;
    use crate::{AdvertisementView, Authentication, ChecksumRule, Outgoing, Version};

    fn encoded(
        source: IpAddr,
        destination: IpAddr,
        version: Version,
        rule: ChecksumRule,
    ) -> Vec<u8> {
        let addresses = [source, destination];
        let advertisement = Outgoing {
            version,
            vrid: 7,
            priority: 100,
            max_advertise_interval: Duration::from_secs(1),
            authentication: &Authentication::None,
            signature: None,
            addresses: &addresses,
            checksum_rule: rule,
            source,
            destination,
        };
        let length = advertisement.encoded_len();
        let header_len = if source.is_ipv4() { 20 } else { 40 };
        let mut packet = vec![0xa5; header_len + length];
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                ipv4::Header::vrrp(9, source, destination).emit(length, &mut packet)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                ipv6::Header::vrrp(source, destination).emit(length, &mut packet)
            }
            _ => unreachable!("one family"),
        }
        .unwrap();
        advertisement.emit(&mut packet[header_len..]).unwrap();
        packet
    }

    #[test]
    fn a_copy_is_what_it_would_be_if_encoded_for_its_destination() {
        let v4 = [
            IpAddr::from([192, 0, 2, 1]),
            IpAddr::from([192, 0, 2, 2]),
            IpAddr::from([10, 255, 255, 254]),
        ];
        let v6 = ["fe80::1", "2001:db8::2", "2001:db8:ffff:ffff::ffff"]
            .map(|text| IpAddr::from(text.parse::<Ipv6Addr>().unwrap()));
        let cases = [
            (v4, Version::V3, ChecksumRule::Standard, true),
            (v4, Version::V3, ChecksumRule::NoPseudoHeader, false),
            (v4, Version::V2, ChecksumRule::Standard, false),
            (v6, Version::V3, ChecksumRule::Standard, true),
            (v6, Version::V2, ChecksumRule::Standard, true),
        ];
        for ([source, first, second], version, rule, covered) in cases {
            let mut packet = encoded(source, first, version, rule);
            set_destination(&mut packet, second, covered).unwrap();
            let header_len = if source.is_ipv4() { 20 } else { 40 };
            let view = AdvertisementView::new(&packet[header_len..]).unwrap();
            assert!(view.verify_checksum(source, second, rule));
            assert_eq!(view.verify_checksum(source, first, rule), !covered);
            // And back to where it came from, octet by octet.
            set_destination(&mut packet, first, covered).unwrap();
            assert_eq!(packet, encoded(source, first, version, rule));
        }
    }

    #[test]
    fn what_is_no_packet_of_the_family_stays_as_it_is() {
        let source = IpAddr::from([192, 0, 2, 1]);
        let rule = ChecksumRule::Standard;
        let whole = encoded(source, source, Version::V3, rule);
        let foreign = IpAddr::from(Ipv6Addr::LOCALHOST);
        let near = IpAddr::from(Ipv4Addr::LOCALHOST);
        for (length, destination) in [(0, near), (20, near), (27, near), (whole.len(), foreign)] {
            let mut packet = whole[..length].to_vec();
            let error = DestinationError::Unfit { destination };
            assert_eq!(set_destination(&mut packet, destination, true), Err(error));
            assert_eq!(packet, whole[..length]);
        }
    }
}
