use std::sync::Arc;

use super::*;
use crate::interfaces::Interfaces;

const SECOND: Duration = Duration::from_secs(1);

/// A table, a clock, and the kernel as one set of addresses.
struct Lab {
    table: AddressTable,
    now: Instant,
    interface: InterfaceId,
}

fn user(index: usize) -> InstanceId {
    InstanceId::new(index)
}

fn wanted(prefix_len: u8) -> VirtualAddress {
    VirtualAddress {
        address: [192, 0, 2, 1].into(),
        prefix_len,
        interface: Arc::from("eth0"),
        scope: 0,
        label: None,
        broadcast: None,
        peer: None,
        preferred_lifetime: None,
        no_dad: false,
        home: false,
        manage_temporary: false,
        no_prefix_route: false,
        auto_join: false,
    }
}

impl Lab {
    fn new() -> Self {
        Self {
            table: AddressTable::default(),
            now: Instant::now(),
            interface: Interfaces::default().intern(&Arc::from("eth0")),
        }
    }

    fn key(&self) -> AddressKey {
        AddressKey {
            interface: self.interface,
            address: [192, 0, 2, 1].into(),
        }
    }

    fn next(&mut self) -> Option<Step> {
        self.table.next(|_| true).and_then(|(_, step)| step)
    }

    fn acquire(&mut self, id: usize) -> bool {
        self.table.acquire(self.key(), &wanted(32), user(id))
    }

    fn settle(&mut self, outcome: Outcome) -> Settled {
        self.table.settle(self.key(), outcome, self.now)
    }

    fn removed(&mut self) {
        self.table.removed(self.key(), 32, false, self.now);
    }

    fn presence(&self) -> Option<Presence> {
        self.table.get(&self.key()).map(|entry| entry.presence)
    }

    /// An address of ours, wanted by users 0 and up.
    fn held(users: usize) -> Self {
        let mut lab = Self::new();
        for id in 0..users {
            assert!(lab.acquire(id));
        }
        assert_eq!(lab.next(), Some(Step::Add));
        assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
        assert_eq!(lab.next(), None);
        lab
    }
}

#[test]
fn an_address_is_added_once_for_all_users_and_removed_with_the_last() {
    let mut lab = Lab::held(2);
    assert!(!lab.acquire(2), "it is there already");
    for id in [0, 2] {
        lab.table.release(lab.key(), user(id));
        assert_eq!(lab.next(), None);
    }
    lab.table.release(lab.key(), user(1));
    assert_eq!(lab.table.leaving().count(), 1);
    assert_eq!(lab.next(), Some(Step::Remove));
    assert_eq!(lab.settle(Outcome::Removed), Settled::Gone);
    assert!(lab.presence().is_none() && !lab.table.any_ours());
}

#[test]
fn a_change_of_mind_while_a_request_waits_costs_nothing() {
    let mut lab = Lab::held(1);
    lab.table.release(lab.key(), user(0));
    assert!(!lab.acquire(0));
    assert_eq!(lab.next(), None);
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn a_change_of_mind_while_the_kernel_works_is_caught_up_with() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.release(lab.key(), user(0));
    lab.settle(Outcome::Added);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.acquire(0);
    lab.settle(Outcome::Removed);
    assert_eq!(lab.next(), Some(Step::Add));
}

#[test]
fn a_foreign_address_is_never_removed() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Existed), Settled::Unchanged);
    assert_eq!(lab.presence(), Some(Presence::Foreign));
    assert!(!lab.table.any_ours() && !lab.table.is_ours(&lab.key(), 32));
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn a_foreign_address_that_goes_is_replaced_by_ours() {
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.next();
    lab.settle(Outcome::Existed);
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    assert!(lab.table.is_ours(&lab.key(), 32));
}

#[test]
fn a_lost_address_is_added_again_at_once_but_after_a_pause_when_lost_twice() {
    let mut lab = Lab::held(1);
    lab.removed();
    assert_eq!(lab.presence(), Some(Presence::Doubtful));
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Restored);

    lab.now += SECOND / 2;
    lab.removed();
    assert_eq!(lab.next(), None);
    assert_eq!(lab.table.retry_at(), Some(lab.now + RETRY_AFTER));
    lab.table.queue_retries(lab.now + RETRY_AFTER / 2);
    assert_eq!(lab.next(), None);
    lab.now += RETRY_AFTER;
    lab.table.queue_retries(lab.now);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Restored);
    assert_eq!(lab.table.retry_at(), None);

    lab.now += SECOND * 2;
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add), "that was long ago");
}

