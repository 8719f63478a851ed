//! What the kernel tells of processes that begin, become another program and end: the process
//! events of its connector (linux/cn_proc.h).
//!
//! The kernel tells of them in its first network namespace alone, and only to processes in its first
//! user and PID namespaces. A socket that was opened there goes on working wherever its owner goes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::io::{Errno, FdFlags};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketType, recvfrom, sendto, sockopt,
};

use crate::bpf::{attach_filter, branch, op};
use crate::error::SysError;
use crate::netlink::Received;
use crate::socket::{self, set_option};

/// `CN_IDX_PROC` and `CN_VAL_PROC`: the connector's number for process events, and its multicast group.
const PROCESS_EVENTS: u32 = 1;
/// `struct nlmsghdr`, netlink(7).
const NETLINK_HEADER: usize = 16;
/// `struct cn_msg`.
const CONNECTOR_HEADER: usize = 20;
/// `what`, `cpu` and `timestamp_ns` of `struct proc_event`.
const EVENT_HEADER: usize = 16;
const WHAT: usize = NETLINK_HEADER + CONNECTOR_HEADER;
const DATA: usize = WHAT + EVENT_HEADER;

const NONE: u32 = 0;
const FORK: u32 = 0x0000_0001;
const EXEC: u32 = 0x0000_0002;
const COMM: u32 = 0x0000_0200;
const EXIT: u32 = 0x8000_0000;

/// What happened to a process. Of its threads nothing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// The kernel confirms that it tells of processes, or refuses with an error number.
    Confirmed(u32),
    /// A process has a child, which runs the same program.
    Forked {
        /// The process.
        parent: u32,
        /// Its child.
        child: u32,
    },
    /// A process runs another program, or has another name.
    Changed(u32),
    /// A process has ended.
    Ended(u32),
}

impl ProcessEvent {
    /// The event in a datagram; `None` where it holds something else.
    fn parse(datagram: &[u8]) -> Option<Self> {
        let word = |offset: usize| {
            let octets = datagram.get(offset..offset + 4)?;
            Some(u32::from_ne_bytes(octets.try_into().ok()?))
        };
        if (word(NETLINK_HEADER)?, word(NETLINK_HEADER + 4)?) != (PROCESS_EVENTS, PROCESS_EVENTS) {
            return None;
        }
        match word(WHAT)? {
            NONE => Some(Self::Confirmed(word(DATA)?)),
            FORK => Some(Self::Forked {
                parent: word(DATA + 4)?,
                child: word(DATA + 12)?,
            }),
            EXEC | COMM => Some(Self::Changed(word(DATA + 4)?)),
            EXIT => Some(Self::Ended(word(DATA + 4)?)),
            _ => None,
        }
    }
}

/// Opens a socket for process events in the network namespace of the calling thread, which hears nothing yet.
///
/// # Errors
/// [`SysError::Call`].
pub fn open() -> Result<OwnedFd, SysError> {
    socket::open(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        Some(rustix::net::netlink::CONNECTOR),
    )
    .map_err(|errno| SysError::new("open", "a socket for process events", errno))
}

/// The socket that the former program of this process opened with [`open()`] and left open as descriptor `fd`, which
/// stays open: no other program gets it.
///
/// # Errors
/// [`SysError::Call`]: `EBADF`, `ENOTSOCK`, or `EINVAL` where it is another socket.
pub fn inherited(fd: RawFd) -> Result<OwnedFd, SysError> {
    let failed = |errno| SysError::new("use", format!("descriptor {fd} for process events"), errno);
    if fd < 0 {
        return Err(failed(Errno::BADF));
    }
    // SAFETY: the number is not negative. Where nothing is open under it the calls below fail with EBADF; whatever
    // else is, they ask what it is, and that alone.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let family = sockopt::socket_domain(borrowed).map_err(failed)?;
    let protocol = sockopt::socket_protocol(borrowed).map_err(failed)?;
    if (family, protocol) != (AddressFamily::NETLINK, Some(connector())) {
        return Err(failed(Errno::INVAL));
    }
    rustix::io::fcntl_setfd(borrowed, FdFlags::CLOEXEC).map_err(failed)?;
    rustix::io::fcntl_dupfd_cloexec(borrowed, 0).map_err(failed)
}

