//! Changes, dumps and notifications against the kernel, in network namespaces.

#[path = "../../sys/tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ka_netlink::{
    Address, AddressChange, AddressFlags, AddressKey, ChangeError, Errno, Event, MAX_BATCH,
    Monitor, MonitorProgress, NetlinkError, Resync, ResyncProgress, RouteSocket, VirtualAddress,
};
use support::{eventually, in_namespace, index, ip, veth};

/// The number of keepalived in iproute2's rt_addrprotos.
const PROTOCOL: u8 = 18;

fn key(ifindex: u32, address: impl Into<IpAddr>, prefix_len: u8) -> AddressKey {
    AddressKey {
        ifindex,
        address: address.into(),
        prefix_len,
        peer: None,
    }
}

fn parsed(ifindex: u32, address: &str) -> AddressKey {
    let (address, prefix_len) = address.split_once('/').unwrap();
    let address: IpAddr = address.parse().unwrap();
    key(ifindex, address, prefix_len.parse().unwrap())
}

fn add(key: AddressKey) -> AddressChange {
    AddressChange::Add(VirtualAddress {
        protocol: Some(PROTOCOL),
        ..VirtualAddress::new(key)
    })
}

fn submit(socket: &mut RouteSocket, changes: &[AddressChange]) -> Vec<Result<(), ChangeError>> {
    let mut results = Vec::new();
    socket.submit(changes, &mut results);
    results
}

fn errnos(results: &[Result<(), ChangeError>]) -> Vec<Option<Errno>> {
    let errno = |result: &Result<(), ChangeError>| match result {
        Ok(()) => None,
        Err(error) => Some(error.errno().expect("the kernel answered")),
    };
    results.iter().map(errno).collect()
}

/// The addresses of interface `ifindex` that carry our protocol.
fn ours(socket: &mut RouteSocket, ifindex: u32) -> Vec<Address> {
    let mut addresses = socket.addresses().unwrap();
    addresses.retain(|a| a.key.ifindex == ifindex && a.protocol == Some(PROTOCOL));
    addresses
}

fn keys(addresses: &[Address]) -> BTreeSet<AddressKey> {
    addresses.iter().map(|address| address.key).collect()
}

#[test]
fn links_are_dumped_as_ip_shows_them() {
    in_namespace(|| {
        let (left, right) = veth();
        ip("link add bridge0 type bridge");
        ip("link set right master bridge0");
        ip("link set left mtu 1400 address 02:00:00:00:12:34");
        let links = RouteSocket::open().unwrap().links().unwrap();
        let link = |name: &str| links.iter().find(|link| link.name == name).unwrap();
        assert_eq!(links.len(), 4);
        assert_eq!(link("left").index, left);
        assert_eq!(link("left").mtu, 1_400);
        assert_eq!(link("left").mac, Some([2, 0, 0, 0, 0x12, 0x34]));
        assert!(link("left").up && link("left").running);
        assert_eq!(link("left").link, Some(right));
        assert_eq!(link("left").kind.as_deref(), Some("veth"));
        assert_eq!(link("right").master, Some(index("bridge0")));
        assert!(!link("bridge0").up && !link("bridge0").running);
        assert!(link("lo").loopback);
    });
}

#[test]
fn an_address_is_added_as_described_and_removed() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let wanted = VirtualAddress {
            key: AddressKey {
                peer: Some("192.0.2.9".parse().unwrap()),
                ..parsed(left, "192.0.2.7/24")
            },
            broadcast: Some("192.0.2.255".parse().unwrap()),
            label: Some("left:vip".try_into().unwrap()),
            scope: 253,
            flags: AddressFlags::NOPREFIXROUTE,
            preferred_lifetime: None,
            protocol: Some(PROTOCOL),
        };
        assert_eq!(submit(&mut socket, &[AddressChange::Add(wanted)]), [Ok(())]);
        let expected = Address {
            key: wanted.key,
            broadcast: wanted.broadcast,
            label: wanted.label,
            scope: 253,
            flags: AddressFlags::NOPREFIXROUTE | AddressFlags::PERMANENT,
            protocol: Some(PROTOCOL),
        };
        assert_eq!(ours(&mut socket, left), [expected]);
        let shown = ip("address show dev left");
        let line = "inet 192.0.2.7 peer 192.0.2.9/24 brd 192.0.2.255 scope link";
        assert!(
            shown.contains(line) && shown.contains("left:vip"),
            "{shown}"
        );
        let again = submit(&mut socket, &[AddressChange::Add(wanted)]);
        assert_eq!(errnos(&again), [Some(Errno::EXIST)]);
        let remove = [AddressChange::Remove(wanted.key)];
        assert_eq!(submit(&mut socket, &remove), [Ok(())]);
        assert_eq!(ours(&mut socket, left), []);
        let again = submit(&mut socket, &remove);
        assert_eq!(errnos(&again), [Some(Errno::ADDRNOTAVAIL)]);
    });
}

