//! Sync groups: their members change their state together.

use ka_vrrp::{
    Action, Cause, Faults, GarpConfig, InitialState, Notice, RouterConfig, State, Tracking,
};

use crate::config::{HIGHER, LOWER, ms, us, v2, v3};
use crate::group::GroupId;
use crate::lan::{HostId, Lan};
use crate::log::{advertisements, announcements, changes, notices};

use State::{Backup, Fault, Init, Master, Stop};

const FAULTY: Tracking = Tracking {
    priority: 0,
    faults: 1,
    awaited: 0,
};
const AWAITS: Tracking = Tracking {
    priority: 0,
    faults: 0,
    awaited: 1,
};
const WELL: Tracking = Tracking {
    priority: 0,
    faults: 0,
    awaited: 0,
};
const DRAGGED: Cause = Cause::Fault {
    faults: Faults {
        group: true,
        ..Faults::NONE
    },
};

/// Seconds after which a Backup of VRRPv2 takes over: priority 200, 100.
const DOWN_200: u64 = 3_218_750;
const DOWN_100: u64 = 3_609_375;

/// A machine that is Master, what led to that forgotten.
fn master(lan: &mut Lan, priorities: &[u8]) -> GroupId {
    let group = lan.started_machine(priorities.iter().copied().map(v2));
    lan.run_for(ms(4000));
    assert_eq!(lan.group_state(group), Master);
    forget(lan, group);
    group
}

fn forget(lan: &mut Lan, group: GroupId) {
    for id in lan.members(group).to_vec() {
        lan.take_log(id);
    }
    lan.take_group_log(group);
    lan.take_chronicle();
}

/// The changes of a member: `(microseconds, state, cause)`.
fn told(lan: &mut Lan, id: HostId) -> Vec<(u64, State, Cause)> {
    let changes = changes(&lan.take_log(id)).into_iter();
    let in_us = |(at, state, cause): (std::time::Duration, State, Cause)| {
        (
            u64::try_from(at.as_micros()).expect("a short test"),
            state,
            cause,
        )
    };
    changes.map(in_us).collect()
}

/// The changes of a group likewise.
fn told_of(lan: &mut Lan, group: GroupId) -> Vec<(u64, State, State)> {
    let changes = lan.take_group_log(group).into_iter();
    let in_us = |(at, change): (std::time::Duration, ka_vrrp::GroupChange)| {
        (
            u64::try_from(at.as_micros()).expect("a short test"),
            change.from,
            change.to,
        )
    };
    changes.map(in_us).collect()
}

#[test]
fn a_group_says_what_it_is_before_its_members_do_when_it_starts() {
    let mut lan = Lan::new();
    lan.take_chronicle();
    lan.started_machine([v2(200), v2(100)]);
    assert_eq!(
        lan.take_chronicle(),
        ["group 0 BACKUP", "0 BACKUP", "1 BACKUP"]
    );
}

#[test]
fn members_of_different_priorities_become_master_together_when_the_slower_one_may() {
    let mut lan = Lan::new();
    lan.take_chronicle();
    let group = lan.started_machine([v2(200), v2(100)]);
    lan.run_until(us(DOWN_100 - 1));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    // The one that was ready waits as long again meanwhile.
    assert_eq!(lan.due(0), Some(us(2 * DOWN_200)));
    lan.take_chronicle();
    lan.run_until(us(DOWN_100));
    assert_eq!(
        lan.take_chronicle(),
        [
            "1 sends 100",
            "1 acquires",
            "1 announces 5",
            "1 MASTER",
            "0 sends 200",
            "0 acquires",
            "0 announces 5",
            "0 MASTER",
            "group 0 MASTER"
        ]
    );
    assert_eq!(told(&mut lan, 0)[1..], [(DOWN_100, Master, Cause::Group)]);
    assert_eq!(
        told(&mut lan, 1)[1..],
        [(DOWN_100, Master, Cause::MasterDownTimer)]
    );
    assert_eq!(told_of(&mut lan, group)[1..], [(DOWN_100, Backup, Master)]);
}

