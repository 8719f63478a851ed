use std::net::IpAddr;
use std::time::Duration;

use super::*;

const SOURCE: &str = "192.0.2.1";
const GROUP: &str = "224.0.0.18";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Puts the checksum right that a test has made wrong on purpose elsewhere.
fn sign(payload: &mut [u8]) {
    let version = Version::from_number(payload[0] >> 4).unwrap_or(Version::V3);
    payload[6..8].fill(0);
    let sum = view::pseudo_header(
        version,
        address(SOURCE),
        address(GROUP),
        ChecksumRule::Standard,
        payload.len(),
    );
    let checksum = sum.unwrap().cover(payload).finish();
    payload[6..8].copy_from_slice(&checksum.to_be_bytes());
}

fn parse(payload: &[u8]) -> Result<Advertisement, AdvertisementError> {
    let rule = ChecksumRule::Standard;
    Advertisement::parse(payload, address(SOURCE), address(GROUP), rule)
}

fn outgoing(version: Version, addresses: &[IpAddr]) -> Outgoing<'_> {
    Outgoing {
        version,
        vrid: 13,
        priority: 130,
        max_advertise_interval: Duration::from_secs(1),
        authentication: &Authentication::None,
        signature: None,
        addresses,
        checksum_rule: ChecksumRule::Standard,
        source: address(SOURCE),
        destination: address(GROUP),
    }
}

fn emit(outgoing: Outgoing<'_>) -> Result<Vec<u8>, EmitError> {
    let mut buffer = [0xa5; 2048];
    let length = outgoing.emit(&mut buffer)?;
    assert_eq!(length, outgoing.encoded_len());
    assert!(buffer[length..].iter().all(|octet| *octet == 0xa5));
    Ok(buffer[..length].to_vec())
}

fn v2() -> Vec<u8> {
    emit(outgoing(Version::V2, &[address("192.0.2.104")])).unwrap()
}

fn v3() -> Vec<u8> {
    emit(outgoing(Version::V3, &[address("192.0.2.104")])).unwrap()
}

#[test]
fn each_rejection_has_its_variant() {
    type Breakage = fn(&mut Vec<u8>);
    let cases: [(Vec<u8>, Breakage, AdvertisementError); 10] = [
        (
            v3(),
            |payload| payload.truncate(7),
            AdvertisementError::Truncated { length: 7 },
        ),
        (
            v3(),
            |payload| payload[0] = 0x41,
            AdvertisementError::Version { version: 4 },
        ),
        (
            v3(),
            |payload| payload[0] = 0x32,
            AdvertisementError::Kind { kind: 2 },
        ),
        (
            v3(),
            |payload| payload[1] = 0,
            AdvertisementError::VirtualRouterId,
        ),
        (
            // The reserved bits are not part of the interval.
            v3(),
            |payload| payload[4..6].copy_from_slice(&[0xf0, 0]),
            AdvertisementError::Interval,
        ),
        (
            v3(),
            |payload| payload[3] = 2,
            AdvertisementError::Length {
                length: 12,
                expected: 16,
            },
        ),
        (
            v2(),
            |payload| payload.truncate(12),
            AdvertisementError::Length {
                length: 12,
                expected: 20,
            },
        ),
        (
            v3(),
            |payload| payload.extend([0, 0]),
            AdvertisementError::Length {
                length: 14,
                expected: 12,
            },
        ),
        (
            v2(),
            |payload| payload[4] = 2,
            AdvertisementError::AuthenticationKind { kind: 2 },
        ),
        (
            v2(),
            |payload| payload[4] = 255,
            AdvertisementError::AuthenticationKind { kind: 255 },
        ),
    ];
    for (mut payload, breakage, error) in cases {
        assert!(parse(&payload).is_ok());
        breakage(&mut payload);
        if payload.len() >= HEADER_LEN {
            sign(&mut payload);
        }
        assert_eq!(parse(&payload), Err(error));
    }
}

#[test]
fn a_wrong_checksum_is_rejected_and_reported() {
    let mut payload = v2();
    payload[6..8].copy_from_slice(&[0xbe, 0xef]);
    let error = AdvertisementError::Checksum { checksum: 0xbeef };
    assert_eq!(parse(&payload), Err(error));
    assert_eq!(
        error.to_string(),
        "read advertisement: checksum 0xbeef is wrong"
    );
}

