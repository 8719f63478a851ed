//! Advertisements for virtual routers that there are none of here.

use ka_engine::EventKind;
use ka_vrrp::State;

use crate::support::{
    Directory, Peer, address, config, drain, eventually, in_namespace, open, owner, router, status,
    wait_for,
};

#[test]
fn they_are_told_of_only_where_that_is_asked_for() {
    in_namespace(|| {
        let peer = Peer::connect();
        let other_directory = Directory::new("unknown-peer");
        let _other = peer.start_better(&other_directory, router("VI_9", 9, &["192.0.2.109"]));
        let directory = Directory::new("unknown");
        let engine = open(&directory.0);
        let mut ours = config([owner("VI_1", 51, &["192.0.2.100"])]);
        engine.apply(ours.clone()).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        let before = engine.snapshot().unwrap().engine;
        let told = |event: &EventKind| match event {
            EventKind::UnknownVrid {
                interface,
                vrid,
                source,
            } => Some((interface.to_string(), *vrid, *source)),
            _ => None,
        };
        assert_eq!(drain(&engine).iter().find_map(told), None);
        assert_eq!(before.packets_received, 0, "the kernel drops them");

        ours.log_unknown_vrids = true;
        engine.apply(ours.clone()).unwrap();
        let first = eventually(|| drain(&engine).iter().find_map(told));
        assert_eq!(first, ("left".to_owned(), 9, address("192.0.2.2")));
        // Counted each, and told once.
        eventually(|| {
            let now = engine.snapshot().unwrap().engine;
            (now.packets_unknown >= before.packets_unknown + 5).then_some(())
        });
        assert_eq!(drain(&engine).iter().find_map(told), None);
        assert_eq!(status(&engine, "VI_1").state, State::Master);

        ours.log_unknown_vrids = false;
        engine.apply(ours).unwrap();
        let settled = eventually(|| {
            let before = engine.snapshot().unwrap().engine.packets_received;
            std::thread::sleep(std::time::Duration::from_millis(500));
            let now = engine.snapshot().unwrap().engine.packets_received;
            (before == now).then_some(now)
        });
        assert!(settled >= 5);
    });
}