#[test]
fn an_ipv6_address_is_usable_at_once_and_may_be_deprecated() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let preferred = VirtualAddress {
            protocol: Some(PROTOCOL),
            ..VirtualAddress::new(parsed(left, "2001:db8::7/64"))
        };
        let deprecated = VirtualAddress {
            preferred_lifetime: Some(Duration::ZERO),
            ..VirtualAddress {
                key: parsed(left, "2001:db8::8/128"),
                ..preferred
            }
        };
        let fleeting = VirtualAddress {
            preferred_lifetime: Some(Duration::from_secs(4_000)),
            key: parsed(left, "2001:db8::9/64"),
            ..preferred
        };
        let with_peer = VirtualAddress {
            key: AddressKey {
                peer: Some("2001:db8:1::2".parse().unwrap()),
                ..parsed(left, "2001:db8:1::1/128")
            },
            ..preferred
        };
        let all = [preferred, deprecated, fleeting, with_peer];
        let results = submit(&mut socket, &all.map(AddressChange::Add));
        assert_eq!(results, [Ok(()), Ok(()), Ok(()), Ok(())]);
        let added = ours(&mut socket, left);
        let flags = |key| added.iter().find(|a| a.key == key).unwrap().flags;
        let expected = AddressFlags::NODAD | AddressFlags::PERMANENT;
        assert_eq!(flags(preferred.key), expected);
        assert_eq!(flags(with_peer.key), expected);
        let expected = expected | AddressFlags::DEPRECATED;
        assert_eq!(flags(deprecated.key), expected);
        assert!(!flags(fleeting.key).contains(AddressFlags::DEPRECATED));
        let shown = ip("-6 address show dev left");
        let seconds = shown
            .split("preferred_lft ")
            .find_map(|rest| rest.split_once("sec")?.0.parse::<u32>().ok())
            .expect("one has a lifetime");
        // It has passed in part.
        assert!((3_000..=4_000).contains(&seconds), "{shown}");
        let remove = all.map(|address| AddressChange::Remove(address.key));
        assert_eq!(submit(&mut socket, &remove), vec![Ok(()); 4]);
        assert_eq!(ours(&mut socket, left), []);
    });
}

#[test]
fn the_prefix_length_tells_which_address_is_removed() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let [wide, narrow] = ["192.0.2.7/24", "192.0.2.7/32"].map(|a| parsed(left, a));
        assert_eq!(
            submit(&mut socket, &[add(wide), add(narrow)]),
            [Ok(()), Ok(())]
        );
        assert_eq!(
            submit(&mut socket, &[AddressChange::Remove(narrow)]),
            [Ok(())]
        );
        assert_eq!(keys(&ours(&mut socket, left)), BTreeSet::from([wide]));
    });
}

#[test]
fn a_change_that_fails_does_not_stop_those_behind_it() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let address = |number| key(left, Ipv4Addr::new(10, 0, 0, number), 32);
        let mut changes: Vec<_> = (0..MAX_BATCH as u8).map(|n| add(address(n))).collect();
        changes[7] = add(key(4_000, Ipv4Addr::new(10, 0, 0, 7), 32));
        changes[20] = add(address(19));
        changes[31] = AddressChange::Remove(address(200));
        let results = submit(&mut socket, &changes);
        let mut expected = vec![None; MAX_BATCH];
        expected[7] = Some(Errno::NODEV);
        expected[20] = Some(Errno::EXIST);
        expected[31] = Some(Errno::ADDRNOTAVAIL);
        assert_eq!(errnos(&results), expected);
        let added = (0..31).filter(|n| ![7, 20].contains(n)).map(address);
        assert_eq!(keys(&ours(&mut socket, left)), added.collect());
        // Results are appended, and a batch may be empty.
        let mut results = vec![Ok(())];
        socket.submit::<AddressChange>(&[], &mut results);
        assert_eq!(results, [Ok(())]);
    });
}

