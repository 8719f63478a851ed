//! A new configuration for a running router.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ka_vrrp::{Action, Cause, Faults, GarpConfig, InitialState, RouterConfig, State};
use ka_wire::Version;

use crate::config::{HIGHER, LOWER, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::{actions, advertisements, announcements, changed, changes};
use crate::packet::Packet;

#[test]
fn the_same_configuration_changes_nothing() {
    let mut lan = Lan::new();
    let master = lan.master(v2(200));
    let backup = lan.started(v2(100));
    lan.run_for(ms(500));
    lan.take_log(backup);
    let due = (lan.due(master), lan.due(backup));
    lan.reconfigure(master, v2(200));
    lan.reconfigure(backup, v2(100));
    assert_eq!(actions(lan.take_log(master)), []);
    assert_eq!(actions(lan.take_log(backup)), []);
    assert_eq!((lan.due(master), lan.due(backup)), due);
}

#[test]
fn a_master_advertises_its_new_priority_at_once() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    lan.run_for(ms(300));
    let now = lan.elapsed();
    lan.reconfigure(host, v2(150));
    lan.run_for(ms(1500));
    let log = lan.take_log(host);
    assert_eq!(advertisements(&log), [(now, 150), (now + ms(1000), 150)]);
    assert_eq!(changes(&log), []);
}

#[test]
fn a_master_of_lower_priority_now_is_preempted() {
    let mut lan = Lan::new();
    let host = lan.started(v2(200));
    lan.started(v2(100));
    lan.run_until(ms(10_000));
    lan.reconfigure(host, v2(50));
    lan.run_until(ms(30_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
}

#[test]
fn a_master_goes_on_with_its_new_interval() {
    let mut lan = Lan::new();
    let host = lan.master(v3(100, ms(1000)));
    let now = lan.elapsed();
    lan.reconfigure(host, v3(100, ms(200)));
    lan.run_for(ms(500));
    let expected = [0, 200, 400].map(|time| (now + ms(time), 100));
    assert_eq!(advertisements(&lan.take_log(host)), expected);
}

fn virtual_address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

#[test]
fn a_masters_new_address_is_announced_like_all_at_a_takeover() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    lan.run_for(ms(10_500));
    lan.take_log(host);
    let now = lan.elapsed();
    let mut more = v2(100);
    more.addresses.push(virtual_address(101));
    lan.reconfigure(host, more.clone());
    assert_eq!(
        actions(lan.take_log(host)),
        [
            Action::Advertise { priority: 100 },
            Action::AddressesChanged,
            Action::Announce { rounds: 5 },
        ]
    );
    lan.run_for(ms(60_000));
    assert_eq!(announcements(&lan.take_log(host)), [(now + ms(5000), 5)]);
    // Taking it away, or only another order, needs no announcement.
    more.addresses.reverse();
    lan.reconfigure(host, more);
    lan.reconfigure(host, v2(100));
    let quiet = [
        Action::Advertise { priority: 100 },
        Action::AddressesChanged,
    ];
    assert_eq!(actions(lan.take_log(host)), [quiet, quiet].concat());
}

#[test]
fn a_backup_has_no_addresses_to_change() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.run_for(ms(500));
    lan.take_log(host);
    lan.reconfigure(
        host,
        RouterConfig {
            addresses: vec![virtual_address(101)],
            ..v2(100)
        },
    );
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.due(host), Some(us(3_609_375)));
}

#[test]
fn a_backup_waits_anew_when_its_down_interval_is_another() {
    let longer = RouterConfig {
        down_timer_adverts: 5,
        ..v2(100)
    };
    let slower = RouterConfig {
        advertisement_interval: ms(2000),
        ..v2(100)
    };
    for (config, wait) in [
        (v2(150), 3_414_062),
        (longer, 5_609_375),
        (slower, 6_609_375),
    ] {
        let mut lan = Lan::new();
        let host = lan.started(v2(100));
        lan.run_for(ms(500));
        lan.take_log(host);
        lan.reconfigure(host, config);
        assert_eq!(actions(lan.take_log(host)), []);
        assert_eq!(lan.due(host), Some(us(500_000 + wait)));
    }
}

#[test]
fn a_backup_keeps_the_interval_that_it_learned() {
    let mut lan = Lan::new();
    let host = lan.started(v3(100, ms(1000)));
    let packet = Packet::with_interval(&v3(100, ms(1000)), HIGHER, 200, ms(4000));
    lan.inject(host, &packet);
    let due = lan.due(host);
    lan.reconfigure(host, v3(100, ms(500)));
    assert_eq!(lan.due(host), due);
    // Unless it belongs to another version.
    lan.reconfigure(host, v2(100));
    assert_eq!(lan.router(host).config().version, Version::V2);
    assert_eq!(lan.router(host).master_adver_interval(), ms(1000));
    assert_eq!(lan.due(host), Some(us(3_609_375)));
    lan.advertise_to(host, HIGHER, 200);
    lan.reconfigure(host, v3(100, ms(500)));
    assert_eq!(lan.router(host).master_adver_interval(), ms(500));
    assert_eq!(lan.due(host), Some(us(1_804_687)));
}

