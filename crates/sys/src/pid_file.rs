//! Files that say which process is the daemon.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, Stat};
use rustix::io::Errno;

use crate::error::SysError;
use crate::lock::{lock_whole_file, open_to_lock, unlock_whole_file};

/// Who can read the file: everybody, as the id is no secret.
const MODE: Mode = Mode::RUSR
    .union(Mode::WUSR)
    .union(Mode::RGRP)
    .union(Mode::ROTH);

/// Times that the file may be replaced between our opening and our locking it.
const ATTEMPTS: usize = 16;

/// A file that holds the id of this process, locked while this value lives.
///
/// The lock is that of [`crate::lock::InstanceLock`], and the one that keepalived takes of its
/// own files: a file of a process that is gone is free, whatever id it holds and whoever has
/// that id now. Dropped without [`PidFile::remove`] the file stays, unlocked.
#[derive(Debug)]
pub struct PidFile {
    /// Absolute: the process may change its directory.
    path: PathBuf,
    file: File,
}

/// What became of an attempt to take a pid file.
#[derive(Debug)]
pub enum PidFileAcquired {
    /// It is ours and holds our id.
    Held(PidFile),
    /// Another process holds it.
    HeldByOther {
        /// The id in it, where there is one.
        pid: Option<u32>,
    },
}

impl PidFile {
    /// Takes the file at `path`, which is created with mode 0644, whatever the umask, where it
    /// does not exist, and writes the id of this process and a newline.
    ///
    /// # Errors
    /// [`SysError::Call`]: `ELOOP` where the last component is a symbolic link, `ENOENT` or
    /// `EACCES` for the directory, `EINVAL` where it is not a regular file, `ENOSPC` and what else
    /// writing says; `EBUSY` where the file is replaced all the time.
    pub fn acquire(path: &Path) -> Result<PidFileAcquired, SysError> {
        let failed = |operation, errno| SysError::new(operation, path.display().to_string(), errno);
        let absolute =
            std::path::absolute(path).map_err(|error| failed("resolve", errno(&error)))?;
        for _ in 0..ATTEMPTS {
            let file = open_to_lock(&absolute, MODE).map_err(|errno| failed("open", errno))?;
            let stat = rustix::fs::fstat(&file).map_err(|errno| failed("stat", errno))?;
            if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                return Err(failed("lock", Errno::INVAL));
            }
            let file = File::from(file);
            match lock_whole_file(&file) {
                Ok(()) => {}
                Err(Errno::AGAIN | Errno::ACCESS) => {
                    return Ok(PidFileAcquired::HeldByOther {
                        pid: read_pid(&file),
                    });
                }
                Err(errno) => return Err(failed("lock", errno)),
            }
            // One that ended meanwhile has removed the file that we opened.
            if !is_at(&absolute, &stat) {
                continue;
            }
            let held = Self {
                path: absolute,
                file,
            };
            if let Err(error) = write(&held.file, &stat) {
                // Whoever reads it would find no id. What failed first is told.
                let _ = held.remove();
                return Err(failed("write", errno(&error)));
            }
            return Ok(PidFileAcquired::Held(held));
        }
        Err(failed("lock", Errno::BUSY))
    }

    /// Removes the file, unless another one is in its place by now, and gives the lock up.
    ///
    /// # Errors
    /// [`SysError::Call`]: the file stays, but is not locked any more.
    pub fn remove(self) -> Result<(), SysError> {
        let failed = |operation, errno| {
            let object = self.path.display().to_string();
            SysError::new(operation, object, errno)
        };
        let stat = rustix::fs::fstat(&self.file).map_err(|errno| failed("stat", errno))?;
        if !is_at(&self.path, &stat) {
            return Ok(());
        }
        match rustix::fs::unlink(&self.path) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(failed("remove", errno)),
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // A child that has yet to run its program has a copy of the descriptor.
        unlock_whole_file(&self.file);
    }
}

/// Whether the file of `stat` is the one at `path`.
fn is_at(path: &Path, stat: &Stat) -> bool {
    rustix::fs::lstat(path)
        .is_ok_and(|found| found.st_dev == stat.st_dev && found.st_ino == stat.st_ino)
}

fn write(file: &File, stat: &Stat) -> io::Result<()> {
    if stat.st_uid == rustix::process::geteuid().as_raw() {
        rustix::fs::fchmod(file, MODE)?;
    }
    file.set_len(0)?;
    file.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0)
}

/// The id that a pid file holds; none in one that is just being written.
fn read_pid(file: &File) -> Option<u32> {
    let mut text = [0; 16];
    let length = file.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(text.get(..length)?).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// The number of an error; one that std made up itself, as of an empty path, has none.
fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::INVAL)
}
