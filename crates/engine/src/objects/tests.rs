use std::sync::Arc;

use ka_netlink::{IpFamily, Prefix, Route, Rule, RuleAction};

use super::*;
use crate::config::{VirtualAddress, VirtualRoute, VirtualRule};
use crate::instance::InstanceId;
use crate::interfaces::Interfaces;

const SECOND: Duration = Duration::from_secs(1);

/// A table, a clock, and the kernel as one set of addresses.
struct Lab {
    table: ObjectTable,
    now: Instant,
    interface: InterfaceId,
}

fn user(index: usize) -> User {
    User::Instance(InstanceId::new(index))
}

fn holder(index: usize, is_watched: bool) -> Holder {
    Holder {
        user: user(index),
        is_watched,
    }
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
        no_track: false,
    }
}

impl Lab {
    fn new() -> Self {
        Self {
            table: ObjectTable::default(),
            now: Instant::now(),
            interface: Interfaces::default().intern(&Arc::from("eth0")),
        }
    }

    fn address(&self) -> AddressKey {
        AddressKey {
            interface: self.interface,
            address: [192, 0, 2, 1].into(),
        }
    }

    fn key(&self) -> ObjectKey {
        ObjectKey::Address(self.address())
    }

    /// Somebody wants the address with this prefix.
    fn acquire_as(&mut self, id: usize, prefix_len: u8) -> bool {
        let wanted = wanted(prefix_len);
        let wish = Wish::Address(&wanted);
        self.table.acquire(&self.key(), wish, holder(id, true))
    }

    fn release(&mut self, id: usize) {
        self.table.release(&self.key(), user(id));
    }

    /// Whether the kernel's address with this prefix is ours.
    fn is_ours(&self, prefix_len: u8) -> bool {
        self.table.is_ours(&self.address(), prefix_len)
    }

    fn next(&mut self) -> Option<Step> {
        self.table.next(|_| true).and_then(|(_, step)| step)
    }

    fn acquire(&mut self, id: usize) -> bool {
        self.acquire_as(id, 32)
    }

    fn settle(&mut self, outcome: Outcome) -> Settled {
        self.table.settle(&self.key(), outcome, self.now)
    }

    fn removed(&mut self) {
        self.table.removed(self.address(), 32, false, self.now);
    }

    fn prefix(&self, of: impl Fn(&Entry) -> &Object) -> u8 {
        let Object::Address(address) = of(self.table.get(&self.key()).unwrap()) else {
            unreachable!("the key is one of an address")
        };
        address.prefix_len
    }

    /// The interface with the index 7 is gone, or has another name.
    fn interface_removed(&mut self, renamed: bool) {
        self.table
            .interface_removed(self.interface, 7, renamed, |_| None);
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
        lab.release(id);
        assert_eq!(lab.next(), None);
    }
    lab.release(1);
    assert_eq!(lab.table.leaving().count(), 1);
    assert_eq!(lab.next(), Some(Step::Remove));
    assert_eq!(lab.settle(Outcome::Removed), Settled::Gone);
    assert!(lab.presence().is_none() && !lab.table.any_ours());
}

#[test]
fn a_change_of_mind_while_a_request_waits_costs_nothing() {
    let mut lab = Lab::held(1);
    lab.release(0);
    assert!(!lab.acquire(0));
    assert_eq!(lab.next(), None);
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.release(0);
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn a_change_of_mind_while_the_kernel_works_is_caught_up_with() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.release(0);
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
    assert!(!lab.table.any_ours() && !lab.is_ours(32));
    lab.release(0);
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
    assert!(lab.is_ours(32));
}

#[test]
fn a_lost_address_is_added_again_at_once_but_after_a_pause_when_lost_ten_times() {
    let mut lab = Lab::held(1);
    for loss in 1..=10 {
        lab.now += SECOND / 10;
        lab.removed();
        assert_eq!(lab.presence(), Some(Presence::Doubtful));
        assert_eq!(lab.next(), Some(Step::Add));
        assert_eq!(lab.settle(Outcome::Added), Settled::Restored);
        let entry = lab.table.get(&lab.key()).unwrap();
        assert_eq!(entry.is_lost_often(lab.now), loss == 10, "{loss}");
    }
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

    lab.now += SECOND * 11;
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add), "that was long ago");
}

#[test]
fn what_nobody_watches_stays_away_when_others_remove_it() {
    let mut lab = Lab::new();
    let address = wanted(32);
    let key = lab.key();
    let wish = Wish::Address(&address);
    lab.table.acquire(&key, wish, holder(0, false));
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    lab.removed();
    assert_eq!(lab.next(), None);
    assert_eq!(lab.table.retry_at(), None);
    // What the kernel takes along with another one of ours comes back.
    lab.table.acquire(&key, wish, holder(0, false));
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    lab.table.removed(lab.address(), 32, true, lab.now);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // A second user watches it.
    lab.acquire(1);
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
    // Nothing of it is left with the last user, whoever removed it.
    lab.settle(Outcome::Added);
    lab.release(1);
    lab.removed();
    lab.release(0);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(lab.presence().is_none());
}