#[test]
fn an_old_message_of_our_own_removal_makes_the_address_no_foreign_one() {
    let mut lab = Lab::held(1);
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.acquire(0);
    lab.settle(Outcome::Removed);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Only now the message about the removal is read.
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Existed), Settled::Unchanged);
    assert!(lab.table.is_ours(&lab.key(), 32));
    // It was no loss, so that a real one is answered at once.
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
}

#[test]
fn an_old_message_does_not_save_an_address_from_its_removal() {
    let mut lab = Lab::held(1);
    lab.table.release(lab.key(), user(0));
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(lab.presence().is_none());
}

#[test]
fn the_same_ipv4_address_with_another_prefix_is_another_one() {
    let mut lab = Lab::held(1);
    assert!(!lab.table.is_ours(&lab.key(), 24));
    lab.table.removed(lab.key(), 24, false, lab.now);
    assert_eq!(lab.presence(), Some(Presence::Ours));
    lab.table.begin_dump();
    lab.table.seen(&lab.key(), 24);
    assert_eq!(lab.table.end_dump(), [lab.key()]);
}

#[test]
fn a_held_address_wanted_otherwise_is_removed_and_added() {
    let mut lab = Lab::held(2);
    assert!(lab.table.acquire(lab.key(), &wanted(24), user(1)));
    assert_eq!(lab.table.get(&lab.key()).unwrap().held().prefix_len, 32);
    assert_eq!(lab.next(), Some(Step::Remove));
    assert_eq!(lab.settle(Outcome::Removed), Settled::Gone);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.table.get(&lab.key()).unwrap().wanted.prefix_len, 24);
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    assert!(lab.table.is_ours(&lab.key(), 24) && !lab.table.is_ours(&lab.key(), 32));
    assert_eq!(lab.next(), None);
}

#[test]
fn a_wish_that_comes_back_in_time_leaves_the_address_alone() {
    let mut lab = Lab::held(1);
    assert!(lab.table.acquire(lab.key(), &wanted(24), user(0)));
    assert!(lab.table.acquire(lab.key(), &wanted(25), user(0)));
    assert_eq!(lab.table.get(&lab.key()).unwrap().held().prefix_len, 32);
    assert!(!lab.acquire(0));
    assert_eq!(lab.next(), None);
    assert_eq!(lab.presence(), Some(Presence::Ours));
}

#[test]
fn released_while_it_changes_the_address_is_removed_as_it_is() {
    let mut lab = Lab::held(1);
    lab.table.acquire(lab.key(), &wanted(24), user(0));
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.table.get(&lab.key()).unwrap().held().prefix_len, 32);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn what_is_released_while_removals_are_held_may_find_another_user() {
    let mut lab = Lab::held(1);
    lab.table.hold_removals(true);
    lab.table.release(lab.key(), user(0));
    lab.table.hold_removals(false);
    assert_eq!(lab.next(), None);
    assert!(!lab.acquire(1));
    lab.table.end_hold();
    assert_eq!(lab.next(), None);
    assert_eq!(lab.presence(), Some(Presence::Ours));

    lab.table.hold_removals(true);
    lab.table.release(lab.key(), user(1));
    assert_eq!(lab.next(), None);
    lab.table.end_hold();
    assert_eq!(lab.next(), Some(Step::Remove));
}

#[test]
fn a_refused_operation_is_tried_again_later() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.retry(lab.key(), lab.now);
    assert!(lab.table.is_settled());
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Of one that nobody wants any more nothing stays behind.
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.table.retry(lab.key(), lab.now);
    assert!(lab.table.any_ours());
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(lab.presence().is_none());
}

