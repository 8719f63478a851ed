//! A stream of bad packets does not keep a Master from advertising. (keepalived 2.4.3 restarts its
//! Adver_Timer with each of them.)

use ka_vrrp::{Notice, RejectReason, RouterConfig, State};
use ka_wire::{Authentication, Version};

use crate::config::{HIGHER, LOWER, ms, v2, v3};
use crate::lan::Lan;
use crate::log::{advertisements, notices};
use crate::packet::Packet;

type Damage = fn(&mut Packet);

/// One way to fail each receive check of VRRPv2 with PASS.
const KINDS: [(RejectReason, Damage); 12] = [
    (RejectReason::Length, |packet| packet.payload.push(0)),
    (RejectReason::Length, |packet| packet.payload.truncate(3)),
    (RejectReason::Ttl, |packet| packet.ttl = 254),
    (RejectReason::Version, |packet| {
        // VRRPv3 has no authentication data.
        packet.payload[0] = 0x31;
        packet.payload.truncate(12);
    }),
    (RejectReason::AuthenticationTypeUnknown, |packet| {
        packet.payload[4] = 3;
    }),
    (RejectReason::AuthenticationTypeMismatch, |packet| {
        packet.payload[4] = 0;
    }),
    (RejectReason::AuthenticationFailed, |packet| {
        packet.payload[12] ^= 1;
    }),
    (RejectReason::AdvertisementInterval, |packet| {
        packet.payload[5] = 2;
    }),
    (RejectReason::PacketType, |packet| packet.payload[0] = 0x22),
    (RejectReason::TotalLength, |packet| {
        packet.ip_total_len = Some(41);
    }),
    (RejectReason::Checksum, |packet| packet.payload[6] ^= 1),
    (RejectReason::Destination, |packet| {
        packet.destination = std::net::Ipv4Addr::new(192, 0, 2, 10).into();
    }),
];

fn authenticated(priority: u8) -> RouterConfig {
    RouterConfig {
        authentication: Authentication::pass("s3cret"),
        ..v2(priority)
    }
}

/// A better router's packet, but for the damage.
fn damaged(damage: Damage) -> Packet {
    let mut packet = Packet::encode(&authenticated(200), HIGHER, 200);
    damage(&mut packet);
    packet
}

#[test]
fn a_hundred_of_each_kind_between_two_advertisements_are_counted_and_nothing_is_missing() {
    for (reason, damage) in KINDS {
        let packet = damaged(damage);
        let mut lan = Lan::new();
        let host = lan.master(authenticated(100));
        let start = lan.elapsed();
        for number in 1..=1000 {
            // 9.9 ms apart, so that one of them comes just before each advertisement.
            lan.run_until(start + ms(number * 99) / 10);
            lan.inject_bad(host, &packet);
        }
        lan.run_until(start + ms(10_500));
        assert_eq!(lan.state(host), State::Master);
        assert_eq!(lan.router(host).statistics().rejected(reason), 1000);
        assert_eq!(lan.router(host).statistics().rejected_total(), 1000);
        assert_eq!(lan.router(host).statistics().advertisements_received, 0);
        let log = lan.take_log(host);
        let expected: Vec<_> = (1..=10)
            .map(|second| (start + ms(second * 1000), 100))
            .collect();
        assert_eq!(advertisements(&log), expected, "{reason:?}");
        // The sender and the reason are said once.
        let said = notices(&log);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            matches!(said[1], Notice::AdvertisementRejected { rejection, .. }
            if rejection.reason() == reason)
        );
    }
}

#[test]
fn a_backup_does_not_hear_them_either() {
    for (reason, damage) in KINDS {
        let packet = damaged(damage);
        let mut lan = Lan::new();
        let host = lan.started(authenticated(100));
        let due = lan.due(host);
        for _ in 0..100 {
            lan.run_for(ms(30));
            lan.inject_bad(host, &packet);
        }
        assert_eq!(lan.due(host), due, "{reason:?}");
        assert_eq!(lan.router(host).statistics().rejected(reason), 100);
        assert_eq!(lan.router(host).master(), None);
    }
}

#[test]
fn a_wrong_pseudo_header_is_a_wrong_checksum_in_v3() {
    let mut lan = Lan::new();
    let host = lan.master(v3(100, ms(1000)));
    let mut packet = Packet::encode(lan.router(host).config(), HIGHER, 200);
    packet.source = std::net::Ipv4Addr::new(192, 0, 2, 201).into();
    assert_eq!(lan.router(host).config().version, Version::V3);
    lan.inject_bad(host, &packet);
    let statistics = lan.router(host).statistics();
    assert_eq!(statistics.rejected(RejectReason::Checksum), 1);
}

#[test]
fn each_reason_is_said_again_after_a_change_of_master_state_or_configuration() {
    let mut lan = Lan::new();
    let host = lan.started(authenticated(100));
    let bad = damaged(KINDS[10].1);
    let rejections = |lan: &mut Lan| {
        let said = notices(&lan.take_log(host)).into_iter();
        said.filter(|notice| matches!(notice, Notice::AdvertisementRejected { .. }))
            .count()
    };
    lan.inject_bad(host, &bad);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 1);
    // A master is heard.
    lan.advertise_to(host, LOWER, 200);
    lan.inject_bad(host, &bad);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 1);
    // The same one again is no change.
    lan.advertise_to(host, LOWER, 200);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 0);
    lan.run_for(ms(5000));
    assert_eq!(lan.state(host), State::Master);
    lan.inject_bad(host, &bad);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 1);
    // So is what comes after another start.
    lan.stop(host);
    lan.start(host, None);
    lan.take_log(host);
    lan.inject_bad(host, &bad);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 1);
    // And what comes after a new configuration.
    lan.reconfigure(host, authenticated(101));
    lan.inject_bad(host, &bad);
    lan.inject_bad(host, &bad);
    assert_eq!(rejections(&mut lan), 1);
}

#[test]
fn who_sent_bad_packets_is_said_once_and_only_if_it_is_news() {
    let mut lan = Lan::new();
    let host = lan.started(authenticated(100));
    lan.advertise_to(host, LOWER, 200);
    lan.take_log(host);
    let bad = damaged(KINDS[2].1);
    let rejected = |source| Notice::AdvertisementRejected {
        source,
        rejection: ka_vrrp::Rejection::Ttl { received: 254 },
    };
    let changed = Notice::MasterChanged {
        previous: Some(LOWER),
        current: HIGHER,
    };
    lan.inject_bad(host, &bad);
    assert_eq!(notices(&lan.take_log(host)), [changed, rejected(HIGHER)]);
    // Both go on: the good one is still the one that was heard.
    for _ in 0..10 {
        lan.advertise_to(host, LOWER, 200);
        lan.inject_bad(host, &bad);
    }
    assert_eq!(notices(&lan.take_log(host)), []);
    // Bad packets of the Master itself are no change of Master.
    lan.advertise_to(host, HIGHER, 200);
    lan.take_log(host);
    lan.inject_bad(host, &bad);
    assert_eq!(notices(&lan.take_log(host)), [rejected(HIGHER)]);
}
