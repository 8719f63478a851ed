//! Changes and dumps of IPVS against a kernel that has it: in the lab (`__test__/ipvs-lab`), where
//! `__test__/lvs/netlink.spec.ts` runs this. Elsewhere each test ends at once.

#[path = "../../sys/tests/support/mod.rs"]
mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

use ka_netlink::ipvs::{
    Checksum, Destination, DestinationKey, Forwarding, IpvsChange, IpvsName, IpvsSocket, MAX_BATCH,
    Service, ServiceKey, Statistics, SyncDaemon, SyncRole, Timeouts, Tunnel,
};
use ka_netlink::{ChangeError, Errno, IpFamily};
use support::{in_namespace, ip};

/// Set in the lab.
const LAB: &str = "KA_IPVS_LAB";

/// Runs `test` in a network namespace of its own, in the lab only.
fn in_lab(test: impl FnOnce(&mut IpvsSocket) + Send + 'static) {
    if std::env::var_os(LAB).is_none() {
        return;
    }
    let ran = in_namespace(|| {
        ip("link set lo up");
        test(&mut IpvsSocket::open().expect("the lab's kernel has IPVS"));
    });
    assert!(ran, "the lab's user may do everything");
}

fn name(name: &str) -> IpvsName {
    IpvsName::new(name).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn key(protocol: u8, virtual_address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol,
        address: address(virtual_address),
        port,
    }
}

fn mark(family: IpFamily, mark: u32) -> ServiceKey {
    ServiceKey::Mark { family, mark }
}

fn tcp(scheduler: &str) -> Service {
    Service::new(key(6, "10.0.1.1", 80), name(scheduler))
}

fn real_server(text: &str, port: u16) -> DestinationKey {
    DestinationKey {
        address: address(text),
        port,
    }
}

fn masquerade(text: &str, port: u16) -> Destination {
    Destination::new(real_server(text, port), Forwarding::Masquerade, 1)
}

fn submit(socket: &mut IpvsSocket, changes: &[IpvsChange]) -> Vec<Result<(), ChangeError>> {
    let mut results = Vec::new();
    socket.submit(changes, &mut results);
    assert_eq!(results.len(), changes.len());
    results
}

/// Carries out all of `changes`.
fn carry_out(socket: &mut IpvsSocket, changes: &[IpvsChange]) {
    for (change, result) in changes.iter().zip(submit(socket, changes)) {
        if let Err(error) = result {
            panic!("{change}: {error}");
        }
    }
}

/// With which number each of `changes` is refused; `None` where it is carried out.
fn errnos(socket: &mut IpvsSocket, changes: &[IpvsChange]) -> Vec<Option<Errno>> {
    let results = submit(socket, changes);
    let errno = |result: Result<(), ChangeError>| result.err().map(|e| e.errno().unwrap());
    results.into_iter().map(errno).collect()
}

fn services(socket: &mut IpvsSocket) -> Vec<Service> {
    let mut services: Vec<_> = socket.services().unwrap();
    services.sort_by_key(|status| status.service.key);
    services.into_iter().map(|status| status.service).collect()
}

fn destinations(socket: &mut IpvsSocket, service: &ServiceKey) -> Vec<Destination> {
    let mut destinations: Vec<_> = socket.destinations(service).unwrap();
    destinations.sort_by_key(|status| status.destination.key);
    destinations
        .into_iter()
        .map(|status| status.destination)
        .collect()
}

