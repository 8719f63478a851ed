//! One configuration follows another.

use std::time::Duration;

use ka_engine::{EngineError, InstanceConfig, PROTOCOL_ID};
use ka_netlink::{Event, Monitor, MonitorProgress};
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, changes, config, drain, eventually, held, in_namespace, ip,
    kernel_addresses, open, owner, router, set, status, virtual_address, wait_for, wait_held,
};

const STOP: Duration = Duration::from_secs(30);

#[test]
fn unchanged_instances_keep_everything_others_come_change_and_go() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("reload");
        let engine = open(&directory.0);
        let kept = || owner("kept", 1, &["192.0.2.101"]);
        let report = engine
            .apply(config([
                kept(),
                owner("changed", 2, &["192.0.2.102"]),
                owner("gone", 3, &["192.0.2.103"]),
            ]))
            .unwrap();
        assert_eq!((report.added, report.unchanged), (3, 0));
        wait_held(
            "left",
            &["192.0.2.101/32", "192.0.2.102/32", "192.0.2.103/32"],
        );
        drain(&engine);
        let sent = eventually(|| {
            let sent = status(&engine, "kept").statistics.advertisements_sent;
            (sent >= 3).then_some(sent)
        });

        let report = engine
            .apply(config([
                owner("new", 4, &["192.0.2.104"]),
                kept(),
                owner("renamed", 2, &["192.0.2.102", "192.0.2.112"]),
            ]))
            .unwrap();
        let counts = (
            report.added,
            report.changed,
            report.unchanged,
            report.removed,
        );
        assert_eq!(counts, (1, 1, 1, 1));
        wait_held(
            "left",
            &[
                "192.0.2.101/32",
                "192.0.2.102/32",
                "192.0.2.104/32",
                "192.0.2.112/32",
            ],
        );
        let kept = wait_for(&engine, "kept", State::Master);
        assert!(kept.statistics.advertisements_sent >= sent);
        assert_eq!(kept.statistics.became_master, 1);
        let renamed = wait_for(&engine, "renamed", State::Master);
        assert_eq!(renamed.statistics.became_master, 1);
        assert_eq!(engine.snapshot().unwrap().instances.len(), 3);
        let mut told = Vec::new();
        eventually(|| {
            told.extend(changes(&drain(&engine)));
            (told.len() >= 2).then_some(())
        });
        assert_eq!(told, ["gone MASTER STOP", "new INIT MASTER"]);
    });
}

#[test]
fn a_mistake_anywhere_changes_nothing() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("mistake");
        let engine = open(&directory.0);
        let good = || owner("good", 1, &["192.0.2.101"]);
        engine.apply(config([good()])).unwrap();
        wait_held("left", &["192.0.2.101/32"]);
        let missing = InstanceConfig {
            interface: Some("nowhere".into()),
            ..router("bad", 2, &["192.0.2.102"])
        };
        let refused = engine.apply(config([missing]));
        assert!(matches!(refused, Err(EngineError::MissingInterface { .. })));
        let refused = engine.apply(config([good(), owner("again", 1, &[])]));
        assert!(matches!(
            refused,
            Err(EngineError::DuplicateInstance { .. })
        ));
        assert_eq!(held("left"), set(&["192.0.2.101/32"]));
        let good = wait_for(&engine, "good", State::Master);
        assert_eq!(good.statistics.became_master, 1);
    });
}

#[test]
fn a_held_address_takes_another_prefix_and_label() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("attributes");
        let engine = open(&directory.0);
        let with = |prefix_len, label: Option<&str>| {
            let mut instance = owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"]);
            instance.addresses[0].prefix_len = prefix_len;
            instance.addresses[0].label = label.map(str::to_owned);
            config([instance])
        };
        engine.apply(with(32, None)).unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        assert_eq!(engine.apply(with(24, None)).unwrap().changed, 1);
        wait_held("left", &["192.0.2.100/24", "192.0.2.101/32"]);
        engine.apply(with(24, Some("left:1"))).unwrap();
        eventually(|| {
            let all = kernel_addresses("left");
            let address = all
                .iter()
                .find(|a| a.key.address == address("192.0.2.100"))?;
            (address.label?.as_str() == "left:1").then_some(())
        });
        // Its removal on the way was ours, not a loss.
        engine.apply(with(24, Some("left:1"))).unwrap();
        let lost = drain(&engine);
        assert!(!format!("{lost:?}").contains("AddressLost"), "{lost:?}");
        assert_eq!(
            wait_for(&engine, "VI_1", State::Master)
                .statistics
                .became_master,
            1
        );
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn what_a_reload_sends_to_fault_gives_up_the_addresses_it_had() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("reload-fault");
        let engine = open(&directory.0);
        let with = |tracked: bool, vip| {
            let mut instance = owner("VI_1", 51, &[vip]);
            instance.router.dont_track_primary = !tracked;
            config([instance])
        };
        engine.apply(with(false, "192.0.2.100")).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        ip("link set left down");
        engine.apply(with(true, "192.0.2.101")).unwrap();
        wait_for(&engine, "VI_1", State::Fault);
        wait_held("left", &[]);
    });
}

