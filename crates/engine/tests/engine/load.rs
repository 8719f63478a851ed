//! Much work for one instance costs another one nothing.

use std::time::Duration;

use ka_engine::InstanceConfig;
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, config, eventually, held, in_namespace, open, owner, router,
    virtual_address, wait_for,
};

/// A Backup waits almost four times as long: longer than a busy machine keeps a thread waiting.
const INTERVAL: Duration = Duration::from_secs(1);

fn vrid_1() -> InstanceConfig {
    let mut instance = router("VI_1", 1, &["192.0.2.100"]);
    instance.router.advertisement_interval = INTERVAL;
    instance
}

/// An owner with 1,000 addresses, most of them not advertised.
fn thousand() -> InstanceConfig {
    let mut instance = owner("VI_2", 2, &["192.0.2.200"]);
    let more = (0..999u16).map(|n| format!("198.18.{}.{}", n / 250, n % 250 + 1));
    let more = more.map(|text| virtual_address(address(&text)));
    instance.addresses.extend(more);
    instance
}

#[test]
fn while_a_thousand_addresses_come_and_go_no_advertisement_is_missing() {
    in_namespace(|| {
        let peer = Peer::connect();
        let mut listener = peer.listen();
        let directory = Directory::new("load");
        let engine = open(&directory.0);
        engine.apply(config([vrid_1()])).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        listener.wait_for(1, 100);
        let other_directory = Directory::new("load-peer");
        let other = peer.run(|| {
            let other = open(&other_directory.0);
            let mut worse = vrid_1();
            worse.interface = Some("right".into());
            worse.addresses[0].interface = "right".into();
            worse.router.priority = 50;
            other.apply(config([worse])).unwrap();
            other
        });
        wait_for(&other, "VI_1", State::Backup);
        let mut heard = listener.heard();
        heard.clear();
        let sent = |engine: &ka_engine::Engine| {
            wait_for(engine, "VI_1", State::Master)
                .statistics
                .advertisements_sent
        };
        let before = sent(&engine);
        // The addresses come and go until five advertisements were due meanwhile.
        eventually(|| {
            engine.apply(config([vrid_1(), thousand()])).unwrap();
            eventually(|| (held("left").len() == 1001).then_some(()));
            engine.apply(config([vrid_1()])).unwrap();
            eventually(|| (held("left").len() == 1).then_some(()));
            (sent(&engine) >= before + 5).then_some(())
        });
        let advertised = sent(&engine) - before;
        eventually(|| {
            heard.extend(listener.heard().into_iter().filter(|heard| heard.vrid == 1));
            (heard.len() as u64 >= advertised).then_some(())
        });
        // What was sent has arrived, in order, and said what it should.
        for pair in heard.windows(2) {
            assert_eq!(pair[1].id, pair[0].id.wrapping_add(1), "{heard:?}");
        }
        assert!(heard.iter().all(|heard| heard.priority == 100));
        // And the Backup never thought that the Master was gone.
        let backup = wait_for(&other, "VI_1", State::Backup);
        assert_eq!(backup.statistics.became_master, 0);
    });
}