/// What ipvsadm(8) shows in the namespace of this thread.
fn ipvsadm(arguments: &str) -> String {
    let output = Command::new("ipvsadm")
        .args(arguments.split_whitespace())
        .output()
        .expect("the lab has ipvsadm");
    assert!(output.status.success(), "ipvsadm {arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_kernel_says_which_ipvs_it_has() {
    in_lab(|socket| {
        let info = socket.info().unwrap();
        assert!(info.to_string().starts_with("IPVS 1.2."), "{info}");
        assert!(info.connection_table_size.is_power_of_two());
        assert_eq!(socket.services().unwrap(), []);
        assert_eq!(socket.daemons().unwrap(), []);
    });
}

/// Services of every kind, each with a property that others do not have.
fn kinds() -> Vec<Service> {
    let mut kinds = vec![
        Service {
            flags: Service::PERSISTENT,
            timeout: Duration::from_secs(360),
            netmask: Service::netmask(Ipv4Addr::new(255, 255, 255, 0)),
            ..tcp("rr")
        },
        Service {
            flags: Service::ONEPACKET,
            ..Service::new(key(17, "10.0.1.1", 53), name("wlc"))
        },
        Service {
            flags: Service::PERSISTENT,
            timeout: Duration::from_secs(2_678_400),
            persistence_engine: Some(name("sip")),
            ..Service::new(key(17, "10.0.1.1", 5_060), name("lblcr"))
        },
        Service::new(key(132, "10.0.1.1", 9), name("nq")),
        Service {
            flags: Service::SCHED1 | Service::SCHED2,
            ..Service::new(key(6, "2001:db8::1", 443), name("sh"))
        },
        Service {
            flags: Service::PERSISTENT | Service::SCHED1,
            timeout: Duration::from_secs(1),
            netmask: 64,
            ..Service::new(key(17, "2001:db8::1", 53), name("mh"))
        },
        Service {
            flags: Service::PERSISTENT,
            timeout: Duration::from_secs(1),
            ..Service::new(key(6, "10.0.1.2", 0), name("wrr"))
        },
        Service::new(mark(IpFamily::V4, 9), name("sed")),
        Service {
            flags: Service::ONEPACKET,
            ..Service::new(mark(IpFamily::V6, 9), name("fo"))
        },
        Service::new(mark(IpFamily::V4, 0x7fff_ffff), name("ovf")),
    ];
    kinds.sort_by_key(|service| service.key);
    kinds
}

#[test]
fn services_of_every_kind_are_added_changed_and_removed() {
    in_lab(|socket| {
        let wanted = kinds();
        let add: Vec<_> = wanted.iter().copied().map(IpvsChange::AddService).collect();
        carry_out(socket, &add);
        let found = services(socket);
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!(found.is_as_wanted(wanted), "{found:?} is not {wanted:?}");
            assert_eq!(found.flags, wanted.flags | Service::HASHED);
            let status = socket.service(&wanted.key).unwrap().unwrap();
            assert_eq!(status.service, *found);
            assert_eq!(status.statistics, Statistics::default());
        }
        let shown = ipvsadm("-S -n");
        for line in [
            "-A -t 10.0.1.1:80 -s rr -p 360 -M 255.255.255.0",
            "-A -u 10.0.1.1:53 -s wlc -o",
            "-A -u 10.0.1.1:5060 -s lblcr -p 2678400 --pe sip",
            "-A --sctp-service 10.0.1.1:9 -s nq",
            "-A -t [2001:db8::1]:443 -s sh -b sh-fallback,sh-port",
            "-A -u [2001:db8::1]:53 -s mh -p 1 -M 64 -b mh-fallback",
            "-A -t 10.0.1.2:0 -s wrr -p 1",
            "-A -f 9 -s sed",
            "-A -f 9 -6 -s fo -o",
            "-A -f 2147483647 -s ovf",
        ] {
            assert!(
                shown.lines().any(|shown| shown.trim() == line),
                "{line} in {shown}"
            );
        }

        // Each becomes what another one was, without its persistence.
        let changed: Vec<_> = wanted
            .iter()
            .map(|s| Service::new(s.key, name("rr")))
            .collect();
        let set: Vec<_> = changed
            .iter()
            .copied()
            .map(IpvsChange::SetService)
            .collect();
        carry_out(socket, &set);
        for (found, wanted) in services(socket).iter().zip(&changed) {
            assert!(found.is_as_wanted(wanted), "{found:?} is not {wanted:?}");
        }

        let remove: Vec<_> = wanted
            .iter()
            .copied()
            .map(IpvsChange::RemoveService)
            .collect();
        carry_out(socket, &remove);
        assert_eq!(services(socket), []);
        assert_eq!(socket.service(&wanted[0].key).unwrap(), None);
    });
}

