//! The system calls of ka-native: raw, packet and client sockets, multicast
//! memberships, netlink sockets, signals, scheduling, locks, namespaces and child
//! processes.
//!
//! The only crate of the workspace that may hold `unsafe`; every block states
//! why it is sound. Therefore patterns of PCRE2 are here too. What rustix offers safely is taken from there. Nothing here
//! knows VRRP packets beyond the position of the VRID, keeps a timer or decides
//! anything: callers poll the descriptors and say what to send.
//!
//! All sockets are close-on-exec and non-blocking.

mod bpf;
pub mod capability;
pub mod client;
mod datagram;
mod error;
mod family;
pub mod lock;
pub mod membership;
pub mod memory;
pub mod named_namespace;
pub mod namespace;
pub mod netlink;
pub mod packet;
pub mod pattern;
pub mod pid_file;
pub mod ping_groups;
pub mod process;
pub mod process_events;
pub mod raw;
pub mod record;
pub mod schedule;
pub mod signal;
mod socket;
pub mod spawn;
pub mod unix;

pub use error::{SysError, errno_name, errno_text};
pub use family::IpFamily;
pub use rustix::io::Errno;
