//! What holds for every input.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ka_wire::ah::{self, AhView};
use ka_wire::ipv4::{self, Ipv4View};
use ka_wire::trailer::{Key, Sequence, Signature, TrailerView};
use ka_wire::{
    Advertisement, AdvertisementView, Authentication, ChecksumRule, EmitError, Family, Outgoing,
    Version, arp, checksum, ipv6, ndisc, set_priority,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// An advertisement with what else decides its octets.
#[derive(Clone, Debug)]
struct Sent {
    advertisement: Advertisement,
    source: IpAddr,
    destination: IpAddr,
    rule: ChecksumRule,
}

impl Sent {
    fn family(&self) -> Family {
        self.source.into()
    }

    fn emit(&self) -> Vec<u8> {
        let mut buffer = [0xa5; 4200];
        let length = self
            .advertisement
            .emit(self.source, self.destination, self.rule, &mut buffer)
            .unwrap();
        assert!(buffer[length..].iter().all(|octet| *octet == 0xa5));
        buffer[..length].to_vec()
    }

    fn parse(&self, payload: &[u8]) -> Option<Advertisement> {
        Advertisement::parse(payload, self.source, self.destination, self.rule).ok()
    }

    fn verifies(&self, payload: &[u8]) -> bool {
        AdvertisementView::new(payload).unwrap().verify_checksum(
            self.source,
            self.destination,
            self.rule,
        )
    }
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V2), Just(Version::V3)]
}

fn rule() -> impl Strategy<Value = ChecksumRule> {
    prop_oneof![
        Just(ChecksumRule::Standard),
        Just(ChecksumRule::NoPseudoHeader),
        any::<Ipv4Addr>().prop_map(ChecksumRule::Towards),
    ]
}

fn address(family: Family) -> BoxedStrategy<IpAddr> {
    match family {
        Family::V4 => any::<Ipv4Addr>().prop_map_into().boxed(),
        Family::V6 => any::<Ipv6Addr>().prop_map_into().boxed(),
    }
}

fn interval(version: Version) -> BoxedStrategy<Duration> {
    match version {
        Version::V2 => (1..=255_u64).prop_map(Duration::from_secs).boxed(),
        Version::V3 => (1..=4095_u64)
            .prop_map(|units| Duration::from_millis(units * 10))
            .boxed(),
    }
}

fn authentication(family: Family, version: Version) -> BoxedStrategy<Authentication> {
    match (family, version) {
        (Family::V4, Version::V2) => prop_oneof![
            Just(Authentication::None),
            any::<[u8; 8]>().prop_map(Authentication::pass),
        ]
        .boxed(),
        _ => Just(Authentication::None).boxed(),
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    sent_over(family().boxed())
}

prop_compose! {
    fn sent_over(family: BoxedStrategy<Family>)(family in family, version in version())(
        version in Just(version),
        vrid in 1..=255_u8,
        priority in any::<u8>(),
        max_advertise_interval in interval(version),
        authentication in authentication(family, version),
        // Mostly few, as in life, sometimes up to the most that fit.
        addresses in prop_oneof![
            4 => vec(address(family), 0..6),
            1 => vec(address(family), 0..=255),
        ],
        source in address(family),
        destination in address(family),
        rule in rule(),
    ) -> Sent {
        let advertisement = Advertisement {
            version, vrid, priority, max_advertise_interval, authentication, addresses,
        };
        Sent { advertisement, source, destination, rule }
    }
}

/// Octets that look like an advertisement often enough to get past the first checks.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let plausible = (
        prop_oneof![Just(0x21_u8), Just(0x31_u8), any::<u8>()],
        any::<u8>(),
        any::<u8>(),
        0..8_u8,
        vec(any::<u8>(), 0..160),
    )
        .prop_map(|(first, vrid, priority, count, rest)| {
            let mut payload = vec![first, vrid, priority, count];
            payload.extend(rest);
            payload
        });
    prop_oneof![vec(any::<u8>(), 0..200), plausible]
}

