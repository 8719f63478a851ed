//! Messages captured from a kernel, read, damaged and read again.

use ka_netlink::message::{Answer, Attribute, Batch, Message};
use ka_netlink::{
    Address, AddressFlags, AddressKey, Event, Link, Route, RouteChange, Rule, RuleChange,
};
use proptest::prelude::*;
use proptest::sample::Index;

const LINKS: &str = include_str!("captures/links.hex");
const ADDRESSES: &str = include_str!("captures/addresses.hex");
const ROUTES: &str = include_str!("captures/routes.hex");
const RULES: &str = include_str!("captures/rules.hex");

fn messages(capture: &str) -> Vec<Vec<u8>> {
    let lines = capture.lines().filter(|line| !line.starts_with('#'));
    lines.map(octets).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(octet).collect()
}

fn parsed<T>(capture: &str, parse: impl Fn(&Message<'_>) -> Option<T>) -> Vec<T> {
    // As they arrive: several in one datagram.
    let datagram = messages(capture).concat();
    Message::iter(&datagram)
        .map(|m| parse(&m).unwrap())
        .collect()
}

#[test]
fn links_are_read() {
    let links = parsed(LINKS, Link::parse);
    let names: Vec<_> = links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(names, ["lo", "right", "left", "bridge0", "vrrp.21"]);
    let [lo, right, left, bridge, macvlan] = links.as_slice() else {
        panic!("five links")
    };
    assert_eq!(
        *right,
        Link {
            index: 2,
            name: "right".try_into().unwrap(),
            mtu: 1_500,
            mac: right.mac,
            up: true,
            running: true,
            loopback: false,
            noarp: false,
            multicast: true,
            master: Some(bridge.index),
            link: Some(left.index),
            kind: Some("veth".into()),
            link_type: 1,
        }
    );
    assert_eq!(right.mac.unwrap()[0] & 3, 2, "a local unicast address");
    assert!(lo.loopback && !lo.up && !lo.running && !lo.multicast);
    assert_eq!((lo.mtu, lo.link_type), (65_536, 772));
    assert_eq!((&lo.kind, lo.link, lo.master), (&None, None, None));
    assert_eq!(macvlan.kind.as_deref(), Some("macvlan"));
    assert_eq!(macvlan.link, Some(left.index));
    assert!(!macvlan.up);
}

#[test]
fn addresses_are_read() {
    let addresses = parsed(ADDRESSES, Address::parse);
    let [v4, link_local, v6] = addresses.as_slice() else {
        panic!("three addresses")
    };
    assert_eq!(
        *v4,
        Address {
            key: AddressKey {
                ifindex: 3,
                address: "192.0.2.7".parse().unwrap(),
                prefix_len: 24,
                peer: Some("192.0.2.9".parse().unwrap()),
            },
            broadcast: Some("192.0.2.255".parse().unwrap()),
            label: Some("left:1".try_into().unwrap()),
            scope: 0,
            flags: AddressFlags::PERMANENT,
            protocol: None,
        }
    );
    assert_eq!(link_local.scope, 253);
    // IFAPROT_KERNEL_LL: the kernel made it.
    assert_eq!(link_local.protocol, Some(3));
    assert!(link_local.key.address.to_string().starts_with("fe80::"));
    assert_eq!(
        v6.key,
        AddressKey {
            ifindex: 3,
            address: "2001:db8::5".parse().unwrap(),
            prefix_len: 64,
            peer: None,
        }
    );
    let expected = AddressFlags::PERMANENT | AddressFlags::DEPRECATED | AddressFlags::NODAD;
    assert_eq!(v6.flags, expected);
    assert_eq!((v6.label, v6.broadcast), (None, None));
}

#[test]
fn attributes_that_are_unknown_or_longer_change_nothing() {
    for capture in messages(LINKS).iter().chain(&messages(ADDRESSES)) {
        let message = Message::iter(capture).next().unwrap();
        let header = if message.kind == 16 { 16 } else { 8 };
        let mut longer = capture[..16 + header].to_vec();
        for attribute in message.attributes(header) {
            append(&mut longer, 0x3ff0, b"of a newer kernel");
            // Numbers and nested attributes grow at their end; what is an address,
            // a name or a text is as long as it is.
            let grows = [4, 5, 8, 10, 18].contains(&attribute.kind) && message.kind == 16
                || [6, 8, 11].contains(&attribute.kind) && message.kind == 20;
            let mut value = attribute.value.to_vec();
            if grows {
                value.resize(value.len().next_multiple_of(4) + 4, 0);
            }
            append(&mut longer, attribute.kind | 0x8000, &value);
        }
        let length = u32::try_from(longer.len()).unwrap();
        longer[..4].copy_from_slice(&length.to_ne_bytes());
        let read = |bytes| Event::parse(&Message::iter(bytes).next().unwrap()).unwrap();
        assert_eq!(read(&longer), read(capture));
    }
}

/// What a request says, read as if the kernel said it.
fn written<T>(
    encode: impl FnOnce(&mut Batch),
    parse: impl Fn(&Message<'_>) -> Option<T>,
) -> Option<T> {
    let mut batch = Batch::new();
    encode(&mut batch);
    parse(&Message::iter(batch.as_bytes()).next()?)
}

#[test]
fn a_route_that_was_read_is_written_as_it_was() {
    let routes = parsed(ROUTES, Route::parse);
    assert_eq!(routes.len(), 21);
    let own_words = |route: &Route| !ROUTES.contains(&route.destination.to_string());
    let ipv4 = routes
        .iter()
        .filter(|route| route.destination.address().is_ipv4());
    assert_eq!(ipv4.clone().count(), 13);
    // `default` and single addresses are not called by their prefix.
    assert_eq!(routes.iter().filter(|route| own_words(route)).count(), 2);
    for route in routes {
        let add = RouteChange::Add(Box::new(route.clone()));
        let again = written(|batch| add.encode(batch, 1), Route::parse);
        assert_eq!(again, Some(route.clone()));
        let remove = RouteChange::Remove(Box::new(route.key()));
        let removed = written(|batch| remove.encode(batch, 1), Route::parse).unwrap();
        assert_eq!(removed.key(), route.key());
        assert!(route.key().covers(&removed));
    }
}

#[test]
fn a_rule_that_was_read_is_written_as_it_was() {
    let rules = parsed(RULES, Rule::parse);
    assert_eq!(rules.len(), 16);
    for rule in rules {
        for change in [RuleChange::Add, RuleChange::Remove] {
            let change = change(Box::new(rule.clone()));
            let again = written(|batch| change.encode(batch, 1), Rule::parse);
            assert_eq!(again.as_ref(), Some(&rule));
        }
    }
}

#[test]
fn attributes_of_routes_and_rules_that_are_unknown_change_nothing() {
    for capture in messages(ROUTES).iter().chain(&messages(RULES)) {
        let message = Message::iter(capture).next().unwrap();
        let mut longer = capture[..16 + 12].to_vec();
        for attribute in message.attributes(12) {
            append(&mut longer, 0x3ff0, b"of a newer kernel");
            append(&mut longer, attribute.kind | 0x8000, attribute.value);
        }
        let length = u32::try_from(longer.len()).unwrap();
        longer[..4].copy_from_slice(&length.to_ne_bytes());
        let longer = Message::iter(&longer).next().unwrap();
        assert_eq!(Route::parse(&longer), Route::parse(&message));
        assert_eq!(Rule::parse(&longer), Rule::parse(&message));
    }
}

fn append(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len() + 4).unwrap();
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[test]
fn a_bridge_that_loses_a_port_removes_no_link() {
    let mut message = messages(LINKS).remove(1);
    let read = |bytes: &[u8]| Message::iter(bytes).next().and_then(|m| Event::parse(&m));
    message[4] = 17;
    let expected = Event::LinkRemoved {
        index: 2,
        name: "right".try_into().unwrap(),
    };
    assert_eq!(read(&message), Some(expected));
    // The family of ifinfomsg: AF_BRIDGE.
    message[16] = 7;
    assert_eq!(read(&message), None);
}

/// Reads everything there is to read in `bytes`.
fn read_all(bytes: &[u8]) {
    for message in Message::iter(bytes) {
        let _ = Event::parse(&message);
        if let Some(route) = Route::parse(&message) {
            assert!(route.key().covers(&route), "{route:?}");
        }
        let _ = Rule::parse(&message);
        if let Answer::Refused { errno, .. } = message.answer() {
            assert_ne!(errno, 0);
        }
        for attribute in message.attributes(8).chain(message.attributes(16)) {
            let _ = (attribute.u8(), attribute.u32(), attribute.address());
            let _ = (attribute.text(), attribute.nested().count());
        }
    }
    Attribute::iter(bytes).for_each(drop);
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn no_message_of_a_known_kind_makes_it_panic(
        kind in prop_oneof![Just(2u16), Just(3), 16u16..23, 24u16..36],
        flags in any::<u16>(),
        payload in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let mut bytes = u32::try_from(payload.len() + 16).unwrap().to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(payload);
        read_all(&bytes);
    }

    #[test]
    fn no_damage_to_a_real_message_makes_it_panic(
        which in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
    ) {
        let captured = [LINKS, ADDRESSES, ROUTES, RULES].map(messages).concat();
        let mut bytes = which.get(&captured).clone();
        for (at, octet) in damage {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        read_all(&bytes);
        read_all(&bytes[..cut.index(bytes.len())]);
    }
}
