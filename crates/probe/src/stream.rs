//! An exchange over TCP: connect, send, read until the verdict is certain or the server closes.

use std::os::fd::OwnedFd;
use std::time::Duration;

use ka_sys::Errno;
use rustix::event::epoll::EventFlags;
use rustix::net::{RecvFlags, SendFlags, sockopt};

use crate::attempt::{Memory, Progress};
use crate::judge::{Feed, Judge};
use crate::outcome::{Outcome, Refusal, Stage};
use crate::probe::{Action, Probe};

/// Reads before others have their turn.
const READS: usize = 2;

/// Where an exchange over TCP stands.
#[derive(Debug)]
pub(crate) struct Stream {
    state: State,
    /// Steps done: each has its own time.
    step: u32,
    /// The server has said all, though it may not be read yet.
    has_ended: bool,
    /// It is watched for what can be read.
    reads: bool,
}

#[derive(Debug)]
enum State {
    Connecting,
    Sending { sent: usize },
    Receiving(Box<dyn Judge>),
}

/// Begins to connect, and goes on as far as that is possible at once.
///
/// # Errors
/// What the kernel refused that has nothing to do with the server.
pub(crate) fn begin(
    socket: &OwnedFd,
    probe: &Probe,
    memory: &mut Memory,
) -> Result<(Stream, Progress), Refusal> {
    let mut stream = Stream {
        state: State::Connecting,
        step: 0,
        has_ended: false,
        reads: matches!(probe.action, Action::Http { .. }),
    };
    let progress = match rustix::net::connect(socket, &probe.target) {
        Ok(()) => stream.use_connection(socket, probe),
        Err(Errno::INPROGRESS) => {
            if memory.tries_at_once() {
                let progress = stream.look(socket, probe);
                let has_connected = stream.step > 0 || !matches!(progress, Progress::Waits);
                memory.note(has_connected);
                progress
            } else {
                memory.note(false);
                Progress::Waits
            }
        }
        Err(errno) => refused(errno)?,
    };
    Ok((stream, progress))
}

/// What a connection that is refused at once comes to.
///
/// # Errors
/// Where neither the server nor the way to it is the reason: no port is left, or it is forbidden.
pub(crate) fn refused(errno: Errno) -> Result<Progress, Refusal> {
    match errno {
        Errno::NETUNREACH
        | Errno::HOSTUNREACH
        | Errno::CONNREFUSED
        | Errno::HOSTDOWN
        | Errno::NETDOWN
        | Errno::CONNRESET
        | Errno::CONNABORTED
        | Errno::TIMEDOUT => Ok(Progress::refused(Stage::Connect, errno)),
        _ => Err(Refusal { step: None, errno }),
    }
}

impl Stream {
    /// How many steps are done; after each, the time of the next one begins.
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    /// Whether the socket is watched for what can be read.
    pub(crate) fn reads(&self) -> bool {
        self.reads
    }

    /// What of the exchange it waits for.
    pub(crate) fn stage(&self) -> Stage {
        match &self.state {
            State::Connecting => Stage::Connect,
            State::Sending { .. } => Stage::Send,
            State::Receiving(judge) => judge.stage(),
        }
    }

    pub(crate) fn go_on(
        &mut self,
        socket: &OwnedFd,
        probe: &Probe,
        ready: EventFlags,
        buffer: &mut [u8],
    ) -> Progress {
        self.has_ended |= ready.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        let was_receiving = matches!(self.state, State::Receiving(_));
        let progress = match self.state {
            State::Connecting if ready.intersects(EventFlags::ERR | EventFlags::HUP) => {
                match sockopt::socket_error(socket).unwrap_or_else(Err) {
                    Ok(()) => self.use_connection(socket, probe),
                    Err(errno) => Progress::refused(Stage::Connect, errno),
                }
            }
            State::Connecting if ready.contains(EventFlags::OUT) => {
                self.use_connection(socket, probe)
            }
            State::Connecting => self.look(socket, probe),
            State::Sending { sent } => self.send(socket, probe, sent),
            State::Receiving(_) => Progress::Waits,
        };
        // It is told of what comes after it was made ready.
        let may_read = was_receiving || ready.contains(EventFlags::IN) || self.has_ended;
        match progress {
            Progress::Waits if may_read && matches!(self.state, State::Receiving(_)) => {
                self.receive(socket, buffer)
            }
            other => other,
        }
    }

    /// Looks for a connection without having been told that it is there.
    fn look(&mut self, socket: &OwnedFd, probe: &Probe) -> Progress {
        if let Action::Http { request, .. } = &probe.action {
            return match rustix::net::send(socket, request, SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    self.step += 1;
                    self.send(socket, probe, sent)
                }
                Err(Errno::AGAIN | Errno::INTR) => Progress::Waits,
                Err(errno) => Progress::refused(Stage::Connect, errno),
            };
        }
        match rustix::net::connect(socket, &probe.target) {
            Ok(()) | Err(Errno::ISCONN) => self.use_connection(socket, probe),
            Err(Errno::ALREADY | Errno::INPROGRESS | Errno::INTR) => Progress::Waits,
            Err(errno) => Progress::refused(Stage::Connect, errno),
        }
    }

    fn use_connection(&mut self, socket: &OwnedFd, probe: &Probe) -> Progress {
        self.step += 1;
        match probe.action {
            Action::Connect => Progress::HandsOver,
            Action::Http { .. } => {
                self.state = State::Sending { sent: 0 };
                self.send(socket, probe, 0)
            }
            Action::Tcp | Action::Ping | Action::Udp { .. } => {
                if probe.source.port != 0 {
                    // An orderly close would keep the port from the next attempt for a minute.
                    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
                }
                Progress::Ends(Outcome::Success { reply: None })
            }
        }
    }

    fn send(&mut self, socket: &OwnedFd, probe: &Probe, mut sent: usize) -> Progress {
        let Action::Http {
            request,
            expectation,
        } = &probe.action
        else {
            return Progress::Waits;
        };
        while sent < request.len() {
            match rustix::net::send(socket, &request[sent..], SendFlags::NOSIGNAL) {
                Ok(more) => sent += more,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.state = State::Sending { sent };
                    return Progress::Waits;
                }
                Err(errno) => return Progress::refused(Stage::Send, errno),
            }
        }
        self.step += 1;
        self.state = State::Receiving(expectation.judge());
        Progress::Waits
    }

    fn receive(&mut self, socket: &OwnedFd, buffer: &mut [u8]) -> Progress {
        for _ in 0..READS {
            let State::Receiving(judge) = &mut self.state else {
                return Progress::Waits;
            };
            match rustix::net::recv(socket, &mut *buffer, RecvFlags::empty()) {
                Ok((0, _)) => return self.end(),
                Ok((count, _)) => {
                    self.step += 1;
                    if judge.feed(&buffer[..count]) == Feed::Done {
                        return self.end();
                    }
                    // It is told when more comes.
                    if count < buffer.len() && !self.has_ended {
                        return Progress::Waits;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Progress::Waits,
                Err(errno) => return Progress::refused(judge.stage(), errno),
            }
        }
        Progress::Resumes
    }

    fn end(&mut self) -> Progress {
        match std::mem::replace(&mut self.state, State::Connecting) {
            State::Receiving(judge) => Progress::Ends(match judge.end() {
                Ok(answer) => Outcome::Answered(answer),
                Err(failure) => Outcome::Failed(failure),
            }),
            other => {
                self.state = other;
                Progress::Waits
            }
        }
    }
}