#[test]
fn an_interface_that_goes_takes_the_addresses_and_one_that_comes_gets_them() {
    let mut lab = Lab::held(1);
    lab.table.interface_removed(lab.interface, None);
    assert_eq!(lab.presence(), Some(Presence::Absent));
    assert!(!lab.table.any_ours());
    assert_eq!(lab.next(), None);
    lab.table.requeue_interface(lab.interface);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Released meanwhile, there is nothing to remove and nothing to add.
    lab.table.interface_removed(lab.interface, None);
    lab.table.release(lab.key(), user(0));
    lab.table.requeue_interface(lab.interface);
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn a_dump_tells_what_is_gone_but_not_of_what_was_added_meanwhile() {
    let mut lab = Lab::held(1);
    lab.table.begin_dump();
    lab.table.seen(&lab.key(), 32);
    assert!(lab.table.end_dump().is_empty());
    lab.table.begin_dump();
    assert_eq!(lab.table.end_dump(), [lab.key()]);

    lab.table.release(lab.key(), user(0));
    lab.next();
    lab.settle(Outcome::Removed);
    lab.acquire(0);
    lab.table.begin_dump();
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    assert!(lab.table.end_dump().is_empty());
}

#[test]
fn one_family_fills_a_batch_and_the_other_waits_its_turn() {
    let mut lab = Lab::new();
    let six = AddressKey {
        interface: lab.interface,
        address: "2001:db8::1".parse().unwrap(),
    };
    lab.acquire(0);
    lab.table.acquire(six, &wanted(128), user(0));
    let ipv4 = |key: &AddressKey| key.address.is_ipv4();
    assert_eq!(lab.table.next(ipv4), Some((lab.key(), Some(Step::Add))));
    assert_eq!(lab.table.next(ipv4), None);
    assert!(!lab.table.is_settled());
    assert_eq!(lab.table.next(|_| true), Some((six, Some(Step::Add))));
}

#[test]
fn an_address_of_somebody_else_that_no_longer_fits_is_added_beside_it() {
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.next();
    lab.settle(Outcome::Existed);
    assert!(lab.table.acquire(lab.key(), &wanted(24), user(0)));
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    assert!(lab.table.is_ours(&lab.key(), 24));
}

#[test]
fn an_addition_without_an_answer_may_be_ours_until_the_kernel_says() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.unconfirmed(lab.key(), lab.now);
    assert!(lab.table.any_ours());
    // Asked again, the kernel has it: nobody but us can have added it.
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Existed), Settled::Appeared);
    assert_eq!(lab.presence(), Some(Presence::Ours));

    // Nobody wants it any more: it is removed all the same.
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.next();
    lab.table.unconfirmed(lab.key(), lab.now);
    lab.table.release(lab.key(), user(0));
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(!lab.table.any_ours());
}

#[test]
fn what_goes_with_another_address_of_ours_comes_back_and_is_no_loss() {
    let mut lab = Lab::held(1);
    lab.table.removed(lab.key(), 32, true, lab.now);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add), "at once, since it was no loss");
    assert_eq!(lab.settle(Outcome::Added), Settled::Restored);
}

#[test]
fn who_waits_for_an_address_that_another_changes_back_is_answered() {
    let mut lab = Lab::held(1);
    assert!(lab.table.acquire(lab.key(), &wanted(24), user(0)));
    // The other one asks for the way that the kernel has it.
    assert!(!lab.acquire(1));
    assert_eq!(lab.table.next(|_| true), Some((lab.key(), None)));
}

#[test]
fn a_refusal_waits_once_however_often_it_is_met() {
    let mut lab = Lab::new();
    for _ in 0..3 {
        lab.acquire(0);
        assert_eq!(lab.next(), Some(Step::Add));
        lab.table.retry(lab.key(), lab.now);
    }
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.table.retry_at(), None);
}

#[test]
fn of_a_renamed_interface_the_addresses_are_removed_where_they_are() {
    let mut lab = Lab::held(1);
    lab.table.acquire(lab.key(), &wanted(24), user(0));
    lab.table.interface_removed(lab.interface, Some(7));
    assert!(lab.table.any_ours() && !lab.table.is_settled());
    let orphans = lab.table.next_orphans(16);
    assert_eq!(orphans.len(), 1);
    assert_eq!((orphans[0].index, orphans[0].held.prefix_len), (7, 32));
    lab.table.retry_orphan(orphans[0].clone(), lab.now);
    assert!(lab.table.any_ours() && lab.table.next_orphans(16).is_empty());
    assert_eq!(lab.table.retry_at(), Some(lab.now + RETRY_AFTER));
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.table.next_orphans(16).len(), 1);
    assert!(!lab.table.any_ours());
}
