//! What a Backup makes of what it hears.

use ka_vrrp::{Action, Cause, Notice, RouterConfig, State};

use crate::config::{HIGHER, LOWER, ms, us, v2};
use crate::lan::Lan;
use crate::log::{changed, changes, notices};
use crate::packet::Packet;

const DOWN: u64 = 3_609_375;
const SKEW: u64 = 609_375;

fn backup(config: RouterConfig) -> (Lan, usize) {
    let mut lan = Lan::new();
    let host = lan.started(config);
    lan.take_log(host);
    (lan, host)
}

fn heard_first(source: std::net::IpAddr) -> Notice {
    Notice::MasterChanged {
        previous: None,
        current: source,
    }
}

#[test]
fn priority_zero_leaves_the_skew_time() {
    let (mut lan, host) = backup(v2(100));
    lan.run_until(ms(1000));
    lan.advertise_to(host, HIGHER, 200);
    lan.run_until(ms(1500));
    lan.advertise_to(host, HIGHER, 0);
    assert_eq!(lan.due(host), Some(us(1_500_000 + SKEW)));
    assert_eq!(
        notices(&lan.take_log(host)),
        [
            heard_first(HIGHER),
            Notice::PriorityZeroReceived {
                source: HIGHER,
                state: State::Backup
            }
        ]
    );
    assert_eq!(lan.router(host).statistics().priority_zero_received, 1);
    // Nobody else answers: this router takes over.
    lan.run_until(ms(5000));
    let expected = (us(1_500_000 + SKEW), State::Master, Cause::MasterDownTimer);
    assert_eq!(changes(&lan.take_log(host)), [expected]);
}

#[test]
fn a_higher_priority_restarts_the_timer() {
    let (mut lan, host) = backup(v2(100));
    for second in 1..=20 {
        lan.run_until(ms(second * 1000));
        lan.advertise_to(host, HIGHER, 101);
        assert_eq!(lan.due(host), Some(us(second * 1_000_000 + DOWN)));
    }
    assert_eq!(notices(&lan.take_log(host)), [heard_first(HIGHER)]);
    assert_eq!(lan.router(host).master(), Some((HIGHER, 101)));
}

#[test]
fn an_equal_priority_is_accepted_from_any_address() {
    for source in [LOWER, HIGHER] {
        let (mut lan, host) = backup(v2(100));
        lan.run_until(ms(1000));
        lan.advertise_to(host, source, 100);
        assert_eq!(lan.due(host), Some(us(1_000_000 + DOWN)));
        assert_eq!(lan.router(host).master(), Some((source, 100)));
    }
}

#[test]
fn a_lower_priority_is_discarded_and_the_remaining_time_kept() {
    let (mut lan, host) = backup(v2(100));
    for time in [1000, 2000, 3000] {
        lan.run_until(ms(time));
        lan.advertise_to(host, HIGHER, 99);
    }
    assert_eq!(lan.due(host), Some(us(DOWN)));
    let discarded = Notice::LowerPriorityDiscarded {
        source: HIGHER,
        priority: 99,
    };
    assert_eq!(
        notices(&lan.take_log(host)),
        [heard_first(HIGHER), discarded, discarded, discarded]
    );
    assert_eq!(lan.router(host).master(), None);
}

#[test]
fn without_preemption_a_lower_priority_is_accepted() {
    let (mut lan, host) = backup(RouterConfig {
        preempt_mode: false,
        ..v2(100)
    });
    lan.run_until(ms(1000));
    lan.advertise_to(host, LOWER, 1);
    assert_eq!(lan.due(host), Some(us(1_000_000 + DOWN)));
    assert_eq!(lan.router(host).master(), Some((LOWER, 1)));
}

#[test]
fn an_invalid_packet_leaves_the_timer_alone() {
    let (mut lan, host) = backup(v2(100));
    lan.run_until(ms(1000));
    let mut packet = Packet::encode(lan.router(host).config(), HIGHER, 200);
    packet.payload[7] ^= 1;
    lan.inject_bad(host, &packet);
    lan.run_until(us(DOWN));
    assert_eq!(lan.state(host), State::Master);
}

#[test]
fn taking_over_advertises_first_then_acquires_then_announces() {
    let (mut lan, host) = backup(v2(100));
    lan.run_until(us(DOWN));
    let at = us(DOWN);
    assert_eq!(
        lan.take_log(host),
        [
            (at, Action::Advertise { priority: 100 }),
            (at, Action::AcquireAddresses),
            (at, Action::Announce { rounds: 5 }),
            (
                at,
                changed(State::Backup, State::Master, Cause::MasterDownTimer)
            ),
        ]
    );
    assert_eq!(lan.router(host).statistics().became_master, 1);
    assert_eq!(lan.router(host).master(), None);
}

#[test]
fn a_change_of_sender_is_told() {
    let (mut lan, host) = backup(v2(100));
    for source in [HIGHER, LOWER, LOWER, HIGHER] {
        lan.advertise_to(host, source, 200);
    }
    let to = |previous, current| Notice::MasterChanged { previous, current };
    assert_eq!(
        notices(&lan.take_log(host)),
        [
            to(None, HIGHER),
            to(Some(HIGHER), LOWER),
            to(Some(LOWER), HIGHER)
        ]
    );
}

