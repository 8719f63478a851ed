//! Interfaces go down, vanish and come back, and messages about them get lost.

use std::time::Duration;

use ka_engine::{Engine, EventKind, Fault, Hold, UnicastConfig};
use ka_netlink::{AddressChange, AddressKey, RouteSocket, VirtualAddress};
use ka_vrrp::{State, UnicastPeers};

use crate::support::{
    Directory, Peer, address, changes, config, drain, eventually, held, in_namespace, index, ip,
    open, owner, router, set_up_left, status, virtual_address, wait_for, wait_held,
};

/// A second end for `left` in the namespace of this thread.
fn make_left() {
    ip("link add left type veth peer name other");
    ip("link set other up");
    set_up_left();
}

#[test]
fn an_interface_that_goes_down_is_a_fault_until_it_comes_up() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("down");
        let engine = open(&directory.0);
        engine
            .apply(config([router("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        // The carrier: the other end of the cable.
        peer.run(|| ip("link set right down"));
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
        listener.heard();
        peer.run(|| ip("link set right up"));
        wait_held("left", &["192.0.2.100/32"]);
        wait_for(&engine, "VI_1", State::Master);
        listener.wait_for(51, 100);
        let told = changes(&drain(&engine));
        assert_eq!(
            told,
            [
                "VI_1 INIT BACKUP",
                "VI_1 BACKUP MASTER",
                "VI_1 MASTER FAULT",
                "VI_1 FAULT BACKUP",
                "VI_1 BACKUP MASTER"
            ]
        );
    });
}

#[test]
fn an_interface_that_is_recreated_is_heard_and_spoken_on_again() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("recreated");
        let engine = open(&directory.0);
        engine
            .apply(config([router("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        let before = index("left");
        drain(&engine);
        ip("link delete left");
        wait_for(&engine, "VI_1", State::Fault);
        drop(peer);
        // Its index is not the old one again.
        ip("link add spacer type veth peer name spacing");

        let peer = Peer::connect();
        assert_ne!(index("left"), before);
        let mut listener = peer.listen();
        wait_held("left", &["192.0.2.100/32"]);
        wait_for(&engine, "VI_1", State::Master);
        listener.wait_for(51, 100);
        // The group is joined under the new index: a better router is heard.
        let other_directory = Directory::new("recreated-peer");
        let other = peer.start_better(&other_directory, router("VI_1", 51, &["192.0.2.100"]));
        wait_for(&engine, "VI_1", State::Backup);
        wait_held("left", &[]);
        let better = Some((address("192.0.2.2"), 200));
        eventually(|| (status(&engine, "VI_1").master == better).then_some(()));
        other.stop(Duration::from_secs(30)).unwrap();
        wait_held("left", &["192.0.2.100/32"]);

        let ups: Vec<Option<bool>> = drain(&engine)
            .iter()
            .filter_map(|event| match event {
                EventKind::LinkChanged { interface, up, .. } if &**interface == "left" => Some(*up),
                _ => None,
            })
            .collect();
        assert!(ups.contains(&None), "{ups:?}");
        assert_eq!(ups.last(), Some(&Some(true)), "{ups:?}");
    });
}

#[test]
fn a_dynamic_interface_may_come_after_the_start_and_so_may_that_of_an_address() {
    in_namespace(|| {
        let directory = Directory::new("dynamic");
        let engine = open(&directory.0);
        let mut instance = router("VI_1", 51, &["192.0.2.100", "192.0.2.101"]);
        instance.dynamic_interface = true;
        instance.addresses[1].interface = "extra".into();
        engine.apply(config([instance])).unwrap();
        wait_for(&engine, "VI_1", State::Fault);
        let peer = Peer::connect();
        let mut listener = peer.listen();
        wait_held("left", &["192.0.2.100/32"]);
        listener.wait_for(51, 100);
        ip("link add extra type veth peer name extended");
        wait_held("extra", &["192.0.2.101/32"]);
        assert_eq!(wait_for(&engine, "VI_1", State::Master).addresses_held, 2);
        ip("link delete extra");
        eventually(|| (status(&engine, "VI_1").addresses_held == 1).then_some(()));
        engine.stop(Duration::from_secs(30)).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn a_group_that_could_not_be_joined_is_joined_when_the_link_changes() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("join");
        // The kernel has no IPv6 on an interface with so small an MTU.
        ip("link set left mtu 1000");
        let engine = open(&directory.0);
        engine
            .apply(config([router("VI_6", 6, &["fe80::100"])]))
            .unwrap();
        wait_for(&engine, "VI_6", State::Fault);
        ip("link set left down");
        ip("link set left mtu 1500");
        ip("link set left up");
        ip("address add fe80::1/64 dev left nodad");
        wait_for(&engine, "VI_6", State::Master);
        let other_directory = Directory::new("join-peer");
        let _other = peer.start_better(&other_directory, router("VI_6", 6, &["fe80::100"]));
        wait_for(&engine, "VI_6", State::Backup);
    });
}

#[test]
fn without_a_source_address_a_router_is_faulty() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("source");
        let engine = open(&directory.0);
        engine
            .apply(config([router("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        // The virtual address itself is none to speak from.
        ip("address delete 192.0.2.1/24 dev left");
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
        ip("address add 192.0.2.3/24 dev left");
        wait_held("left", &["192.0.2.100/32"]);
    });
}

/// Changes so many addresses that their messages do not fit into the monitor's buffer.
fn flood(rounds: usize) {
    let mut route = RouteSocket::open().unwrap();
    let loopback = index("lo");
    let key = |host: u8| AddressKey {
        ifindex: loopback,
        address: [198, 51, 100, host].into(),
        prefix_len: 32,
        peer: None,
    };
    let add: Vec<AddressChange> = (0..32)
        .map(|host| AddressChange::Add(VirtualAddress::new(key(host))))
        .collect();
    let remove: Vec<AddressChange> = (0..32)
        .map(|host| AddressChange::Remove(key(host)))
        .collect();
    let mut results = Vec::new();
    for _ in 0..rounds {
        results.clear();
        route.submit(&add, &mut results);
        route.submit(&remove, &mut results);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }
}

/// Lets messages get lost while `change` happens.
fn overrun(engine: &Engine, change: impl FnOnce()) {
    let before = engine.snapshot().unwrap().engine.resynchronisations;
    let hold: &'static Hold = Box::leak(Box::default());
    engine.inject(Fault::Hold(hold)).unwrap();
    eventually(|| hold.is_reached().then_some(()));
    flood(1_200);
    change();
    hold.release();
    eventually(|| {
        let now = engine.snapshot().ok()?.engine.resynchronisations;
        (now > before).then_some(())
    });
}

#[test]
fn after_lost_messages_the_state_is_read_anew() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("overrun");
        let engine = open(&directory.0);
        make_other_link();
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        for extra in ["192.0.2.101", "192.0.2.102"] {
            instance.addresses.push(virtual_address(address(extra)));
        }
        instance.addresses[2].interface = "third".into();
        engine.apply(config([instance])).unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        wait_held("third", &["192.0.2.102/32"]);
        // Lost: an address, and an interface that came back as another one.
        overrun(&engine, || {
            ip("address delete 192.0.2.101/32 dev left");
            ip("link delete third");
            make_other_link();
        });
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        wait_held("third", &["192.0.2.102/32"]);
        // Lost: the carrier.
        overrun(&engine, || {
            peer.run(|| ip("link set right down"));
        });
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
        // Lost: its return, under a new index.
        overrun(&engine, || {
            ip("link delete left");
            make_left();
        });
        wait_for(&engine, "VI_1", State::Master);
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        engine.stop(Duration::from_secs(30)).unwrap();
        assert!(held("left").is_empty() && held("third").is_empty());
    });
}

