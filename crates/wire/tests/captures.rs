//! What the real keepalived put on the wire, read and written by this crate.
//!
//! `captures/*.txt` hold whole Ethernet frames in hex with the configuration and
//! the commands that produced them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ka_wire::ah::{self, AhView};
use ka_wire::ipv4::{self, Ipv4View};
use ka_wire::trailer::{self, Signature, TrailerView};
use ka_wire::{
    Advertisement, AdvertisementView, Authentication, ChecksumRule, Family, GROUP_V4, GROUP_V6,
    Outgoing, Password, Version, arp, checksum, ipv6, ndisc, set_priority,
};

const V2_IPV4: &str = include_str!("captures/v2_ipv4.txt");
const V2_IPV4_PASS: &str = include_str!("captures/v2_ipv4_pass.txt");
const V2_IPV6: &str = include_str!("captures/v2_ipv6.txt");
const V3_IPV4: &str = include_str!("captures/v3_ipv4.txt");
const V3_IPV4_UNICAST: &str = include_str!("captures/v3_ipv4_unicast.txt");
const V3_IPV6: &str = include_str!("captures/v3_ipv6.txt");
const V3_IPV6_ROUTER: &str = include_str!("captures/v3_ipv6_router.txt");
const V2_IPV4_AH: &str = include_str!("captures/v2_ipv4_ah.txt");
const AUTH_HMAC: &str = include_str!("captures/auth_hmac.txt");

const ETHERNET_LEN: usize = 14;
const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0a];
const SENDER_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const SENDER_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0xa);

