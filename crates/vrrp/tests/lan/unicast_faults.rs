//! What a router with unicast peers cannot do without: its source address, and a peer.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ka_vrrp::{
    Action, Cause, Faults, Notice, Peer, RouterConfig, State, UnicastPeers, VirtualRouter,
};
use ka_wire::Family;

use crate::log::changed;

const SOURCE_LOST: Faults = Faults {
    source_lost: true,
    ..Faults::NONE
};
const NO_PEERS: Faults = Faults {
    no_peers: true,
    ..Faults::NONE
};

fn address(family: Family, host: u8) -> IpAddr {
    match family {
        Family::V4 => [192, 0, 2, host].into(),
        Family::V6 => [0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into()].into(),
    }
}

/// An address owner with so many peers.
fn owner(family: Family, peers: u8) -> RouterConfig {
    let peers = (0..peers).map(|number| Peer {
        address: address(family, 2 + number),
        min_ttl: 0,
        max_ttl: 255,
    });
    let mut config = RouterConfig::new(7, family);
    config.priority = 255;
    config.unicast = Some(UnicastPeers {
        peers: peers.collect(),
        check_source: false,
    });
    config.validate().expect("a valid configuration");
    config
}

#[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
fn origin() -> Instant {
    Instant::now()
}

fn drained(router: &mut VirtualRouter) -> Vec<Action> {
    std::iter::from_fn(|| router.poll_action()).collect()
}

#[test]
fn a_master_whose_source_is_no_address_of_its_host_any_more_resigns_from_it() {
    for family in [Family::V4, Family::V6] {
        let now = origin();
        let mut router = VirtualRouter::new(owner(family, 1));
        router.start(true, Some(address(family, 1)), None, now);
        router.handle_timeout(now + Duration::from_micros(1));
        assert_eq!(router.state(), State::Master);
        drained(&mut router);

        router.handle_source_lost(true, now);
        let faults = SOURCE_LOST;
        let resigned = [
            Action::Advertise { priority: 0 },
            Action::Advertise { priority: 0 },
            Action::Notify(Notice::PriorityZeroSent),
            Action::CancelAnnouncements,
            Action::ReleaseAddresses,
            changed(State::Master, State::Fault, Cause::Fault { faults }),
        ];
        assert_eq!(drained(&mut router), resigned);
        assert_eq!(router.poll_timeout(), None);
        // Neither the same again nor a link that was up all the while is news.
        router.handle_source_lost(true, now);
        router.handle_link(true, now);
        assert_eq!(drained(&mut router), []);

        router.handle_source_lost(false, now);
        let back = changed(State::Fault, State::Backup, Cause::FaultsCleared);
        assert_eq!(drained(&mut router), [back]);
        // As after any fault even an owner waits.
        let waits = router.poll_timeout().expect("a timer") - now;
        assert!(waits > Duration::from_secs(3), "{waits:?}");
    }
}

#[test]
fn a_source_that_is_missing_at_the_start_is_a_fault_from_the_start() {
    let now = origin();
    let mut router = VirtualRouter::new(owner(Family::V4, 1));
    router.handle_source_lost(true, now);
    assert_eq!(drained(&mut router), [], "not started yet");
    router.start(true, Some(address(Family::V4, 1)), None, now);
    let faults = SOURCE_LOST;
    let faulty = changed(State::Init, State::Fault, Cause::Fault { faults });
    assert_eq!(drained(&mut router), [faulty]);
}

#[test]
fn a_router_that_shall_have_peers_is_faulty_until_a_reload_gives_it_one() {
    let family = Family::V4;
    let now = origin();
    let mut router = VirtualRouter::new(owner(family, 0));
    router.start(true, Some(address(family, 1)), None, now);
    let faults = NO_PEERS;
    let faulty = changed(State::Init, State::Fault, Cause::Fault { faults });
    assert_eq!(drained(&mut router), [faulty]);
    router.handle_link(false, now);
    router.handle_link(true, now);
    assert_eq!(drained(&mut router), [], "nothing else helps");
    assert_eq!(router.faults(), NO_PEERS);

    router.reconfigure(owner(family, 1), ka_vrrp::Tracking::default(), now);
    let back = changed(State::Fault, State::Backup, Cause::FaultsCleared);
    assert_eq!(drained(&mut router), [back]);
}
