//! What a Master makes of what it hears.

use ka_vrrp::{Action, Cause, Notice, RouterConfig, State};
use ka_wire::Family;

use crate::config::{HIGHER, LOWER, config, ms, us, v2};
use crate::lan::Lan;
use crate::log::{actions, advertisements, changed, changes};

/// A Master that advertised 0.4 s ago, and the time.
fn master(config: RouterConfig) -> (Lan, usize, std::time::Duration) {
    let mut lan = Lan::new();
    let host = lan.master(config);
    lan.advertise_to(host, LOWER, 1);
    lan.run_for(ms(400));
    lan.take_log(host);
    let now = lan.elapsed();
    (lan, host, now)
}

fn from(source: std::net::IpAddr) -> Action {
    Action::Notify(Notice::MasterChanged {
        previous: Some(LOWER),
        current: source,
    })
}

#[test]
fn it_advertises_each_interval() {
    let (mut lan, host, _) = master(v2(100));
    let next = lan.due(host).expect("a timer");
    lan.run_until(next + ms(3500));
    let expected = [0, 1, 2, 3].map(|second| (next + ms(second * 1000), 100));
    assert_eq!(advertisements(&lan.take_log(host)), expected);
    assert_eq!(lan.router(host).statistics().advertisements_sent, 6);
}

#[test]
fn priority_zero_is_answered_at_once() {
    let (mut lan, host, now) = master(v2(100));
    lan.advertise_to(host, HIGHER, 0);
    let notice = Notice::PriorityZeroReceived {
        source: HIGHER,
        state: State::Master,
    };
    assert_eq!(
        actions(lan.take_log(host)),
        [
            from(HIGHER),
            Action::Notify(notice),
            Action::Advertise { priority: 100 }
        ]
    );
    assert_eq!(lan.state(host), State::Master);
    assert_eq!(lan.due(host), Some(now + ms(1000)));
    assert_eq!(lan.router(host).statistics().priority_zero_received, 1);
}

#[test]
fn a_lower_priority_is_answered_and_the_addresses_announced() {
    for (source, priority) in [(HIGHER, 99), (LOWER, 99), (LOWER, 100)] {
        let (mut lan, host, now) = master(v2(100));
        lan.advertise_to(host, source, priority);
        let notice = Notice::LowerPriorityAdvertisement {
            source,
            priority,
            ours: 100,
            answered: true,
        };
        let mut expected = vec![
            Action::Notify(notice),
            Action::Advertise { priority: 100 },
            Action::Announce { rounds: 5 },
        ];
        if source == HIGHER {
            expected.insert(0, from(HIGHER));
        }
        assert_eq!(actions(lan.take_log(host)), expected);
        assert_eq!(lan.state(host), State::Master);
        assert_eq!(lan.due(host), Some(now + ms(1000)), "the timer restarts");
    }
}

#[test]
fn lower_prio_no_advert_announces_without_answering() {
    let (mut lan, host, _) = master(RouterConfig {
        lower_prio_no_advert: true,
        ..v2(100)
    });
    let due = lan.due(host);
    lan.advertise_to(host, LOWER, 50);
    let notice = Notice::LowerPriorityAdvertisement {
        source: LOWER,
        priority: 50,
        ours: 100,
        answered: false,
    };
    assert_eq!(
        actions(lan.take_log(host)),
        [Action::Notify(notice), Action::Announce { rounds: 5 },]
    );
    assert_eq!(lan.due(host), due, "the timer goes on");
}

#[test]
fn higher_prio_send_advert_does_not_answer_a_lower_priority() {
    let (mut lan, host, _) = master(RouterConfig {
        lower_prio_no_advert: true,
        higher_prio_send_advert: true,
        ..v2(100)
    });
    for (source, priority) in [(LOWER, 50), (LOWER, 100), (HIGHER, 50)] {
        lan.advertise_to(host, source, priority);
        assert_eq!(advertisements(&lan.take_log(host)), []);
    }
}

/// What giving way looks like, with what comes first.
fn gives_way(priority: u8, ours: u8, last_advertisement: bool) -> Vec<Action> {
    let notice = Notice::HigherPriorityAdvertisement {
        source: HIGHER,
        priority,
        ours,
    };
    let mut expected = vec![from(HIGHER), Action::Notify(notice)];
    if last_advertisement {
        expected.push(Action::Advertise { priority: ours });
    }
    expected.extend([
        Action::CancelAnnouncements,
        Action::ReleaseAddresses,
        changed(
            State::Master,
            State::Backup,
            Cause::HigherPriorityAdvertisement,
        ),
    ]);
    expected
}

