//! Routes and rules come and go with the addresses, and those that are not ours stay.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ka_engine::{EngineConfig, EventKind, StaticObjects, VirtualRoute, VirtualRule, release};
use ka_netlink::{Prefix, Route, Rule, RuleAction};
use ka_sys::IpFamily;
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, config, drain, eventually, held, in_namespace, ip, open, owner,
    router, runtime_file, set, status, virtual_address, wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

fn prefix(text: &str) -> Prefix {
    let (address, length) = text.split_once('/').unwrap();
    Prefix::new(address.parse().unwrap(), length.parse().unwrap())
}

/// A route through `via` on `interface`.
fn route(destination: &str, via: &str, interface: &str) -> VirtualRoute {
    let mut route = Route::new(prefix(destination));
    route.protocol = ka_engine::PROTOCOL_ID;
    route.path.hop.gateway = Some(address(via));
    route.path.hop.interface = Some(interface.into());
    VirtualRoute {
        route,
        no_track: false,
        track_group: None,
    }
}

fn rule(from: &str, preference: u32) -> VirtualRule {
    let mut rule = Rule::new(IpFamily::V4, preference, RuleAction::Lookup { table: 100 });
    rule.from = Some(prefix(from));
    rule.protocol = ka_engine::PROTOCOL_ID;
    VirtualRule {
        rule,
        no_track: false,
        track_group: None,
    }
}

/// The routes that carry our number, as iproute2 writes them.
fn routes() -> Vec<String> {
    lines(&(ip("-4 route show table all proto 18") + &ip("-6 route show table all proto 18")))
}

/// The rules that do.
fn rules() -> Vec<String> {
    let all = lines(&ip("-details rule show"));
    let ours = |line: &String| line.contains("proto 18") || line.contains("proto keepalived");
    all.into_iter().filter(ours).collect()
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

fn wait_routing(wanted_routes: usize, wanted_rules: usize) {
    eventually(|| (routes().len() == wanted_routes && rules().len() == wanted_rules).then_some(()));
}

/// What the kernel tells of addresses, routes and rules from now on.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start() -> Self {
        let mut child = Command::new("ip")
            .args(["-4", "monitor", "address", "route", "rule"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let watch = Self { child, lines };
        // It listens once it tells of a change.
        eventually(|| {
            ip("address add 127.9.9.9/32 dev lo");
            ip("address delete 127.9.9.9/32 dev lo");
            watch
                .seen()
                .iter()
                .any(|line| line.contains("127.9.9.9"))
                .then_some(())
        });
        watch.until("127.8.8.8");
        watch
    }

    fn seen(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Everything up to a change that is made now.
    fn until(&self, mark: &str) -> Vec<String> {
        ip(&format!("address add {mark}/32 dev lo"));
        ip(&format!("address delete {mark}/32 dev lo"));
        let mut seen = Vec::new();
        eventually(|| {
            seen.extend(self.seen());
            let deleted = |line: &String| line.starts_with("Deleted") && line.contains(mark);
            seen.iter().any(deleted).then_some(())
        });
        seen
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The place of the first line with `text`, of a deletion or not.
fn place(lines: &[String], text: &str, deleted: bool) -> usize {
    let found = lines
        .iter()
        .position(|line| line.contains(text) && line.starts_with("Deleted") == deleted);
    found.unwrap_or_else(|| panic!("no {text} (deleted: {deleted}) in {lines:#?}"))
}

#[test]
fn routes_and_rules_come_behind_the_addresses_and_go_before_them() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("link set lo up");
        let directory = Directory::new("routing");
        let watch = Watch::start();
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        let mut sourced = route("198.51.100.0/24", "192.0.2.2", "left");
        sourced.route.preferred_source = Some(address("192.0.2.100"));
        instance.routes = vec![sourced, route("2001:db8::/64", "fe80::2", "left")];
        instance.rules = vec![rule("203.0.113.0/24", 1000)];
        let report = engine.apply(config([instance])).unwrap();
        assert!(report.refusals.is_empty(), "{:?}", report.refusals);
        wait_routing(2, 1);
        wait_for(&engine, "VI_1", State::Master);
        let seen = watch.until("127.1.1.1");
        let at = |text| place(&seen, text, false);
        assert!(at("192.0.2.100/32") < at("198.51.100.0/24"), "{seen:#?}");
        assert!(at("198.51.100.0/24") < at("203.0.113.0/24"), "{seen:#?}");

        engine.stop(STOP).unwrap();
        assert!(routes().is_empty() && rules().is_empty() && held("left").is_empty());
        let seen = watch.until("127.1.1.1");
        let at = |text| place(&seen, text, true);
        assert!(at("203.0.113.0/24") < at("198.51.100.0/24"), "{seen:#?}");
        assert!(at("198.51.100.0/24") < at("192.0.2.100/32"), "{seen:#?}");
        assert!(!runtime_file(&directory.0).exists());
    });
}

#[test]
fn what_somebody_else_has_already_stays_when_we_go() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("foreign-routing");
        ip("route add 198.51.100.0/24 via 192.0.2.2 dev left proto static");
        ip("rule add from 203.0.113.0/24 lookup 100 pref 1000 proto static");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        let mut same = route("198.51.100.0/24", "192.0.2.2", "left");
        same.route.protocol = 4;
        instance.routes = vec![same];
        instance.rules = vec![rule("203.0.113.0/24", 1000)];
        engine.apply(config([instance])).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        engine.stop(STOP).unwrap();
        assert!(ip("route").contains("198.51.100.0/24 via 192.0.2.2 dev left proto static"));
        assert!(ip("rule").contains("203.0.113.0/24"));
    });
}

