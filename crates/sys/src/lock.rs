//! The lock that makes an instance the only one of its name.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::SysError;
use crate::socket::last_errno;

/// A held lock; dropping it releases it.
///
/// An open-file-description lock (fcntl(2), `F_OFD_SETLK`): unlike a POSIX record
/// lock it is not lost when some other part of the process opens and closes the
/// same file, and it holds between threads. The kernel releases it when the last
/// descriptor closes, so also after a kill. The descriptor is close-on-exec, but a child
/// has a copy between fork and exec: that copy must not hold the lock when this value is
/// gone, which therefore unlocks the file.
#[derive(Debug)]
pub struct InstanceLock {
    file: OwnedFd,
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        unlock_whole_file(&self.file);
    }
}

/// What became of an attempt to lock.
#[derive(Debug)]
pub enum Acquired {
    /// The lock is ours until this value is dropped.
    Lock(InstanceLock),
    /// Another open file description holds it, most likely another process.
    HeldByOther,
}

impl InstanceLock {
    /// Takes the lock on the file at `path`, which is created where it does not exist.
    ///
    /// Nobody else may open it (mode 0600; one of ours that others could open is made so):
    /// who can read a file can lock it, and keep us from the lock for good.
    ///
    /// The file stays when the lock is released. Removing it would be a race: a
    /// process that opened it before the removal would lock a file without a name,
    /// while the next one creates a new file and locks that as well.
    ///
    /// # Errors
    /// [`SysError::Call`]: `ELOOP` where the last component is a symbolic link,
    /// `ENOENT` or `EACCES` for the directory, `EINVAL` where it is not a regular file.
    pub fn acquire(path: &Path) -> Result<Acquired, SysError> {
        let failed = |operation, errno| SysError::new(operation, path.display().to_string(), errno);
        let file =
            open_to_lock(path, Mode::RUSR | Mode::WUSR).map_err(|errno| failed("open", errno))?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| failed("stat", errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(failed("lock", Errno::INVAL));
        }
        let others = Mode::RWXG | Mode::RWXO;
        let is_open_to_others = Mode::from_raw_mode(stat.st_mode).intersects(others);
        if is_open_to_others && stat.st_uid == rustix::process::geteuid().as_raw() {
            rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)
                .map_err(|errno| failed("change the mode of", errno))?;
        }
        match lock_whole_file(&file) {
            Ok(()) => Ok(Acquired::Lock(Self { file })),
            Err(Errno::AGAIN | Errno::ACCESS) => Ok(Acquired::HeldByOther),
            Err(errno) => Err(failed("lock", errno)),
        }
    }
}

/// Opens a file that is to be locked, and creates it where it does not exist.
pub(crate) fn open_to_lock(path: &Path, mode: Mode) -> Result<OwnedFd, Errno> {
    let flags = OFlags::CREATE
        | OFlags::RDWR
        | OFlags::CLOEXEC
        | OFlags::NOFOLLOW
        // A FIFO or device in its place must not hold us up.
        | OFlags::NONBLOCK
        | OFlags::NOCTTY;
    rustix::fs::open(path, flags, mode)
}

/// Locks `file` for writing until it is unlocked, or its open file description is gone; `EAGAIN` or `EACCES` where
/// another one has it.
pub(crate) fn lock_whole_file(file: impl AsFd) -> Result<(), Errno> {
    set_lock(file, libc::F_WRLCK)
}

/// Gives up the lock of [`lock_whole_file`], also for those who have a copy of the descriptor.
pub(crate) fn unlock_whole_file(file: impl AsFd) {
    // What is locked can be unlocked; and closing it would do the same.
    let _ = set_lock(file, libc::F_UNLCK);
}

fn set_lock(file: impl AsFd, kind: libc::c_int) -> Result<(), Errno> {
    // SAFETY: an all-zero flock is a valid value: from offset 0 to the end of the
    // file, process 0 as F_OFD_SETLK demands.
    let mut request: libc::flock = unsafe { std::mem::zeroed() };
    request.l_type = kind as _;
    request.l_whence = libc::SEEK_SET as _;
    // SAFETY: F_OFD_SETLK takes a pointer to a flock, which outlives the call.
    let result = unsafe { libc::fcntl(file.as_fd().as_raw_fd(), libc::F_OFD_SETLK, &request) };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
    }
}
