//! Frames between the two ends of a veth pair.

mod support;

use std::num::NonZeroU32;

use ka_sys::Errno;
use ka_sys::packet::{Frame, PacketSender};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, recv, socket_with};
use support::{eventually, in_namespace, ip, veth};

/// An EtherType for experiments (IEEE 802), in which nothing else is sent.
const ETHER_TYPE: u16 = 0x88b5;

fn frame(number: u8) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1]);
    frame.extend(ETHER_TYPE.to_be_bytes());
    frame.extend([number; 46]);
    frame
}

#[test]
fn frames_arrive_and_a_failing_one_does_not_stop_the_others() {
    in_namespace(|| {
        let (left, _) = veth();
        ip("link add idle type veth peer name unused");
        let idle = support::index("idle");
        let protocol = NonZeroU32::new(ETHER_TYPE.to_be().into()).unwrap();
        let listener = socket_with(
            AddressFamily::PACKET,
            SocketType::RAW,
            SocketFlags::NONBLOCK,
            Some(Protocol::from_raw(protocol)),
        )
        .unwrap();
        let mut sender = PacketSender::open().unwrap();
        let bytes: Vec<_> = (0..150).map(frame).collect();
        let frames: Vec<_> = bytes
            .iter()
            .enumerate()
            .map(|(number, bytes)| Frame {
                bytes,
                ifindex: match number {
                    3 => 4_000,
                    70 => idle,
                    _ => left,
                },
            })
            .collect();
        let mut results = vec![Ok(())];
        sender.send(&frames, &mut results);
        assert_eq!(results.len(), 151);
        for (number, result) in results[1..].iter().enumerate() {
            let expected = match number {
                3 => Err(Errno::NXIO),
                70 => Err(Errno::NETDOWN),
                _ => Ok(()),
            };
            assert_eq!(*result, expected, "frame {number}");
        }
        let mut arrived = Vec::new();
        eventually(|| {
            let mut buffer = [0; 128];
            while let Ok((length, _)) = recv(&listener, &mut buffer[..], RecvFlags::empty()) {
                arrived.push(buffer[..length].to_vec());
            }
            (arrived.len() >= 148).then_some(())
        });
        let sent = (0..150).filter(|number| ![3, 70].contains(number));
        assert_eq!(arrived, sent.map(frame).collect::<Vec<_>>());
    });
}
