//! How announcements keep their distance.

use std::time::{Duration, Instant};

use ka_engine::{GarpGroup, GarpPacing};
use ka_vrrp::State;

use crate::support::{
    ArpListener, Directory, Peer, config, eventually, in_namespace, ip, listen_arp, open, owner,
    wait_for,
};

/// A link within this namespace, so that what leaves through `third` is heard here.
fn make_third() {
    ip("link add third type veth peer name fourth");
    for end in ["third", "fourth"] {
        ip(&format!("link set {end} up"));
    }
    eventually(|| ip("-o link show third").contains("LOWER_UP").then_some(()));
}

/// The last octets of the next `count` announcements, each with the time that it was read.
fn hear(listener: &ArpListener, count: usize) -> Vec<(Instant, u8)> {
    let next = |_| {
        let address = eventually(|| listener.heard());
        (Instant::now(), address[3])
    };
    (0..count).map(next).collect()
}

#[test]
fn on_a_limited_interface_addresses_take_turns_and_nothing_else_waits() {
    in_namespace(|| {
        let interval = Duration::from_millis(150);
        let peer = Peer::connect();
        make_third();
        let (limited, unlimited) = (peer.listen_arp(), listen_arp());
        let mut adverts = peer.listen();
        let directory = Directory::new("paced");
        let engine = open(&directory.0);
        let mut instance = owner(
            "VI_1",
            51,
            &["192.0.2.100", "192.0.2.101", "192.0.2.102", "192.0.2.103"],
        );
        instance.addresses[3].interface = "third".into();
        instance.router.garp.master_repeat = 3;
        instance.router.garp.master_delay = Duration::ZERO;
        let mut config = config([instance]);
        config.garp_pacing.groups = vec![GarpGroup {
            interfaces: vec!["left".into()],
            garp_interval: interval,
            gna_interval: Duration::ZERO,
        }];
        let start = Instant::now();
        engine.apply(config).unwrap();
        // All rounds of the other interface, and advertisements, while the first has sent no round.
        let free = hear(&unlimited, 3);
        assert!(free.iter().all(|(_, last)| *last == 103));
        adverts.wait_for(51, 255);
        let heard = hear(&limited, 9);
        let order: Vec<u8> = heard.iter().map(|(_, last)| *last).collect();
        assert_eq!(order, [100, 101, 102, 100, 101, 102, 100, 101, 102]);
        for (number, (at, _)) in (0u32..).zip(&heard) {
            let since = at.duration_since(start);
            assert!(
                since >= interval * number,
                "number {number} after {since:?}"
            );
        }
        std::thread::sleep(3 * interval);
        assert_eq!(limited.heard(), None, "three rounds, and no more");
        assert_eq!(wait_for(&engine, "VI_1", State::Master).addresses_held, 4);
    });
}

#[test]
fn who_gives_way_takes_back_what_waits() {
    in_namespace(|| {
        let peer = Peer::connect();
        let limited = peer.listen_arp();
        let directory = Directory::new("paced-cancelled");
        let engine = open(&directory.0);
        let mut with_limit = config([owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"])]);
        with_limit.garp_pacing = GarpPacing {
            // Longer than it takes until the others are not to be sent any more.
            garp_interval: Duration::from_secs(10),
            ..GarpPacing::default()
        };
        engine.apply(with_limit.clone()).unwrap();
        assert_eq!(hear(&limited, 1)[0].1, 100);
        with_limit.instances.clear();
        engine.apply(with_limit.clone()).unwrap();
        // Another one, which would come behind it.
        with_limit.instances = vec![owner("VI_2", 52, &["192.0.2.110"])];
        engine.apply(with_limit).unwrap();
        assert_eq!(hear(&limited, 1)[0].1, 110);
    });
}

#[test]
fn a_reload_that_lifts_the_limit_lets_everything_out() {
    in_namespace(|| {
        let peer = Peer::connect();
        let limited = peer.listen_arp();
        let directory = Directory::new("paced-lifted");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"]);
        instance.router.garp.master_delay = Duration::ZERO;
        let mut slow = config([instance]);
        slow.garp_pacing.garp_interval = Duration::from_secs(4000);
        engine.apply(slow.clone()).unwrap();
        hear(&limited, 1);
        slow.garp_pacing = GarpPacing::default();
        engine.apply(slow).unwrap();
        hear(&limited, 9);
    });
}

#[test]
fn one_announcement_a_period_on_each_extra_interface() {
    in_namespace(|| {
        let peer = Peer::connect();
        make_third();
        let (own, extra) = (peer.listen_arp(), listen_arp());
        let directory = Directory::new("extra");
        let engine = open(&directory.0);
        let mut instance = owner("VI_1", 51, &["192.0.2.100", "192.0.2.101", "192.0.2.102"]);
        instance.addresses[1].interface = "third".into();
        instance.addresses[2].interface = "third".into();
        instance.router.garp.master_delay = Duration::ZERO;
        instance.router.garp.master_repeat = 1;
        instance.router.garp.extra_interfaces = Duration::from_secs(1);
        let start = Instant::now();
        engine.apply(config([instance])).unwrap();
        let heard = hear(&extra, 5);
        let order: Vec<u8> = heard.iter().map(|(_, last)| *last).collect();
        // The block of a new Master, then the first address that the interface carries.
        assert_eq!(order, [101, 102, 101, 101, 101]);
        for (period, (at, _)) in (1..).zip(&heard[2..]) {
            assert!(at.duration_since(start) >= Duration::from_secs(period));
        }
        assert_eq!(hear(&own, 1)[0].1, 100);
        assert_eq!(own.heard(), None);
    });
}
