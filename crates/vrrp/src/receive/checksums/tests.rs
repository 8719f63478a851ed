use std::net::Ipv4Addr;

use ka_wire::{Authentication, GROUP_V4, Outgoing};

use super::*;
use crate::config::{ChecksumPolicy, Peer, UnicastPeers};

const US: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const OLD: ChecksumRule = ChecksumRule::Towards(GROUP_V4);
const BARE: ChecksumRule = ChecksumRule::NoPseudoHeader;
const STANDARD: ChecksumRule = ChecksumRule::Standard;

fn peer(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn multicast(forms: ChecksumForms) -> RouterConfig {
    RouterConfig {
        version: Version::V3,
        checksum: ChecksumPolicy::new(forms),
        addresses: vec![peer(100)],
        ..RouterConfig::new(51, Family::V4)
    }
}

fn unicast(forms: ChecksumForms) -> RouterConfig {
    let peers = (2..=6).map(|last| Peer {
        address: peer(last),
        min_ttl: 0,
        max_ttl: 255,
    });
    RouterConfig {
        unicast: Some(UnicastPeers {
            peers: peers.collect(),
            check_source: false,
        }),
        ..multicast(forms)
    }
}

/// What comes of a packet of `source` with this form of checksum, and what is then sent there.
struct Heard {
    accepted: Result<Option<ChecksumRule>, ()>,
    changed: Option<(ChecksumRule, ChecksumRule)>,
}

fn hear(
    checksums: &mut Checksums,
    config: &RouterConfig,
    source: IpAddr,
    rule: ChecksumRule,
    now: Instant,
) -> Heard {
    let destination = match config.unicast {
        Some(_) => US,
        None => GROUP_V4.into(),
    };
    let outgoing = Outgoing {
        version: Version::V3,
        vrid: 51,
        priority: 100,
        max_advertise_interval: Duration::from_secs(1),
        authentication: &Authentication::None,
        signature: None,
        addresses: &config.addresses,
        checksum_rule: rule,
        source,
        destination,
    };
    let mut payload = vec![0; outgoing.encoded_len()];
    outgoing.emit(&mut payload).expect("a valid advertisement");
    let packet = ReceivedPacket {
        source,
        destination,
        ttl: 255,
        ip_total_len: None,
        payload: &payload,
        header: None,
        at: std::time::SystemTime::UNIX_EPOCH,
    };
    let view = AdvertisementView::new(&payload).expect("a header");
    let accepted = checksums.check(config, &packet, &view);
    let changed = match accepted {
        Ok(Some(rule)) => checksums.observe(config, source, rule, now),
        _ => None,
    };
    Heard { accepted, changed }
}

fn origin() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
    Instant::now()
}

#[test]
fn each_policy_accepts_its_forms() {
    let (yes, no) = (true, false);
    for (forms, over_multicast, over_unicast) in [
        (ChecksumForms::Standard, [yes, no], [yes, no, yes]),
        (ChecksumForms::StandardOnly, [yes, no], [yes, no, no]),
        (ChecksumForms::OldUnicast, [yes, no], [no, no, yes]),
        (ChecksumForms::NoPseudoHeader, [yes, yes], [yes, yes, yes]),
        (ChecksumForms::FollowPeer, [yes, yes], [yes, yes, yes]),
    ] {
        for (rule, accepted) in [STANDARD, BARE].into_iter().zip(over_multicast) {
            let mut checksums = Checksums::default();
            let heard = hear(&mut checksums, &multicast(forms), peer(2), rule, origin());
            assert_eq!(heard.accepted.is_ok(), accepted, "{forms:?} {rule:?}");
        }
        for (rule, accepted) in [STANDARD, BARE, OLD].into_iter().zip(over_unicast) {
            let mut checksums = Checksums::default();
            let heard = hear(&mut checksums, &unicast(forms), peer(2), rule, origin());
            assert_eq!(heard.accepted.is_ok(), accepted, "{forms:?} {rule:?}");
            if accepted {
                assert_eq!(heard.accepted, Ok(Some(rule)), "{forms:?}");
            }
        }
    }
}

#[test]
fn what_is_sent_to_whom_nothing_is_known_of() {
    for (forms, to_group, to_peer) in [
        (ChecksumForms::Standard, STANDARD, STANDARD),
        (ChecksumForms::StandardOnly, STANDARD, STANDARD),
        (ChecksumForms::OldUnicast, STANDARD, OLD),
        (ChecksumForms::NoPseudoHeader, BARE, BARE),
        (ChecksumForms::FollowPeer, STANDARD, STANDARD),
    ] {
        let checksums = Checksums::default();
        let group = GROUP_V4.into();
        let sent = checksums.rule_towards(&multicast(forms), group);
        assert_eq!(sent, to_group, "{forms:?}");
        let sent = checksums.rule_towards(&unicast(forms), peer(2));
        assert_eq!(sent, to_peer, "{forms:?}");
    }
}