#[test]
fn an_old_message_of_our_own_removal_makes_the_address_no_foreign_one() {
    let mut lab = Lab::held(1);
    lab.release(0);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.acquire(0);
    lab.settle(Outcome::Removed);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Only now the message about the removal is read.
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Existed), Settled::Unchanged);
    assert!(lab.is_ours(32));
    // It was no loss, so that a real one is answered at once.
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add));
}

#[test]
fn an_old_message_does_not_save_an_address_from_its_removal() {
    let mut lab = Lab::held(1);
    lab.release(0);
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(lab.presence().is_none());
}

#[test]
fn the_same_ipv4_address_with_another_prefix_is_another_one() {
    let mut lab = Lab::held(1);
    assert!(!lab.is_ours(24));
    lab.table.removed(lab.address(), 24, false, lab.now);
    assert_eq!(lab.presence(), Some(Presence::Ours));
    lab.table.begin_dump();
    lab.table.seen(&lab.address(), 24);
    assert_eq!(lab.table.end_dump(), [lab.key()]);
}

#[test]
fn a_held_address_wanted_otherwise_is_removed_and_added() {
    let mut lab = Lab::held(2);
    assert!(lab.acquire_as(1, 24));
    assert_eq!(lab.prefix(Entry::held), 32);
    assert_eq!(lab.next(), Some(Step::Remove));
    assert_eq!(lab.settle(Outcome::Removed), Settled::Gone);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.prefix(|entry| &entry.wanted), 24);
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    assert!(lab.is_ours(24) && !lab.is_ours(32));
    assert_eq!(lab.next(), None);
}

#[test]
fn a_wish_that_comes_back_in_time_leaves_the_address_alone() {
    let mut lab = Lab::held(1);
    assert!(lab.acquire_as(0, 24));
    assert!(lab.acquire_as(0, 25));
    assert_eq!(lab.prefix(Entry::held), 32);
    assert!(!lab.acquire(0));
    assert_eq!(lab.next(), None);
    assert_eq!(lab.presence(), Some(Presence::Ours));
}

#[test]
fn released_while_it_changes_the_address_is_removed_as_it_is() {
    let mut lab = Lab::held(1);
    lab.acquire_as(0, 24);
    lab.release(0);
    assert_eq!(lab.prefix(Entry::held), 32);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn what_is_released_while_removals_are_held_may_find_another_user() {
    let mut lab = Lab::held(1);
    lab.table.hold_removals(true);
    lab.release(0);
    lab.table.hold_removals(false);
    assert_eq!(lab.next(), None);
    assert!(!lab.acquire(1));
    lab.table.end_hold();
    assert_eq!(lab.next(), None);
    assert_eq!(lab.presence(), Some(Presence::Ours));

    lab.table.hold_removals(true);
    lab.release(1);
    assert_eq!(lab.next(), None);
    lab.table.end_hold();
    assert_eq!(lab.next(), Some(Step::Remove));
}

#[test]
fn a_refused_operation_is_tried_again_later() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.retry(&lab.key(), lab.now);
    assert!(lab.table.is_settled());
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Of one that nobody wants any more nothing stays behind.
    lab.release(0);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.table.retry(&lab.key(), lab.now);
    assert!(lab.table.any_ours());
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(lab.presence().is_none());
}

#[test]
fn an_interface_that_goes_takes_the_addresses_and_one_that_comes_gets_them() {
    let mut lab = Lab::held(1);
    lab.interface_removed(false);
    assert_eq!(lab.presence(), Some(Presence::Absent));
    assert!(!lab.table.any_ours());
    assert_eq!(lab.next(), None);
    lab.table.requeue_interface(lab.interface);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    // Released meanwhile, there is nothing to remove and nothing to add.
    lab.interface_removed(false);
    lab.release(0);
    lab.table.requeue_interface(lab.interface);
    assert_eq!(lab.next(), None);
    assert!(lab.presence().is_none());
}

#[test]
fn a_dump_tells_what_is_gone_but_not_of_what_was_added_meanwhile() {
    let mut lab = Lab::held(1);
    lab.table.begin_dump();
    lab.table.seen(&lab.address(), 32);
    assert!(lab.table.end_dump().is_empty());
    lab.table.begin_dump();
    assert_eq!(lab.table.end_dump(), [lab.key()]);

    lab.release(0);
    lab.next();
    lab.settle(Outcome::Removed);
    lab.acquire(0);
    lab.table.begin_dump();
    assert_eq!(lab.next(), Some(Step::Add));
    lab.settle(Outcome::Added);
    assert!(lab.table.end_dump().is_empty());
}