#[test]
fn that_is_so_again_after_every_recovery() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[200, 100]);
    for _ in 0..3 {
        lan.set_link(0, false);
        assert_eq!(lan.member_states(group), [Fault, Fault]);
        lan.run_for(ms(500));
        lan.set_link(0, true);
        let start = u64::try_from(lan.elapsed().as_micros()).expect("a short test");
        assert_eq!(lan.member_states(group), [Backup, Backup]);
        forget(&mut lan, group);
        lan.run_for(ms(4000));
        assert_eq!(
            told_of(&mut lan, group),
            [(start + DOWN_100, Backup, Master)]
        );
    }
}

#[test]
fn three_members_follow_in_the_order_of_the_configuration_behind_the_one_that_caused_it() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(150), v2(100), v2(200)]);
    lan.take_chronicle();
    lan.run_for(ms(4000));
    let chronicle = lan.take_chronicle();
    let states = chronicle.iter().filter(|line| line.ends_with("MASTER"));
    let states: Vec<&str> = states.map(String::as_str).collect();
    assert_eq!(
        states,
        ["1 MASTER", "0 MASTER", "2 MASTER", "group 0 MASTER"]
    );
    assert_eq!(lan.member_states(group), [Master; 3]);
}

#[test]
fn a_member_that_hears_a_master_keeps_all_others_waiting() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(100), v2(100)]);
    for _ in 0..20 {
        lan.run_for(ms(1000));
        lan.advertise_to(1, HIGHER, 100);
    }
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    assert_eq!(lan.router(0).statistics().advertisements_sent, 0);
    // Its own wish, of before it heard the Master, counts no more.
    lan.run_for(us(DOWN_100 - 1));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    lan.run_for(us(1));
    assert_eq!(lan.member_states(group), [Master, Master]);
}

#[test]
fn a_wish_that_is_withdrawn_has_to_be_made_again() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(200), v2(100)]);
    lan.run_until(us(DOWN_200));
    lan.run_for(ms(100));
    lan.advertise_to(0, HIGHER, 250);
    // The other one is ready, and alone with that.
    lan.run_until(us(DOWN_100));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    lan.run_until(us(DOWN_200 + 100_000 + DOWN_200));
    assert_eq!(lan.member_states(group), [Master, Master]);
}

#[test]
fn an_advertisement_of_lower_priority_does_not_withdraw_a_wish() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(200), v2(100)]);
    lan.run_until(us(DOWN_200));
    lan.advertise_to(0, HIGHER, 50);
    lan.run_until(us(DOWN_100));
    assert_eq!(lan.member_states(group), [Master, Master]);
}

#[test]
fn the_master_of_a_group_that_resigns_is_followed_by_its_peers_group() {
    for fault in [true, false] {
        let mut lan = Lan::new();
        let better = lan.started_machine([v2(200), v2(200)]);
        let worse = lan.started_machine([v2(100), v2(100)]);
        lan.run_for(ms(5000));
        assert_eq!(lan.member_states(better), [Master, Master]);
        assert_eq!(lan.member_states(worse), [Backup, Backup]);
        if fault {
            lan.set_tracking(1, FAULTY);
        } else {
            lan.stop_machine(better);
        }
        // Each heard priority 0, also of the member that was dragged along: a skew time later all is done.
        lan.run_for(us(DOWN_100 - 3_000_000));
        assert_eq!(lan.member_states(worse), [Master, Master], "fault: {fault}");
    }
}

#[test]
fn a_member_that_is_displaced_takes_all_others_to_backup_without_resigning() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100, 100]);
    lan.advertise_to(1, HIGHER, 100);
    let now = u64::try_from(lan.elapsed().as_micros()).expect("a short test");
    assert_eq!(
        lan.take_chronicle(),
        [
            "1 releases",
            "1 BACKUP",
            "0 releases",
            "0 BACKUP",
            "2 releases",
            "2 BACKUP",
            "group 0 BACKUP"
        ]
    );
    assert_eq!(
        told(&mut lan, 1),
        [(now, Backup, Cause::HigherPriorityAdvertisement)]
    );
    assert_eq!(told(&mut lan, 2), [(now, Backup, Cause::Group)]);
    assert_eq!(told_of(&mut lan, group), [(now, Master, Backup)]);
    // The wait begins with that, and the learned interval is their own.
    assert_eq!(lan.due(0), Some(us(now + DOWN_100)));
}

