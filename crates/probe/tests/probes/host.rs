//! A prober, and servers of all kinds for it.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ka_probe::{Action, Failure, Outcome, Probe, ProbeResult, Prober, Reason, Source, Stage};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

/// What no test waits for in vain.
const LIMIT: Duration = Duration::from_secs(60);
/// For steps that are to end by themselves.
pub(crate) const LONG: Duration = Duration::from_secs(50);
/// For steps that are to take too long, whoever is late.
pub(crate) const SHORT: Duration = Duration::from_millis(30);
/// For steps that are to take too long, behind one for which a thread of the test has to run in time.
pub(crate) const PATIENT: Duration = Duration::from_secs(5);

pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A prober and its wake-ups.
pub(crate) struct Host {
    pub(crate) prober: Prober,
    woken: Receiver<()>,
}

impl Host {
    pub(crate) fn open() -> Self {
        let (wake, woken) = channel();
        let wake = move || {
            let _ = wake.send(());
        };
        Self {
            prober: Prober::open(wake, |body| body()).unwrap(),
            woken,
        }
    }

    /// Waits for so many results.
    pub(crate) fn results(&self, count: usize) -> Vec<ProbeResult> {
        let until = Instant::now() + LIMIT;
        let mut results = Vec::new();
        loop {
            loop {
                let more = self.prober.drain(1000);
                if more.is_empty() {
                    break;
                }
                results.extend(more);
            }
            if results.len() >= count {
                return results;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {count} results", results.len());
            let _ = self.woken.recv_timeout(left);
        }
    }

    /// Attempts a probe once.
    pub(crate) fn attempt(&self, probe: Probe) -> Outcome {
        let id = probe.id;
        self.prober.define(vec![probe]).unwrap();
        self.again(id)
    }

    /// Attempts once more what is defined.
    pub(crate) fn again(&self, id: u32) -> Outcome {
        self.prober.run(&[(id, Duration::ZERO)]).unwrap();
        let mut results = self.results(1);
        assert_eq!((results.len(), results[0].id), (1, id));
        results.remove(0).outcome
    }
}

pub(crate) fn probe(id: u32, target: SocketAddr, timeout: Duration, action: Action) -> Probe {
    Probe {
        id,
        target,
        source: Source::default(),
        timeout,
        action,
    }
}

/// What a failure is, without what people read.
pub(crate) fn failure(outcome: Outcome) -> (Stage, Reason) {
    match outcome {
        Outcome::Failed(Failure { stage, reason, .. }) => (stage, reason),
        other => panic!("{other:?}"),
    }
}

/// An address at which nobody listens, as long as this process runs.
pub(crate) fn refusing() -> SocketAddr {
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&held, &LOOPBACK).unwrap();
    let address = SocketAddr::try_from(getsockname(&held).unwrap()).unwrap();
    std::mem::forget(held);
    address
}

/// A server that answers no more: its queue of connections is full. It is so as long as the value lives.
pub(crate) struct Silent {
    pub(crate) address: SocketAddr,
    _listener: OwnedFd,
    _connections: Vec<TcpStream>,
}

pub(crate) fn silent() -> Silent {
    let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&listener, &LOOPBACK).unwrap();
    listen(&listener, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
    Silent {
        address,
        _listener: listener,
        _connections: std::iter::from_fn(connect).collect(),
    }
}
