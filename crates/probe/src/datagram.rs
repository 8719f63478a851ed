//! An exchange of datagrams.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use ka_sys::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::answer::KEPT_OCTETS;
use crate::attempt::Progress;
use crate::outcome::{Outcome, Reason, Refusal, Stage};
use crate::probe::{Action, Probe};
use crate::stream::refused;

/// Datagrams looked at before others have their turn.
const READS: usize = 16;

/// Connects, so that the kernel tells of ICMP errors and of no one else's datagrams, and sends.
///
/// # Errors
/// What the kernel refused that has nothing to do with the server.
pub(crate) fn send(
    socket: &OwnedFd,
    target: &SocketAddr,
    payload: &[u8],
) -> Result<Progress, Refusal> {
    if let Err(errno) = rustix::net::connect(socket, target) {
        return refused(errno);
    }
    loop {
        match rustix::net::send(socket, payload, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(Progress::Waits),
            Err(Errno::INTR) => {}
            Err(errno) => return Ok(Progress::refused(Stage::Send, errno)),
        }
    }
}

/// Looks at what has come by UDP.
pub(crate) fn receive(socket: &OwnedFd, probe: &Probe, buffer: &mut [u8]) -> Progress {
    let reply = match &probe.action {
        Action::Udp { reply, .. } => reply.as_ref(),
        _ => None,
    };
    for _ in 0..READS {
        match rustix::net::recv(socket, &mut *buffer, RecvFlags::empty()) {
            Ok((count, _)) => {
                let datagram = &buffer[..count];
                if reply.is_none_or(|reply| reply.matches(datagram)) {
                    let kept = &datagram[..count.min(KEPT_OCTETS)];
                    return Progress::Ends(Outcome::Success {
                        reply: Some(kept.to_vec()),
                    });
                }
                if reply.is_some_and(|reply| !reply.ignores_others) {
                    return Progress::failed(Stage::Mismatch, Reason::Mismatch);
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Progress::Waits,
            Err(errno) => return Progress::refused(Stage::Reply, errno),
        }
    }
    Progress::Resumes
}

/// Nothing came in time.
pub(crate) fn expire(probe: &Probe) -> Progress {
    match probe.action {
        Action::Udp { reply: None, .. } => Progress::Ends(Outcome::Success { reply: None }),
        _ => Progress::failed(Stage::Reply, Reason::Timeout),
    }
}