#[test]
fn destinations_of_every_kind_are_added_changed_and_removed() {
    in_lab(|socket| {
        let tunnel =
            |text, tunnel| Destination::new(real_server(text, 80), Forwarding::Tunnel(tunnel), 2);
        let gue = |port, checksum| Tunnel::Gue { port, checksum };
        let four = vec![
            masquerade("10.0.2.10", 8_080),
            Destination {
                upper_threshold: 100,
                lower_threshold: 50,
                weight: 0,
                ..masquerade("10.0.2.10", 8_081)
            },
            Destination::new(
                real_server("10.0.2.11", 80),
                Forwarding::DirectRoute,
                2_147_483_647,
            ),
            tunnel("10.0.2.12", Tunnel::Ipip),
            tunnel("10.0.2.13", gue(6_080, Checksum::None)),
            tunnel("10.0.2.14", gue(6_081, Checksum::Own)),
            tunnel("10.0.2.15", gue(65_535, Checksum::Remote)),
            tunnel(
                "10.0.2.16",
                Tunnel::Gre {
                    checksum: Checksum::None,
                },
            ),
            tunnel(
                "10.0.2.17",
                Tunnel::Gre {
                    checksum: Checksum::Own,
                },
            ),
            tunnel("2001:db8:2::18", Tunnel::Ipip),
        ];
        let six = vec![
            tunnel("10.0.2.19", gue(6_080, Checksum::Remote)),
            masquerade("2001:db8:2::10", 8_080),
            Destination::new(
                real_server("2001:db8:2::11", 80),
                Forwarding::DirectRoute,
                3,
            ),
            tunnel(
                "2001:db8:2::12",
                Tunnel::Gre {
                    checksum: Checksum::Own,
                },
            ),
        ];
        let marked = vec![
            Destination::new(real_server("10.0.2.11", 0), Forwarding::DirectRoute, 1),
            masquerade("10.0.2.12", 81),
        ];
        let sets = [
            (tcp("wlc"), four),
            (Service::new(key(6, "2001:db8:1::1", 80), name("rr")), six),
            (Service::new(mark(IpFamily::V4, 9), name("rr")), marked),
        ];
        for (service, wanted) in &sets {
            let service = *service;
            carry_out(socket, &[IpvsChange::AddService(service)]);
            let each = |change: fn(Service, Destination) -> IpvsChange| -> Vec<_> {
                wanted
                    .iter()
                    .map(|wanted| change(service, *wanted))
                    .collect()
            };
            let add = each(|service, destination| IpvsChange::AddDestination {
                service,
                destination,
            });
            carry_out(socket, &add);
            assert_eq!(destinations(socket, &service.key), *wanted);
            for status in socket.destinations(&service.key).unwrap() {
                assert_eq!(
                    (status.active, status.inactive, status.persistent),
                    (0, 0, 0)
                );
                assert_eq!(status.statistics, Statistics::default());
            }

            let set = each(|service, destination| IpvsChange::SetDestination {
                service,
                destination: Destination {
                    weight: 7,
                    ..Destination::new(destination.key, Forwarding::Tunnel(Tunnel::Ipip), 7)
                },
            });
            carry_out(socket, &set);
            for (found, wanted) in destinations(socket, &service.key).iter().zip(wanted) {
                let tunnel = Forwarding::Tunnel(Tunnel::Ipip);
                assert_eq!(*found, Destination::new(wanted.key, tunnel, 7));
            }

            let remove = each(|service, destination| IpvsChange::RemoveDestination {
                service,
                destination,
            });
            carry_out(socket, &remove);
            assert_eq!(destinations(socket, &service.key), []);
        }
        assert_eq!(destinations(socket, &key(6, "10.0.9.9", 80)), []);
    });
}

