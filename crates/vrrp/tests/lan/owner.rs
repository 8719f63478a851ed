//! Address owners: priority 255, `owner_ignore_adverts`, and two of them.

use ka_vrrp::{Cause, Notice, RejectReason, RivalReason, RouterConfig, State};

use crate::config::{HIGHER, LOWER, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::{advertisements, announcements, changes, notices};
use crate::packet::Packet;

#[test]
fn an_owner_that_returns_takes_over_at_once() {
    let mut lan = Lan::new();
    lan.started(v2(254));
    lan.run_until(ms(10_000));
    lan.started(v2(255));
    lan.run_until(ms(10_001));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
}

#[test]
fn owner_ignore_adverts_drops_what_it_hears() {
    let mut lan = Lan::new();
    let host = lan.master(RouterConfig {
        owner_ignore_adverts: true,
        ..v2(255)
    });
    for (source, priority) in [(LOWER, 100), (HIGHER, 255), (HIGHER, 0)] {
        for _ in 0..10 {
            let packet = Packet::encode(lan.router(host).config(), source, priority);
            lan.inject_bad(host, &packet);
        }
    }
    let statistics = lan.router(host).statistics();
    let reason = RejectReason::OwnerIgnoresAdvertisements;
    assert_eq!(statistics.rejected(reason), 30);
    assert_eq!(statistics.advertisements_received, 0);
    let rejection = ka_vrrp::Rejection::OwnerIgnoresAdvertisements;
    let said = Notice::AdvertisementRejected {
        source: LOWER,
        rejection,
    };
    let first = Notice::MasterChanged {
        previous: None,
        current: LOWER,
    };
    let rival = |source, priority, reason| Notice::RivalMaster {
        source,
        priority,
        ours: 255,
        reason,
    };
    // Hosts listen all the same.
    let lower = rival(LOWER, 100, RivalReason::LowerPriority);
    let owner = rival(HIGHER, 255, RivalReason::AddressOwner);
    let told = notices(&lan.take_log(host));
    assert_eq!(told, [first, said, lower, owner]);
    let statistics = lan.router(host).statistics();
    assert_eq!(
        (statistics.rival_advertisements, statistics.rivals),
        (30, 2)
    );
    let now = lan.elapsed();
    lan.run_for(ms(60_000));
    let log = lan.take_log(host);
    let gone = Notice::RivalGone {
        source: HIGHER,
        rounds: 5,
    };
    assert_eq!(notices(&log), [gone]);
    assert!(announcements(&log).contains(&(now + ms(3000), 5)));
}

#[test]
fn owner_ignore_adverts_means_nothing_to_others() {
    let mut lan = Lan::new();
    let host = lan.master(RouterConfig {
        owner_ignore_adverts: true,
        ..v2(254)
    });
    lan.advertise_to(host, HIGHER, 255);
    assert_eq!(lan.state(host), State::Backup);
}

#[test]
fn of_two_owners_the_lower_address_gives_way_with_its_priority_kept() {
    let mut lan = Lan::new();
    lan.started(v2(255));
    lan.started(v2(255));
    lan.run_until(ms(60_000));
    assert_eq!(lan.states(), [State::Backup, State::Master]);
    assert_eq!(lan.router(0).effective_priority(), 255);
    assert_eq!(lan.router(1).effective_priority(), 255);
    let said = notices(&lan.take_log(1));
    let conflict = Notice::OwnerConflict {
        source: lan.host(0).address,
    };
    assert!(said.contains(&conflict));
    // The other one sees no conflict: it simply gives way.
    let said = notices(&lan.take_log(0));
    let conflict = |notice: &Notice| matches!(notice, Notice::OwnerConflict { .. });
    assert!(!said.iter().any(conflict));
}

#[test]
fn an_owner_that_gave_way_listens_again_whatever_owner_ignore_adverts_says() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500, 2600]);
    lan.run_until(ms(3000));
    lan.reconfigure(
        host,
        RouterConfig {
            owner_ignore_adverts: true,
            ..v2(255)
        },
    );
    assert_eq!(lan.router(host).effective_priority(), 254);
    rogue_at(&mut lan, host, &[3100]);
    assert_eq!(lan.due(host), Some(us(3_100_000 + 3_003_906)));
    // Owner again, it does not.
    lan.run_until(us(6_103_906));
    assert_eq!(lan.state(host), State::Master);
    assert_eq!(lan.router(host).effective_priority(), 255);
    let packet = Packet::encode(&v2(255), LOWER, 255);
    lan.inject_bad(host, &packet);
}

