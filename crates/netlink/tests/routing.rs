//! Routes and rules: what the kernel makes of ours and of what `ip` says, in network namespaces.

#[path = "../../sys/tests/support/mod.rs"]
mod support;

use std::net::IpAddr;

use ka_netlink::{
    Change, ChangeError, Encap, Errno, Hop, IpFamily, IpTunnel, Metric, MonitorProgress, NextHop,
    Placement, Prefix, Realms, Removal, RemovalMonitor, Route, RouteChange, RouteKind,
    RouteMetrics, RoutePath, RouteSocket, Rule, RuleAction, RuleChange, RuleMark, RuleRange,
};
use support::{in_namespace, index, ip, veth};

/// RTPROT_KEEPALIVED.
const PROTOCOL: u8 = 18;

/// `left` and `right`, with addresses of both families.
fn network() -> u32 {
    let (left, _) = veth();
    ip("link set lo up");
    ip("address add 192.0.2.1/24 dev left");
    ip("-6 address add 2001:db8::1/64 dev left nodad");
    left
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix::new(address.parse().unwrap(), length.parse().unwrap())
}

/// A route of ours to `destination` by `dev left`.
fn route(destination: &str) -> Route<&'static str> {
    let mut route = Route {
        protocol: PROTOCOL,
        ..Route::new(prefix(destination))
    };
    route.path.hop.interface = Some("left");
    route
}

fn via(destination: &str, gateway: &str) -> Route<&'static str> {
    let mut route = route(destination);
    route.path.hop.gateway = Some(address(gateway));
    route
}

fn rejecting(destination: &str, kind: RouteKind) -> Route<&'static str> {
    Route {
        kind,
        path: RoutePath::default(),
        ..route(destination)
    }
}

fn nexthop(gateway: &str, weight: u16) -> NextHop<&'static str> {
    NextHop {
        path: via("::/0", gateway).path,
        weight,
    }
}