#[test]
fn a_backup_in_the_startup_delay_waits_from_its_end() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.start(host, Some(ms(2500)));
    lan.run_for(ms(1000));
    lan.reconfigure(host, v2(254));
    assert_eq!(lan.due(host), Some(us(2_500_000 + 3_007_812)));
}

/// A start-up delay of 2.5 s that is another one from 1 s on.
fn with_another_hold(config: RouterConfig, hold: Option<Duration>) -> (Lan, usize) {
    let mut lan = Lan::new();
    let host = lan.add(config);
    lan.start(host, Some(ms(2500)));
    lan.run_until(ms(1000));
    lan.take_log(host);
    lan.set_hold(host, hold);
    assert_eq!(actions(lan.take_log(host)), []);
    (lan, host)
}

#[test]
fn the_startup_delay_ends_when_the_new_configuration_says() {
    // Later, sooner, and at once: gone, or over already.
    for (hold, end) in [
        (Some(ms(4000)), 4000),
        (Some(ms(1500)), 1500),
        (Some(ms(500)), 1000),
        (None, 1000),
    ] {
        let (mut lan, host) = with_another_hold(v2(100), hold);
        assert_eq!(lan.due(host), Some(us(end * 1000 + 3_609_375)));
        if end > 1000 {
            lan.run_until(ms(end) - us(1));
            lan.advertise_to(host, HIGHER, 200);
            assert_eq!(lan.router(host).master(), None, "it does not listen yet");
        }
        lan.run_until(ms(end));
        lan.advertise_to(host, HIGHER, 200);
        assert_eq!(lan.router(host).master(), Some((HIGHER, 200)));
        assert_eq!(lan.due(host), Some(us(end * 1000 + 3_609_375)));
        let (lan, host) = with_another_hold(v2(255), hold);
        assert_eq!(lan.due(host), Some(ms(end + 1000)), "of an owner");
    }
}

#[test]
fn a_fault_keeps_what_is_left_of_the_new_startup_delay() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.host_mut(host).link = false;
    lan.start(host, Some(ms(2500)));
    lan.run_until(ms(1000));
    lan.set_hold(host, Some(ms(4000)));
    assert_eq!(lan.due(host), None);
    lan.set_link(host, true);
    assert_eq!(lan.due(host), Some(us(4_000_000 + 3_609_375)));
}

#[test]
fn a_router_that_listens_does_not_become_deaf_again() {
    // The delay is over, or there never was one.
    for hold in [Some(ms(500)), None] {
        let mut lan = Lan::new();
        let host = lan.add(v2(100));
        lan.start(host, hold);
        lan.run_until(ms(1000));
        let due = lan.due(host);
        lan.set_hold(host, Some(ms(60_000)));
        assert_eq!(lan.due(host), due);
        lan.advertise_to(host, HIGHER, 200);
        assert_eq!(lan.router(host).master(), Some((HIGHER, 200)));
    }
}

#[test]
fn a_master_goes_on_in_another_version() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let other = lan.started(v3(50, ms(500)));
    lan.run_for(ms(700));
    lan.take_log(host);
    let now = lan.elapsed();
    // The other router hears it from now on.
    lan.reconfigure(host, v3(100, ms(500)));
    lan.run_for(ms(20_000));
    let log = lan.take_log(host);
    assert_eq!(changes(&log), []);
    let times = [0, 500, 1000].map(|time| (now + ms(time), 100));
    assert_eq!(advertisements(&log)[..3], times);
    assert_eq!(lan.state(other), State::Backup);
    let known = Some((lan.host(host).address, 100));
    assert_eq!(lan.router(other).master(), known);
}

#[test]
fn a_backup_that_owns_the_addresses_now_waits_as_an_owner_does_that_was_told() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.advertise_to(host, HIGHER, 200);
    lan.run_until(ms(1000));
    lan.take_log(host);
    lan.reconfigure(host, v2(255));
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.router(host).effective_priority(), 255);
    assert_eq!(lan.due(host), Some(us(1_000_000 + 3_003_906)));
    // What it accepted is not better any more.
    lan.run_until(ms(2000));
    lan.advertise_to(host, HIGHER, 200);
    lan.run_until(ms(10_000));
    assert_eq!(
        changes(&lan.take_log(host)),
        [(us(4_003_906), State::Master, Cause::MasterDownTimer)]
    );
}

#[test]
fn a_new_preempt_delay_starts_with_the_next_lower_priority() {
    let delaying = |delay| RouterConfig {
        preempt_delay: ms(delay),
        ..v2(100)
    };
    let mut lan = Lan::new();
    let host = lan.started(delaying(1000));
    lan.advertise_to(host, LOWER, 50);
    lan.run_for(ms(1500));
    lan.reconfigure(host, delaying(2000));
    lan.advertise_to(host, LOWER, 50);
    assert_eq!(lan.due(host), Some(us(1_500_000 + 3_609_375)));
}