#[test]
fn what_ipvsadm_made_is_described_as_it_asked_for() {
    in_lab(|socket| {
        ipvsadm("-A -t 10.0.1.1:80 -s wlc");
        ipvsadm("-a -t 10.0.1.1:80 -r 10.0.2.11:8080 -m -w 3 -x 10 -y 5");
        ipvsadm("-a -t 10.0.1.1:80 -r 10.0.2.12 -g");
        ipvsadm("-a -t 10.0.1.1:80 -r 10.0.2.13 -i --tun-type gue --tun-port 6080 --tun-remcsum");
        ipvsadm("-a -t 10.0.1.1:80 -r 10.0.2.14 -i --tun-type gre --tun-csum");
        assert!(services(socket)[0].is_as_wanted(&tcp("wlc")));
        let expected = [
            Destination {
                weight: 3,
                upper_threshold: 10,
                lower_threshold: 5,
                ..masquerade("10.0.2.11", 8_080)
            },
            Destination::new(real_server("10.0.2.12", 80), Forwarding::DirectRoute, 1),
            Destination::new(
                real_server("10.0.2.13", 80),
                Forwarding::Tunnel(Tunnel::Gue {
                    port: 6_080,
                    checksum: Checksum::Remote,
                }),
                1,
            ),
            Destination::new(
                real_server("10.0.2.14", 80),
                Forwarding::Tunnel(Tunnel::Gre {
                    checksum: Checksum::Own,
                }),
                1,
            ),
        ];
        assert_eq!(destinations(socket, &tcp("wlc").key), expected);
    });
}

#[test]
fn refusals_are_matched_to_their_changes_within_a_full_batch() {
    in_lab(|socket| {
        let service = tcp("rr");
        let add = |destination| IpvsChange::AddDestination {
            service,
            destination,
        };
        let numbered = |number| masquerade(&format!("10.0.2.{number}"), 80);
        let missing = Service::new(key(6, "10.0.9.9", 80), name("rr"));
        let mut changes = vec![IpvsChange::AddService(service)];
        changes.extend((1..=53).map(|number| add(numbered(number))));
        let from = changes.len();
        changes.extend([
            IpvsChange::AddService(service),
            add(numbered(7)),
            IpvsChange::SetDestination {
                service,
                destination: numbered(99),
            },
            IpvsChange::RemoveDestination {
                service,
                destination: numbered(99),
            },
            add(Destination {
                upper_threshold: 5,
                lower_threshold: 6,
                ..numbered(90)
            }),
            add(Destination {
                weight: 2_147_483_648,
                ..numbered(91)
            }),
            IpvsChange::AddDestination {
                service: missing,
                destination: numbered(1),
            },
            IpvsChange::RemoveService(missing),
            IpvsChange::AddService(Service {
                scheduler: name("no-such-one"),
                ..missing
            }),
            add(numbered(54)),
        ]);
        assert_eq!(changes.len(), MAX_BATCH);
        let refused = [
            (Errno::EXIST, "Service already exists"),
            (Errno::EXIST, "Destination already exists"),
            (Errno::NOENT, "No such destination"),
            (Errno::NOENT, "No such destination"),
            (Errno::RANGE, "Numerical result out of range"),
            (Errno::RANGE, "Numerical result out of range"),
            (Errno::SRCH, "Service not defined"),
            (Errno::SRCH, "No such service"),
            (Errno::NOENT, "Scheduler or persistence engine not found"),
        ];
        let mut expected = vec![None; from];
        expected.extend(refused.iter().map(|(errno, _)| Some(*errno)));
        expected.push(None);
        assert_eq!(errnos(socket, &changes), expected);
        for (change, (errno, words)) in changes[from..].iter().zip(refused) {
            assert_eq!(change.explain(errno), words, "{change}");
        }
        assert_eq!(destinations(socket, &service.key).len(), 54);

        // Twice as much is two writes.
        let twice = [changes.as_slice(), &changes].concat();
        carry_out(socket, &[IpvsChange::Flush]);
        let found = errnos(socket, &twice);
        assert_eq!(found[..MAX_BATCH], expected);
        let refusals = found[MAX_BATCH..].iter().flatten().count();
        assert_eq!(refusals, MAX_BATCH);
    });
}

