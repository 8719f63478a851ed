//! Other Masters that a Master hears: told, counted, and made up for once they are gone.

use std::net::IpAddr;

use ka_vrrp::{GarpConfig, Notice, RivalReason, RouterConfig, State};

use crate::config::{HIGHER, LOWER, ms, v2, v3};
use crate::lan::Lan;
use crate::log::{Log, announcements, notices};
use crate::packet::Packet;

/// No block of its own for lower priorities: what comes is what makes up for a rival.
const QUIET: GarpConfig = GarpConfig {
    master_delay: std::time::Duration::ZERO,
    master_repeat: 5,
    master_refresh: std::time::Duration::ZERO,
    master_refresh_repeat: 1,
    lower_prio_delay: std::time::Duration::ZERO,
    lower_prio_repeat: 0,
    extra_interfaces: std::time::Duration::ZERO,
};

fn quiet(config: RouterConfig) -> RouterConfig {
    RouterConfig {
        garp: QUIET,
        ..config
    }
}

fn master(config: RouterConfig) -> (Lan, usize) {
    let mut lan = Lan::new();
    let host = lan.master(config);
    lan.run_for(ms(10_000));
    lan.take_log(host);
    (lan, host)
}

fn counted(lan: &Lan, host: usize) -> (u64, u64) {
    let statistics = lan.router(host).statistics();
    (statistics.rival_advertisements, statistics.rivals)
}

fn rivals(log: &Log) -> Vec<(IpAddr, u8, RivalReason)> {
    let rival = |notice| match notice {
        Notice::RivalMaster {
            source,
            priority,
            reason,
            ..
        } => Some((source, priority, reason)),
        _ => None,
    };
    notices(log).into_iter().filter_map(rival).collect()
}

#[test]
fn every_kind_of_rival_is_told_with_its_reason() {
    let own = |lan: &Lan, host: usize| lan.host(host).address;
    for (ours, priority, source, reason) in [
        (100, 50, Some(LOWER), RivalReason::LowerPriority),
        (100, 50, Some(HIGHER), RivalReason::LowerPriority),
        (100, 100, Some(LOWER), RivalReason::LowerAddress),
        (100, 100, Some(HIGHER), RivalReason::HigherAddress),
        (100, 200, Some(LOWER), RivalReason::HigherPriority),
        (100, 100, None, RivalReason::OwnAddress),
        (100, 0, Some(LOWER), RivalReason::Resigned),
        (255, 255, Some(LOWER), RivalReason::AddressOwner),
        (255, 255, Some(HIGHER), RivalReason::AddressOwner),
        (255, 255, None, RivalReason::OwnAddress),
        (255, 254, Some(HIGHER), RivalReason::LowerPriority),
    ] {
        let (mut lan, host) = master(v2(ours));
        let source = source.unwrap_or_else(|| own(&lan, host));
        lan.advertise_to(host, source, priority);
        let log = lan.take_log(host);
        assert_eq!(rivals(&log), [(source, priority, reason)]);
        assert_eq!(counted(&lan, host), (1, 1));
        let stays = lan.state(host) == State::Master;
        assert_eq!(lan.router(host).rival(), stays.then_some(source));
    }
}

