//! Memberships, as the kernel lists them.

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ka_sys::membership::Memberships;
use ka_sys::{Errno, IpFamily};
use support::{eventually, in_namespace, index, ip, veth};

const NONE: [IpAddr; 0] = [];

fn group(family: IpFamily, number: u8) -> IpAddr {
    match family {
        IpFamily::V4 => Ipv4Addr::new(239, 7, 7, number).into(),
        IpFamily::V6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0x7777, number.into()).into(),
    }
}

/// Which of our groups the kernel has joined on `interface`.
fn joined(family: IpFamily, interface: &str) -> Vec<IpAddr> {
    let listing = ip(&format!("maddress show dev {interface}"));
    let words = listing.split_whitespace();
    let mut groups: Vec<IpAddr> = words.filter_map(|word| word.parse().ok()).collect();
    groups.retain(|address| (0..=255).any(|number| *address == group(family, number)));
    groups.sort();
    groups
}

fn both(test: fn(IpFamily)) {
    // Where the first is skipped, one line says so.
    let _ = in_namespace(move || test(IpFamily::V4)) && in_namespace(move || test(IpFamily::V6));
}

#[test]
fn more_groups_are_joined_than_one_socket_may_hold() {
    both(|family| {
        let (left, right) = veth();
        let mut memberships = Memberships::new();
        let groups: Vec<_> = (0..45).map(|number| group(family, number)).collect();
        for group in &groups {
            memberships.join(left, *group).unwrap();
            memberships.join(right, *group).unwrap();
        }
        assert_eq!(joined(family, "left"), groups);
        assert_eq!(joined(family, "right"), groups);
        // Room that became free is used again.
        for group in &groups[5..] {
            memberships.leave(left, *group);
        }
        assert_eq!(joined(family, "left"), groups[..5]);
        for group in &groups[5..] {
            memberships.join(left, *group).unwrap();
        }
        assert_eq!(joined(family, "left"), groups);
        drop(memberships);
        // A child that another test has just made has copies of the sockets until it runs its program.
        for end in ["left", "right"] {
            eventually(|| (joined(family, end) == NONE).then_some(()));
        }
    });
}

#[test]
fn a_lower_limit_of_the_kernel_is_respected() {
    in_namespace(|| {
        let (left, _) = veth();
        let limit = "/proc/sys/net/ipv4/igmp_max_memberships";
        if let Err(error) = std::fs::write(limit, "3") {
            return support::skip("a writable /proc/sys", &error.to_string());
        }
        let mut memberships = Memberships::new();
        let groups: Vec<_> = (0..10).map(|n| group(IpFamily::V4, n)).collect();
        for group in &groups {
            memberships.join(left, *group).unwrap();
        }
        assert_eq!(joined(IpFamily::V4, "left"), groups);
    });
}

#[test]
fn the_last_user_of_a_group_leaves_it() {
    both(|family| {
        let (left, _) = veth();
        let wanted = group(family, 1);
        let mut memberships = Memberships::new();
        memberships.join(left, wanted).unwrap();
        memberships.join(left, wanted).unwrap();
        memberships.leave(left, wanted);
        assert_eq!(joined(family, "left"), [wanted]);
        assert!(memberships.is_joined(left, wanted));
        memberships.leave(left, wanted);
        assert_eq!(joined(family, "left"), NONE);
        assert!(!memberships.is_joined(left, wanted));
        memberships.leave(left, wanted);
        memberships.join(left, wanted).unwrap();
        assert_eq!(joined(family, "left"), [wanted]);
    });
}

#[test]
fn an_interface_that_comes_back_is_joined_under_its_new_index() {
    both(|family| {
        let (before, _) = veth();
        let wanted = group(family, 1);
        let mut memberships = Memberships::new();
        memberships.join(before, wanted).unwrap();
        ip("link del left");
        memberships.forget(before);
        assert!(!memberships.is_joined(before, wanted));
        let error = memberships.join(before, wanted).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::NODEV));
        assert_eq!(
            error.to_string(),
            format!("join {wanted} on interface {before}: No such device")
        );
        // An index of its own: the kernel may give the old one out again.
        ip("link add left index 4321 type veth peer name right");
        ip("link set left up");
        assert_eq!(index("left"), 4_321);
        memberships.join(4_321, wanted).unwrap();
        assert_eq!(joined(family, "left"), [wanted]);
    });
}

#[test]
fn an_address_that_is_no_group_is_refused() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut memberships = Memberships::new();
        for address in ["192.0.2.1", "2001:db8::1"] {
            let error = memberships
                .join(left, address.parse().unwrap())
                .unwrap_err();
            assert_eq!(error.errno(), Some(Errno::INVAL), "{address}");
        }
    });
}
