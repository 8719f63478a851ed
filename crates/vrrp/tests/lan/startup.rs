//! Start-up: who waits, who does not, and `vrrp_startup_delay`.

use ka_vrrp::{Action, Cause, Faults, InitialState, Notice, RouterConfig, State};
use ka_wire::Family;

use crate::config::{HIGHER, config, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::{advertisements, changed, changes, notices};

#[test]
fn a_router_starts_as_backup_for_a_whole_master_down_interval() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    let start = changed(State::Init, State::Backup, Cause::Start);
    assert_eq!(lan.take_log(host), [(ms(0), start)]);
    assert_eq!(lan.due(host), Some(us(3_609_375)));
}

#[test]
fn state_master_gives_no_head_start() {
    let mut lan = Lan::new();
    let host = lan.started(RouterConfig {
        initial_state: Some(InitialState::Master),
        ..v2(254)
    });
    assert_eq!(lan.state(host), State::Backup);
    assert_eq!(lan.due(host), Some(us(3_007_812)));
}

#[test]
fn an_owner_is_master_at_once_and_never_says_it_was_backup() {
    for initial_state in [None, Some(InitialState::Master)] {
        let mut lan = Lan::new();
        let host = lan.started(RouterConfig {
            initial_state,
            ..v2(255)
        });
        assert_eq!(lan.take_log(host), []);
        lan.run_until(ms(1));
        let at = us(1);
        assert_eq!(
            lan.take_log(host),
            [
                (at, Action::Advertise { priority: 255 }),
                (at, Action::AcquireAddresses),
                (at, Action::Announce { rounds: 5 }),
                (at, changed(State::Init, State::Master, Cause::AddressOwner)),
            ]
        );
    }
}

#[test]
fn an_owner_with_state_backup_says_so_and_waits() {
    let mut lan = Lan::new();
    let host = lan.started(RouterConfig {
        initial_state: Some(InitialState::Backup),
        ..v2(255)
    });
    lan.run_until(ms(5000));
    assert_eq!(
        changes(&lan.take_log(host)),
        [
            (ms(0), State::Backup, Cause::Start),
            (us(3_003_906), State::Master, Cause::MasterDownTimer),
        ]
    );
}

#[test]
fn faults_at_start_are_told_together() {
    for (link, source) in [(false, true), (true, false), (false, false)] {
        let mut lan = Lan::new();
        let host = lan.add(v2(255));
        lan.host_mut(host).link = link;
        lan.host_mut(host).has_source = source;
        lan.start(host, None);
        let faults = Faults {
            link_down: !link,
            no_source: !source,
            ..Faults::NONE
        };
        let fault = changed(State::Init, State::Fault, Cause::Fault { faults });
        assert_eq!(lan.take_log(host), [(ms(0), fault)]);
        assert_eq!(lan.due(host), None);
    }
}

#[test]
fn an_address_to_send_from_that_appears_later_starts_the_wait() {
    for config in [v2(100), v2(255)] {
        let mut lan = Lan::new();
        let host = lan.add(config);
        lan.host_mut(host).has_source = false;
        lan.start(host, None);
        lan.run_until(ms(7000));
        lan.take_log(host);
        lan.set_source(host, true);
        let down = lan.router(host).master_down_interval();
        lan.run_until(ms(20_000));
        assert_eq!(
            changes(&lan.take_log(host)),
            [
                (ms(7000), State::Backup, Cause::FaultsCleared),
                (ms(7000) + down, State::Master, Cause::MasterDownTimer)
            ]
        );
    }
}

#[test]
fn with_dont_track_primary_a_dead_link_at_start_is_no_fault() {
    let mut lan = Lan::new();
    let host = lan.add(RouterConfig {
        dont_track_primary: true,
        ..v2(100)
    });
    lan.host_mut(host).link = false;
    lan.start(host, None);
    assert_eq!(lan.state(host), State::Backup);
}

