//! Addresses come and go with the state, and those that are not ours stay.

use std::time::Duration;

use ka_engine::{EngineError, EventKind};
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, changes, config, drain, eventually, held, in_namespace, ip,
    kernel_addresses, open, owner, router, virtual_address, wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

#[test]
fn a_router_becomes_master_holds_its_addresses_and_removes_them_at_stop() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("lifecycle");
        let engine = open(&directory.0);
        let mut instance = router("VI_1", 51, &["192.0.2.100", "192.0.2.101"]);
        instance.addresses[1].prefix_len = 24;
        instance.addresses[1].label = Some("left:vip".to_owned());
        let report = engine.apply(config([instance])).unwrap();
        assert_eq!((report.added, report.refusals.len()), (1, 0));
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/24"]);
        let status = wait_for(&engine, "VI_1", State::Master);
        assert_eq!(status.statistics.became_master, 1);
        let labels = kernel_addresses("left");
        let label = |text: &str| {
            let found = labels.iter().find(|a| a.key.address == address(text));
            found.and_then(|a| a.label).unwrap().to_string()
        };
        assert_eq!(label("192.0.2.101"), "left:vip");
        assert_eq!(label("192.0.2.100"), "left");
        listener.wait_for(51, 100);

        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
        assert!(ip("-o address show left").contains("192.0.2.1/24"));
        listener.wait_for(51, 0);
        assert_eq!(
            changes(&drain(&engine)),
            ["VI_1 INIT BACKUP", "VI_1 BACKUP MASTER", "VI_1 MASTER STOP"]
        );
        assert!(matches!(engine.snapshot(), Err(EngineError::Stopped)));
        assert!(matches!(
            engine.apply(config([])),
            Err(EngineError::Stopped)
        ));
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn an_ipv6_router_sends_from_the_link_local_address_and_holds_its_own() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("ipv6");
        let engine = open(&directory.0);
        let instance = owner("VI_6", 6, &["fe80::100", "2001:db8::100"]);
        engine.apply(config([instance])).unwrap();
        wait_held("left", &["fe80::100/128", "2001:db8::100/128"]);
        let status = wait_for(&engine, "VI_6", State::Master);
        assert_eq!(status.addresses_held, 2);
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn an_address_that_was_there_before_stays_and_still_serves_as_source() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("address add 192.0.2.100/32 dev left");
        let directory = Directory::new("foreign");
        let engine = open(&directory.0);
        // The owner's own address twice: with the prefix it has, and with another one.
        let mut instance = owner("VI_1", 51, &["192.0.2.100", "192.0.2.1"]);
        instance.addresses[1] = virtual_address(address("192.0.2.1"));
        engine.apply(config([instance])).unwrap();
        wait_held("left", &["192.0.2.1/32"]);
        let before = wait_for(&engine, "VI_1", State::Master);
        assert_eq!(before.addresses_held, 2);
        // The loss of the address that comes and goes is none of the source address. The second
        // apply is taken up when the kernel's messages about it have been heard.
        let without = || config([owner("VI_1", 51, &["192.0.2.100"])]);
        engine.apply(without()).unwrap();
        wait_held("left", &[]);
        engine.apply(without()).unwrap();
        assert_eq!(
            wait_for(&engine, "VI_1", State::Master)
                .statistics
                .became_master,
            1
        );
        engine.stop(STOP).unwrap();
        let left = ip("-o -4 address show left");
        assert!(
            left.contains("192.0.2.100/32") && left.contains("192.0.2.1/24"),
            "{left}"
        );
    });
}

#[test]
fn an_address_that_somebody_removes_is_told_and_added_again() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("lost");
        let engine = open(&directory.0);
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        let mut events = drain(&engine);
        for _ in 0..3 {
            ip("address del 192.0.2.100/32 dev left");
            wait_held("left", &["192.0.2.100/32"]);
        }
        let lost = |event: &EventKind| {
            matches!(event, EventKind::AddressLost { instance, interface, address: lost }
                if &**instance == "VI_1" && &**interface == "left" && *lost == address("192.0.2.100"))
        };
        eventually(|| {
            events.extend(drain(&engine));
            (events.iter().filter(|event| lost(event)).count() == 3).then_some(())
        });
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn an_address_that_a_foreign_hand_removes_becomes_ours() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("address add 192.0.2.100/32 dev left");
        let directory = Directory::new("foreign-lost");
        let engine = open(&directory.0);
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        eventually(|| (wait_for(&engine, "VI_1", State::Master).addresses_held == 1).then_some(()));
        assert!(held("left").is_empty());
        ip("address del 192.0.2.100/32 dev left");
        wait_held("left", &["192.0.2.100/32"]);
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn an_address_the_kernel_refuses_is_told_once_and_stays_wanted() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("refused-address");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        // The kernel has no IPv6 on an interface with so small an MTU.
        ip("link set left mtu 1000");
        instance
            .addresses
            .push(virtual_address(address("2001:db8::100")));
        engine.apply(config([instance])).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        let mut events = Vec::new();
        let refusals = |events: &[EventKind]| {
            let refused = |event: &&EventKind| {
                matches!(
                    event,
                    EventKind::AddressRefused {
                        operation: "add",
                        ..
                    }
                )
            };
            events.iter().filter(refused).count()
        };
        eventually(|| {
            events.extend(drain(&engine));
            (refusals(&events) == 1).then_some(())
        });
        ip("link set left mtu 1500");
        wait_held("left", &["192.0.2.100/32", "2001:db8::100/128"]);
        events.extend(drain(&engine));
        assert_eq!(refusals(&events), 1);
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}
