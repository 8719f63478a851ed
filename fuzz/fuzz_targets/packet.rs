//! What a peer sends: an IP packet, given to a virtual router of each kind. The first octet chooses the kind and its state, the second
//! how much time passes before the packet comes; what follows is the packet.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use ka_vrrp::{ReceivedPacket, RouterConfig, VirtualRouter};
use ka_wire::ipv4::Ipv4View;
use ka_wire::{Authentication, ChecksumRule, Family, Version};
use libfuzzer_sys::fuzz_target;

const VRID: u8 = 51;
const IPV6_HEADER: usize = 40;

fn kinds() -> Vec<RouterConfig> {
    let mut kinds = Vec::new();
    for (family, address) in [
        (Family::V4, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200))),
        (
            Family::V6,
            IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xc8)),
        ),
    ] {
        for version in [Version::V2, Version::V3] {
            let config = RouterConfig {
                version,
                addresses: vec![address],
                ..RouterConfig::new(VRID, family)
            };
            kinds.push(config.clone());
            kinds.push(RouterConfig {
                preempt_mode: false,
                ..config.clone()
            });
            kinds.push(RouterConfig {
                checksum_rule: ChecksumRule::NoPseudoHeader,
                ..config.clone()
            });
            if (family, version) == (Family::V4, Version::V2) {
                kinds.push(RouterConfig {
                    authentication: Authentication::pass("secret"),
                    ..config
                });
            }
        }
    }
    kinds
}

fn source(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, 1).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into(),
    }
}

fuzz_target!(|input: &[u8]| {
    let [choice, delay, octets @ ..] = input else {
        return;
    };
    let mut kinds = kinds();
    let config = kinds.swap_remove(usize::from(choice & 0x7f) % kinds.len());
    let family = config.family;
    let start = Instant::now();
    let mut router = VirtualRouter::new(config);
    router.start(true, Some(source(family)), None, start);
    let mut now = start;
    if choice & 0x80 != 0
        && let Some(due) = router.poll_timeout()
    {
        router.handle_timeout(due);
        now = due;
    }
    now += Duration::from_millis(20 * u64::from(*delay));
    let packet = match family {
        Family::V4 => Ipv4View::new(octets).ok().map(ReceivedPacket::from),
        Family::V6 => octets
            .split_at_checked(IPV6_HEADER)
            .map(|(header, payload)| ReceivedPacket {
                source: Ipv6Addr::from(<[u8; 16]>::try_from(&header[8..24]).unwrap_or_default())
                    .into(),
                destination: Ipv6Addr::from(
                    <[u8; 16]>::try_from(&header[24..40]).unwrap_or_default(),
                )
                .into(),
                ttl: header[7],
                ip_total_len: None,
                payload,
            }),
    };
    let Some(packet) = packet else { return };
    router.handle_packet(&packet, now);
    let mut actions = 0;
    while router.poll_action().is_some() {
        actions += 1;
    }
    assert!(actions <= 2 * VirtualRouter::MAX_ACTIONS);
    if let Some(due) = router.poll_timeout() {
        router.handle_timeout(due);
        while router.poll_action().is_some() {}
    }
});
