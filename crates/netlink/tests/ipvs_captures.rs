//! What a kernel says about IPVS, and what keepalived asks it for: read, written again, damaged.

use std::time::Duration;

use ka_netlink::ipvs::{
    Checksum, Destination, DestinationKey, DestinationStatus, Forwarding, IpvsChange, IpvsInfo,
    IpvsName, Service, ServiceKey, ServiceStatus, Statistics, SyncDaemon, SyncRole, Timeouts,
    Tunnel,
};
use ka_netlink::message::{AttributeWriter, Batch, Message};
use ka_netlink::{InterfaceName, IpFamily};
use proptest::prelude::*;
use proptest::sample::Index;

const ANSWERS: &str = include_str!("captures/ipvs.hex");
const REQUESTS: &str = include_str!("captures/ipvs-requests.hex");

/// The numbers of the commands, by which answers are told apart here.
const NEW_SERVICE: u8 = 1;
const NEW_DEST: u8 = 5;
const NEW_DAEMON: u8 = 9;
const SET_CONFIG: u8 = 12;
const SET_INFO: u8 = 14;

/// The number that the captured kernel gave to IPVS.
const FAMILY: u16 = 0x1c;

fn messages(capture: &str) -> Vec<Vec<u8>> {
    let lines = capture.lines().filter(|line| !line.starts_with('#'));
    lines.map(octets).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(octet).collect()
}

