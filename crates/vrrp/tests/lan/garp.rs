//! When the addresses are announced.

use ka_vrrp::{Action, GarpConfig, RouterConfig};

use crate::config::{HIGHER, LOWER, ms, us, v2};
use crate::lan::Lan;
use crate::log::announcements;

const TAKEOVER: u64 = 3_609_375;

fn with(garp: GarpConfig) -> RouterConfig {
    RouterConfig { garp, ..v2(100) }
}

/// Announcements of a lone router, milliseconds after it became Master.
fn announced(garp: GarpConfig, until: u64) -> Vec<(u64, u32)> {
    let mut lan = Lan::new();
    let host = lan.started(with(garp));
    lan.run_until(us(TAKEOVER) + ms(until));
    let since = |(time, rounds): (std::time::Duration, u32)| {
        let since = time - us(TAKEOVER);
        (u64::try_from(since.as_millis()).expect("short"), rounds)
    };
    let announcements = announcements(&lan.take_log(host)).into_iter();
    announcements.map(since).collect()
}

#[test]
fn five_rounds_and_five_more_after_five_seconds() {
    let announced = announced(GarpConfig::default(), 600_000);
    assert_eq!(announced, [(0, 5), (5000, 5)]);
}

#[test]
fn without_delay_there_is_no_second_block() {
    let garp = GarpConfig {
        master_delay: ms(0),
        master_repeat: 3,
        ..GarpConfig::default()
    };
    assert_eq!(announced(garp, 600_000), [(0, 3)]);
}

#[test]
fn refreshes_start_one_period_after_the_second_block() {
    let garp = GarpConfig {
        master_delay: ms(2000),
        master_repeat: 4,
        master_refresh: ms(10_000),
        master_refresh_repeat: 2,
        ..GarpConfig::default()
    };
    assert_eq!(
        announced(garp, 35_000),
        [(0, 4), (2000, 4), (12_000, 2), (22_000, 2), (32_000, 2)]
    );
    let at_once = GarpConfig {
        master_delay: ms(0),
        ..garp
    };
    assert_eq!(
        announced(at_once, 25_000),
        [(0, 4), (10_000, 2), (20_000, 2)]
    );
}

/// A Master whose two blocks are over.
fn settled(garp: GarpConfig) -> (Lan, usize) {
    let mut lan = Lan::new();
    let host = lan.master(with(garp));
    lan.run_for(ms(10_000));
    lan.take_log(host);
    (lan, host)
}

#[test]
fn a_lower_priority_brings_a_block_now_and_one_after_the_delay() {
    let (mut lan, host) = settled(GarpConfig {
        lower_prio_repeat: 3,
        lower_prio_delay: ms(2000),
        ..GarpConfig::default()
    });
    let now = lan.elapsed();
    lan.advertise_to(host, LOWER, 50);
    lan.run_for(ms(60_000));
    assert_eq!(
        announcements(&lan.take_log(host)),
        [(now, 3), (now + ms(2000), 3)]
    );
}

#[test]
fn a_lower_priority_brings_both_blocks_when_it_is_not_answered() {
    let mut lan = Lan::new();
    let host = lan.master(RouterConfig {
        lower_prio_no_advert: true,
        ..with(GarpConfig {
            lower_prio_repeat: 3,
            lower_prio_delay: ms(2000),
            ..GarpConfig::default()
        })
    });
    lan.run_for(ms(10_000));
    lan.take_log(host);
    let now = lan.elapsed();
    lan.advertise_to(host, LOWER, 50);
    lan.run_for(ms(60_000));
    assert_eq!(
        announcements(&lan.take_log(host)),
        [(now, 3), (now + ms(2000), 3)]
    );
}

#[test]
fn a_lower_priority_brings_one_block_without_delay_none_without_rounds_and_one_when_it_is_gone() {
    for (repeat, expected) in [(2, &[(0, 2), (3000, 2)][..]), (0, &[(3000, 1)])] {
        let (mut lan, host) = settled(GarpConfig {
            lower_prio_repeat: repeat,
            lower_prio_delay: if repeat == 0 { ms(1000) } else { ms(0) },
            ..GarpConfig::default()
        });
        let now = lan.elapsed();
        lan.advertise_to(host, LOWER, 50);
        lan.run_for(ms(60_000));
        let expected = expected
            .iter()
            .map(|&(after, rounds)| (now + ms(after), rounds));
        assert!(announcements(&lan.take_log(host)).into_iter().eq(expected));
    }
}

