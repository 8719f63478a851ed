//! Advertisements between unicast peers: whose are accepted, and what their checksums cover.

use ka_vrrp::{
    ChecksumForms, ChecksumPolicy, Notice, Peer, RejectReason, RouterConfig, State, UnicastPeers,
};
use ka_wire::{Authentication, ChecksumRule, GROUP_V4};

use crate::air::{Air, at};
use crate::config::{ms, v2, v3};

const OLD: ChecksumRule = ChecksumRule::Towards(GROUP_V4);

pub(crate) fn peers(of: usize, count: usize) -> UnicastPeers {
    let others = (0..count).filter(|node| *node != of);
    UnicastPeers {
        peers: others
            .map(|node| Peer {
                address: at(node).into(),
                min_ttl: 0,
                max_ttl: 255,
            })
            .collect(),
        check_source: false,
    }
}

/// A router with two others for peers.
fn one_of_three(node: usize, forms: ChecksumForms) -> RouterConfig {
    RouterConfig {
        unicast: Some(peers(node, 3)),
        checksum: ChecksumPolicy::new(forms),
        ..v3(200 - 10 * node as u8, ms(200))
    }
}

fn checked(min_ttl: u8, max_ttl: u8) -> RouterConfig {
    RouterConfig {
        unicast: Some(UnicastPeers {
            peers: vec![Peer {
                address: at(0).into(),
                min_ttl,
                max_ttl,
            }],
            check_source: true,
        }),
        ..v2(100)
    }
}

#[test]
fn the_ttl_of_a_unicast_packet_is_no_reason_unless_limits_say_so() {
    for (ttl, limits, expected) in [
        (1, None, None),
        (1, Some((0, 255)), None),
        (63, Some((64, 255)), Some(RejectReason::PeerTtl)),
        (64, Some((64, 64)), None),
        (65, Some((64, 64)), Some(RejectReason::PeerTtl)),
    ] {
        let mut air = Air::new();
        air.add(RouterConfig {
            unicast: Some(peers(0, 2)),
            ..v2(200)
        });
        air.add(match limits {
            Some((min, max)) => checked(min, max),
            None => RouterConfig {
                unicast: Some(peers(1, 2)),
                ..v2(100)
            },
        });
        air.nodes[1].cut = true;
        air.run_for(ms(3_610));
        let mut bytes = air.last_of(0).bytes;
        bytes[8] = ttl;
        air.hear(1, &bytes);
        let rejected: Vec<_> = air
            .rejected(1)
            .into_iter()
            .map(|(reason, _)| reason)
            .collect();
        assert_eq!(rejected, expected.into_iter().collect::<Vec<_>>());
        // It passed every other check: keepalived counts it as received all the same.
        let received = air.nodes[1].router.statistics().advertisements_received;
        assert_eq!(received, 1);
        let is_heard = air.nodes[1].router.master().is_some();
        assert_eq!(is_heard, expected.is_none());
    }
}

#[test]
fn a_stranger_is_heard_unless_senders_are_checked() {
    for check_source in [false, true] {
        let mut air = Air::new();
        // It has us for a peer, and we do not have it.
        air.add(RouterConfig {
            unicast: Some(peers(0, 2)),
            ..v2(200)
        });
        air.add(RouterConfig {
            unicast: Some(UnicastPeers {
                check_source,
                peers: peers(1, 3).peers.split_off(1),
            }),
            ..v2(100)
        });
        air.run_for(ms(10_000));
        let expected = match check_source {
            true => State::Master,
            false => State::Backup,
        };
        assert_eq!(air.nodes[1].router.state(), expected);
        let rejected = air.rejected(1);
        match check_source {
            true => assert!(matches!(rejected[..], [(RejectReason::UnknownPeer, 1..)])),
            false => assert_eq!(rejected, []),
        }
        // A stranger who is refused is no news each time the peers are heard in between.
        let notices = &air.nodes[1].notices;
        let changes = notices
            .iter()
            .filter(|notice| matches!(notice, Notice::MasterChanged { .. }));
        assert!(changes.count() <= 2);
    }
}

#[test]
fn what_goes_to_a_group_is_not_for_a_unicast_router_nor_the_other_way_round() {
    let mut air = Air::new();
    air.add(v2(200));
    air.add(RouterConfig {
        unicast: Some(peers(1, 2)),
        ..v2(100)
    });
    air.run_for(ms(20_000));
    assert_eq!(air.states(), [State::Master, State::Master]);
    for node in [0, 1] {
        let rejected = air.rejected(node);
        assert!(matches!(rejected[..], [(RejectReason::Destination, 1..)]));
    }
}