#[test]
fn what_others_remove_is_added_again_unless_nobody_watches_it() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("removed-routing");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"]);
        instance.addresses[1].no_track = true;
        let mut ignored = route("198.51.101.0/24", "192.0.2.2", "left");
        ignored.no_track = true;
        instance.routes = vec![route("198.51.100.0/24", "192.0.2.2", "left"), ignored];
        instance.rules = vec![rule("203.0.113.0/24", 1000)];
        let wanted = config([instance]);
        engine.apply(wanted.clone()).unwrap();
        wait_routing(2, 1);
        wait_for(&engine, "VI_1", State::Master);
        drain(&engine);
        ip("address delete 192.0.2.101/32 dev left");
        eventually(|| (status(&engine, "VI_1").addresses_held == 1).then_some(()));
        // The kernel may take routes away with an address: then all are asked for again, watched or not. An apply is through when
        // that is.
        assert_eq!(engine.apply(wanted).unwrap().unchanged, 1);
        ip("route delete 198.51.101.0/24");
        ip("route delete 198.51.100.0/24");
        ip("rule delete pref 1000");
        let mut lost: Vec<String> = Vec::new();
        eventually(|| {
            lost.extend(drain(&engine).into_iter().filter_map(|event| match event {
                EventKind::ObjectLost {
                    instance,
                    kind,
                    object,
                } => Some(format!("{instance} {kind} {object}")),
                _ => None,
            }));
            (lost.len() == 2).then_some(())
        });
        assert_eq!(
            lost,
            [
                "VI_1 route 198.51.100.0/24 via 192.0.2.2 dev left",
                "VI_1 rule 1000: from 203.0.113.0/24 lookup 100"
            ]
        );
        let routes = routes();
        assert!(routes.iter().any(|line| line.contains("198.51.100.0/24")));
        assert!(!routes.iter().any(|line| line.contains("198.51.101.0/24")));
        assert_eq!(rules().len(), 1);
        assert_eq!(held("left"), set(&["192.0.2.100/32"]));
        assert_eq!(
            wait_for(&engine, "VI_1", State::Master)
                .statistics
                .became_master,
            1
        );
        engine.stop(STOP).unwrap();
        assert!(self::routes().is_empty() && rules().is_empty() && held("left").is_empty());
    });
}

