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

#[test]
fn a_source_address_that_another_host_has_is_named_in_the_fault() {
    in_namespace(|| {
        let peer = Peer::connect();
        peer.run(|| ip("address add fe80::1/64 dev right nodad"));
        ip("address delete fe80::1/64 dev left");
        // Tentative for a second, then found to be a duplicate.
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
        let first = faults(&engine).unusable_source;
        assert!(
            first == unusable(SourceFlaw::Tentative) || first == unusable(SourceFlaw::Duplicate),
            "{first:?}"
        );
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