/// Every option once: what `ip route add` takes, and our route.
fn routes() -> Vec<(&'static str, Route<&'static str>)> {
    let mut onlink = via("198.51.3.0/24", "10.9.9.9");
    onlink.path.onlink = true;
    let mut metrics = RouteMetrics::default();
    for (metric, value, locked) in [
        (Metric::Mtu, 1_400, true),
        (Metric::Window, 1_000, false),
        (Metric::Rtt, 2_400, false),
        (Metric::RttVar, 1_000, true),
        (Metric::SsThresh, 30, false),
        (Metric::Cwnd, 20, true),
        (Metric::AdvMss, 1_360, false),
        (Metric::Reordering, 5, false),
        (Metric::HopLimit, 44, false),
        (Metric::InitCwnd, 11, false),
        (Metric::Features, 1, false),
        (Metric::RtoMin, 300, true),
        (Metric::InitRwnd, 12, false),
        (Metric::QuickAck, 1, false),
        (Metric::FastOpenNoCookie, 1, false),
    ] {
        metrics.set(metric, value, locked);
    }
    metrics.set_congestion_control("cubic", true);
    let mut other_family = via("198.51.5.0/24", "fe80::7");
    other_family.metric = Some(5);
    let mut encap = via("198.51.7.0/24", "192.0.2.2");
    encap.path.encap = Some(Encap::Ip(IpTunnel {
        id: Some(77),
        destination: Some(address("192.0.2.9")),
        source: Some(address("192.0.2.1")),
        tos: Some(0x10),
        ttl: Some(9),
        ..IpTunnel::new(IpFamily::V4)
    }));
    let mut encap6 = via("2001:db8:7::/64", "2001:db8::2");
    encap6.path.encap = Some(Encap::Ip(IpTunnel {
        id: Some(u64::MAX - 1),
        destination: Some(address("2001:db8::9")),
        tos: Some(7),
        ttl: Some(8),
        ..IpTunnel::new(IpFamily::V6)
    }));
    let mut tunnelled = nexthop("192.0.2.2", 1);
    tunnelled.path.encap = Some(Encap::Ip(IpTunnel {
        id: Some(7),
        destination: Some(address("192.0.2.9")),
        ..IpTunnel::new(IpFamily::V4)
    }));
    let mut several = nexthop("192.0.2.3", 256);
    several.path.realms = Some(Realms { from: 3, to: 4 });
    several.path.onlink = true;
    vec![
        (
            "198.51.1.0/24 dev left scope global",
            route("198.51.1.0/24"),
        ),
        (
            "198.51.2.0/24 via 192.0.2.2 dev left metric 7 table 300 tos 0x10 src 192.0.2.1 realms 3/4",
            Route {
                table: 300,
                tos: 0x10,
                metric: Some(7),
                preferred_source: Some(address("192.0.2.1")),
                path: RoutePath {
                    realms: Some(Realms { from: 3, to: 4 }),
                    ..via("198.51.2.0/24", "192.0.2.2").path
                },
                ..route("198.51.2.0/24")
            },
        ),
        ("198.51.3.0/24 via 10.9.9.9 dev left onlink", onlink),
        (
            "198.51.4.0/24 dev left scope link mtu lock 1400 window 1000 rtt 300ms rttvar lock 250ms \
             ssthresh 30 cwnd lock 20 advmss 1360 reordering 5 hoplimit 44 initcwnd 11 features ecn \
             rto_min 300ms initrwnd 12 quickack 1 congctl lock cubic fastopen_no_cookie 1",
            Route {
                scope: 253,
                metrics,
                ..route("198.51.4.0/24")
            },
        ),
        (
            "198.51.5.0/24 via inet6 fe80::7 dev left metric 5",
            other_family,
        ),
        (
            "198.51.6.0/24 nexthop via 192.0.2.2 dev left weight 2 \
             nexthop via 192.0.2.3 dev left weight 256 realms 3/4 onlink",
            Route {
                nexthops: vec![nexthop("192.0.2.2", 2), several],
                ..rejecting("198.51.6.0/24", RouteKind::UNICAST)
            },
        ),
        (
            "198.51.7.0/24 encap ip id 77 dst 192.0.2.9 src 192.0.2.1 tos 0x10 ttl 9 via 192.0.2.2 dev left",
            encap,
        ),
        (
            "198.51.8.0/24 nexthop encap ip id 7 dst 192.0.2.9 via 192.0.2.2 dev left weight 1 \
             nexthop via 192.0.2.3 dev left weight 3",
            Route {
                nexthops: vec![tunnelled, nexthop("192.0.2.3", 3)],
                ..rejecting("198.51.8.0/24", RouteKind::UNICAST)
            },
        ),
        (
            "blackhole 203.0.113.1/32",
            rejecting("203.0.113.1/32", RouteKind::BLACKHOLE),
        ),
        (
            "unreachable 203.0.113.2/32 metric 9",
            Route {
                metric: Some(9),
                ..rejecting("203.0.113.2/32", RouteKind::UNREACHABLE)
            },
        ),
        (
            "prohibit 203.0.113.3/32",
            rejecting("203.0.113.3/32", RouteKind::PROHIBIT),
        ),
        (
            "throw 203.0.113.4/32 table 70000",
            Route {
                table: 70_000,
                ..rejecting("203.0.113.4/32", RouteKind::THROW)
            },
        ),
        (
            "local 203.0.113.5/32 dev left table 100",
            Route {
                table: 100,
                kind: RouteKind::LOCAL,
                scope: 254,
                ..route("203.0.113.5/32")
            },
        ),
        (
            "default via 192.0.2.2 dev left",
            via("0.0.0.0/0", "192.0.2.2"),
        ),
        ("2001:db8:1::/64 dev left", route("2001:db8:1::/64")),
        (
            "2001:db8:2::/64 via 2001:db8::2 dev left metric 77 pref high src 2001:db8::1 mtu 1400",
            Route {
                metric: Some(77),
                preference: Some(1),
                preferred_source: Some(address("2001:db8::1")),
                metrics: {
                    let mut metrics = RouteMetrics::default();
                    metrics.set(Metric::Mtu, 1_400, false);
                    metrics
                },
                ..via("2001:db8:2::/64", "2001:db8::2")
            },
        ),
        (
            "2001:db8:3::/64 from 2001:db8:9::/48 via 2001:db8::2 dev left",
            Route {
                source: Some(prefix("2001:db8:9::/48")),
                ..via("2001:db8:3::/64", "2001:db8::2")
            },
        ),
        (
            "2001:db8:4::/64 nexthop via 2001:db8::2 dev left weight 2 nexthop via 2001:db8::3 dev left weight 1",
            Route {
                nexthops: vec![nexthop("2001:db8::2", 2), nexthop("2001:db8::3", 1)],
                ..rejecting("2001:db8:4::/64", RouteKind::UNICAST)
            },
        ),
        (
            "unreachable 2001:db8:5::/64",
            rejecting("2001:db8:5::/64", RouteKind::UNREACHABLE),
        ),
        (
            "blackhole 2001:db8:6::/64 table 100 metric 4294967295",
            Route {
                table: 100,
                metric: Some(u32::MAX),
                ..rejecting("2001:db8:6::/64", RouteKind::BLACKHOLE)
            },
        ),
        (
            "2001:db8:7::/64 encap ip6 id 18446744073709551614 dst 2001:db8::9 tc 7 hoplimit 8 via 2001:db8::2 dev left",
            encap6,
        ),
        (
            "default via 2001:db8::2 dev left",
            via("::/0", "2001:db8::2"),
        ),
    ]
}