#[test]
fn an_owner_that_hears_another_one_before_it_is_master_says_that_it_is_backup() {
    // Without a start-up delay, and between its end and becoming Master.
    for hold in [None, Some(ms(2500))] {
        let mut lan = Lan::new();
        let host = lan.add(v2(255));
        lan.start(host, hold);
        lan.run_until(hold.unwrap_or_default());
        assert_eq!(lan.take_log(host), []);
        lan.advertise_to(host, LOWER, 255);
        let now = lan.elapsed();
        lan.run_for(ms(5000));
        assert_eq!(
            changes(&lan.take_log(host)),
            [
                (now, State::Backup, Cause::Start),
                (now + us(3_003_906), State::Master, Cause::MasterDownTimer)
            ]
        );
    }
}

#[test]
fn an_owner_about_to_become_master_is_not_kept_from_it_by_lower_priorities() {
    for (priority, wait) in [(254, 1), (0, 3906)] {
        let mut lan = Lan::new();
        let host = lan.started(v2(255));
        lan.advertise_to(host, HIGHER, priority);
        lan.run_for(ms(10));
        assert_eq!(
            changes(&lan.take_log(host)),
            [(us(wait), State::Master, Cause::AddressOwner)]
        );
    }
}

/// A Master that owns the addresses, and an owner with a lower address that does not listen.
fn conflict() -> (Lan, usize) {
    let mut lan = Lan::new();
    let host = lan.master(v2(255));
    // Its timer is due at 1.000001 s.
    lan.run_until(ms(500));
    lan.take_log(host);
    (lan, host)
}

/// The other owner advertises at these times in milliseconds.
fn rogue_at(lan: &mut Lan, host: usize, times: &[u64]) {
    for time in times {
        lan.run_until(ms(*time));
        lan.advertise_to(host, LOWER, 255);
    }
}

const REDUCED: Notice = Notice::EffectivePriorityChanged { from: 255, to: 254 };
const RESTORED: Notice = Notice::EffectivePriorityChanged { from: 254, to: 255 };

#[test]
fn the_higher_address_reduces_its_priority_after_two_of_its_own_advertisements() {
    let (mut lan, host) = conflict();
    // Answered at 0.5; own advertisements at 1.5 and, put off by an answer at 2.0, at 3.0.
    rogue_at(&mut lan, host, &[500, 2000]);
    lan.run_until(ms(3999));
    assert_eq!(lan.state(host), State::Master);
    assert!(!notices(&lan.take_log(host)).contains(&REDUCED));
    // Within 1.2 intervals of the second one.
    rogue_at(&mut lan, host, &[4200]);
    let log = lan.take_log(host);
    assert_eq!(notices(&log)[0], REDUCED);
    assert_eq!(
        changes(&log),
        [(ms(4200), State::Backup, Cause::HigherPriorityAdvertisement)]
    );
    assert_eq!(lan.router(host).effective_priority(), 254);
    // The skew is still that of 255.
    assert_eq!(lan.due(host), Some(us(4_200_000 + 3_003_906)));
}

#[test]
fn answers_do_not_count_as_its_own_advertisements() {
    // Every advertisement of its own is put off by an answer.
    for (period, reduced_after) in [(999, 4995), (900, 4500), (800, 4800), (100, 4500)] {
        let (mut lan, host) = conflict();
        let first = 600;
        for number in 0.. {
            let time = first + number * period;
            rogue_at(&mut lan, host, &[time]);
            let reduced = lan.router(host).effective_priority() == 254;
            assert_eq!(reduced, time >= first + reduced_after, "at {time} ms");
            if reduced {
                break;
            }
        }
        assert_eq!(lan.state(host), State::Backup);
        // Said once.
        let said = notices(&lan.take_log(host));
        let conflicts = said
            .iter()
            .filter(|notice| matches!(notice, Notice::OwnerConflict { .. }));
        assert_eq!(conflicts.count(), 1);
    }
}

#[test]
fn an_owner_that_advertises_as_often_and_does_not_listen_is_given_way_to_after_five_intervals() {
    let mut lan = Lan::new();
    let rogue = lan.add(RouterConfig {
        owner_ignore_adverts: true,
        ..v2(255)
    });
    let host = lan.master(v2(255));
    lan.run_until(ms(500));
    lan.weather.delay = ms(1);
    lan.start(rogue, None);
    lan.take_log(host);
    lan.run_until(ms(20_000));
    // Each of its advertisements arrives when the next one here is due, and is heard first.
    let first = us(501_001);
    let changes = changes(&lan.take_log(host));
    let gave_way = Cause::HigherPriorityAdvertisement;
    assert_eq!(changes, [(first + ms(5000), State::Backup, gave_way)]);
    assert_eq!(lan.router(host).effective_priority(), 254);
}

#[test]
fn an_owner_that_advertises_as_often_but_always_second_is_given_way_to_after_two_intervals() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500, 1500]);
    assert_eq!(lan.router(host).effective_priority(), 255);
    rogue_at(&mut lan, host, &[2500]);
    assert_eq!(lan.router(host).effective_priority(), 254);
}

