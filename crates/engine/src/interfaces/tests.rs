use ka_netlink::{Address, AddressFlags, AddressKey, InterfaceName};
use ka_wire::Family;

use super::*;

fn link(index: u32, name: &str) -> Link {
    Link {
        index,
        name: InterfaceName::new(name).unwrap(),
        mtu: 1500,
        mac: Some([2, 0, 0, 0, 0, 1]),
        up: true,
        running: true,
        loopback: false,
        noarp: false,
        multicast: true,
        master: None,
        link: None,
        kind: None,
        link_type: 1,
    }
}

fn address(index: u32, text: &str, prefix_len: u8) -> Address {
    Address {
        key: AddressKey {
            ifindex: index,
            address: text.parse().unwrap(),
            prefix_len,
            peer: None,
        },
        broadcast: None,
        label: None,
        scope: 0,
        flags: AddressFlags::PERMANENT,
        protocol: None,
    }
}

fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// The one change that a message meant.
fn only(changes: [Option<LinkChange>; 2]) -> LinkChange {
    let [None, Some(change)] = changes else {
        panic!("{changes:?}")
    };
    change
}

/// Interfaces that name eth0, which exists under index 3.
fn with_eth0() -> (Interfaces, InterfaceId) {
    let mut interfaces = Interfaces::default();
    let id = interfaces.intern(&name("eth0"));
    assert!(interfaces.at(id).index.is_none() && !interfaces.at(id).up);
    let change = only(interfaces.link_changed(&link(3, "eth0")));
    assert!(change.appeared && change.is_news && change.old_index.is_none());
    (interfaces, id)
}

#[test]
fn the_state_is_what_the_last_message_says() {
    let (mut interfaces, id) = with_eth0();
    assert!(interfaces.at(id).up);
    assert_eq!(interfaces.by_index(3), Some(id));
    assert_eq!(interfaces.link_changed(&link(3, "eth0")), [None, None]);
    let without_carrier = Link {
        running: false,
        ..link(3, "eth0")
    };
    let change = only(interfaces.link_changed(&without_carrier));
    assert!(change.is_news && !change.appeared && !interfaces.at(id).up);
    let other_mac = Link {
        mac: Some([2, 0, 0, 0, 0, 2]),
        ..without_carrier
    };
    assert!(!only(interfaces.link_changed(&other_mac)).is_news);
    assert_eq!(interfaces.at(id).mac, other_mac.mac);
}

#[test]
fn a_removed_link_keeps_its_slot_and_loses_everything_else() {
    let (mut interfaces, id) = with_eth0();
    interfaces.address_added(id, &address(3, "192.0.2.1", 24));
    let change = interfaces.link_removed(3).unwrap();
    assert_eq!((change.id, change.old_index), (id, Some(3)));
    assert!(!interfaces.at(id).up && interfaces.at(id).index.is_none());
    assert_eq!(interfaces.at(id).source(Family::V4), None);
    assert_eq!(interfaces.by_index(3), None);
    assert_eq!(interfaces.link_removed(3), None);
    let change = only(interfaces.link_changed(&link(7, "eth0")));
    assert_eq!((change.id, change.appeared), (id, true));
    assert_eq!(interfaces.by_index(7), Some(id));
}

#[test]
fn a_link_recreated_behind_our_back_is_told_with_its_old_index() {
    let (mut interfaces, id) = with_eth0();
    interfaces.address_added(id, &address(3, "192.0.2.1", 24));
    let change = only(interfaces.link_changed(&link(9, "eth0")));
    assert_eq!((change.old_index, change.appeared), (Some(3), true));
    assert_eq!(interfaces.at(id).source(Family::V4), None);
    assert_eq!(
        (interfaces.by_index(3), interfaces.by_index(9)),
        (None, Some(id))
    );
}

#[test]
fn a_rename_takes_the_link_from_one_name_and_gives_it_to_the_other() {
    let (mut interfaces, id) = with_eth0();
    let wan = interfaces.intern(&name("wan"));
    let [Some(lost), Some(gained)] = interfaces.link_changed(&link(3, "wan")) else {
        panic!("a rename changes two interfaces");
    };
    assert_eq!((lost.id, lost.old_index), (id, Some(3)));
    assert_eq!((gained.id, gained.appeared), (wan, true));
    assert_eq!(interfaces.by_index(3), Some(wan));
    assert!(interfaces.at(id).index.is_none());
}

#[test]
fn two_links_can_swap_their_names() {
    let (mut interfaces, eth0) = with_eth0();
    let eth1 = interfaces.intern(&name("eth1"));
    interfaces.link_changed(&link(4, "eth1"));
    for (index, name) in [(3, "swap"), (4, "eth0"), (3, "eth1")] {
        interfaces.link_changed(&link(index, name));
    }
    assert_eq!(interfaces.at(eth0).index, Some(4));
    assert_eq!(interfaces.at(eth1).index, Some(3));
    assert_eq!(
        (interfaces.by_index(4), interfaces.by_index(3)),
        (Some(eth0), Some(eth1))
    );
}

