//! A host that does not run for a while, with and without `timer_expired_backup`.

use ka_vrrp::{Action, Cause, RouterConfig, State};
use ka_wire::Version;

use crate::config::{ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::{actions, advertisements, changed, changes};

fn nopreempt(config: RouterConfig) -> RouterConfig {
    RouterConfig {
        preempt_mode: false,
        ..config
    }
}

fn expiring(config: RouterConfig) -> RouterConfig {
    RouterConfig {
        timer_expired_backup: Some(254),
        ..nopreempt(config)
    }
}

#[test]
fn a_late_master_advertises_late_and_keeps_its_pace() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let start = lan.elapsed();
    lan.pause(host);
    lan.run_for(ms(1300));
    lan.resume(host);
    lan.run_for(ms(2000));
    // 0.3 s late once; the next one is not late.
    let expected = [1300, 2000, 3000].map(|time| (start + ms(time), 100));
    assert_eq!(advertisements(&lan.take_log(host)), expected);
}

#[test]
fn intervals_slept_through_are_not_made_up_for() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    let start = lan.elapsed();
    lan.pause(host);
    lan.run_for(ms(5500));
    lan.resume(host);
    lan.run_for(ms(2400));
    let expected = [5500, 6500, 7500].map(|time| (start + ms(time), 100));
    assert_eq!(advertisements(&lan.take_log(host)), expected);
}

#[test]
fn a_master_that_slept_too_long_becomes_backup_without_resigning() {
    // 3 intervals and the skew of 254: 2/256 of a second or of the interval.
    for (config, expires) in [
        (v2(100), 3_007_812),
        (v3(100, ms(1000)), 3_007_812),
        (v3(100, ms(500)), 1_503_906),
    ] {
        let interval = config.advertisement_interval;
        for (slept, expired) in [(expires - 1, false), (expires, true)] {
            let mut lan = Lan::new();
            let host = lan.master(expiring(config.clone()));
            let last = lan.elapsed();
            lan.pause(host);
            lan.run_for(us(slept));
            lan.resume(host);
            let log = lan.take_log(host);
            if !expired {
                assert_eq!(
                    log,
                    [(last + us(slept), Action::Advertise { priority: 100 })]
                );
                continue;
            }
            let late = us(expires) - interval;
            let at = last + us(expires);
            let cause = Cause::TimerExpired { late };
            assert_eq!(
                log,
                [
                    (at, Action::CancelAnnouncements),
                    (at, Action::ReleaseAddresses),
                    (at, changed(State::Master, State::Backup, cause)),
                ]
            );
            let down = lan.router(host).master_down_interval();
            assert_eq!(lan.due(host), Some(at + down));
        }
    }
}

#[test]
fn the_highest_other_priority_decides_when_it_is_too_long() {
    for (version, expires) in [
        (Version::V2, 3_609_375),
        (Version::V3, 6_000_000 + 1_218_750),
    ] {
        let interval = match version {
            Version::V2 => ms(1000),
            Version::V3 => ms(2000),
        };
        for (slept, state) in [(expires - 1, State::Master), (expires, State::Backup)] {
            let mut lan = Lan::new();
            let host = lan.master(RouterConfig {
                timer_expired_backup: Some(100),
                version,
                advertisement_interval: interval,
                ..nopreempt(v2(200))
            });
            lan.pause(host);
            lan.run_for(us(slept));
            lan.resume(host);
            assert_eq!(lan.state(host), state, "after {slept} us");
        }
    }
}

#[test]
fn a_master_that_slept_listens_first_and_leaves_the_new_master_in_place() {
    let mut lan = Lan::new();
    let sleeper = lan.started(expiring(v2(200)));
    lan.started(expiring(v2(100)));
    lan.run_until(ms(10_000));
    lan.take_log(sleeper);
    lan.pause(sleeper);
    lan.run_until(ms(20_000));
    lan.resume(sleeper);
    // Expired before it heard the first of the packets that waited.
    let changes = changes(&lan.take_log(sleeper));
    assert_eq!(changes.len(), 1);
    assert!(matches!(changes[0].2, Cause::TimerExpired { .. }));
    let new_master = (lan.host(1).address, 100);
    assert_eq!(lan.router(sleeper).master(), Some(new_master));
    lan.run_until(ms(60_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
}

#[test]
fn a_reload_does_not_let_a_master_that_slept_too_long_go_on() {
    let mut lan = Lan::new();
    let host = lan.master(expiring(v2(100)));
    lan.pause(host);
    lan.run_for(us(3_007_812));
    // It wakes, and the new configuration is what it is told first.
    lan.reconfigure(host, expiring(v2(150)));
    let cause = Cause::TimerExpired {
        late: us(2_007_812),
    };
    assert_eq!(
        actions(lan.take_log(host)),
        [
            Action::CancelAnnouncements,
            Action::ReleaseAddresses,
            changed(State::Master, State::Backup, cause),
        ]
    );
    // Which then holds: it waits as Backup of priority 150.
    assert_eq!(lan.due(host), Some(lan.elapsed() + us(3_414_062)));
}

#[test]
fn without_the_option_the_sleeper_goes_on_as_master() {
    let mut lan = Lan::new();
    let sleeper = lan.started(nopreempt(v2(200)));
    lan.started(nopreempt(v2(100)));
    lan.run_until(ms(10_000));
    lan.take_log(sleeper);
    lan.pause(sleeper);
    lan.run_until(ms(20_000));
    assert_eq!(lan.states(), [State::Master, State::Master]);
    lan.resume(sleeper);
    lan.run_until(ms(60_000));
    assert_eq!(changes(&lan.take_log(sleeper)), []);
    assert_eq!(lan.states(), [State::Master, State::Backup]);
}

#[test]
fn a_backup_that_slept_hears_the_master_before_it_looks_at_its_timer() {
    let mut lan = Lan::new();
    lan.started(v2(200));
    let sleeper = lan.started(v2(100));
    lan.run_until(ms(10_000));
    lan.take_log(sleeper);
    lan.pause(sleeper);
    lan.run_until(ms(30_000));
    lan.resume(sleeper);
    lan.run_until(ms(60_000));
    assert_eq!(changes(&lan.take_log(sleeper)), []);
}
