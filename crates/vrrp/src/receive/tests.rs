use std::net::{Ipv4Addr, Ipv6Addr};

use ka_wire::Outgoing;
use proptest::prelude::*;

use super::*;
use crate::config::{ChecksumForms, ChecksumPolicy};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn virtual_address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn pass() -> RouterConfig {
    RouterConfig {
        authentication: Authentication::pass("s3cret"),
        ..v2(1)
    }
}

fn v2(addresses: u8) -> RouterConfig {
    RouterConfig {
        addresses: (101..101 + addresses).map(virtual_address).collect(),
        ..RouterConfig::new(11, Family::V4)
    }
}

fn v3(addresses: u8) -> RouterConfig {
    RouterConfig {
        version: Version::V3,
        ..v2(addresses)
    }
}

fn v6() -> RouterConfig {
    RouterConfig {
        addresses: vec![Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x14).into()],
        ..RouterConfig::new(14, Family::V6)
    }
}

fn source(config: &RouterConfig) -> IpAddr {
    match config.family {
        Family::V4 => SOURCE,
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0xa).into(),
    }
}

/// What a router with `config` sends, and octets after it.
fn encode(config: &RouterConfig, extra: usize) -> Vec<u8> {
    let outgoing = Outgoing {
        version: config.version,
        vrid: config.vrid,
        priority: config.priority,
        max_advertise_interval: config.advertisement_interval,
        authentication: &config.authentication,
        signature: None,
        addresses: &config.addresses,
        checksum_rule: config.checksum.first(config.unicast.is_some()),
        source: source(config),
        destination: config.family.group(),
    };
    let mut payload = vec![0; outgoing.encoded_len() + extra];
    outgoing.emit(&mut payload).expect("a valid configuration");
    payload
}

fn packet<'a>(config: &RouterConfig, payload: &'a [u8]) -> ReceivedPacket<'a> {
    let total_len = (Family::V4.ip_header_len() + payload.len()) as u16;
    ReceivedPacket {
        source: source(config),
        destination: config.family.group(),
        ttl: 255,
        ip_total_len: (config.family == Family::V4).then_some(total_len),
        payload,
        header: None,
        at: SystemTime::UNIX_EPOCH,
    }
}

fn check<'a>(
    config: &RouterConfig,
    owner_ignores: bool,
    packet: &ReceivedPacket<'a>,
) -> Result<Accepted<'a>, Rejection> {
    Receiver::default().check(config, owner_ignores, packet)
}

fn reason(config: &RouterConfig, packet: &ReceivedPacket<'_>) -> Option<RejectReason> {
    let rejection = check(config, false, packet).err();
    rejection.map(|rejection| rejection.reason())
}

#[test]
fn the_first_check_that_fails_decides() {
    let config = pass();
    // Each time this check and all behind it fail.
    for first in RejectReason::ALL {
        // Of what this router does not ask for nothing can be wrong.
        let asked = !matches!(
            first,
            RejectReason::AuthenticationHeader
                | RejectReason::SignatureMissing
                | RejectReason::UnknownPeer
                | RejectReason::SignatureMalformed
                | RejectReason::SignatureStale
                | RejectReason::SignatureKeyUnknown
                | RejectReason::SignatureInvalid
                | RejectReason::SignatureReplayed
                | RejectReason::PeerTtl
        );
        if !asked {
            continue;
        }
        let failing = |reason: RejectReason| reason.index() >= first.index();
        let mut payload = encode(&config, 0);
        if failing(RejectReason::Version) {
            payload[0] = 0x42;
        } else if failing(RejectReason::PacketType) {
            payload[0] = 0x22;
        }
        payload[4] = if failing(RejectReason::AuthenticationTypeUnknown) {
            9
        } else if failing(RejectReason::AuthenticationTypeMismatch) {
            2
        } else {
            1
        };
        if failing(RejectReason::AuthenticationFailed) {
            payload[12] ^= 0xff;
        }
        if failing(RejectReason::AdvertisementInterval) {
            payload[5] = 77;
        }
        if failing(RejectReason::Checksum) {
            payload[7] ^= 1;
        }
        if failing(RejectReason::Version) {
            // Other versions have no authentication data.
            payload.truncate(12);
        }
        if failing(RejectReason::Length) {
            payload.push(0);
        }
        let mut packet = packet(&config, &payload);
        if failing(RejectReason::Ttl) {
            packet.ttl = 1;
        }
        if failing(RejectReason::TotalLength) {
            packet.ip_total_len = Some(21);
        }
        if failing(RejectReason::Destination) {
            // The checksum still holds: VRRPv2 over IPv4 has no pseudo-header.
            packet.destination = virtual_address(2);
        }
        let rejection = check(&config, true, &packet).expect_err("a rejection");
        assert_eq!(rejection.reason(), first);
    }
    let payload = encode(&config, 0);
    let packet = packet(&config, &payload);
    assert!(check(&config, false, &packet).is_ok());
}