/// What `parse` makes of the answers of IPVS with `command`; it makes nothing of the others.
fn answers<T>(command: u8, parse: impl Fn(&Message<'_>) -> Option<T>) -> Vec<T> {
    let datagram = messages(ANSWERS).concat();
    let mut found = Vec::new();
    for message in Message::iter(&datagram).filter(|message| message.kind == FAMILY) {
        let parsed = parse(&message);
        assert_eq!(parsed.is_some(), message.payload[0] == command);
        found.extend(parsed);
    }
    found
}

fn address(protocol: u8, address: &str, port: u16, scheduler: &str) -> Service {
    let key = ServiceKey::Address {
        protocol,
        address: address.parse().unwrap(),
        port,
    };
    Service::new(key, IpvsName::new(scheduler).unwrap())
}

fn mark(family: IpFamily, mark: u32, scheduler: &str) -> Service {
    let key = ServiceKey::Mark { family, mark };
    Service::new(key, IpvsName::new(scheduler).unwrap())
}

fn destination(address: &str, port: u16, forwarding: Forwarding, weight: u32) -> Destination {
    let key = DestinationKey {
        address: address.parse().unwrap(),
        port,
    };
    Destination::new(key, forwarding, weight)
}

fn web() -> Service {
    address(6, "10.0.1.1", 80, "rr")
}

fn dns() -> Service {
    Service {
        flags: Service::ONEPACKET,
        ..address(17, "10.0.1.2", 53, "wlc")
    }
}

fn sip() -> Service {
    Service {
        flags: Service::PERSISTENT,
        timeout: Duration::from_secs(360),
        netmask: Service::netmask("255.255.255.0".parse().unwrap()),
        persistence_engine: Some(IpvsName::new("sip").unwrap()),
        ..address(17, "10.0.1.3", 5_060, "lc")
    }
}

fn web6() -> Service {
    Service {
        flags: Service::PERSISTENT | Service::SCHED1 | Service::SCHED2,
        timeout: Duration::from_secs(600),
        netmask: 64,
        ..address(6, "2001:db8:1::1", 443, "sh")
    }
}

fn marked() -> Service {
    mark(IpFamily::V4, 9, "wrr")
}

fn marked6() -> Service {
    Service {
        flags: Service::SCHED2,
        ..mark(IpFamily::V6, 10, "mh")
    }
}

fn sctp() -> Service {
    address(132, "10.0.1.4", 9, "nq")
}

fn unknown() -> Service {
    address(6, "10.0.1.5", 80, "twos")
}

fn unknown6() -> Service {
    address(6, "2001:db8:1::5", 80, "twos")
}

/// The real servers of the captured configuration, each with its virtual server.
fn pairs() -> Vec<(Service, Destination)> {
    let tunnel = Forwarding::Tunnel;
    let gue = Tunnel::Gue {
        port: 6_080,
        checksum: Checksum::Remote,
    };
    let gre = Tunnel::Gre {
        checksum: Checksum::Own,
    };
    let direct = Forwarding::DirectRoute;
    let masquerade = Forwarding::Masquerade;
    vec![
        (web(), destination("10.0.2.11", 8_080, masquerade, 3)),
        (
            dns(),
            Destination {
                upper_threshold: 100,
                lower_threshold: 50,
                ..destination("10.0.2.12", 53, direct, 0)
            },
        ),
        (
            sip(),
            destination("10.0.2.13", 5_060, tunnel(Tunnel::Ipip), 1),
        ),
        (sip(), destination("10.0.2.14", 5_060, tunnel(gue), 2)),
        (sip(), destination("10.0.2.15", 5_060, tunnel(gre), 2)),
        (
            sip(),
            destination("2001:db8:2::16", 5_060, tunnel(Tunnel::Ipip), 2),
        ),
        (
            web6(),
            destination("2001:db8:2::11", 8_443, masquerade, 65_535),
        ),
        (marked(), destination("10.0.2.17", 0, direct, 5)),
        (marked6(), destination("2001:db8:2::18", 0, direct, 5)),
        (
            sctp(),
            Destination {
                upper_threshold: 5,
                lower_threshold: 6,
                ..destination("10.0.2.11", 9, masquerade, 1)
            },
        ),
        (unknown(), destination("10.0.2.11", 80, masquerade, 1)),
        (unknown6(), destination("2001:db8:2::11", 80, masquerade, 1)),
    ]
}

fn daemon(role: SyncRole) -> SyncDaemon {
    SyncDaemon {
        maxlen: Some(1_400),
        port: Some(8_850),
        ttl: Some(3),
        group: Some("224.0.0.99".parse().unwrap()),
        ..SyncDaemon::new(role, InterfaceName::new("eth9").unwrap(), 7)
    }
}

fn timeouts(tcp: u64, tcp_fin: u64, udp: u64) -> Timeouts {
    Timeouts {
        tcp: Duration::from_secs(tcp),
        tcp_fin: Duration::from_secs(tcp_fin),
        udp: Duration::from_secs(udp),
    }
}

/// What keepalived asked for at its start, at its reload and at its stop.
fn captured_changes() -> Vec<IpvsChange> {
    let (master, backup) = (SyncRole::Master, SyncRole::Backup);
    let stop = |role| IpvsChange::RemoveDaemon { role, id: 0 };
    let set = |tcp, tcp_fin, udp| IpvsChange::SetTimeouts(timeouts(tcp, tcp_fin, udp));
    let mut changes = vec![set(800, 90, 200), stop(master), stop(backup)];
    changes.extend([master, backup].map(|role| IpvsChange::AddDaemon(daemon(role))));
    let pairs = pairs();
    let services: Vec<_> = pairs.chunk_by(|a, b| a.0 == b.0).collect();
    for of_service in &services {
        changes.push(IpvsChange::AddService(of_service[0].0));
        changes.extend(of_service.iter().map(|&(service, destination)| {
            IpvsChange::AddDestination {
                service,
                destination,
            }
        }));
    }

    let reloaded = |service: Service| match service {
        _ if service == dns() => Service {
            scheduler: IpvsName::new("wrr").unwrap(),
            ..service
        },
        _ if service == sip() => Service {
            timeout: Duration::from_secs(361),
            ..service
        },
        _ => service,
    };
    let heavier = |destination: Destination| match destination.weight {
        3 => Destination {
            weight: 4,
            ..destination
        },
        _ => destination,
    };
    changes.extend([set(900, 120, 300), set(800, 90, 200)]);
    changes.extend([master, backup].map(|role| IpvsChange::AddDaemon(daemon(role))));
    changes.extend([dns(), sip()].map(|service| IpvsChange::SetService(reloaded(service))));
    changes.push(IpvsChange::SetDestination {
        service: web(),
        destination: heavier(pairs[0].1),
    });

    for of_service in &services {
        changes.extend(of_service.iter().map(|&(service, destination)| {
            IpvsChange::RemoveDestination {
                service: reloaded(service),
                destination: heavier(destination),
            }
        }));
        changes.push(IpvsChange::RemoveService(reloaded(of_service[0].0)));
    }
    changes.extend([stop(master), stop(backup), set(900, 120, 300)]);
    changes
}

#[test]
fn requests_are_written_as_keepalived_writes_them() {
    let captured = messages(REQUESTS);
    let changes = captured_changes();
    assert_eq!(captured.len(), changes.len());
    for (captured, change) in captured.iter().zip(changes) {
        let expected = Message::iter(captured).next().unwrap();
        let mut batch = Batch::new();
        change.encode(&mut batch, expected.kind, expected.sequence);
        let written = Message::iter(batch.as_bytes()).next().unwrap();
        // The port, which the kernel fills in, is keepalived's.
        assert_eq!(
            written,
            Message {
                port: 0,
                ..expected
            },
            "{change}"
        );
        assert_eq!(batch.as_bytes().len(), captured.len());
    }
}

/// How long messages are that keepalived 2.4.3 sends, by kind (lvs.md of the measurements).
#[test]
fn requests_are_as_long_as_those_of_keepalived_2_4_3() {
    let length = |change: IpvsChange| {
        let mut batch = Batch::new();
        change.encode(&mut batch, FAMILY, 1);
        batch.as_bytes().len()
    };
    let of = |service, at: usize| IpvsChange::AddDestination {
        service,
        destination: pairs()[at].1,
    };
    let lo = InterfaceName::new("lo").unwrap();
    let plain = SyncDaemon::new(SyncRole::Master, lo, 7);
    let only_ttl = SyncDaemon {
        ttl: Some(1),
        ..plain
    };
    let whole = SyncDaemon {
        interface: lo,
        ..daemon(SyncRole::Master)
    };
    for (change, expected) in [
        (IpvsChange::AddService(web()), 104),
        (IpvsChange::SetService(unknown()), 108),
        (IpvsChange::RemoveService(sip()), 104 + 8),
        (IpvsChange::AddService(marked()), 76),
        (of(web(), 0), 176),
        (of(web(), 1), 176),
        (of(marked(), 7), 148),
        (of(web(), 2), 184),
        (of(web(), 3), 200),
        (of(web(), 4), 192),
        (IpvsChange::AddDaemon(only_ttl), 56),
        (IpvsChange::AddDaemon(whole), 80),
        (IpvsChange::SetTimeouts(timeouts(0, 0, 0)), 44),
        (IpvsChange::Flush, 20),
        (IpvsChange::Zero(None), 20),
    ] {
        assert_eq!(length(change), expected, "{change}");
    }
}

/// `10.0.1.1:80 tcp rr`, octet by octet.
#[test]
#[cfg(target_endian = "little")]
fn a_service_is_laid_out_as_the_kernel_reads_it() {
    let mut batch = Batch::new();
    IpvsChange::AddService(web()).encode(&mut batch, FAMILY, 7);
    let expected = [
        &[104, 0, 0, 0, 0x1c, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0][..],
        &[1, 1, 0, 0],
        &[84, 0, 1, 0x80],
        &[6, 0, 1, 0, 2, 0, 0, 0],
        &[6, 0, 2, 0, 6, 0, 0, 0],
        &[20, 0, 3, 0, 10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[6, 0, 4, 0, 0, 80, 0, 0],
        &[7, 0, 6, 0, b'r', b'r', 0, 0],
        &[12, 0, 7, 0, 0, 0, 0, 0, 255, 255, 255, 255],
        &[8, 0, 8, 0, 0, 0, 0, 0],
        &[8, 0, 9, 0, 255, 255, 255, 255],
    ];
    assert_eq!(batch.as_bytes(), expected.concat());
}

#[test]
fn services_are_read_with_what_came_to_them() {
    let found = answers(NEW_SERVICE, ServiceStatus::parse);
    let wanted = [web(), dns(), web6(), sip(), sctp(), marked(), marked6()];
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert!(found.service.is_as_wanted(wanted), "{found:?}");
        assert_eq!(found.service.flags, wanted.flags | Service::HASHED);
        let has_traffic = [web().key, web6().key].contains(&wanted.key);
        assert_eq!(found.statistics != Statistics::default(), has_traffic);
    }
    // As `ipvsadm -L -n --stats --exact` and `--rate` showed them.
    assert_eq!(found[0].statistics, web_traffic());
    let otherwise = Service {
        timeout: Duration::from_secs(361),
        ..sip()
    };
    assert!(!found[3].service.is_as_wanted(&otherwise));
}

fn web_traffic() -> Statistics {
    Statistics {
        conns: 10,
        inpkts: 62,
        outpkts: 49,
        inbytes: 3_952,
        outbytes: 4_545,
        cps: 1,
        inpps: 5,
        outpps: 4,
        inbps: 314,
        outbps: 361,
    }
}

#[test]
fn destinations_are_read_with_their_connections() {
    let parse = |message: &Message<'_>| DestinationStatus::parse(message, IpFamily::V4);
    let found = answers(NEW_DEST, parse);
    let pairs = pairs();
    // The tunnels come in the kernel's order; what it refused is not there.
    let wanted = [0, 1, 4, 3, 2, 6, 7, 8].map(|at: usize| pairs[at].1);
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found.destination, *wanted);
    }
    let connections = |of: &DestinationStatus| (of.active, of.inactive, of.persistent);
    assert_eq!(connections(&found[0]), (1, 9, 0));
    assert_eq!(found[0].statistics, web_traffic());
    assert_eq!(connections(&found[5]), (1, 9, 1));
    assert_eq!(found[5].statistics.inbytes, 5_363);
    assert_eq!(connections(&found[1]), (0, 0, 0));
}

