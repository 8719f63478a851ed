use std::net::Ipv4Addr;
use std::time::{Duration, UNIX_EPOCH};

use ka_wire::trailer::{Key, Signature};

use super::*;
use crate::config::{HmacKey, Peer};

const WINDOW: u16 = 10;

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn key(octet: u8) -> HmacKey {
    HmacKey {
        id: octet,
        key: Key::new(&[octet; 32]).expect("32 octets"),
    }
}

fn hmac(anti_replay: AntiReplay) -> AuthHmac {
    AuthHmac {
        keys: vec![key(1), key(2)],
        active_key: 1,
        time_window: WINDOW,
        anti_replay,
        mode: HmacMode::Enforce,
    }
}

/// What `source` signs with key `id`.
fn signed(id: u8, source: IpAddr, sequence: Sequence) -> Vec<u8> {
    let mut message = vec![0x31; 12 + ka_wire::trailer::LEN];
    let signature = Signature {
        key_id: id,
        key: &key(id).key,
        sequence,
    };
    signature.seal(&mut message, source).expect("room");
    message
}

struct Receiver {
    signatures: Signatures,
    hmac: AuthHmac,
    unicast: Option<UnicastPeers>,
}

impl Receiver {
    fn new(anti_replay: AntiReplay) -> Self {
        Self {
            signatures: Signatures::default(),
            hmac: hmac(anti_replay),
            unicast: None,
        }
    }

    fn hear(&mut self, message: &[u8], source: IpAddr, now: u64) -> Result<Option<i32>, Rejection> {
        let trailer = TrailerView::new(message);
        let unicast = self.unicast.as_ref();
        self.signatures
            .check(&self.hmac, unicast, trailer, source, at(now))
    }

    /// What `source` signs at `then` with key 1 and is received at `now`.
    fn hear_of(&mut self, source: IpAddr, then: u64, now: u64) -> Result<Option<i32>, Rejection> {
        let message = signed(1, source, Sequence::at(at(then)));
        self.hear(&message, source, now)
    }
}

#[test]
fn a_packet_without_a_trailer_is_for_the_mode_to_judge() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    for (mode, expected) in [
        (HmacMode::Enforce, Err(Rejection::SignatureMissing)),
        (HmacMode::Permissive, Ok(None)),
        (HmacMode::ReceiveOnly, Ok(None)),
    ] {
        receiver.hmac.mode = mode;
        assert_eq!(receiver.hear(&[], address(1), 0), expected);
    }
}

#[test]
fn a_bad_trailer_is_rejected_in_every_mode() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    for mode in [
        HmacMode::Enforce,
        HmacMode::Permissive,
        HmacMode::ReceiveOnly,
    ] {
        receiver.hmac.mode = mode;
        let good = signed(1, address(1), Sequence::at(at(0)));
        let mut other_kind = good.clone();
        other_kind[12] = 2;
        let heard = receiver.hear(&other_kind, address(1), 0);
        assert_eq!(heard, Err(Rejection::SignatureMalformed));
        let mut reserved = good.clone();
        reserved[14] = 1;
        let heard = receiver.hear(&reserved, address(1), 0);
        assert_eq!(heard, Err(Rejection::SignatureMalformed));
        let mut forged = good.clone();
        forged[39] ^= 1;
        let heard = receiver.hear(&forged, address(1), 0);
        assert_eq!(heard, Err(Rejection::SignatureInvalid { id: 1 }));
        // Of another sender.
        let heard = receiver.hear(&good, address(2), 0);
        assert_eq!(heard, Err(Rejection::SignatureInvalid { id: 1 }));
        let unknown = signed(3, address(1), Sequence::at(at(0)));
        let heard = receiver.hear(&unknown, address(1), 0);
        assert_eq!(heard, Err(Rejection::SignatureKeyUnknown { id: 3 }));
    }
}

#[test]
fn each_accepted_key_will_do() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    for (second, id) in [(0, 1), (1, 2), (2, 1)] {
        let message = signed(id, address(1), Sequence::at(at(second)));
        assert_eq!(receiver.hear(&message, address(1), second), Ok(None));
    }
}