#[test]
fn routes_come_back_with_the_address_or_the_interface_that_they_went_with() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("link add other type veth peer name far");
        ip("link set far up");
        ip("link set other up");
        ip("address add 10.7.0.1/24 dev other");
        let directory = Directory::new("routes-back");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        instance.routes = vec![
            route("198.51.100.0/24", "10.7.0.2", "other"),
            route("2001:db8::/64", "fe80::7", "other"),
        ];
        engine.apply(config([instance])).unwrap();
        wait_routing(2, 0);
        // IPv4 routes go with the last address, without a word.
        ip("address delete 10.7.0.1/24 dev other");
        eventually(|| (!ip("-4 route").contains("198.51.100.0/24")).then_some(()));
        ip("address add 10.7.0.1/24 dev other");
        wait_routing(2, 0);
        ip("link set other down");
        eventually(|| (!ip("-4 route").contains("198.51.100.0/24")).then_some(()));
        ip("link set other up");
        wait_routing(2, 0);
        ip("link delete other");
        wait_routing(0, 0);
        ip("link add other type veth peer name far");
        ip("link set far up");
        ip("link set other up");
        ip("address add 10.7.0.1/24 dev other");
        wait_routing(2, 0);
        // By another name it is another interface.
        ip("link set other name stranger");
        wait_routing(0, 0);
        engine.stop(STOP).unwrap();
        assert!(routes().is_empty());
        assert!(ip("address show stranger").contains("10.7.0.1/24"));
    });
}

fn with_statics(static_objects: StaticObjects) -> EngineConfig {
    EngineConfig {
        static_objects,
        ..EngineConfig::default()
    }
}

#[test]
fn what_is_static_is_there_from_start_to_stop_and_comes_back() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("address delete 192.0.2.1/24 dev left");
        ip("link set lo up");
        let directory = Directory::new("static");
        let watch = Watch::start();
        let engine = open(&directory.0);
        let mut own = virtual_address(address("192.0.2.9"));
        own.prefix_len = 24;
        let statics = StaticObjects {
            addresses: vec![own.clone()],
            routes: vec![route("198.51.100.0/24", "192.0.2.2", "left")],
            rules: vec![rule("203.0.113.0/24", 1000)],
        };
        let mut all = with_statics(statics.clone());
        all.instances = vec![owner("VI_1", 51, &["192.0.2.100"])];
        let report = engine.apply(all.clone()).unwrap();
        assert!(report.refusals.is_empty(), "{:?}", report.refusals);
        wait_held("left", &["192.0.2.9/24", "192.0.2.100/32"]);
        wait_routing(1, 1);
        // It is what advertisements leave from.
        wait_for(&engine, "VI_1", State::Master);
        let seen = watch.until("127.1.1.1");
        let at = |text| place(&seen, text, false);
        assert!(at("192.0.2.9/24") < at("192.0.2.100/32"), "{seen:#?}");
        drain(&engine);
        ip("rule delete pref 1000");
        ip("route delete 198.51.100.0/24");
        wait_routing(1, 1);
        ip("address delete 192.0.2.9/24 dev left");
        wait_held("left", &["192.0.2.9/24", "192.0.2.100/32"]);
        wait_routing(1, 1);
        let lost = |event: &EventKind| matches!(event, EventKind::ObjectLost { instance, .. } if instance.is_empty());
        let mut count = 0;
        eventually(|| {
            count += drain(&engine).iter().filter(|event| lost(event)).count();
            (count >= 3).then_some(())
        });
        assert_eq!(count, 3);

        // Another route and no rule: the route first goes, then comes.
        all.static_objects.routes = vec![route("198.51.101.0/24", "192.0.2.2", "left")];
        all.static_objects.rules.clear();
        engine.apply(all).unwrap();
        wait_routing(1, 0);
        assert!(routes()[0].contains("198.51.101.0/24"), "{:?}", routes());
        engine.stop(STOP).unwrap();
        assert!(routes().is_empty() && held("left").is_empty());
        assert!(!runtime_file(&directory.0).exists());
    });
}

