//! Requests and their answers, whatever they are about.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::netlink::{NetlinkProtocol, NetlinkSocket, Received};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::error::{ChangeError, NetlinkError};
use crate::message::{Answer, Batch, Message, NLM_F_DUMP_INTR};

/// The most that the kernel packs into one datagram of a dump.
pub(crate) const BUFFER: usize = 32 << 10;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts at a dump: at first, at most, and from first to last.
const DUMP_PAUSE: Duration = Duration::from_millis(1);
const DUMP_LONGEST_PAUSE: Duration = Duration::from_millis(100);
const DUMP_PATIENCE: Duration = Duration::from_secs(5);

/// A netlink socket with requests in flight, for one thread.
#[derive(Debug)]
pub struct RequestSocket {
    socket: NetlinkSocket,
    buffer: Vec<u8>,
    batch: Batch,
    sequence: u32,
}

impl RequestSocket {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open(protocol: NetlinkProtocol) -> Result<Self, NetlinkError> {
        Ok(Self {
            socket: NetlinkSocket::open(protocol, 0)?,
            buffer: vec![0; BUFFER],
            batch: Batch::new(),
            sequence: 0,
        })
    }

    /// Has the kernel filter dumps where it knows how; else they are long.
    pub(crate) fn filter_dumps(&self) {
        let _ = self.socket.filter_dumps();
    }