#[test]
fn an_authentication_header_is_made_for_each_peer() {
    let mut air = Air::new();
    for node in 0..3 {
        air.add(RouterConfig {
            unicast: Some(peers(node, 3)),
            authentication: Authentication::ah("s3cret"),
            ..v2(200 - 10 * node as u8)
        });
    }
    air.run_for(ms(30_000));
    assert_eq!(air.states(), [State::Master, State::Backup, State::Backup]);
    for node in 0..3 {
        assert_eq!(air.rejected(node), []);
    }
    // The copies of one advertisement have one number, and survive routers on their way.
    let numbers: Vec<_> = air.sent.iter().map(|sent| sent.ah_sequence()).collect();
    assert!(numbers.chunks(2).all(|copies| copies[0] == copies[1]));
    let mut bytes = air.last_of(0).bytes;
    bytes[8] = 7;
    let to = usize::from(bytes[19]) - 10;
    air.hear(to, &bytes);
    // As a replay only.
    assert_eq!(air.rejected(to), [(RejectReason::AuthenticationFailed, 1)]);
}

#[test]
fn three_routers_with_a_form_each_hear_each_other_where_one_follows() {
    // Node 0 follows; 1 knows the old form alone, 2 the standard one alone.
    let mut air = Air::new();
    air.add(one_of_three(0, ChecksumForms::FollowPeer));
    air.add(RouterConfig {
        unicast: Some(UnicastPeers {
            peers: peers(1, 1).peers,
            check_source: false,
        }),
        ..one_of_three(1, ChecksumForms::OldUnicast)
    });
    air.add(RouterConfig {
        unicast: Some(UnicastPeers {
            peers: peers(2, 1).peers,
            check_source: false,
        }),
        ..one_of_three(2, ChecksumForms::StandardOnly)
    });
    air.run_for(ms(30_000));
    assert_eq!(air.states(), [State::Master, State::Backup, State::Backup]);
    let copies: Vec<_> = air
        .sent
        .iter()
        .rev()
        .filter(|sent| sent.from == 0)
        .take(2)
        .collect();
    for sent in copies {
        let rule = match sent.ip().destination() {
            to if to == at(1) => OLD,
            _ => ChecksumRule::Standard,
        };
        assert!(sent.covers(rule));
    }
    let told = air.nodes[0].notices.iter();
    let told = told.filter(|notice| matches!(notice, Notice::ChecksumFollowed { .. }));
    assert_eq!(told.count(), 1);
}

#[test]
fn an_old_peer_is_found_out_by_itself_unless_never() {
    for (forms, heard) in [
        (ChecksumForms::Standard, true),
        (ChecksumForms::StandardOnly, false),
    ] {
        let mut air = Air::new();
        air.add(one_of_three(0, ChecksumForms::OldUnicast));
        air.run_for(ms(5_000));
        air.add(one_of_three(1, forms));
        air.run_for(ms(5_000));
        assert_eq!(air.nodes[1].router.state() == State::Backup, heard);
        // Where it takes over the old one hears it, too.
        air.nodes[0].cut = true;
        air.run_for(ms(5_000));
        assert_eq!(air.nodes[1].router.state(), State::Master);
        let mut to_first = air.sent.iter().rev().filter(|sent| sent.from == 1);
        let to_first = to_first.find(|sent| sent.ip().destination() == at(0));
        let to_first = to_first.expect("a packet");
        assert_eq!(to_first.covers(OLD), heard);
        assert_eq!(to_first.covers(ChecksumRule::Standard), !heard);
        air.nodes[0].cut = false;
        air.run_for(ms(5_000));
        assert_eq!(air.nodes[1].router.state() == State::Backup, heard);
    }
}

#[test]
fn a_group_is_followed_from_one_form_to_the_other() {
    let grouped = |priority, forms| RouterConfig {
        checksum: ChecksumPolicy::new(forms),
        ..v3(priority, ms(200))
    };
    let mut air = Air::new();
    air.add(grouped(200, ChecksumForms::NoPseudoHeader));
    air.run_for(ms(5_000));
    air.add(grouped(100, ChecksumForms::FollowPeer));
    air.run_for(ms(5_000));
    assert_eq!(air.states(), [State::Master, State::Backup]);
    let heard: Vec<_> = air.nodes[1].router.heard_checksums().collect();
    assert_eq!(heard, [(at(0).into(), ChecksumRule::NoPseudoHeader)]);
    air.nodes[0].cut = true;
    air.run_for(ms(5_000));
    assert_eq!(air.nodes[1].router.state(), State::Master);
    assert!(air.last_of(1).covers(ChecksumRule::NoPseudoHeader));
    assert!(!air.last_of(1).covers(ChecksumRule::Standard));
    // The whole group changes its form: where the other one does not hear us, it says so by being Master.
    air.reconfigure(0, grouped(50, ChecksumForms::StandardOnly));
    air.run_for(ms(12_000));
    air.nodes[0].cut = false;
    air.run_for(ms(2_000));
    assert_eq!(air.states(), [State::Backup, State::Master]);
    assert!(air.last_of(1).covers(ChecksumRule::Standard));
    assert_eq!(air.rejected(1), []);
}