#[test]
fn a_fault_of_one_member_is_one_of_all_and_the_dragged_ones_resign_once() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100, 100]);
    lan.set_tracking(1, FAULTY);
    assert_eq!(
        lan.take_chronicle(),
        [
            "1 sends 0",
            "1 sends 0",
            "1 releases",
            "1 FAULT",
            "0 sends 0",
            "0 releases",
            "0 FAULT",
            "2 sends 0",
            "2 releases",
            "2 FAULT",
            "group 0 FAULT"
        ]
    );
    let log = lan.take_log(2);
    assert!(notices(&log).contains(&Notice::PriorityZeroSent));
    assert_eq!(changes(&log).last().map(|change| change.2), Some(DRAGGED));
    assert_eq!(lan.router(2).statistics().priority_zero_sent, 1);
    assert_eq!(lan.member_states(group), [Fault; 3]);
}

#[test]
fn only_the_last_fault_that_clears_brings_all_back() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100, 100]);
    lan.set_tracking(1, FAULTY);
    lan.set_link(0, false);
    lan.set_tracking(1, WELL);
    assert_eq!(lan.member_states(group), [Fault; 3]);
    // What it lacks now is not its own.
    assert!(lan.router(1).faults().group);
    forget(&mut lan, group);
    lan.set_link(0, true);
    assert_eq!(
        lan.take_chronicle(),
        ["0 BACKUP", "1 BACKUP", "2 BACKUP", "group 0 BACKUP"]
    );
    let now = u64::try_from(lan.elapsed().as_micros()).expect("a short test");
    for id in 0..3 {
        assert_eq!(told(&mut lan, id), [(now, Backup, Cause::FaultsCleared)]);
        assert_eq!(lan.due(id), Some(us(now + DOWN_100)));
    }
}

#[test]
fn a_member_with_a_fault_keeps_all_in_fault_from_the_start() {
    let mut lan = Lan::new();
    lan.take_chronicle();
    let group = lan.add_machine([v2(100), v2(100), v2(255)]);
    lan.set_link(1, false);
    lan.start_machine(group, None);
    assert_eq!(
        lan.take_chronicle(),
        ["group 0 FAULT", "0 FAULT", "1 FAULT", "2 FAULT"]
    );
    lan.set_link(1, true);
    assert_eq!(
        lan.take_chronicle(),
        ["1 BACKUP", "0 BACKUP", "2 BACKUP", "group 0 BACKUP"]
    );
    // An owner waits as long as all others.
    assert_eq!(lan.due(2), Some(us(3_003_906)));
}

#[test]
fn a_member_that_awaits_a_result_keeps_all_waiting_without_a_word() {
    let mut lan = Lan::new();
    lan.take_chronicle();
    let group = lan.add_machine([v2(255), v2(100)]);
    lan.set_tracking(1, AWAITS);
    lan.start_machine(group, None);
    lan.run_for(ms(10_000));
    assert_eq!(lan.take_chronicle(), [""; 0]);
    assert_eq!(lan.group_state(group), Init);
    assert_eq!(lan.member_states(group), [Init, Init]);
    lan.set_tracking(1, WELL);
    assert_eq!(
        lan.take_chronicle(),
        ["1 BACKUP", "0 BACKUP", "group 0 BACKUP"]
    );
    assert_eq!(lan.due(1), Some(us(10_000_000 + DOWN_100)));
}

#[test]
fn a_result_that_is_a_failure_is_a_fault_of_all() {
    let mut lan = Lan::new();
    lan.take_chronicle();
    let group = lan.add_machine([v2(100), v2(100)]);
    lan.set_tracking(0, AWAITS);
    lan.set_tracking(1, AWAITS);
    lan.start_machine(group, None);
    lan.set_tracking(1, FAULTY);
    assert_eq!(
        lan.take_chronicle(),
        ["1 FAULT", "0 FAULT", "group 0 FAULT"]
    );
    // One fault less, and still a result to come.
    lan.set_tracking(1, WELL);
    assert_eq!(lan.member_states(group), [Fault, Fault]);
    lan.set_tracking(0, WELL);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
}

