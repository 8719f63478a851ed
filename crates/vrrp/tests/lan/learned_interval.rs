//! VRRPv3: a Backup waits for the Master's interval, not its own (RFC 9568 §6.1).

use std::time::Duration;

use ka_vrrp::{Action, Cause, Notice, RejectReason, RouterConfig, State};

use crate::config::{HIGHER, LOWER, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::{advertisements, changed, changes, notices};
use crate::packet::Packet;

fn advertise(lan: &mut Lan, host: usize, priority: u8, interval: Duration) {
    let config = lan.router(host).config().clone();
    let packet = Packet::with_interval(&config, HIGHER, priority, interval);
    lan.inject(host, &packet);
}

#[test]
fn a_longer_interval_is_learned_and_said_once() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    lan.take_log(backup);
    advertise(&mut lan, backup, 200, ms(3000));
    advertise(&mut lan, backup, 200, ms(3000));
    let mismatch = Notice::IntervalMismatch {
        source: HIGHER,
        ours: ms(1000),
        received: ms(3000),
    };
    let learned = Notice::IntervalLearned {
        previous: ms(1000),
        current: ms(3000),
    };
    let master = Notice::MasterChanged {
        previous: None,
        current: HIGHER,
    };
    assert_eq!(notices(&lan.take_log(backup)), [master, mismatch, learned]);
    assert_eq!(lan.router(backup).master_adver_interval(), ms(3000));
    // 3 x 3 s and 156/256 of 3 s.
    assert_eq!(lan.due(backup), Some(us(10_828_125)));
}

#[test]
fn a_shorter_interval_is_learned() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    advertise(&mut lan, backup, 200, ms(200));
    assert_eq!(lan.due(backup), Some(us(600_000 + 121_875)));
}

#[test]
fn down_timer_adverts_counts_learned_intervals() {
    for (adverts, due) in [(1, 321_875), (2, 521_875), (5, 1_121_875)] {
        let mut lan = Lan::new();
        let backup = lan.started(RouterConfig {
            down_timer_adverts: adverts,
            ..v3(100, ms(1000))
        });
        advertise(&mut lan, backup, 200, ms(200));
        assert_eq!(lan.due(backup), Some(us(due)));
    }
}

#[test]
fn the_skew_after_a_resignation_is_that_of_the_learned_interval() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    advertise(&mut lan, backup, 200, ms(200));
    advertise(&mut lan, backup, 0, ms(200));
    assert_eq!(lan.due(backup), Some(us(121_875)));
}

/// Three that accept any Master, at least for a while.
fn accepting() -> [RouterConfig; 3] {
    let nopreempt = RouterConfig {
        preempt_mode: false,
        ..v3(100, ms(1000))
    };
    let delaying = RouterConfig {
        preempt_delay: ms(5000),
        ..v3(100, ms(1000))
    };
    [v3(1, ms(1000)), nopreempt, delaying]
}

#[test]
fn a_master_of_lower_priority_that_is_left_in_place_teaches_its_interval() {
    for config in accepting() {
        let mut lan = Lan::new();
        let backup = lan.started(config);
        advertise(&mut lan, backup, 50, ms(3000));
        assert_eq!(lan.router(backup).master(), Some((HIGHER, 50)));
        assert_eq!(lan.router(backup).master_adver_interval(), ms(3000));
        let waits = lan.router(backup).master_down_interval();
        assert!(waits > ms(9000));
        assert_eq!(lan.due(backup), Some(waits));
    }
}

#[test]
fn a_resignation_teaches_no_interval_whoever_resigns() {
    for config in accepting() {
        for source in [HIGHER, LOWER] {
            let mut lan = Lan::new();
            let backup = lan.started(config.clone());
            advertise(&mut lan, backup, 50, ms(200));
            let resignation = Packet::with_interval(&config, source, 0, ms(3000));
            lan.inject(backup, &resignation);
            assert_eq!(lan.router(backup).master_adver_interval(), ms(200));
            assert_eq!(lan.due(backup), Some(lan.router(backup).skew_time()));
        }
    }
}

