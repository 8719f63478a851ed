//! What a tracked file is made to hold at the start (`init_file`).

use std::path::Path;

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, fstat, ftruncate, open};
use rustix::io::{Errno, write};

use crate::config::InitFile;

/// For everybody to read, but for what the file creation mask takes away.
const MODE: Mode = Mode::RUSR
    .union(Mode::WUSR)
    .union(Mode::RGRP)
    .union(Mode::ROTH);

/// Writes the number into the file at `path`: into a new one, and where that is asked for into one that exists.
///
/// # Errors
/// What cannot be done, as the end of a sentence.
pub(super) fn write_first(path: &Path, init: InitFile) -> Result<(), String> {
    let Some(file) = open_to_write(path, init.overwrite)? else {
        return Ok(());
    };
    let text = format!("{}\n", init.value);
    // A few octets: written at once, or not at all.
    match write(&file, text.as_bytes()) {
        Ok(written) if written == text.len() => Ok(()),
        Ok(_) => Err("cannot be written whole".to_owned()),
        Err(errno) => Err(format!("cannot be written: {errno}")),
    }
}

/// The file, empty; `None` where it exists and shall stay as it is.
fn open_to_write(path: &Path, overwrite: bool) -> Result<Option<OwnedFd>, String> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let created = open(path, flags | OFlags::CREATE | OFlags::EXCL, MODE);
    match created {
        Ok(file) => return Ok(Some(file)),
        Err(Errno::EXIST) if overwrite => {}
        Err(Errno::EXIST) => return Ok(None),
        Err(errno) => return Err(format!("cannot be made: {errno}")),
    }
    // What is no file is not even opened: that may wait, or do something. A link may lead anywhere.
    let failed = |errno: Errno| format!("cannot be written: {errno}");
    let handle = open(
        path,
        OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(failed)?;
    let mode = fstat(&handle).map_err(failed)?.st_mode;
    if FileType::from_raw_mode(mode) != FileType::RegularFile {
        return Err("is no regular file, and is not written".to_owned());
    }
    let own_name = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let file = open(own_name, flags, Mode::empty()).map_err(failed)?;
    ftruncate(&file, 0).map_err(failed)?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::watch::scratch::Scratch;

    const INIT: InitFile = InitFile {
        value: -7,
        overwrite: false,
    };
    const OVERWRITE: InitFile = InitFile {
        overwrite: true,
        ..INIT
    };

    #[test]
    fn a_file_is_made_and_one_that_exists_is_written_only_where_that_is_asked_for() {
        let directory = Scratch::new();
        let path = directory.0.join("file");
        write_first(&path, INIT).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "-7\n");
        fs::write(&path, "longer than that").unwrap();
        write_first(&path, INIT).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "longer than that");
        write_first(&path, OVERWRITE).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "-7\n");
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let directory = Scratch::new();
        let target = directory.0.join("target");
        fs::write(&target, "1").unwrap();
        let link = directory.0.join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let told = "is no regular file, and is not written";
        assert_eq!(write_first(&link, OVERWRITE).unwrap_err(), told);
        assert_eq!(write_first(&directory.0, OVERWRITE).unwrap_err(), told);
        assert_eq!(fs::read_to_string(&target).unwrap(), "1");
        let missing = directory.0.join("none/file");
        let error = write_first(&missing, OVERWRITE).unwrap_err();
        assert!(error.starts_with("cannot be made: "), "{error}");
    }
}