#[test]
fn rejections_say_what_was_seen() {
    let config = pass();
    let payload = encode(&config, 4);
    let length = Rejection::Length {
        received: 44,
        expected: 40,
    };
    let rejection = check(&config, false, &packet(&config, &payload)).err();
    assert_eq!(rejection, Some(length));
    let mut payload = encode(&config, 0);
    payload[5] = 3;
    let interval = Rejection::AdvertisementInterval {
        received: Duration::from_secs(3),
        expected: Duration::from_secs(1),
    };
    let rejection = check(&config, false, &packet(&config, &payload)).err();
    assert_eq!(rejection, Some(interval));
    let mut payload = encode(&config, 0);
    payload[4] = 0;
    let mismatch = Rejection::AuthenticationTypeMismatch {
        received: 0,
        expected: 1,
    };
    let rejection = check(&config, false, &packet(&config, &payload)).err();
    assert_eq!(rejection, Some(mismatch));
}

#[test]
fn ethernet_padding_is_two_or_six_octets_and_so_on_after_a_short_packet() {
    for (config, padded) in [
        (v2(1), true),  // 40 octets
        (v2(2), true),  // 44
        (v2(3), false), // 48
        (v3(1), true),  // 32
        (v3(4), true),  // 44
        (v3(5), false), // 48
        (v6(), false),  // 64
    ] {
        for extra in 1..=30 {
            let payload = encode(&config, extra);
            let accepted = reason(&config, &packet(&config, &payload)).is_none();
            assert_eq!(accepted, padded && extra % 4 == 2, "{extra} octets more");
        }
    }
}

#[test]
fn a_packet_that_is_too_short_is_rejected_at_every_length() {
    for config in [v2(2), v3(2), v6()] {
        let payload = encode(&config, 0);
        for length in 0..payload.len() {
            let packet = packet(&config, &payload[..length]);
            assert_eq!(reason(&config, &packet), Some(RejectReason::Length));
        }
    }
}

#[test]
fn the_address_count_received_says_what_length_to_expect() {
    let config = v2(1);
    let payload = encode(&v2(3), 0);
    let packet = packet(&config, &payload);
    let accepted = check(&config, false, &packet).expect("another count is no reason");
    assert_eq!(accepted.address_count(), 3);
}

/// As keepalived 2.2.7 was seen to judge them, by its log.
#[test]
fn the_version_received_says_what_length_to_expect() {
    for ours in [v2(1), v3(1)] {
        for number in (0..=15).filter(|number| *number != ours.version.number()) {
            let whole = if number == 2 { 20 } else { 12 };
            for length in 8..=24 {
                let mut payload = encode(&v2(1), 4);
                payload[0] = number << 4 | 1;
                payload.truncate(length);
                let packet = packet(&ours, &payload);
                // Or it has the padding that Ethernet adds.
                let fits = length == whole || length > whole && (length - whole) % 4 == 2;
                let expected = if fits {
                    Rejection::Version {
                        received: number,
                        expected: ours.version.number(),
                    }
                } else {
                    Rejection::Length {
                        received: 20 + length,
                        expected: 20 + whole,
                    }
                };
                assert_eq!(check(&ours, false, &packet).err(), Some(expected));
            }
        }
    }
}