#[test]
fn it_gives_way_to_a_higher_priority_without_resigning() {
    let (mut lan, host, now) = master(v2(100));
    lan.advertise_to(host, HIGHER, 101);
    assert_eq!(actions(lan.take_log(host)), gives_way(101, 100, false));
    assert_eq!(lan.due(host), Some(now + us(3_609_375)));
    assert_eq!(lan.router(host).master(), Some((HIGHER, 101)));
    assert_eq!(lan.router(host).statistics().released_master, 1);
    assert_eq!(lan.router(host).statistics().priority_zero_sent, 0);
}

#[test]
fn it_gives_way_to_a_higher_priority_at_a_lower_address() {
    let (mut lan, host, _) = master(v2(100));
    lan.advertise_to(host, LOWER, 101);
    assert_eq!(lan.state(host), State::Backup);
}

#[test]
fn it_gives_way_to_an_equal_priority_at_a_higher_address() {
    let (mut lan, host, _) = master(v2(100));
    lan.advertise_to(host, HIGHER, 100);
    assert_eq!(actions(lan.take_log(host)), gives_way(100, 100, false));
}

#[test]
fn it_gives_way_even_when_nobody_may_preempt_it() {
    let (mut lan, host, _) = master(RouterConfig {
        preempt_mode: false,
        ..v2(100)
    });
    lan.advertise_to(host, HIGHER, 101);
    assert_eq!(lan.state(host), State::Backup);
}

#[test]
fn higher_prio_send_advert_advertises_once_more_before_giving_way() {
    for priority in [100, 200] {
        let (mut lan, host, _) = master(RouterConfig {
            higher_prio_send_advert: true,
            ..v2(100)
        });
        lan.advertise_to(host, HIGHER, priority);
        assert_eq!(actions(lan.take_log(host)), gives_way(priority, 100, true));
    }
}

#[test]
fn its_own_address_with_equal_priority_is_only_said() {
    let (mut lan, host, _) = master(v2(100));
    let ours = lan.host(host).address;
    let due = lan.due(host);
    lan.advertise_to(host, ours, 100);
    assert_eq!(
        actions(lan.take_log(host)),
        [
            from(ours),
            Action::Notify(Notice::OwnAddressReceived { source: ours })
        ]
    );
    assert_eq!(lan.due(host), due, "the timer goes on");
    assert_eq!(lan.state(host), State::Master);
}

#[test]
fn equal_priorities_settle_on_the_higher_address_after_a_partition() {
    for family in [Family::V4, Family::V6] {
        let mut lan = Lan::new();
        for _ in 0..3 {
            lan.started(config(family, 100));
        }
        for host in 0..3 {
            lan.host_mut(host).segment = host as u8;
        }
        lan.run_until(ms(30_000));
        assert_eq!(lan.states(), [State::Master; 3]);
        for host in 0..3 {
            lan.host_mut(host).segment = 0;
            lan.take_log(host);
        }
        lan.run_until(ms(90_000));
        assert_eq!(lan.states(), [State::Backup, State::Backup, State::Master]);
        // Each gave way once and nobody flapped.
        for (host, expected) in [(0, 1), (1, 1), (2, 0)] {
            assert_eq!(changes(&lan.take_log(host)).len(), expected);
        }
    }
}

#[test]
fn a_higher_priority_that_comes_back_takes_over_after_its_down_interval() {
    let mut lan = Lan::new();
    let low = lan.started(v2(100));
    lan.run_until(ms(10_000));
    let high = lan.started(v2(200));
    lan.run_until(ms(30_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
    let takeover = us(10_000_000 + 3_218_750);
    assert_eq!(
        changes(&lan.take_log(high))[1],
        (takeover, State::Master, Cause::MasterDownTimer)
    );
    assert_eq!(
        changes(&lan.take_log(low)).last(),
        Some(&(takeover, State::Backup, Cause::HigherPriorityAdvertisement))
    );
}

#[test]
fn without_preemption_it_comes_back_as_backup() {
    let mut lan = Lan::new();
    let nopreempt = |priority| RouterConfig {
        preempt_mode: false,
        ..v2(priority)
    };
    lan.started(nopreempt(100));
    lan.run_until(ms(10_000));
    lan.started(nopreempt(200));
    lan.run_until(ms(60_000));
    assert_eq!(lan.states(), [State::Master, State::Backup]);
}