#[test]
fn a_refusal_carries_the_words_of_the_kernel() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let invalid = key(left, Ipv4Addr::new(10, 0, 0, 1), 33);
        let results = submit(&mut socket, &[add(invalid)]);
        let [Err(ChangeError::Refused { errno, message })] = results.as_slice() else {
            panic!("{results:?}")
        };
        assert_eq!(*errno, Errno::INVAL);
        let text = results[0].as_ref().unwrap_err().to_string();
        match message {
            // Since Linux 6.4.
            Some(message) => assert_eq!(text, format!("Invalid argument ({message})")),
            None => assert_eq!(text, "Invalid argument"),
        }
    });
}

#[test]
fn more_changes_than_one_write_holds_are_sent_in_several() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let address = |n: u16| key(left, Ipv4Addr::from(0x0a00_0000 + u32::from(n)), 32);
        let changes: Vec<_> = (0..100).map(|n| add(address(n))).collect();
        assert_eq!(submit(&mut socket, &changes), vec![Ok(()); 100]);
        assert_eq!(ours(&mut socket, left).len(), 100);
    });
}

#[test]
fn a_thousand_addresses_of_each_family_are_dumped() {
    in_namespace(|| {
        let (left, right) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let wanted: Vec<_> = (0..1_000u16)
            .flat_map(|n| {
                let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, n);
                [
                    key(left, Ipv4Addr::from(0x0a00_0000 + u32::from(n)), 32),
                    key(right, v6, 128),
                ]
            })
            .collect();
        let changes: Vec<_> = wanted.iter().copied().map(add).collect();
        assert_eq!(submit(&mut socket, &changes), vec![Ok(()); 2_000]);
        let dumped = [ours(&mut socket, left), ours(&mut socket, right)].concat();
        assert_eq!(dumped.len(), 2_000);
        assert_eq!(keys(&dumped), wanted.into_iter().collect());
    });
}

/// Reads until `wanted` is among the events, and returns all of them.
fn until(monitor: &mut Monitor, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    eventually(|| {
        while monitor.read(&mut |event| events.push(event)).unwrap() == MonitorProgress::More {}
        events.iter().any(&wanted).then_some(())
    });
    events
}

#[test]
fn what_happens_to_links_and_addresses_is_reported() {
    in_namespace(|| {
        let mut monitor = Monitor::open().unwrap();
        let (left, right) = veth();
        until(
            &mut monitor,
            |event| matches!(event, Event::LinkChanged(l) if l.index == left && l.running),
        );
        let wanted = parsed(left, "192.0.2.7/24");
        let is_ours = |a: &Address| a.key == wanted;
        let mut socket = RouteSocket::open().unwrap();
        assert_eq!(submit(&mut socket, &[add(wanted)]), [Ok(())]);
        until(
            &mut monitor,
            |event| matches!(event, Event::AddressAdded(a) if is_ours(a) && a.protocol == Some(PROTOCOL)),
        );
        ip("address del 192.0.2.7/24 dev left");
        until(
            &mut monitor,
            |e| matches!(e, Event::AddressRemoved { address, .. } if is_ours(address)),
        );
        ip("-6 address add 2001:db8::7/64 dev left nodad");
        until(
            &mut monitor,
            |event| matches!(event, Event::AddressAdded(a) if a.key == parsed(left, "2001:db8::7/64")),
        );
        ip("link set right down");
        until(
            &mut monitor,
            |event| matches!(event, Event::LinkChanged(l) if l.index == left && l.up && !l.running),
        );
        ip("link set right name other");
        until(
            &mut monitor,
            |event| matches!(event, Event::LinkChanged(l) if l.index == right && l.name == "other"),
        );
        // A port that leaves its bridge is not an interface that is gone.
        ip("link add bridge0 type bridge");
        ip("link set other master bridge0");
        ip("link set other nomaster");
        ip("link set bridge0 mtu 1280");
        let events = until(
            &mut monitor,
            |event| matches!(event, Event::LinkChanged(l) if l.name == "bridge0" && l.mtu == 1_280),
        );
        let removed = |event: &Event| matches!(event, Event::LinkRemoved { .. });
        assert!(!events.iter().any(removed), "{events:?}");
        ip("link del left");
        let gone = Event::LinkRemoved {
            index: left,
            name: "left".try_into().unwrap(),
        };
        until(&mut monitor, |event| *event == gone);
    });
}