#[test]
fn one_kind_fills_a_batch_and_the_other_waits_its_turn() {
    let mut lab = Lab::new();
    let six = ObjectKey::Address(AddressKey {
        interface: lab.interface,
        address: "2001:db8::1".parse().unwrap(),
    });
    lab.acquire(0);
    let address = wanted(128);
    lab.table
        .acquire(&six, Wish::Address(&address), holder(0, true));
    let ipv4 = |key: &ObjectKey| key.kind() == Kind::Ipv4Address;
    assert_eq!(lab.table.next(ipv4), Some((lab.key(), Some(Step::Add))));
    assert_eq!(lab.table.next(ipv4), None);
    assert!(!lab.table.is_settled());
    assert_eq!(lab.table.next(|_| true), Some((six, Some(Step::Add))));
}

#[test]
fn what_is_configured_and_what_an_instance_holds_is_there_until_both_let_go() {
    let mut lab = Lab::held(1);
    let address = VirtualAddress {
        no_track: true,
        ..wanted(32)
    };
    let configured = Holder {
        user: User::Static,
        is_watched: false,
    };
    let key = lab.key();
    let is_new = lab.table.acquire(&key, Wish::Address(&address), configured);
    assert!(!is_new, "the kernel carries it the same way");
    lab.release(0);
    assert_eq!(lab.next(), None);
    lab.table.release(&key, User::Static);
    assert_eq!(lab.next(), Some(Step::Remove));
}

#[test]
fn an_address_of_somebody_else_that_no_longer_fits_is_added_beside_it() {
    let mut lab = Lab::new();
    lab.acquire(0);
    lab.next();
    lab.settle(Outcome::Existed);
    assert!(lab.acquire_as(0, 24));
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    assert!(lab.is_ours(24));
}

#[test]
fn an_addition_without_an_answer_may_be_ours_until_the_kernel_says() {
    let mut lab = Lab::new();
    lab.acquire(0);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.unconfirmed(&lab.key(), lab.now);
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
    lab.table.unconfirmed(&lab.key(), lab.now);
    lab.release(0);
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.settle(Outcome::Removed);
    assert!(!lab.table.any_ours());
}

#[test]
fn what_goes_with_another_address_of_ours_comes_back_and_is_no_loss() {
    let mut lab = Lab::held(1);
    lab.table.removed(lab.address(), 32, true, lab.now);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.settle(Outcome::Added), Settled::Appeared);
    lab.removed();
    assert_eq!(lab.next(), Some(Step::Add), "at once, since it was no loss");
    assert_eq!(lab.settle(Outcome::Added), Settled::Restored);
}

#[test]
fn who_waits_for_an_address_that_another_changes_back_is_answered() {
    let mut lab = Lab::held(1);
    assert!(lab.acquire_as(0, 24));
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
        lab.table.retry(&lab.key(), lab.now);
    }
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.next(), Some(Step::Add));
    assert_eq!(lab.table.retry_at(), None);
}

#[test]
fn of_a_renamed_interface_the_addresses_are_removed_where_they_are() {
    let mut lab = Lab::held(1);
    lab.acquire_as(0, 24);
    lab.interface_removed(true);
    assert!(lab.table.any_ours() && !lab.table.is_settled());
    let orphans = lab.table.next_orphans(16);
    assert_eq!(orphans.len(), 1);
    let Orphan::Address { index, held } = &orphans[0] else {
        unreachable!("there was an address only");
    };
    assert_eq!((*index, held.prefix_len), (7, 32));
    lab.table.retry_orphan(orphans[0].clone(), lab.now);
    assert!(lab.table.any_ours() && lab.table.next_orphans(16).is_empty());
    assert_eq!(lab.table.retry_at(), Some(lab.now + RETRY_AFTER));
    lab.table.queue_retries(lab.now + RETRY_AFTER);
    assert_eq!(lab.table.next_orphans(16).len(), 1);
    assert!(!lab.table.any_ours());
}

/// A lab whose object is a route through its interface.
struct RouteLab {
    lab: Lab,
    route: VirtualRoute,
    key: ObjectKey,
}

impl RouteLab {
    /// One of ours, wanted by user 0.
    fn held() -> Self {
        let mut lab = Lab::new();
        let mut route = Route::new(Prefix::new([198, 51, 100, 0].into(), 24));
        route.path.hop.interface = Some(Arc::from("eth0"));
        let key = route
            .key()
            .with_interfaces(|_| Some(lab.interface))
            .unwrap();
        let route = VirtualRoute {
            route,
            no_track: false,
            track_group: None,
        };
        let key = ObjectKey::Route(Arc::new(key));
        let wish = Wish::Route(&route);
        assert!(lab.table.acquire(&key, wish, holder(0, true)));
        assert_eq!(lab.next(), Some(Step::Add));
        lab.table.settle(&key, Outcome::Added, lab.now);
        Self { lab, route, key }
    }

