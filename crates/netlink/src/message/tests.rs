use proptest::prelude::*;

use super::*;

/// The message that `encode` appends to a batch that holds one already.
fn encoded(encode: impl FnOnce(&mut Batch)) -> Vec<u8> {
    let mut batch = Batch::new();
    batch.message(1, 2, 3, &[], |_| {});
    encode(&mut batch);
    batch.as_bytes()[16..].to_vec()
}

#[test]
#[cfg(target_endian = "little")]
fn a_message_is_laid_out_as_the_kernel_reads_it() {
    let bytes = encoded(|batch| {
        batch.message(20, 0x605, 0x0102_0304, &[2, 24, 0, 0, 7, 0, 0, 0], |a| {
            a.address(2, "192.0.2.1".parse().unwrap());
            a.text(3, "left:1");
            a.u8(11, 18);
            a.u32(8, 0x202);
        });
    });
    let expected = [
        &[60, 0, 0, 0, 20, 0, 5, 6, 4, 3, 2, 1, 0, 0, 0, 0][..],
        &[2, 24, 0, 0, 7, 0, 0, 0],
        &[8, 0, 2, 0, 192, 0, 2, 1],
        &[11, 0, 3, 0, b'l', b'e', b'f', b't', b':', b'1', 0, 0],
        &[5, 0, 11, 0, 18, 0, 0, 0],
        &[8, 0, 8, 0, 2, 2, 0, 0],
    ];
    assert_eq!(bytes, expected.concat());
}

#[test]
fn a_batch_is_used_again() {
    let mut batch = Batch::new();
    batch.message(1, 2, 3, &[4; 4], |_| {});
    let first = batch.as_bytes().to_vec();
    batch.clear();
    assert!(batch.as_bytes().is_empty());
    batch.message(1, 2, 3, &[4; 4], |_| {});
    assert_eq!(batch.as_bytes(), first);
}

#[test]
fn acknowledgements_and_refusals_are_told_apart() {
    let error = |flags, code: i32, rest: &[u8]| {
        let mut payload = code.to_ne_bytes().to_vec();
        payload.extend(rest);
        encoded(|batch| batch.message(NLMSG_ERROR, flags, 9, &payload, |_| {}))
    };
    let answer = |bytes: &[u8]| {
        let message = Message::iter(bytes).next().unwrap();
        assert_eq!(message.sequence, 9);
        match message.answer() {
            Answer::Refused { errno, message } => (errno, message.map(str::to_owned)),
            Answer::Acknowledged => (0, None),
            other => panic!("{other:?}"),
        }
    };
    let request = |length: u32| {
        let mut header = length.to_ne_bytes().to_vec();
        header.resize(16, 0);
        header
    };
    assert_eq!(answer(&error(NLM_F_CAPPED, 0, &request(44))), (0, None));
    assert_eq!(answer(&error(NLM_F_CAPPED, -17, &request(44))), (17, None));
    let explanation = encoded(|batch| {
        batch.message(0, 0, 0, &[], |a| {
            a.u32(2, 20);
            a.text(NLMSGERR_ATTR_MSG, "Address already assigned");
        });
    });
    let explained = (17, Some("Address already assigned".to_owned()));
    let capped = [&request(44), &explanation[16..]].concat();
    let flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
    assert_eq!(answer(&error(flags, -17, &capped)), explained);
    // With the request repeated, which has 26 octets and 2 of padding.
    let whole = [&request(26), &[0xa5; 12][..], &explanation[16..]].concat();
    assert_eq!(answer(&error(NLM_F_ACK_TLVS, -17, &whole)), explained);
}

#[test]
fn the_end_of_a_dump_may_carry_an_error() {
    let done = |payload: &[u8]| encoded(|b| b.message(NLMSG_DONE, 0, 1, payload, |_| {}));
    let answer = |bytes: &[u8]| match Message::iter(bytes).next().unwrap().answer() {
        Answer::Done => 0,
        Answer::Refused { errno, .. } => errno,
        other => panic!("{other:?}"),
    };
    assert_eq!(answer(&done(&[])), 0);
    assert_eq!(answer(&done(&0i32.to_ne_bytes())), 0);
    assert_eq!(answer(&done(&(-19i32).to_ne_bytes())), 19);
}

#[test]
fn reading_stops_at_a_damaged_message() {
    let mut bytes = encoded(|batch| {
        for sequence in 1..=3 {
            batch.message(16, 0, sequence, &[0; 8], |_| {});
        }
    });
    let read = |bytes: &[u8]| Message::iter(bytes).map(|m| m.sequence).collect::<Vec<_>>();
    assert_eq!(read(&bytes), [1, 2, 3]);
    assert_eq!(read(&bytes[..bytes.len() - 1]), [1, 2]);
    for length in [0u32, 15, 1_000, u32::MAX] {
        bytes[24..28].copy_from_slice(&length.to_ne_bytes());
        assert_eq!(read(&bytes), [1], "length {length}");
    }
}

proptest! {
    #[test]
    fn attributes_are_read_as_they_were_written(
        attributes in prop::collection::vec(
            (0u16..0x4000, prop::collection::vec(any::<u8>(), 0..40)),
            0..10,
        ),
        header in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let bytes = encoded(|batch| {
            batch.message(99, NLM_F_MULTI, 7, &header, |writer| {
                for (kind, value) in &attributes {
                    writer.bytes(*kind, value);
                }
                writer.nested(5, |inner| {
                    for (kind, value) in &attributes {
                        inner.bytes(*kind, value);
                    }
                });
            });
        });
        let messages: Vec<_> = Message::iter(&bytes).collect();
        prop_assert_eq!(messages.len(), 1);
        let mut read: Vec<_> = messages[0].attributes(header.len()).collect();
        let nested = read.pop().unwrap();
        let own = |attribute: &Attribute<'_>| (attribute.kind, attribute.value.to_vec());
        prop_assert_eq!(&read.iter().map(own).collect::<Vec<_>>(), &attributes);
        prop_assert_eq!(nested.nested().map(|a| own(&a)).collect::<Vec<_>>(), attributes);
    }
}