#[test]
fn an_address_that_moves_between_instances_is_never_removed() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("reload-moves");
        let engine = open(&directory.0);
        // So many that the apply takes several slices.
        let wanted = |first: &[&str], last: &[&str]| {
            let own = |vrid: u8| {
                let address = format!("192.0.2.{}", 100 + vrid);
                owner(&format!("VI_{vrid}"), vrid, &[&address])
            };
            let mut instances: Vec<InstanceConfig> = (1..=100).map(own).collect();
            for (index, extra) in [(0, first), (99, last)] {
                let more = owner("", 1, extra);
                instances[index]
                    .router
                    .addresses
                    .extend(&more.router.addresses);
                instances[index].addresses.extend(more.addresses);
            }
            config(instances)
        };
        let moving = "192.0.2.250";
        engine.apply(wanted(&[moving], &[])).unwrap();
        eventually(|| (held("left").len() == 101).then_some(()));
        let mut monitor = Monitor::open().unwrap();
        for (first, last) in [
            (&[] as &[&str], &[moving] as &[&str]),
            (&[moving], &[]),
            (&[], &[moving]),
        ] {
            assert_eq!(engine.apply(wanted(first, last)).unwrap().changed, 2);
        }
        // The apply after the last one is taken up when all that is over.
        assert_eq!(engine.apply(wanted(&[], &[moving])).unwrap().unchanged, 100);
        let mut removed = Vec::new();
        let mut progress = MonitorProgress::More;
        while progress == MonitorProgress::More {
            progress = monitor
                .read(&mut |event| {
                    if let Event::AddressRemoved { address, .. } = event {
                        removed.push(address.key.to_string());
                    }
                })
                .unwrap();
        }
        assert!(removed.is_empty(), "{removed:?}");
        let all = kernel_addresses("left");
        let moved = all
            .iter()
            .find(|a| a.key.address == address(moving))
            .unwrap();
        assert_eq!(moved.protocol, Some(PROTOCOL_ID));
        engine.stop(STOP).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn an_address_named_twice_or_shared_is_announced_and_removed_with_its_last_user() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("shared");
        let engine = open(&directory.0);
        let mut twice = owner("VI_1", 1, &["192.0.2.100"]);
        twice.addresses.push(twice.addresses[0].clone());
        let other = owner("VI_2", 2, &["192.0.2.100"]);
        engine.apply(config([twice.clone(), other])).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        assert_eq!(wait_for(&engine, "VI_1", State::Master).addresses_held, 1);
        engine.apply(config([twice])).unwrap();
        assert_eq!(held("left"), set(&["192.0.2.100/32"]));
        engine.apply(config([])).unwrap();
        assert!(held("left").is_empty());
    });
}

#[test]
fn nobody_becomes_master_during_the_start_up_delay() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("delay");
        let engine = open(&directory.0);
        let mut wanted = config([owner("VI_1", 51, &["192.0.2.100"])]);
        wanted.startup_delay = Duration::from_secs(3600);
        engine.apply(wanted).unwrap();
        assert_ne!(status(&engine, "VI_1").state, State::Master);
        let mut wanted = config([owner("VI_2", 52, &["192.0.2.102"])]);
        wanted.startup_delay = Duration::from_millis(1);
        engine.apply(wanted).unwrap();
        wait_for(&engine, "VI_2", State::Master);
    });
}

#[test]
fn a_reload_ends_the_start_up_delay_of_instances_that_are_as_they_were() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("delay-ends");
        let engine = open(&directory.0);
        // So many that the apply takes several slices.
        let wanted = |startup_delay| {
            let own = |vrid: u8| owner(&format!("VI_{vrid}"), vrid, &["192.0.2.100"]);
            let mut wanted = config((1..=100).map(own));
            wanted.startup_delay = startup_delay;
            wanted
        };
        engine.apply(wanted(Duration::from_secs(3600))).unwrap();
        engine.apply(wanted(Duration::from_secs(1800))).unwrap();
        assert_ne!(status(&engine, "VI_1").state, State::Master);
        let report = engine.apply(wanted(Duration::ZERO)).unwrap();
        assert_eq!((report.changed, report.unchanged), (0, 100));
        for name in ["VI_1", "VI_50", "VI_100"] {
            wait_for(&engine, name, State::Master);
        }
    });
}

#[test]
fn an_address_that_a_reload_adds_is_announced_though_it_is_not_advertised() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("excluded");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        // Nothing is announced but for a reason.
        instance.router.garp.master_delay = Duration::ZERO;
        engine.apply(config([instance.clone()])).unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        let arp = peer.listen_arp();
        let excluded = virtual_address(address("192.0.2.101"));
        instance.addresses.push(excluded);
        engine.apply(config([instance])).unwrap();
        arp.wait_for([192, 0, 2, 101]);
    });
}

#[test]
fn a_takeover_announces_every_address() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("announced");
        let arp = peer.listen_arp();
        let engine = open(&directory.0);
        let mut twice = router("VI_1", 51, &["192.0.2.100"]);
        // Named twice, an address would be waited for in vain.
        twice.addresses.push(twice.addresses[0].clone());
        engine.apply(config([twice])).unwrap();
        arp.wait_for([192, 0, 2, 100]);
    });
}

#[test]
fn a_start_up_delay_that_is_over_does_not_start_again_at_a_reload() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("delay-over");
        let engine = open(&directory.0);
        engine.apply(config([])).unwrap();
        let mut wanted = config([owner("VI_1", 51, &["192.0.2.100"])]);
        wanted.startup_delay = Duration::from_secs(3600);
        engine.apply(wanted).unwrap();
        wait_for(&engine, "VI_1", State::Master);
    });
}
