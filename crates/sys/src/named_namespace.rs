//! A daemon in a network namespace that has a name (ip-netns(8)).
//!
//! As keepalived does it: the daemon has a mount namespace of its own too, in which a directory for its pid files
//! is that of this namespace alone.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_bind, mount_change, unmount};
use rustix::thread::UnshareFlags;

use crate::error::SysError;
use crate::namespace::NetworkNamespace;

/// Where ip-netns(8) keeps the namespaces.
const NAMESPACES: &str = "/run/netns";
/// Directories of pid files: their names are no secret.
const DIRECTORY_MODE: Mode = Mode::RWXU
    .union(Mode::RGRP)
    .union(Mode::XGRP)
    .union(Mode::ROTH)
    .union(Mode::XOTH);

/// Moves the calling thread alone into the network namespace `name`, and into a mount namespace of its own in which
/// `directory` is its subdirectory `name`; both are created where they do not exist, with mode 0755.
///
/// Threads that exist stay where they are: a process of several threads is to execute itself again behind this
/// ([`crate::process::execute_again`]). Mounts that others make later are seen in the new mount namespace too.
///
/// # Errors
/// [`SysError::Call`]: `ENOENT` where there is no such namespace, `ELOOP` where its name is a symbolic link, `EINVAL`
/// where it is something else or the name cannot be that of a file, `EPERM` without CAP_SYS_ADMIN. What was done
/// before the failure stays: the process is to end.
pub fn enter(name: &str, directory: &Path) -> Result<(), SysError> {
    let own = own_directory(name, directory)?;
    let handle = open(name)?;
    make_directory(directory)?;
    make_directory(&own)?;
    // SAFETY: only unsharing the descriptor table (CLONE_FILES) endangers descriptors that other
    // code holds; this unshares mounts, and with them root and working directory, of this thread.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }
        .map_err(|errno| SysError::new("create", "mount namespace", errno))?;
    let downstream = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    mount_change("/", downstream)
        .map_err(|errno| SysError::new("detach", "mount namespace", errno))?;
    mount_bind(&own, directory)
        .map_err(|errno| SysError::new("mount", own.display().to_string(), errno))?;
    NetworkNamespace::from_handle(handle)
        .enter()
        .map_err(|error| {
            let path = Path::new(NAMESPACES).join(name);
            let errno = error.errno().unwrap_or(Errno::IO);
            SysError::new("enter", path.display().to_string(), errno)
        })
}

/// Opens the file of the network namespace `name`.
pub(crate) fn open(name: &str) -> Result<OwnedFd, SysError> {
    // It has to be the name of a file, as for a directory of its own.
    own_directory(name, Path::new(NAMESPACES))?;
    let path = Path::new(NAMESPACES).join(name);
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    rustix::fs::open(&path, flags, Mode::empty())
        .map_err(|errno| SysError::new("open", path.display().to_string(), errno))
}

/// Undoes what [`enter`] did to `directory`, from within: uncovers it and removes both, where they are empty.
///
/// # Errors
/// [`SysError::Call`]; directories that hold something stay, which is no error.
pub fn leave(name: &str, directory: &Path) -> Result<(), SysError> {
    let own = own_directory(name, directory)?;
    unmount(directory, UnmountFlags::DETACH)
        .map_err(|errno| SysError::new("unmount", directory.display().to_string(), errno))?;
    for path in [own.as_path(), directory] {
        match rustix::fs::rmdir(path) {
            Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOENT | Errno::BUSY) => {}
            Err(errno) => return Err(SysError::new("remove", path.display().to_string(), errno)),
        }
    }
    Ok(())
}

/// The subdirectory that a namespace has, if it can have one.
fn own_directory(name: &str, directory: &Path) -> Result<PathBuf, SysError> {
    let is_file_name = !matches!(name, "" | "." | "..") && !name.contains(['/', '\0']);
    match is_file_name {
        true => Ok(directory.join(name)),
        false => Err(SysError::new(
            "open",
            format!("network namespace {name:?}"),
            Errno::INVAL,
        )),
    }
}

fn make_directory(path: &Path) -> Result<(), SysError> {
    let failed = |operation, errno| SysError::new(operation, path.display().to_string(), errno);
    match rustix::fs::mkdir(path, DIRECTORY_MODE) {
        // The umask may have taken something away.
        Ok(()) => rustix::fs::chmod(path, DIRECTORY_MODE)
            .map_err(|errno| failed("change the mode of", errno)),
        Err(Errno::EXIST) => {
            let stat = rustix::fs::lstat(path).map_err(|errno| failed("stat", errno))?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => Ok(()),
                _ => Err(failed("use", Errno::NOTDIR)),
            }
        }
        Err(errno) => Err(failed("make", errno)),
    }
}
