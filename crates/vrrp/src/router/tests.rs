use std::net::{Ipv4Addr, Ipv6Addr};

use ka_wire::Outgoing;

use super::*;

const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 20));

/// Some instant; only differences matter.
#[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
fn origin() -> Instant {
    Instant::now()
}

fn config(addresses: &[u8]) -> RouterConfig {
    let virtual_address = |last: &u8| Ipv4Addr::new(192, 0, 2, *last).into();
    RouterConfig {
        addresses: addresses.iter().map(virtual_address).collect(),
        ..RouterConfig::new(51, Family::V4)
    }
}

fn backup(config: RouterConfig, now: Instant) -> VirtualRouter {
    let mut router = VirtualRouter::new(config);
    router.start(true, Some(SOURCE.into()), None, now);
    drain(&mut router);
    router
}

fn drain(router: &mut VirtualRouter) -> Vec<Action> {
    std::iter::from_fn(|| router.poll_action()).collect()
}

/// Hands over what a router with `sender` advertises.
fn hear(router: &mut VirtualRouter, sender: &RouterConfig, source: IpAddr, now: Instant) {
    let outgoing = Outgoing {
        version: sender.version,
        vrid: sender.vrid,
        priority: 200,
        max_advertise_interval: sender.advertisement_interval,
        authentication: &sender.authentication,
        signature: None,
        addresses: &sender.addresses,
        checksum_rule: ka_wire::ChecksumRule::Standard,
        source,
        destination: sender.family.group(),
    };
    let mut payload = vec![0; outgoing.encoded_len()];
    outgoing.emit(&mut payload).expect("a valid configuration");
    let packet = ReceivedPacket {
        source,
        destination: sender.family.group(),
        ttl: 255,
        ip_total_len: None,
        payload: &payload,
        header: None,
        at: std::time::SystemTime::UNIX_EPOCH,
    };
    router.handle_packet(&packet, now);
}

#[test]
fn packets_of_others_are_not_even_counted() {
    let now = origin();
    let ours = config(&[100]);
    let mut router = backup(ours.clone(), now);
    let other_vrid = RouterConfig { vrid: 52, ..ours };
    hear(&mut router, &other_vrid, OTHER, now);
    let v6 = RouterConfig::new(51, Family::V6);
    hear(&mut router, &v6, Ipv6Addr::LOCALHOST.into(), now);
    assert_eq!(*router.statistics(), Statistics::default());
    assert_eq!(drain(&mut router), []);
}

#[test]
fn other_addresses_are_counted_and_said_once_but_accepted() {
    let now = origin();
    let count = Notice::AddressCountMismatch {
        source: OTHER,
        expected: 1,
        received: 2,
    };
    let missing = Notice::AddressMissing {
        source: OTHER,
        address: Ipv4Addr::new(192, 0, 2, 100).into(),
    };
    for (theirs, notice) in [(config(&[100, 101]), count), (config(&[99]), missing)] {
        let mut router = backup(config(&[100]), now);
        for _ in 0..3 {
            hear(&mut router, &theirs, OTHER, now);
        }
        let said = drain(&mut router);
        assert_eq!(said[1..], [Action::Notify(notice)], "after the new master");
        assert_eq!(router.statistics().address_list_errors, 3);
        assert_eq!(router.statistics().advertisements_received, 3);
        assert_eq!(router.statistics().rejected_total(), 0);
        assert_eq!(router.master(), Some((OTHER, 200)));
    }
}

#[test]
fn skip_check_adv_addr_trusts_the_master_that_it_knows() {
    let now = origin();
    let skipping = RouterConfig {
        skip_check_adv_addr: true,
        ..config(&[100])
    };
    let mut router = backup(skipping, now);
    let theirs = config(&[99]);
    // The first of a new master is compared.
    for expected in [1, 1, 1] {
        hear(&mut router, &theirs, OTHER, now);
        assert_eq!(router.statistics().address_list_errors, expected);
    }
    let third = Ipv4Addr::new(192, 0, 2, 30).into();
    for expected in [2, 2] {
        hear(&mut router, &theirs, third, now);
        assert_eq!(router.statistics().address_list_errors, expected);
    }
    // The number is always compared.
    hear(&mut router, &config(&[100, 101]), third, now);
    assert_eq!(router.statistics().address_list_errors, 3);
}

#[test]
fn thousands_of_routers_fit_in_a_few_megabytes() {
    let size = size_of::<VirtualRouter>();
    assert!(size <= 960, "{size} octets");
    assert!(size_of::<Action>() <= 64, "{} octets", size_of::<Action>());
}

#[test]
fn a_new_router_waits_for_its_start() {
    let now = origin();
    let mut router = VirtualRouter::new(config(&[100]));
    router.handle_link(true, now);
    router.handle_source(Some(OTHER), now);
    router.handle_timeout(now);
    hear(&mut router, &config(&[100]), OTHER, now);
    assert_eq!(router.state(), State::Init);
    assert_eq!(router.poll_timeout(), None);
    assert_eq!(drain(&mut router), []);
}

#[test]
fn a_timeout_that_is_not_due_does_nothing() {
    let now = origin();
    let mut router = backup(config(&[100]), now);
    let due = router.poll_timeout().expect("a timer");
    router.handle_timeout(due - Duration::from_nanos(1));
    assert_eq!(drain(&mut router), []);
    assert_eq!(router.poll_timeout(), Some(due));
    router.handle_timeout(due);
    assert_eq!(router.state(), State::Master);
    assert_eq!(router.last_transition(), Some(due));
    assert_eq!(router.last_advertisement(), Some(due));
    drain(&mut router);
    router.handle_timeout(due);
    assert_eq!(drain(&mut router), []);
}

/// The driver lets an advertisement leave a little early, as if on time; what it hears next comes at
/// the time of now.
#[test]
fn a_packet_just_before_the_last_timeout_is_heard_like_any_other() {
    let back = Duration::from_micros(999);
    for (priority, state) in [(250, State::Master), (100, State::Backup)] {
        let ours = RouterConfig {
            priority,
            timer_expired_backup: Some(254),
            preempt_mode: false,
            ..config(&[100])
        };
        let mut router = backup(ours.clone(), origin());
        for _ in 0..3 {
            let due = router.poll_timeout().expect("a timer");
            router.handle_timeout(due);
            assert_eq!(router.state(), State::Master);
        }
        drain(&mut router);
        let due = router.poll_timeout().expect("a timer");
        router.handle_timeout(due);
        hear(&mut router, &ours, OTHER, due - back);
        assert_eq!(router.state(), state);
        let wait = match state {
            State::Master => ours.advertisement_interval,
            _ => router.master_down_interval(),
        };
        assert_eq!(router.poll_timeout(), Some(due - back + wait));
        let next = due - back + wait;
        drain(&mut router);
        router.handle_timeout(next);
        assert_eq!(router.state(), State::Master);
        let advertisement = Action::Advertise { priority };
        assert_eq!(router.poll_action(), Some(advertisement));
    }
}

#[test]
fn counters_that_are_taken_start_again() {
    let now = origin();
    let ours = config(&[100]);
    let mut router = backup(ours.clone(), now);
    hear(&mut router, &ours, OTHER, now);
    let taken = router.take_statistics();
    assert_eq!(taken.advertisements_received, 1);
    assert_eq!(*router.statistics(), Statistics::default());
    hear(&mut router, &ours, OTHER, now);
    assert_eq!(router.statistics().advertisements_received, 1);
}