#[test]
fn carrier_changes_are_noticed_beside_an_instance_without_an_interface() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("beside");
        let engine = open(&directory.0);
        let mut unbound = router("U_1", 60, &["192.0.2.160"]);
        unbound.interface = None;
        unbound.source = Some(address("192.0.2.1"));
        unbound.unicast = Some(UnicastConfig::default());
        unbound.router.unicast = Some(UnicastPeers {
            peers: vec![ka_vrrp::Peer {
                address: address("192.0.2.2"),
                min_ttl: 0,
                max_ttl: 255,
            }],
            check_source: false,
        });
        let bound = router("VI_1", 51, &["192.0.2.100"]);
        engine.apply(config([unbound, bound])).unwrap();
        for name in ["U_1", "VI_1"] {
            wait_for(&engine, name, State::Master);
        }
        for _ in 0..2 {
            peer.run(|| ip("link set right down"));
            wait_for(&engine, "VI_1", State::Fault);
            // It is bound to no link, and nobody is there to take over.
            assert_eq!(status(&engine, "U_1").state, State::Master);
            peer.run(|| ip("link set right up"));
            wait_for(&engine, "VI_1", State::Master);
        }
    });
}

fn make_other_link() {
    ip("link add third type veth peer name fourth");
    ip("link set fourth up");
    ip("link set third up");
}