#[test]
fn what_cannot_be_is_refused_and_named() {
    in_lab(|socket| {
        let service = tcp("rr");
        let add = |destination| IpvsChange::AddDestination {
            service,
            destination,
        };
        let unknown_engine = Service {
            flags: Service::PERSISTENT,
            timeout: Duration::from_secs(9),
            persistence_engine: Some(name("no-such-one")),
            ..Service::new(key(17, "10.0.1.1", 53), name("rr"))
        };
        let changes = [
            IpvsChange::AddService(service),
            IpvsChange::AddService(unknown_engine),
            IpvsChange::SetService(Service::new(service.key, name("no-such-one"))),
            add(masquerade("224.0.0.1", 80)),
            add(masquerade("2001:db8::1", 80)),
            IpvsChange::Zero(Some(key(6, "10.0.9.9", 80))),
        ];
        let expected = [
            None,
            Some(Errno::NOENT),
            Some(Errno::NOENT),
            Some(Errno::INVAL),
            Some(Errno::INVAL),
            Some(Errno::SRCH),
        ];
        assert_eq!(errnos(socket, &changes), expected);
        assert!(services(socket)[0].is_as_wanted(&service));
        let results = submit(socket, &changes[3..4]);
        let sentence = format!("{}: {}", changes[3], results[0].as_ref().unwrap_err());
        let expected = "add real server 224.0.0.1:80 to 10.0.1.1:tcp:80: Invalid argument";
        assert_eq!(sentence, expected);
    });
}

#[test]
fn a_service_goes_with_its_destinations_and_a_flush_takes_all() {
    in_lab(|socket| {
        let service = tcp("rr");
        let add = IpvsChange::AddDestination {
            service,
            destination: masquerade("10.0.2.11", 80),
        };
        carry_out(socket, &[IpvsChange::AddService(service), add]);
        // What the kernel has of it counts, not what a removal says of the rest.
        let otherwise = Service::new(service.key, name("wlc"));
        carry_out(socket, &[IpvsChange::RemoveService(otherwise)]);
        assert_eq!(services(socket), []);

        carry_out(socket, &[IpvsChange::AddService(service), add]);
        ipvsadm("-A -f 77 -s rr");
        assert_eq!(services(socket).len(), 2);
        carry_out(socket, &[IpvsChange::Flush]);
        assert_eq!(services(socket), []);
        carry_out(socket, &[IpvsChange::Flush, IpvsChange::Zero(None)]);
    });
}

#[test]
fn timeouts_are_set_and_those_of_zero_kept() {
    in_lab(|socket| {
        let seconds = |tcp, tcp_fin, udp| Timeouts {
            tcp: Duration::from_secs(tcp),
            tcp_fin: Duration::from_secs(tcp_fin),
            udp: Duration::from_secs(udp),
        };
        assert_eq!(socket.timeouts().unwrap(), seconds(900, 120, 300));
        carry_out(socket, &[IpvsChange::SetTimeouts(seconds(800, 90, 200))]);
        assert_eq!(socket.timeouts().unwrap(), seconds(800, 90, 200));
        carry_out(socket, &[IpvsChange::SetTimeouts(seconds(0, 0, 2_678_400))]);
        assert_eq!(socket.timeouts().unwrap(), seconds(800, 90, 2_678_400));
        let shown = ipvsadm("-L --timeout");
        assert!(shown.contains("800 90 2678400"), "{shown}");
    });
}

