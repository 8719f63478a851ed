//! One attempt of a probe, from its begin to its outcome.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use ka_sys::Errno;
use ka_sys::IpFamily;
use ka_sys::client::{self, ClientProtocol};
use rustix::event::epoll::EventFlags;

use crate::datagram;
use crate::echo;
use crate::outcome::{Failure, Outcome, Reason, Refusal, Stage};
use crate::probe::{Action, Probe};
use crate::stream::{self, Stream};

/// Octets read at once; no datagram is longer.
pub(crate) const BUFFER: usize = 65_536;
/// However slowly a server answers, the attempt ends after so many times what one step may take.
const STEPS: u32 = 20;
/// An answer that goes on is read again after this: so much of it costs others no more than that.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(4);

/// What of a probe's attempts concerns later ones.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Of the last echo request.
    pub(crate) sequence: u16,
    /// Connections since the last one that was there at once; see [`Self::tries_at_once`].
    since_at_once: u8,
}

impl Memory {
    /// Whether to look for a connection before anything is waited for. A server on this host, or whose packets are handled on this
    /// processor, has answered by then, and waiting would cost more than looking. Where it has not, it is looked for now and then only.
    pub(crate) fn tries_at_once(&self) -> bool {
        self.since_at_once.is_multiple_of(16)
    }

    /// Notes whether the connection was there at once.
    pub(crate) fn note(&mut self, at_once: bool) {
        self.since_at_once = if at_once {
            0
        } else {
            self.since_at_once.wrapping_add(1)
        };
    }
}

/// How an attempt goes on.
#[derive(Debug)]
pub(crate) enum Progress {
    /// When the socket is ready, or at its deadline.
    Waits,
    /// There is more to read.
    Resumes,
    /// The connection is the outcome.
    HandsOver,
    Ends(Outcome),
}

impl Progress {
    pub(crate) fn failed(stage: Stage, reason: Reason) -> Self {
        Self::Ends(Outcome::Failed(Failure::new(stage, reason)))
    }

    pub(crate) fn refused(stage: Stage, errno: Errno) -> Self {
        Self::Ends(Outcome::Failed(Failure::of_errno(stage, errno)))
    }
}

/// Where an exchange stands.
#[derive(Debug)]
pub(crate) enum Phase {
    Stream(Stream),
    Datagram,
    /// An echo request with a sequence number.
    Echo(u16),
}

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Tells events of its socket from those of others before it.
    pub(crate) serial: u32,
    pub(crate) socket: OwnedFd,
    pub(crate) lateness: Duration,
    pub(crate) began: Instant,
    /// When the present step takes too long.
    pub(crate) deadline: Instant,
    /// When the whole of it does.
    limit: Instant,
    /// When it is read again.
    resumes: Option<Instant>,
    phase: Phase,
}

/// The begin of an attempt: what is waited for, unless it is over.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) socket: OwnedFd,
    pub(crate) phase: Phase,
    pub(crate) progress: Progress,
}

/// Opens the socket and says what can be said at once.
///
/// # Errors
/// What the kernel refused that has nothing to do with the server.
pub(crate) fn begin(probe: &Probe, memory: &mut Memory) -> Result<Begun, Refusal> {
    let protocol = match probe.action {
        Action::Tcp | Action::Connect | Action::Http { .. } => ClientProtocol::Tcp,
        Action::Udp { .. } => ClientProtocol::Udp,
        Action::Ping => ClientProtocol::Echo,
    };
    let family = IpFamily::of(probe.target.ip());
    let opened = client::open(protocol, family, probe.source.options());
    let socket = opened.map_err(|(step, errno)| Refusal {
        step: Some(step),
        errno,
    })?;
    let (phase, progress) = match &probe.action {
        Action::Udp { payload, .. } => {
            let progress = datagram::send(&socket, &probe.target, payload)?;
            (Phase::Datagram, progress)
        }
        Action::Ping => {
            memory.sequence = memory.sequence.wrapping_add(1);
            let request = echo::request(family, memory.sequence);
            let progress = datagram::send(&socket, &probe.target, &request)?;
            (Phase::Echo(memory.sequence), progress)
        }
        Action::Tcp | Action::Connect | Action::Http { .. } => {
            let (stream, progress) = stream::begin(&socket, probe, memory)?;
            (Phase::Stream(stream), progress)
        }
    };
    Ok(Begun {
        socket,
        phase,
        progress,
    })
}

impl Attempt {
    pub(crate) fn new(
        socket: OwnedFd,
        phase: Phase,
        serial: u32,
        lateness: Duration,
        timeout: Duration,
        now: Instant,
    ) -> Self {
        Self {
            serial,
            socket,
            lateness,
            began: now,
            deadline: now + timeout,
            limit: now + timeout.saturating_mul(STEPS),
            resumes: None,
            phase,
        }
    }

    /// What its socket is watched for, each once it comes (`EPOLLET`).
    pub(crate) fn interest(&self) -> EventFlags {
        let readable = EventFlags::IN | EventFlags::RDHUP;
        EventFlags::ET
            | match &self.phase {
                Phase::Stream(stream) if stream.reads() => readable | EventFlags::OUT,
                Phase::Stream(_) => EventFlags::OUT,
                Phase::Datagram | Phase::Echo(_) => EventFlags::IN,
            }
    }

    /// When it is to be looked at, whatever its socket does.
    pub(crate) fn due(&self) -> Instant {
        let deadline = self.deadline.min(self.limit);
        self.resumes.map_or(deadline, |at| at.min(deadline))
    }

    /// Goes on with a socket that is ready.
    pub(crate) fn go_on(
        &mut self,
        probe: &Probe,
        ready: EventFlags,
        buffer: &mut [u8],
        now: Instant,
    ) -> Progress {
        let progress = match &mut self.phase {
            Phase::Stream(stream) => {
                let step = stream.step();
                let progress = stream.go_on(&self.socket, probe, ready, buffer);
                if stream.step() != step {
                    self.deadline = now + probe.timeout;
                }
                progress
            }
            Phase::Datagram => datagram::receive(&self.socket, probe, buffer),
            Phase::Echo(sequence) => echo::receive(&self.socket, probe, *sequence, buffer),
        };
        self.resumes = matches!(progress, Progress::Resumes).then(|| now + READ_AGAIN_AFTER);
        progress
    }

    /// Its time has come: to read again, or to end.
    pub(crate) fn advance(&mut self, probe: &Probe, buffer: &mut [u8], now: Instant) -> Progress {
        // A server that goes on answering has the limit of all against it alone.
        if self.resumes.is_some_and(|at| at <= now) && now < self.limit {
            return self.go_on(probe, EventFlags::IN, buffer, now);
        }
        if now < self.due() {
            return Progress::Waits;
        }
        // It may have answered while this thread stood still.
        match self.go_on(probe, EventFlags::IN, buffer, now) {
            Progress::Waits | Progress::Resumes => {}
            over => return over,
        }
        if now < self.due() {
            return Progress::Waits;
        }
        match &self.phase {
            Phase::Stream(stream) => Progress::failed(stream.stage(), Reason::Timeout),
            Phase::Datagram => datagram::expire(probe),
            Phase::Echo(_) => Progress::failed(Stage::Reply, Reason::Timeout),
        }
    }
}