#[test]
fn daemons_timeouts_and_information_are_read() {
    let daemons = answers(NEW_DAEMON, SyncDaemon::parse);
    let other = SyncDaemon {
        maxlen: Some(1_452),
        port: Some(8_848),
        ttl: Some(1),
        group: Some("ff02::99".parse().unwrap()),
        id: 5,
        ..daemon(SyncRole::Master)
    };
    let expected = [daemon(SyncRole::Master), daemon(SyncRole::Backup), other];
    assert_eq!(daemons, expected);
    let found = answers(SET_CONFIG, Timeouts::parse);
    assert_eq!(found, [timeouts(800, 90, 200)]);
    let found = answers(SET_INFO, IpvsInfo::parse);
    assert_eq!(found[0].to_string(), "IPVS 1.2.1 (4096 buckets)");
}

#[test]
fn changes_are_named_with_service_and_server() {
    let (_, destination) = pairs()[6];
    let add = IpvsChange::AddDestination {
        service: web6(),
        destination,
    };
    for (change, name) in [
        (
            IpvsChange::AddService(web()),
            "add virtual server 10.0.1.1:tcp:80",
        ),
        (
            IpvsChange::SetService(sctp()),
            "change virtual server 10.0.1.4:sctp:9",
        ),
        (
            IpvsChange::RemoveService(dns()),
            "remove virtual server 10.0.1.2:udp:53",
        ),
        (
            IpvsChange::RemoveService(marked()),
            "remove virtual server Fwm 9",
        ),
        (
            IpvsChange::RemoveService(marked6()),
            "remove virtual server Fwm 10 inet6",
        ),
        (
            add,
            "add real server 2001:db8:2::11:8443 to 2001:db8:1::1:tcp:443",
        ),
        (
            IpvsChange::AddDaemon(daemon(SyncRole::Backup)),
            "start backup sync daemon on eth9",
        ),
    ] {
        assert_eq!(change.to_string(), name);
    }
    assert_eq!(add.service(), Some(web6().key));
    assert_eq!(add.destination(), Some(&destination));
    assert_eq!(add.socket_option(), ("IP_VS_SO_SET_ADDDEST", 1159));
}