#[test]
fn owners_that_all_say_state_master_are_master_at_once_and_the_group_says_nothing() {
    for state in [None, Some(InitialState::Master)] {
        let mut lan = Lan::new();
        lan.take_chronicle();
        let owner = RouterConfig {
            initial_state: state,
            ..v2(255)
        };
        let group = lan.started_machine([owner.clone(), owner]);
        assert_eq!(lan.group_state(group), Master);
        lan.run_until(us(1));
        let chronicle = lan.take_chronicle();
        let states = chronicle
            .iter()
            .filter(|line| !line.contains(' ') || line.ends_with("ER") || line.ends_with("UP"));
        let states: Vec<&str> = states.map(String::as_str).collect();
        assert_eq!(states, ["0 MASTER", "1 MASTER"]);
        assert_eq!(told_of(&mut lan, group), []);
    }
}

#[test]
fn owners_of_which_one_says_state_backup_wait_an_interval() {
    let mut lan = Lan::new();
    let backup = RouterConfig {
        initial_state: Some(InitialState::Backup),
        ..v2(255)
    };
    let group = lan.started_machine([v2(255), backup]);
    assert_eq!(told(&mut lan, 0), [(0, Backup, Cause::Start)]);
    lan.run_for(ms(2000));
    assert_eq!(
        told_of(&mut lan, group),
        [(0, Init, Backup), (1_003_906, Backup, Master)]
    );
}

#[test]
fn one_member_that_is_no_owner_makes_all_wait_the_full_time() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(255), v2(254)]);
    lan.run_for(ms(4000));
    assert_eq!(
        told_of(&mut lan, group),
        [(0, Init, Backup), (3_007_812, Backup, Master)]
    );
}

#[test]
fn an_owner_that_hears_another_one_before_it_is_master_makes_all_wait() {
    let mut lan = Lan::new();
    let group = lan.add_machine([v2(255), v2(255)]);
    // The start-up delay is over before an owner becomes Master.
    lan.start_machine(group, Some(ms(500)));
    lan.run_until(ms(600));
    lan.advertise_to(0, HIGHER, 255);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    assert_eq!(lan.group_state(group), Backup);
    assert_eq!(told(&mut lan, 1), [(600_000, Backup, Cause::Start)]);
    assert_eq!(lan.due(1), Some(us(600_000 + 3_003_906)));
}

#[test]
fn a_start_up_delay_holds_the_group_as_it_holds_a_router() {
    let mut lan = Lan::new();
    let group = lan.add_machine([v2(255), v2(255)]);
    lan.start_machine(group, Some(ms(2500)));
    lan.run_for(ms(3499));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    lan.run_for(ms(1));
    assert_eq!(lan.member_states(group), [Master, Master]);

    let mut lan = Lan::new();
    let group = lan.add_machine([v2(200), v2(200)]);
    lan.start_machine(group, Some(ms(2500)));
    lan.run_until(us(2_500_000 + DOWN_200 - 1));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    lan.run_for(us(1));
    assert_eq!(lan.member_states(group), [Master, Master]);
}

#[test]
fn a_master_that_woke_too_late_takes_its_group_to_backup() {
    let mut lan = Lan::new();
    let late = RouterConfig {
        preempt_mode: false,
        timer_expired_backup: Some(254),
        ..v2(100)
    };
    let group = lan.started_machine([v2(100), late]);
    lan.run_for(ms(4000));
    forget(&mut lan, group);
    let members = lan.members(group).to_vec();
    members.iter().for_each(|&id| lan.pause(id));
    lan.run_for(ms(5000));
    lan.resume_all(&members);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    assert!(lan.router(0).statistics().priority_zero_sent == 0);
}

#[test]
fn a_member_that_is_added_to_a_master_may_become_one_by_itself() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    let new = lan.add(v2(200));
    lan.host_mut(new).network = 2;
    lan.host_mut(new).router.join_group();
    lan.host_mut(new).model.join();
    lan.start(new, None);
    lan.regroup(group, &[0, 1, new]);
    assert_eq!(lan.member_states(group), [Master, Master, Backup]);
    assert_eq!(lan.group_state(group), Master);
    forget(&mut lan, group);
    lan.run_for(ms(3300));
    assert_eq!(lan.member_states(group), [Master; 3]);
    assert_eq!(told_of(&mut lan, group), []);
    // And is not told of: the group has that state already.
    assert!(lan.groups[group].machine.suppresses(Backup, Master));
    assert!(!lan.groups[group].machine.suppresses(Init, Master));
    assert!(!lan.groups[group].machine.suppresses(Master, Backup));
}

