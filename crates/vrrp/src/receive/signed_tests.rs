//! The order of the checks where everything is asked for at once: signed unicast packets of VRRPv2.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use ka_wire::trailer::{Key, LEN, Sequence, Signature};
use ka_wire::{Family, Outgoing, ipv4};

use super::*;
use crate::config::{AntiReplay, AuthHmac, HmacKey, HmacMode, Peer, UnicastPeers};

const US: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);

const ORDER: [RejectReason; 19] = [
    RejectReason::AuthenticationHeader,
    RejectReason::Length,
    RejectReason::Version,
    RejectReason::SignatureMissing,
    RejectReason::UnknownPeer,
    RejectReason::SignatureMalformed,
    RejectReason::SignatureStale,
    RejectReason::SignatureKeyUnknown,
    RejectReason::SignatureInvalid,
    RejectReason::SignatureReplayed,
    RejectReason::AuthenticationTypeUnknown,
    RejectReason::AuthenticationTypeMismatch,
    RejectReason::AdvertisementInterval,
    RejectReason::PacketType,
    RejectReason::TotalLength,
    RejectReason::Checksum,
    RejectReason::Destination,
    RejectReason::OwnerIgnoresAdvertisements,
    RejectReason::PeerTtl,
];

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn config() -> RouterConfig {
    RouterConfig {
        addresses: vec![Ipv4Addr::new(192, 0, 2, 100).into()],
        auth_hmac: Some(AuthHmac {
            keys: vec![HmacKey {
                id: 1,
                key: Key::new(&[7; 32]).expect("32 octets"),
            }],
            active_key: 1,
            time_window: 5,
            anti_replay: AntiReplay::Time,
            mode: HmacMode::Enforce,
        }),
        unicast: Some(UnicastPeers {
            peers: vec![Peer {
                address: PEER.into(),
                min_ttl: 10,
                max_ttl: 20,
            }],
            check_source: true,
        }),
        ..RouterConfig::new(51, Family::V4)
    }
}

/// An advertisement of the peer with 28 octets of room behind it.
fn unsigned(config: &RouterConfig) -> Vec<u8> {
    let outgoing = Outgoing {
        version: config.version,
        vrid: config.vrid,
        priority: 100,
        max_advertise_interval: config.advertisement_interval,
        authentication: &config.authentication,
        signature: None,
        addresses: &config.addresses,
        checksum_rule: ChecksumRule::Standard,
        source: PEER.into(),
        destination: US.into(),
    };
    let mut payload = vec![0; outgoing.encoded_len() + LEN];
    outgoing.emit(&mut payload).expect("a valid configuration");
    payload
}

fn sign(payload: &mut [u8], source: Ipv4Addr, seconds: u64) {
    let config = config();
    let hmac = config.auth_hmac.as_ref().expect("keys");
    let signature = Signature {
        key_id: 1,
        key: hmac.key(1).expect("the key"),
        sequence: Sequence::at(at(seconds)),
    };
    signature.seal(payload, source.into()).expect("room");
}

/// A packet that fails `first` and every check behind it.
fn failing_from(config: &RouterConfig, first: RejectReason) -> (Vec<u8>, bool, Ipv4Addr) {
    let place = |reason| ORDER.iter().position(|known| *known == reason);
    let failing = |reason| place(reason) >= place(first);
    let mut payload = unsigned(config);
    if failing(RejectReason::PacketType) {
        payload[0] = 0x22;
    }
    if failing(RejectReason::AuthenticationTypeMismatch) {
        payload[4] = 1;
    }
    if failing(RejectReason::AuthenticationTypeUnknown) {
        payload[4] = 9;
    }
    if failing(RejectReason::AdvertisementInterval) {
        payload[5] = 77;
    }
    if failing(RejectReason::Checksum) {
        payload[7] ^= 1;
    }
    if failing(RejectReason::Version) {
        // Of another version, which has no authentication data.
        payload[0] = 0x42;
        payload.drain(12..20);
    }
    let source = match failing(RejectReason::UnknownPeer) {
        true => STRANGER,
        false => PEER,
    };
    let seconds = match (
        failing(RejectReason::SignatureStale),
        failing(RejectReason::SignatureReplayed),
    ) {
        (true, _) => 0,
        (_, true) => 100,
        _ => 101,
    };
    sign(&mut payload, source, seconds);
    let trailer = payload.len() - LEN;
    if failing(RejectReason::SignatureMalformed) {
        payload[trailer] = 2;
    }
    if failing(RejectReason::SignatureKeyUnknown) {
        payload[trailer + 1] = 9;
    }
    if failing(RejectReason::SignatureInvalid) {
        payload[trailer + 27] ^= 1;
    }
    if failing(RejectReason::SignatureMissing) {
        payload.truncate(trailer);
    }
    if failing(RejectReason::Length) {
        payload.push(0);
    }
    let with_header = failing(RejectReason::AuthenticationHeader);
    (payload, with_header, source)
}

#[test]
fn the_first_check_that_fails_decides_of_signed_unicast_packets_too() {
    let config = config();
    for first in ORDER {
        let place = |reason| ORDER.iter().position(|known| *known == reason);
        let failing = |reason| place(reason) >= place(first);
        let (payload, with_header, source) = failing_from(&config, first);
        let mut datagram = vec![0; 44];
        let header = ipv4::Header {
            protocol: 51,
            ..ipv4::Header::vrrp(1, source, US)
        };
        header.emit(24, &mut datagram).expect("room");
        datagram[20..22].copy_from_slice(&[112, 4]);
        let view = Ipv4View::new(&datagram).expect("a header");
        let header = AhView::new(view).expect("a header");
        let total_len = (20 + payload.len()) as u16;
        let packet = ReceivedPacket {
            source: source.into(),
            destination: match failing(RejectReason::Destination) {
                true => ka_wire::GROUP_V4.into(),
                false => US.into(),
            },
            ttl: 9,
            ip_total_len: Some(match failing(RejectReason::TotalLength) {
                true => 21,
                false => total_len,
            }),
            payload: &payload,
            header: with_header.then_some(header),
            at: at(102),
        };
        // The peer was heard before.
        let mut receiver = Receiver::default();
        let mut earlier = unsigned(&config);
        sign(&mut earlier, PEER, 100);
        let heard = ReceivedPacket {
            source: PEER.into(),
            destination: US.into(),
            ttl: 9,
            ip_total_len: None,
            payload: &earlier,
            header: None,
            at: at(102),
        };
        assert!(receiver.check(&config, false, &heard).is_ok());
        let owner_ignores = failing(RejectReason::OwnerIgnoresAdvertisements);
        let rejection = receiver
            .check(&config, owner_ignores, &packet)
            .err()
            .or_else(|| check_peer(&config, &packet).err());
        let reason = rejection.expect("a rejection").reason();
        assert_eq!(reason, first);
    }
}

#[test]
fn the_ttl_of_a_peer_is_within_its_limits() {
    let config = config();
    let payload = unsigned(&config);
    for (source, ttl, expected) in [
        (PEER, 9, Some(RejectReason::PeerTtl)),
        (PEER, 10, None),
        (PEER, 20, None),
        (PEER, 21, Some(RejectReason::PeerTtl)),
        (STRANGER, 15, Some(RejectReason::UnknownPeer)),
    ] {
        let source: IpAddr = source.into();
        let packet = ReceivedPacket {
            source,
            destination: US.into(),
            ttl,
            ip_total_len: None,
            payload: &payload,
            header: None,
            at: at(0),
        };
        let rejection = check_peer(&config, &packet).err();
        assert_eq!(rejection.map(|rejection| rejection.reason()), expected);
    }
}