#[test]
fn sync_daemons_are_started_described_and_stopped() {
    in_lab(|socket| {
        ip("link add dummy0 type dummy");
        ip("address add 10.0.9.1/24 dev dummy0");
        ip("address add 2001:db8:9::1/64 dev dummy0 nodad");
        ip("link set dummy0 up");
        let interface = "dummy0".try_into().unwrap();
        let master = SyncDaemon {
            maxlen: Some(1_400),
            port: Some(8_850),
            ttl: Some(3),
            group: Some(address("224.0.0.99")),
            ..SyncDaemon::new(SyncRole::Master, interface, 7)
        };
        let backup = SyncDaemon {
            group: Some(address("ff02::99")),
            ..SyncDaemon::new(SyncRole::Backup, interface, 255)
        };
        let missing = "dummy1".try_into().unwrap();
        let changes = [
            IpvsChange::AddDaemon(SyncDaemon::new(SyncRole::Master, missing, 7)),
            IpvsChange::AddDaemon(master),
            IpvsChange::AddDaemon(master),
            IpvsChange::AddDaemon(backup),
        ];
        let expected = [Some(Errno::NODEV), None, Some(Errno::EXIST), None];
        assert_eq!(errnos(socket, &changes), expected);
        let mut found = socket.daemons().unwrap();
        found.sort_by_key(|daemon| daemon.role);
        assert_eq!(found[0], master);
        // What was not asked for, the kernel has chosen.
        assert_eq!(found[1].group, backup.group);
        assert_eq!((found[1].role, found[1].id), (SyncRole::Backup, 255));
        assert_eq!((found[1].port, found[1].ttl), (Some(8_848), Some(1)));
        assert!(found[1].maxlen.is_some_and(|maxlen| maxlen > 1_000));

        // The protocol has no words for destinations of another family.
        let service = tcp("rr");
        let foreign = Destination::new(
            real_server("2001:db8:2::18", 80),
            Forwarding::Tunnel(Tunnel::Ipip),
            1,
        );
        let mixed = [
            IpvsChange::AddService(service),
            IpvsChange::AddDestination {
                service,
                destination: foreign,
            },
        ];
        assert_eq!(errnos(socket, &mixed), [None, Some(Errno::INVAL)]);

        // The kernel acknowledges the end of a daemon only once that has run for a moment.
        for role in [SyncRole::Master, SyncRole::Backup] {
            let stop = [IpvsChange::RemoveDaemon { role, id: 0 }];
            let result = submit(socket, &stop).remove(0);
            assert!(
                matches!(result, Ok(()) | Err(ChangeError::Unacknowledged)),
                "{result:?}"
            );
            assert_eq!(errnos(socket, &stop), [Some(Errno::SRCH)]);
        }
        assert_eq!(socket.daemons().unwrap(), []);
    });
}

#[test]
fn a_long_table_is_dumped_whole() {
    in_lab(|socket| {
        let service = |number: u32| {
            Service::new(
                key(6, &Ipv4Addr::from(0x0a01_0000 + number).to_string(), 80),
                name("rr"),
            )
        };
        let numbers = 0..1_000;
        let add: Vec<_> = numbers
            .clone()
            .map(|n| IpvsChange::AddService(service(n)))
            .collect();
        carry_out(socket, &add);
        let found: Vec<_> = services(socket).iter().map(|service| service.key).collect();
        let wanted: Vec<_> = numbers.map(|n| service(n).key).collect();
        assert_eq!(found, wanted);
        let add: Vec<_> = (0..1_000)
            .map(|number: u32| IpvsChange::AddDestination {
                service: service(0),
                destination: masquerade(&Ipv4Addr::from(0x0a02_0001 + number).to_string(), 80),
            })
            .collect();
        carry_out(socket, &add);
        let found = destinations(socket, &service(0).key);
        let wanted: Vec<_> = add
            .iter()
            .map(|change| *change.destination().unwrap())
            .collect();
        assert_eq!(found, wanted);
        carry_out(socket, &[IpvsChange::Flush]);
    });
}