#[test]
fn a_password_over_ipv6_is_rejected() {
    let addresses = [address("fe80::14")];
    let (source, destination) = (address("fe80::1"), address("ff02::12"));
    let mut payload = emit(Outgoing {
        source,
        destination,
        ..outgoing(Version::V2, &addresses)
    })
    .unwrap();
    payload[4] = 1;
    let parsed =
        Advertisement::parse(&payload, source, destination, ChecksumRule::Standard).unwrap_err();
    assert_eq!(parsed, AdvertisementError::AuthenticationKind { kind: 1 });
}

#[test]
fn reserved_bits_of_version_3_are_ignored() {
    let mut payload = v3();
    let expected = parse(&payload).unwrap();
    payload[4] |= 0xf0;
    sign(&mut payload);
    assert_eq!(parse(&payload), Ok(expected));
}

#[test]
fn what_the_checksum_covers_depends_on_the_rule() {
    // Sums made by hand: 0x310d + 0x8201 + 0x0064 + 0xc000 + 0x0268 and, for the
    // pseudo-header, + 0xc000 + 0x0201 + 0xe000 + 0x0012 + 0x0070 + 0x000c.
    let addresses = [address("192.0.2.104")];
    let standard = outgoing(Version::V3, &addresses);
    let without = Outgoing {
        checksum_rule: ChecksumRule::NoPseudoHeader,
        ..standard
    };
    let cases = [
        (ChecksumRule::Standard, standard, [0xe7, 0x93]),
        (ChecksumRule::NoPseudoHeader, without, [0x8a, 0x24]),
    ];
    for (rule, outgoing, checksum) in cases {
        let payload = emit(outgoing).unwrap();
        assert_eq!(payload[6..8], checksum);
        let view = AdvertisementView::new(&payload).unwrap();
        for verified in [ChecksumRule::Standard, ChecksumRule::NoPseudoHeader] {
            assert_eq!(
                view.verify_checksum(address(SOURCE), address(GROUP), verified),
                verified == rule
            );
        }
    }
}

#[test]
fn mixed_families_have_no_valid_checksum() {
    let payload = v2();
    let view = AdvertisementView::new(&payload).unwrap();
    let rule = ChecksumRule::Standard;
    assert!(view.verify_checksum(address(SOURCE), address(GROUP), rule));
    assert!(!view.verify_checksum(address(SOURCE), address("ff02::12"), rule));
    assert!(!view.verify_checksum(address("fe80::1"), address(GROUP), rule));
}

#[test]
fn expected_length_follows_count_family_and_version() {
    let mut payload = v3();
    let cases = [
        (0, [16, 8, 8, 8]),
        (1, [20, 12, 24, 24]),
        (255, [1036, 1028, 4088, 4088]),
    ];
    for (count, expected) in cases {
        payload[3] = count;
        let view = AdvertisementView::new(&payload).unwrap();
        let lengths = [
            view.expected_len(Family::V4, Version::V2),
            view.expected_len(Family::V4, Version::V3),
            view.expected_len(Family::V6, Version::V2),
            view.expected_len(Family::V6, Version::V3),
        ];
        assert_eq!(lengths, expected);
    }
}

#[test]
fn addresses_are_those_really_there() {
    let mut payload = v3();
    payload[3] = 200;
    let view = AdvertisementView::new(&payload).unwrap();
    let addresses: Vec<_> = view.addresses(Family::V4).collect();
    assert_eq!(addresses, [address("192.0.2.104")]);
    assert_eq!(view.addresses(Family::V6).count(), 0);
}

#[test]
fn a_password_is_never_taken_for_an_address() {
    let password = Authentication::pass("s3cret");
    let addresses = [address("192.0.2.104")];
    let mut payload = emit(Outgoing {
        authentication: &password,
        ..outgoing(Version::V2, &addresses)
    })
    .unwrap();
    payload[3] = 3;
    let view = AdvertisementView::new(&payload).unwrap();
    assert_eq!(view.addresses(Family::V4).collect::<Vec<_>>(), addresses);
    assert_eq!(view.auth_data(), None);
}

