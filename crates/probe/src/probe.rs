//! What is probed, and how.

use std::ffi::CString;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ka_sys::client::ClientOptions;

use crate::answer::UdpReply;
use crate::judge::Expectation;

/// A probe of a server.
#[derive(Debug, Clone)]
pub struct Probe {
    /// A number that no other probe has.
    pub id: u32,
    /// The server. ICMP has no port.
    pub target: SocketAddr,
    /// Where its packets come from.
    pub source: Source,
    /// For each step: to connect, from the request to the first octet of its answer, from one part of that to the next.
    pub timeout: Duration,
    /// What is done.
    pub action: Action,
}

/// Where packets of a probe come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Chosen by the kernel where there is none.
    pub address: Option<IpAddr>,
    /// 0: chosen by the kernel.
    pub port: u16,
    /// The interface they leave through (`SO_BINDTODEVICE`).
    pub interface: Option<CString>,
    /// Their mark (`SO_MARK`).
    pub mark: Option<u32>,
}

impl Source {
    pub(crate) fn options(&self) -> ClientOptions<'_> {
        ClientOptions {
            mark: self.mark,
            interface: self.interface.as_deref(),
            address: self.address,
            port: self.port,
        }
    }
}

/// What a probe does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Connects by TCP, and closes the connection.
    Tcp,
    /// Connects by TCP, and hands the connection over.
    Connect,
    /// Sends an echo request by ICMP.
    Ping,
    /// Sends a datagram.
    Udp {
        /// What it carries.
        payload: Arc<[u8]>,
        /// What has to come back; without it, silence is as good as an answer.
        reply: Option<UdpReply>,
    },
    /// Sends a request by TCP and reads the answer, to its end or until the verdict is certain.
    Http {
        /// The request.
        request: Arc<[u8]>,
        /// What the answer has to be.
        expectation: Arc<dyn Expectation>,
    },
}
