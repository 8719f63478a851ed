//! What a peer sends: an IP packet, given to a virtual router of the packet's VRID and of each kind. The first octet chooses the kind
//! and whether it is Master, the second how much time passes before the packet comes; what follows is the packet. It comes twice.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::{
    AntiReplay, AuthHmac, ChecksumForms, ChecksumPolicy, HmacKey, HmacMode, Peer, ReceivedPacket,
    RouterConfig, UnicastPeers, VirtualRouter,
};
use ka_wire::ipv4::Ipv4View;
use ka_wire::trailer::Key;
use ka_wire::{Authentication, Family, Version};
use libfuzzer_sys::fuzz_target;

const IPV6_HEADER: usize = 40;
/// When the signatures in the corpus were made.
const SIGNED_AT: Duration = Duration::from_secs(1_795_388_594);

fuzz_target!(|input: &[u8]| {
    let [choice, delay, octets @ ..] = input else {
        return;
    };
    let at = SystemTime::UNIX_EPOCH + SIGNED_AT;
    let Some(packet) = received(octets, at) else {
        return;
    };
    let vrid = packet.payload.get(1).copied().unwrap_or_default().max(1);
    let mut kinds = kinds(vrid, packet.source);
    let config = kinds.swap_remove(usize::from(choice & 0x7f) % kinds.len());
    let source = source(config.family);
    let start = Instant::now();
    let mut router = VirtualRouter::new(config);
    router.start(true, Some(source), None, start);
    let mut now = start;
    if choice & 0x80 != 0
        && let Some(due) = router.poll_timeout()
    {
        router.handle_timeout(due);
        now = due;
    }
    drain(&mut router);
    now += Duration::from_millis(20 * u64::from(*delay));
    router.handle_packet(&packet, now);
    drain(&mut router);
    router.handle_packet(&packet, now);
    drain(&mut router);
    if let Some(due) = router.poll_timeout() {
        router.handle_timeout(due);
        drain(&mut router);
    }
});

fn drain(router: &mut VirtualRouter) {
    let mut actions = 0;
    while router.poll_action().is_some() {
        actions += 1;
    }
    assert!(actions <= VirtualRouter::MAX_ACTIONS);
}

fn received(octets: &[u8], at: SystemTime) -> Option<ReceivedPacket<'_>> {
    if octets.first().is_some_and(|octet| octet >> 4 == 4) {
        return ReceivedPacket::from_ipv4(Ipv4View::new(octets).ok()?, at);
    }
    let (header, payload) = octets.split_at_checked(IPV6_HEADER)?;
    let address = |part: &[u8]| Some(Ipv6Addr::from(<[u8; 16]>::try_from(part).ok()?).into());
    Some(ReceivedPacket {
        source: address(&header[8..24])?,
        destination: address(&header[24..40])?,
        ttl: header[7],
        ip_total_len: None,
        payload,
        header: None,
        at,
    })
}

fn source(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, 9).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9).into(),
    }
}

fn kinds(vrid: u8, sender: IpAddr) -> Vec<RouterConfig> {
    let mut kinds = Vec::new();
    for version in [Version::V2, Version::V3] {
        let family = Family::from(sender);
        let plain = RouterConfig {
            version,
            addresses: vec![source(family)],
            ..RouterConfig::new(vrid, family)
        };
        let checksum = |forms| ChecksumPolicy {
            forms,
            ..plain.checksum
        };
        for forms in [ChecksumForms::NoPseudoHeader, ChecksumForms::FollowPeer] {
            kinds.push(RouterConfig {
                checksum: checksum(forms),
                ..plain.clone()
            });
        }
        let peer = Peer {
            address: sender,
            min_ttl: 0,
            max_ttl: 255,
        };
        kinds.push(RouterConfig {
            unicast: Some(UnicastPeers {
                peers: vec![peer],
                check_source: true,
            }),
            ..plain.clone()
        });
        for mode in [HmacMode::Enforce, HmacMode::Permissive] {
            kinds.push(RouterConfig {
                auth_hmac: Some(signed(mode)),
                ..plain.clone()
            });
        }
        if (family, version) == (Family::V4, Version::V2) {
            for authentication in [Authentication::pass("s3cret"), Authentication::ah("s3cret")] {
                kinds.push(RouterConfig {
                    authentication,
                    ..plain.clone()
                });
            }
        }
        kinds.push(RouterConfig {
            preempt_mode: false,
            ..plain.clone()
        });
        kinds.push(plain);
    }
    kinds
}

/// The key of the captured advertisements, which its octets tell.
fn signed(mode: HmacMode) -> AuthHmac {
    let octets: Vec<u8> = (0..32).collect();
    let key = Key::new(&octets).expect("it has a good length");
    AuthHmac {
        keys: vec![HmacKey { id: 7, key }],
        active_key: 7,
        time_window: 5,
        anti_replay: match mode {
            HmacMode::Enforce => AntiReplay::Time,
            HmacMode::Permissive | HmacMode::ReceiveOnly => AntiReplay::Monotonic,
        },
        mode,
    }
}
