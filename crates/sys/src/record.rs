//! Files that a process leaves for whoever comes after it. What is in their place may be anything.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// Why a file is not one that a process of ours may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFlaw {
    /// It is a link, a pipe, a directory.
    #[error("it is not a regular file")]
    NoFile,
    /// It is neither root's nor ours.
    #[error("it belongs to user {0}")]
    Foreign(u32),
    /// Nobody would have written that much.
    #[error("it is longer than {0} octets")]
    TooLong(u64),
}

/// Reads the file at `path`, of at most `limit` octets; `None` where there is none.
///
/// # Errors
/// What the system says: the file may be all right.
pub fn read(path: &Path, limit: u64) -> io::Result<Result<Option<Vec<u8>>, RecordFlaw>> {
    // What is in its place may be anything: a link is not followed, a pipe does not hold us up.
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Ok(None)),
        // A link; a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(Err(RecordFlaw::NoFile)),
        Err(errno) => return Err(errno.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Err(RecordFlaw::NoFile));
    }
    if ![0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()) {
        return Ok(Err(RecordFlaw::Foreign(metadata.uid())));
    }
    if metadata.len() > limit {
        return Ok(Err(RecordFlaw::TooLong(limit)));
    }
    let mut text = Vec::new();
    file.take(limit).read_to_end(&mut text)?;
    Ok(Ok(Some(text)))
}

/// Makes the file at `path` anew, which nobody may have open or have put there.
///
/// # Errors
/// What the system says; a part of it may be there.
pub fn create(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
    file.write_all(text)?;
    file.sync_data()
}