#[test]
fn a_faulty_member_that_leaves_its_group_lets_the_others_go_on() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100, 100]);
    lan.set_tracking(2, FAULTY);
    forget(&mut lan, group);
    lan.regroup(group, &[0, 1]);
    assert_eq!(lan.states(), [Backup, Backup, Fault]);
    assert_eq!(lan.group_state(group), Backup);
    lan.set_tracking(2, WELL);
    assert_eq!(lan.states(), [Backup, Backup, Backup]);
}

#[test]
fn a_sound_member_that_leaves_a_faulty_group_goes_on_alone() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    lan.set_tracking(0, FAULTY);
    lan.regroup(group, &[0]);
    assert_eq!(lan.states(), [Fault, Backup]);
    lan.run_for(ms(4000));
    assert_eq!(lan.states(), [Fault, Master]);
}

#[test]
fn a_master_that_joins_a_backup_group_gives_way_and_a_group_of_masters_is_master() {
    let mut lan = Lan::new();
    let masters: Vec<HostId> = (0..2)
        .map(|network| {
            let id = lan.add(v2(100));
            lan.host_mut(id).network = network;
            lan.start(id, None);
            id
        })
        .collect();
    lan.run_for(ms(4000));
    let group = lan.add_machine([]);
    lan.regroup(group, &masters);
    assert_eq!(lan.member_states(group), [Master, Master]);
    assert_eq!(lan.group_state(group), Master);

    let late = lan.add(v2(100));
    lan.host_mut(late).network = 2;
    lan.start(late, None);
    let other = lan.add_machine([]);
    lan.regroup(group, &[0]);
    lan.regroup(other, &[1, late]);
    assert_eq!(lan.states(), [Master, Backup, Backup]);
    assert_eq!(lan.group_state(other), Backup);
}

#[test]
fn a_reload_that_is_a_fault_of_one_member_is_one_of_all() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    lan.reconfigure_tracking(0, v2(101), FAULTY);
    assert_eq!(
        lan.take_chronicle(),
        // Without resigning, as in keepalived; the one that is dragged along does.
        [
            "0 releases",
            "0 FAULT",
            "1 sends 0",
            "1 releases",
            "1 FAULT",
            "group 0 FAULT"
        ]
    );
    lan.reconfigure_tracking(0, v2(102), WELL);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
}

#[test]
fn an_owner_about_to_become_master_that_is_none_any_more_makes_all_wait() {
    let mut lan = Lan::new();
    let group = lan.add_machine([v2(255), v2(255)]);
    lan.start_machine(group, Some(ms(500)));
    lan.reconfigure(1, v2(200));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    assert_eq!(lan.group_state(group), Backup);
    lan.run_for(ms(500 + 3100));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    lan.run_for(ms(200));
    assert_eq!(lan.member_states(group), [Master, Master]);
}

#[test]
fn a_lower_master_heard_by_one_member_makes_all_announce_their_addresses() {
    let silent = RouterConfig {
        garp: GarpConfig {
            lower_prio_repeat: 0,
            ..GarpConfig::default()
        },
        ..v2(100)
    };
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(100), v2(100), silent]);
    lan.run_for(ms(20_000));
    forget(&mut lan, group);
    lan.advertise_to(0, LOWER, 50);
    let now = lan.elapsed();
    for (id, blocks) in [(0, 1), (1, 1), (2, 0)] {
        let log = lan.take_log(id);
        assert_eq!(announcements(&log), vec![(now, 5); blocks], "host {id}");
        // Only who heard it answers.
        assert_eq!(advertisements(&log).len(), usize::from(id == 0));
    }
    // The second block comes likewise.
    lan.run_for(ms(5000));
    for (id, blocks) in [(0, 1), (1, 1), (2, 0)] {
        assert_eq!(announcements(&lan.take_log(id)).len(), blocks, "host {id}");
    }
}

#[test]
fn all_stop_then_the_group() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    lan.stop_machine(group);
    assert_eq!(
        lan.take_chronicle(),
        [
            "0 sends 0",
            "0 releases",
            "0 STOP",
            "1 sends 0",
            "1 releases",
            "1 STOP",
            "group 0 STOP"
        ]
    );
    assert_eq!(lan.group_state(group), Stop);
    lan.start_machine(group, None);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
}

