//! Echo by ICMP (RFC 792) and ICMPv6 (RFC 4443 §4).

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use ka_sys::{Errno, IpFamily};
use rustix::net::RecvFlags;

use crate::attempt::Progress;
use crate::outcome::{Outcome, Stage};
use crate::probe::Probe;

const HEADER: usize = 8;
/// Octets behind the header, as keepalived has them.
const DATA: usize = 128;
/// What they are, over again.
const TEXT: &[u8] = b"keepalived check - ";
/// Datagrams looked at before others have their turn.
const READS: usize = 16;

/// Types of request and reply.
const fn types(family: IpFamily) -> (u8, u8) {
    match family {
        IpFamily::V4 => (8, 0),
        IpFamily::V6 => (128, 129),
    }
}

/// An echo request: checksum and identifier are the kernel's.
///
/// ```text
/// +--------+--------+-----------------+
/// | type   | code 0 | checksum        |
/// +--------+--------+-----------------+
/// | identifier      | sequence number |
/// +-----------------+-----------------+
/// ```
pub(crate) fn request(family: IpFamily, sequence: u16) -> [u8; HEADER + DATA] {
    let mut packet = [0; HEADER + DATA];
    packet[0] = types(family).0;
    packet[6..HEADER].copy_from_slice(&sequence.to_be_bytes());
    for (octet, text) in packet[HEADER..].iter_mut().zip(TEXT.iter().cycle()) {
        *octet = *text;
    }
    packet
}

/// Whether it is the reply to the request with this number.
fn is_reply(family: IpFamily, sequence: u16, packet: &[u8]) -> bool {
    packet.len() >= HEADER
        && packet[0] == types(family).1
        && packet[1] == 0
        && packet[6..HEADER] == sequence.to_be_bytes()
}

/// Looks at what has come. The kernel gives no echo that has another identifier; what else is not the reply is passed over.
pub(crate) fn receive(
    socket: &OwnedFd,
    probe: &Probe,
    sequence: u16,
    buffer: &mut [u8],
) -> Progress {
    let target = probe.target.ip();
    for _ in 0..READS {
        match rustix::net::recvfrom(socket, &mut *buffer, RecvFlags::empty()) {
            Ok((count, _, from)) => {
                let from = from.and_then(|from| SocketAddr::try_from(from).ok());
                if from.is_some_and(|from| from.ip() == target)
                    && is_reply(IpFamily::of(target), sequence, &buffer[..count])
                {
                    return Progress::Ends(Outcome::Success { reply: None });
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Waits,
            Err(errno) => return Progress::refused(Stage::Reply, errno),
        }
    }
    Progress::Resumes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reply_of_the_family_with_the_number_is_one() {
        for family in [IpFamily::V4, IpFamily::V6] {
            let mut packet = request(family, 0x1234);
            assert_eq!(packet.len(), 136);
            assert!(!is_reply(family, 0x1234, &packet));
            packet[0] = types(family).1;
            assert!(is_reply(family, 0x1234, &packet));
            assert!(!is_reply(family, 0x1235, &packet));
            assert!(!is_reply(family, 0x1234, &packet[..7]));
            packet[1] = 1;
            assert!(!is_reply(family, 0x1234, &packet));
        }
    }
}
