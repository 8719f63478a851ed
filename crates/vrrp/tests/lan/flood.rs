//! However many packets come, little is said about them.

use std::net::IpAddr;

use ka_vrrp::{Notice, RouterConfig, State};

use crate::config::{HIGHER, LOWER, address, ms, us, v2, v3};
use crate::lan::Lan;
use crate::log::notices;
use crate::packet::Packet;

/// Packets of a second.
const FLOOD: u32 = 1000;

/// A router in `state`, which a second of these packets, in turn, leaves it in: what it says
/// of them, and then of one more.
fn flood(
    config: &RouterConfig,
    state: State,
    packets: &[(IpAddr, u8, u64)],
) -> (Vec<Notice>, Vec<Notice>) {
    let mut lan = Lan::new();
    let host = match state {
        State::Master => lan.master(config.clone()),
        _ => lan.started(config.clone()),
    };
    lan.run_for(ms(500));
    lan.take_log(host);
    let mut packets = packets.iter().cycle().map(|&(source, priority, interval)| {
        Packet::with_interval(config, source, priority, ms(interval))
    });
    let mut next = || packets.next().expect("it goes on for ever");
    for _ in 0..FLOOD {
        lan.inject(host, &next());
        lan.run_for(us(1_000_000) / FLOOD);
    }
    assert_eq!(lan.state(host), state);
    let statistics = lan.router(host).statistics();
    let counted = statistics.advertisements_received + statistics.rejected_total();
    assert_eq!(counted, u64::from(FLOOD));
    let said = notices(&lan.take_log(host));
    lan.inject(host, &next());
    (said, notices(&lan.take_log(host)))
}

#[test]
fn a_stream_of_packets_is_no_stream_of_notices() {
    let delaying = RouterConfig {
        preempt_delay: ms(60_000),
        ..v2(100)
    };
    let (backup, master) = (State::Backup, State::Master);
    let ours = address(v2(100).family, 0);
    for (config, state, packets) in [
        // Two good senders, with the same interval and with different ones.
        (
            v2(100),
            backup,
            vec![(LOWER, 200, 1000), (HIGHER, 200, 1000)],
        ),
        (
            v3(100, ms(1000)),
            backup,
            vec![(LOWER, 200, 2000), (HIGHER, 200, 3000)],
        ),
        // Two of which one is always rejected, for another interval.
        (
            v2(100),
            backup,
            vec![(LOWER, 200, 1000), (HIGHER, 200, 2000), (HIGHER, 200, 1000)],
        ),
        (v2(100), backup, vec![(LOWER, 50, 1000)]),
        (v2(100), backup, vec![(LOWER, 0, 1000)]),
        (
            delaying,
            backup,
            vec![(LOWER, 50, 1000), (LOWER, 200, 1000)],
        ),
        (v2(100), master, vec![(LOWER, 50, 1000)]),
        (v2(100), master, vec![(LOWER, 0, 1000)]),
        (v2(100), master, vec![(ours, 100, 1000)]),
    ] {
        let (said, again) = flood(&config, state, &packets);
        assert_eq!(said.len(), 20, "{packets:?}");
        // The next second has its own.
        assert!(!again.is_empty(), "{packets:?}");
    }
}

#[test]
fn what_is_said_once_is_not_lost_in_a_stream() {
    let mut lan = Lan::new();
    let host = lan.started(v2(100));
    for number in 0..30 {
        lan.advertise_to(host, [LOWER, HIGHER][number % 2], 200);
    }
    lan.take_log(host);
    let mut bad = Packet::encode(&v2(100), HIGHER, 200);
    bad.ttl = 1;
    lan.inject_bad(host, &bad);
    assert_eq!(notices(&lan.take_log(host)), []);
    lan.run_for(ms(1000));
    lan.inject_bad(host, &bad);
    let rejection = ka_vrrp::Rejection::Ttl { received: 1 };
    let said = Notice::AdvertisementRejected {
        source: HIGHER,
        rejection,
    };
    assert_eq!(notices(&lan.take_log(host)), [said]);
}

#[test]
fn changes_of_state_are_told_in_the_middle_of_a_stream() {
    let mut lan = Lan::new();
    let host = lan.master(v2(100));
    for _ in 0..100 {
        lan.advertise_to(host, LOWER, 50);
    }
    lan.take_log(host);
    lan.advertise_to(host, HIGHER, 200);
    let said = notices(&lan.take_log(host));
    assert!(matches!(
        said[..],
        [
            Notice::HigherPriorityAdvertisement { .. },
            Notice::StateChanged { .. }
        ]
    ));
}