#[test]
fn extra_interfaces_are_announced_on_until_the_router_gives_way() {
    let mut lan = Lan::new();
    let host = lan.master(with(GarpConfig {
        master_delay: ms(2000),
        extra_interfaces: ms(10_000),
        ..GarpConfig::default()
    }));
    let start = lan.elapsed();
    lan.run_for(ms(25_000));
    let log = lan.take_log(host);
    let extra = log
        .iter()
        .filter(|(_, action)| *action == Action::AnnounceExtraInterfaces);
    let times: Vec<_> = extra.map(|(time, _)| *time - start).collect();
    assert_eq!(times, [ms(12_000), ms(22_000)]);
    lan.advertise_to(host, HIGHER, 200);
    lan.take_log(host);
    for _ in 0..60 {
        lan.run_for(ms(1000));
        lan.advertise_to(host, HIGHER, 200);
    }
    let log = lan.take_log(host);
    assert!(
        log.iter()
            .all(|(_, action)| *action != Action::AnnounceExtraInterfaces)
    );
}

#[test]
fn a_stream_of_lower_priorities_puts_off_no_block_and_ends_with_one() {
    let garp = GarpConfig {
        lower_prio_repeat: 1,
        lower_prio_delay: ms(3000),
        ..GarpConfig::default()
    };
    let mut lan = Lan::new();
    let host = lan.master(with(garp));
    let start = lan.elapsed();
    // One lower-priority advertisement each second.
    for second in 1..=6 {
        lan.run_until(start + ms(second * 1000));
        lan.advertise_to(host, LOWER, 50);
    }
    lan.run_for(ms(60_000));
    let expected = [
        (1000, 1),
        (2000, 1),
        (3000, 1),
        (4000, 1), // delayed from 1 s; the last one known is the one of 3 s
        (4000, 1),
        (5000, 5), // the second block as Master
        (5000, 1),
        (6000, 1), // delayed from 3 s
        (6000, 1),
        (8000, 1), // delayed from 5 s
        (9000, 1), // delayed from 6 s, the last
    ];
    assert_eq!(
        announcements(&lan.take_log(host)),
        expected.map(|(time, rounds)| (start + ms(time), rounds))
    );
}

#[test]
fn what_is_due_together_is_announced_together() {
    let garp = GarpConfig {
        master_delay: ms(4000),
        lower_prio_repeat: 2,
        lower_prio_delay: ms(3000),
        ..GarpConfig::default()
    };
    let mut lan = Lan::new();
    let host = lan.master(with(garp));
    let start = lan.elapsed();
    lan.run_for(ms(1000));
    lan.advertise_to(host, LOWER, 50);
    lan.run_for(ms(60_000));
    assert_eq!(
        announcements(&lan.take_log(host)),
        [(start + ms(1000), 2), (start + ms(4000), 7)]
    );
}

#[test]
fn giving_way_cancels_what_is_scheduled() {
    let mut lan = Lan::new();
    let host = lan.master(with(GarpConfig {
        master_refresh: ms(1000),
        ..GarpConfig::default()
    }));
    lan.advertise_to(host, LOWER, 50);
    lan.take_log(host);
    lan.advertise_to(host, HIGHER, 200);
    let log = lan.take_log(host);
    assert!(
        log.iter()
            .any(|(_, action)| *action == Action::CancelAnnouncements)
    );
    for _ in 0..60 {
        lan.run_for(ms(1000));
        lan.advertise_to(host, HIGHER, 200);
    }
    assert_eq!(announcements(&lan.take_log(host)), []);
}

#[test]
fn refreshes_slept_through_are_not_made_up_for() {
    let mut lan = Lan::new();
    let host = lan.master(with(GarpConfig {
        master_delay: ms(0),
        master_refresh: ms(1000),
        ..GarpConfig::default()
    }));
    let start = lan.elapsed();
    lan.pause(host);
    lan.run_for(ms(4500));
    lan.resume(host);
    lan.run_for(ms(1500));
    assert_eq!(
        announcements(&lan.take_log(host)),
        [(start + ms(4500), 1), (start + ms(5500), 1)]
    );
}