fn delaying() -> RouterConfig {
    RouterConfig {
        preempt_delay: ms(2500),
        ..v2(100)
    }
}

#[test]
fn preempt_delay_counts_from_the_first_lower_priority() {
    let (mut lan, host) = backup(delaying());
    for second in 1..=10 {
        lan.run_until(ms(second * 1000));
        if lan.state(host) == State::Backup {
            lan.advertise_to(host, LOWER, 50);
        }
    }
    let log = lan.take_log(host);
    let notices = notices(&log);
    assert_eq!(
        notices[..2],
        [
            heard_first(LOWER),
            Notice::PreemptDelayStarted { delay: ms(2500) }
        ]
    );
    // Accepted at 1, 2 and 3 s; the delay ends at 3.5 s; then the rest of the timer runs out.
    let takeover = us(3_000_000 + DOWN);
    assert_eq!(
        changes(&log),
        [(takeover, State::Master, Cause::MasterDownTimer)]
    );
    let discarded = Notice::LowerPriorityDiscarded {
        source: LOWER,
        priority: 50,
    };
    assert_eq!(notices[2..5], [discarded; 3]);
}

#[test]
fn preempt_delay_is_over_at_its_very_end() {
    let (mut lan, host) = backup(delaying());
    lan.advertise_to(host, LOWER, 50);
    lan.run_until(us(2_499_999));
    lan.advertise_to(host, LOWER, 50);
    assert_eq!(lan.due(host), Some(us(2_499_999 + DOWN)));
    lan.run_until(us(2_500_000));
    lan.advertise_to(host, LOWER, 50);
    assert_eq!(lan.due(host), Some(us(2_499_999 + DOWN)));
}

#[test]
fn preempt_delay_stops_at_a_priority_that_is_not_lower() {
    for priority in [100, 200] {
        let (mut lan, host) = backup(delaying());
        lan.advertise_to(host, LOWER, 50);
        lan.run_until(ms(2000));
        lan.advertise_to(host, HIGHER, priority);
        let said = notices(&lan.take_log(host));
        assert_eq!(said.last(), Some(&Notice::PreemptDelayStopped));
        // The next lower priority starts a whole delay.
        lan.run_until(ms(3000));
        lan.advertise_to(host, LOWER, 50);
        let said = notices(&lan.take_log(host));
        let started = Notice::PreemptDelayStarted { delay: ms(2500) };
        assert_eq!(said.last(), Some(&started));
        lan.run_until(ms(5499));
        lan.advertise_to(host, LOWER, 50);
        assert_eq!(lan.due(host), Some(us(5_499_000 + DOWN)));
    }
}

#[test]
fn preempt_delay_starts_over_on_every_entry_to_backup() {
    let (mut lan, host) = backup(delaying());
    lan.advertise_to(host, LOWER, 50);
    lan.run_until(ms(2400));
    lan.set_link(host, false);
    lan.set_link(host, true);
    lan.take_log(host);
    lan.run_until(ms(3000));
    lan.advertise_to(host, LOWER, 50);
    assert_eq!(
        notices(&lan.take_log(host)),
        [Notice::PreemptDelayStarted { delay: ms(2500) }]
    );
    assert_eq!(lan.due(host), Some(us(3_000_000 + DOWN)));
}

#[test]
fn preempt_delay_starts_over_after_giving_way() {
    let (mut lan, host) = backup(delaying());
    lan.advertise_to(host, LOWER, 50);
    // The Master falls silent: the delay is of no interest any more.
    lan.run_until(us(DOWN));
    assert_eq!(lan.state(host), State::Master);
    lan.advertise_to(host, HIGHER, 200);
    assert_eq!(lan.state(host), State::Backup);
    lan.run_until(ms(5000));
    lan.take_log(host);
    lan.advertise_to(host, LOWER, 50);
    let said = notices(&lan.take_log(host));
    let started = Notice::PreemptDelayStarted { delay: ms(2500) };
    assert_eq!(said.last(), Some(&started));
    lan.run_until(ms(7499));
    lan.advertise_to(host, LOWER, 50);
    assert_eq!(lan.due(host), Some(us(7_499_000 + DOWN)));
}

#[test]
fn anybody_may_resign_even_who_is_not_the_master() {
    let nopreempt = RouterConfig {
        preempt_mode: false,
        ..v2(100)
    };
    for (config, master) in [(v2(100), 200), (nopreempt, 50), (delaying(), 50)] {
        let (mut lan, host) = backup(config);
        lan.advertise_to(host, LOWER, master);
        lan.run_until(ms(1000));
        lan.advertise_to(host, HIGHER, 0);
        assert_eq!(lan.due(host), Some(us(1_000_000 + SKEW)));
        // The Master itself has not resigned.
        lan.run_until(ms(1500));
        lan.advertise_to(host, LOWER, master);
        assert_eq!(lan.due(host), Some(us(1_500_000 + DOWN)));
    }
}

#[test]
fn preempt_delay_does_not_delay_taking_over_from_nobody() {
    let (mut lan, host) = backup(RouterConfig {
        preempt_delay: ms(1_000_000),
        ..v2(100)
    });
    lan.run_until(us(DOWN));
    assert_eq!(lan.state(host), State::Master);
}
