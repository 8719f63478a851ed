//! Addresses that are not ours, told where that is asked for.

use std::collections::BTreeSet;

use ka_engine::{Engine, EngineOptions, EventKind};

use crate::support::{
    Directory, Peer, config, drain, eventually, in_namespace, ip, open, options, owner, wait_held,
};

/// What is told of addresses by now, as `+ADDRESS INTERFACE` and `-ADDRESS INTERFACE`.
fn told(engine: &Engine) -> Vec<String> {
    let told = |event: EventKind| match event {
        EventKind::AddressChanged {
            interface,
            address,
            added,
        } => Some(format!(
            "{}{address} {interface}",
            if added { '+' } else { '-' }
        )),
        _ => None,
    };
    drain(engine).into_iter().filter_map(told).collect()
}

fn wait_told(engine: &Engine, wanted: &[&str]) {
    let mut all = Vec::new();
    eventually(|| {
        all.extend(told(engine));
        (all.len() >= wanted.len()).then_some(())
    });
    assert_eq!(all, wanted);
}

#[test]
fn addresses_of_the_host_are_told_once_and_our_own_never() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("monitored");
        let monitoring = EngineOptions {
            monitor_addresses: true,
            ..options(&directory.0)
        };
        let engine = Engine::open(&monitoring, || {}).unwrap();
        let there: BTreeSet<String> = told(&engine).into_iter().collect();
        assert!(there.contains("+192.0.2.1 left"), "{there:?}");
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100", "192.0.2.101"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32", "192.0.2.101/32"]);
        // An interface that no configuration names.
        ip("address add 198.51.100.1/24 dev lo");
        ip("address change 198.51.100.1/24 dev lo valid_lft 1000 preferred_lft 1000");
        ip("address del 198.51.100.1/24 dev lo");
        ip("address add 2001:db8::1/64 dev lo");
        wait_told(
            &engine,
            &["+198.51.100.1 lo", "-198.51.100.1 lo", "+2001:db8::1 lo"],
        );
        engine.apply(config([])).unwrap();
        wait_held("left", &[]);
        ip("address del 2001:db8::1/64 dev lo");
        wait_told(&engine, &["-2001:db8::1 lo"]);
    });
}

#[test]
fn nothing_is_told_unless_that_is_asked_for() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let directory = Directory::new("unmonitored");
        let engine = open(&directory.0);
        ip("address add 198.51.100.1/24 dev left");
        engine
            .apply(config([owner("VI_1", 51, &["192.0.2.100"])]))
            .unwrap();
        wait_held("left", &["192.0.2.100/32"]);
        assert_eq!(told(&engine), Vec::<String>::new());
    });
}