    /// The number by which the kernel knows this socket.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub(crate) fn port(&self) -> Result<u32, NetlinkError> {
        Ok(self.socket.port()?)
    }

    /// Sends `changes`, each a message that `encode` appends with NLM_F_ACK, in one
    /// write, and pushes one result for each onto `results` (not cleared).
    ///
    /// A change that is refused does not stop those behind it. The call does not
    /// block: the kernel acts on the messages during the write, so that their
    /// acknowledgements wait when it returns. One that does not, because the receive
    /// buffer was full, is [`ChangeError::Unacknowledged`].
    pub fn submit<T>(
        &mut self,
        changes: &[T],
        encode: impl Fn(&T, &mut Batch, u32),
        results: &mut Vec<Result<(), ChangeError>>,
    ) {
        let sent = self.send(changes, |change, batch, sequence, _| {
            encode(change, batch, sequence);
        });
        self.collect(sent, changes.len(), results);
    }

    /// As [`Self::submit`], but of what it carries out the kernel acknowledges only the last change:
    /// `encode` is told which one that is, for NLM_F_ACK. What it refuses it says of each.
    ///
    /// An acknowledgement is a datagram of its own, to be made, queued and received: where changes
    /// are many and small, these are a third of the time.
    pub(crate) fn submit_quietly<T>(
        &mut self,
        changes: &[T],
        encode: impl Fn(&T, &mut Batch, u32, bool),
        results: &mut Vec<Result<(), ChangeError>>,
    ) {
        let sent = self.send(changes, encode);
        let is_sent = sent.is_ok();
        let start = results.len();
        let is_complete = self.collect(sent, changes.len(), results);
        // The answers come in order and all are there: before the last one, silence is consent.
        if let Some([silent @ .., _]) = results.get_mut(start..)
            && is_sent
            && is_complete
        {
            for result in silent {
                if *result == Err(ChangeError::Unacknowledged) {
                    *result = Ok(());
                }
            }
        }
    }

    /// Sends `changes` in one write and returns the sequence number of the first; `encode` is told
    /// which one is the last.
    fn send<T>(
        &mut self,
        changes: &[T],
        encode: impl Fn(&T, &mut Batch, u32, bool),
    ) -> Result<u32, Errno> {
        let first = self.sequence;
        self.batch.clear();
        for (index, change) in changes.iter().enumerate() {
            let is_last = index + 1 == changes.len();
            encode(change, &mut self.batch, self.sequence, is_last);
            self.sequence = self.sequence.wrapping_add(1);
        }
        if !changes.is_empty() {
            self.socket.send(self.batch.as_bytes())?;
        }
        Ok(first)
    }

    /// Pushes one result for each of `count` changes that were sent. False where an answer was lost for
    /// want of buffer space.
    fn collect(
        &mut self,
        sent: Result<u32, Errno>,
        count: usize,
        results: &mut Vec<Result<(), ChangeError>>,
    ) -> bool {
        let start = results.len();
        match sent {
            Ok(first) => {
                results.resize(start + count, Err(ChangeError::Unacknowledged));
                let results = results.get_mut(start..).unwrap_or_default();
                self.read_acknowledgements(first, results)
            }
            Err(errno) => {
                results.resize(start + count, Err(ChangeError::NotSent { errno }));
                true
            }
        }
    }

    /// Reads answers until the last one has come, or nothing more is there; false where one was lost for
    /// want of buffer space.
    fn read_acknowledgements(
        &mut self,
        first: u32,
        results: &mut [Result<(), ChangeError>],
    ) -> bool {
        let mut is_complete = true;
        let mut is_answered = results.is_empty();
        while !is_answered {
            let length = match self.socket.receive(&mut self.buffer) {
                Ok(Received::Datagram(length)) => length,
                Ok(Received::Overrun | Received::Truncated) => {
                    is_complete = false;
                    continue;
                }
                Ok(Received::Drained) => break,
                Err(_) => return false,
            };
            for message in Message::iter(self.buffer.get(..length).unwrap_or_default()) {
                let index = usize::try_from(message.sequence.wrapping_sub(first));
                let Some((index, result)) = index
                    .ok()
                    .and_then(|index| Some((index, results.get_mut(index)?)))
                else {
                    continue;
                };
                *result = match message.answer() {
                    Answer::Acknowledged => Ok(()),
                    Answer::Refused { errno, message } => Err(ChangeError::Refused {
                        errno: known(errno),
                        message: message.map(Into::into),
                    }),
                    Answer::Content | Answer::Done => continue,
                };
                is_answered |= index + 1 == results.len();
            }
        }
        is_complete
    }

    /// Asks for a whole table with the request that `encode` appends, and returns
    /// what `parse` makes of its messages.
    ///
    /// Blocks until the table is complete, for long tables many milliseconds. A table that
    /// changed meanwhile is asked for again, after a pause. One that has not kept still for five
    /// seconds is returned all the same: something in it may be missing, or there twice.
    ///
    /// # Errors
    /// Any [`NetlinkError`]; `operation` is how it calls the request.
    pub fn dump<T>(
        &mut self,
        operation: &'static str,
        encode: impl Fn(&mut Batch, u32),
        parse: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        let mut found = Vec::new();
        let patience_ends = Instant::now() + DUMP_PATIENCE;
        let mut pause = DUMP_PAUSE;
        loop {
            found.clear();
            self.batch.clear();
            let sequence = self.sequence;
            self.sequence = sequence.wrapping_add(1);
            encode(&mut self.batch, sequence);
            self.socket
                .send(self.batch.as_bytes())
                .map_err(|errno| refused(operation, errno, None))?;
            let consistent = self.read_dump(operation, sequence, &parse, &mut found)?;
            if consistent || Instant::now() >= patience_ends {
                return Ok(found);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(DUMP_LONGEST_PAUSE);
        }
    }

    /// Reads to the end of a dump; false where it is not consistent.
    fn read_dump<T>(
        &mut self,
        operation: &'static str,
        sequence: u32,
        parse: impl Fn(&Message<'_>) -> Option<T>,
        found: &mut Vec<T>,
    ) -> Result<bool, NetlinkError> {
        let mut consistent = true;
        loop {
            let length = match self.socket.receive(&mut self.buffer)? {
                Received::Datagram(length) => length,
                Received::Overrun | Received::Truncated => {
                    consistent = false;
                    continue;
                }
                Received::Drained => {
                    self.wait(operation)?;
                    continue;
                }
            };
            let datagram = self.buffer.get(..length).unwrap_or_default();
            for message in Message::iter(datagram).filter(|m| m.sequence == sequence) {
                consistent &= message.flags & NLM_F_DUMP_INTR == 0;
                match message.answer() {
                    Answer::Content => found.extend(parse(&message)),
                    Answer::Done | Answer::Acknowledged => return Ok(consistent),
                    Answer::Refused { errno, message } => {
                        return Err(refused(operation, known(errno), message));
                    }
                }
            }
        }
    }

    fn wait(&self, operation: &'static str) -> Result<(), NetlinkError> {
        let timeout = Timespec {
            tv_sec: i64::try_from(ANSWER_TIMEOUT.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: 0,
        };
        let mut sockets = [PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN)];
        match poll(&mut sockets, Some(&timeout)) {
            Ok(0) => Err(NetlinkError::TimedOut {
                operation,
                after: ANSWER_TIMEOUT,
            }),
            // An interruption is followed by another look at the socket.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(refused(operation, errno, None)),
        }
    }
}

pub(crate) fn refused(
    operation: &'static str,
    errno: Errno,
    message: Option<&str>,
) -> NetlinkError {
    NetlinkError::Refused {
        operation,
        errno,
        message: message.map(Into::into),
    }
}

/// The error number of a refusal; `EIO` for one outside the kernel's range, which
/// `Errno` cannot hold.
pub(crate) fn known(errno: i32) -> Errno {
    match errno {
        1..=4095 => Errno::from_raw_os_error(errno),
        _ => Errno::IO,
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::sockopt::set_socket_recv_buffer_size;

    use super::*;
    use crate::address::{AddressChange, AddressKey};
    use crate::message::NLM_F_REQUEST;

    /// The kernel passes it over.
    const NLMSG_NOOP: u16 = 1;

    #[test]
    fn a_lost_acknowledgement_is_told_apart_from_a_refusal() {
        let mut socket = RequestSocket::open(NetlinkProtocol::Route).unwrap();
        // Room for a few acknowledgements only. Of an interface that does not exist,
        // the requests change nothing, whoever runs this.
        set_socket_recv_buffer_size(&socket.socket, 0).unwrap();
        let change = AddressChange::Remove(AddressKey {
            ifindex: 0x7fff_ffff,
            address: "192.0.2.1".parse().unwrap(),
            prefix_len: 32,
            peer: None,
        });
        let mut results = Vec::new();
        for _ in 0..2 {
            results.clear();
            socket.submit(&[change; 32], AddressChange::encode, &mut results);
            let refused = |r: &Result<(), _>| matches!(r, Err(ChangeError::Refused { .. }));
            let lost = |r: &Result<(), _>| *r == Err(ChangeError::Unacknowledged);
            let (before, behind) = results.split_at(results.partition_point(refused));
            assert!(!before.is_empty() && before.len() < 32, "{results:?}");
            assert!(behind.iter().all(lost), "{results:?}");
        }
        // One at a time there is room again.
        results.clear();
        socket.submit(&[change], AddressChange::encode, &mut results);
        let [Err(error)] = results.as_slice() else {
            panic!("{results:?}")
        };
        assert!([Errno::NODEV, Errno::PERM].contains(&error.errno().unwrap()));
    }

    #[test]
    fn silence_is_consent_only_where_no_answer_was_lost() {
        let mut socket = RequestSocket::open(NetlinkProtocol::Route).unwrap();
        let change = AddressChange::Remove(AddressKey {
            ifindex: 0x7fff_ffff,
            address: "192.0.2.1".parse().unwrap(),
            prefix_len: 32,
            peer: None,
        });
        // Of the even ones, which ask for nothing, the kernel says nothing.
        let encode = |number: &usize, batch: &mut Batch, sequence, is_last: bool| match number % 2 {
            0 if !is_last => batch.message(NLMSG_NOOP, NLM_F_REQUEST, sequence, &[], |_| {}),
            _ => change.encode(batch, sequence),
        };
        let numbers: Vec<usize> = (0..31).collect();
        let mut results = Vec::new();
        socket.submit_quietly(&numbers, encode, &mut results);
        assert_eq!(results.len(), 31);
        for (number, result) in numbers.iter().zip(&results) {
            let is_silent = number % 2 == 0 && *number < 30;
            assert_eq!(result.is_ok(), is_silent, "{number}: {result:?}");
        }

        set_socket_recv_buffer_size(&socket.socket, 0).unwrap();
        results.clear();
        socket.submit_quietly(&numbers, encode, &mut results);
        let is_lost = |result: &Result<(), _>| *result == Err(ChangeError::Unacknowledged);
        assert!(results.iter().step_by(2).all(is_lost), "{results:?}");
    }

    #[test]
    fn an_error_number_out_of_range_is_an_error_all_the_same() {
        assert_eq!(known(17), Errno::EXIST);
        assert_eq!(known(4_095).raw_os_error(), 4_095);
        for strange in [i32::MIN, -1, 0, 4_096, i32::MAX] {
            assert_eq!(known(strange), Errno::IO);
        }
    }
}
