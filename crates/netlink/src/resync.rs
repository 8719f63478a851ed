//! The state of all links and addresses, read without blocking.

use std::os::fd::{AsFd, BorrowedFd};

use ka_sys::netlink::{NetlinkProtocol, NetlinkSocket, Received};

use crate::error::NetlinkError;
use crate::message::{Answer, Batch, Message, NLM_F_DUMP_INTR};
use crate::monitor::Event;
use crate::socket::{BUFFER, known, refused};
use crate::{address, link};

/// How far a [`Resync`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResyncProgress {
    /// There may be more: read again.
    More,
    /// Nothing is waiting: no resynchronisation runs, or the descriptor will tell.
    Waiting,
    /// What the sink got since the start is the state of everything; what it did not
    /// get does not exist.
    Done,
    /// The tables changed meanwhile, so what the sink got is to be thrown away: start
    /// again.
    Interrupted,
}

/// Reads all links, then all addresses, a datagram at a time, so that no step of the
/// thread is long.
#[derive(Debug)]
pub struct Resync {
    socket: NetlinkSocket,
    buffer: Vec<u8>,
    batch: Batch,
    sequence: u32,
    part: Option<Part>,
    consistent: bool,
    /// Begin again as soon as the kernel is through with the part that runs: it
    /// refuses a second dump on the same socket.
    restart: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Links,
    Addresses,
}

impl Part {
    const fn operation(self) -> &'static str {
        match self {
            Self::Links => "dump links",
            Self::Addresses => "dump addresses",
        }
    }
}

impl Resync {
    /// Opens the socket in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open() -> Result<Self, NetlinkError> {
        Ok(Self {
            socket: NetlinkSocket::open(NetlinkProtocol::Route, 0)?,
            buffer: vec![0; BUFFER],
            batch: Batch::new(),
            sequence: 0,
            part: None,
            consistent: true,
            restart: false,
        })
    }

    /// Whether a start was not yet followed by `Done`, `Interrupted` or an error.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.part.is_some()
    }

    /// Starts to read everything. One that runs is abandoned: what the sink got so
    /// far is to be thrown away, and it gets no more of it.
    ///
    /// # Errors
    /// [`NetlinkError::Refused`].
    pub fn start(&mut self) -> Result<(), NetlinkError> {
        match self.part {
            Some(_) => {
                self.restart = true;
                Ok(())
            }
            None => self.request(Part::Links),
        }
    }

    /// Reads one datagram without blocking: links come as [`Event::LinkChanged`],
    /// addresses as [`Event::AddressAdded`].
    ///
    /// # Errors
    /// Any [`NetlinkError`]; nothing runs then.
    pub fn read(&mut self, sink: &mut impl FnMut(Event)) -> Result<ResyncProgress, NetlinkError> {
        let Some(part) = self.part else {
            return Ok(ResyncProgress::Waiting);
        };
        let result = self.read_part(part, sink);
        if result.is_err() {
            self.part = None;
            self.restart = false;
        }
        result
    }

    fn read_part(
        &mut self,
        part: Part,
        sink: &mut impl FnMut(Event),
    ) -> Result<ResyncProgress, NetlinkError> {
        let length = match self.socket.receive(&mut self.buffer)? {
            Received::Datagram(length) => length,
            Received::Drained => return Ok(ResyncProgress::Waiting),
            Received::Overrun | Received::Truncated => {
                self.consistent = false;
                return Ok(ResyncProgress::More);
            }
        };
        let mut ended = false;
        let datagram = self.buffer.get(..length).unwrap_or_default();
        let sequence = self.sequence;
        for message in Message::iter(datagram).filter(|m| m.sequence == sequence) {
            self.consistent &= message.flags & NLM_F_DUMP_INTR == 0;
            match message.answer() {
                Answer::Content if self.restart => {}
                Answer::Content => Event::parse(&message).into_iter().for_each(&mut *sink),
                Answer::Done | Answer::Acknowledged => ended = true,
                Answer::Refused { errno, message } => {
                    return Err(refused(part.operation(), known(errno), message));
                }
            }
        }
        match ended {
            true => self.finish(part),
            false => Ok(ResyncProgress::More),
        }
    }

    /// The kernel is through with `part`.
    fn finish(&mut self, part: Part) -> Result<ResyncProgress, NetlinkError> {
        match part {
            _ if self.restart => self.request(Part::Links)?,
            _ if !self.consistent => {
                self.part = None;
                return Ok(ResyncProgress::Interrupted);
            }
            Part::Links => self.request(Part::Addresses)?,
            Part::Addresses => {
                self.part = None;
                return Ok(ResyncProgress::Done);
            }
        }
        Ok(ResyncProgress::More)
    }

    fn request(&mut self, part: Part) -> Result<(), NetlinkError> {
        self.sequence = self.sequence.wrapping_add(1);
        self.consistent = true;
        self.restart = false;
        self.batch.clear();
        match part {
            Part::Links => link::dump(&mut self.batch, self.sequence),
            Part::Addresses => address::dump(&mut self.batch, self.sequence),
        }
        self.socket
            .send(self.batch.as_bytes())
            .map_err(|errno| refused(part.operation(), errno, None))?;
        self.part = Some(part);
        Ok(())
    }
}

/// Readable when [`Resync::read`] has work.
impl AsFd for Resync {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