#[test]
fn an_old_unicast_peer_is_answered_in_its_form_and_the_others_in_theirs() {
    let config = unicast(ChecksumForms::Standard);
    let mut checksums = Checksums::default();
    let now = origin();
    let heard = hear(&mut checksums, &config, peer(3), OLD, now);
    assert_eq!(heard.changed, Some((STANDARD, OLD)));
    assert_eq!(checksums.rule_towards(&config, peer(3)), OLD);
    for other in [2, 4, 5] {
        assert_eq!(checksums.rule_towards(&config, peer(other)), STANDARD);
    }
    // It is told once.
    let heard = hear(&mut checksums, &config, peer(3), OLD, now);
    assert_eq!(heard.changed, None);
    // Brought up to date it is heard at once, and answered in its new form before long.
    let heard = hear(&mut checksums, &config, peer(3), STANDARD, now);
    assert_eq!((heard.accepted, heard.changed), (Ok(Some(STANDARD)), None));
    let heard = hear(&mut checksums, &config, peer(3), STANDARD, now + HOLD);
    assert_eq!(heard.changed, Some((OLD, STANDARD)));
}

#[test]
fn the_group_is_sent_what_its_members_use() {
    let config = multicast(ChecksumForms::FollowPeer);
    let mut checksums = Checksums::default();
    let now = origin();
    let heard = hear(&mut checksums, &config, peer(2), STANDARD, now);
    assert_eq!(heard.changed, None);
    let heard = hear(&mut checksums, &config, peer(2), BARE, now);
    assert_eq!(heard.changed, Some((STANDARD, BARE)));
    assert_eq!(checksums.rule_towards(&config, GROUP_V4.into()), BARE);
    let known: Vec<_> = checksums.heard().collect();
    assert_eq!(known, [(peer(2), BARE)]);
}

#[test]
fn a_flood_of_changing_forms_changes_what_is_sent_once_in_ten_seconds() {
    for config in [
        multicast(ChecksumForms::FollowPeer),
        unicast(ChecksumForms::FollowPeer),
    ] {
        let mut checksums = Checksums::default();
        let start = origin();
        let mut changes = 0;
        for number in 0..10_000_u32 {
            let now = start + Duration::from_millis(10) * number;
            let source = peer(2 + (number % 5) as u8);
            let rule = if number % 2 == 0 { BARE } else { STANDARD };
            let heard = hear(&mut checksums, &config, source, rule, now);
            assert_eq!(heard.accepted, Ok(Some(rule)));
            changes += u32::from(heard.changed.is_some());
        }
        // 100 s, to one group or to five peers.
        let destinations = if config.unicast.is_some() { 5 } else { 1 };
        assert!((1..=10 * destinations).contains(&changes), "{changes}");
        assert!(checksums.heard.len() <= 5);
    }
}

#[test]
fn strangers_take_no_room_and_are_not_followed() {
    let config = unicast(ChecksumForms::FollowPeer);
    let mut checksums = Checksums::default();
    for last in 100..200 {
        let heard = hear(&mut checksums, &config, peer(last), BARE, origin());
        assert_eq!(heard.accepted, Ok(Some(BARE)));
        assert_eq!(heard.changed, None);
    }
    assert!(checksums.heard.is_empty());
    // Of a group the last four are remembered.
    let config = multicast(ChecksumForms::Standard);
    for last in 100..200 {
        hear(&mut checksums, &config, peer(last), STANDARD, origin());
    }
    assert_eq!(checksums.heard.len(), MULTICAST_SENDERS);
    assert_eq!(checksums.heard().next(), Some((peer(199), STANDARD)));
}

#[test]
fn a_reload_keeps_what_is_known_unless_the_forms_change() {
    let config = unicast(ChecksumForms::FollowPeer);
    let mut checksums = Checksums::default();
    hear(&mut checksums, &config, peer(2), BARE, origin());
    hear(&mut checksums, &config, peer(3), BARE, origin());
    let mut fewer = RouterConfig {
        priority: 7,
        ..config.clone()
    };
    let peers = &mut fewer.unicast.as_mut().expect("unicast").peers;
    peers.retain(|known| known.address != peer(2));
    checksums.reconfigure(&config, &fewer);
    let known: Vec<_> = checksums.heard().collect();
    assert_eq!(known, [(peer(3), BARE)]);
    assert_eq!(checksums.rule_towards(&fewer, peer(3)), BARE);
    let other = RouterConfig {
        checksum: ChecksumPolicy::new(ChecksumForms::StandardOnly),
        ..fewer.clone()
    };
    checksums.reconfigure(&fewer, &other);
    assert_eq!(checksums.heard().count(), 0);
    assert_eq!(checksums.rule_towards(&other, peer(3)), STANDARD);
}

#[test]
fn other_versions_and_families_have_one_form() {
    for (version, family) in [
        (Version::V2, Family::V4),
        (Version::V2, Family::V6),
        (Version::V3, Family::V6),
    ] {
        let config = RouterConfig {
            version,
            checksum: ChecksumPolicy::new(ChecksumForms::FollowPeer),
            ..RouterConfig::new(51, family)
        };
        assert!(!has_forms(&config));
    }
}
