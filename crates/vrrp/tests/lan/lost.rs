//! What a Master holds, and others on its host remove.

use ka_vrrp::{Action, Cause, Faults, Notice, State};
use ka_wire::Family;

use crate::config::{config, ms, us, v2};
use crate::lan::Lan;
use crate::log::{actions, changed, changes};

use State::{Backup, Fault, Master};

const CONTESTED: Faults = Faults {
    objects: true,
    ..Faults::NONE
};

#[test]
fn a_master_that_loses_something_resigns_once_and_is_master_again_after_the_skew_time() {
    for family in [Family::V4, Family::V6] {
        let mut lan = Lan::new();
        let host = lan.master(config(family, 100));
        let skew =
            lan.router(host).master_down_interval() - 3 * lan.router(host).master_adver_interval();
        let begin = lan.elapsed();
        lan.lose_object(host);
        assert_eq!(
            actions(lan.take_log(host)),
            [
                Action::Advertise { priority: 0 },
                Action::Notify(Notice::PriorityZeroSent),
                Action::CancelAnnouncements,
                Action::ReleaseAddresses,
                changed(Master, Backup, Cause::LostObject),
            ]
        );
        assert_eq!(lan.due(host), Some(begin + skew));
        // One that is Backup has nothing to lose.
        lan.lose_object(host);
        assert_eq!(actions(lan.take_log(host)), []);
        lan.run_until(begin + skew);
        let log = lan.take_log(host);
        assert!(
            log.iter()
                .any(|(_, action)| *action == Action::AcquireAddresses)
        );
        assert_eq!(
            changes(&log),
            [(begin + skew, Master, Cause::MasterDownTimer)]
        );
        assert_eq!(lan.router(host).statistics().priority_zero_sent, 1);
    }
}

#[test]
fn another_router_may_be_faster_and_is_then_left_in_place_without_preemption() {
    let mut lan = Lan::new();
    let mut ours = v2(100);
    ours.preempt_mode = false;
    let host = lan.master(ours);
    let other = lan.started(v2(200));
    lan.run_for(ms(500));
    // By its higher priority it waits less than the one that resigned.
    lan.lose_object(host);
    lan.run_for(ms(2000));
    assert_eq!((lan.state(host), lan.state(other)), (Backup, Master));
}

#[test]
fn all_masters_of_a_sync_group_resign_with_the_one_that_loses_something() {
    let mut lan = Lan::new();
    let group = lan.started_machine([v2(100), v2(100)]);
    lan.run_for(ms(4000));
    assert_eq!(lan.member_states(group), [Master, Master]);
    for id in [0, 1] {
        lan.take_log(id);
    }
    lan.take_group_log(group);
    let begin = lan.elapsed();
    lan.lose_object(0);
    assert_eq!(lan.member_states(group), [Backup, Backup]);
    let causes = [0, 1].map(|id| changes(&lan.take_log(id)));
    assert_eq!(causes[0], [(begin, Backup, Cause::LostObject)]);
    assert_eq!(causes[1], [(begin, Backup, Cause::Group)]);
    for id in [0, 1] {
        assert_eq!(lan.router(id).statistics().priority_zero_sent, 1);
    }
    // The skew time of priority 100.
    lan.run_until(begin + us(609_375));
    assert_eq!(lan.member_states(group), [Master, Master]);
    // As in keepalived the group says only that it is Master.
    let told: Vec<State> = lan
        .take_group_log(group)
        .into_iter()
        .map(|(_, change)| change.to)
        .collect();
    assert!(!told.contains(&Backup), "{told:?}");
}

#[test]
fn what_is_removed_again_and_again_is_a_fault_until_it_is_calm() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    lan.set_contested(host, true);
    assert_eq!(lan.router(host).faults(), CONTESTED);
    assert_eq!(
        actions(lan.take_log(host)).last(),
        Some(&changed(Master, Fault, Cause::Fault { faults: CONTESTED }))
    );
    lan.set_contested(host, true);
    lan.run_for(ms(30_000));
    assert_eq!(actions(lan.take_log(host)), []);
    // All faults must clear.
    lan.set_link(host, false);
    lan.set_contested(host, false);
    assert_eq!(lan.state(host), Fault);
    lan.set_link(host, true);
    assert_eq!(lan.state(host), Backup);
    lan.run_for(ms(3610));
    assert_eq!(lan.state(host), Master);
}
