//! Authentication headers and signatures between routers: elections, replays, clocks and new keys.

use std::time::Duration;

use ka_vrrp::{AntiReplay, AuthHmac, HmacKey, HmacMode, Notice, RejectReason, RouterConfig, State};
use ka_wire::trailer::Key;
use ka_wire::{Authentication, Version};

use crate::air::Air;
use crate::config::{ms, v2, v3};

fn key(id: u8, octet: u8) -> HmacKey {
    HmacKey {
        id,
        key: Key::new(&[octet; 40]).expect("40 octets"),
    }
}

pub(crate) fn hmac(active_key: u8, keys: &[u8]) -> AuthHmac {
    AuthHmac {
        keys: keys.iter().map(|id| key(*id, *id)).collect(),
        active_key,
        time_window: 5,
        anti_replay: AntiReplay::Time,
        mode: HmacMode::Enforce,
    }
}

fn signed(priority: u8, hmac: AuthHmac) -> RouterConfig {
    RouterConfig {
        auth_hmac: Some(hmac),
        ..v3(priority, ms(200))
    }
}

fn with_header(priority: u8) -> RouterConfig {
    RouterConfig {
        authentication: Authentication::ah("s3cret"),
        ..v2(priority)
    }
}

/// A Master of priority 200 and a Backup of 100.
fn pair(config: impl Fn(u8) -> RouterConfig) -> Air {
    let mut air = Air::new();
    air.add(config(200));
    air.run_for(ms(10_000));
    air.add(config(100));
    air.run_for(ms(10_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
    air
}

fn assert_nothing_rejected(air: &Air) {
    for node in 0..air.nodes.len() {
        assert_eq!(air.rejected(node), [], "node {node}");
    }
}

#[test]
fn a_pair_with_authentication_headers_elects_fails_over_and_back() {
    let mut air = pair(with_header);
    let before = air.last_of(0).ah_sequence();
    air.nodes[0].cut = true;
    air.run_for(ms(10_000));
    assert_eq!(air.states(), [State::Master, State::Master]);
    // The one counter of both: who takes over goes on where the other was.
    let first = air.sent.iter().find(|sent| sent.from == 1);
    assert_eq!(first.expect("a packet").ah_sequence(), before + 1);
    air.nodes[0].cut = false;
    air.run_for(ms(10_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
}

#[test]
fn a_master_that_counts_behind_is_heard_after_the_first_contest() {
    let mut air = pair(with_header);
    air.nodes[0].cut = true;
    air.run_for(ms(5_000));
    // The lower one has counted far ahead meanwhile.
    for _ in 0..100 {
        air.nodes[1].router.next_ah_sequence();
    }
    air.nodes[0].cut = false;
    air.run_for(ms(1_000));
    let answer = air.last_of(0).ah_sequence();
    assert!(answer > 100, "{answer}");
    assert_eq!(air.states(), [State::Master, State::Backup]);
}

#[test]
fn the_answer_to_a_lower_priority_is_numbered_two_higher() {
    let mut air = pair(with_header);
    let mut other = Air::new();
    other.add(with_header(50));
    for _ in 0..1000 {
        other.nodes[0].router.next_ah_sequence();
    }
    other.run_for(ms(10_000));
    let packet = other.last_of(0);
    air.hear(0, &packet.bytes);
    assert_eq!(air.last_of(0).ah_sequence(), packet.ah_sequence() + 2);
}

#[test]
fn replayed_and_foreign_packets_with_headers_are_authentication_failures() {
    let mut air = pair(with_header);
    let old: Vec<_> = air.sent.clone();
    for sent in &old {
        air.hear(1, &sent.bytes);
    }
    let failures = (RejectReason::AuthenticationFailed, old.len() as u64);
    assert_eq!(air.rejected(1), [failures]);
    // With another password it is never heard, whatever its number.
    let mut stranger = Air::new();
    stranger.add(RouterConfig {
        authentication: Authentication::ah("S3cret"),
        ..v2(250)
    });
    stranger.run_for(ms(100_000));
    let bytes = stranger.last_of(0).bytes;
    air.hear(1, &bytes);
    air.hear(0, &bytes);
    assert_eq!(air.states(), [State::Master, State::Backup]);
    assert_eq!(air.rejected(0), [(RejectReason::AuthenticationFailed, 1)]);
}

#[test]
fn a_plain_router_and_one_with_headers_do_not_hear_each_other() {
    let mut air = Air::new();
    air.add(with_header(200));
    air.add(v2(100));
    air.run_for(ms(20_000));
    assert_eq!(air.states(), [State::Master, State::Master]);
    for node in [0, 1] {
        let rejected = air.rejected(node);
        assert!(
            matches!(rejected[..], [(RejectReason::AuthenticationHeader, _)]),
            "{rejected:?}"
        );
    }
}

#[test]
fn a_reload_keeps_the_number_of_authentication_headers() {
    let mut air = pair(with_header);
    let before = air.last_of(0).ah_sequence();
    air.reconfigure(0, with_header(201));
    assert_eq!(air.last_of(0).ah_sequence(), before + 1);
    assert_nothing_rejected(&air);
}

#[test]
fn a_signed_pair_elects_fails_over_and_back() {
    for version in [Version::V2, Version::V3] {
        let mut air = pair(|priority| {
            let config = signed(priority, hmac(1, &[1]));
            RouterConfig {
                version,
                advertisement_interval: Duration::from_secs(1),
                ..config
            }
        });
        air.nodes[0].cut = true;
        air.run_for(ms(10_000));
        assert_eq!(air.states(), [State::Master, State::Master]);
        air.nodes[0].cut = false;
        air.run_for(ms(10_000));
        assert_eq!(air.states(), [State::Master, State::Backup]);
        assert_nothing_rejected(&air);
    }
}

#[test]
fn keys_are_replaced_by_reloads_of_one_router_after_the_other_without_a_lost_master() {
    let steps: [(u8, &[u8]); 4] = [(1, &[1]), (1, &[1, 2]), (2, &[1, 2]), (2, &[2])];
    for anti_replay in [AntiReplay::Time, AntiReplay::Monotonic] {
        let keyed = |priority, step: (u8, &[u8])| {
            let hmac = hmac(step.0, step.1);
            signed(
                priority,
                AuthHmac {
                    anti_replay,
                    ..hmac
                },
            )
        };
        let mut air = pair(|priority| keyed(priority, steps[0]));
        for step in steps {
            for (node, priority) in [(1, 100), (0, 200)] {
                air.reconfigure(node, keyed(priority, step));
                air.run_for(ms(2_000));
                assert_eq!(air.states(), [State::Master, State::Backup]);
            }
        }
        assert_nothing_rejected(&air);
        assert_eq!(air.nodes[1].router.statistics().became_master, 0);
    }
}

#[test]
fn what_was_sent_before_a_reload_is_a_replay_after_it() {
    let mut air = pair(|priority| signed(priority, hmac(1, &[1])));
    let old = air.last_of(0);
    air.reconfigure(1, signed(99, hmac(1, &[1, 2])));
    air.hear(1, &old.bytes);
    assert_eq!(air.rejected(1), [(RejectReason::SignatureReplayed, 1)]);
    // And nothing that was sent is sent again.
    air.reconfigure(0, signed(201, hmac(1, &[1, 2])));
    air.run_for(ms(1_000));
    assert_eq!(air.rejected(1), [(RejectReason::SignatureReplayed, 1)]);
}

#[test]
fn a_recorded_advertisement_neither_keeps_a_dead_master_alive_nor_deposes_a_living_one() {
    let mut air = pair(|priority| signed(priority, hmac(1, &[1])));
    let recorded: Vec<_> = air
        .sent
        .iter()
        .filter(|sent| sent.from == 0)
        .cloned()
        .collect();
    air.nodes[0].cut = true;
    for number in 0..50 {
        air.hear(1, &recorded[number % recorded.len()].bytes);
        air.run_for(ms(50));
    }
    assert_eq!(air.nodes[1].router.state(), State::Master);
    for sent in recorded.iter().rev().take(20) {
        air.hear(1, &sent.bytes);
    }
    assert_eq!(air.nodes[1].router.state(), State::Master);
}

#[test]
fn clocks_apart_by_more_than_the_window_are_a_split_and_by_half_a_word() {
    let mut air = pair(|priority| signed(priority, hmac(1, &[1])));
    air.nodes[1].clock = 4;
    air.run_for(ms(5_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
    let told = |air: &Air| {
        let notices = air.nodes[1].notices.iter();
        notices
            .filter(|notice| matches!(notice, Notice::ClockSkew { skew: -4, .. }))
            .count()
    };
    assert_eq!(told(&air), 1);
    assert_nothing_rejected(&air);
    air.nodes[1].clock = 60;
    air.run_for(ms(5_000));
    assert_eq!(air.states(), [State::Master, State::Master]);
    assert!(matches!(
        air.rejected(1)[..],
        [(RejectReason::SignatureStale, 1..)]
    ));
    // Told the time again they agree at once.
    air.nodes[1].clock = 0;
    air.run_for(ms(1_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
}

#[test]
fn by_monotonic_clocks_may_be_anything() {
    let monotonic = |priority| {
        let hmac = AuthHmac {
            anti_replay: AntiReplay::Monotonic,
            ..hmac(1, &[1])
        };
        signed(priority, hmac)
    };
    let mut air = pair(monotonic);
    air.nodes[1].clock = 1_000_000;
    // A clock that is set back does not stop a Master: it counts on.
    air.nodes[0].clock = -100_000;
    air.run_for(ms(5_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
    assert_nothing_rejected(&air);
}

#[test]
fn a_master_whose_clock_is_set_back_by_less_than_the_window_goes_on() {
    let mut air = pair(|priority| signed(priority, hmac(1, &[1])));
    for clock in [-1, -3, -2, 0] {
        air.nodes[0].clock = clock;
        air.run_for(ms(3_000));
    }
    assert_eq!(air.states(), [State::Master, State::Backup]);
    assert_nothing_rejected(&air);
}

#[test]
fn modes_say_what_is_signed_and_what_must_be() {
    let moded = |priority, mode| {
        let hmac = AuthHmac {
            mode,
            ..hmac(1, &[1])
        };
        signed(priority, hmac)
    };
    let plain = |priority| v3(priority, ms(200));
    let modes = [
        HmacMode::Enforce,
        HmacMode::Permissive,
        HmacMode::ReceiveOnly,
    ];
    for (receiver, hears_unsigned) in modes.into_iter().zip([false, true, true]) {
        for sender in modes {
            let mut air = Air::new();
            air.add(moded(200, sender));
            air.run_for(ms(5_000));
            air.add(moded(100, receiver));
            air.run_for(ms(5_000));
            let hears = hears_unsigned || sender != HmacMode::ReceiveOnly;
            let expected = if hears { State::Backup } else { State::Master };
            assert_eq!(
                air.nodes[1].router.state(),
                expected,
                "{sender:?} {receiver:?}"
            );
        }
        let mut air = Air::new();
        air.add(plain(200));
        air.run_for(ms(5_000));
        air.add(moded(100, receiver));
        air.run_for(ms(5_000));
        let state = air.nodes[1].router.state();
        assert_eq!(state == State::Backup, hears_unsigned, "{receiver:?}");
        // Who knows nothing of signatures takes them for too long.
        let too_long = air.rejected(0);
        if receiver == HmacMode::Enforce {
            assert!(matches!(too_long[..], [(RejectReason::Length, 1..)]));
        } else {
            assert_eq!(too_long, []);
        }
    }
}

#[test]
fn each_way_to_be_signed_wrongly_is_counted_by_itself_and_said_once() {
    let mut air = pair(|priority| signed(priority, hmac(1, &[1])));
    let good = air.last_of(0).bytes;
    let trailer = good.len() - 28;
    type Damage<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: [(RejectReason, Damage<'_>); 6] = [
        (RejectReason::SignatureMissing, &|bytes| {
            bytes.truncate(trailer);
        }),
        (RejectReason::SignatureMalformed, &|bytes| {
            bytes[trailer] = 2
        }),
        (RejectReason::SignatureStale, &|bytes| {
            bytes[trailer + 6] ^= 1
        }),
        (RejectReason::SignatureKeyUnknown, &|bytes| {
            bytes[trailer + 1] = 9
        }),
        (RejectReason::SignatureInvalid, &|bytes| {
            bytes[trailer + 27] ^= 1
        }),
        (RejectReason::SignatureReplayed, &|_| {}),
    ];
    for (reason, damage) in cases {
        let mut bytes = good.clone();
        damage(&mut bytes);
        let length = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        for _ in 0..10 {
            air.hear(1, &bytes);
        }
        let statistics = air.nodes[1].router.statistics();
        assert_eq!(statistics.rejected(reason), 10, "{reason:?}");
        let said = air.nodes[1].notices.iter().filter(|notice| {
            matches!(notice, Notice::AdvertisementRejected { rejection, .. }
                if rejection.reason() == reason)
        });
        assert_eq!(said.count(), 1, "{reason:?}");
    }
    let errors = air.nodes[1].router.statistics().authentication_extension();
    let counts = [
        errors.missing,
        errors.malformed,
        errors.stale,
        errors.unknown_key,
        errors.invalid_hmac,
        errors.replay,
    ];
    assert_eq!(counts, [10; 6]);
}
