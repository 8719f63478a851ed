use std::time::Duration;

use super::*;

fn at(seconds: u64, nanoseconds: u32) -> SystemTime {
    UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}

fn key(octet: u8) -> Key {
    Key::new(&[octet; 32]).unwrap()
}

#[test]
fn keys_have_32_to_64_octets() {
    for length in [0, 31, 65, 1000] {
        assert_eq!(Key::new(&vec![1; length]), Err(KeyLengthError { length }));
    }
    for length in [32, 33, 64] {
        assert!(Key::new(&vec![1; length]).is_ok());
    }
}

#[test]
fn every_octet_of_a_key_counts_and_none_is_shown() {
    let one = [b'k'; 40];
    for place in 0..40 {
        let mut other = one;
        other[place] ^= 1;
        assert_ne!(Key::new(&one), Key::new(&other));
    }
    assert_ne!(Key::new(&one), Key::new(&[b'k'; 41]));
    assert_eq!(Key::new(&one), Key::new(&[b'k'; 40]));
    assert_eq!(format!("{:?}", key(b'k')), "Key(..)");
    let signature = Signature {
        key_id: 1,
        key: &key(b'k'),
        sequence: Sequence::from_number(0),
    };
    assert!(!format!("{signature:?}").contains("107"));
}

#[test]
fn a_sequence_has_seconds_fraction_and_counter() {
    assert_eq!(Sequence::at(UNIX_EPOCH).number(), 0);
    let before = UNIX_EPOCH - Duration::from_secs(5);
    assert_eq!(Sequence::at(before).number(), 0);
    // The first advertisement of the captures, and when it was captured.
    let captured = Sequence::at(at(1_795_388_594, 553_482_056));
    assert_eq!(captured.number(), 0x6b03_74b2_8db1_0000);
    assert_eq!(captured.seconds(), 1_795_388_594);
    let last = Sequence::at(at(0, 999_999_999));
    assert_eq!(last.number(), 0xffff_0000);
    // The seconds wrap.
    assert_eq!(Sequence::at(at((1 << 32) + 7, 0)).seconds(), 7);
}

#[test]
fn sequences_are_compared_by_difference() {
    let one = Sequence::from_number(1);
    assert!(one.is_after(Sequence::from_number(0)));
    assert!(!one.is_after(one));
    assert!(one.is_after(Sequence::from_number(u64::MAX)));
    assert!(!Sequence::from_number(u64::MAX).is_after(one));
    let last = Sequence::from_number(0x0000_0007_ffff_ffff);
    assert_eq!(last.next().number(), 0x0000_0008_0000_0000);
    let (early, late) = (Sequence::at(at(3, 0)), Sequence::at(at(10, 0)));
    assert_eq!(late.seconds_ahead_of(early), 7);
    assert_eq!(early.seconds_ahead_of(late), -7);
    let wrapped = Sequence::at(at((1 << 32) + 1, 0));
    let before = Sequence::at(at((1 << 32) - 2, 0));
    assert_eq!(wrapped.seconds_ahead_of(before), 3);
}

#[test]
fn what_is_too_short_is_no_message_and_stays_untouched() {
    let source = IpAddr::from([192, 0, 2, 1]);
    let key = key(1);
    let signature = Signature {
        key_id: 1,
        key: &key,
        sequence: Sequence::from_number(0),
    };
    for length in [0, 27, 28, 35] {
        let mut message = vec![0xa5; length];
        let error = EmitError::BufferTooSmall {
            needed: 36,
            available: length,
        };
        assert_eq!(signature.seal(&mut message, source), Err(error));
        assert_eq!(message, vec![0xa5; length]);
        assert!(TrailerView::new(&message).is_none());
    }
    let mut message = vec![0; 36];
    signature.seal(&mut message, source).unwrap();
    assert!(TrailerView::new(&message).is_some_and(|view| view.verify(&key, source)));
}

#[test]
fn everything_but_the_checksum_counts() {
    let source = IpAddr::from([192, 0, 2, 1]);
    let key = key(1);
    let mut message = vec![0x31; 12 + LEN];
    let signature = Signature {
        key_id: 3,
        key: &key,
        sequence: Sequence::from_number(0x1234_5678_9abc_def0),
    };
    signature.seal(&mut message, source).unwrap();
    for bit in 0..message.len() * 8 {
        let mut changed = message.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let view = TrailerView::new(&changed).unwrap();
        assert_eq!(view.verify(&key, source), (6..8).contains(&(bit / 8)));
    }
    let view = TrailerView::new(&message).unwrap();
    assert!(view.verify(&key, source));
    assert!(!view.verify(&self::key(2), source));
    assert!(!view.verify(&key, IpAddr::from([192, 0, 2, 2])));
    assert!(!view.verify(&key, "c000:201::".parse().unwrap()));
    assert_eq!((view.key_id(), view.is_well_formed()), (3, true));
    assert_eq!(view.sequence(), signature.sequence);
    assert_eq!(view.advertisement(), &message[..12]);
}

#[test]
fn another_type_and_a_reserved_field_in_use_are_not_well_formed() {
    for (place, value) in [(0, 0), (0, 2), (2, 1), (3, 0x80)] {
        let mut message = vec![0; 8 + LEN];
        message[8] = KIND;
        assert!(TrailerView::new(&message).unwrap().is_well_formed());
        message[8 + place] = value;
        assert!(!TrailerView::new(&message).unwrap().is_well_formed());
    }
}
