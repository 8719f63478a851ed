//! What a description tells beyond a status.

use std::time::{Duration, SystemTime};

use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, config, eventually, in_namespace, index, ip, open, owner, router,
    wait_for, wait_held,
};

#[test]
fn a_description_has_times_addresses_and_interfaces() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("describe");
        let engine = open(&directory.0);
        let before = SystemTime::now();
        let mut waiting = router("waiting", 2, &["192.0.2.102", "192.0.2.103"]);
        waiting.router.advertisement_interval = Duration::from_secs(40);
        engine
            .apply(config([owner("master", 1, &["192.0.2.101"]), waiting]))
            .unwrap();
        wait_for(&engine, "master", State::Master);
        wait_held("left", &["192.0.2.101/32"]);
        let described = eventually(|| {
            let described = engine.describe(false).unwrap();
            let held = described.addresses_held == [true, false, false];
            held.then_some(described)
        });
        let names = described.instances.iter().map(|status| &*status.name);
        assert_eq!(names.collect::<Vec<_>>(), ["master", "waiting"]);
        let [master, waiting] = &described.details[..] else {
            panic!("two instances, not {:?}", described.details);
        };
        assert_eq!((master.addresses, waiting.addresses), (1, 2));
        let now = SystemTime::now();
        for details in [master, waiting] {
            let changed_at = details.changed_at.expect("a first state");
            assert!(changed_at >= before && changed_at <= now);
            assert_eq!(details.source, Some(address("192.0.2.1")));
            assert_eq!(details.joined, Some(index("left")));
            assert!(!details.faults.any());
        }
        assert_eq!(waiting.master_adver_interval, Duration::from_secs(40));
        assert!(waiting.master_down_interval > Duration::from_secs(120));
        assert!(waiting.timer_at.expect("a timer") > now + Duration::from_secs(60));
        assert_eq!(waiting.advertised_at, None);
        assert!(master.advertised_at.expect("it advertises") <= now);

        let mut interfaces = described.interfaces.iter();
        let left = interfaces.find(|interface| &*interface.name == "left");
        let left = left.expect("an interface that is named");
        assert_eq!(left.index, Some(index("left")));
        assert!(left.admin_up && left.running && left.multicast && !left.loopback);
        assert_eq!(left.link_type, 1);
        assert!(left.mac.is_some());
        assert_eq!(left.addresses.first(), Some(&address("192.0.2.1")));
        let instances = left.instances.iter().map(|name| &**name);
        assert_eq!(instances.collect::<Vec<_>>(), ["master", "waiting"]);
        assert!(described.interfaces.iter().any(|other| other.loopback));
        ip("link set left down");
        let faults = eventually(|| {
            let details = engine.describe(false).unwrap().details;
            Some(details[0].faults).filter(|faults| faults.any())
        });
        assert!(faults.link_down);
    });
}

#[test]
fn counters_start_again_when_they_are_asked_to() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("zero");
        let engine = open(&directory.0);
        let mut slow = owner("slow", 1, &["192.0.2.101"]);
        slow.router.advertisement_interval = Duration::from_secs(40);
        engine.apply(config([slow])).unwrap();
        wait_for(&engine, "slow", State::Master);
        let counters = |zero: bool| {
            let described = engine.describe(zero).unwrap();
            let statistics = &described.instances[0].statistics;
            (statistics.advertisements_sent, statistics.became_master)
        };
        assert_eq!(counters(false), (1, 1));
        assert_eq!(counters(true), (1, 1), "what is read was counted before");
        assert_eq!(counters(false), (0, 0));
        assert_eq!(engine.snapshot().unwrap().details.len(), 0);
    });
}
