//! Interfaces whose changes count only after a while.

use std::time::{Duration, Instant};

use ka_engine::{EngineConfig, EventKind, InterfaceDelays};
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, changes, config, drain, in_namespace, ip, open, owner, router, status,
    wait_for,
};

fn with_delays(mut config: EngineConfig, down: Duration, up: Duration) -> EngineConfig {
    config.interface_delays = vec![InterfaceDelays {
        interface: "left".into(),
        down,
        up,
    }];
    config
}

#[test]
fn a_link_that_comes_back_in_time_was_never_down_and_one_that_does_not_was() {
    in_namespace(|| {
        let (down, up) = (Duration::from_secs(4), Duration::from_millis(1500));
        let peer = Peer::connect();
        let directory = Directory::new("delays");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        // So long that the delays are shorter.
        instance.router.down_timer_adverts = 100;
        engine
            .apply(with_delays(config([instance]), down, up))
            .unwrap();
        wait_for(&engine, "VI_1", State::Master);
        drain(&engine);
        peer.run(|| ip("link set right down"));
        peer.run(|| ip("link set right up"));
        std::thread::sleep(down + Duration::from_millis(500));
        assert_eq!(status(&engine, "VI_1").state, State::Master);
        let told = drain(&engine);
        assert!(
            !told
                .iter()
                .any(|event| matches!(event, EventKind::LinkChanged { .. })),
            "{told:?}"
        );

        let start = Instant::now();
        peer.run(|| ip("link set right down"));
        wait_for(&engine, "VI_1", State::Fault);
        assert!(start.elapsed() >= down, "{:?}", start.elapsed());
        let start = Instant::now();
        peer.run(|| ip("link set right up"));
        wait_for(&engine, "VI_1", State::Backup);
        assert!(start.elapsed() >= up, "{:?}", start.elapsed());
        assert_eq!(
            changes(&drain(&engine)),
            ["VI_1 MASTER FAULT", "VI_1 FAULT BACKUP"]
        );
    });
}

#[test]
fn that_an_interface_is_deleted_counts_at_once() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("delays-deleted");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        instance.router.down_timer_adverts = 100;
        let long = Duration::from_secs(250);
        instance.router.advertisement_interval = Duration::from_secs(10);
        engine
            .apply(with_delays(config([instance]), long, long))
            .unwrap();
        wait_for(&engine, "VI_1", State::Master);
        ip("link delete left");
        wait_for(&engine, "VI_1", State::Fault);
        // The new one is up for the first time.
        let _peer = Peer::connect();
        wait_for(&engine, "VI_1", State::Backup);
    });
}

#[test]
fn a_backup_that_learns_a_shorter_interval_waits_less_for_its_link() {
    in_namespace(|| {
        let long = Duration::from_secs(250);
        let peer = Peer::connect();
        let directory = Directory::new("delays-learned");
        let engine = open(&directory.0);
        let mut instance = router("VI_1", 51, &["192.0.2.100"]);
        instance.router.advertisement_interval = Duration::from_secs(40);
        instance.router.down_timer_adverts = 100;
        engine
            .apply(with_delays(config([instance]), long, long))
            .unwrap();
        let other_directory = Directory::new("delays-learned-peer");
        // Every 100 ms.
        let _other = peer.start_better(&other_directory, router("VI_1", 51, &["192.0.2.100"]));
        crate::support::eventually(|| status(&engine, "VI_1").master);
        peer.run(|| ip("link set right down"));
        wait_for(&engine, "VI_1", State::Fault);
    });
}

#[test]
fn a_reload_without_the_delay_lets_what_waits_count() {
    in_namespace(|| {
        let long = Duration::from_secs(250);
        let peer = Peer::connect();
        let directory = Directory::new("delays-reloaded");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100"]);
        instance.router.advertisement_interval = Duration::from_secs(40);
        instance.router.down_timer_adverts = 100;
        let without = config([instance]);
        engine
            .apply(with_delays(without.clone(), long, long))
            .unwrap();
        wait_for(&engine, "VI_1", State::Master);
        peer.run(|| ip("link set right down"));
        crate::support::eventually(|| ip("-o link show left").contains("NO-CARRIER").then_some(()));
        assert_eq!(status(&engine, "VI_1").state, State::Master);
        engine.apply(without).unwrap();
        wait_for(&engine, "VI_1", State::Fault);
    });
}

/// Whether the kernel of this machine can make `link`.
fn can_make(link: &str) -> bool {
    let made = std::process::Command::new("ip")
        .args(["link", "add"])
        .args(link.split_whitespace())
        .output();
    made.expect("ip(8) of iproute2 is installed")
        .status
        .success()
}

#[test]
fn an_interface_upon_another_one_follows_it() {
    in_namespace(|| {
        let peer = Peer::connect();
        // Not every kernel has all of them.
        let uppers: Vec<&str> = [
            ("upper0", "link left name upper0 type macvlan mode private"),
            ("upper1", "link left name upper1 type vlan id 7"),
            ("upper2", "name upper2 type bridge"),
            (
                "upper3",
                "name upper3 type bond mode active-backup miimon 20",
            ),
        ]
        .into_iter()
        .filter_map(|(name, link)| can_make(link).then_some(name))
        .collect();
        let mut instances = Vec::new();
        let mut below = Vec::new();
        for (number, name) in (1..).zip(&uppers) {
            if ["upper2", "upper3"].contains(name) {
                ip(&format!(
                    "link add port{number} type veth peer name far{number}"
                ));
                ip(&format!("link set port{number} master {name}"));
                ip(&format!("link set port{number} up"));
                ip(&format!("link set far{number} up"));
                below.push(format!("far{number}"));
            }
            ip(&format!("address add 198.51.{number}.1/24 dev {name}"));
            ip(&format!("link set {name} up"));
            let virtual_address = format!("198.51.{number}.100");
            let mut instance = router(name, number, &[&virtual_address]);
            instance.interface = Some((*name).into());
            instance.addresses[0].interface = (*name).into();
            instances.push(instance);
        }
        let directory = Directory::new("lower");
        let engine = open(&directory.0);
        engine.apply(config(instances)).unwrap();
        let wait_for_all = |state| {
            for name in &uppers {
                wait_for(&engine, name, state);
            }
        };
        wait_for_all(State::Master);
        for _ in 0..2 {
            for (state, word) in [(State::Fault, "down"), (State::Master, "up")] {
                peer.run(|| ip(&format!("link set right {word}")));
                for far in &below {
                    ip(&format!("link set {far} {word}"));
                }
                wait_for_all(state);
            }
        }
    });
}

#[test]
fn after_a_boot_nobody_is_master_before_the_host_has_run_so_long() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let uptime = || {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
            Duration::from_secs_f64(seconds)
        };
        let directory = Directory::new("boot");
        let engine = open(&directory.0);
        let until = uptime() + Duration::from_secs(2);
        let mut held = config([owner("VI_1", 51, &["192.0.2.100"])]);
        held.delay_after_boot = until;
        engine.apply(held).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        // Both clocks are read in hundredths.
        assert!(uptime() + Duration::from_millis(20) >= until);
    });
}