/// Appends attributes with 8 octets for each of `numbers`, or with 4 where the kernel has no more.
fn write_statistics(
    writer: &mut AttributeWriter<'_>,
    kind: u16,
    numbers: &[u64; 10],
    is_wide: bool,
) {
    writer.nested(kind, |inner| {
        for (kind, number) in (1..).zip(numbers) {
            match is_wide || [4, 5].contains(&kind) {
                true => inner.bytes(kind, &number.to_ne_bytes()),
                false => inner.u32(kind, u32::try_from(number & 0xffff_ffff).unwrap()),
            }
            inner.bytes(11, &[]);
        }
    });
}

/// A request, turned into what the kernel says of the same object, with `more` behind its attributes.
fn answered(change: IpvsChange, command: u8, more: impl Fn(&mut AttributeWriter<'_>)) -> Vec<u8> {
    let mut request = Batch::new();
    change.encode(&mut request, FAMILY, 1);
    let request = Message::iter(request.as_bytes()).next().unwrap();
    let mut batch = Batch::new();
    batch.message(FAMILY, 2, 1, &[command, 1, 0, 0], |writer| {
        for attribute in request.attributes(4) {
            writer.nested(attribute.kind, |inner| {
                for attribute in attribute.nested() {
                    inner.bytes(attribute.kind, attribute.value);
                    // Of a newer kernel.
                    inner.bytes(0x3ff0, b"unknown");
                }
                more(inner);
            });
        }
    });
    batch.as_bytes().to_vec()
}

fn any_address() -> impl Strategy<Value = std::net::IpAddr> {
    any::<std::net::IpAddr>()
}

fn any_key() -> impl Strategy<Value = ServiceKey> {
    let family = prop_oneof![Just(IpFamily::V4), Just(IpFamily::V6)];
    prop_oneof![
        (any::<u8>(), any_address(), any::<u16>()).prop_map(|(protocol, address, port)| {
            ServiceKey::Address {
                protocol,
                address,
                port,
            }
        }),
        (family, 1..=u32::MAX).prop_map(|(family, mark)| ServiceKey::Mark { family, mark }),
    ]
}

fn any_name() -> impl Strategy<Value = IpvsName> {
    "[a-z0-9_]{1,15}".prop_map(|name| IpvsName::new(&name).unwrap())
}

prop_compose! {
    fn any_service()(
        key in any_key(),
        scheduler in any_name(),
        flags in any::<u32>(),
        timeout in any::<u32>(),
        netmask in any::<u32>(),
        persistence_engine in prop::option::of(any_name()),
    ) -> Service {
        let timeout = Duration::from_secs(timeout.into());
        Service { key, scheduler, flags, timeout, netmask, persistence_engine }
    }
}

fn any_forwarding() -> impl Strategy<Value = Forwarding> {
    let checksum = prop_oneof![
        Just(Checksum::None),
        Just(Checksum::Own),
        Just(Checksum::Remote)
    ];
    (0..7, any::<u16>(), checksum).prop_map(|(kind, port, checksum)| match kind {
        0 => Forwarding::Masquerade,
        1 => Forwarding::DirectRoute,
        2 => Forwarding::LocalNode,
        3 => Forwarding::Bypass,
        4 => Forwarding::Tunnel(Tunnel::Ipip),
        5 => Forwarding::Tunnel(Tunnel::Gue { port, checksum }),
        _ => Forwarding::Tunnel(Tunnel::Gre { checksum }),
    })
}

prop_compose! {
    fn any_destination()(
        address in any_address(),
        port in any::<u16>(),
        forwarding in any_forwarding(),
        weight in any::<u32>(),
        upper_threshold in any::<u32>(),
        lower_threshold in any::<u32>(),
    ) -> Destination {
        let key = DestinationKey { address, port };
        Destination { key, forwarding, weight, upper_threshold, lower_threshold }
    }
}

prop_compose! {
    fn any_daemon()(
        is_master in any::<bool>(),
        interface in "[a-z0-9]{1,15}",
        id in any::<u8>(),
        maxlen in any::<Option<u16>>(),
        port in any::<Option<u16>>(),
        ttl in any::<Option<u8>>(),
        group in prop::option::of(any_address()),
    ) -> SyncDaemon {
        let role = if is_master { SyncRole::Master } else { SyncRole::Backup };
        let interface = InterfaceName::new(&interface).unwrap();
        SyncDaemon { role, interface, id, maxlen, port, ttl, group }
    }
}

/// Reads everything there is to read in `bytes`.
fn read_all(bytes: &[u8]) {
    for message in Message::iter(bytes) {
        if let Some(status) = ServiceStatus::parse(&message) {
            assert!(status.service.is_as_wanted(&status.service));
            let _ = status.service.key.to_string();
        }
        for family in [IpFamily::V4, IpFamily::V6] {
            let _ = DestinationStatus::parse(&message, family);
        }
        let _ = SyncDaemon::parse(&message);
        let _ = Timeouts::parse(&message);
        let _ = IpvsInfo::parse(&message).map(|info| info.to_string());
    }
}

proptest! {
    #[test]
    fn what_is_written_of_a_service_is_read_again(
        service in any_service(),
        wide in any::<[u64; 10]>(),
        is_new in any::<bool>(),
    ) {
        let bytes = answered(IpvsChange::AddService(service), NEW_SERVICE, |writer| {
            write_statistics(writer, 10, &wide, false);
            if is_new {
                write_statistics(writer, 12, &wide, true);
            }
        });
        let message = Message::iter(&bytes).next().unwrap();
        let found = ServiceStatus::parse(&message).unwrap();
        prop_assert_eq!(found.service, service);
        let expected = if is_new { wide[0] } else { wide[0] & 0xffff_ffff };
        prop_assert_eq!(found.statistics.conns, expected);
        prop_assert_eq!(found.statistics.outbytes, wide[4]);
    }

    #[test]
    fn what_is_written_of_a_destination_is_read_again(
        service in any_service(),
        destination in any_destination(),
        numbers in any::<[u32; 3]>(),
        wide in any::<[u64; 10]>(),
    ) {
        let add = IpvsChange::AddDestination { service, destination };
        let bytes = answered(add, NEW_DEST, |writer| {
            for (kind, number) in (7..).zip(numbers) {
                writer.u32(kind, number);
            }
            write_statistics(writer, 12, &wide, true);
        });
        let message = Message::iter(&bytes).next().unwrap();
        let found = DestinationStatus::parse(&message, service.key.family()).unwrap();
        prop_assert_eq!(found.destination, destination);
        prop_assert_eq!([found.active, found.inactive, found.persistent], numbers);
        prop_assert_eq!(found.statistics.outbps, wide[9]);
    }

    #[test]
    fn what_is_written_of_a_daemon_is_read_again(daemon in any_daemon()) {
        let bytes = answered(IpvsChange::AddDaemon(daemon), NEW_DAEMON, |_| {});
        let message = Message::iter(&bytes).next().unwrap();
        prop_assert_eq!(SyncDaemon::parse(&message), Some(daemon));
    }

    #[test]
    fn no_octets_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn no_message_of_a_known_command_makes_it_panic(
        command in 0u8..20,
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut batch = Batch::new();
        let header = [command, 1, 0, 0];
        batch.message(FAMILY, 2, 1, &header, |writer| writer.bytes(1, &payload));
        batch.message(FAMILY, 2, 1, &header, |writer| writer.bytes(2, &payload));
        batch.message(FAMILY, 2, 1, &header, |writer| writer.bytes(3, &payload));
        read_all(batch.as_bytes());
    }

    #[test]
    fn no_damage_to_a_real_message_makes_it_panic(
        which in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
    ) {
        let mut bytes = which.get(&messages(ANSWERS)).clone();
        for (at, octet) in damage {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        read_all(&bytes);
        read_all(&bytes[..cut.index(bytes.len())]);
    }
}
