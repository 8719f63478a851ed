//! Network namespaces of threads.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

use crate::error::SysError;

/// The namespace of the calling thread, not of the process (namespaces(7)).
const OWN: &str = "/proc/thread-self/ns/net";
/// That of the first process: of the host, or of the container.
const INITIAL: &str = "/proc/1/ns/net";

/// The inode number of the calling thread's network namespace: its identity as
/// long as it exists.
///
/// # Errors
/// [`SysError::Call`], with `ENOENT` where `/proc` is not mounted.
pub fn network_namespace_inode() -> Result<u64, SysError> {
    let stat = rustix::fs::stat(OWN).map_err(|errno| SysError::new("stat", OWN, errno))?;
    Ok(stat.st_ino)
}

/// A network namespace, kept alive by this handle.
#[derive(Debug)]
pub struct NetworkNamespace {
    handle: OwnedFd,
}

impl NetworkNamespace {
    /// The calling thread's namespace.
    ///
    /// # Errors
    /// [`SysError::Call`], with `ENOENT` where `/proc` is not mounted.
    pub fn current() -> Result<Self, SysError> {
        Self::open(OWN)
    }

    /// That of process 1, which keepalived takes for the default one.
    ///
    /// # Errors
    /// [`SysError::Call`]: `EACCES` where the process may not look at process 1, `ENOENT` where `/proc` is not mounted.
    pub fn initial() -> Result<Self, SysError> {
        Self::open(INITIAL)
    }

    fn open(path: &'static str) -> Result<Self, SysError> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|errno| SysError::new("open", path, errno))?;
        Ok(Self { handle })
    }

    /// The one that ip-netns(8) calls `name`.
    ///
    /// # Errors
    /// [`SysError::Call`]: `ENOENT` where there is none, `ELOOP` where its name is a symbolic link, `EINVAL` where the name
    /// cannot be that of a file.
    pub fn named(name: &str) -> Result<Self, SysError> {
        crate::named_namespace::open(name).map(Self::from_handle)
    }

    /// Out of an open file, whatever that is: to enter it fails where it is no network namespace.
    pub(crate) fn from_handle(handle: OwnedFd) -> Self {
        Self { handle }
    }

    /// Moves the calling thread alone into this namespace.
    ///
    /// # Errors
    /// [`SysError::Call`], with `EPERM` without CAP_SYS_ADMIN.
    pub fn enter(&self) -> Result<(), SysError> {
        let kind = Some(LinkNameSpaceType::Network);
        rustix::thread::move_into_link_name_space(self.handle.as_fd(), kind)
            .map_err(|errno| SysError::new("enter", "network namespace", errno))
    }
}

/// Moves the calling thread alone into a new network namespace, empty but for a
/// loopback interface that is down. It ends with the last thread, process, socket
/// and handle in it.
///
/// # Errors
/// [`SysError::Call`], with `EPERM` without CAP_SYS_ADMIN.
pub fn unshare_network() -> Result<(), SysError> {
    // SAFETY: only unsharing the descriptor table (CLONE_FILES) endangers
    // descriptors that other code holds; this unshares the network alone.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }
        .map_err(|errno| SysError::new("create", "network namespace", errno))
}