#[test]
fn what_moves_between_the_configuration_and_instances_is_never_gone() {
    in_namespace(|| {
        let _peer = Peer::connect();
        ip("link set lo up");
        let directory = Directory::new("moves");
        let engine = open(&directory.0);
        let objects = || {
            (
                vec![virtual_address(address("192.0.2.100"))],
                vec![route("198.51.100.0/24", "192.0.2.2", "left")],
                vec![rule("203.0.113.0/24", 1000)],
            )
        };
        let with = |static_too: bool, first: bool, second: bool| {
            let mut one = owner("VI_1", 51, &["192.0.2.50"]);
            let mut two = owner("VI_2", 52, &["192.0.2.60"]);
            for (instance, has) in [(&mut one, first), (&mut two, second)] {
                if has {
                    let (addresses, routes, rules) = objects();
                    instance.addresses.extend(addresses);
                    instance.routes = routes;
                    instance.rules = rules;
                }
            }
            let mut all = config([one, two]);
            if static_too {
                let (addresses, routes, rules) = objects();
                all.static_objects = StaticObjects {
                    addresses,
                    routes,
                    rules,
                };
            }
            all
        };
        engine.apply(with(true, false, false)).unwrap();
        wait_held(
            "left",
            &["192.0.2.50/32", "192.0.2.60/32", "192.0.2.100/32"],
        );
        wait_routing(1, 1);
        wait_for(&engine, "VI_1", State::Master);
        wait_for(&engine, "VI_2", State::Master);
        let watch = Watch::start();
        for (static_too, first, second) in [
            (false, true, false),
            (false, false, true),
            (true, false, false),
            (false, false, true),
            (false, true, false),
        ] {
            engine.apply(with(static_too, first, second)).unwrap();
        }
        // An instance that is gone altogether, too.
        let mut last = with(true, false, false);
        last.instances.remove(0);
        engine.apply(last).unwrap();
        wait_held("left", &["192.0.2.60/32", "192.0.2.100/32"]);
        let seen = watch.until("127.1.1.1");
        let gone = |text: &&str| {
            seen.iter()
                .any(|line| line.starts_with("Deleted") && line.contains(*text))
        };
        let moved = ["192.0.2.100/32", "198.51.100.0/24", "203.0.113.0/24"];
        assert_eq!(moved.iter().find(|text| gone(text)), None, "{seen:#?}");
        assert!(gone(&"192.0.2.50/32"), "{seen:#?}");
        assert_eq!((routes().len(), rules().len()), (1, 1));
        engine.stop(STOP).unwrap();
        assert!(routes().is_empty() && rules().is_empty() && held("left").is_empty());
    });
}

#[test]
fn a_release_removes_routes_and_rules_that_are_recorded_and_no_other() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("release-routing");
        let record = |engine_config: EngineConfig| {
            let mut options = crate::support::options(&directory.0);
            options.release_on_stop = false;
            let engine = ka_engine::Engine::open(&options, || {}).unwrap();
            engine.apply(engine_config).unwrap();
            engine.stop(STOP).unwrap();
        };
        let mut instance = router("VI_1", 51, &["192.0.2.100"]);
        instance.router.priority = 255;
        instance.routes = vec![route("198.51.100.0/24", "192.0.2.2", "left")];
        instance.rules = vec![rule("203.0.113.0/24", 1000)];
        let mut all = config([instance]);
        all.static_objects.routes = vec![route("198.51.101.0/24", "192.0.2.2", "left")];
        // Those of a live keepalived.
        ip("route add 198.51.102.0/24 via 192.0.2.2 dev left proto 18");
        ip("rule add from 203.0.114.0/24 lookup 100 pref 1001 protocol 18");
        record(all.clone());
        wait_routing(3, 2);
        let text = std::fs::read_to_string(runtime_file(&directory.0)).unwrap();
        assert!(text.starts_with(r#"{"layout":2,"#), "{text}");

        // The next start takes away what it no longer wants.
        let mut less = all.clone();
        less.static_objects.routes.clear();
        record(less);
        wait_routing(2, 2);
        assert!(!ip("route").contains("198.51.101.0/24"));

        let report = release(&directory.0, None).unwrap();
        let mut released: Vec<String> = report.released.iter().map(ToString::to_string).collect();
        released.sort();
        assert_eq!(
            released,
            [
                "192.0.2.100 on left",
                "route 198.51.100.0/24 via 192.0.2.2 dev left",
                "rule 1000: from 203.0.113.0/24 lookup 100"
            ]
        );
        assert!(report.failed.is_empty());
        assert_eq!((routes().len(), rules().len()), (1, 1));
        assert!(ip("route").contains("198.51.102.0/24"));
        assert!(!runtime_file(&directory.0).exists());
    });
}