fn connector() -> Protocol {
    rustix::net::netlink::CONNECTOR
}

/// A socket that hears of processes until it is dropped.
#[derive(Debug)]
pub struct ProcessEventSocket {
    socket: Arc<OwnedFd>,
}

impl ProcessEventSocket {
    /// Lets the kernel tell of processes on `socket`. Whether it does, its first event says; where none comes within
    /// a second, it does not.
    ///
    /// # Errors
    /// [`SysError::Call`], with `ECONNREFUSED` in another network namespace than the first.
    pub fn listen(socket: Arc<OwnedFd>) -> Result<Self, SysError> {
        let failed = |errno| SysError::new("listen to", "process events", errno);
        attach_filter(&*socket, &wanted()).map_err(failed)?;
        set_option(
            &*socket,
            libc::SOL_NETLINK,
            libc::NETLINK_ADD_MEMBERSHIP,
            &(PROCESS_EVENTS as libc::c_int),
        )
        .map_err(failed)?;
        request(&socket, Request::Listen).map_err(failed)?;
        Ok(Self { socket })
    }

    /// Gives the socket room for so many octets of events, with `force` also beyond the limit of the system.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn set_receive_buffer(&self, bytes: u32, force: bool) -> Result<(), SysError> {
        // The kernel's own limit.
        let bytes = bytes.min(i32::MAX as u32 / 2) as usize;
        match force {
            true => sockopt::set_socket_recv_buffer_size_force(&*self.socket, bytes),
            false => sockopt::set_socket_recv_buffer_size(&*self.socket, bytes),
        }
        .map_err(|errno| SysError::new("set", "the receive buffer for process events", errno))
    }

    /// Takes the next event without waiting: `Received::Datagram` with nothing where a datagram holds none.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn receive(&self) -> Result<(Received, Option<ProcessEvent>), SysError> {
        let mut buffer = [0; 256];
        loop {
            return match recvfrom(&*self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
                Ok((length, _, sender)) => {
                    let sender = sender.and_then(|any| SocketAddrNetlink::try_from(any).ok());
                    let is_kernel = sender.is_some_and(|sender| sender.pid() == 0);
                    let datagram = buffer.get(..length).filter(|_| is_kernel);
                    let event = datagram.and_then(ProcessEvent::parse);
                    Ok((Received::Datagram(length), event))
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => Ok((Received::Drained, None)),
                Err(Errno::NOBUFS) => Ok((Received::Overrun, None)),
                Err(errno) => Err(SysError::new("receive", "process events", errno)),
            };
        }
    }
}

impl AsFd for ProcessEventSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for ProcessEventSocket {
    fn drop(&mut self) {
        // The kernel makes events for everybody as long as one listens, also for sockets that are gone.
        let _ = request(&self.socket, Request::Ignore);
        let _ = set_option(
            &*self.socket,
            libc::SOL_NETLINK,
            libc::NETLINK_DROP_MEMBERSHIP,
            &(PROCESS_EVENTS as libc::c_int),
        );
    }
}

/// `enum proc_cn_mcast_op`.
#[derive(Clone, Copy)]
enum Request {
    Listen = 1,
    Ignore = 2,
}

fn request(socket: &OwnedFd, request: Request) -> Result<(), Errno> {
    const LENGTH: usize = WHAT + 4;
    let mut message = [0; LENGTH];
    let mut put = |offset: usize, octets: &[u8]| {
        message[offset..offset + octets.len()].copy_from_slice(octets);
    };
    // nlmsg_len, nlmsg_type (NLMSG_DONE); flags, sequence and port stay 0.
    put(0, &(LENGTH as u32).to_ne_bytes());
    put(4, &(libc::NLMSG_DONE as u16).to_ne_bytes());
    // id.idx, id.val; seq and ack stay 0; len.
    put(NETLINK_HEADER, &PROCESS_EVENTS.to_ne_bytes());
    put(NETLINK_HEADER + 4, &PROCESS_EVENTS.to_ne_bytes());
    put(NETLINK_HEADER + 16, &4u16.to_ne_bytes());
    put(WHAT, &(request as u32).to_ne_bytes());
    let kernel = SocketAddrNetlink::new(0, 0);
    loop {
        match sendto(socket, &message, SendFlags::DONTWAIT, &kernel) {
            Err(Errno::INTR) => {}
            result => return result.map(drop),
        }
    }
}

