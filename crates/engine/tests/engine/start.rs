//! A start under difficulties.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ka_engine::Engine;
use ka_netlink::{AddressChange, AddressKey, RouteSocket, VirtualAddress};
use ka_sys::namespace::NetworkNamespace;

use crate::support::{
    Directory, Peer, config, in_namespace, index, options, owner, record, wait_held,
};

/// Keeps thousands of addresses on the loopback interface, and adds and removes some others,
/// until `done`.
fn change_addresses(done: &AtomicBool) {
    let mut route = RouteSocket::open().unwrap();
    let loopback = index("lo");
    let key = |host: u32| AddressKey {
        ifindex: loopback,
        address: Ipv4Addr::from_bits(0xc612_0000 + host).into(),
        prefix_len: 32,
        peer: None,
    };
    let add = |hosts: std::ops::Range<u32>| -> Vec<AddressChange> {
        let change = |host| AddressChange::Add(VirtualAddress::new(key(host)));
        hosts.map(change).collect()
    };
    let mut results = Vec::new();
    route.submit(&add(1_000..3_000), &mut results);
    let some = add(0..4);
    let no_more: Vec<_> = (0..4)
        .map(|host| AddressChange::Remove(key(host)))
        .collect();
    while !done.load(Ordering::Relaxed) {
        results.clear();
        route.submit(&some, &mut results);
        route.submit(&no_more, &mut results);
    }
}

#[test]
fn addresses_that_never_stop_changing_do_not_keep_an_engine_from_starting() {
    in_namespace(|| {
        let _peer = Peer::connect();
        let here = NetworkNamespace::current().unwrap();
        let directory = Directory::new("churn");
        record(&directory.0, &["192.0.2.10"]);
        crate::support::add_marked("left", "192.0.2.10");
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                here.enter().unwrap();
                change_addresses(&done);
            });
            // The thousands are there by then.
            thread::sleep(std::time::Duration::from_millis(500));
            let opened = Engine::open(&options(&directory.0), || {});
            let applied = opened
                .as_ref()
                .map(|engine| engine.apply(config([owner("VI_1", 51, &["192.0.2.100"])])));
            done.store(true, Ordering::Relaxed);
            applied.unwrap().unwrap();
            // Swept and taken up as on a quiet host.
            wait_held("left", &["192.0.2.100/32"]);
        });
    });
}