#[test]
fn a_conflict_ends_with_being_master() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500]);
    // Two advertisements of its own, at 1.5 and 2.5; then a short time as Backup.
    lan.run_until(ms(2600));
    lan.advertise_to(host, HIGHER, 255);
    lan.advertise_to(host, HIGHER, 0);
    lan.run_until(ms(2700));
    assert_eq!(lan.state(host), State::Master);
    lan.take_log(host);
    rogue_at(&mut lan, host, &[3600]);
    let again = Notice::OwnerConflict { source: LOWER };
    assert!(notices(&lan.take_log(host)).contains(&again));
    assert_eq!(lan.router(host).effective_priority(), 255);
}

#[test]
fn an_owner_that_falls_silent_in_the_window_ends_the_conflict() {
    let (mut lan, host) = conflict();
    // Own advertisements at 1.5 and 2.5: the window ends at 3.7.
    rogue_at(&mut lan, host, &[500]);
    lan.run_until(ms(3701));
    lan.take_log(host);
    rogue_at(&mut lan, host, &[3800]);
    assert_eq!(lan.router(host).effective_priority(), 255);
    let again = Notice::OwnerConflict { source: LOWER };
    assert_eq!(notices(&lan.take_log(host))[0], again);
}

#[test]
fn the_window_ends_after_one_and_a_fifth_of_the_interval() {
    for (time, reduced) in [(3_700_000, true), (3_700_001, false)] {
        let (mut lan, host) = conflict();
        rogue_at(&mut lan, host, &[500]);
        lan.run_until(us(time));
        lan.advertise_to(host, LOWER, 255);
        let effective = lan.router(host).effective_priority();
        assert_eq!(effective == 254, reduced, "at {time} us");
    }
}

#[test]
fn a_reduced_owner_says_254_once_more_when_it_takes_over() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500, 2600]);
    assert_eq!(lan.router(host).effective_priority(), 254);
    lan.take_log(host);
    lan.run_until(ms(8000));
    let log = lan.take_log(host);
    let takeover = us(2_600_000 + 3_003_906);
    assert_eq!(
        advertisements(&log)[..2],
        [(takeover, 254), (takeover + ms(1000), 255)]
    );
    assert_eq!(notices(&log)[0], RESTORED);
    assert_eq!(lan.router(host).effective_priority(), 255);
}

#[test]
fn a_reduced_owner_recovers_when_it_hears_anything_but_the_other_owner() {
    for (source, priority, restored) in [
        (LOWER, 255, false),
        (LOWER, 100, true),
        (LOWER, 0, true),
        (HIGHER, 255, true),
        (HIGHER, 100, true),
        (HIGHER, 0, true),
    ] {
        let (mut lan, host) = conflict();
        rogue_at(&mut lan, host, &[500, 2600]);
        lan.take_log(host);
        lan.advertise_to(host, source, priority);
        let said = notices(&lan.take_log(host)).contains(&RESTORED);
        assert_eq!(said, restored, "priority {priority} of {source}");
        let effective = lan.router(host).effective_priority();
        assert_eq!(effective == 255, restored);
    }
}

#[test]
fn a_reduced_owner_is_owner_again_when_it_is_started_again() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500, 2600]);
    lan.stop(host);
    assert_eq!(lan.router(host).effective_priority(), 254);
    lan.start(host, None);
    assert_eq!(lan.router(host).effective_priority(), 255);
    lan.run_for(ms(1));
    assert_eq!(lan.state(host), State::Master);
}

#[test]
fn an_old_conflict_does_no_harm() {
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500]);
    lan.run_for(ms(1_000_000));
    assert_eq!(lan.state(host), State::Master);
    assert_eq!(lan.router(host).effective_priority(), 255);
    // Nor does one from before this router was owner again.
    let (mut lan, host) = conflict();
    rogue_at(&mut lan, host, &[500]);
    lan.run_until(ms(2600));
    lan.reconfigure(host, v2(254));
    lan.reconfigure(host, v2(255));
    lan.take_log(host);
    rogue_at(&mut lan, host, &[2700]);
    assert_eq!(lan.state(host), State::Master);
    let again = Notice::OwnerConflict { source: LOWER };
    assert_eq!(notices(&lan.take_log(host))[0], again);
}

#[test]
fn the_longer_interval_decides_how_long_the_window_is() {
    for (time, reduced) in [(6_100, true), (6_101, false)] {
        let mut lan = Lan::new();
        let host = lan.master(v3(255, ms(1000)));
        lan.run_until(ms(500));
        let config = lan.router(host).config().clone();
        let rogue = Packet::with_interval(&config, LOWER, 255, ms(3000));
        lan.inject(host, &rogue);
        // Own advertisements at 1.5 and 2.5; 1.2 times 3 s more.
        lan.run_until(ms(time));
        lan.inject(host, &rogue);
        let effective = lan.router(host).effective_priority();
        assert_eq!(effective == 254, reduced, "at {time} ms");
    }
}
