use ka_vrrp::{Peer, RouterConfig, UnicastPeers};

use super::*;
use crate::config::UnicastConfig;

fn virtual_address(text: &str, prefix_len: u8) -> VirtualAddress {
    VirtualAddress {
        address: text.parse().unwrap(),
        prefix_len,
        interface: "eth0".into(),
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

fn instance(name: &str, vrid: u8) -> InstanceConfig {
    let mut router = RouterConfig::new(vrid, Family::V4);
    router.addresses = vec![[192, 0, 2, 100].into()];
    InstanceConfig {
        name: name.into(),
        interface: Some("eth0".into()),
        dynamic_interface: false,
        source: None,
        track_source: false,
        unicast: None,
        group: [224, 0, 0, 18].into(),
        router,
        addresses: vec![virtual_address("192.0.2.100", 24)],
        routes: Vec::new(),
        rules: Vec::new(),
        resign_on_loss: false,
        promote_secondaries: false,
        sync_daemon: None,
        tracks: Vec::new(),
    }
}

fn plan(instances: Vec<InstanceConfig>) -> Result<Plan, EngineError> {
    let config = EngineConfig {
        instances,
        ..EngineConfig::default()
    };
    Plan::new(config, |name| name == "eth0")
}

/// Why `VI_1` is invalid after `change`.
fn reason(change: impl FnOnce(&mut InstanceConfig)) -> String {
    let mut instance = instance("VI_1", 51);
    change(&mut instance);
    match plan(vec![instance]) {
        Err(EngineError::InvalidInstance { instance, reason }) => {
            assert_eq!(instance, "VI_1");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_configuration_keeps_its_order() {
    let plan = plan(vec![instance("VI_1", 51), instance("VI_2", 52)]).unwrap();
    let names: Vec<&str> = plan
        .instances
        .iter()
        .map(|(_, planned)| &*planned.0.name)
        .collect();
    assert_eq!(names, ["VI_1", "VI_2"]);
    assert_eq!(plan.identities.len(), 2);
}

#[test]
fn values_that_do_not_fit_together_are_named() {
    assert!(reason(|i| i.router.vrid = 0).contains("virtual router identifier 0"));
    assert!(reason(|i| i.group = [192, 0, 2, 18].into()).contains("multicast group"));
    let group6 = "ff02::12".parse().unwrap();
    assert!(reason(|i| i.group = group6).contains("multicast group"));
    let source6 = "fe80::1".parse().unwrap();
    assert!(reason(|i| i.source = Some(source6)).contains("source address fe80::1"));
}

#[test]
fn addresses_that_no_kernel_carries_are_named() {
    let change = |change: fn(&mut VirtualAddress)| {
        let reason = reason(|instance| change(&mut instance.addresses[0]));
        assert!(reason.starts_with("192.0.2.100: "), "{reason}");
        reason
    };
    assert!(change(|a| a.prefix_len = 33).contains("prefix length 33"));
    assert!(change(|a| a.label = Some("sixteen octets..".into())).contains("label"));
    assert!(change(|a| a.label = Some("with space".into())).contains("label"));
    assert!(change(|a| a.broadcast = Some("::1".parse().unwrap())).contains("broadcast"));
    assert!(change(|a| a.peer = Some("::1".parse().unwrap())).contains("peer"));
    let six = |change: fn(&mut VirtualAddress)| {
        reason(|instance| {
            let mut address = virtual_address("2001:db8::1", 64);
            change(&mut address);
            instance.addresses.push(address);
        })
    };
    assert!(six(|a| a.prefix_len = 129).contains("prefix length 129"));
    assert!(six(|a| a.label = Some("eth0:1".into())).contains("label"));
    assert!(six(|a| a.broadcast = Some([192, 0, 2, 255].into())).contains("broadcast"));
}

#[test]
fn a_missing_interface_is_an_error_unless_it_may_come_later() {
    let mut missing = instance("VI_1", 51);
    missing.interface = Some("eth9".into());
    let mut of_address = instance("VI_2", 52);
    of_address.addresses[0].interface = "eth8".into();
    for (bad, name) in [(&missing, "eth9"), (&of_address, "eth8")] {
        match plan(vec![bad.clone()]) {
            Err(EngineError::MissingInterface {
                instance,
                interface,
            }) => {
                assert_eq!((instance.as_str(), interface.as_str()), (&*bad.name, name));
            }
            other => panic!("{other:?}"),
        }
    }
    missing.dynamic_interface = true;
    of_address.dynamic_interface = true;
    assert!(plan(vec![missing, of_address]).is_ok());
}

#[test]
fn one_virtual_router_cannot_be_there_twice() {
    match plan(vec![instance("VI_1", 51), instance("VI_2", 51)]) {
        Err(EngineError::DuplicateInstance {
            first,
            second,
            vrid: 51,
            interface,
        }) => {
            let interface = interface.unwrap();
            let told = [first.as_str(), second.as_str(), interface.as_str()];
            assert_eq!(told, ["VI_1", "VI_2", "eth0"]);
        }
        other => panic!("{other:?}"),
    }
    // Another family, interface or group makes another virtual router.
    let mut six = instance("VI_6", 51);
    six.router = RouterConfig::new(51, Family::V6);
    six.group = "ff02::12".parse().unwrap();
    let mut group = instance("VI_3", 51);
    group.group = [224, 0, 0, 19].into();
    let mut interface = instance("VI_4", 51);
    interface.interface = Some("eth1".into());
    interface.dynamic_interface = true;
    assert!(plan(vec![instance("VI_1", 51), six, group, interface]).is_ok());
}

#[test]
fn an_address_named_again_counts_once() {
    let mut twice = instance("VI_1", 51);
    twice.addresses.push(virtual_address("192.0.2.100", 24));
    twice.addresses.push(virtual_address("192.0.2.101", 32));
    let mut elsewhere = virtual_address("192.0.2.100", 32);
    elsewhere.interface = "eth0.5".into();
    twice.dynamic_interface = true;
    twice.addresses.push(elsewhere);
    let plan = plan(vec![twice]).unwrap();
    let addresses = &plan.instances[0].1.0.addresses;
    let told: Vec<String> = addresses
        .iter()
        .map(|a| format!("{}/{} {}", a.address, a.prefix_len, a.interface))
        .collect();
    assert_eq!(
        told,
        [
            "192.0.2.100/24 eth0",
            "192.0.2.101/32 eth0",
            "192.0.2.100/32 eth0.5"
        ]
    );
}

#[test]
fn an_address_with_two_meanings_on_one_interface_is_refused() {
    let mut label = virtual_address("192.0.2.100", 24);
    label.label = Some("eth0:vip".to_owned());
    for other in [virtual_address("192.0.2.100", 32), label] {
        let told = reason(|instance| instance.addresses.push(other));
        assert_eq!(
            told,
            "192.0.2.100 is listed twice on eth0, with different values"
        );
    }
}

#[test]
fn two_instances_of_one_name_are_refused() {
    match plan(vec![
        instance("VI_1", 51),
        instance("VI_2", 52),
        instance("VI_1", 53),
    ]) {
        Err(EngineError::DuplicateName { name }) => assert_eq!(name, "VI_1"),
        other => panic!("{other:?}"),
    }
}

/// One that sends from 192.0.2.1 to `peers`, by whatever way.
fn unicast(name: &str, peers: &[&str]) -> InstanceConfig {
    let peers = peers.iter().map(|peer| Peer {
        address: peer.parse().unwrap(),
        min_ttl: 0,
        max_ttl: 255,
    });
    let peers = peers.collect();
    let mut instance = instance(name, 51);
    instance.interface = None;
    instance.source = Some([192, 0, 2, 1].into());
    instance.unicast = Some(UnicastConfig::default());
    instance.router.unicast = Some(UnicastPeers {
        peers,
        check_source: false,
    });
    instance
}

#[test]
fn unicast_instances_are_told_apart_by_their_peers() {
    let near = || unicast("near", &["192.0.2.2", "192.0.2.3"]);
    let far = || unicast("far", &["192.0.2.4"]);
    let ranks = |instances| {
        let plan = plan(instances).unwrap();
        let ranked = plan.instances.iter();
        let ranked = ranked.map(|(identity, planned)| (identity.rank, planned.0.name.to_string()));
        ranked.collect::<Vec<_>>()
    };
    let (first, second) = ("near".to_owned(), "far".to_owned());
    assert_eq!(
        ranks(vec![near(), far()]),
        [(0, first.clone()), (1, second)]
    );
    // One to the group is another virtual router, and so is one from another address.
    let mut elsewhere = unicast("elsewhere", &["192.0.2.2"]);
    elsewhere.source = Some([192, 0, 2, 9].into());
    let others = ranks(vec![instance("group", 51), elsewhere, near()]);
    assert!(others.iter().all(|(rank, _)| *rank == 0), "{others:?}");

    let again = unicast("again", &["192.0.2.4", "192.0.2.3"]);
    match plan(vec![near(), far(), again]) {
        Err(error @ EngineError::DuplicateInstance { .. }) => assert_eq!(
            error.to_string(),
            "instances far and again both use VRID 51 with one source address and a common peer"
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_instance_with_peers_lacks_is_told() {
    let changed = |change: fn(&mut InstanceConfig)| {
        reason(|instance| {
            *instance = unicast("VI_1", &["192.0.2.2"]);
            change(instance);
        })
    };
    type Change = fn(&mut InstanceConfig);
    let cases: [(&str, Change); 9] = [
        (
            "its router and its way of sending differ in whether there are peers",
            |instance| instance.unicast = None,
        ),
        ("without an interface it needs unicast peers", |instance| {
            instance.unicast = None;
            instance.router.unicast = None;
        }),
        (
            "without an interface it needs a source address",
            |instance| {
                instance.source = None;
            },
        ),
        (
            "without a source address of its own none can be tracked",
            |instance| {
                instance.interface = Some("eth0".into());
                instance.source = None;
                instance.track_source = true;
            },
        ),
        ("peer 192.0.2.2 is listed twice", |instance| {
            let peers = &mut instance.router.unicast.as_mut().unwrap().peers;
            peers.push(peers[0]);
        }),
        ("peer 224.0.0.18 is no address of a host", |instance| {
            instance.router.unicast.as_mut().unwrap().peers[0].address = [224, 0, 0, 18].into();
        }),
        (
            "with a time to live of 0 nothing leaves this host",
            |instance| instance.unicast = Some(UnicastConfig { ttl: Some(0) }),
        ),
        (
            "2001:db8::2 is not of the virtual router's family",
            |instance| {
                let peer = "2001:db8::2".parse().unwrap();
                instance.router.unicast.as_mut().unwrap().peers[0].address = peer;
            },
        ),
        ("without an interface fe80::1 is on no link", |instance| {
            let peers = instance.router.unicast.as_mut().unwrap();
            peers.peers[0].address = "2001:db8::2".parse().unwrap();
            let router = RouterConfig::new(51, Family::V6);
            let unicast = instance.router.unicast.take();
            instance.router = RouterConfig { unicast, ..router };
            instance.group = "ff02::12".parse().unwrap();
            instance.source = Some("fe80::1".parse().unwrap());
        }),
    ];
    for (expected, change) in cases {
        assert_eq!(changed(change), expected);
    }
    let mut on_link = unicast("VI_1", &["192.0.2.2"]);
    on_link.interface = Some("eth0".into());
    on_link.source = None;
    assert!(plan(vec![on_link]).is_ok());
}

/// Why groups with these members are invalid: `G1 VI_1 VI_2`.
fn group_reason(groups: &[&str]) -> String {
    let groups = groups.iter().map(|line| {
        let mut words = line.split(' ').map(Arc::from);
        GroupConfig {
            name: words.next().unwrap(),
            members: words.collect(),
        }
    });
    let config = EngineConfig {
        instances: vec![instance("VI_1", 51), instance("VI_2", 52)],
        groups: groups.collect(),
        ..EngineConfig::default()
    };
    match Plan::new(config, |_| true) {
        Err(error) => error.to_string(),
        Ok(plan) => {
            let group = plan.groups.first().unwrap();
            let vrids: Vec<u8> = group.members.iter().map(|member| member.vrid).collect();
            format!("{} {vrids:?}", group.name)
        }
    }
}

#[test]
fn a_group_has_instances_of_its_own() {
    assert_eq!(group_reason(&["G1 VI_2 VI_1"]), "G1 [52, 51]");
    assert_eq!(
        group_reason(&["G1 VI_1", "G1 VI_2"]),
        "sync group G1: there are two of that name"
    );
    assert_eq!(group_reason(&["G1"]), "sync group G1: it has no instance");
    for groups in [
        &["G1 VI_1 VI_3"][..],
        &["G1 VI_3 VI_3"],
        &["G1 VI_1", "G2 VI_3"],
    ] {
        let reason = group_reason(groups);
        assert!(reason.contains("there is no instance VI_3"), "{reason}");
    }
    let twice = group_reason(&["G1 VI_1", "G2 VI_2 VI_1"]);
    assert!(
        twice.starts_with("sync group G2: there is no instance VI_1, or it is in a group already")
    );
}