#[test]
fn a_real_advertisement_of_the_other_version_is_of_another_version() {
    let six_v2 = RouterConfig {
        version: Version::V2,
        ..v6()
    };
    for (one, other) in [(v2(1), v3(1)), (v2(5), v3(5)), (v6(), six_v2)] {
        for (ours, theirs) in [(&one, &other), (&other, &one)] {
            let payload = encode(theirs, 0);
            let packet = packet(ours, &payload);
            assert_eq!(reason(ours, &packet), Some(RejectReason::Version));
        }
    }
}

#[test]
fn total_length_allows_for_padding_too() {
    let config = v2(1);
    for (extra, stated, fits) in [
        (0, 40, true),
        (2, 40, true),
        (6, 40, true),
        (2, 42, true),
        (0, 41, false),
        (0, 36, false),
        (0, 38, true), // two octets after 38, as keepalived's rule has it
        (0, 44, false),
    ] {
        let payload = encode(&config, extra);
        let mut packet = packet(&config, &payload);
        packet.ip_total_len = Some(stated);
        let expected = (!fits).then_some(RejectReason::TotalLength);
        assert_eq!(reason(&config, &packet), expected, "{extra}, {stated}");
    }
}

#[test]
fn ip_options_are_not_part_of_the_total_length() {
    let config = v2(1);
    let payload = encode(&config, 0);
    for options in [0, 4, 40] {
        let mut datagram = vec![0; 20 + options];
        datagram[0] = 0x45 + (options / 4) as u8;
        let total_len = (20 + options + payload.len()) as u16;
        datagram[2..4].copy_from_slice(&total_len.to_be_bytes());
        datagram[8] = 255;
        datagram[12..16].copy_from_slice(&[192, 0, 2, 1]);
        datagram[16..20].copy_from_slice(&[224, 0, 0, 18]);
        datagram.extend(&payload);
        let view = Ipv4View::new(&datagram).expect("a header");
        let packet = ReceivedPacket::from_ipv4(view, SystemTime::UNIX_EPOCH).expect("no header");
        assert_eq!(packet.source, SOURCE);
        assert_eq!(packet.ip_total_len, Some(40));
        assert_eq!(reason(&config, &packet), None, "{options} octets");
    }
}

#[test]
fn v3_checksum_as_v2_accepts_any_checksum() {
    let config = RouterConfig {
        checksum: ChecksumPolicy::new(ChecksumForms::NoPseudoHeader),
        ..v3(1)
    };
    for checksum in [[0, 0], [0x12, 0x34], [0xff, 0xff]] {
        let mut payload = encode(&config, 0);
        payload[6..8].copy_from_slice(&checksum);
        assert_eq!(reason(&config, &packet(&config, &payload)), None);
        // Only there.
        let standard = v3(1);
        let packet = packet(&standard, &payload);
        assert_eq!(reason(&standard, &packet), Some(RejectReason::Checksum));
    }
    for elsewhere in [v2(1), v6()] {
        let config = RouterConfig {
            checksum: ChecksumPolicy::new(ChecksumForms::NoPseudoHeader),
            ..elsewhere
        };
        let mut payload = encode(&config, 0);
        payload[6] ^= 1;
        let packet = packet(&config, &payload);
        assert_eq!(reason(&config, &packet), Some(RejectReason::Checksum));
    }
}

#[test]
fn vrrpv2_over_ipv6_has_no_authentication_data() {
    let config = RouterConfig {
        version: Version::V2,
        ..v6()
    };
    let payload = encode(&config, 0);
    assert_eq!(payload.len(), 8 + 16);
    assert_eq!(reason(&config, &packet(&config, &payload)), None);
}

