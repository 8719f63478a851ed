//! What a router tracks: weights, faults, and results that are still to come.

use ka_vrrp::{Action, Cause, Faults, Notice, RouterConfig, State, TrackerState, Tracking, Weight};
use ka_wire::Family;

use crate::config::{HIGHER, config, ms, us, v2};
use crate::lan::Lan;
use crate::log::{actions, changed, changes};

const UP: TrackerState = TrackerState::Up;
const DOWN: TrackerState = TrackerState::Down;
const UNKNOWN: TrackerState = TrackerState::Unknown;

/// What trackers of these weights come to.
fn tracking(trackers: &[(i16, TrackerState)]) -> Tracking {
    let weight = |weight| Weight {
        weight,
        reverse: false,
    };
    let effects = trackers
        .iter()
        .map(|(of, state)| weight(*of).effect(*state));
    effects.collect()
}

fn priority_changed(from: u8, to: u8) -> Action {
    Action::Notify(Notice::EffectivePriorityChanged { from, to })
}

fn faulty(from: State, trackers: u16) -> Action {
    let faults = Faults {
        trackers,
        ..Faults::default()
    };
    changed(from, State::Fault, Cause::Fault { faults })
}

#[test]
fn the_priority_stays_within_its_limits_and_the_sum_does_not() {
    let mut lan = Lan::new();
    let host = lan.started(v2(250));
    lan.take_log(host);
    lan.set_tracking(host, tracking(&[(100, UP)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(250, 254)]);
    assert_eq!(lan.router(host).total_priority(), 350);
    // From there back is a step of 100, not of 4.
    lan.set_tracking(host, tracking(&[(100, UP), (-253, DOWN)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(254, 97)]);
    lan.set_tracking(host, tracking(&[(100, DOWN), (-253, DOWN), (-50, DOWN)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(97, 1)]);
    assert_eq!(lan.router(host).total_priority(), -53);
    lan.set_tracking(host, tracking(&[(100, DOWN), (-253, UP), (-50, UP)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(1, 250)]);
}

#[test]
fn weights_are_nothing_to_an_address_owner() {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    lan.set_tracking(host, tracking(&[(-253, DOWN), (50, UP)]));
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.router(host).effective_priority(), 255);
    // Faults are.
    lan.set_tracking(host, tracking(&[(0, DOWN)]));
    assert_eq!(lan.state(host), State::Fault);
}

#[test]
fn a_changed_priority_moves_the_timer_of_a_backup_by_as_much() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    // 100 / 256 s and 156 / 256 s: the higher the sooner.
    let due = us(3_609_375);
    assert_eq!(lan.due(host), Some(due));
    lan.run_until(ms(1000));
    lan.set_tracking(host, tracking(&[(64, UP)]));
    assert_eq!(lan.due(host), Some(due - ms(250)));
    lan.set_tracking(host, tracking(&[(64, DOWN), (-64, DOWN)]));
    assert_eq!(lan.due(host), Some(due + ms(250)));
    lan.set_tracking(host, Tracking::default());
    assert_eq!(lan.due(host), Some(due));
    // A resignation was heard: what is left of the skew moves alike.
    lan.advertise_to(host, HIGHER, 0);
    assert_eq!(lan.due(host), Some(ms(1000) + us(609_375)));
    lan.set_tracking(host, tracking(&[(64, UP)]));
    assert_eq!(lan.due(host), Some(ms(1000) + us(359_375)));
}

#[test]
fn a_timer_that_would_have_run_out_does_so_at_once() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.run_until(ms(3500));
    lan.set_tracking(host, tracking(&[(128, UP)]));
    assert_eq!(lan.due(host), Some(ms(3500)));
    lan.run_until(ms(3500));
    assert_eq!(lan.state(host), State::Master);
}

#[test]
fn a_master_says_its_new_priority_in_its_next_advertisement() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let due = lan.due(host);
    lan.set_tracking(host, tracking(&[(-30, DOWN)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(100, 70)]);
    assert_eq!(lan.due(host), due);
    lan.run_for(ms(1000));
    assert_eq!(
        actions(lan.take_log(host)),
        [Action::Advertise { priority: 70 }]
    );
}

#[test]
fn addresses_go_to_the_host_whose_trackers_are_well_and_come_back() {
    let mut lan = Lan::new();
    let high = lan.started(v2(150));
    let low = lan.started(v2(120));
    lan.run_until(ms(10_000));
    assert_eq!(lan.states(), [State::Master, State::Backup]);
    lan.set_tracking(high, tracking(&[(-50, DOWN)]));
    lan.run_until(ms(20_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
    assert!(lan.router(low).statistics().priority_zero_received == 0);
    lan.set_tracking(high, tracking(&[(-50, UP)]));
    lan.run_until(ms(30_000));
    assert_eq!(lan.states(), [State::Master, State::Backup]);
}

#[test]
fn a_master_whose_tracker_fails_resigns_as_on_any_fault_of_its_own() {
    for family in [Family::V4, Family::V6] {
        let mut lan = Lan::new();
        let host = lan.master(config(family, 100));
        lan.set_tracking(host, tracking(&[(0, DOWN), (0, UP)]));
        let expected = [
            Action::Advertise { priority: 0 },
            Action::Advertise { priority: 0 },
            Action::Notify(Notice::PriorityZeroSent),
            Action::CancelAnnouncements,
            Action::ReleaseAddresses,
            faulty(State::Master, 1),
        ];
        assert_eq!(actions(lan.take_log(host)), expected);
        assert_eq!(lan.due(host), None);
    }
}

#[test]
fn faults_are_counted_and_all_must_clear() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.take_log(host);
    lan.set_tracking(host, tracking(&[(0, DOWN), (0, UP)]));
    assert_eq!(actions(lan.take_log(host)), [faulty(State::Backup, 1)]);
    lan.set_tracking(host, tracking(&[(0, DOWN), (0, DOWN)]));
    lan.set_link(host, false);
    let all = Faults {
        link_down: true,
        trackers: 2,
        ..Faults::NONE
    };
    assert_eq!(lan.router(host).faults(), all);
    lan.set_tracking(host, tracking(&[(0, UP), (0, DOWN)]));
    lan.set_link(host, true);
    assert_eq!(actions(lan.take_log(host)), []);
    lan.run_for(ms(500));
    let cleared = lan.elapsed();
    lan.set_tracking(host, tracking(&[(0, UP), (0, UP)]));
    lan.run_for(ms(4000));
    assert_eq!(
        changes(&lan.take_log(host)),
        [
            (cleared, State::Backup, Cause::FaultsCleared),
            (
                cleared + us(3_609_375),
                State::Master,
                Cause::MasterDownTimer
            )
        ]
    );
}

#[test]
fn the_priority_is_told_also_while_faulty() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.set_link(host, false);
    lan.take_log(host);
    lan.set_tracking(host, tracking(&[(10, UP)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(100, 110)]);
}

#[test]
fn a_router_that_awaits_a_result_is_silent_until_it_has_one() {
    for (config, wait) in [(v2(100), 3_609_375), (v2(255), 3_003_906)] {
        let mut lan = Lan::new();
        let host = lan.add(config);
        lan.set_tracking(host, tracking(&[(0, UNKNOWN), (0, UNKNOWN), (10, UNKNOWN)]));
        lan.start(host, None);
        lan.advertise_to(host, HIGHER, 200);
        lan.run_until(ms(5000));
        lan.set_tracking(host, tracking(&[(0, UP), (0, UNKNOWN), (10, UNKNOWN)]));
        // Started it is already.
        lan.start(host, None);
        assert_eq!(actions(lan.take_log(host)), []);
        assert_eq!(lan.state(host), State::Init);
        assert_eq!(lan.router(host).statistics().advertisements_received, 0);
        // A weight is nothing to wait for.
        lan.set_tracking(host, tracking(&[(0, UP), (0, UP), (10, UNKNOWN)]));
        lan.run_until(ms(10_000));
        assert_eq!(
            changes(&lan.take_log(host)),
            [
                (ms(5000), State::Backup, Cause::FaultsCleared),
                (ms(5000) + us(wait), State::Master, Cause::MasterDownTimer)
            ]
        );
    }
}

#[test]
fn a_first_result_that_is_a_fault_is_told_as_one() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.set_tracking(host, tracking(&[(0, UNKNOWN), (0, UNKNOWN)]));
    lan.start(host, None);
    lan.set_tracking(host, tracking(&[(0, DOWN), (0, UNKNOWN)]));
    assert_eq!(actions(lan.take_log(host)), [faulty(State::Init, 1)]);
    // The other one is still awaited.
    lan.set_tracking(host, tracking(&[(0, UP), (0, UNKNOWN)]));
    assert_eq!(actions(lan.take_log(host)), []);
    lan.set_tracking(host, tracking(&[(0, UP), (0, UP)]));
    let backup = changed(State::Fault, State::Backup, Cause::FaultsCleared);
    assert_eq!(actions(lan.take_log(host)), [backup]);
}

#[test]
fn a_fault_of_the_interface_is_told_while_results_are_awaited() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.set_tracking(host, tracking(&[(0, UNKNOWN)]));
    lan.start(host, None);
    lan.set_link(host, false);
    assert_eq!(lan.state(host), State::Fault);
    lan.set_link(host, true);
    assert_eq!(lan.state(host), State::Fault, "it is awaited");
    lan.set_tracking(host, tracking(&[(0, UP)]));
    assert_eq!(lan.state(host), State::Backup);
}

