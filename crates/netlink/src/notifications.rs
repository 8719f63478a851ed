//! What the kernel tells a socket without being asked, and whether some of it was lost.

use std::os::fd::{AsFd, BorrowedFd};

use ka_sys::netlink::{NetlinkSocket, Received};

use crate::error::NetlinkError;
use crate::message::Message;
use crate::monitor::MonitorProgress;
use crate::socket::BUFFER;

/// A socket that listens to the kernel's notifications.
#[derive(Debug)]
pub(crate) struct Notifications {
    pub(crate) socket: NetlinkSocket,
    buffer: Vec<u8>,
    lost: bool,
}

impl Notifications {
    pub(crate) fn of(socket: NetlinkSocket) -> Self {
        Self {
            socket,
            buffer: vec![0; BUFFER],
            lost: false,
        }
    }

    /// Reads one datagram without blocking and hands its messages to `sink`.
    ///
    /// A loss is reported once the queue is empty: before that the kernel queues
    /// nothing new and does not say so again, so a dump taken earlier could miss
    /// changes that are never reported.
    pub(crate) fn read(
        &mut self,
        sink: impl FnMut(Message<'_>),
    ) -> Result<MonitorProgress, NetlinkError> {
        match self.socket.receive(&mut self.buffer)? {
            Received::Datagram(length) => {
                let datagram = self.buffer.get(..length).unwrap_or_default();
                Message::iter(datagram).for_each(sink);
                Ok(MonitorProgress::More)
            }
            Received::Overrun | Received::Truncated => {
                self.lost = true;
                Ok(MonitorProgress::More)
            }
            Received::Drained => Ok(match std::mem::take(&mut self.lost) {
                true => MonitorProgress::Overrun,
                false => MonitorProgress::Drained,
            }),
        }
    }
}

impl AsFd for Notifications {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
