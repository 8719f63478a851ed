use std::sync::Arc;

use ka_netlink::AddressKey;

use super::*;
use crate::interfaces::Interfaces;

fn address(ifindex: u32, text: &str, prefix_len: u8, flags: AddressFlags) -> Address {
    Address {
        key: AddressKey {
            ifindex,
            address: text.parse().unwrap(),
            prefix_len,
            peer: None,
        },
        broadcast: None,
        label: None,
        scope: 0,
        flags,
        protocol: None,
    }
}

fn plain(ifindex: u32, text: &str, prefix_len: u8) -> Address {
    address(ifindex, text, prefix_len, AddressFlags::PERMANENT)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_is_there_as_long_as_any_link_has_it() {
    let mut known = HostAddresses::default();
    assert!(!known.has(ip("192.0.2.1")));
    assert!(known.added(&plain(2, "192.0.2.1", 24)), "it came");
    assert!(!known.added(&plain(2, "192.0.2.1", 24)), "nothing new");
    assert!(!known.added(&plain(2, "192.0.2.1", 32)), "another prefix");
    assert!(!known.added(&plain(3, "192.0.2.1", 24)), "another link");
    assert!(!known.removed(&plain(2, "192.0.2.1", 24)));
    assert_eq!(known.link_of(ip("192.0.2.1")), Some(2));
    assert!(!known.removed(&plain(2, "192.0.2.1", 32)));
    assert_eq!(known.link_of(ip("192.0.2.1")), Some(3));
    assert_eq!(known.link_removed(3), [ip("192.0.2.1")]);
    assert!(!known.has(ip("192.0.2.1")));
    assert!(!known.removed(&plain(3, "192.0.2.1", 24)), "gone already");
}

#[test]
fn an_address_that_may_be_another_hosts_is_none() {
    let text = "2001:db8::1";
    let mut known = HostAddresses::default();
    let with = |flags| address(2, text, 64, flags);
    assert!(!known.added(&with(AddressFlags::TENTATIVE)));
    assert!(!known.has(ip(text)));
    assert!(known.added(&with(AddressFlags::PERMANENT)), "nobody has it");
    let failed =
        AddressFlags::from_bits(AddressFlags::TENTATIVE.bits() | AddressFlags::DADFAILED.bits());
    assert!(known.added(&with(failed)), "somebody has it");
    assert!(!known.has(ip(text)));
    let optimistic =
        AddressFlags::from_bits(AddressFlags::TENTATIVE.bits() | AddressFlags::OPTIMISTIC.bits());
    assert!(known.added(&with(optimistic)), "used meanwhile");
}

#[test]
fn a_dump_removes_what_it_does_not_have() {
    let mut known = HostAddresses::default();
    for (text, ifindex) in [("192.0.2.1", 2), ("192.0.2.2", 2), ("192.0.2.2", 3)] {
        known.added(&plain(ifindex, text, 24));
    }
    known.begin_dump();
    known.added(&plain(3, "192.0.2.2", 24));
    assert_eq!(known.end_dump(), [ip("192.0.2.1")]);
    assert_eq!(known.link_of(ip("192.0.2.2")), Some(3));
}

#[test]
fn who_depends_on_an_address_is_counted() {
    let mut interfaces = Interfaces::default();
    let [first, second] = ["eth0", "eth1"].map(|name| interfaces.intern(&Arc::from(name)));
    let source = Some(ip("192.0.2.1"));
    let mut known = HostAddresses::default();
    known.rewatch((None, source), first);
    known.rewatch((None, source), first);
    known.rewatch((None, source), second);
    known.rewatch((source, source), second);
    let watchers = |known: &HostAddresses| {
        let mut watchers = known.watchers(ip("192.0.2.1"));
        watchers.sort_unstable();
        watchers
    };
    assert_eq!(watchers(&known), [first, second]);
    known.rewatch((source, None), first);
    assert_eq!(watchers(&known), [first, second]);
    known.rewatch((source, Some(ip("192.0.2.2"))), first);
    assert_eq!(watchers(&known), [second]);
    known.rewatch((source, None), second);
    assert_eq!(watchers(&known), []);
    assert_eq!(known.watchers(ip("192.0.2.2")), [first]);
}