proptest! {
    #[test]
    fn no_payload_makes_the_readers_panic(
        payload in payload(),
        source in family().prop_flat_map(address),
        destination in family().prop_flat_map(address),
        rule in rule(),
    ) {
        let parsed = Advertisement::parse(&payload, source, destination, rule);
        let Ok(view) = AdvertisementView::new(&payload) else {
            prop_assert!(payload.len() < 8);
            return Ok(());
        };
        for family in [Family::V4, Family::V6] {
            let count = view.addresses(family).count();
            prop_assert!(count <= usize::from(view.address_count()));
            prop_assert!(8 + count * family.address_len() <= payload.len());
            for version in [Version::V2, Version::V3] {
                let expected = view.expected_len(family, version);
                prop_assert!(expected >= 8 + count * family.address_len());
                let _ = view.max_advertise_interval(version);
            }
        }
        prop_assert_eq!(view.auth_data().is_some(), {
            let trailer = 8 + 4 * usize::from(view.address_count());
            view.version() == 2 && payload.len() >= trailer + 8
        });
        let valid = view.verify_checksum(source, destination, rule);
        prop_assert!(valid || parsed.is_err());
        let _ = format!("{view:?} {parsed:?}");
    }

    #[test]
    fn no_packet_makes_the_ipv4_reader_panic(
        packet in vec(any::<u8>(), 0..100),
        first in 0x40..=0x4f_u8,
    ) {
        let mut plausible = packet.clone();
        if let Some(octet) = plausible.first_mut() {
            *octet = first;
        }
        for packet in [packet, plausible] {
            if let Ok(view) = Ipv4View::new(&packet) {
                prop_assert_eq!(view.header_len() + view.payload().len(), packet.len());
                let _ = (view.source(), view.destination(), view.total_len());
                let _ = format!("{view:?}");
            }
        }
    }

    #[test]
    fn no_packet_makes_the_authentication_readers_panic(
        packet in vec(any::<u8>(), 0..120),
        plausible in any::<bool>(),
    ) {
        let mut packet = packet;
        if plausible {
            for (octet, value) in packet.iter_mut().zip([0x45_u8]) {
                *octet = value;
            }
            for (place, value) in [(9, 51), (20, 112), (21, 4)] {
                if let Some(octet) = packet.get_mut(place) {
                    *octet = value;
                }
            }
        }
        let key = ka_wire::Password::new("s3cret");
        if let Ok(view) = Ipv4View::new(&packet)
            && let Ok(view) = AhView::new(view)
        {
            prop_assert!(packet.len() >= 44);
            let _ = (view.spi(), view.sequence(), view.message());
            prop_assert!(!view.verify(&key));
            let _ = format!("{view:?}");
        }
        let source = IpAddr::from([192, 0, 2, 1]);
        if let Some(view) = TrailerView::new(&packet) {
            prop_assert_eq!(view.advertisement().len() + 28, packet.len());
            let _ = (view.is_well_formed(), view.key_id(), view.sequence());
            prop_assert!(!view.verify(&Key::new(&[7; 32]).unwrap(), source));
            let _ = format!("{view:?}");
        }
    }

    #[test]
    fn what_is_sealed_verifies_and_nothing_else_does(
        message in vec(any::<u8>(), 8..80),
        password in any::<[u8; 8]>(),
        sequence in any::<u32>(),
        fields in any::<(u16, u8, Ipv4Addr, Ipv4Addr)>(),
        bit in any::<Index>(),
    ) {
        let (id, ttl, source, destination) = fields;
        let key = ka_wire::Password::from(password);
        let header = ipv4::Header { protocol: 51, ttl, ..ipv4::Header::vrrp(id, source, destination) };
        let mut packet = vec![0; 44];
        packet.extend(&message);
        header.emit(24 + message.len(), &mut packet).unwrap();
        ah::seal(&mut packet, &key, sequence).unwrap();
        prop_assert_eq!(&packet[44..], &message[..]);
        let view = AhView::new(Ipv4View::new(&packet).unwrap()).unwrap();
        prop_assert_eq!((view.spi(), view.sequence()), (source, sequence));
        prop_assert_eq!(view.message(), &message[..]);
        prop_assert!(view.verify(&key));
        // The time to live of a unicast packet changes on the way.
        packet[8] ^= 0x55;
        let view = AhView::new(Ipv4View::new(&packet).unwrap()).unwrap();
        prop_assert_eq!(view.verify(&key), !destination.is_multicast());
        packet[8] ^= 0x55;
        let place = 24 + bit.index(packet.len() - 24);
        packet[place] ^= 1;
        let view = AhView::new(Ipv4View::new(&packet).unwrap()).unwrap();
        prop_assert!(!view.verify(&key));
    }

    #[test]
    fn what_is_signed_is_received_in_either_family(
        sent in sent(),
        octets in vec(any::<u8>(), 32..=64),
        key_id in 1..=255_u8,
        number in any::<u64>(),
        bit in any::<Index>(),
    ) {
        let key = Key::new(&octets).unwrap();
        let advertisement = &sent.advertisement;
        let sequence = Sequence::from_number(number);
        let outgoing = Outgoing {
            version: advertisement.version,
            vrid: advertisement.vrid,
            priority: advertisement.priority,
            max_advertise_interval: advertisement.max_advertise_interval,
            authentication: &advertisement.authentication,
            signature: Some(Signature { key_id, key: &key, sequence }),
            addresses: &advertisement.addresses,
            checksum_rule: sent.rule,
            source: sent.source,
            destination: sent.destination,
        };
        let mut payload = vec![0xa5; outgoing.encoded_len()];
        prop_assert_eq!(outgoing.emit(&mut payload), Ok(payload.len()));
        prop_assert!(sent.verifies(&payload));
        let view = TrailerView::new(&payload).unwrap();
        prop_assert_eq!((view.key_id(), view.sequence()), (key_id, sequence));
        prop_assert!(view.is_well_formed() && view.verify(&key, sent.source));
        let place = bit.index(payload.len());
        let mut changed = payload.clone();
        changed[place] ^= 1;
        let view = TrailerView::new(&changed).unwrap();
        prop_assert_eq!(view.verify(&key, sent.source), (6..8).contains(&place));
    }

    #[test]
    fn what_is_sent_is_received(sent in sent()) {
        let payload = sent.emit();
        let view = AdvertisementView::new(&payload).unwrap();
        let expected = view.expected_len(sent.family(), sent.advertisement.version);
        prop_assert_eq!(payload.len(), expected);
        prop_assert!(sent.verifies(&payload));
        let parsed = sent.parse(&payload);
        prop_assert_eq!(parsed.as_ref(), Some(&sent.advertisement));

        prop_assert_eq!(view.version(), sent.advertisement.version.number());
        prop_assert_eq!(view.kind(), 1);
        prop_assert_eq!(view.vrid(), sent.advertisement.vrid);
        prop_assert_eq!(view.priority(), sent.advertisement.priority);
        let interval = view.max_advertise_interval(sent.advertisement.version);
        prop_assert_eq!(interval, sent.advertisement.max_advertise_interval);
        let addresses: Vec<_> = view.addresses(sent.family()).collect();
        prop_assert_eq!(addresses, sent.advertisement.addresses);
    }

    #[test]
    fn a_short_buffer_is_an_error_and_stays_untouched(sent in sent(), cut in any::<Index>()) {
        let needed = sent.emit().len();
        let available = cut.index(needed);
        let mut buffer = vec![0xa5; available];
        let written =
            sent.advertisement.emit(sent.source, sent.destination, sent.rule, &mut buffer);
        prop_assert_eq!(written, Err(EmitError::BufferTooSmall { needed, available }));
        prop_assert!(buffer.iter().all(|octet| *octet == 0xa5));
    }

    #[test]
    fn a_patched_priority_equals_encoding_anew(
        sent in sent(),
        priorities in vec(any::<u8>(), 1..5),
    ) {
        let mut patched = sent.emit();
        for priority in priorities {
            set_priority(&mut patched, priority).unwrap();
            let mut anew = sent.clone();
            anew.advertisement.priority = priority;
            prop_assert_eq!(&patched, &anew.emit());
        }
    }

    /// One flipped bit never gets past length and checksum together. (A bit of
    /// the version or the address count changes how much is covered, so the checksum
    /// alone may fit by chance; the length then does not.)
    #[test]
    fn a_flipped_bit_is_noticed(sent in sent(), bit in any::<Index>()) {
        let mut payload = sent.emit();
        let bit = bit.index(payload.len() * 8);
        payload[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(sent.parse(&payload), None);
        let view = AdvertisementView::new(&payload).unwrap();
        let same_length = Version::from_number(view.version())
            .is_some_and(|version| view.expected_len(sent.family(), version) == payload.len());
        prop_assert!(!(same_length && sent.verifies(&payload)));
    }

    #[test]
    fn a_pseudo_header_covers_the_addresses(sent in sent(), bit in 0..32_u32) {
        let payload = sent.emit();
        let v3 = sent.advertisement.version == Version::V3;
        let with_source = v3 && sent.rule != ChecksumRule::NoPseudoHeader;
        let with_destination = v3 && sent.rule == ChecksumRule::Standard;
        let six = sent.family() == Family::V6;
        let flip = |address: IpAddr| -> IpAddr {
            match address {
                IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() ^ 1 << bit).into(),
                IpAddr::V6(address) => {
                    Ipv6Addr::from_bits(address.to_bits() ^ 1 << (bit * 4)).into()
                }
            }
        };
        let from_elsewhere = Sent { source: flip(sent.source), ..sent.clone() };
        prop_assert_eq!(from_elsewhere.verifies(&payload), !(six || with_source));
        let to_elsewhere = Sent { destination: flip(sent.destination), ..sent.clone() };
        prop_assert_eq!(to_elsewhere.verifies(&payload), !(six || with_destination));
    }

    #[test]
    fn ethernet_padding_is_not_covered_over_ipv4(
        sent in sent_over(Just(Family::V4).boxed()),
        padding in vec(any::<u8>(), 1..40),
    ) {
        let mut payload = sent.emit();
        payload.extend(padding);
        prop_assert!(sent.verifies(&payload));
        let view = AdvertisementView::new(&payload).unwrap();
        let addresses: Vec<_> = view.addresses(Family::V4).collect();
        prop_assert_eq!(addresses, sent.advertisement.addresses);
    }

    #[test]
    fn a_missing_end_is_not_valid(sent in sent(), cut in any::<Index>()) {
        let payload = sent.emit();
        let short = &payload[..cut.index(payload.len())];
        prop_assert_eq!(sent.parse(short), None);
        prop_assert!(short.len() < 8 || !sent.verifies(short));
    }

    #[test]
    fn an_updated_checksum_equals_a_computed_one(
        mut octets in vec(any::<u8>(), 2..64),
        word in any::<Index>(),
        new in any::<[u8; 2]>(),
    ) {
        octets.truncate(octets.len() & !1);
        // An advertisement's first octet is never 0.
        octets.insert(0, 0x31);
        octets.insert(1, 0);
        let place = 2 + 2 * word.index(octets.len() / 2 - 1);
        let before = checksum::Checksum::new().cover(&octets).finish();
        let old = [octets[place], octets[place + 1]];
        octets[place..place + 2].copy_from_slice(&new);
        let after = checksum::Checksum::new().cover(&octets).finish();
        let updated = checksum::update(before, u16::from_be_bytes(old), u16::from_be_bytes(new));
        prop_assert_eq!(updated, after);
    }

    #[test]
    fn an_ipv4_header_is_read_as_written(
        fields in any::<(u8, u16, u8, u8, Ipv4Addr, Ipv4Addr)>(),
        payload in vec(any::<u8>(), 0..64),
        patched_id in any::<u16>(),
    ) {
        let (tos, id, ttl, protocol, source, destination) = fields;
        let header = ipv4::Header { tos, id, ttl, protocol, source, destination };
        let mut packet = vec![0xa5; 20];
        packet.extend(&payload);
        prop_assert_eq!(header.emit(payload.len(), &mut packet), Ok(20));
        ipv4::set_id(&mut packet, patched_id).unwrap();
        let view = Ipv4View::new(&packet).unwrap();
        let read = ipv4::Header {
            tos: view.tos(),
            id: view.id(),
            ttl: view.ttl(),
            protocol: view.protocol(),
            source: view.source(),
            destination: view.destination(),
        };
        prop_assert_eq!(read, ipv4::Header { id: patched_id, ..header });
        prop_assert_eq!(view.total_len(), packet.len());
        prop_assert_eq!(view.payload(), &payload[..]);
    }

    #[test]
    fn an_ipv6_header_has_its_fields_in_place(
        fields in any::<(u8, u8, u8, Ipv6Addr, Ipv6Addr)>(),
        payload_len in any::<u16>(),
    ) {
        let (traffic_class, next_header, hop_limit, source, destination) = fields;
        let header = ipv6::Header { traffic_class, next_header, hop_limit, source, destination };
        let mut buffer = [0xa5; 41];
        prop_assert_eq!(header.emit(payload_len.into(), &mut buffer), Ok(40));
        let expected = [
            &[0x60 | traffic_class >> 4, traffic_class << 4, 0, 0][..],
            &payload_len.to_be_bytes(),
            &[next_header, hop_limit],
            &source.octets(),
            &destination.octets(),
            &[0xa5],
        ]
        .concat();
        prop_assert_eq!(&buffer[..], &expected[..]);
    }

    #[test]
    fn announcements_carry_mac_and_address(
        mac in any::<[u8; 6]>(),
        v4 in any::<Ipv4Addr>(),
        v6 in any::<Ipv6Addr>(),
        router in any::<bool>(),
    ) {
        let arp = arp::gratuitous(mac, v4);
        prop_assert_eq!([&arp[6..12], &arp[22..28]], [&mac, &mac]);
        prop_assert_eq!([&arp[28..32], &arp[38..42]], [&v4.octets(), &v4.octets()]);

        let ndisc = ndisc::unsolicited_advertisement(mac, v6, router);
        prop_assert_eq!([&ndisc[6..12], &ndisc[80..86]], [&mac, &mac]);
        prop_assert_eq!([&ndisc[22..38], &ndisc[62..78]], [&v6.octets(), &v6.octets()]);
        let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let sum = checksum::Checksum::pseudo_header_v6(v6, all_nodes, 58, 32).cover(&ndisc[54..]);
        prop_assert_eq!(sum.finish(), 0);
    }
}
