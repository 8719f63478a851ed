//! Faults: the interface, and the address to send from.

use ka_vrrp::{Action, Cause, Faults, InitialState, Notice, RouterConfig, State};
use ka_wire::Family;

use crate::config::{HIGHER, config, ms, us, v2};
use crate::lan::Lan;
use crate::log::{actions, changed, changes};

const LINK: Faults = Faults {
    link_down: true,
    ..Faults::NONE
};
const SOURCE: Faults = Faults {
    no_source: true,
    ..Faults::NONE
};

/// What a Master does on a fault, resigning `times`.
fn resigns(times: usize, faults: Faults) -> Vec<Action> {
    let mut expected = vec![Action::Advertise { priority: 0 }; times];
    expected.extend([
        Action::Notify(Notice::PriorityZeroSent),
        Action::CancelAnnouncements,
        Action::ReleaseAddresses,
        changed(State::Master, State::Fault, Cause::Fault { faults }),
    ]);
    expected
}

#[test]
fn a_master_whose_link_goes_down_resigns_twice() {
    for family in [Family::V4, Family::V6] {
        let mut lan = Lan::new();
        let host = lan.master(config(family, 100));
        lan.set_link(host, false);
        assert_eq!(actions(lan.take_log(host)), resigns(2, LINK));
        let statistics = lan.router(host).statistics();
        assert_eq!(statistics.priority_zero_sent, 1);
        assert_eq!(statistics.advertisements_sent, 3);
        assert_eq!(statistics.released_master, 1);
        assert_eq!(lan.due(host), None);
    }
}

#[test]
fn a_master_that_loses_its_address_resigns_from_it() {
    // IPv6 looks for an address the first time.
    for (family, times) in [(Family::V4, 2), (Family::V6, 1)] {
        let mut lan = Lan::new();
        let host = lan.master(config(family, 100));
        let other = lan.started(config(family, 50));
        lan.run_for(ms(1500));
        lan.take_log(host);
        lan.set_source(host, false);
        assert_eq!(actions(lan.take_log(host)), resigns(times, SOURCE));
        // The other router heard it and waits only its skew time.
        let lost = lan.elapsed();
        lan.run_for(ms(1000));
        assert_eq!(
            changes(&lan.take_log(other)).last(),
            Some(&(lost + us(804_687), State::Master, Cause::MasterDownTimer))
        );
    }
}

#[test]
fn a_backup_goes_to_fault_without_a_word_on_the_wire() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.advertise_to(host, HIGHER, 200);
    lan.take_log(host);
    lan.set_link(host, false);
    let fault = changed(State::Backup, State::Fault, Cause::Fault { faults: LINK });
    assert_eq!(actions(lan.take_log(host)), [fault]);
    assert_eq!(lan.router(host).master(), None);
}

#[test]
fn nothing_is_heard_in_fault() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.set_source(host, false);
    lan.take_log(host);
    lan.advertise_to(host, HIGHER, 200);
    lan.advertise_to(host, HIGHER, 0);
    lan.run_for(ms(10_000));
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.router(host).statistics().advertisements_received, 0);
}

#[test]
fn leaving_fault_is_backup_for_a_whole_down_interval_owners_too() {
    let owner_as_backup = RouterConfig {
        initial_state: Some(InitialState::Backup),
        ..v2(255)
    };
    for (config, wait) in [
        (v2(100), 3_609_375),
        (v2(255), 3_003_906),
        (owner_as_backup, 3_003_906),
    ] {
        let mut lan = Lan::new();
        let host = lan.master(config);
        lan.set_link(host, false);
        lan.run_for(ms(1000));
        lan.take_log(host);
        let restored = lan.elapsed();
        lan.set_link(host, true);
        lan.run_for(ms(5000));
        assert_eq!(
            changes(&lan.take_log(host)),
            [
                (restored, State::Backup, Cause::FaultsCleared),
                (restored + us(wait), State::Master, Cause::MasterDownTimer)
            ]
        );
    }
}

#[test]
fn all_faults_must_clear() {
    for link_first in [true, false] {
        let mut lan = Lan::new();
        let host = lan.started(v2(100));
        lan.set_link(host, false);
        lan.take_log(host);
        lan.set_source(host, false);
        assert_eq!(actions(lan.take_log(host)), [], "already in FAULT");
        let both = Faults {
            link_down: true,
            no_source: true,
            ..Faults::NONE
        };
        assert_eq!(lan.router(host).faults(), both);
        if link_first {
            lan.set_link(host, true);
            assert_eq!(lan.router(host).faults(), SOURCE);
        } else {
            lan.set_source(host, true);
            assert_eq!(lan.router(host).faults(), LINK);
        }
        assert_eq!(actions(lan.take_log(host)), []);
        lan.set_link(host, true);
        lan.set_source(host, true);
        let cleared = changed(State::Fault, State::Backup, Cause::FaultsCleared);
        assert_eq!(actions(lan.take_log(host)), [cleared]);
    }
}

#[test]
fn saying_the_same_again_does_nothing() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let due = lan.due(host);
    for _ in 0..10 {
        lan.set_link(host, true);
        lan.set_source(host, true);
    }
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.due(host), due);
    lan.set_link(host, false);
    lan.take_log(host);
    for _ in 0..10 {
        lan.set_link(host, false);
    }
    assert_eq!(actions(lan.take_log(host)), []);
}

#[test]
fn with_dont_track_primary_a_master_stays_master_on_a_dead_link() {
    let mut lan = Lan::new();
    let host = lan.master(RouterConfig {
        dont_track_primary: true,
        ..v2(100)
    });
    lan.set_link(host, false);
    assert_eq!(actions(lan.take_log(host)), []);
    assert!(!lan.router(host).faults().any());
    lan.set_source(host, false);
    assert_eq!(actions(lan.take_log(host)), resigns(2, SOURCE));
}

#[test]
fn a_cut_link_moves_the_addresses_and_a_restored_one_takes_them_back() {
    let mut lan = Lan::new();
    let high = lan.started(v2(200));
    let low = lan.started(v2(100));
    lan.run_until(ms(10_000));
    let last = us(9_218_750);
    lan.set_link(high, false);
    lan.run_until(ms(20_000));
    // The resignation could not leave, so the other router waits its whole down interval.
    assert_eq!(
        changes(&lan.take_log(low)).last(),
        Some(&(last + us(3_609_375), State::Master, Cause::MasterDownTimer))
    );
    lan.set_link(high, true);
    lan.run_until(ms(30_000));
    assert_eq!(lan.states(), [State::Master, State::Backup]);
    assert_eq!(
        changes(&lan.take_log(high)).last(),
        Some(&(
            us(20_000_000 + 3_218_750),
            State::Master,
            Cause::MasterDownTimer
        ))
    );
}

#[test]
fn another_source_address_decides_the_next_election() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let above = std::net::Ipv4Addr::new(192, 0, 2, 250).into();
    lan.host_mut(host).address = above;
    lan.set_source(host, true);
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.router(host).source(), Some(above));
    lan.advertise_to(host, HIGHER, 100);
    assert_eq!(lan.state(host), State::Master);
}