#[test]
fn a_router_stopped_while_it_awaits_a_result_can_start_again() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.set_tracking(host, tracking(&[(0, UNKNOWN)]));
    lan.start(host, None);
    lan.stop(host);
    let stopped = changed(State::Init, State::Stop, Cause::Stop);
    assert_eq!(actions(lan.take_log(host)), [stopped]);
    lan.set_tracking(host, tracking(&[(0, UP)]));
    assert_eq!(lan.state(host), State::Stop);
    lan.start(host, None);
    let started = changed(State::Stop, State::Backup, Cause::Start);
    assert_eq!(actions(lan.take_log(host)), [started]);
}

#[test]
fn a_weight_known_at_the_start_counts_from_the_start() {
    let mut lan = Lan::new();
    let host = lan.add(v2(100));
    lan.set_tracking(host, tracking(&[(-20, DOWN)]));
    lan.take_log(host);
    lan.start(host, None);
    assert_eq!(lan.router(host).effective_priority(), 80);
    assert_eq!(lan.due(host), Some(ms(3000) + us(687_500)));
}

#[test]
fn a_reload_keeps_what_trackers_say() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    lan.set_tracking(host, tracking(&[(-20, DOWN)]));
    lan.take_log(host);
    lan.reconfigure(host, v2(150));
    assert_eq!(
        actions(lan.take_log(host)),
        [Action::Advertise { priority: 130 }]
    );
    // The same configuration, but the line of the tracker has another weight.
    lan.reconfigure_tracking(host, v2(150), tracking(&[(-30, DOWN)]));
    assert_eq!(actions(lan.take_log(host)), [priority_changed(130, 120)]);
    // Both at once are said by one advertisement.
    lan.reconfigure_tracking(host, v2(200), tracking(&[(-10, DOWN)]));
    assert_eq!(
        actions(lan.take_log(host)),
        [Action::Advertise { priority: 190 }]
    );
}

#[test]
fn what_a_reload_lets_a_master_track_does_not_cost_it_its_state() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let higher = RouterConfig {
        priority: 101,
        ..v2(100)
    };
    lan.reconfigure_tracking(host, higher, tracking(&[(0, UNKNOWN)]));
    assert_eq!(
        actions(lan.take_log(host)),
        [Action::Advertise { priority: 101 }]
    );
    // Once it is known to have failed, it does.
    lan.set_tracking(host, tracking(&[(0, DOWN)]));
    assert_eq!(lan.state(host), State::Fault);
}
