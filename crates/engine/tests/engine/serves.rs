//! An interface that is there and yet of no use, or of use under another name.

use std::time::Duration;

use ka_engine::{EventKind, release};
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, changes, config, drain, eventually, held, in_namespace, index, ip,
    open, owner, router, status, virtual_address, wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

#[test]
fn an_interface_that_gets_another_name_loses_its_addresses_and_says_so_on_the_wire() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("renamed");
        let engine = open(&directory.0);
        engine
            .apply(config([router(
                "VI_1",
                51,
                &["192.0.2.100", "192.0.2.101"],
            )]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        ip("link set left name other");
        wait_for(&engine, "VI_1", State::Fault);
        listener.wait_for(51, 0);
        wait_held("other", &[]);
        // Its own address is not ours to remove.
        assert!(ip("-o address show other").contains("192.0.2.1/24"));
        ip("link set other name left");
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
        assert!(release(&directory.0, None).unwrap().released.is_empty());
    });
}

#[test]
fn a_group_that_the_kernel_forgot_is_joined_again() {
    in_namespace(|| {
        let peer = Peer::connect();
        let other_directory = Directory::new("forgotten-peer");
        let other = peer.start_better(&other_directory, router("VI_6", 6, &["fe80::100"]));
        let directory = Directory::new("forgotten");
        let engine = open(&directory.0);
        let mut instance = router("VI_6", 6, &["fe80::100"]);
        // It becomes Master in ten seconds if it hears nobody, and not when one of the two threads is late.
        instance.router.down_timer_adverts = 100;
        engine.apply(config([instance])).unwrap();
        let hears_the_other = || {
            eventually(|| {
                let now = status(&engine, "VI_6");
                (now.state == State::Backup && now.master.is_some()).then_some(())
            });
        };
        hears_the_other();
        // Below the least MTU of IPv6 the kernel drops all it has of it on the interface.
        ip("link set left mtu 1000");
        wait_for(&engine, "VI_6", State::Fault);
        ip("link set left mtu 1500");
        ip("address add fe80::1/64 dev left nodad");
        drain(&engine);
        hears_the_other();
        assert_eq!(status(&engine, "VI_6").statistics.became_master, 0);
        other.stop(STOP).unwrap();
        wait_for(&engine, "VI_6", State::Master);
    });
}

#[test]
fn a_router_whose_advertisement_does_not_fit_is_faulty_until_it_does() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("unfitting");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &[]);
        let addresses = (1..=200).map(|n| address(&format!("198.51.100.{n}")));
        for address in addresses.clone() {
            instance.router.addresses.push(address);
        }
        instance
            .addresses
            .push(virtual_address(address("192.0.2.100")));
        ip("link set left mtu 800");
        engine.apply(config([instance])).unwrap();
        wait_for(&engine, "VI_1", State::Fault);
        let told = drain(&engine).into_iter().find_map(|event| match event {
            EventKind::SendFailed { message, .. } => Some(message),
            _ => None,
        });
        assert_eq!(
            told.as_deref(),
            Some("an advertisement of 828 octets does not fit the MTU 800 of left")
        );
        assert!(held("left").is_empty());
        ip("link set left mtu 1500");
        wait_for(&engine, "VI_1", State::Master);
        wait_held("left", &["192.0.2.100/32"]);
        ip("link set left mtu 800");
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
    });
}

#[test]
fn an_address_that_goes_with_another_of_ours_comes_back_unremarked() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("secondary");
        let engine = open(&directory.0);
        let with = |texts: &[&str]| {
            let mut instance = owner("VI_1", 51, texts);
            for address in &mut instance.addresses {
                address.prefix_len = 24;
            }
            config([instance])
        };
        engine
            .apply(with(&["198.51.100.1", "198.51.100.2"]))
            .unwrap();
        wait_held("left", &["198.51.100.1/24", "198.51.100.2/24"]);
        // The second is in the network of the first, and the kernel removes it too.
        engine.apply(with(&["198.51.100.2"])).unwrap();
        wait_held("left", &["198.51.100.2/24"]);
        // What comes last has been read when this is told.
        ip("link set left down");
        wait_for(&engine, "VI_1", State::Fault);
        let events = drain(&engine);
        let lost = |event: &&EventKind| matches!(event, EventKind::AddressLost { .. });
        assert_eq!(events.iter().filter(lost).count(), 0, "{events:?}");
        assert_eq!(changes(&events).last().unwrap(), "VI_1 MASTER FAULT");
    });
}

#[test]
fn an_address_of_somebody_else_that_no_longer_serves_is_not_counted_on() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("address add 192.0.2.100/24 dev left");
        let directory = Directory::new("other-prefix");
        let engine = open(&directory.0);
        let with = |prefix_len| {
            let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
            instance.addresses[0].prefix_len = prefix_len;
            config([instance])
        };
        engine.apply(with(24)).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        assert!(held("left").is_empty());
        engine.apply(with(32)).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        ip("address del 192.0.2.100/24 dev left");
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty() && index("left") > 0);
    });
}