#[test]
fn by_time_a_packet_is_of_the_window_and_by_monotonic_of_any_time() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    let stale = |skew| {
        Err(Rejection::SignatureStale {
            skew,
            window: WINDOW,
        })
    };
    assert_eq!(receiver.hear_of(address(1), 100, 111), stale(-11));
    assert_eq!(receiver.hear_of(address(1), 100, 89), stale(11));
    assert_eq!(receiver.hear_of(address(1), 100, 110), Ok(Some(-10)));
    let mut receiver = Receiver::new(AntiReplay::Monotonic);
    assert_eq!(receiver.hear_of(address(1), 100, 1_000_000), Ok(None));
    assert_eq!(receiver.hear_of(address(1), 101, 0), Ok(None));
}

#[test]
fn a_stale_packet_is_not_even_verified() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    let mut forged = signed(3, address(1), Sequence::at(at(0)));
    forged[39] ^= 1;
    let heard = receiver.hear(&forged, address(1), 50);
    assert!(matches!(heard, Err(Rejection::SignatureStale { .. })));
}

#[test]
fn a_clock_that_is_more_than_half_the_window_off_is_worth_a_word() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    assert_eq!(receiver.hear_of(address(1), 100, 105), Ok(None));
    assert_eq!(receiver.hear_of(address(1), 101, 107), Ok(Some(-6)));
    assert_eq!(receiver.hear_of(address(1), 107, 101), Ok(Some(6)));
}

#[test]
fn what_was_heard_before_and_what_is_older_is_a_replay() {
    for anti_replay in [AntiReplay::Time, AntiReplay::Monotonic] {
        let mut receiver = Receiver::new(anti_replay);
        let first = Sequence::at(at(100));
        for (sequence, expected) in [
            (first, Ok(None)),
            (first, Err(Rejection::SignatureReplayed)),
            (first.next(), Ok(None)),
            (first, Err(Rejection::SignatureReplayed)),
            (Sequence::at(at(99)), Err(Rejection::SignatureReplayed)),
            (first.next().next(), Ok(None)),
        ] {
            let message = signed(1, address(1), sequence);
            assert_eq!(receiver.hear(&message, address(1), 100), expected);
        }
        // Another sender has a sequence of its own.
        assert_eq!(receiver.hear_of(address(2), 100, 100), Ok(None));
    }
}

#[test]
fn by_time_a_mark_of_another_time_does_not_count() {
    // The clock of the sender, and of this host, was set back.
    let mut receiver = Receiver::new(AntiReplay::Time);
    assert_eq!(receiver.hear_of(address(1), 1000, 1000), Ok(None));
    assert_eq!(receiver.hear_of(address(1), 100, 100), Ok(None));
    let mut receiver = Receiver::new(AntiReplay::Monotonic);
    assert_eq!(receiver.hear_of(address(1), 1000, 1000), Ok(None));
    let heard = receiver.hear_of(address(1), 100, 100);
    assert_eq!(heard, Err(Rejection::SignatureReplayed));
}

#[test]
fn four_senders_of_a_group_are_remembered_those_heard_last() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    for sender in [1, 2, 3, 4] {
        assert_eq!(receiver.hear_of(address(sender), 100, 100), Ok(None));
    }
    assert_eq!(receiver.hear_of(address(1), 101, 100), Ok(None));
    // Forged packets of strangers push nobody out.
    for stranger in 10..200 {
        let mut forged = signed(1, address(stranger), Sequence::at(at(100)));
        forged[39] ^= 1;
        assert!(receiver.hear(&forged, address(stranger), 100).is_err());
    }
    for sender in [1, 2, 3, 4] {
        let heard = receiver.hear_of(address(sender), 100, 100);
        assert_eq!(heard, Err(Rejection::SignatureReplayed), "{sender}");
    }
    // A fifth one with a key does, of the four the one heard longest ago.
    assert_eq!(receiver.hear_of(address(5), 100, 100), Ok(None));
    assert_eq!(receiver.hear_of(address(2), 100, 100), Ok(None));
    assert_eq!(receiver.signatures.heard.len(), MULTICAST_SENDERS);
}

