//! Skew_Time and Master_Down_Interval: how long a Backup waits that hears nothing.

use std::time::Duration;

use ka_vrrp::{Cause, InitialState, RouterConfig, State};
use ka_wire::Family;

use crate::config::{config, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::changes;

/// When a lone router that was started at 0 becomes Master.
fn takes_over_at(config: RouterConfig) -> Duration {
    let mut lan = Lan::new();
    let host = lan.started(config);
    lan.run_until(ms(200_000));
    let [start, takeover] = changes(&lan.take_log(host))[..] else {
        panic!("expected two changes of state");
    };
    assert_eq!(start, (ms(0), State::Backup, Cause::Start));
    assert_eq!(takeover.1, State::Master);
    assert_eq!(takeover.2, Cause::MasterDownTimer);
    takeover.0
}

#[test]
fn v2_waits_three_intervals_and_a_skew_of_up_to_a_second() {
    assert_eq!(takes_over_at(v2(100)), us(3_609_375));
    assert_eq!(takes_over_at(v2(254)), us(3_007_812));
    assert_eq!(takes_over_at(v2(1)), us(3_996_093));
    let long = RouterConfig {
        advertisement_interval: ms(10_000),
        ..v2(100)
    };
    assert_eq!(takes_over_at(long), us(30_609_375));
}

#[test]
fn v3_waits_three_intervals_and_a_skew_of_up_to_one_interval() {
    assert_eq!(takes_over_at(v3(100, ms(1000))), us(3_609_375));
    assert_eq!(takes_over_at(v3(100, ms(500))), us(1_804_687));
    assert_eq!(takes_over_at(v3(200, ms(10))), us(32_187));
    assert_eq!(takes_over_at(v3(100, ms(40_950))), us(147_803_906));
    assert_eq!(takes_over_at(config(Family::V6, 100)), us(3_609_375));
}

#[test]
fn down_timer_adverts_replaces_the_three() {
    for (adverts, v2_us, v3_us) in [
        (1, 1_609_375, 804_687),
        (2, 2_609_375, 1_304_687),
        (5, 5_609_375, 2_804_687),
    ] {
        let with = |config| RouterConfig {
            down_timer_adverts: adverts,
            ..config
        };
        assert_eq!(takes_over_at(with(v2(100))), us(v2_us));
        assert_eq!(takes_over_at(with(v3(100, ms(500)))), us(v3_us));
    }
}

#[test]
fn an_owner_that_waits_has_the_skew_of_255() {
    let waiting = |config| RouterConfig {
        initial_state: Some(InitialState::Backup),
        ..config
    };
    assert_eq!(takes_over_at(waiting(v2(255))), us(3_003_906));
    assert_eq!(takes_over_at(waiting(v3(255, ms(1000)))), us(3_003_906));
    assert_eq!(takes_over_at(waiting(v3(255, ms(100)))), us(300_390));
}

#[test]
fn a_backup_waits_as_long_after_each_advertisement() {
    let mut lan = Lan::new();
    let master = lan.started(v2(200));
    let backup = lan.started(v2(100));
    lan.run_until(ms(60_000));
    assert_eq!(lan.states(), [State::Master, State::Backup]);
    // The Master advertises each second from 3.218750 s on; its last one is at 59.218750.
    lan.pause(master);
    lan.run_until(ms(70_000));
    let changes = changes(&lan.take_log(backup));
    let takeover = changes.last().expect("a takeover");
    assert_eq!(takeover.0, us(59_218_750 + 3_609_375));
    assert_eq!(takeover.2, Cause::MasterDownTimer);
}

#[test]
fn of_two_backups_the_higher_priority_takes_over_by_its_shorter_skew() {
    let mut lan = Lan::new();
    let master = lan.started(v2(200));
    lan.started(v2(100));
    lan.started(v2(150));
    lan.run_until(ms(10_000));
    lan.pause(master);
    lan.run_until(ms(20_000));
    assert_eq!(lan.state(1), State::Backup);
    assert_eq!(lan.state(2), State::Master);
}