#[test]
fn additions_of_one_socket_are_left_out_but_not_its_removals_or_those_of_others() {
    in_namespace(|| {
        let mut monitor = Monitor::open().unwrap();
        let (left, _) = veth();
        let [mut ours, mut theirs] = [(); 2].map(|()| RouteSocket::open().unwrap());
        monitor.leave_out_additions_of(&ours).unwrap();
        let [mine, other] = ["192.0.2.7/24", "192.0.2.8/24"].map(|text| parsed(left, text));
        assert_eq!(submit(&mut ours, &[add(mine)]), [Ok(())]);
        assert_eq!(submit(&mut theirs, &[add(other)]), [Ok(())]);
        // The kernel removes the second with the first, whose network it is in.
        assert_eq!(submit(&mut ours, &[AddressChange::Remove(mine)]), [Ok(())]);
        let is = |event: &Event, key| match event {
            Event::AddressAdded(a) | Event::AddressRemoved { address: a, .. } => a.key == key,
            _ => false,
        };
        let port = ours.port().unwrap();
        let removed_by_us = |event: &Event| matches!(event, Event::AddressRemoved { requester, .. } if *requester == port);
        let last = |event: &Event| is(event, mine) && removed_by_us(event);
        let mut events = until(&mut monitor, last);
        events.retain(|event| is(event, mine) || is(event, other));
        let told: Vec<_> = events
            .iter()
            .map(|event| (is(event, mine), removed_by_us(event)))
            .collect();
        assert_eq!(told, [(false, false), (false, true), (true, true)]);
    });
}

/// Reads a resynchronisation to its end.
fn resynchronise(resync: &mut Resync) -> (ResyncProgress, Vec<Event>) {
    let mut events = Vec::new();
    let progress = eventually(|| {
        let progress = resync.read(&mut |event| events.push(event)).unwrap();
        matches!(progress, ResyncProgress::Done | ResyncProgress::Interrupted).then_some(progress)
    });
    (progress, events)
}

fn names(events: &[Event]) -> Vec<&str> {
    let links = events.iter().filter_map(|event| match event {
        Event::LinkChanged(link) => Some(link.name.as_str()),
        _ => None,
    });
    links.collect()
}

#[test]
fn an_overrun_is_told_once_the_queue_is_empty_and_a_resync_finds_all() {
    in_namespace(|| {
        let (left, right) = veth();
        let mut monitor = Monitor::open().unwrap();
        let mut socket = RouteSocket::open().unwrap();
        let flicker = key(left, Ipv4Addr::new(10, 0, 0, 1), 32);
        let changes: Vec<_> = (0..MAX_BATCH / 2)
            .flat_map(|_| [add(flicker), AddressChange::Remove(flicker)])
            .collect();
        // The receive buffer holds 8 MiB, 16 as the kernel counts: fill it.
        let mut rounds = 0;
        let mut overrun = false;
        let mut events = 0;
        while !overrun {
            for _ in 0..2_000 {
                assert_eq!(submit(&mut socket, &changes), vec![Ok(()); MAX_BATCH]);
            }
            loop {
                match monitor.read(&mut |_| events += 1).unwrap() {
                    MonitorProgress::More => {}
                    MonitorProgress::Drained => break,
                    MonitorProgress::Overrun => {
                        overrun = true;
                        break;
                    }
                }
            }
            rounds += 1;
            assert!(rounds < 20, "the queue never overran");
        }
        assert!(events > 0, "what was queued is not lost");
        let progress = monitor.read(&mut |_| ()).unwrap();
        assert_eq!(progress, MonitorProgress::Drained);
        // What the monitor missed, the resynchronisation says, and it hears again.
        let last = key(right, Ipv4Addr::new(10, 0, 0, 2), 32);
        assert_eq!(submit(&mut socket, &[add(last)]), [Ok(())]);
        until(
            &mut monitor,
            |e| matches!(e, Event::AddressAdded(a) if a.key == last),
        );
        let mut resync = Resync::open().unwrap();
        resync.start().unwrap();
        let (progress, events) = resynchronise(&mut resync);
        assert_eq!(progress, ResyncProgress::Done);
        assert_eq!(names(&events), ["lo", "right", "left"]);
        let has = |key| {
            let is_key = |e: &Event| matches!(e, Event::AddressAdded(a) if a.key == key);
            events.iter().any(is_key)
        };
        assert!(has(last) && !has(flicker));
    });
}

