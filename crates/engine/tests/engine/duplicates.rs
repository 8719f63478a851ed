//! IPv6 addresses that cannot be used yet, or that another host has.

use ka_engine::{Engine, EventKind};
use ka_vrrp::{Faults, SourceFlaw, State, UnusableSource};

use crate::support::{
    Directory, Peer, address, config, drain, eventually, in_namespace, ip, open, router, wait_for,
};

fn faults(engine: &Engine) -> Faults {
    let described = engine.describe(false).unwrap();
    described.details[0].faults
}

/// Waits until `text` is told to be a duplicate, of `instance`.
fn wait_for_duplicate(engine: &Engine, instance: &str, text: &str) {
    eventually(|| {
        let told = drain(engine);
        told.iter()
            .any(|event| {
                matches!(
                    event,
                    EventKind::AddressDuplicate { instance: of, interface, address: duplicate }
                        if &**of == instance && &**interface == "left" && *duplicate == address(text)
                )
            })
            .then_some(())
    });
}

/// Lets the kernel ask others for a new address of `left` within so many seconds, at random.
fn ask_within(seconds: u32) {
    let path = "/proc/sys/net/ipv6/conf/left/router_solicitation_delay";
    std::fs::write(path, seconds.to_string()).unwrap();
}

#[test]
fn a_source_address_that_another_host_has_is_named_in_the_fault() {
    in_namespace(|| {
        let peer = Peer::connect();
        peer.run(|| ip("address add fe80::1/64 dev right nodad"));
        ip("address delete fe80::1/64 dev left");
        // Tentative for as long as nobody is asked for it, at some time of this many seconds.
        ask_within(100_000);
        ip("address add fe80::1/64 dev left");
        let directory = Directory::new("duplicate-source");
        let engine = open(&directory.0);
        engine
            .apply(config([router("VI_6", 6, &["fe80::100"])]))
            .unwrap();
        wait_for(&engine, "VI_6", State::Fault);
        let unusable = |flaw| {
            Some(UnusableSource {
                address: address("fe80::1"),
                flaw,
            })
        };
        assert_eq!(
            faults(&engine).unusable_source,
            unusable(SourceFlaw::Tentative)
        );
        // Then found to be a duplicate, and not before it is looked for here.
        ask_within(1);
        ip("address delete fe80::1/64 dev left");
        ip("address add fe80::1/64 dev left");
        wait_for_duplicate(&engine, "", "fe80::1");
        eventually(|| {
            (faults(&engine).unusable_source == unusable(SourceFlaw::Duplicate)).then_some(())
        });
        // Without the other host it is usable when it is added again.
        peer.run(|| ip("address delete fe80::1/64 dev right"));
        ip("address delete fe80::1/64 dev left");
        ip("address add fe80::1/64 dev left");
        wait_for(&engine, "VI_6", State::Master);
        assert_eq!(faults(&engine), Faults::NONE);
    });
}

#[test]
fn a_virtual_address_that_another_host_has_is_told() {
    in_namespace(|| {
        let peer = Peer::connect();
        peer.run(|| ip("address add fe80::100/64 dev right nodad"));
        let directory = Directory::new("duplicate-virtual");
        let engine = open(&directory.0);
        let mut instance = router("VI_6", 6, &["fe80::100"]);
        instance.addresses[0].no_dad = false;
        engine.apply(config([instance])).unwrap();
        wait_for(&engine, "VI_6", State::Master);
        wait_for_duplicate(&engine, "VI_6", "fe80::100");
    });
}