#[test]
fn nothing_shows_a_password() {
    let password = Authentication::pass("s3cret");
    let addresses = [address("192.0.2.104")];
    let outgoing = Outgoing {
        authentication: &password,
        ..outgoing(Version::V2, &addresses)
    };
    let payload = emit(outgoing).unwrap();
    let view = AdvertisementView::new(&payload).unwrap();
    let parsed = parse(&payload).unwrap();
    for shown in [
        format!("{outgoing:?}"),
        format!("{view:?}"),
        format!("{parsed:?}"),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
        // Octets of "s3c" as a list would be shown.
        assert!(!shown.contains("115, 51, 99"), "{shown}");
    }
}

#[test]
fn raw_fields_are_read_whatever_they_say() {
    let view = AdvertisementView::new(&[0xfe, 1, 2, 3, 0xf4, 5, 6, 7]).unwrap();
    assert_eq!((view.version(), view.kind()), (15, 14));
    assert_eq!((view.vrid(), view.priority()), (1, 2));
    assert_eq!(view.address_count(), 3);
    assert_eq!(view.auth_type(), 0xf4);
    assert_eq!(view.interval_seconds(), 5);
    assert_eq!(view.interval_centiseconds(), 0x405);
    assert_eq!(view.checksum(), 0x0607);
    assert_eq!(view.auth_data(), None);
    assert_eq!(view.addresses(Family::V4).count(), 0);
    assert!(!view.verify_checksum(address(SOURCE), address(GROUP), ChecksumRule::Standard));
}

#[test]
fn a_packet_that_cannot_be_said_is_not_written() {
    let password = Authentication::pass("s3cret");
    let addresses = [address("192.0.2.104")];
    let v2 = outgoing(Version::V2, &addresses);
    let v3 = outgoing(Version::V3, &addresses);

    let no_vrid = Outgoing { vrid: 0, ..v3 };
    assert_eq!(emit(no_vrid), Err(EmitError::VirtualRouterId));

    let with_password = Outgoing {
        authentication: &password,
        ..v3
    };
    assert_eq!(emit(with_password), Err(EmitError::Authentication));

    let foreign = address("fe80::14");
    let mixed = EmitError::MixedFamilies { address: foreign };
    let mixed_addresses = [addresses[0], foreign];
    let mixed_list = Outgoing {
        addresses: &mixed_addresses,
        ..v3
    };
    assert_eq!(emit(mixed_list), Err(mixed));
    let to_foreign = Outgoing {
        destination: foreign,
        ..v3
    };
    assert_eq!(emit(to_foreign), Err(mixed));

    let many = [addresses[0]; 256];
    let too_many = Outgoing {
        addresses: &many,
        ..v2
    };
    assert_eq!(
        emit(too_many),
        Err(EmitError::TooManyAddresses { count: 256 })
    );
    let most = Outgoing {
        addresses: &many[1..],
        ..v2
    };
    assert_eq!(emit(most).unwrap().len(), 1036);
}

#[test]
fn intervals_are_whole_units_in_range() {
    let cases = [
        (Version::V2, 0, false),
        (Version::V2, 500, false),
        (Version::V2, 1_000, true),
        (Version::V2, 1_500, false),
        (Version::V2, 255_000, true),
        (Version::V2, 256_000, false),
        (Version::V3, 0, false),
        (Version::V3, 9, false),
        (Version::V3, 10, true),
        (Version::V3, 15, false),
        (Version::V3, 40_950, true),
        (Version::V3, 40_960, false),
        (Version::V3, u64::MAX, false),
    ];
    for (version, milliseconds, accepted) in cases {
        let interval = Duration::from_millis(milliseconds);
        let written = emit(Outgoing {
            max_advertise_interval: interval,
            ..outgoing(version, &[])
        });
        match accepted {
            true => assert_eq!(
                parse(&written.unwrap()).unwrap().max_advertise_interval,
                interval
            ),
            false => assert_eq!(written, Err(EmitError::Interval { interval })),
        }
    }
}

#[test]
fn a_priority_is_not_patched_into_less_than_a_header() {
    let mut payload = [0xa5; 7];
    assert_eq!(
        set_priority(&mut payload, 0),
        Err(AdvertisementError::Truncated { length: 7 })
    );
    assert_eq!(payload, [0xa5; 7]);
}