#[test]
fn two_masters_of_one_priority_tell_each_other_apart_by_address() {
    // Cut off from each other at first.
    let mut lan = Lan::new();
    for id in 0..2 {
        lan.started(quiet(v2(100)));
        lan.host_mut(id).segment = u8::try_from(id).expect("one of two");
    }
    lan.run_until(ms(10_000));
    assert_eq!(lan.states(), [State::Master; 2]);
    let addresses = [0, 1].map(|id| lan.host(id).address);
    lan.take_log(0);
    lan.take_log(1);
    lan.host_mut(1).segment = 0;
    lan.run_until(ms(20_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
    let lower = rivals(&lan.take_log(0));
    // Heard first, the better one never learns of the other.
    let expected = (addresses[1], 100, RivalReason::HigherAddress);
    assert!(lower.is_empty() || lower == [expected]);
    let log = lan.take_log(1);
    let known = rivals(&log);
    let healed = announcements(&log).len();
    assert_eq!(known.len(), healed, "{known:?}");
    assert!(lower.len() + known.len() >= 1);
}

#[test]
fn a_lower_master_that_is_heard_after_a_partition_is_made_up_for_once() {
    let (mut lan, host) = master(quiet(v2(100)));
    // It advertises three times before it hears the answer.
    for _ in 0..3 {
        lan.advertise_to(host, LOWER, 50);
        lan.run_for(ms(1000));
    }
    let last = lan.elapsed() - ms(1000);
    lan.run_for(ms(600_000));
    let log = lan.take_log(host);
    assert_eq!(rivals(&log).len(), 1);
    assert_eq!(announcements(&log), [(last + ms(3000), 1)]);
    let gone = Notice::RivalGone {
        source: LOWER,
        rounds: 1,
    };
    assert!(notices(&log).contains(&gone));
    assert_eq!(counted(&lan, host), (3, 1));
    assert_eq!(lan.router(host).rival(), None);
}

#[test]
fn where_a_delayed_block_comes_anyway_nothing_is_added() {
    for delay in [1000, 2000, 5000] {
        let (mut lan, host) = master(RouterConfig {
            garp: GarpConfig {
                lower_prio_repeat: 3,
                lower_prio_delay: ms(delay),
                ..QUIET
            },
            ..v2(100)
        });
        let now = lan.elapsed();
        lan.advertise_to(host, LOWER, 50);
        lan.run_for(ms(60_000));
        let log = lan.take_log(host);
        assert_eq!(announcements(&log), [(now, 3), (now + ms(delay), 3)]);
        let gone = Notice::RivalGone {
            source: LOWER,
            rounds: 0,
        };
        assert!(notices(&log).contains(&gone));
    }
}

#[test]
fn one_that_resigns_or_has_our_address_is_made_up_for_with_what_lower_priorities_get() {
    for (own_address, priority) in [(false, 0), (true, 100)] {
        let (mut lan, host) = master(v2(100));
        let source = if own_address {
            lan.host(host).address
        } else {
            LOWER
        };
        let now = lan.elapsed();
        lan.advertise_to(host, source, priority);
        lan.run_for(ms(60_000));
        assert_eq!(lan.state(host), State::Master);
        assert_eq!(announcements(&lan.take_log(host)), [(now + ms(3000), 5)]);
    }
}

#[test]
fn a_higher_one_that_goes_away_leaves_a_block_of_a_new_master() {
    let (mut lan, host) = master(quiet(v2(100)));
    lan.advertise_to(host, LOWER, 200);
    assert_eq!(lan.state(host), State::Backup);
    // The conflict is over: no one makes up for anything as a Backup.
    assert_eq!(lan.router(host).rival(), None);
    assert_eq!(announcements(&lan.take_log(host)), []);
    lan.run_for(ms(600_000));
    assert_eq!(lan.state(host), State::Master);
    let log = lan.take_log(host);
    assert_eq!(announcements(&log).len(), 1);
    assert_eq!(rivals(&log), []);
    assert_eq!(counted(&lan, host), (1, 1));
}

#[test]
fn a_flood_of_rivals_is_counted_and_neither_told_nor_announced_without_bound() {
    let (mut lan, host) = master(quiet(v2(100)));
    let start = lan.elapsed();
    for number in 0..20_000_u32 {
        let source = IpAddr::from((0x0a00_0000 + number % 500).to_be_bytes());
        lan.advertise_to(host, source, 50);
        lan.run_for(ms(1));
    }
    let end = lan.elapsed() - ms(1);
    assert_eq!(counted(&lan, host), (20_000, 8));
    let log = lan.take_log(host);
    // The first few of them, as far as notices about packets are not used up.
    assert!((1..=8).contains(&rivals(&log).len()));
    assert_eq!(announcements(&log), []);
    let told = notices(&log).len();
    let seconds = usize::try_from((end - start).as_secs()).expect("short");
    assert!(told <= 20 * (seconds + 2), "{told} notices");
    lan.run_for(ms(600_000));
    let log = lan.take_log(host);
    assert_eq!(announcements(&log), [(end + ms(3000), 1)]);
}

#[test]
fn the_longer_interval_decides_when_a_conflict_is_over() {
    let mut lan = Lan::new();
    let host = lan.master(quiet(v3(100, ms(1000))));
    let now = lan.elapsed();
    let config = lan.router(host).config().clone();
    lan.inject(host, &Packet::with_interval(&config, LOWER, 50, ms(4000)));
    lan.take_log(host);
    lan.run_for(ms(60_000));
    assert_eq!(announcements(&lan.take_log(host)), [(now + ms(12_000), 1)]);
}

#[test]
fn packets_that_are_not_good_are_no_rivals() {
    let (mut lan, host) = master(v2(100));
    let mut config = lan.router(host).config().clone();
    config.advertisement_interval = ms(2000);
    let packet = Packet::encode(&config, LOWER, 50);
    lan.inject_bad(host, &packet);
    assert_eq!(counted(&lan, host), (0, 0));
    assert_eq!(lan.router(host).rival(), None);
}

#[test]
fn a_conflict_ends_with_being_master_or_the_router() {
    for stop in [false, true] {
        let (mut lan, host) = master(quiet(v2(100)));
        lan.advertise_to(host, LOWER, 50);
        if stop {
            lan.stop(host);
        } else {
            lan.set_link(host, false);
        }
        lan.take_log(host);
        assert_eq!(lan.router(host).rival(), None);
        lan.run_for(ms(60_000));
        let log = lan.take_log(host);
        assert_eq!(announcements(&log), []);
        assert_eq!(notices(&log), []);
    }
}
