//! Authentication headers and signatures between two engines, and the sockets that they take.

use std::fs;
use std::time::Duration;

use ka_engine::InstanceConfig;
use ka_vrrp::{AntiReplay, AuthHmac, HmacKey, HmacMode, RejectReason, State};
use ka_wire::trailer::Key;
use ka_wire::{Authentication, Version};

use crate::support::{
    Directory, Peer, config, eventually, in_namespace, open, router, status, wait_for,
};

const STOP: Duration = Duration::from_secs(30);

fn with_header(vrid: u8, address: &str) -> InstanceConfig {
    let mut instance = router("VI_1", vrid, &[address]);
    instance.router.version = Version::V2;
    instance.router.advertisement_interval = Duration::from_secs(1);
    instance.router.authentication = Authentication::ah("s3cret");
    instance
}

fn signed(address: &str) -> InstanceConfig {
    let mut instance = router("VI_1", 9, &[address]);
    instance.router.auth_hmac = Some(AuthHmac {
        keys: vec![HmacKey {
            id: 1,
            key: Key::new(&[7; 32]).expect("32 octets"),
        }],
        active_key: 1,
        time_window: 60,
        anti_replay: AntiReplay::Time,
        mode: HmacMode::Enforce,
    });
    instance
}

/// Whether this namespace has a raw socket for authentication headers.
fn has_socket_for_headers() -> bool {
    let sockets = fs::read_to_string("/proc/thread-self/net/raw").expect("/proc is mounted");
    sockets.lines().any(|line| line.contains(":0033 "))
}

#[test]
fn a_backup_hears_a_master_with_authentication_headers_and_only_then_has_a_socket_for_them() {
    in_namespace(|| {
        let peer = Peer::connect();
        let directory = Directory::new("headers");
        let engine = open(&directory.0);
        assert!(!has_socket_for_headers());
        let other_directory = Directory::new("headers-peer");
        let other = peer.start_better(&other_directory, with_header(12, "192.0.2.100"));
        engine
            .apply(config([with_header(12, "192.0.2.100")]))
            .unwrap();
        assert!(has_socket_for_headers());
        eventually(|| {
            let now = status(&engine, "VI_1");
            let heard = now.state == State::Backup && now.statistics.advertisements_received > 2;
            heard.then_some(())
        });
        let now = status(&engine, "VI_1");
        assert_eq!(now.statistics.rejected_total(), 0);
        // It takes over, and the other one hears it when it is back.
        other.stop(STOP).unwrap();
        wait_for(&engine, "VI_1", State::Master);
        let again = peer.start_better(&other_directory, with_header(12, "192.0.2.100"));
        wait_for(&engine, "VI_1", State::Backup);
        again.stop(STOP).unwrap();
        // Without the header there is no such socket any more.
        let mut plain = with_header(12, "192.0.2.100");
        plain.router.authentication = Authentication::None;
        engine.apply(config([plain])).unwrap();
        // A child that another test has just made has a copy of it until it runs its program.
        eventually(|| (!has_socket_for_headers()).then_some(()));
        engine.stop(STOP).unwrap();
    });
}

#[test]
fn a_plain_router_and_one_with_headers_of_one_vrid_are_unknown_to_each_other() {
    in_namespace(|| {
        let peer = Peer::connect();
        let (directory, other_directory) = (Directory::new("plain"), Directory::new("header"));
        let other = peer.start_better(&other_directory, with_header(12, "192.0.2.100"));
        let engine = open(&directory.0);
        let mut plain = with_header(12, "192.0.2.100");
        plain.router.authentication = Authentication::pass("s3cret");
        engine.apply(config([plain])).unwrap();
        wait_for(&other, "VI_1", State::Master);
        wait_for(&engine, "VI_1", State::Master);
        for engine in [&engine, &other] {
            let now = status(engine, "VI_1");
            assert_eq!(now.statistics.rejected_total(), 0);
            assert_eq!(now.statistics.advertisements_received, 0);
        }
        for engine in [engine, other] {
            engine.stop(STOP).unwrap();
        }
    });
}

#[test]
fn signatures_are_heard_over_ipv4_and_a_reload_changes_the_key() {
    in_namespace(|| signs_and_changes_the_key("192.0.2.100"));
}

#[test]
fn signatures_are_heard_over_ipv6_and_a_reload_changes_the_key() {
    in_namespace(|| signs_and_changes_the_key("fe80::100"));
}

fn signs_and_changes_the_key(address: &str) {
    let peer = Peer::connect();
    let (directory, other_directory) = (Directory::new("signed"), Directory::new("signer"));
    let other = peer.start_better(&other_directory, signed(address));
    let engine = open(&directory.0);
    engine.apply(config([signed(address)])).unwrap();
    eventually(|| {
        let now = status(&engine, "VI_1");
        let heard = now.state == State::Backup && now.master.is_some();
        heard.then_some(())
    });
    assert_eq!(status(&engine, "VI_1").statistics.rejected_total(), 0);
    let mut rekeyed = signed(address);
    let hmac = rekeyed.router.auth_hmac.as_mut().expect("signed");
    hmac.keys[0].key = Key::new(&[8; 32]).expect("32 octets");
    engine.apply(config([rekeyed])).unwrap();
    wait_for(&engine, "VI_1", State::Master);
    // The other one may have been late, and nothing have come of it by then.
    eventually(|| {
        let rejected = status(&engine, "VI_1").statistics;
        (rejected.rejected(RejectReason::SignatureInvalid) > 0).then_some(())
    });
    for engine in [engine, other] {
        engine.stop(STOP).unwrap();
    }
}