#[test]
fn what_others_remove_ten_times_is_a_fault_for_a_while() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("contested");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        instance.rules = vec![rule("203.0.113.0/24", 1000)];
        engine.apply(config([instance])).unwrap();
        wait_routing(0, 1);
        wait_for(&engine, "VI_1", State::Master);
        for loss in 1..=10 {
            ip("rule delete pref 1000");
            if loss < 10 {
                wait_routing(0, 1);
            }
        }
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
        wait_routing(0, 0);
        let details = engine.describe(false).unwrap().details;
        assert!(details[0].faults.objects);
        // Nobody removes anything any more.
        wait_for(&engine, "VI_1", State::Master);
        wait_routing(0, 1);
        engine.stop(STOP).unwrap();
        assert!(rules().is_empty());
    });
}

#[test]
fn where_it_is_asked_for_a_master_resigns_when_others_remove_something() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("resigns");
        let engine = open(&directory.0);
        let mut instance = router("VI_1", 51, &["192.0.2.100"]);
        instance.resign_on_loss = true;
        instance.routes = vec![route("198.51.100.0/24", "192.0.2.2", "left")];
        engine.apply(config([instance])).unwrap();
        wait_routing(1, 0);
        wait_for(&engine, "VI_1", State::Master);
        for removal in [
            "route delete 198.51.100.0/24",
            "address delete 192.0.2.100/32 dev left",
        ] {
            listener.heard();
            ip(removal);
            listener.wait_for(51, 0);
            listener.wait_for(51, 100);
            wait_held("left", &["192.0.2.100/32"]);
            wait_routing(1, 0);
        }
        wait_for(&engine, "VI_1", State::Master);
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn secondary_addresses_are_promoted_while_that_is_wanted_and_as_before_afterwards() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let write = |interface: &str, value: &str| {
            let path = format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries");
            std::fs::write(path, value).unwrap();
        };
        let is_set = |interface: &str| {
            let path = format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries");
            std::fs::read_to_string(path).unwrap().trim() == "1"
        };
        write("left", "0");
        let directory = Directory::new("promote");
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        instance.promote_secondaries = true;
        let engine = open(&directory.0);
        engine.apply(config([instance.clone()])).unwrap();
        assert!(is_set("left"));
        // No longer wanted, and wanted again.
        let mut without = instance.clone();
        without.promote_secondaries = false;
        engine.apply(config([without])).unwrap();
        assert!(!is_set("left"));
        engine.apply(config([instance.clone()])).unwrap();
        assert!(is_set("left"));
        engine.stop(STOP).unwrap();
        assert!(!is_set("left"), "it was not set before");

        // An engine that is killed leaves it to `release`.
        let mut options = crate::support::options(&directory.0);
        options.release_on_stop = false;
        let engine = ka_engine::Engine::open(&options, || {}).unwrap();
        engine.apply(config([instance.clone()])).unwrap();
        engine.stop(STOP).unwrap();
        assert!(is_set("left"));
        let report = release(&directory.0, None).unwrap();
        let released: Vec<String> = report.released.iter().map(ToString::to_string).collect();
        assert!(
            released.contains(&"promote_secondaries of left".to_owned()),
            "{released:?}"
        );
        assert!(!is_set("left"));

        // What was set before stays.
        write("left", "1");
        let engine = open(&directory.0);
        engine.apply(config([instance])).unwrap();
        engine.stop(STOP).unwrap();
        assert!(is_set("left"));
    });
}