#[test]
fn dont_track_primary_is_looked_at_again() {
    let tracking = |dont| RouterConfig {
        dont_track_primary: dont,
        ..v2(100)
    };
    let mut lan = Lan::new();
    let host = lan.master(tracking(true));
    lan.set_link(host, false);
    lan.take_log(host);
    // As keepalived does at a reload: without resigning.
    lan.reconfigure(host, tracking(false));
    let faults = Faults {
        link_down: true,
        ..Faults::NONE
    };
    assert_eq!(
        actions(lan.take_log(host)),
        [
            Action::CancelAnnouncements,
            Action::ReleaseAddresses,
            changed(State::Master, State::Fault, Cause::Fault { faults }),
        ]
    );
    lan.reconfigure(host, tracking(true));
    let cleared = changed(State::Fault, State::Backup, Cause::FaultsCleared);
    assert_eq!(actions(lan.take_log(host)), [cleared]);
}

#[test]
fn an_owner_no_more_says_that_it_is_backup() {
    let mut lan = Lan::new();
    let host = lan.add(v2(255));
    lan.start(host, Some(ms(2500)));
    lan.run_for(ms(1000));
    lan.reconfigure(host, v2(100));
    let start = changed(State::Init, State::Backup, Cause::Start);
    assert_eq!(lan.take_log(host), [(ms(1000), start)]);
    assert_eq!(lan.due(host), Some(us(2_500_000 + 3_609_375)));
}

#[test]
fn an_owner_about_to_start_waits_for_the_startup_delay_and_one_interval_of_now() {
    let mut lan = Lan::new();
    let host = lan.add(v3(255, ms(1000)));
    lan.start(host, Some(ms(2500)));
    for (time, interval) in [(1000, 200), (2600, 500), (2650, 3000)] {
        lan.run_until(ms(time));
        lan.reconfigure(host, v3(255, ms(interval)));
        assert_eq!(lan.due(host), Some(ms(2500 + interval)));
    }
    // More addresses or another option change nothing about it.
    let sending = RouterConfig {
        higher_prio_send_advert: true,
        ..v3(255, ms(3000))
    };
    lan.reconfigure(host, sending);
    assert_eq!(lan.due(host), Some(ms(5500)));
    assert_eq!(lan.take_log(host), []);
    lan.run_until(ms(5500));
    assert_eq!(
        changes(&lan.take_log(host)),
        [(ms(5500), State::Master, Cause::AddressOwner)]
    );
}

#[test]
fn an_owner_about_to_start_is_master_at_once_when_its_new_interval_is_over() {
    let mut lan = Lan::new();
    let host = lan.add(v3(255, ms(1000)));
    lan.start(host, Some(ms(2500)));
    lan.run_until(ms(3000));
    lan.reconfigure(host, v3(255, ms(200)));
    assert_eq!(lan.due(host), Some(us(3_000_001)));
}

#[test]
fn an_owner_about_to_start_that_is_no_initial_master_any_more_says_that_it_is_backup() {
    let mut lan = Lan::new();
    let host = lan.add(v2(255));
    lan.start(host, Some(ms(2500)));
    lan.run_for(ms(1000));
    lan.reconfigure(
        host,
        RouterConfig {
            initial_state: Some(InitialState::Backup),
            ..v2(255)
        },
    );
    let start = changed(State::Init, State::Backup, Cause::Start);
    assert_eq!(lan.take_log(host), [(ms(1000), start)]);
    assert_eq!(lan.due(host), Some(us(2_500_000 + 3_003_906)));
}

#[test]
fn an_owner_that_gave_way_stays_so() {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    for time in [500, 2600] {
        lan.run_until(ms(time));
        lan.advertise_to(host, LOWER, 255);
    }
    assert_eq!(lan.router(host).effective_priority(), 254);
    let sending = RouterConfig {
        higher_prio_send_advert: true,
        ..v2(255)
    };
    lan.reconfigure(host, sending);
    assert_eq!(lan.router(host).effective_priority(), 254);
    lan.reconfigure(host, v2(100));
    assert_eq!(lan.router(host).effective_priority(), 100);
}

#[test]
fn a_new_refresh_period_counts_from_the_reload() {
    let refreshing = |seconds: u64| RouterConfig {
        garp: GarpConfig {
            master_delay: ms(0),
            master_refresh: ms(seconds * 1000),
            ..GarpConfig::default()
        },
        ..v2(100)
    };
    let mut lan = Lan::new();
    let host = lan.master(refreshing(10));
    lan.run_for(ms(4000));
    let now = lan.elapsed();
    lan.reconfigure(host, refreshing(3));
    lan.run_for(ms(7000));
    assert_eq!(
        announcements(&lan.take_log(host)),
        [(now + ms(3000), 1), (now + ms(6000), 1)]
    );
}