/// The frame under `[label]`.
fn frame(capture: &str, label: &str) -> Vec<u8> {
    let heading = format!("[{label}]");
    let hex: String = capture
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(!hex.is_empty(), "no frame {heading}");
    hex.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// An IPv4 frame: the advertisement is `expected`, and writing it with IP
/// identification `id` gives the frame back, but for the kernel's header checksum.
fn assert_ipv4(frame: &[u8], id: u16, destination: Ipv4Addr, expected: &Advertisement) {
    let packet = &frame[ETHERNET_LEN..];
    let ip = Ipv4View::new(packet).unwrap();
    assert_eq!(ip.header_len(), 20);
    assert_eq!(ip.total_len(), packet.len());
    assert_eq!((ip.tos(), ip.id(), ip.ttl()), (0xc0, id, 255));
    assert_eq!(ip.protocol(), 112);
    assert_eq!((ip.source(), ip.destination()), (SENDER_V4, destination));

    let (source, rule) = (SENDER_V4.into(), ChecksumRule::Standard);
    let parsed = Advertisement::parse(ip.payload(), source, destination.into(), rule);
    assert_eq!(parsed.as_ref(), Ok(expected));

    let mut buffer = [0xa5; 128];
    let length = expected
        .emit(source, destination.into(), rule, &mut buffer[20..])
        .unwrap();
    let header = ipv4::Header::vrrp(id, SENDER_V4, destination);
    assert_eq!(header.emit(length, &mut buffer), Ok(20));
    assert_eq!(buffer[10..12], [0, 0], "left to the kernel");
    buffer[10..12].copy_from_slice(&packet[10..12]);
    assert_eq!(&buffer[..20 + length], packet);
    assert!(buffer[20 + length..].iter().all(|octet| *octet == 0xa5));
}

/// An IPv6 frame, likewise, but for the flow label, which the kernel chose.
fn assert_ipv6(frame: &[u8], expected: &Advertisement) {
    let (header, payload) = frame[ETHERNET_LEN..].split_at(ipv6::HEADER_LEN);
    let (source, destination, rule) = (SENDER_V6.into(), GROUP_V6.into(), ChecksumRule::Standard);
    let parsed = Advertisement::parse(payload, source, destination, rule);
    assert_eq!(parsed.as_ref(), Ok(expected));

    let mut buffer = [0xa5; 128];
    let length = expected
        .emit(source, destination, rule, &mut buffer[40..])
        .unwrap();
    let written = ipv6::Header::vrrp(SENDER_V6, GROUP_V6).emit(length, &mut buffer);
    assert_eq!(written, Ok(40));
    assert_eq!(buffer[..4], [0x6c, 0, 0, 0]);
    assert_eq!(buffer[..2], [header[0], header[1] & 0xf0]);
    assert_eq!(buffer[4..40], header[4..]);
    assert_eq!(&buffer[40..40 + length], payload);
    assert!(buffer[40 + length..].iter().all(|octet| *octet == 0xa5));
}

fn v2_ipv4() -> Advertisement {
    Advertisement {
        version: Version::V2,
        vrid: 10,
        priority: 100,
        max_advertise_interval: Duration::from_secs(1),
        authentication: Authentication::None,
        addresses: addresses(&["192.0.2.110"]),
    }
}

fn v2_ipv4_pass() -> Advertisement {
    Advertisement {
        vrid: 11,
        priority: 110,
        authentication: Authentication::pass("s3cret"),
        addresses: addresses(&["192.0.2.101", "192.0.2.102"]),
        ..v2_ipv4()
    }
}

fn v3_ipv4() -> Advertisement {
    Advertisement {
        version: Version::V3,
        vrid: 13,
        priority: 130,
        max_advertise_interval: Duration::from_millis(500),
        addresses: addresses(&["192.0.2.104"]),
        ..v2_ipv4()
    }
}

fn v3_ipv4_unicast() -> Advertisement {
    Advertisement {
        vrid: 18,
        priority: 150,
        max_advertise_interval: Duration::from_millis(1270),
        addresses: addresses(&["192.0.2.104", "192.0.2.105", "192.0.2.106"]),
        ..v3_ipv4()
    }
}

fn v3_ipv6() -> Advertisement {
    Advertisement {
        vrid: 14,
        priority: 140,
        max_advertise_interval: Duration::from_secs(1),
        addresses: addresses(&["fe80::14", "2001:db8::105"]),
        ..v3_ipv4()
    }
}

fn v2_ipv6() -> Advertisement {
    Advertisement {
        version: Version::V2,
        vrid: 16,
        max_advertise_interval: Duration::from_secs(2),
        ..v3_ipv6()
    }
}

/// The same virtual router, resigning.
fn resigning(advertisement: Advertisement) -> Advertisement {
    Advertisement {
        priority: 0,
        ..advertisement
    }
}

#[test]
fn version_2_over_ipv4() {
    let sent = frame(V2_IPV4, "advertisement");
    assert_ipv4(&sent, 1, GROUP_V4, &v2_ipv4());
    let resigned = frame(V2_IPV4, "resignation, IP id 4");
    assert_ipv4(&resigned, 4, GROUP_V4, &resigning(v2_ipv4()));
}

#[test]
fn version_2_over_ipv4_with_a_password() {
    let sent = frame(V2_IPV4_PASS, "advertisement");
    assert_ipv4(&sent, 1, GROUP_V4, &v2_ipv4_pass());
    let resigned = frame(V2_IPV4_PASS, "resignation, IP id 7");
    assert_ipv4(&resigned, 7, GROUP_V4, &resigning(v2_ipv4_pass()));

    let view = AdvertisementView::new(&sent[34..]).unwrap();
    assert_eq!(view.auth_type(), 1);
    assert_eq!(view.auth_data(), Some(*b"s3cret\0\0"));
    assert_eq!(Password::new("s3cret").octets(), *b"s3cret\0\0");
}

#[test]
fn version_2_over_ipv4_with_an_authentication_header() {
    let (key, wrong) = (Password::new("s3cret"), Password::new("S3cret"));
    let authentication = Authentication::Ah(key.clone());
    for (label, id, sequence, priority) in [
        ("advertisement, sequence 2", 1, 2, 120),
        ("resignation, sequence 8, IP id 7", 7, 8, 0),
    ] {
        let captured = frame(V2_IPV4_AH, label);
        let packet = &captured[ETHERNET_LEN..];
        let view = AhView::new(Ipv4View::new(packet).unwrap()).unwrap();
        assert_eq!((view.spi(), view.sequence()), (SENDER_V4, sequence));
        assert!(view.verify(&key));
        assert!(!view.verify(&wrong));
        let message = AdvertisementView::new(view.message()).unwrap();
        assert_eq!(message.auth_type(), 2);
        assert_eq!(message.auth_data(), Some([0; 8]));
        let (source, group) = (SENDER_V4.into(), GROUP_V4.into());
        assert!(message.verify_checksum(source, group, ChecksumRule::Standard));

        let mut written = [0xa5; 64];
        let addresses = addresses(&["192.0.2.103"]);
        let length = Outgoing {
            version: Version::V2,
            vrid: 12,
            priority,
            max_advertise_interval: Duration::from_secs(1),
            authentication: &authentication,
            signature: None,
            addresses: &addresses,
            checksum_rule: ChecksumRule::Standard,
            source,
            destination: group,
        }
        .emit(&mut written[44..])
        .unwrap();
        let header = ipv4::Header {
            protocol: 51,
            ..ipv4::Header::vrrp(id, SENDER_V4, GROUP_V4)
        };
        header.emit(24 + length, &mut written).unwrap();
        ah::seal(&mut written, &key, sequence).unwrap();
        written[10..12].copy_from_slice(&packet[10..12]);
        assert_eq!(written[..], packet[..], "{label}");
    }
}

#[test]
fn every_covered_bit_of_a_packet_with_an_authentication_header_counts() {
    let captured = frame(V2_IPV4_AH, "advertisement, sequence 2");
    let packet = &captured[ETHERNET_LEN..];
    let key = Password::new("s3cret");
    for bit in 0..packet.len() * 8 {
        let mut changed = packet.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        let read = Ipv4View::new(&changed).ok();
        let verified = read
            .and_then(|view| AhView::new(view).ok())
            .is_some_and(|view| view.verify(&key));
        // Type of service, fragment offset and header checksum change on the way.
        let mutable = [1, 6, 7, 10, 11].contains(&(bit / 8));
        assert_eq!(verified, mutable, "bit {bit}");
    }
}

#[test]
fn version_2_over_ipv6_has_a_pseudo_header_and_no_authentication_data() {
    assert_ipv6(&frame(V2_IPV6, "advertisement"), &v2_ipv6());
    assert_ipv6(&frame(V2_IPV6, "resignation"), &resigning(v2_ipv6()));
}

#[test]
fn version_3_over_ipv4() {
    let sent = frame(V3_IPV4, "advertisement");
    assert_ipv4(&sent, 1, GROUP_V4, &v3_ipv4());
    let resigned = frame(V3_IPV4, "resignation, IP id 6");
    assert_ipv4(&resigned, 6, GROUP_V4, &resigning(v3_ipv4()));
}

#[test]
fn version_3_over_ipv4_to_a_unicast_peer() {
    let peer = Ipv4Addr::new(192, 0, 2, 2);
    let sent = frame(V3_IPV4_UNICAST, "advertisement");
    assert_ipv4(&sent, 1, peer, &v3_ipv4_unicast());
    let resigned = frame(V3_IPV4_UNICAST, "resignation, IP id 4");
    assert_ipv4(&resigned, 4, peer, &resigning(v3_ipv4_unicast()));

    let view = AdvertisementView::new(&sent[34..]).unwrap();
    let accepts = |destination: Ipv4Addr| {
        view.verify_checksum(SENDER_V4.into(), destination.into(), ChecksumRule::Standard)
    };
    assert!(accepts(peer));
    assert!(!accepts(GROUP_V4), "the form of old_unicast_checksum");
}

#[test]
fn version_3_over_ipv6() {
    assert_ipv6(&frame(V3_IPV6, "advertisement"), &v3_ipv6());
    assert_ipv6(&frame(V3_IPV6, "advertisement of 2.4.3"), &v3_ipv6());
    assert_ipv6(&frame(V3_IPV6, "resignation"), &resigning(v3_ipv6()));
}

#[test]
fn an_advertisement_with_priority_and_identification_patched_is_the_resignation() {
    let cases = [
        (V2_IPV4, "resignation, IP id 4", Some(4)),
        (V2_IPV4_PASS, "resignation, IP id 7", Some(7)),
        (V3_IPV4, "resignation, IP id 6", Some(6)),
        (V3_IPV4_UNICAST, "resignation, IP id 4", Some(4)),
        (V2_IPV6, "resignation", None),
        (V3_IPV6, "resignation", None),
    ];
    for (capture, label, id) in cases {
        let mut patched = frame(capture, "advertisement");
        let resigned = frame(capture, label);
        let packet = &mut patched[ETHERNET_LEN..];
        let header_len = match id {
            Some(id) => {
                ipv4::set_id(packet, id).unwrap();
                // Ours leaves with checksum 0; these went through a kernel.
                packet[10..12].copy_from_slice(&resigned[24..26]);
                ipv4::HEADER_LEN
            }
            None => ipv6::HEADER_LEN,
        };
        set_priority(&mut packet[header_len..], 0).unwrap();
        assert_eq!(patched, resigned, "{label}");
    }
}

#[test]
fn the_trailer_of_auth_hmac_is_covered_over_ipv6_only() {
    let cases = [
        ("VRRPv2 over IPv4", Version::V2, 34, false),
        ("VRRPv3 over IPv4", Version::V3, 34, false),
        ("VRRPv3 over IPv6", Version::V3, 54, true),
    ];
    for (label, version, offset, covered) in cases {
        let mut frame = frame(AUTH_HMAC, label);
        let (source, destination): (IpAddr, IpAddr) = match offset {
            34 => (SENDER_V4.into(), GROUP_V4.into()),
            _ => (SENDER_V6.into(), GROUP_V6.into()),
        };
        let verifies = |payload: &[u8]| {
            AdvertisementView::new(payload).unwrap().verify_checksum(
                source,
                destination,
                ChecksumRule::Standard,
            )
        };
        let view = AdvertisementView::new(&frame[offset..]).unwrap();
        let expected = view.expected_len(Family::from(source), version);
        assert_eq!(view.payload().len(), expected + 28, "{label}");
        assert!(verifies(&frame[offset..]), "{label}");
        *frame.last_mut().unwrap() ^= 1;
        assert_eq!(verifies(&frame[offset..]), !covered, "{label}");
    }
}

#[test]
fn a_signature_is_what_keepalived_makes_it() {
    let counting: Vec<u8> = (0..64).collect();
    let cases = [
        (
            "VRRPv2 over IPv4",
            7,
            &counting[..32],
            0x6b03_74b2_8db1_0000,
            20,
        ),
        (
            "VRRPv3 over IPv4",
            8,
            b"0123456789abcdef0123456789ABCDEF",
            0x6b03_74b2_8cb1_0000,
            20,
        ),
        (
            "VRRPv3 over IPv6",
            9,
            &counting[..],
            0x6b03_74b2_8bb7_0000,
            40,
        ),
    ];
    for (label, id, octets, sequence, header_len) in cases {
        let captured = frame(AUTH_HMAC, label);
        let payload = &captured[ETHERNET_LEN + header_len..];
        let (source, destination): (IpAddr, IpAddr) = match header_len {
            20 => (SENDER_V4.into(), GROUP_V4.into()),
            _ => (SENDER_V6.into(), GROUP_V6.into()),
        };
        let key = trailer::Key::new(octets).unwrap();
        let view = TrailerView::new(payload).unwrap();
        assert!(view.is_well_formed());
        assert_eq!(view.key_id(), id, "{label}");
        assert_eq!(view.sequence().number(), sequence, "{label}");
        assert!(view.verify(&key, source), "{label}");
        assert!(!view.verify(&trailer::Key::new(&[1; 32]).unwrap(), source));

        // Written anew, checksum included, it is the same.
        let rule = ChecksumRule::Standard;
        let mut unsigned = view.advertisement().to_vec();
        if header_len == 40 {
            // Its checksum covers the trailer: parse() sees none.
            unsigned[6..8].fill(0);
            let sum = checksum::Checksum::pseudo_header_v6(SENDER_V6, GROUP_V6, 112, 40);
            let sum = sum.cover(&unsigned).finish();
            unsigned[6..8].copy_from_slice(&sum.to_be_bytes());
        }
        let read = Advertisement::parse(&unsigned, source, destination, rule).unwrap();
        let mut written = [0xa5; 128];
        let length = Outgoing {
            version: read.version,
            vrid: read.vrid,
            priority: read.priority,
            max_advertise_interval: read.max_advertise_interval,
            authentication: &read.authentication,
            signature: Some(Signature {
                key_id: id,
                key: &key,
                sequence: view.sequence(),
            }),
            addresses: &read.addresses,
            checksum_rule: rule,
            source,
            destination,
        }
        .emit(&mut written)
        .unwrap();
        assert_eq!(&written[..length], payload, "{label}");
        assert!(written[length..].iter().all(|octet| *octet == 0xa5));
    }
}

#[test]
fn gratuitous_arp() {
    let captured = frame(V3_IPV4, "gratuitous ARP for 192.0.2.104");
    let written = arp::gratuitous(MAC, Ipv4Addr::new(192, 0, 2, 104));
    assert_eq!(written[..], captured[..]);
}

#[test]
fn unsolicited_neighbor_advertisement() {
    for (capture, router) in [(V3_IPV6, false), (V3_IPV6_ROUTER, true)] {
        for address in ["fe80::14", "2001:db8::105"] {
            let captured = frame(capture, &format!("neighbor advertisement for {address}"));
            let written = ndisc::unsolicited_advertisement(MAC, address.parse().unwrap(), router);
            assert_eq!(written[..], captured[..], "{address}, router: {router}");
        }
    }
}