#[test]
fn a_group_of_one_is_like_a_router_alone() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(100)]);
    lan.run_for(ms(4000));
    assert_eq!(
        told_of(&mut lan, group),
        [(0, Init, Backup), (DOWN_100, Backup, Master)]
    );
    lan.set_link(0, false);
    lan.set_link(0, true);
    assert_eq!(lan.member_states(group), [Backup]);
}

/// A fault that came and went before the others had their turn is one that they had.
#[test]
fn a_fault_that_is_over_before_a_member_follows_still_makes_it_resign() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    lan.pace = Some(ms(1));
    lan.set_tracking(0, FAULTY);
    lan.set_tracking(0, WELL);
    assert_eq!(lan.member_states(group), [Backup, Master]);
    lan.run_for(ms(1));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    let sent: Vec<u8> = advertisements(&lan.take_log(1))
        .iter()
        .map(|sent| sent.1)
        .collect();
    assert_eq!(sent, [0]);
    assert_eq!(lan.group_state(group), Backup);
}

/// While a group becomes Master slowly, a better Master is heard by one that has moved, or by one that has not.
#[test]
fn a_better_master_heard_while_the_group_moves_takes_all_back() {
    for hearer in [0, 2] {
        let mut lan = Lan::new();
        let group = lan.started_machine([v2(200), v2(100), v2(200)]);
        lan.pace = Some(ms(1));
        lan.run_until(us(DOWN_100));
        assert_eq!(lan.member_states(group), [Backup, Master, Backup]);
        lan.advertise_to(hearer, HIGHER, 250);
        lan.run_for(ms(10));
        assert_eq!(lan.member_states(group), [Backup; 3]);
        assert_eq!(lan.group_state(group), Backup);
        // All wait from now on.
        for id in 0..3 {
            assert!(lan.due(id) > Some(us(DOWN_100 + 3_000_000)));
        }
    }
}

/// A member that has yet to follow does so before its own timer does anything.
#[test]
fn who_has_yet_to_become_backup_does_not_advertise_any_more() {
    let mut lan = Lan::new();
    let group = master(&mut lan, &[100, 100]);
    lan.pace = Some(ms(60_000));
    lan.advertise_to(0, HIGHER, 200);
    assert_eq!(lan.member_states(group), [Backup, Master]);
    lan.run_for(ms(1100));
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    assert_eq!(advertisements(&lan.take_log(1)), []);
}

/// Two machines that are ready at the same moment: one ends as Master of everything.
#[test]
fn two_groups_that_start_together_never_share() {
    for pace in [None, Some(us(300)), Some(ms(30))] {
        for delay in [us(100), ms(2), ms(40)] {
            let mut lan = Lan::new();
            lan.pace = pace;
            lan.weather.delay = delay;
            let one = lan.started_machine([v2(100), v2(100), v2(100)]);
            let two = lan.started_machine([v2(100), v2(100), v2(100)]);
            lan.run_for(ms(5000));
            assert_eq!(lan.member_states(one), [Backup; 3], "{pace:?} {delay:?}");
            assert_eq!(lan.member_states(two), [Master; 3], "{pace:?} {delay:?}");
        }
    }
}

#[test]
fn a_group_with_a_short_interval_takes_over_as_a_whole_and_gives_back() {
    let mut lan = Lan::new();
    let config = |priority| v3(priority, ms(10));
    let better = lan.started_machine([config(200), config(200)]);
    let worse = lan.started_machine([config(100), config(100)]);
    lan.run_for(ms(200));
    let members = lan.members(better).to_vec();
    members.iter().for_each(|&id| lan.pause(id));
    lan.run_for(ms(200));
    assert_eq!(lan.member_states(worse), [Master, Master]);
    lan.resume_all(&members);
    lan.run_for(ms(200));
    assert_eq!(lan.member_states(better), [Master, Master]);
    assert_eq!(lan.member_states(worse), [Backup, Backup]);
    assert!(
        lan.take_log(2)
            .iter()
            .any(|(_, action)| *action == Action::ReleaseAddresses)
    );
}