fn submit<C: Change>(socket: &mut RouteSocket, changes: &[C]) -> Vec<Result<(), ChangeError>> {
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

fn here(route: &Route<&'static str>) -> Route {
    route.with_interfaces(|name| Some(index(name))).unwrap()
}

/// All routes as ip(8) shows them, but those of the kernel.
fn shown() -> String {
    let mut lines = String::new();
    for family in ["-4", "-6"] {
        let text = ip(&format!("{family} -d route show table all"));
        let mut skipped = false;
        for line in text.lines() {
            // The paths of a route follow on lines of their own.
            skipped = line.contains("proto kernel") || (skipped && line.starts_with('\t'));
            if !skipped {
                lines += line.trim_end();
                lines.push('\n');
            }
        }
    }
    lines
}

fn ours(socket: &mut RouteSocket) -> Vec<Route> {
    socket.routes(PROTOCOL).unwrap()
}

#[test]
fn a_route_of_ours_is_what_ip_makes_of_the_same_words() {
    let (theirs, their_routes) = {
        let (sender, receiver) = std::sync::mpsc::channel();
        let ran = in_namespace(move || {
            network();
            for (words, _) in routes() {
                ip(&format!("route add proto {PROTOCOL} {words}"));
            }
            let routes = ours(&mut RouteSocket::open().unwrap());
            sender.send((shown(), routes)).unwrap();
        });
        if !ran {
            return;
        }
        receiver.recv().unwrap()
    };
    in_namespace(move || {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let routes: Vec<Route> = routes().iter().map(|(_, route)| here(route)).collect();
        let add = |route: &Route| RouteChange::Add(Box::new(route.clone()));
        let remove = |route: &Route| RouteChange::Remove(Box::new(route.key()));
        let changes: Vec<_> = routes.iter().map(add).collect();
        let results = submit(&mut socket, &changes);
        assert!(
            results.iter().all(Result::is_ok),
            "{:?}",
            routes.iter().zip(&results).find(|(_, r)| r.is_err())
        );
        assert_eq!(shown(), theirs);
        let found = ours(&mut socket);
        assert_eq!(found, their_routes);
        assert_eq!(found.len(), routes.len());
        for found in &found {
            let slot = found.slot();
            let wanted = routes.iter().find(|route| route.slot() == slot).unwrap();
            assert!(wanted.key().covers(found), "{wanted:?} {found:?}");
            let covering = routes.iter().filter(|route| route.key().covers(found));
            assert_eq!(covering.count(), 1, "{found:?}");
            // As the kernel has it: what was left to it, and what it calls otherwise.
            let mut same = wanted.clone();
            same.metric = found.metric.or(same.metric);
            same.path.hop = found.path.hop;
            assert_eq!(same.metric.unwrap_or(0), slot.metric);
            assert_eq!(same, *found);
        }
        // The same routes of another protocol are somebody else's.
        let foreign: Vec<_> = routes
            .iter()
            .map(|route| {
                RouteChange::Remove(Box::new({
                    let mut key = route.key();
                    key.protocol = 77;
                    key
                }))
            })
            .collect();
        for errno in errnos(&submit(&mut socket, &foreign)) {
            assert_eq!(errno, Some(Errno::SRCH));
        }
        assert_eq!(shown(), theirs);
        let changes: Vec<_> = routes.iter().map(remove).collect();
        assert_eq!(errnos(&submit(&mut socket, &changes)), [None; 22]);
        assert_eq!(shown(), "");
        for errno in errnos(&submit(&mut socket, &changes)) {
            assert_eq!(errno, Some(Errno::SRCH));
        }
    });
}

#[test]
fn adding_a_route_that_is_there_tells_so_and_changes_nothing() {
    in_namespace(|| {
        network();
        let mut socket = RouteSocket::open().unwrap();
        for (words, route) in routes() {
            let add = RouteChange::Add(Box::new(here(&route)));
            assert_eq!(
                submit(&mut socket, std::slice::from_ref(&add)),
                [Ok(())],
                "{words}"
            );
            let before = shown();
            let again = errnos(&submit(&mut socket, &[add]));
            assert_eq!(again, [Some(Errno::EXIST)], "{words}");
            assert_eq!(shown(), before);
        }
    });
}

#[test]
fn a_placement_says_where_a_route_goes_among_its_likes() {
    in_namespace(|| {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let placed = |gateway, placement| {
            RouteChange::Add(Box::new(Route {
                placement,
                ..here(&via("198.51.1.0/24", gateway))
            }))
        };
        let results = submit(
            &mut socket,
            &[
                placed("192.0.2.2", Placement::Prepend),
                placed("192.0.2.3", Placement::Prepend),
                placed("192.0.2.4", Placement::Append),
                placed("192.0.2.5", Placement::Add),
            ],
        );
        assert_eq!(errnos(&results), [None, None, None, Some(Errno::EXIST)]);
        let gateways: Vec<_> = ours(&mut socket)
            .iter()
            .map(|route| route.path.hop.gateway.unwrap().to_string())
            .collect();
        assert_eq!(gateways, ["192.0.2.3", "192.0.2.2", "192.0.2.4"]);
    });
}

#[test]
fn a_removal_takes_the_route_that_it_names_and_no_other() {
    in_namespace(|| {
        let left = network();
        let mut socket = RouteSocket::open().unwrap();
        let others = [
            "198.51.1.0/24 via 192.0.2.2 dev left proto 18 metric 5",
            "198.51.1.0/24 via 192.0.2.3 dev left proto 18",
            "198.51.1.0/24 via 192.0.2.2 dev left proto 18 table 100",
            "2001:db8:1::/64 via 2001:db8::2 dev left proto 18 metric 5",
            "2001:db8:1::/64 via 2001:db8::2 dev left proto 18 table 100",
        ];
        for other in others {
            ip(&format!("route prepend {other}"));
        }
        let before = shown();
        let mut source = via("198.51.1.0/24", "192.0.2.2");
        source.preferred_source = Some(address("192.0.2.1"));
        let ours = [
            via("198.51.1.0/24", "192.0.2.2"),
            source,
            via("2001:db8:1::/64", "2001:db8::2"),
        ];
        for route in &ours {
            let route = here(route);
            let key = Box::new(route.key());
            assert_eq!(key.hop.interface, Some(left));
            let results = submit(&mut socket, &[RouteChange::Add(Box::new(route))]);
            assert_eq!(results, [Ok(())]);
            assert_ne!(shown(), before);
            assert_eq!(submit(&mut socket, &[RouteChange::Remove(key)]), [Ok(())]);
            assert_eq!(shown(), before);
        }
    });
}

#[test]
fn a_refusal_of_a_route_names_the_reason() {
    in_namespace(|| {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let mut nowhere = here(&route("198.51.1.0/24"));
        nowhere.path.hop.interface = Some(0x7fff_fff0);
        let results = submit(
            &mut socket,
            &[
                RouteChange::Add(Box::new(nowhere)),
                RouteChange::Add(Box::new(here(&via("198.51.1.0/24", "10.9.9.9")))),
                RouteChange::Add(Box::new(here(&via("198.51.1.0/24", "192.0.2.2")))),
            ],
        );
        assert_eq!(
            errnos(&results),
            [Some(Errno::NODEV), Some(Errno::NETUNREACH), None]
        );
        let Err(error) = &results[1] else {
            panic!("refused")
        };
        let text = "Network is unreachable (Nexthop has invalid gateway)";
        assert!(error.to_string().starts_with(text), "{error}");
    });
}

/// Every option once: what `ip rule add` takes, and our rule.
fn rules() -> Vec<(&'static str, Rule)> {
    let lookup = RuleAction::Lookup { table: 100 };
    let rule = |preference| Rule {
        protocol: PROTOCOL,
        ..Rule::new(IpFamily::V4, preference, lookup)
    };
    let acting = |preference, action| Rule {
        from: Some(prefix("10.0.0.0/8")),
        action,
        ..rule(preference)
    };
    vec![
        (
            "-4 rule add from 192.0.2.0/24 table 100 preference 500",
            Rule {
                from: Some(prefix("192.0.2.0/24")),
                ..rule(500)
            },
        ),
        (
            "-4 rule add to 198.51.100.0/24 tos 0x10 table 70000 preference 501",
            Rule {
                to: Some(prefix("198.51.100.0/24")),
                tos: 0x10,
                action: RuleAction::Lookup { table: 70_000 },
                ..rule(501)
            },
        ),
        (
            "-4 rule add not from 10.0.0.0/8 to 11.0.0.0/8 fwmark 0x10/0xff iif left oif absent0 \
             table main realms 1/2 preference 502",
            Rule {
                inverted: true,
                from: Some(prefix("10.0.0.0/8")),
                to: Some(prefix("11.0.0.0/8")),
                mark: Some(RuleMark {
                    mark: 0x10,
                    mask: 0xff,
                }),
                input_interface: Some("left".try_into().unwrap()),
                output_interface: Some("absent0".try_into().unwrap()),
                action: RuleAction::Lookup { table: 254 },
                realms: Some(Realms { from: 1, to: 2 }),
                ..rule(502)
            },
        ),
        (
            "-4 rule add from 10.0.0.0/8 goto 600 preference 503",
            acting(503, RuleAction::GoTo { preference: 600 }),
        ),
        (
            "-4 rule add from 10.0.0.0/8 blackhole preference 504",
            acting(504, RuleAction::Blackhole),
        ),
        (
            "-4 rule add from 10.0.0.0/8 unreachable preference 505",
            acting(505, RuleAction::Unreachable),
        ),
        (
            "-4 rule add from 10.0.0.0/8 prohibit preference 506",
            acting(506, RuleAction::Prohibit),
        ),
        (
            "-4 rule add from 10.0.0.0/8 nop preference 507",
            acting(507, RuleAction::Nop),
        ),
        (
            "-4 rule add table 100 suppress_prefixlength 0 suppress_ifgroup 7 preference 508",
            Rule {
                suppress_prefix_length: Some(0),
                suppress_interface_group: Some(7),
                ..rule(508)
            },
        ),
        (
            "-4 rule add uidrange 5-10 table 100 preference 510",
            Rule {
                users: Some(RuleRange { first: 5, last: 10 }),
                ..rule(510)
            },
        ),
        (
            "-4 rule add ipproto tcp sport 10-20 dport 30-40 table 100 preference 511",
            Rule {
                ip_protocol: 6,
                source_ports: Some(RuleRange {
                    first: 10,
                    last: 20,
                }),
                destination_ports: Some(RuleRange {
                    first: 30,
                    last: 40,
                }),
                ..rule(511)
            },
        ),
        (
            "-4 rule add tun_id 99 table 100 preference 512",
            Rule {
                tunnel_id: 99,
                ..rule(512)
            },
        ),
        (
            "-4 rule add fwmark 5 table 100 preference 513",
            Rule {
                mark: Some(RuleMark {
                    mark: 5,
                    mask: u32::MAX,
                }),
                ..rule(513)
            },
        ),
        (
            "-4 rule add l3mdev preference 514",
            Rule {
                action: RuleAction::VrfLookup,
                ..rule(514)
            },
        ),
        (
            "-6 rule add from 2001:db8::/64 table 100 preference 517",
            Rule {
                family: IpFamily::V6,
                from: Some(prefix("2001:db8::/64")),
                ..rule(517)
            },
        ),
        (
            "-6 rule add to 2001:db8:1::1 iif left table 100 preference 0",
            Rule {
                family: IpFamily::V6,
                to: Some(prefix("2001:db8:1::1/128")),
                input_interface: Some("left".try_into().unwrap()),
                ..rule(0)
            },
        ),
    ]
}

fn submit_rules(socket: &mut RouteSocket, changes: &[RuleChange]) -> Vec<Option<Errno>> {
    errnos(&submit(socket, changes))
}

fn shown_rules() -> String {
    let text = [ip("-4 -d rule show"), ip("-6 -d rule show")].concat();
    let lines = text.lines().filter(|line| !line.contains("proto kernel"));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

fn our_rules(socket: &mut RouteSocket) -> Vec<Rule> {
    let mut rules = socket.rules().unwrap();
    rules.retain(|rule| rule.protocol == PROTOCOL);
    rules
}

#[test]
fn a_rule_of_ours_is_what_ip_makes_of_the_same_words() {
    let theirs = {
        let (sender, receiver) = std::sync::mpsc::channel();
        let ran = in_namespace(move || {
            network();
            for (words, _) in rules() {
                ip(&format!("{words} protocol {PROTOCOL}"));
            }
            sender.send(shown_rules()).unwrap();
        });
        if !ran {
            return;
        }
        receiver.recv().unwrap()
    };
    in_namespace(move || {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let mut rules: Vec<Rule> = rules().into_iter().map(|(_, rule)| rule).collect();
        let change = |change: fn(Box<Rule>) -> RuleChange, rules: &[Rule]| -> Vec<RuleChange> {
            let changes = rules.iter().cloned().map(Box::new);
            changes.map(change).collect()
        };
        let adds = change(RuleChange::Add, &rules);
        assert_eq!(submit_rules(&mut socket, &adds), [None; 16]);
        assert_eq!(shown_rules(), theirs);
        for errno in submit_rules(&mut socket, &adds) {
            assert_eq!(errno, Some(Errno::EXIST));
        }
        let mut found = our_rules(&mut socket);
        found.sort_by_key(|rule| rule.preference);
        rules.sort_by_key(|rule| rule.preference);
        assert_eq!(found, rules);
        // The same rules of another protocol are somebody else's.
        let foreign: Vec<Rule> = rules
            .iter()
            .map(|rule| Rule {
                protocol: 77,
                ..rule.clone()
            })
            .collect();
        for errno in submit_rules(&mut socket, &change(RuleChange::Remove, &foreign)) {
            assert_eq!(errno, Some(Errno::NOENT));
        }
        assert_eq!(shown_rules(), theirs);
        let removals = change(RuleChange::Remove, &rules);
        assert_eq!(submit_rules(&mut socket, &removals), [None; 16]);
        assert_eq!(shown_rules(), "");
        for errno in submit_rules(&mut socket, &removals) {
            assert_eq!(errno, Some(Errno::NOENT));
        }
    });
}

fn removals(monitor: &mut RemovalMonitor) -> Vec<Removal> {
    let mut removals = Vec::new();
    while monitor.read(&mut |removal| removals.push(removal)).unwrap() != MonitorProgress::Drained {
    }
    removals
}

#[test]
fn what_others_remove_of_ours_is_told_and_nothing_else() {
    in_namespace(|| {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let mut monitor = RemovalMonitor::open(PROTOCOL, &socket).unwrap();
        let routes: Vec<Route> = routes().iter().map(|(_, route)| here(route)).collect();
        let rules: Vec<Rule> = rules().into_iter().map(|(_, rule)| rule).collect();
        let add = |route: &Route| RouteChange::Add(Box::new(route.clone()));
        let adds: Vec<_> = routes.iter().map(add).collect();
        let remove = |route: &Route| RouteChange::Remove(Box::new(route.key()));
        let add_rule = |rule: &Rule| RuleChange::Add(Box::new(rule.clone()));
        let adds_of_rules: Vec<_> = rules.iter().map(add_rule).collect();
        // What we add and remove, and what others have, is not told.
        submit(&mut socket, &adds);
        submit_rules(&mut socket, &adds_of_rules);
        let changes: Vec<_> = routes.iter().map(remove).collect();
        submit(&mut socket, &changes);
        let remove = |rule: &Rule| RuleChange::Remove(Box::new(rule.clone()));
        let changes: Vec<_> = rules.iter().map(remove).collect();
        submit_rules(&mut socket, &changes);
        ip("route add 10.1.0.0/16 via 192.0.2.2 proto 77");
        ip("route del 10.1.0.0/16");
        ip("rule add table 100 preference 7");
        ip("rule del preference 7");
        assert_eq!(removals(&mut monitor), []);

        submit(&mut socket, &adds);
        submit_rules(&mut socket, &adds_of_rules);
        let mut other = RouteSocket::open().unwrap();
        for (route, rule) in routes.iter().zip(&rules) {
            let key = route.key();
            let change = RouteChange::Remove(Box::new(key.clone()));
            assert_eq!(submit(&mut other, &[change]), [Ok(())]);
            let told = removals(&mut monitor);
            assert!(!told.is_empty(), "{route:?}");
            for removal in told {
                let Removal::Route(removed) = removal else {
                    panic!("{removal:?}")
                };
                assert!(key.covers(&removed), "{route:?} {removed:?}");
            }
            assert_eq!(submit_rules(&mut other, &[remove(rule)]), [None]);
            let expected = [Removal::Rule(Box::new(rule.clone()))];
            assert_eq!(removals(&mut monitor), expected);
        }
    });
}

#[test]
fn one_path_of_an_ipv6_route_is_told_alone() {
    in_namespace(|| {
        network();
        let mut socket = RouteSocket::open().unwrap();
        let mut monitor = RemovalMonitor::open(PROTOCOL, &socket).unwrap();
        let route = here(&Route {
            nexthops: vec![nexthop("2001:db8::2", 2), nexthop("2001:db8::3", 1)],
            ..rejecting("2001:db8:4::/64", RouteKind::UNICAST)
        });
        let key = route.key();
        submit(&mut socket, &[RouteChange::Add(Box::new(route))]);
        ip("-6 route del 2001:db8:4::/64 via 2001:db8::3 dev left");
        let told = removals(&mut monitor);
        let [Removal::Route(removed)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!(
            removed.nexthops.is_empty() && key.covers(removed),
            "{removed:?}"
        );
    });
}

#[test]
fn what_a_key_leaves_to_the_kernel_may_be_anything() {
    let found = |gateway: &str, interface| {
        let mut route = Route::<u32>::new(prefix("198.51.1.0/24"));
        route.path.hop = Hop {
            gateway: Some(address(gateway)),
            interface: Some(interface),
        };
        route
    };
    let mut wanted = found("192.0.2.2", 3);
    assert!(wanted.key().covers(&found("192.0.2.2", 3)));
    assert!(!wanted.key().covers(&found("192.0.2.2", 4)));
    assert!(!wanted.key().covers(&found("192.0.2.3", 3)));
    wanted.path.hop.interface = None;
    assert!(wanted.key().covers(&found("192.0.2.2", 4)));
    let mut other = found("192.0.2.2", 4);
    other.table = 100;
    assert!(!wanted.key().covers(&other));
}