#[test]
fn links_that_nobody_names_come_and_go_without_a_trace() {
    let (mut interfaces, _) = with_eth0();
    let known = interfaces.list.len();
    for index in 100..10_100 {
        let veth = format!("veth{index}");
        interfaces.link_changed(&link(index, &veth));
        let id = interfaces.by_index(index).unwrap();
        interfaces.address_added(id, &address(index, "192.0.2.77", 24));
        assert_eq!(interfaces.link_removed(index), None, "nobody is told");
    }
    assert_eq!(interfaces.list.len(), known + 1);
    assert_eq!(interfaces.free.len(), 1);
    assert_eq!(interfaces.by_name.len(), known);
    assert_eq!(interfaces.by_index.len(), known);
    // The slot is clean for the next one.
    let id = interfaces.intern(&name("eth1"));
    assert_eq!(interfaces.at(id).source(Family::V4), None);
    assert!(interfaces.at(id).index.is_none());
}

#[test]
fn a_link_that_is_named_later_is_found() {
    let mut interfaces = Interfaces::default();
    interfaces.link_changed(&link(5, "eth5"));
    let id = interfaces.intern(&name("eth5"));
    assert_eq!(interfaces.at(id).index, Some(5));
    assert!(interfaces.at(id).is_named());
    assert!(interfaces.link_removed(5).is_some());
}

#[test]
fn a_dump_ends_what_it_does_not_hold() {
    let (mut interfaces, eth0) = with_eth0();
    let eth1 = interfaces.intern(&name("eth1"));
    interfaces.link_changed(&link(4, "eth1"));
    interfaces.link_changed(&link(5, "unnamed"));
    interfaces.address_added(eth1, &address(4, "192.0.2.4", 24));
    interfaces.address_added(eth1, &address(4, "192.0.2.5", 24));
    interfaces.begin_dump();
    interfaces.link_changed(&link(4, "eth1"));
    assert!(!interfaces.address_added(eth1, &address(4, "192.0.2.5", 24)));
    let (vanished, readdressed) = interfaces.end_dump();
    let [change] = vanished.as_slice() else {
        panic!("{vanished:?}")
    };
    assert_eq!((change.id, change.old_index), (eth0, Some(3)));
    assert_eq!(readdressed, [eth1]);
    assert_eq!(
        interfaces.at(eth1).source(Family::V4),
        Some([192, 0, 2, 5].into())
    );
    assert_eq!(interfaces.by_index(5), None);
}

#[test]
fn the_source_is_the_first_address_that_is_left() {
    let (mut interfaces, id) = with_eth0();
    let [first, second] = ["192.0.2.1", "192.0.2.2"].map(|text| address(3, text, 24));
    assert!(interfaces.address_added(id, &first));
    assert!(interfaces.address_added(id, &second));
    assert!(!interfaces.address_added(id, &second));
    let source = |interfaces: &Interfaces| interfaces.at(id).source(Family::V4);
    assert_eq!(source(&interfaces), Some(first.key.address));
    assert!(interfaces.address_removed(id, &first));
    assert!(!interfaces.address_removed(id, &first));
    assert_eq!(source(&interfaces), Some(second.key.address));
    assert_eq!(interfaces.at(id).source(Family::V6), None);
}

#[test]
fn one_ipv4_address_may_be_there_with_two_prefixes() {
    let (mut interfaces, id) = with_eth0();
    interfaces.address_added(id, &address(3, "192.0.2.1", 24));
    interfaces.address_added(id, &address(3, "192.0.2.1", 32));
    assert!(interfaces.address_removed(id, &address(3, "192.0.2.1", 32)));
    let source = interfaces.at(id).source(Family::V4);
    assert_eq!(source, Some([192, 0, 2, 1].into()));
}

#[test]
fn of_ipv6_only_link_local_addresses_that_passed_detection_are_sources() {
    let (mut interfaces, id) = with_eth0();
    let with = |flags| Address {
        flags,
        ..address(3, "fe80::1", 64)
    };
    let source = |interfaces: &Interfaces| interfaces.at(id).source(Family::V6);
    assert!(!interfaces.address_added(id, &address(3, "2001:db8::1", 64)));
    assert_eq!(source(&interfaces), None);
    assert!(interfaces.address_added(id, &with(AddressFlags::TENTATIVE)));
    assert_eq!(source(&interfaces), None);
    let optimistic = AddressFlags::TENTATIVE | AddressFlags::OPTIMISTIC;
    assert!(interfaces.address_added(id, &with(optimistic)));
    assert!(source(&interfaces).is_some());
    assert!(interfaces.address_added(id, &with(AddressFlags::DADFAILED)));
    assert_eq!(source(&interfaces), None);
    assert!(interfaces.address_added(id, &with(AddressFlags::PERMANENT)));
    assert_eq!(source(&interfaces), Some("fe80::1".parse().unwrap()));
}

#[test]
fn a_packet_to_a_group_finds_its_router_by_vrid_and_group() {
    let (mut interfaces, id) = with_eth0();
    let group: IpAddr = [224, 0, 0, 18].into();
    let instance = InstanceId::new(4);
    let interface = interfaces.at_mut(id);
    interface.routers.insert((51, group), instance);
    assert_eq!(interface.router(51, group), Some(instance));
    assert_eq!(interface.router(52, group), None);
    assert_eq!(interface.router(51, [224, 0, 0, 19].into()), None);
}