#[test]
fn a_resync_that_is_started_again_says_everything_once() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let address = |n: u32| key(left, Ipv4Addr::from(0x0a00_0000 + n), 32);
        let changes: Vec<_> = (0..2_000).map(|n| add(address(n))).collect();
        assert_eq!(submit(&mut socket, &changes), vec![Ok(()); 2_000]);
        let mut resync = Resync::open().unwrap();
        let idle = resync.read(&mut |_| ()).unwrap();
        assert_eq!(idle, ResyncProgress::Waiting);
        let expected: BTreeSet<_> = (0..2_000).map(address).collect();
        // Abandoned in the links, in the addresses, and not at all.
        for steps in [0, 1, 3, 8, 0] {
            resync.start().unwrap();
            for _ in 0..steps {
                let progress = resync.read(&mut |_| ()).unwrap();
                assert_eq!(progress, ResyncProgress::More);
            }
            resync.start().unwrap();
            assert!(resync.is_running());
            let (progress, events) = resynchronise(&mut resync);
            assert_eq!(progress, ResyncProgress::Done);
            assert!(!resync.is_running());
            assert_eq!(names(&events), ["lo", "right", "left"]);
            let found: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    Event::AddressAdded(address) => Some(address.key),
                    _ => None,
                })
                .filter(|key| key.ifindex == left && key.address.is_ipv4())
                .collect();
            assert_eq!(found.len(), 2_000);
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    });
}

#[test]
fn a_change_during_a_resync_interrupts_it() {
    in_namespace(|| {
        let (left, _) = veth();
        let mut socket = RouteSocket::open().unwrap();
        let address = |n: u32| key(left, Ipv4Addr::from(0x0a00_0000 + n), 32);
        let changes: Vec<_> = (0..3_000).map(|n| add(address(n))).collect();
        assert_eq!(submit(&mut socket, &changes), vec![Ok(()); 3_000]);
        let mut resync = Resync::open().unwrap();
        resync.start().unwrap();
        let mut addresses = 0;
        while addresses == 0 {
            let mut count = |event| addresses += u32::from(matches!(event, Event::AddressAdded(_)));
            assert_eq!(resync.read(&mut count).unwrap(), ResyncProgress::More);
        }
        assert_eq!(
            submit(&mut socket, &[AddressChange::Remove(address(1))]),
            [Ok(())]
        );
        let (progress, _) = resynchronise(&mut resync);
        assert_eq!(progress, ResyncProgress::Interrupted);
        assert!(!resync.is_running());
        resync.start().unwrap();
        let (progress, events) = resynchronise(&mut resync);
        assert_eq!(progress, ResyncProgress::Done);
        let kept = |e: &&Event| matches!(e, Event::AddressAdded(a) if a.key.ifindex == left);
        assert!(events.iter().filter(kept).count() >= 2_999);
    });
}

#[test]
fn a_refused_dump_names_the_request() {
    in_namespace(|| {
        use ka_netlink::{RequestSocket, message::NLM_F_DUMP, message::NLM_F_REQUEST};
        let mut socket = RequestSocket::open(ka_sys::netlink::NetlinkProtocol::Route).unwrap();
        // No message of rtnetlink has this type.
        let encode = |batch: &mut ka_netlink::message::Batch, sequence| {
            batch.message(9_999, NLM_F_REQUEST | NLM_F_DUMP, sequence, &[0; 4], |_| {});
        };
        let error = socket
            .dump("dump nothing", encode, |_| Some(()))
            .unwrap_err();
        assert!(matches!(
            error,
            NetlinkError::Refused {
                errno: Errno::OPNOTSUPP,
                ..
            }
        ));
        let reason = ka_sys::errno_text(Errno::OPNOTSUPP);
        assert_eq!(error.to_string(), format!("dump nothing: {reason}"));
    });
}