    fn next(&mut self) -> Option<Step> {
        self.lab.table.look_again();
        self.lab.next()
    }

    fn presence(&self) -> Option<Presence> {
        self.lab.table.get(&self.key).map(|entry| entry.presence)
    }
}

#[test]
fn a_route_is_asked_for_again_when_the_kernel_may_have_taken_it_with_an_address() {
    let mut lab = RouteLab::held();
    let other = {
        let mut interfaces = Interfaces::default();
        interfaces.intern(&Arc::from("eth0"));
        interfaces.intern(&Arc::from("eth1"))
    };
    lab.lab.table.doubt_routes(other, Doubt::All);
    assert_eq!(lab.next(), None, "it is on another interface");
    lab.lab
        .table
        .doubt_routes(lab.lab.interface, Doubt::Missing);
    assert_eq!(lab.next(), None, "it is there");
    lab.lab.table.doubt_routes(lab.lab.interface, Doubt::All);
    assert!(!lab.lab.table.is_settled());
    assert_eq!(lab.next(), Some(Step::Add));
    let now = lab.lab.now;
    let settled = lab.lab.table.settle(&lab.key, Outcome::Existed, now);
    assert_eq!(settled, Settled::Unchanged);
    assert_eq!(lab.presence(), Some(Presence::Ours));

    // Gone it is added again, and nobody has taken it from us.
    lab.lab.table.doubt_routes(lab.lab.interface, Doubt::All);
    assert_eq!(lab.next(), Some(Step::Add));
    let settled = lab.lab.table.settle(&lab.key, Outcome::Added, now);
    assert_eq!(settled, Settled::Appeared);
}

#[test]
fn a_route_that_was_refused_is_tried_again_as_soon_as_there_is_an_address_more() {
    let mut lab = RouteLab::held();
    let now = lab.lab.now;
    lab.lab.table.went(&lab.key, false, now);
    assert_eq!(lab.next(), Some(Step::Add));
    lab.lab.table.retry(&lab.key, now);
    assert_eq!(lab.next(), None);
    lab.lab
        .table
        .doubt_routes(lab.lab.interface, Doubt::Missing);
    assert_eq!(lab.next(), Some(Step::Add));
    let settled = lab.lab.table.settle(&lab.key, Outcome::Added, now);
    assert_eq!(settled, Settled::Restored, "somebody had removed it");
}

#[test]
fn a_route_is_found_by_its_place_as_long_as_it_is_wanted() {
    let mut lab = RouteLab::held();
    let slot = lab.route.route.slot();
    assert_eq!(lab.lab.table.routes_at(&slot).len(), 1);
    lab.lab.table.release(&lab.key, user(0));
    assert_eq!(lab.next(), Some(Step::Remove));
    let now = lab.lab.now;
    lab.lab.table.settle(&lab.key, Outcome::Removed, now);
    assert!(lab.lab.table.routes_at(&slot).is_empty());
    lab.lab.table.doubt_routing();
    assert_eq!(lab.next(), None);
    assert!(lab.lab.table.is_settled());
}

#[test]
fn of_a_renamed_interface_routes_are_removed_by_its_index_too() {
    let mut lab = RouteLab::held();
    lab.lab.interface_removed(true);
    assert_eq!(lab.presence(), Some(Presence::Absent));
    let orphans = lab.lab.table.next_orphans(16);
    let Some(Orphan::Route(key)) = orphans.first() else {
        unreachable!("there was a route only");
    };
    assert_eq!(key.hop.interface, Some(7));
}

#[test]
fn a_rule_is_the_same_whatever_its_protocol_and_is_replaced_for_another_one() {
    let mut lab = Lab::new();
    let rule = |protocol| {
        let mut rule = Rule::new(IpFamily::V4, 500, RuleAction::Nop);
        rule.protocol = protocol;
        VirtualRule {
            rule,
            no_track: false,
            track_group: None,
        }
    };
    let key = ObjectKey::rule(&rule(18).rule);
    assert_eq!(key, ObjectKey::rule(&rule(0).rule));
    lab.table
        .acquire(&key, Wish::Rule(&rule(18)), holder(0, true));
    assert_eq!(lab.next(), Some(Step::Add));
    lab.table.settle(&key, Outcome::Added, lab.now);
    lab.table
        .acquire(&key, Wish::Rule(&rule(0)), holder(1, true));
    assert_eq!(lab.next(), Some(Step::Remove));
    lab.table.settle(&key, Outcome::Removed, lab.now);
    assert_eq!(lab.next(), Some(Step::Add));
}
