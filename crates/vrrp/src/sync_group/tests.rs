//! What the scenarios of the virtual LAN do not see: which step waits for whom, and what replaces it.

use super::*;

const WELL: Health = Health {
    faulty: false,
    awaits: false,
};
const FAULTY: Health = Health {
    faulty: true,
    awaits: false,
};

/// Members in `state`, in a group that has it.
fn group(state: State, members: usize) -> SyncGroup {
    let standing = Standing {
        state,
        health: WELL,
        is_owner: false,
        starts_as_master: false,
    };
    let mut group = SyncGroup::new(&vec![standing; members], Some(state));
    assert_eq!(group.poll_change(), None);
    assert!(!group.is_moving());
    group
}

fn steps(group: &mut SyncGroup) -> Vec<(usize, GroupStep)> {
    std::iter::from_fn(|| group.next_step()).collect()
}

#[test]
fn members_follow_in_order_and_the_change_is_told_behind_them() {
    let mut group = group(State::Master, 4);
    group.hear(2, GroupWord::LeftMaster);
    assert_eq!(group.next_step(), Some((0, GroupStep::Backup)));
    assert_eq!(group.poll_change(), None);
    assert_eq!(group.state(), State::Master);
    // One of them has its turn before the others, and no second one.
    assert_eq!(group.take_step(3), Some(GroupStep::Backup));
    assert_eq!(steps(&mut group), [(1, GroupStep::Backup)]);
    let change = GroupChange {
        from: State::Master,
        to: State::Backup,
    };
    assert_eq!(group.poll_change(), Some(change));
    assert_eq!(group.poll_change(), None);
}

#[test]
fn a_later_move_replaces_an_earlier_one_but_a_fault_was_there() {
    let mut moving = group(State::Master, 3);
    moving.hear(0, GroupWord::LeftMaster);
    moving.hear(1, GroupWord::Health(FAULTY));
    assert_eq!(
        steps(&mut moving),
        [(0, GroupStep::Fault), (2, GroupStep::Fault)]
    );
    let mut brief = group(State::Master, 3);
    brief.hear(0, GroupWord::Health(FAULTY));
    assert_eq!(brief.next_step(), Some((1, GroupStep::Fault)));
    brief.hear(0, GroupWord::Health(WELL));
    assert_eq!(
        steps(&mut brief),
        [
            (0, GroupStep::Recover),
            (1, GroupStep::Recover),
            (2, GroupStep::FaultAndRecover)
        ]
    );
    // Nobody was told of the fault of the group, which is Backup now.
    assert_eq!(
        brief.poll_change().map(|change| change.to),
        Some(State::Backup)
    );
}

#[test]
fn what_was_lost_takes_all_down_without_a_word_of_the_group() {
    let mut group = group(State::Master, 2);
    group.hear(0, GroupWord::LostObject);
    assert_eq!(steps(&mut group), [(1, GroupStep::StepDown)]);
    assert_eq!(group.poll_change(), None);
    assert_eq!(group.state(), State::Backup);
}

#[test]
fn announcements_are_asked_for_once_until_all_have_made_them() {
    let mut group = group(State::Master, 3);
    for _ in 0..1000 {
        group.hear(0, GroupWord::Contested);
    }
    assert_eq!(
        steps(&mut group),
        [(1, GroupStep::Announce), (2, GroupStep::Announce)]
    );
    group.hear(1, GroupWord::Contested);
    // A move matters more.
    group.hear(1, GroupWord::LeftMaster);
    assert_eq!(
        steps(&mut group),
        [(0, GroupStep::Backup), (2, GroupStep::Backup)]
    );
    assert!(!group.is_moving());
}

#[test]
fn a_member_that_hears_a_master_decides_about_a_group_that_is_one() {
    let mut better = group(State::Master, 2);
    better.hear(1, GroupWord::Hears { is_better: true });
    assert_eq!(steps(&mut better), [(0, GroupStep::Backup)]);
    let mut worse = group(State::Master, 2);
    worse.hear(1, GroupWord::Hears { is_better: false });
    assert_eq!(steps(&mut worse), [(1, GroupStep::Permit)]);
    assert_eq!(worse.poll_change(), None);
}

#[test]
fn a_stopped_group_hears_nothing() {
    let mut group = group(State::Master, 2);
    group.hear(0, GroupWord::LeftMaster);
    group.stop();
    assert!(!group.is_moving());
    assert_eq!(
        group.poll_change().map(|change| change.to),
        Some(State::Stop)
    );
    group.hear(0, GroupWord::WantsMaster);
    group.stop();
    assert_eq!(group.poll_change(), None);
}
