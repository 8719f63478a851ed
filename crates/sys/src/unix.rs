//! Datagrams to Unix sockets, and FIFOs.

use std::fmt;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketType};

use crate::error::SysError;
use crate::socket;

/// Sends datagrams to one Unix socket, and never waits for its reader.
///
/// The address is looked up for each datagram, so that a reader that was started anew is found.
pub struct DatagramSender {
    socket: OwnedFd,
    address: SocketAddrUnix,
    name: String,
}

impl fmt::Debug for DatagramSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatagramSender").field(&self.name).finish()
    }
}

impl DatagramSender {
    /// A sender to the socket at the path `name`, or, where it starts with `@`, of the rest of
    /// that name in the abstract namespace (unix(7)). The socket need not exist.
    ///
    /// # Errors
    /// [`SysError::Call`]: `ENAMETOOLONG` for a name of more than 107 octets, `EINVAL` for an empty
    /// one or a path with a NUL octet, or what opening a socket says.
    pub fn new(name: &str) -> Result<Self, SysError> {
        let failed = |operation, errno| SysError::new(operation, name, errno);
        let address = match name.strip_prefix('@') {
            Some("") => Err(Errno::INVAL),
            Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes()),
            None if name.is_empty() => Err(Errno::INVAL),
            None => SocketAddrUnix::new(name),
        };
        Ok(Self {
            address: address.map_err(|errno| failed("address socket", errno))?,
            socket: socket::open(AddressFamily::UNIX, SocketType::DGRAM, None)
                .map_err(|errno| failed("open a socket for", errno))?,
            name: name.to_owned(),
        })
    }

    /// Sends `data` as one datagram.
    ///
    /// # Errors
    /// [`SysError::Call`]: `EAGAIN` while the reader's queue is full, `ENOENT` where there is no
    /// socket, `ECONNREFUSED` where nobody reads it, `EMSGSIZE`, `EACCES`.
    pub fn send(&self, data: &[u8]) -> Result<(), SysError> {
        // The kernel takes a datagram as a whole or not at all.
        rustix::net::sendto(&self.socket, data, SendFlags::NOSIGNAL, &self.address)
            .map(|_| ())
            .map_err(|errno| SysError::new("send to", self.name.as_str(), errno))
    }
}

/// Makes a FIFO at `path` with the bits of `mode` (at most 0o777) that the umask leaves.
///
/// # Errors
/// [`SysError::Call`], with `EEXIST` where there is something.
pub fn make_fifo(path: &Path, mode: u32) -> Result<(), SysError> {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(mode), 0)
        .map_err(|errno| SysError::new("make FIFO", path.display().to_string(), errno))
}