#[test]
fn only_unicast_peers_are_heard_and_each_is_remembered() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    let peers = (1..=20).map(|last| Peer {
        address: address(last),
        min_ttl: 0,
        max_ttl: 255,
    });
    receiver.unicast = Some(UnicastPeers {
        peers: peers.collect(),
        check_source: false,
    });
    for sender in 1..=20 {
        assert_eq!(receiver.hear_of(address(sender), 100, 100), Ok(None));
    }
    let heard = receiver.hear_of(address(21), 100, 100);
    assert_eq!(heard, Err(Rejection::UnknownPeer));
    for sender in 1..=20 {
        let heard = receiver.hear_of(address(sender), 100, 100);
        assert_eq!(heard, Err(Rejection::SignatureReplayed));
    }
    // Without a trailer the mode decides first.
    let heard = receiver.hear(&[], address(21), 100);
    assert_eq!(heard, Err(Rejection::SignatureMissing));
}

#[test]
fn what_is_sent_follows_the_clock_and_never_repeats() {
    let hmac = hmac(AntiReplay::Time);
    let mut signatures = Signatures::default();
    let first = signatures.next(&hmac, at(100));
    assert_eq!(first, Sequence::at(at(100)));
    // Of one moment, and of a clock that was set back a little.
    assert_eq!(signatures.next(&hmac, at(100)), first.next());
    assert_eq!(signatures.next(&hmac, at(95)), first.next().next());
    assert_eq!(signatures.next(&hmac, at(101)), Sequence::at(at(101)));
    // 65,536 of one moment carry into the fraction.
    let mut last = signatures.next(&hmac, at(101));
    for _ in 0..70_000 {
        let next = signatures.next(&hmac, at(101));
        assert!(next.is_after(last));
        last = next;
    }
}

#[test]
fn a_clock_set_back_by_more_than_the_window_is_followed_by_time_only() {
    let mut signatures = Signatures::default();
    let by_time = hmac(AntiReplay::Time);
    signatures.next(&by_time, at(100));
    let within = signatures.next(&by_time, at(90));
    assert_eq!(within, Sequence::at(at(100)).next());
    assert_eq!(signatures.next(&by_time, at(89)), Sequence::at(at(89)));
    let monotonic = hmac(AntiReplay::Monotonic);
    signatures.next(&monotonic, at(100));
    let next = signatures.next(&monotonic, at(1));
    assert_eq!(next, Sequence::at(at(100)).next());
}

#[test]
fn a_reload_forgets_what_was_heard_only_when_no_key_is_left() {
    for (keys, kept) in [
        (vec![key(1), key(2)], true),
        (vec![key(2), key(3)], true),
        (vec![key(3)], false),
        // The identifier alone is no key.
        (
            vec![HmacKey {
                id: 1,
                key: key(9).key,
            }],
            false,
        ),
    ] {
        let mut receiver = Receiver::new(AntiReplay::Monotonic);
        assert_eq!(receiver.hear_of(address(1), 100, 100), Ok(None));
        let sent = receiver.signatures.next(&receiver.hmac, at(100));
        let new = AuthHmac {
            keys,
            ..receiver.hmac.clone()
        };
        let old = receiver.hmac.clone();
        receiver
            .signatures
            .reconfigure(Some(&old), Some(&new), None);
        assert_eq!(!receiver.signatures.heard.is_empty(), kept);
        // What was sent is never sent again.
        let next = receiver.signatures.next(&new, at(100));
        assert!(next.is_after(sent));
    }
}

#[test]
fn a_reload_forgets_peers_that_are_gone() {
    let mut receiver = Receiver::new(AntiReplay::Time);
    for sender in [1, 2] {
        assert_eq!(receiver.hear_of(address(sender), 100, 100), Ok(None));
    }
    let unicast = UnicastPeers {
        peers: vec![Peer {
            address: address(2),
            min_ttl: 0,
            max_ttl: 255,
        }],
        check_source: false,
    };
    let hmac = receiver.hmac.clone();
    receiver
        .signatures
        .reconfigure(Some(&hmac), Some(&hmac), Some(&unicast));
    let left: Vec<IpAddr> = receiver.signatures.heard.iter().map(|(a, _)| *a).collect();
    assert_eq!(left, [address(2)]);
}