#[test]
fn timers_start_at_the_end_of_the_startup_delay_but_backup_is_told_at_once() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.start(host, Some(ms(2500)));
    lan.run_until(ms(10_000));
    assert_eq!(
        changes(&lan.take_log(host)),
        [
            (ms(0), State::Backup, Cause::Start),
            (
                us(2_500_000 + 3_609_375),
                State::Master,
                Cause::MasterDownTimer
            ),
        ]
    );
}

#[test]
fn packets_are_dropped_during_the_startup_delay() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.start(host, Some(ms(2500)));
    lan.take_log(host);
    for time in [0, 1000, 2499] {
        lan.run_until(ms(time));
        lan.advertise_to(host, HIGHER, 200);
        lan.advertise_to(host, HIGHER, 0);
    }
    assert_eq!(lan.take_log(host), []);
    assert_eq!(lan.router(host).statistics().advertisements_received, 0);
    assert_eq!(lan.due(host), Some(us(6_109_375)));
    lan.run_until(ms(2500));
    lan.advertise_to(host, HIGHER, 200);
    assert_eq!(lan.router(host).statistics().advertisements_received, 1);
    assert_eq!(lan.router(host).master(), Some((HIGHER, 200)));
}

#[test]
fn an_owner_waits_for_the_startup_delay_and_one_interval() {
    for (config, interval) in [(v2(255), ms(1000)), (v3(255, ms(200)), ms(200))] {
        let mut lan = Lan::new();
        let host = lan.add(config);
        lan.start(host, Some(ms(2500)));
        lan.run_until(ms(10_000));
        assert_eq!(
            changes(&lan.take_log(host)),
            [(ms(2500) + interval, State::Master, Cause::AddressOwner)]
        );
    }
}

#[test]
fn a_fault_that_clears_during_the_startup_delay_waits_for_its_end() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.host_mut(host).link = false;
    lan.start(host, Some(ms(2500)));
    lan.run_until(ms(1000));
    lan.set_link(host, true);
    assert_eq!(lan.state(host), State::Backup);
    assert_eq!(lan.due(host), Some(us(6_109_375)));
}

#[test]
fn a_startup_delay_that_is_over_changes_nothing() {
    let mut lan = Lan::new();
    let host = lan.add(v2(255));
    lan.start(host, Some(ms(0)));
    assert_eq!(lan.due(host), Some(us(1)));
}

#[test]
fn starting_twice_does_nothing() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.run_until(ms(1000));
    lan.take_log(host);
    lan.start(host, None);
    assert_eq!(lan.take_log(host), []);
    assert_eq!(lan.due(host), Some(us(3_609_375)));
}

#[test]
fn a_stopped_router_starts_anew() {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    lan.stop(host);
    lan.run_for(ms(1000));
    lan.take_log(host);
    let again = lan.elapsed();
    lan.start(host, None);
    lan.run_for(ms(10));
    assert_eq!(
        lan.take_log(host).last(),
        Some(&(
            again + us(1),
            changed(State::Stop, State::Master, Cause::AddressOwner)
        ))
    );
}

#[test]
fn a_router_that_starts_anew_has_heard_nobody() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.advertise_to(host, HIGHER, 200);
    lan.stop(host);
    lan.start(host, None);
    assert_eq!(lan.router(host).master(), None);
    lan.take_log(host);
    lan.advertise_to(host, HIGHER, 200);
    let heard = Notice::MasterChanged {
        previous: None,
        current: HIGHER,
    };
    assert_eq!(notices(&lan.take_log(host)), [heard]);
}

#[test]
fn three_routers_started_together_elect_the_highest_priority() {
    for family in [Family::V4, Family::V6] {
        let mut lan = Lan::new();
        for priority in [100, 150, 120] {
            lan.started(config(family, priority));
        }
        lan.run_until(ms(20_000));
        assert_eq!(lan.states(), [State::Backup, State::Master, State::Backup]);
        // The others never tried.
        assert_eq!(advertisements(&lan.take_log(0)), []);
        assert_eq!(advertisements(&lan.take_log(2)), []);
    }
}
