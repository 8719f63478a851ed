//! Instances whose advertisements go to peers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ka_engine::{InstanceConfig, UnicastConfig};
use ka_sys::IpFamily;
use ka_sys::raw::{PacketBatch, VridSet, VrrpReceiver};
use ka_vrrp::{State, UnicastPeers};
use ka_wire::ipv4::Ipv4View;
use ka_wire::{AdvertisementView, ChecksumRule};

use crate::support::{
    Directory, Peer, address, config, eventually, in_namespace, ip, open, owner, router, status,
    wait_for, wait_held,
};

/// `instance`, which sends from `source` to `peers`.
fn unicast(
    mut instance: InstanceConfig,
    source: &str,
    peers: impl IntoIterator<Item = IpAddr>,
) -> InstanceConfig {
    let peers = peers.into_iter().map(|address| ka_vrrp::Peer {
        address,
        min_ttl: 0,
        max_ttl: 255,
    });
    instance.source = Some(address(source));
    instance.unicast = Some(UnicastConfig::default());
    instance.router.unicast = Some(UnicastPeers {
        peers: peers.collect(),
        check_source: false,
    });
    instance
}

/// The same without an interface.
fn routed(mut instance: InstanceConfig) -> InstanceConfig {
    instance.interface = None;
    instance
}

/// What the peer's host has of one advertisement: its priority, and who got it.
type Copies = BTreeMap<u16, (u8, BTreeSet<Ipv4Addr>)>;

/// Collects advertisements by their identification, until `enough` is there.
fn copies(receiver: &mut VrrpReceiver, enough: impl Fn(&Copies) -> bool) -> Copies {
    let mut batch = PacketBatch::new();
    let mut heard = Copies::new();
    eventually(|| {
        while receiver.receive(&mut batch).is_ok_and(|count| count > 0) {
            for packet in batch.iter() {
                let view = Ipv4View::new(packet.bytes).expect("an IPv4 packet");
                let advertisement = AdvertisementView::new(view.payload()).expect("a VRRP packet");
                let (source, destination) = (view.source().into(), view.destination().into());
                assert!(
                    advertisement.verify_checksum(source, destination, ChecksumRule::Standard),
                    "the checksum is that of the copy for {destination}"
                );
                let copy = heard.entry(view.id()).or_default();
                copy.0 = advertisement.priority();
                assert!(copy.1.insert(view.destination()), "nobody gets it twice");
            }
        }
        enough(&heard).then_some(())
    });
    heard
}

#[test]
fn every_one_of_hundreds_of_peers_gets_its_own_copy_of_each_advertisement() {
    in_namespace(|| {
        const PEERS: usize = 600;
        let peer = Peer::connect();
        let mut receiver = peer.run(|| {
            ip("link set lo up");
            ip("route add local 10.9.0.0/16 dev lo");
            let mut receiver = VrrpReceiver::open(IpFamily::V4).unwrap();
            receiver.set_vrid_filter(&VridSet::from_iter([51])).unwrap();
            receiver
        });
        ip("route add 10.9.0.0/16 via 192.0.2.2");
        let peers: Vec<Ipv4Addr> = (0..PEERS)
            .map(|n| Ipv4Addr::new(10, 9, (n / 200) as u8, (n % 200) as u8))
            .collect();
        let directory = Directory::new("copies");
        let engine = open(&directory.0);
        let instance = owner("many", 51, &["192.0.2.100"]);
        let instance = unicast(instance, "192.0.2.1", peers.iter().map(|&a| a.into()));
        engine.apply(config([routed(instance)])).unwrap();
        let wanted: BTreeSet<Ipv4Addr> = peers.into_iter().collect();
        let whole = |copies: &Copies| copies.values().filter(|(_, got)| *got == wanted).count();
        let heard = copies(&mut receiver, |heard| whole(heard) >= 3);
        let before: Vec<u16> = heard.keys().copied().collect();
        assert_eq!(before[..2], [1, 2], "the copies share an identification");

        drop(engine);
        let heard = copies(&mut receiver, |heard| {
            heard
                .values()
                .any(|(priority, got)| *priority == 0 && *got == wanted)
        });
        assert_eq!(
            heard.values().last().map(|(priority, _)| *priority),
            Some(0)
        );
    });
}

#[test]
fn two_instances_of_one_vrid_and_one_source_are_told_apart_by_who_sends() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("apart");
        let theirs = Directory::new("apart-peer");
        let near = unicast(
            router("near", 51, &["192.0.2.100"]),
            "192.0.2.1",
            [address("192.0.2.2")],
        );
        let far = unicast(
            router("far", 51, &["192.0.2.101"]),
            "192.0.2.1",
            [address("192.0.2.3")],
        );
        let remote = unicast(
            router("remote", 51, &["192.0.2.101"]),
            "192.0.2.3",
            [address("192.0.2.1")],
        );
        let engine = open(&directory.0);
        engine.apply(config([near, routed(far)])).unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        let _better = peer.start_better(&theirs, remote);
        wait_for(&engine, "far", State::Backup);
        wait_held("left", &["192.0.2.100/32"]);
        let near = status(&engine, "near");
        assert_eq!(
            (near.state, near.statistics.advertisements_received),
            (State::Master, 0)
        );
        assert_eq!(near.statistics.released_master, 0);
    });
}

#[test]
fn a_reload_that_changes_peers_changes_no_state_and_one_that_changes_the_source_makes_another_instance()
 {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut receiver = peer.run(|| {
            ip("address add 192.0.2.3/24 dev right");
            let mut receiver = VrrpReceiver::open(IpFamily::V4).unwrap();
            receiver.set_vrid_filter(&VridSet::from_iter([51])).unwrap();
            receiver
        });
        let directory = Directory::new("peers");
        let engine = open(&directory.0);
        let with = |source: &str, peers: &[&str]| {
            let instance = owner("one", 51, &["192.0.2.100"]);
            unicast(instance, source, peers.iter().map(|peer| address(peer)))
        };
        engine
            .apply(config([with("192.0.2.1", &["192.0.2.2"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        let both = ["192.0.2.2", "192.0.2.3"];
        let report = engine.apply(config([with("192.0.2.1", &both)])).unwrap();
        assert_eq!((report.changed, report.added, report.removed), (1, 0, 0));
        let wanted: BTreeSet<Ipv4Addr> = both.iter().map(|peer| peer.parse().unwrap()).collect();
        copies(&mut receiver, |heard| {
            heard.values().any(|(_, got)| *got == wanted)
        });
        let one = status(&engine, "one");
        assert_eq!(
            (one.state, one.statistics.became_master),
            (State::Master, 1)
        );

        let report = engine.apply(config([with("192.0.2.9", &both)])).unwrap();
        assert_eq!((report.changed, report.added, report.removed), (0, 1, 1));
        wait_held("left", &["192.0.2.100/32"]);
    });
}

#[test]
fn an_interface_without_multicast_serves_instances_with_peers_alone() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("link set left multicast off");
        let directory = Directory::new("no-multicast");
        let engine = open(&directory.0);
        let group = owner("group", 51, &["192.0.2.100"]);
        let peers = unicast(
            owner("peers", 51, &["192.0.2.101"]),
            "192.0.2.1",
            [address("192.0.2.2")],
        );
        engine.apply(config([group, peers])).unwrap();
        wait_for(&engine, "peers", State::Master);
        wait_for(&engine, "group", State::Fault);
        wait_held("left", &["192.0.2.101/32"]);
        ip("link set left multicast on");
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
    });
}