#[test]
fn any_type_of_authentication_but_ours_is_a_mismatch() {
    for (config, types) in [(v2(1), [1, 2]), (pass(), [0, 2])] {
        for kind in types {
            let mut payload = encode(&config, 0);
            payload[4] = kind;
            let mismatch = RejectReason::AuthenticationTypeMismatch;
            let packet = packet(&config, &payload);
            assert_eq!(reason(&config, &packet), Some(mismatch));
        }
    }
}

#[test]
fn a_different_interval_of_v3_is_accepted() {
    let config = v3(1);
    let other = RouterConfig {
        advertisement_interval: Duration::from_secs(3),
        ..v3(1)
    };
    let payload = encode(&other, 0);
    let packet = packet(&config, &payload);
    let accepted = check(&config, false, &packet).expect("accepted");
    assert_eq!(accepted.interval, Duration::from_secs(3));
}

#[test]
fn addresses_are_compared_in_any_order() {
    let config = v2(3);
    let payload = encode(&config, 0);
    let packet = packet(&config, &payload);
    let accepted = check(&config, false, &packet).expect("accepted");
    let missing = |ours: &[u8]| {
        let ours: Vec<IpAddr> = ours.iter().copied().map(virtual_address).collect();
        accepted.missing_address(&ours)
    };
    assert_eq!(missing(&[101, 102, 103]), None);
    assert_eq!(missing(&[103, 101, 102]), None);
    assert_eq!(missing(&[101, 104, 105]), Some(virtual_address(104)));
}

/// Payload of the frames captured from keepalived 2.4.3: plain VRRPv2, PASS, VRRPv3.
#[test]
fn what_keepalived_sends_is_accepted() {
    let captured: [(&[u8], RouterConfig); 3] = [
        (
            b"\x21\x0a\x64\x01\x00\x01\xb8\x84\xc0\x00\x02\x6e\0\0\0\0\0\0\0\0",
            RouterConfig {
                addresses: vec![virtual_address(110)],
                ..RouterConfig::new(10, Family::V4)
            },
        ),
        (
            b"\x21\x0b\x6e\x02\x01\x01\xaf\x0a\xc0\x00\x02\x65\xc0\x00\x02\x66s3cret\0\0",
            RouterConfig {
                addresses: vec![virtual_address(101), virtual_address(102)],
                ..pass()
            },
        ),
        (
            b"\x31\x0d\x82\x01\x00\x32\xe7\xc5\xc0\x00\x02\x68",
            RouterConfig {
                advertisement_interval: Duration::from_millis(500),
                addresses: vec![virtual_address(104)],
                ..v3(0)
            },
        ),
    ];
    for (payload, config) in captured {
        let packet = packet(&config, payload);
        let accepted = check(&config, false, &packet).expect("accepted");
        assert_eq!(accepted.interval, config.advertisement_interval);
        assert_eq!(accepted.missing_address(&config.addresses), None);
        assert_eq!(accepted.priority, payload[2]);
    }
}

proptest! {
    #[test]
    fn no_packet_panics(
        payload in prop::collection::vec(any::<u8>(), 0..200),
        ttl in any::<u8>(),
        ip_total_len in any::<Option<u16>>(),
        kind in 0..4_usize,
    ) {
        let config = [v2(1), pass(), v3(2), v6()][kind].clone();
        let packet = ReceivedPacket { ttl, ip_total_len, ..packet(&config, &payload) };
        let _ = check(&config, false, &packet);
    }

    /// A good packet with one octet changed is rejected or means something else, and never panics.
    #[test]
    fn one_changed_octet_never_goes_unnoticed(
        position in 0..20_usize,
        change in 1..=255_u8,
    ) {
        let config = pass();
        let mut payload = encode(&config, 0);
        payload[position] ^= change;
        let packet = packet(&config, &payload);
        // The checksum covers every octet; other checks may come first.
        prop_assert!(check(&config, false, &packet).is_err());
    }
}