#[test]
fn a_new_master_returns_to_its_own_interval_with_its_first_advertisement() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    advertise(&mut lan, backup, 200, ms(200));
    lan.take_log(backup);
    lan.run_until(us(721_875 + 2_000_000));
    let log = lan.take_log(backup);
    let at = us(721_875);
    let reset = Action::Notify(Notice::IntervalReset {
        previous: ms(200),
        current: ms(1000),
    });
    assert_eq!(
        log[..5],
        [
            (at, Action::Advertise { priority: 100 }),
            (at, reset),
            (at, Action::AcquireAddresses),
            (at, Action::Announce { rounds: 5 }),
            (
                at,
                changed(State::Backup, State::Master, Cause::MasterDownTimer)
            ),
        ]
    );
    let times = [us(721_875), us(1_721_875), us(2_721_875)];
    assert_eq!(advertisements(&log), times.map(|time| (time, 100)));
}

#[test]
fn leaving_a_fault_returns_to_the_own_interval() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    advertise(&mut lan, backup, 200, ms(200));
    lan.set_link(backup, false);
    lan.take_log(backup);
    lan.set_link(backup, true);
    let reset = Notice::IntervalReset {
        previous: ms(200),
        current: ms(1000),
    };
    assert_eq!(notices(&lan.take_log(backup))[0], reset);
    assert_eq!(lan.due(backup), Some(us(3_609_375)));
}

#[test]
fn a_displaced_master_learns_from_who_displaced_it() {
    let mut lan = Lan::new();
    let host = lan.master(v3(100, ms(1000)));
    let now = lan.elapsed();
    advertise(&mut lan, host, 200, ms(3000));
    assert_eq!(lan.state(host), State::Backup);
    assert_eq!(lan.due(host), Some(now + us(10_828_125)));
    assert_eq!(lan.router(host).master(), Some((HIGHER, 200)));
}

#[test]
fn a_master_that_will_be_preempted_teaches_nothing() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    advertise(&mut lan, backup, 50, ms(3000));
    assert_eq!(lan.router(backup).master_adver_interval(), ms(1000));
    assert_eq!(lan.due(backup), Some(us(3_609_375)));
}

#[test]
fn an_interval_of_zero_is_not_learned() {
    let mut lan = Lan::new();
    let backup = lan.started(v3(100, ms(1000)));
    let mut packet = Packet::encode(lan.router(backup).config(), LOWER, 200);
    packet.payload[4..6].copy_from_slice(&[0, 0]);
    // The checksum follows: 100 centiseconds less.
    let checksum = u16::from_be_bytes([packet.payload[6], packet.payload[7]]) + 100;
    packet.payload[6..8].copy_from_slice(&checksum.to_be_bytes());
    lan.run_until(ms(1000));
    lan.inject(backup, &packet);
    assert_eq!(lan.router(backup).statistics().advertisements_received, 1);
    assert_eq!(lan.due(backup), Some(us(4_609_375)));
}

#[test]
fn v2_rejects_another_interval() {
    let mut lan = Lan::new();
    let backup = lan.started(v2(100));
    let config = lan.router(backup).config().clone();
    let packet = Packet::with_interval(&config, HIGHER, 200, ms(3000));
    lan.inject_bad(backup, &packet);
    let rejected = lan
        .router(backup)
        .statistics()
        .rejected(RejectReason::AdvertisementInterval);
    assert_eq!(rejected, 1);
}

#[test]
fn routers_of_different_intervals_elect_one_master() {
    let mut lan = Lan::new();
    lan.started(v3(100, ms(200)));
    lan.started(v3(200, ms(2000)));
    lan.run_until(ms(60_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
    let before = lan.take_log(0);
    assert_eq!(changes(&before).len(), 3, "Backup, Master, Backup");
    // The Backup with the short interval waits three long ones.
    let last = lan.router(1).last_advertisement();
    lan.pause(1);
    lan.run_until(ms(80_000));
    let [takeover] = changes(&lan.take_log(0))[..] else {
        panic!("expected one change of state");
    };
    let waited = lan.router(0).last_transition().zip(last);
    let waited = waited.map(|(transition, last)| transition - last);
    assert_eq!(waited, Some(us(6_000_000 + 1_218_750)));
    assert_eq!(takeover.1, State::Master);
}
