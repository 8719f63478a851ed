//! Stopping: a Master resigns, everybody says so.

use ka_vrrp::{Action, Cause, Notice, State};

use crate::config::{HIGHER, ms, us, v2};
use crate::lan::Lan;
use crate::log::{actions, changed, changes};

#[test]
fn a_master_resigns_once_and_releases() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    lan.stop(host);
    assert_eq!(
        actions(lan.take_log(host)),
        [
            Action::Advertise { priority: 0 },
            Action::Notify(Notice::PriorityZeroSent),
            Action::CancelAnnouncements,
            Action::ReleaseAddresses,
            changed(State::Master, State::Stop, Cause::Stop),
        ]
    );
    let statistics = lan.router(host).statistics();
    assert_eq!(statistics.priority_zero_sent, 1);
    assert_eq!(statistics.advertisements_sent, 2);
}

#[test]
fn others_only_say_so() {
    let mut lan = Lan::new();
    let initial = lan.add(v2(100));
    let backup = lan.started(v2(100));
    let faulty = lan.add(v2(100));
    lan.host_mut(faulty).link = false;
    lan.start(faulty, None);
    let states = [
        (initial, State::Init),
        (backup, State::Backup),
        (faulty, State::Fault),
    ];
    for (host, state) in states {
        lan.take_log(host);
        lan.stop(host);
        assert_eq!(
            actions(lan.take_log(host)),
            [changed(state, State::Stop, Cause::Stop)]
        );
    }
}

#[test]
fn an_owner_stopped_again_before_it_became_master_has_nothing_new_to_say() {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    lan.stop(host);
    lan.take_log(host);
    lan.start(host, None);
    lan.stop(host);
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.state(host), State::Stop);
}

#[test]
fn a_stopped_router_knows_no_master() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    lan.advertise_to(host, HIGHER, 200);
    lan.stop(host);
    assert_eq!(lan.router(host).master(), None);
}

#[test]
fn a_stopped_router_does_nothing_any_more() {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    lan.stop(host);
    lan.take_log(host);
    lan.stop(host);
    lan.set_link(host, false);
    lan.set_link(host, true);
    lan.advertise_to(host, HIGHER, 100);
    lan.run_for(ms(60_000));
    assert_eq!(actions(lan.take_log(host)), []);
    assert_eq!(lan.due(host), None);
}

#[test]
fn the_next_router_takes_over_after_its_skew_time() {
    let mut lan = Lan::new();
    let master = lan.started(v2(200));
    let low = lan.started(v2(100));
    let next = lan.started(v2(150));
    lan.run_until(ms(10_000));
    lan.take_log(next);
    lan.stop(master);
    lan.run_until(ms(30_000));
    let takeover = us(10_000_000 + 106 * 1_000_000 / 256);
    assert_eq!(
        changes(&lan.take_log(next)),
        [(takeover, State::Master, Cause::MasterDownTimer)]
    );
    assert_eq!(lan.state(low), State::Backup);
}