/// Accepts what [`ProcessEvent`] can say and drops the rest before it takes room: changes of users and
/// sessions, core dumps, and everything about threads, whose number is not that of their process.
fn wanted() -> [libc::sock_filter; 16] {
    use libc::{
        BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_MISC, BPF_RET, BPF_TAX, BPF_W, BPF_X,
    };
    const LOAD: u32 = BPF_LD | BPF_W | BPF_ABS;
    const IS: u32 = BPF_JMP | BPF_JEQ | BPF_K;
    const IS_SAME: u32 = BPF_JMP | BPF_JEQ | BPF_X;
    // A load takes network order for granted, and the fields are in the host's.
    let host = |what: u32| u32::from_be_bytes(what.to_ne_bytes());
    let data = DATA as u32;
    [
        op(LOAD, WHAT as u32),
        branch(IS, host(NONE), 12, 0),
        branch(IS, host(FORK), 3, 0),
        branch(IS, host(EXEC), 6, 0),
        branch(IS, host(COMM), 5, 0),
        branch(IS, host(EXIT), 4, 9),
        // The child's number and that of its process.
        op(LOAD, data + 8),
        op(BPF_MISC | BPF_TAX, 0),
        op(LOAD, data + 12),
        branch(IS_SAME, 0, 4, 5),
        // The number and that of the process.
        op(LOAD, data),
        op(BPF_MISC | BPF_TAX, 0),
        op(LOAD, data + 4),
        branch(IS_SAME, 0, 0, 1),
        op(BPF_RET | BPF_K, u32::MAX),
        op(BPF_RET | BPF_K, 0),
    ]
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn only_a_socket_of_this_kind_is_inherited() {
        let socket = open().unwrap();
        assert!(inherited(socket.as_raw_fd()).is_ok());
        let errno = |fd| inherited(fd).unwrap_err().errno();
        assert_eq!(errno(-1), Some(Errno::BADF));
        assert_eq!(errno(65_535), Some(Errno::BADF));
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(errno(file.as_raw_fd()), Some(Errno::NOTSOCK));
        let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(errno(other.as_raw_fd()), Some(Errno::INVAL));
    }

    /// A datagram as the kernel sends it.
    fn datagram(what: u32, data: &[u32]) -> Vec<u8> {
        let mut words = vec![0; WHAT / 4];
        (words[4], words[5]) = (PROCESS_EVENTS, PROCESS_EVENTS);
        words.extend([what, 0, 7, 7]);
        words.extend(data);
        words.into_iter().flat_map(u32::to_ne_bytes).collect()
    }

    #[test]
    fn events_are_those_of_the_kernel() {
        let parse = |what, data: &[u32]| ProcessEvent::parse(&datagram(what, data));
        assert_eq!(parse(NONE, &[1]), Some(ProcessEvent::Confirmed(1)));
        let forked = ProcessEvent::Forked {
            parent: 2,
            child: 4,
        };
        assert_eq!(parse(FORK, &[1, 2, 3, 4]), Some(forked));
        assert_eq!(parse(EXEC, &[5, 6]), Some(ProcessEvent::Changed(6)));
        assert_eq!(
            parse(COMM, &[5, 6, 0, 0, 0, 0]),
            Some(ProcessEvent::Changed(6))
        );
        assert_eq!(parse(EXIT, &[5, 6, 0, 0]), Some(ProcessEvent::Ended(6)));
        assert_eq!(parse(0x80, &[5, 6]), None);
    }

    #[test]
    fn what_is_cut_off_or_of_another_connector_is_no_event() {
        let whole = datagram(FORK, &[1, 2, 3, 4]);
        for length in 0..whole.len() {
            assert_eq!(ProcessEvent::parse(&whole[..length]), None);
        }
        let mut other = whole;
        other[NETLINK_HEADER] ^= 2;
        assert_eq!(ProcessEvent::parse(&other), None);
    }
}
